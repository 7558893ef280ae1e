"""Workers that are killed while they make, read and draw: each document is there once, whole, and looked at."""

import asyncio
import hashlib
import os
import random
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from courtyard.core import artifacts, spaces
from courtyard.core.access.roles import Permission
from courtyard.core.artifacts import Artifact, NewArtifact, generation
from courtyard.storage.blobs import Blob
from courtyard.storage.database import Database
from courtyard.storage.local import LocalBlobs
from courtyard.storage.opening import open_database
from courtyard.worker import Setup
from courtyard.worker.timetable import collect_garbage, sweep_blobs
from courtyard.worker.work import Tools
from tests.worker.conftest import stored
from tests.world import World

ROUNDS, DOCUMENTS, LEASE = 5, 3, 700
SCRIPT = """
import asyncio, sys
from pathlib import Path
from courtyard.storage.local import LocalBlobs
from courtyard.storage.opening import open_database
from courtyard.worker import Pace, Setup, Worker

async def main():
    database = await open_database(sys.argv[1])
    blobs = LocalBlobs(sys.argv[2])
    pace = Pace(lease=int(sys.argv[3]), lanes=2, longest=0.05)
    async with Worker(database, blobs, Setup(data_dir=Path(sys.argv[2]), public_url=""), pace=pace):
        print("ready", flush=True)
        await asyncio.sleep(300)

asyncio.run(main())
"""


@asynccontextmanager
async def opened(address: str) -> AsyncGenerator[Database]:
    """A SQLite file has one owner: the test looks while no worker lives."""
    database = await open_database(address)
    try:
        yield database
    finally:
        await database.close()


async def work(address: str, folder: Path, seconds: float) -> None:
    """A worker that is killed after so many seconds of work."""
    command = [sys.executable, "-c", SCRIPT, address, str(folder), str(LEASE)]
    source = str(Path(__file__).parents[2] / "src")
    process = await asyncio.create_subprocess_exec(
        *command, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": source}
    )
    try:
        assert process.stdout is not None
        assert await asyncio.wait_for(process.stdout.readline(), 30) == b"ready\n"
        await asyncio.sleep(seconds)
    finally:
        process.kill()
        await process.wait()


async def promised(address: str, blobs: LocalBlobs) -> list[Artifact]:
    async with opened(address) as database:
        world = World(database)
        space = await world.space(owner="ada")
        ada = await world.actor("ada")
        made: list[Artifact] = []
        for number in range(DOCUMENTS):
            source = await stored(blobs, f"# Report {number}\n\nAll is well.\n".encode())
            async with database.write() as tx:
                place = await spaces.find(tx, ada, space.id, Permission.WRITE)
                new = NewArtifact(name=f"report-{number}", document_type="report", content_type="application/pdf")
                terms = {"kind": "md", "target": "pdf", "name": new.name}
                made.append(await generation.promise(tx, ada, place, new, source, terms))
        return made


async def jobs(address: str) -> list[tuple[Any, ...]]:
    async with opened(address) as database, database.read() as tx:
        return await tx.all(tuple, "select kind, status, error from job order by number")


async def over(address: str) -> bool:
    found = await jobs(address)
    return len(found) == 3 * DOCUMENTS and {status for _, status, _ in found} == {"completed"}


@pytest.mark.timeout(300)
async def test_killed_at_any_point_each_document_is_made_once(address: str, tmp_path: Path) -> None:
    folder = tmp_path / "blobs"
    blobs = LocalBlobs(folder)
    made = await promised(address, blobs)
    rounds = 0
    # At least so many kills; then as many rounds as it takes, each of them killed as well.
    while rounds < ROUNDS or not await over(address):
        rounds += 1
        seconds = random.uniform(0.05, 1.5) if rounds <= ROUNDS else 4  # noqa: S311 - any moment
        await work(address, folder, seconds)
        assert rounds < 30, await jobs(address)
    async with opened(address) as database:
        tools = Tools(database, blobs, Setup(data_dir=tmp_path, public_url=""))
        await collect_garbage(tools)
        await sweep_blobs(tools, now=2**53)
        named: set[str] = set()
        for each in made:
            async with database.read() as tx:
                found = await artifacts.seek(tx, each.id)
                assert found is not None
                pictures = await artifacts.previews.find(tx, found)
                assert await generation.seek(tx, each.id) is None
            assert (found.status, found.version, found.previewed) == ("completed", 1, 1)
            assert [picture.width for picture in pictures] == [320, 960]
            kept = [Blob(found.blob_key, found.size, found.sha256)]
            kept += [Blob(picture.blob_key, picture.size, picture.sha256) for picture in pictures]
            for blob in kept:
                content = await blobs.read(blob.key, 0, blob.size + 1)
                assert (len(content), hashlib.sha256(content).hexdigest()) == (blob.size, blob.sha256)
                named.add(blob.key)
        # No source, no half-made result and no second one is left.
        assert {key async for key in blobs.keys(older_than=2**53)} == named
    await blobs.close()
