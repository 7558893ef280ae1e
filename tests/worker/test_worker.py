"""The worker inside a process: every job gets its turn, a bad one hurts no other, the end is orderly."""

import asyncio
import os

import pytest

from courtyard.core import clock, jobs, queue
from courtyard.core.actor import system
from courtyard.core.queue import Job
from courtyard.storage.database import Database, Write
from courtyard.worker import Pace, Worker
from courtyard.worker.work import Failed, Settle, Task, Tools
from tests.worker.conftest import until
from tests.world import World

QUICK = Pace(longest=0.05, grace=0.3)


def worker(tools: Tools, tasks: dict[str, Task], pace: Pace = QUICK) -> Worker:
    return Worker(tools.database, tools.blobs, tools.setup, pace=pace, tasks=tasks)


async def enqueue(database: Database, *kinds: str) -> list[str]:
    async with database.write() as tx:
        return [await queue.enqueue(tx, kind) for kind in kinds]


async def settled(world: World) -> bool:
    return all(job.status in ("completed", "failed", "cancelled") for job in await world.jobs())


async def nothing(_tools: Tools, _job: Job) -> None:
    return None


async def test_each_job_is_run_by_what_its_kind_names(world: World, tools: Tools) -> None:
    seen: list[tuple[str, str]] = []

    def note(name: str) -> Task:
        async def task(_tools: Tools, job: Job) -> None:
            seen.append((name, job.kind))

        return task

    await enqueue(world.database, "a", "b", "a")
    async with worker(tools, {"a": note("first"), "b": note("second")}):
        await until(lambda: settled(world))
    assert sorted(seen) == [("first", "a"), ("first", "a"), ("second", "b")]
    assert [(job.status, job.progress, job.error) for job in await world.jobs()] == [("completed", 100, None)] * 3


async def test_a_job_that_fails_is_tried_again_later_and_others_go_on(world: World, tools: Tools) -> None:
    async def poison(_tools: Tools, _job: Job) -> None:
        raise RuntimeError("secret detail of /our/file.py")

    async def bad(_tools: Tools, _job: Job) -> None:
        raise Failed("The tea is cold.", final=True)

    await enqueue(world.database, "poison", "bad", "good", "from-the-future", "good")
    async with worker(tools, {"poison": poison, "bad": bad, "good": nothing}):
        await until(lambda: done(world, "good"))
        await until(lambda: attempted(world))
    found = {job.kind: job for job in await world.jobs()}
    assert found["good"].status == "completed"
    assert (found["bad"].status, found["bad"].error) == ("failed", "The tea is cold.")
    for kind in ("poison", "from-the-future"):
        assert (found[kind].status, found[kind].attempt) == ("pending", 1)
        assert found[kind].due_at > clock.now() + 500
    assert "secret" not in (found["poison"].error or "")


async def done(world: World, kind: str) -> bool:
    return all(job.status == "completed" for job in await world.jobs() if job.kind == kind)


async def attempted(world: World) -> bool:
    return all(job.attempt and job.status != "processing" for job in await world.jobs())


async def test_a_result_counts_once_and_only_with_its_fence(world: World, tools: Tools) -> None:
    """The result is written in the transaction that settles; a job cancelled meanwhile keeps none."""
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow(_tools: Tools, job: Job) -> Settle:
        begun.set()
        await go_on.wait()

        async def settle(tx: Write) -> bool:
            if not await queue.complete(tx, job):
                return False
            await tx.run("insert into installation (name, value) values (:name, 'result')", name=job.id)
            return True

        return settle

    await enqueue(world.database, "slow")
    async with worker(tools, {"slow": slow}, Pace(lease=60_000, longest=0.05)):
        await asyncio.wait_for(begun.wait(), 10)
        async with world.database.write() as tx:
            await jobs.cancel(tx, system("test"), (await world.jobs())[0])
        go_on.set()
        await asyncio.sleep(0.2)
    assert [job.status for job in await world.jobs()] == ["cancelled"]
    async with world.database.read() as tx:
        assert await tx.all(str, "select value from installation") == []


