"""The installation in numbers: what is there, what happened, and who may know."""

from typing import Any

import pytest
from httpx2 import AsyncClient

from courtyard.core import clock, statistics
from courtyard.web.dialect import Services
from courtyard.worker import Setup
from courtyard.worker.presence import Presence
from courtyard.worker.timetable import measure
from courtyard.worker.work import Tools
from tests.dialects.v1.answers import Clients, got, pointers, problem
from tests.world import World, nothing

ADMINISTRATION = ("/v1/statistics", "/v1/statistics/series", "/v1/health", "/v1/settings")


@pytest.fixture
async def root(world: World, v1: Clients) -> AsyncClient:
    """A platform administrator."""
    await world.administrator("root")
    return v1("root")


@pytest.fixture
def tools(services: Services) -> Tools:
    """What the timetable works with."""
    return Tools(services.database, services.blobs, Setup(data_dir=None, public_url=""))  # pyright: ignore[reportArgumentType] - nothing is written there


async def now(root: AsyncClient) -> dict[str, Any]:
    return (await got(root, "/v1/statistics"))["now"]


@pytest.mark.parametrize("path", ADMINISTRATION)
async def test_only_administrators_know(
    path: str, v1: Clients, world: World, root: AsyncClient, anonymous: AsyncClient
) -> None:
    problem(await anonymous.get(path), 401, "unauthenticated")
    problem(await v1("ada").get(path), 403, "forbidden")
    weak = await world.key("root", scopes=["write"])
    problem(await anonymous.get(path, headers={"X-API-Key": weak}), 403, "forbidden")
    assert (await root.get(path)).status_code == 200
    # Numbers and settings are nobody's: looking at them is no event of the audit trail.
    assert "privileged.read" not in await world.events()


async def test_what_is_there_is_counted(world: World, root: AsyncClient) -> None:
    await world.organization("acme", owner="ada")
    space = await world.space("ada")
    await world.artifact(space, blob=nothing(100))
    await world.artifact(space, blob=nothing(20))
    seen = await now(root)
    assert (seen["people"], seen["spaces"], seen["organizations"]) == (2, 1, 1)
    assert (seen["artifacts"], seen["bytes"], seen["unlogged_requests"]) == (2, 120, 0)
    oldest = seen["jobs"].pop("oldest_pending_seconds")
    assert 0 <= oldest < 3_600
    assert seen["jobs"] == {"pending": 2, "processing": 0, "completed": 0, "failed": 0, "cancelled": 0}
    async with world.database.write() as tx:
        await tx.run("update job set status = 'completed', completed_at = :now", now=clock.now())
    jobs = (await now(root))["jobs"]
    assert (jobs["completed"], jobs["oldest_pending_seconds"]) == (2, None)


async def test_a_worker_is_seen_until_it_leaves_or_falls_silent(world: World, root: AsyncClient) -> None:
    first, second = Presence(world.database), Presence(world.database)
    await first.appear()
    await first.appear()
    await second.appear()
    workers = (await now(root))["workers"]
    assert len(workers) == 2
    assert set(workers[0]) == {"id", "name", "version", "started_at", "seen_at"}
    await first.leave()
    async with world.database.write() as tx:
        await tx.run("update worker set seen_at = seen_at - 91000")
    assert (await now(root))["workers"] == []
    async with world.database.write() as tx:
        await tx.run("update worker set seen_at = seen_at - :day", day=clock.DAY)
    await first.appear()
    async with world.database.read() as tx:
        assert await tx.one(int, "select count(*) from worker") == 1


async def test_what_happened_is_in_the_bucket_of_its_hour(
    world: World, root: AsyncClient, services: Services, tools: Tools
) -> None:
    space = await world.space("ada")
    await world.artifact(space, blob=nothing(100))
    await world.artifact(space, blob=nothing(20))
    async with world.database.write() as tx:
        await tx.run("update job set status = 'failed', completed_at = :now", now=clock.now())
    await root.get("/v1/me")
    await root.get("/v1/nothing")
    await services.journal.flush(services.database)
    await measure(tools)
    await measure(tools)
    for days, bucket, number in ((1, "hour", 24), (7, "hour", 168), (30, "day", 30), (90, "day", 90)):
        series = await got(root, "/v1/statistics/series", days=days)
        assert (series["days"], series["bucket"], len(series["data"])) == (days, bucket, number)
        # It may have struck the hour meanwhile.
        last, before = series["data"][-1], series["data"][-2]
        assert last["at"] > before["at"]
        assert last["requests"]["2xx"] + before["requests"]["2xx"] >= 1
        assert last["requests"]["4xx"] + before["requests"]["4xx"] == 1
        assert last["uploads"] + before["uploads"] == 2
        assert last["jobs"]["failed"] + before["jobs"]["failed"] == 2
        assert 120 in (last["bytes"], before["bytes"])
        assert series["data"][0]["bytes"] is None
    assert pointers(await root.get("/v1/statistics/series", params={"days": "8"})) == {"/days"}


async def test_days_sum_up_their_hours_and_keep_the_last_measure(world: World, root: AsyncClient) -> None:
    noon = clock.now() // clock.DAY * clock.DAY - clock.DAY + 12 * clock.HOUR
    async with world.database.write() as tx:
        for later, size in ((0, 900), (clock.HOUR, 500)):
            await statistics.count(tx, noon + later, {"requests.5xx": 3})
            await statistics.count(tx, noon + later, {"requests.5xx": 1})
            await statistics.put(tx, noon + later, {"bytes": 7, "jobs.completed": 1})
            await statistics.put(tx, noon + later, {"bytes": size, "jobs.completed": 2})
    series = await got(root, "/v1/statistics/series", days=30)
    [day] = [bucket for bucket in series["data"] if bucket["requests"]["5xx"]]
    assert (day["requests"]["5xx"], day["jobs"]["completed"], day["bytes"]) == (8, 4, 500)
    async with world.database.write() as tx:
        await statistics.forget(tx, at=noon + 93 * clock.DAY)
    assert not any(
        bucket["jobs"]["completed"] for bucket in (await got(root, "/v1/statistics/series", days=30))["data"]
    )


async def test_hours_in_which_nobody_measured_are_made_up_for(world: World, tools: Tools) -> None:
    space = await world.space("ada")
    await world.artifact(space)
    at = clock.now()
    async with world.database.write() as tx:
        await tx.run("update job set status = 'completed', completed_at = :at", at=at)
    await measure(tools, now=at - 3 * clock.HOUR)
    await measure(tools, now=at + 2 * clock.HOUR)
    async with world.database.read() as tx:
        hours = await tx.all(int, "select hour from statistic where name = 'jobs.completed'")
        assert hours == [statistics.hour(at)]
        assert await statistics.unmeasured(tx, at + 30 * clock.DAY) == [statistics.hour(at + 30 * clock.DAY)]
