"""Uploads that nobody goes on with: their row, their room and their bytes go; what is under way stays."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

from courtyard.core import clock, quota, spaces, uploads
from courtyard.core.access.roles import Permission
from courtyard.core.artifacts import NewArtifact
from courtyard.core.spaces import Space
from courtyard.core.uploads import NewUpload, Upload
from courtyard.storage.local import LocalBlobs
from courtyard.worker.timetable import expire_uploads, sweep_blobs, sweep_uploads
from courtyard.worker.work import Tools
from tests.world import World


async def begun(world: World, blobs: LocalBlobs, space: Space, *, life: int = clock.HOUR, part: bool = False) -> Upload:
    """An upload of ten bytes of which four are there."""
    ada = await world.actor("ada")
    new = NewUpload(length=10, new=None if part else NewArtifact(name="a", document_type="b"), life=life)

    async def chunks() -> AsyncIterator[bytes]:
        yield b"four"

    stage = await blobs.begin()
    await blobs.append(stage, 0, chunks(), limit=10)
    async with world.database.write() as tx:
        return await uploads.create(tx, ada, space, new, stage)


async def stages(blobs: LocalBlobs) -> set[str]:
    return {stage async for stage in blobs.uploads(older_than=clock.now() + clock.HOUR)}


async def test_what_has_expired_goes_and_gives_back_its_room(world: World, tools: Tools, blobs: LocalBlobs) -> None:
    space = await world.space("ada")
    kept = await begun(world, blobs, space)
    for number in range(3):
        await begun(world, blobs, space, life=-1, part=number == 0)
    busy = await begun(world, blobs, space, life=-1)
    async with world.database.write() as tx:
        await tx.run("update upload set lease_until = :later where id = :id", later=clock.now() + 60_000, id=busy.id)
    assert sum(await asyncio.gather(expire_uploads(tools), expire_uploads(tools))) == 3
    assert await stages(blobs) == {kept.stage, busy.stage}
    async with world.database.read() as tx:
        held = await quota.usage(tx, space.id)
    assert (held.reserved_bytes, held.reserved_artifacts) == (20, 2)


async def test_what_has_no_row_leaves_the_store_after_an_hour(
    world: World, tools: Tools, blobs: LocalBlobs, tmp_path: Path
) -> None:
    space, other = await world.space("ada"), await world.space("ada", "Other")
    kept, orphan, young = [await begun(world, blobs, place) for place in (space, other, other)]
    lost = await blobs.begin()
    ada = await world.actor("ada")
    async with world.database.write() as tx:
        await spaces.remove(tx, ada, await spaces.find(tx, ada, other.id, Permission.OWN))
    for stage, hours in ((kept.stage, 2), (orphan.stage, 2), (lost, 2), (young.stage, 0.5)):
        [file] = (tmp_path / "blobs" / "uploads").rglob(f"{stage}*")
        then = time.time() - hours * 3_600
        os.utime(file, (then, then))
    assert await sweep_uploads(tools) == 2
    assert await stages(blobs) == {kept.stage, young.stage}


async def test_a_part_that_waits_to_be_joined_is_not_swept(world: World, tools: Tools, blobs: LocalBlobs) -> None:
    space = await world.space("ada")
    part = await begun(world, blobs, space, part=True)
    blob = await blobs.finish(part.stage or "", 4)
    async with world.database.write() as tx:
        held = await uploads.seize(tx, space, part, 0, life=clock.HOUR)
        await uploads.finish(tx, await world.actor("ada"), space, held, blob)
    assert await sweep_blobs(tools, now=clock.now() + 3 * clock.HOUR) == 0
    assert await blobs.read(blob.key, 0, 10) == b"four"