async def test_a_cancelled_job_stops_at_the_next_heartbeat(world: World, tools: Tools) -> None:
    stopped = asyncio.Event()

    async def endless(_tools: Tools, _job: Job) -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            stopped.set()
            raise

    await enqueue(world.database, "endless")
    async with worker(tools, {"endless": endless}, Pace(lease=300, longest=0.05, grace=0.1)):
        await until(lambda: running(world))
        async with world.database.write() as tx:
            await jobs.cancel(tx, system("test"), (await world.jobs())[0])
        await asyncio.wait_for(stopped.wait(), 5)
        [following] = await enqueue(world.database, "endless")
        await until(lambda: running(world))
    assert {job.id: job.status for job in await world.jobs()}[following] == "pending"


async def running(world: World) -> bool:
    return any(job.status == "processing" for job in await world.jobs())


async def test_the_heartbeat_keeps_a_long_job_alive(world: World, tools: Tools) -> None:
    async def long(_tools: Tools, _job: Job) -> None:
        await asyncio.sleep(1.5)

    await enqueue(world.database, "long")
    async with (
        worker(tools, {"long": long}, Pace(lease=400, longest=0.05)),
        worker(tools, {"long": long}, Pace(lease=400, longest=0.05)),
    ):
        await until(lambda: settled(world))
    [job] = await world.jobs()
    assert (job.status, job.attempt) == ("completed", 1)


async def test_two_lanes_work_side_by_side(world: World, tools: Tools) -> None:
    together = asyncio.Barrier(2)

    async def meet(_tools: Tools, _job: Job) -> None:
        await together.wait()

    await enqueue(world.database, "meet", "meet")
    async with worker(tools, {"meet": meet}):
        await until(lambda: settled(world))


async def test_the_end_waits_for_what_is_nearly_done_and_gives_back_the_rest(world: World, tools: Tools) -> None:
    async def work(_tools: Tools, job: Job) -> None:
        await asyncio.sleep(0.2 if job.kind == "short" else 60)

    await enqueue(world.database, "short", "long")
    loop = asyncio.get_running_loop()
    async with worker(tools, {"short": work, "long": work}, Pace(longest=0.05, grace=0.6)):
        await until(lambda: both_running(world))
        begun = loop.time()
    assert loop.time() - begun < 3
    assert [(job.kind, job.status, job.attempt) for job in await world.jobs()] == [
        ("short", "completed", 1),
        ("long", "pending", 0),
    ]


async def both_running(world: World) -> bool:
    return sum(job.status == "processing" for job in await world.jobs()) == 2


async def test_a_worker_outlives_a_database_that_is_away(world: World, tools: Tools) -> None:
    """What a lane meets there is logged, and tried again."""

    class Flaky:
        engine = world.database.engine
        away = True

        def read(self) -> object:
            if self.away:
                raise OSError("no route to the database")
            return world.database.read()

        def __getattr__(self, name: str) -> object:
            return getattr(world.database, name)

    flaky = Flaky()
    await enqueue(world.database, "good")
    async with Worker(flaky, tools.blobs, tools.setup, pace=QUICK, tasks={"good": nothing}):  # pyright: ignore[reportArgumentType] - the port, with a fault
        await asyncio.sleep(0.2)
        assert not await settled(world)
        flaky.away = False
        await until(lambda: settled(world))


async def test_what_is_cancelled_ends_at_once_with_the_program_it_started(world: World, tools: Tools) -> None:
    """Long before the next heartbeat."""
    started: list[int] = []

    async def render(_tools: Tools, _job: Job) -> None:
        child = await asyncio.create_subprocess_exec("sleep", "60")
        started.append(child.pid)
        try:
            await child.wait()
        except asyncio.CancelledError:
            child.kill()
            await child.wait()
            raise

    await enqueue(world.database, "render", "after")
    async with worker(
        tools, {"render": render, "after": nothing}, Pace(lease=60_000, lanes=1, longest=0.05, grace=0.1)
    ):
        await until(lambda: running(world))
        await until(lambda: has(started))
        render_job = next(job for job in await world.jobs() if job.kind == "render")
        async with world.database.write() as tx:
            await jobs.cancel(tx, system("test"), render_job)
        # The one lane goes on with the next job.
        await until(lambda: settled(world))
    assert [job.status for job in await world.jobs()] == ["cancelled", "completed"]
    with pytest.raises(ProcessLookupError):
        os.kill(started[0], 0)


async def has(found: list[int]) -> bool:
    return bool(found)
