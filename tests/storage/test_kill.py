"""kill -9 at any moment: what was answered is there, and nothing half-made is."""

import asyncio
import hashlib
import sqlite3
import sys
from pathlib import Path

import pytest

from courtyard.storage.local import LocalBlobs
from courtyard.storage.migrate import migrate
from courtyard.storage.sqlite import Sqlite

ROWS = """
import asyncio, sys
from courtyard.storage.sqlite import Sqlite

async def write(db, writer):
    number = 0
    while True:
        async with db.write() as tx:
            await tx.run("insert into thing (id, note) values (:id, :note)", id=f"{writer}-{number}", note="x" * 3000)
            await tx.run("insert into part (thing_id, name) values (:id, 'one')", id=f"{writer}-{number}")
        sys.stdout.write(f"{writer}-{number}\\n")
        sys.stdout.flush()
        number += 1

async def main():
    db = await Sqlite.open(sys.argv[1])
    await asyncio.gather(*(write(db, f"{sys.argv[2]}-{writer}") for writer in range(8)))

asyncio.run(main())
"""
BLOBS = """
import asyncio, os, random, sys
from courtyard.storage.local import LocalBlobs

async def pieces():
    for _ in range(random.randrange(1, 12)):
        yield os.urandom(70_000)

async def write(blobs):
    while True:
        blob = await blobs.put(pieces(), limit=1 << 30)
        sys.stdout.write(f"{blob.key} {blob.sha256}\\n")
        sys.stdout.flush()

async def main():
    blobs = LocalBlobs(sys.argv[1])
    await asyncio.gather(*(write(blobs) for _ in range(4)))

asyncio.run(main())
"""


async def killed(program: str, *arguments: str, after: float) -> list[str]:
    """Run a program, kill it that long after its first answer, and give the answers that came out whole."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, *arguments, stdout=asyncio.subprocess.PIPE
    )
    assert child.stdout is not None
    said = await asyncio.wait_for(child.stdout.readline(), 20)
    reading = asyncio.create_task(child.stdout.read())
    await asyncio.sleep(after)
    child.kill()
    said += await reading
    await child.wait()
    return said.decode().rpartition("\n")[0].splitlines()


def left_over(root: Path) -> list[Path]:
    return list((root / "incoming").iterdir())


async def test_every_answered_row_survives_and_no_half_of_a_transaction(tmp_path: Path, schema: Path) -> None:
    path = tmp_path / "killed.db"
    db = await Sqlite.open(path)
    await migrate(db, schema)
    await db.close()
    answered: set[str] = set()
    for turn, after in enumerate([0, 0.03, 0.11, 0.2, 0.37]):
        answered.update(await killed(ROWS, str(path), str(turn), after=after))
        # A killed owner leaves its lock file, not its lock.
        db = await Sqlite.open(path)
        async with db.read() as tx:
            assert answered <= set(await tx.all(str, "select id from thing"))
            whole = "select count(*) from thing left join part on part.thing_id = thing.id where part.name is null"
            assert await tx.one(int, whole) == 0
        await db.close()
    connection = sqlite3.connect(path)
    assert connection.execute("pragma integrity_check").fetchall() == [("ok",)]
    connection.close()
    assert len(answered) > 100


@pytest.mark.parametrize("after", [0, 0.05, 0.21])
async def test_every_answered_blob_survives_whole(tmp_path: Path, after: float) -> None:
    root = tmp_path / "blobs"
    answers = dict(line.split() for line in await killed(BLOBS, str(root), after=after))
    assert answers
    blobs = LocalBlobs(root)
    for key, sha256 in answers.items():
        assert hashlib.sha256(await blobs.read(key, 0, 1 << 30)).hexdigest() == sha256
    # What was linked but not answered yet is whole too: its length is a multiple of the pieces it was made of.
    async for key in blobs.keys(older_than=1 << 50):
        assert len(await blobs.read(key, 0, 1 << 30)) % 70_000 == 0
    await blobs.close()
    assert left_over(root) == []
