"""A process of its own that inspects and draws a file of 96 MiB: `measured.py <folder>`; prints by how many MiB it grew."""

import asyncio
import os
import resource
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from courtyard.core import queue
from courtyard.core.queue import Job
from courtyard.storage.local import LocalBlobs
from courtyard.storage.migrate import migrate
from courtyard.storage.opening import open_database
from courtyard.worker.inspection import inspect
from courtyard.worker.previews import preview
from courtyard.worker.work import Failed, Setup, Tools
from tests.world import World

MIB = 1 << 20


async def picture() -> AsyncIterator[bytes]:
    """The beginning of an image, and noise."""
    yield b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0"
    for _ in range(96):
        yield os.urandom(MIB)


async def claimed(tools: Tools, kind: str) -> Job:
    async with tools.database.write() as tx:
        job = await queue.claim(tx)
    assert job is not None
    assert job.kind == kind
    return job


async def main(folder: Path) -> None:
    database = await open_database(str(folder / "courtyard.db"))
    await migrate(database)
    blobs = LocalBlobs(folder / "blobs")
    tools = Tools(database, blobs, Setup(data_dir=folder, public_url="https://courtyard.example"))
    world = World(database)
    await world.artifact(await world.space("ada"), "noise.png", blob=await blobs.put(picture(), limit=1 << 40))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    job = await claimed(tools, "inspect")
    settle = await inspect(tools, job)
    assert settle is not None
    async with database.write() as tx:
        assert await settle(tx)
    try:
        await preview(tools, await claimed(tools, "preview"))
    except Failed as failed:
        sys.stderr.write(str(failed))
    sys.stdout.write(str((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 // MIB))
    await blobs.close()
    await database.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
