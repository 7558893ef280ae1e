"""How fast background work is done: `python -m benchmarks.working ADDRESS [COUNT]`, a fresh database.

Jobs that do nothing, inspections and previews of small texts and images per second, by one worker with two lanes; and
the time from the answer to an upload until a word in its text is found.
"""

import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

from courtyard.core import artifacts, organizations, queue, search, spaces
from courtyard.core.actor import Actor, Origin, system
from courtyard.core.artifacts import NewArtifact
from courtyard.core.identity import people
from courtyard.core.paging import Page
from courtyard.core.queue import Job
from courtyard.core.search import Narrowing
from courtyard.core.spaces import NewSpace, Space
from courtyard.storage.blobs import Blobs
from courtyard.storage.database import Database
from courtyard.storage.local import LocalBlobs
from courtyard.storage.migrate import migrate
from courtyard.storage.opening import open_database
from courtyard.worker import Setup, Worker
from courtyard.worker.tasks import TASKS
from courtyard.worker.work import Settle, Tools

UPLOADS = 10
BATCH = 100


async def nothing(_tools: Tools, _job: Job) -> Settle | None:
    """A job whose work is none."""
    return None


class House:
    """A person, their space, and where files rest."""

    def __init__(self, database: Database, blobs: Blobs, actor: Actor, space: Space) -> None:
        self.database, self.blobs, self.actor, self.space = database, blobs, actor, space

    async def upload(self, name: str, content: bytes, kind: str = "text/plain") -> None:
        async def chunks() -> AsyncIterator[bytes]:
            yield content

        blob = await self.blobs.put(chunks(), limit=len(content))
        new = NewArtifact(name=name, document_type="file", content_type=kind)
        async with self.database.write() as tx:
            await artifacts.create(tx, self.actor, self.space, new, blob)

    async def done(self, kind: str, count: int) -> None:
        """Wait until so many jobs of a kind are completed."""
        asked = "select count(*) from job where kind = :kind and status = 'completed'"
        while True:
            async with self.database.read() as tx:
                if (await tx.one(int, asked, kind=kind) or 0) >= count:
                    return
            await asyncio.sleep(0.05)

    async def searchable(self, number: int) -> float:
        """Milliseconds from the commit of an upload until a word in it is found, with an idle worker."""
        word = f"heron{number}of{os.getpid()}"
        await self.upload(f"lake {number}.txt", f"There was one {word} at the lake.".encode())
        begun = time.perf_counter()
        while True:
            async with self.database.scan() as tx:
                found = await search.everywhere(tx, self.actor, search.parse(word), Page(5), Narrowing())
            if found.items:
                break
            await asyncio.sleep(0.002)
        took = (time.perf_counter() - begun) * 1_000
        await self.idle()
        return took

    async def idle(self) -> None:
        """Wait until nothing is left to do."""
        async with self.database.read() as tx:
            left = await tx.one(int, "select count(*) from job where status in ('pending', 'processing')")
        if left:
            await asyncio.sleep(0.1)
            await self.idle()


async def house(database: Database, folder: Path) -> House:
    async with database.write() as tx:
        person = await people.add(tx, system("benchmark"), email="p@example.org", username="p", password_hash=None)
        actor = Actor(Origin("benchmark"), person.id, 3)
        home = await organizations.home(tx, actor, None)
        space = await spaces.create(tx, actor, home, NewSpace(name="Work"))
    return House(database, LocalBlobs(folder / "blobs"), actor, space)


async def main(address: str, count: int) -> None:
    database = await open_database(address)
    await migrate(database)
    with tempfile.TemporaryDirectory() as place:
        here = await house(database, Path(place))
        for _ in range(0, count, BATCH):
            async with database.write() as tx:
                for _ in range(BATCH):
                    await queue.enqueue(tx, "nothing")
        few = count // 10
        for number in range(few):
            await here.upload(f"{number}.txt", f"The heron number {number} stands still.".encode() * 20)
        worker = Worker(
            database, here.blobs, Setup(data_dir=Path(place), public_url=""), tasks={**TASKS, "nothing": nothing}
        )
        async with worker:
            for kind, many in (("nothing", count), ("inspect", few), ("preview", few)):
                before = time.perf_counter()
                await here.done(kind, many)
                print(f"{kind:10} {many / (time.perf_counter() - before):8.1f} a second", flush=True)
            took = [await here.searchable(number) for number in range(UPLOADS)]
        print(f"searchable after {statistics.median(took):.0f} ms (median), {max(took):.0f} ms (slowest)")
        await here.blobs.close()
    await database.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1_000))
