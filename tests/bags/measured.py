"""A process of its own that takes 200 MiB out and in again: `measured.py <folder>`; prints by how many MiB it grew."""

import asyncio
import os
import resource
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from courtyard.bagging import Export
from courtyard.bagging.local_rows import LocalRows
from courtyard.core.bags import Terms, imports
from courtyard.storage.local import LocalBlobs
from courtyard.storage.migrate import migrate
from courtyard.storage.opening import open_database
from tests.bags.parcels import tools_of, worked
from tests.world import World

MIB = 1 << 20


async def noise() -> AsyncIterator[bytes]:
    for _ in range(200):
        yield os.urandom(MIB)


async def main(folder: Path) -> None:
    database = await open_database(str(folder / "courtyard.db"))
    await migrate(database)
    blobs = LocalBlobs(folder / "blobs")
    world, tools = World(database), tools_of(database, blobs, folder)
    space = await world.space("ada")
    await world.artifact(space, "noise.bin", blob=await blobs.put(noise(), limit=1 << 40))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    async with database.write() as tx:
        await tx.run("delete from job")
    rows = await LocalRows.of(database, space, versions=True, trash=True)
    parcel = await blobs.put(Export(rows, blobs, space.slug).chunks(), limit=1 << 40)
    actor = await world.actor("bob")
    async with database.write() as tx:
        await imports.promise(tx, actor, Terms(), parcel)
    await worked(tools)
    sys.stdout.write(str((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 // MIB))
    await blobs.close()
    await database.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
