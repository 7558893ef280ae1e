"""Jobs: looked at, stopped, tried again, watched."""

import asyncio
import json
from typing import Any, NamedTuple

import pytest
from httpx2 import AsyncClient

from courtyard.core import jobs
from courtyard.core.jobs import Job
from courtyard.core.spaces import Space
from tests.dialects.v1.answers import JOB, UNKNOWN, Clients, got, problem, told
from tests.world import World


@pytest.fixture
def ada(v1: Clients) -> AsyncClient:
    return v1("ada")


class Work(NamedTuple):
    """A space, and the path of the job of an artifact in it."""

    space: Space
    artifact: str
    id: str
    path: str


@pytest.fixture
async def work(world: World) -> Work:
    space = await world.space("ada", viewers=["vera"], editors=["eve"])
    artifact = await world.artifact(space)
    (job,) = await world.jobs()
    return Work(space, artifact.id, job.id, f"/v1/jobs/{job.id}")


async def claimed(world: World) -> Job:
    async with world.database.write() as tx:
        job = await jobs.claim(tx)
    assert job is not None
    return job


async def settled(world: World, *, error: str | None = None) -> None:
    """The worker takes the job and ends it."""
    job = await claimed(world)
    async with world.database.write() as tx:
        assert await (jobs.complete(tx, job) if error is None else jobs.fail(tx, job, error, final=True))


async def test_a_job_as_it_waits_runs_and_ends(ada: AsyncClient, world: World, work: Work) -> None:
    waiting = await got(ada, work.path)
    assert set(waiting) == JOB
    assert waiting == {
        **waiting,
        "id": work.id,
        "job_id": work.id,
        "artifact_id": work.artifact,
        "space_id": work.space.id,
        "kind": "inspect",
        "status": "pending",
        "progress": 0,
        "message": None,
        "attempt": 0,
        "error": None,
        "started_at": None,
        "completed_at": None,
    }
    assert waiting["max_attempts"] >= 1
    job = await claimed(world)
    async with world.database.write() as tx:
        await jobs.beat(tx, job, 40, "Reading")
    running = await got(ada, work.path)
    assert (running["status"], running["progress"], running["message"]) == ("processing", 40, "Reading")
    assert (running["attempt"], running["started_at"] is not None) == (1, True)
    async with world.database.write() as tx:
        await jobs.complete(tx, job)
    ended = await got(ada, work.path)
    assert (ended["status"], ended["progress"], ended["completed_at"] is not None) == ("completed", 100, True)
    listed = await got(ada, f"/v1/spaces/{work.space.id}/artifacts/{work.artifact}/jobs")
    assert listed == {"data": [ended], "cursor": None}


async def test_cancel_and_retry(v1: Clients, ada: AsyncClient, world: World, work: Work) -> None:
    problem(await ada.post(f"{work.path}/retry"), 409, "job_not_ended")
    for name in ("cancel", "retry"):
        problem(await v1("vera").post(f"{work.path}/{name}"), 403)
    cancelled = await v1("eve").post(f"{work.path}/cancel")
    assert (cancelled.status_code, cancelled.json()["status"]) == (200, "cancelled")
    assert cancelled.json() == await got(ada, work.path)
    problem(await ada.post(f"{work.path}/cancel"), 409, "job_ended")
    async with world.database.write() as tx:
        assert await jobs.claim(tx) is None
    again = await ada.post(f"{work.path}/retry")
    assert (again.status_code, again.json()["status"], again.json()["attempt"]) == (200, "pending", 0)
    await settled(world, error="It broke.")
    failed = await got(ada, work.path)
    assert (failed["status"], failed["error"]) == ("failed", "It broke.")
    assert (await ada.post(f"{work.path}/retry")).json()["error"] is None
    await settled(world)
    problem(await ada.post(f"{work.path}/retry"), 409)
    problem(await ada.post(f"{work.path}/cancel"), 409)


async def test_the_result_of_a_cancelled_job_does_not_count(ada: AsyncClient, world: World, work: Work) -> None:
    job = await claimed(world)
    assert (await ada.post(f"{work.path}/cancel")).json()["status"] == "cancelled"
    async with world.database.write() as tx:
        assert not await jobs.complete(tx, job)
    assert (await got(ada, work.path))["status"] == "cancelled"


async def test_strangers_hear_of_no_job(v1: Clients, world: World, work: Work) -> None:
    for method, rest in (("GET", ""), ("GET", "/events"), ("POST", "/cancel"), ("POST", "/retry")):
        stranger = await v1("sam").request(method, work.path + rest)
        problem(stranger, 404)
        assert told(stranger) == told(await v1("sam").request(method, f"/v1/jobs/{UNKNOWN}{rest}"))


async def test_a_job_without_a_space_is_nobodys(ada: AsyncClient, world: World) -> None:
    async with world.database.write() as tx:
        mail = await jobs.enqueue(tx, "mail")
    problem(await ada.get(f"/v1/jobs/{mail}"), 404)


def events(text: str) -> list[tuple[str, dict[str, Any]]]:
    """The ids and data of server-sent events."""
    found: list[tuple[str, dict[str, Any]]] = []
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if fields:
            assert set(fields) == {"event", "id", "data"}
            assert fields["event"] == "job"
            found.append((fields["id"], json.loads(fields["data"])))
    return found


async def test_a_job_is_watched_until_it_has_ended(ada: AsyncClient, world: World, work: Work) -> None:
    watching = asyncio.create_task(ada.get(f"{work.path}/events"))
    await asyncio.sleep(0.4)
    job = await claimed(world)
    await asyncio.sleep(0.6)
    async with world.database.write() as tx:
        await jobs.complete(tx, job)
    watched = await asyncio.wait_for(watching, 10)
    assert watched.status_code == 200
    assert watched.headers["content-type"].startswith("text/event-stream")
    assert watched.headers["cache-control"] == "no-store"
    assert "x-request-id" in watched.headers
    seen = events(watched.text)
    assert [data["status"] for _, data in seen] == ["pending", "processing", "completed"]
    assert len({number for number, _ in seen}) == 3
    assert seen[-1][1] == await got(ada, work.path)


async def test_who_comes_back_hears_only_what_is_new(ada: AsyncClient, world: World, work: Work) -> None:
    await settled(world)
    ((number, data),) = events((await ada.get(f"{work.path}/events")).text)
    assert data["status"] == "completed"
    nothing = await ada.get(f"{work.path}/events", headers={"Last-Event-ID": number})
    assert (nothing.status_code, events(nothing.text)) == (200, [])
    for unknown in ("nonsense", "", "0"):
        again = await ada.get(f"{work.path}/events", headers={"Last-Event-ID": unknown})
        assert events(again.text) == [(number, data)]


async def test_a_watcher_who_is_sent_away_hears_no_more(v1: Clients, world: World, work: Work) -> None:
    watching = asyncio.create_task(v1("vera").get(f"{work.path}/events"))
    await asyncio.sleep(0.4)
    await world.dismiss(work.space, "vera")
    seen = events((await asyncio.wait_for(watching, 10)).text)
    assert [data["status"] for _, data in seen] == ["pending"]


async def test_head_of_a_watch_does_not_wait(ada: AsyncClient, work: Work) -> None:
    response = await asyncio.wait_for(ada.head(f"{work.path}/events"), 5)
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/event-stream")
