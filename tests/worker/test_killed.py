"""Worker processes that are killed, frozen and ended: each job is finished exactly once."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any

import pytest

from courtyard.core import queue
from courtyard.storage.opening import open_database

PROCESS = Path(__file__).with_name("process.py")
LEASE = 1_200


class Crew:
    """Worker processes over one database, and what they wrote into their log."""

    def __init__(self, address: str, folder: Path) -> None:
        self.address = address
        self.folder = folder
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, *, seconds: float, lease: int = LEASE) -> None:
        command = [sys.executable, str(PROCESS), self.address, str(self.folder), name, str(lease), str(seconds)]
        root = Path(__file__).parents[2]
        self.processes[name] = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(root / "src")})

    def signal(self, name: str, number: signal.Signals) -> None:
        """SIGTERM lets a job that takes less than a second come to its end."""
        self.processes[name].send_signal(number)
        if number in (signal.SIGKILL, signal.SIGTERM):
            self.processes[name].wait(20)

    @property
    def log(self) -> list[str]:
        file = self.folder / "log"
        return file.read_text().splitlines() if file.exists() else []

    async def wait_for(self, told: Callable[[list[str]], bool]) -> list[str]:
        async with asyncio.timeout(30):
            while not told(self.log):  # noqa: ASYNC110 - what it waits for is another process
                await asyncio.sleep(0.02)
        return self.log

    async def jobs(self) -> list[tuple[Any, ...]]:
        """Id, status and attempts of each. A SQLite file has one owner: its process must have ended."""
        database = await open_database(self.address)
        async with database.read() as tx:
            rows = await tx.all(tuple, "select id, status, attempt from job order by number")
        await database.close()
        return rows

    async def results(self) -> dict[str, str]:
        database = await open_database(self.address)
        async with database.read() as tx:
            rows: list[Any] = await tx.all(tuple, "select name, value from installation")
        await database.close()
        return dict(rows)

    async def enqueue(self, count: int = 1) -> list[str]:
        database = await open_database(self.address)
        async with database.write() as tx:
            made = [await queue.enqueue(tx, "slow") for _ in range(count)]
        await database.close()
        return made


@pytest.fixture
async def crew(address: str, tmp_path: Path) -> AsyncGenerator[Crew]:
    made = Crew(address, tmp_path)
    yield made
    for process in made.processes.values():
        process.kill()
        process.wait(5)


def began(name: str, times: int = 1) -> Callable[[list[str]], bool]:
    return lambda log: sum(line.startswith(f"{name} began") for line in log) >= times


async def test_a_job_whose_worker_was_killed_is_finished_once_elsewhere(crew: Crew) -> None:
    [job] = await crew.enqueue()
    crew.start("first", seconds=60)
    await crew.wait_for(began("first"))
    crew.signal("first", signal.SIGKILL)
    crew.start("second", seconds=0.1)
    await crew.wait_for(began("second"))
    crew.signal("second", signal.SIGTERM)
    assert await crew.results() == {job: "second"}
    assert await crew.jobs() == [(job, "completed", 2)]


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
async def test_a_frozen_worker_that_wakes_up_changes_nothing(crew: Crew) -> None:
    [job] = await crew.enqueue()
    crew.start("first", seconds=1)
    await crew.wait_for(began("first"))
    crew.signal("first", signal.SIGSTOP)
    crew.start("second", seconds=0.1)
    await crew.wait_for(began("second"))
    await asyncio.sleep(1)
    crew.signal("first", signal.SIGCONT)
    await asyncio.sleep(1.5)
    crew.signal("first", signal.SIGTERM)
    crew.signal("second", signal.SIGTERM)
    assert await crew.results() == {job: "second"}
    assert await crew.jobs() == [(job, "completed", 2)]


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
async def test_two_workers_share_the_jobs_and_none_is_done_twice(crew: Crew) -> None:
    made = await crew.enqueue(40)
    crew.start("first", seconds=0.02)
    crew.start("second", seconds=0.02)
    await crew.wait_for(lambda log: sum(" began " in line for line in log) >= 40)
    await asyncio.sleep(0.5)
    crew.signal("first", signal.SIGTERM)
    crew.signal("second", signal.SIGTERM)
    results = await crew.results()
    assert sorted(results) == sorted(made)
    assert set(results.values()) == {"first", "second"}
    assert sum(" began " in line for line in crew.log) == 40


async def test_a_worker_that_is_ended_gives_its_job_back_untried(crew: Crew) -> None:
    [job] = await crew.enqueue()
    crew.start("first", seconds=60, lease=30_000)
    await crew.wait_for(began("first"))
    crew.signal("first", signal.SIGTERM)
    assert crew.log[-1] == "first ended"
    assert await crew.jobs() == [(job, "pending", 0)]
    crew.start("second", seconds=0.1, lease=30_000)
    await crew.wait_for(began("second"))
    crew.signal("second", signal.SIGTERM)
    assert await crew.results() == {job: "second"}


async def test_a_job_that_kills_every_worker_is_given_up(crew: Crew) -> None:
    [poison] = await crew.enqueue()
    for attempt in range(1, queue.ATTEMPTS + 1):
        name = f"victim{attempt}"
        crew.start(name, seconds=60, lease=300)
        await crew.wait_for(began(name))
        crew.signal(name, signal.SIGKILL)
    crew.start("last", seconds=0.1, lease=300)
    await crew.wait_for(lambda log: "last ready" in log)
    await asyncio.sleep(1)
    crew.signal("last", signal.SIGTERM)
    assert await crew.jobs() == [(poison, "failed", queue.ATTEMPTS)]
    assert await crew.results() == {}


async def test_a_job_is_finished_within_its_lease_and_five_seconds_however_often_its_worker_dies(crew: Crew) -> None:
    [job] = await crew.enqueue()
    for name in ("first", "second", "third"):
        crew.start(name, seconds=60)
        await crew.wait_for(began(name))
        crew.signal(name, signal.SIGKILL)
    over = time.monotonic() + LEASE / 1_000
    crew.start("last", seconds=0.1)
    await crew.wait_for(lambda log: "last ready" in log)
    # What a process takes to start on a busy machine is none of the promise.
    over = max(over, time.monotonic())
    await crew.wait_for(began("last"))
    assert time.monotonic() - over < 5
    crew.signal("last", signal.SIGTERM)
    assert await crew.results() == {job: "last"}
    assert await crew.jobs() == [(job, "completed", 4)]
