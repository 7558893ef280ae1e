"""A worker process for tests that kill it: `process.py <database> <folder> <name> <lease ms> <seconds of work>`.

Its one kind of job, `slow`, notes in `<folder>/log` who began it, works, and writes its result with its fence.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

from courtyard.core import queue
from courtyard.core.queue import Job
from courtyard.storage.database import Write
from courtyard.storage.local import LocalBlobs
from courtyard.storage.opening import open_database
from courtyard.worker import Pace, Setup, Worker
from courtyard.worker.work import Settle, Tools


def note(folder: Path, line: str) -> None:
    """Add a line in one write, whoever else writes."""
    file = os.open(folder / "log", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(file, f"{line}\n".encode())
    os.close(file)


async def main(database_address: str, folder: Path, name: str, lease: int, seconds: float) -> None:
    async def slow(tools: Tools, job: Job) -> Settle:
        note(folder, f"{name} began {job.id}")
        await asyncio.sleep(seconds)

        async def settle(tx: Write) -> bool:
            if not await queue.complete(tx, job):
                note(folder, f"{name} lost {job.id}")
                return False
            # No `on conflict`: a second result would be an error that nobody overlooks.
            await tx.run("insert into installation (name, value) values (:name, :who)", name=job.id, who=name)
            return True

        return settle

    end = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, end.set)
    database = await open_database(database_address)
    blobs = LocalBlobs(folder / f"blobs-{name}")
    setup = Setup(data_dir=folder, public_url="https://courtyard.example")
    pace = Pace(lease=lease, lanes=1, longest=0.1, grace=1)
    async with Worker(database, blobs, setup, pace=pace, tasks={"slow": slow}):
        note(folder, f"{name} ready")
        await end.wait()
    note(folder, f"{name} ended")
    await blobs.close()
    await database.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]), float(sys.argv[5])))
