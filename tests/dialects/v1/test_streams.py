"""Streams: what happens in spaces, told in order, to those alone who may hear it."""

import asyncio
import json
from typing import Any

import pytest
from httpx2 import AsyncClient, Response

from courtyard.core import artifacts, jobs, queue, threads
from courtyard.core.artifacts import Changes
from courtyard.core.spaces import Space
from courtyard.core.threads import NewMessage
from courtyard.web import streams
from courtyard.web.dialect import Services
from tests.dialects.v1.answers import Clients, got, problem, walk
from tests.world import World


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "PAUSE", 0.05)
    monkeypatch.setattr(streams, "CHECK", 0.2)


@pytest.fixture
async def space(world: World) -> Space:
    return await world.space("ada", editors=["eve"], viewers=["vera"], visibility="public")


class Stream:
    """A stream that is read as a whole when it has ended."""

    def __init__(self, client: AsyncClient, path: str, known: str = "") -> None:
        headers = {"Last-Event-ID": known} if known else {}
        self.answer: asyncio.Task[Response] = asyncio.create_task(client.get(path, headers=headers))

    async def events(self) -> list[tuple[str, str, dict[str, Any]]]:
        """Names, ids and data, after the end."""
        response = await asyncio.wait_for(self.answer, 15)
        assert response.status_code == 200, response.text
        assert response.headers["content-type"].startswith("text/event-stream")
        found: list[tuple[str, str, dict[str, Any]]] = []
        for block in response.text.split("\n\n"):
            fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
            if fields:
                found.append((fields["event"], fields.get("id", ""), json.loads(fields["data"])))
        return found


async def begun(services: Services, count: int = 1) -> None:
    async with asyncio.timeout(10):
        while len(services.streams._watchers) < count:  # noqa: ASYNC110 - it is another task's doing
            await asyncio.sleep(0.01)


async def heard() -> None:
    """Long enough for what was committed to be told."""
    await asyncio.sleep(1)


async def test_a_member_hears_what_happens_in_order_with_names_and_no_bodies(
    v1: Clients, world: World, space: Space, services: Services
) -> None:
    other = await world.space("ada", "Attic")
    stream = Stream(v1("vera"), f"/v1/spaces/{space.id}/events")
    await begun(services)
    eve = await world.actor("eve")
    artifact = await world.artifact(space, "a.txt", by="eve")
    await world.artifact(other)
    thread = await world.thread(space, "Talk")
    async with world.database.write() as tx:
        await threads.say(tx, eve, thread, NewMessage(content="a secret word"))
        changed = await artifacts.change(tx, eve, space, artifact, Changes(name="b.txt"))
        await artifacts.trash(tx, eve, changed)
        await artifacts.restore(tx, eve, space, changed)
    async with world.database.write() as tx:
        job = await queue.claim(tx)
        assert job is not None
        await queue.beat(tx, job, 40, "Reading")
        await queue.complete(tx, job)
        await artifacts.purge(tx, eve, changed)
    await heard()
    await world.dismiss(space, "vera")
    told = await stream.events()
    names = [name for name, _, _ in told]
    assert names == [
        "ready", "artifact.created", "thread.created", "message.created", "artifact.updated", "artifact.trashed",
        "artifact.restored", "job.started", "job.progressed", "job.completed", "artifact.purged",
    ]  # fmt: skip
    assert len({number for _, number, _ in told}) == len(told)
    by_name = {name: data for name, _, data in told}
    made = by_name["artifact.created"]
    assert set(made) == {"type", "at", "space_id", "object", "by"}
    assert (made["type"], made["space_id"], made["by"]["username"]) == ("artifact.created", space.id, "eve")
    assert made["object"]["kind"] == "artifact"
    assert by_name["artifact.purged"]["object"] == {"kind": "artifact", "id": artifact.id, "name": "b.txt"}
    assert by_name["artifact.updated"]["fields"] == ["name"]
    assert by_name["message.created"]["thread_id"] == thread.id
    progress = by_name["job.progressed"]
    assert (progress["progress"], progress["message"], progress["artifact_id"]) == (40, "Reading", artifact.id)
    assert (progress["kind"], progress["object"]["id"]) == ("inspect", job.id)
    assert "secret" not in stream.answer.result().text


async def test_who_comes_back_hears_what_was_missed_once(
    v1: Clients, world: World, space: Space, services: Services
) -> None:
    path = f"/v1/spaces/{space.id}/events"
    first = Stream(v1("vera"), path)
    await begun(services)
    await world.artifact(space, "one")
    await heard()
    await world.dismiss(space, "vera")
    (_, _, _), (_, known, _) = await first.events()
    missed = [await world.artifact(space, f"missed {number}") for number in range(3)]
    await world.admit(space, "vera", "viewer")
    again = Stream(v1("vera"), path, known)
    await begun(services)
    late = await world.artifact(space, "late")
    await heard()
    await world.dismiss(space, "vera")
    told = await again.events()
    assert [data["object"]["id"] for name, _, data in told if name == "artifact.created"] == [
        *(artifact.id for artifact in missed), late.id,
    ]  # fmt: skip


async def test_who_has_missed_too_much_or_comes_too_late_is_told_to_start_over(
    v1: Clients, world: World, space: Space, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/v1/spaces/{space.id}/events"
    made = [await world.artifact(space) for _ in range(5)]
    assert made
    monkeypatch.setattr("courtyard.core.streams.BATCH", 3)
    async with world.database.read() as tx:
        first = await tx.one(tuple, "select tx, number from news order by tx, number limit 1")
    assert first is not None
    crowded = Stream(v1("vera"), path, f"{first[0]}-{first[1]}")
    await begun(services)
    async with world.database.write() as tx:
        await tx.run("delete from news where number <= :number", number=first[1])
    forgotten = Stream(v1("vera"), path, f"{first[0]}-{first[1]}")
    await begun(services, 2)
    nonsense = Stream(v1("vera"), path, "nonsense")
    await begun(services, 3)
    ahead = Stream(v1("vera"), path, "999999999-999999999")
    await begun(services, 4)
    services.streams.close()
    assert [name for name, _, _ in await crowded.events()] == ["reset"]
    assert [name for name, _, _ in await forgotten.events()] == ["reset"]
    assert [name for name, _, _ in await nonsense.events()] == ["ready"]
    assert [name for name, _, _ in await ahead.events()] == ["reset"]


async def test_one_stream_tells_of_all_ones_spaces_and_of_no_other(
    v1: Clients, world: World, space: Space, services: Services
) -> None:
    second = await world.space("bob", "Second", viewers=["vera"])
    foreign = await world.space("bob", "Foreign")
    open_to_all = await world.space("bob", "Open", visibility="public")
    stream = Stream(v1("vera"), "/v1/me/stream")
    await begun(services)
    for one in (space, second, foreign, open_to_all):
        await world.artifact(one)
    await heard()
    await world.admit(foreign, "vera", "viewer")
    await world.dismiss(second, "vera")
    for one in (second, foreign):
        await world.artifact(one)
    await heard()
    async with world.database.write() as tx:
        await tx.run("update credential set revoked_at = 1")
    told = await stream.events()
    assert [data["space_id"] for name, _, data in told if name == "artifact.created"] == [
        space.id, second.id, foreign.id,
    ]  # fmt: skip


async def test_a_stream_ends_when_the_key_is_revoked_the_person_disabled_or_the_server_stops(
    v1: Clients, world: World, space: Space, services: Services
) -> None:
    path = f"/v1/spaces/{space.id}/events"
    for end in (
        "update credential set revoked_at = 1", "update credential set expires_at = 1",
        "update person set state = 'disabled' where username = 'vera'",
    ):  # fmt: skip
        stream = Stream(v1("vera"), path)
        await begun(services)
        async with world.database.write() as tx:
            await tx.run(end)
        assert [name for name, _, _ in await stream.events()] == ["ready"]
        async with world.database.write() as tx:
            await tx.run("update credential set revoked_at = null, expires_at = null")
            await tx.run("update person set state = 'active'")
    stream = Stream(v1("vera"), path)
    await begun(services)
    services.streams.close()
    assert [name for name, _, _ in await stream.events()] == ["ready"]
    problem(await v1("vera").get(path), 503)


async def test_an_administrator_hears_the_end_of_a_space(
    v1: Clients, world: World, space: Space, services: Services
) -> None:
    await world.administrator("root")
    stream = Stream(v1("root"), f"/v1/spaces/{space.id}/events")
    await begun(services)
    assert (await v1("ada").patch(f"/v1/spaces/{space.id}", json={"name": "Pond"})).status_code == 200
    await heard()
    assert not stream.answer.done()
    assert (await v1("ada").delete(f"/v1/spaces/{space.id}")).status_code == 204
    assert [name for name, _, _ in await stream.events()] == ["ready", "space.updated"]


async def test_strangers_hear_nothing_and_nobody_opens_too_many(
    v1: Clients, world: World, space: Space, services: Services
) -> None:
    path = f"/v1/spaces/{space.id}/events"
    problem(await v1("sam").get(path), 403)
    private = await world.space("ada", "Private")
    problem(await v1("sam").get(f"/v1/spaces/{private.id}/events"), 404)
    open_ones: list[Stream] = []
    for number in range(streams.MOST):
        open_ones.append(Stream(v1("vera"), path if number % 2 else "/v1/me/stream"))
        await begun(services, number + 1)
    refused = await v1("vera").get(path)
    problem(refused, 429)
    assert refused.headers["retry-after"] == "5"
    head = await v1("vera").head(path)
    assert (head.status_code, head.headers["content-type"]) == (200, streams.EVENTS)
    services.streams.close()
    for stream in open_ones:
        await stream.events()


async def test_the_watch_of_a_job_counts_among_the_streams_of_its_credential(
    v1: Clients, world: World, space: Space, services: Services
) -> None:
    await world.artifact(space)
    (job,) = await world.jobs()
    path = f"/v1/jobs/{job.id}/events"
    await got(v1("vera"), f"/v1/jobs/{job.id}")  # all of what follows comes with the one key that this has made
    paths = [f"/v1/spaces/{space.id}/events", *[path] * (streams.MOST - 1)]
    watches = [Stream(v1("vera"), one) for one in paths]
    async with asyncio.timeout(10):
        while services.streams._opened.total() < streams.MOST:  # noqa: ASYNC110 - it is another task's doing
            await asyncio.sleep(0.01)
    for one in (path, f"/v1/spaces/{space.id}/events", "/v1/me/stream"):
        refused = await v1("vera").get(one)
        problem(refused, 429)
        assert refused.headers["retry-after"] == "5"
    assert (await v1("vera").head(path)).status_code == 200
    async with world.database.write() as tx:
        claimed = await queue.claim(tx)
        assert claimed is not None
        await queue.complete(tx, claimed)
    # The job has ended, and with it seven of eight: there is room again, for as many as before.
    assert [told[-1][2]["status"] for told in [await watch.events() for watch in watches[1:]]] == ["completed"] * 7
    assert services.streams._opened.total() == 1
    assert (await v1("vera").get(path)).status_code == 200
    services.streams.close()
    await watches[0].events()
    assert services.streams._opened == {}
    problem(await v1("vera").get(path), 503)


async def test_nothing_is_left_out_however_many_write_at_once(
    v1: Clients, world: World, space: Space, services: Services
) -> None:
    stream = Stream(v1("vera"), f"/v1/spaces/{space.id}/events")
    await begun(services)

    async def slowly(pause: float) -> str:
        ada = await world.actor("ada")
        async with world.database.write() as tx:
            artifact = await artifacts.find(tx, ada, space, first.id)
            await artifacts.change(tx, ada, space, artifact, Changes(name=f"after {pause}"))
            if world.database.engine == "postgres":
                await asyncio.sleep(pause)
        return artifact.id

    first = await world.artifact(space)
    slow = asyncio.create_task(slowly(0.3))
    made = await asyncio.gather(*(world.artifact(space, f"{number}") for number in range(20)))
    await slow
    await asyncio.sleep(1)
    services.streams.close()
    told = [data["object"]["id"] for name, _, data in await stream.events() if name == "artifact.created"]
    assert sorted(told) == sorted([first.id, *(artifact.id for artifact in made)])


async def test_a_watched_job_ends_with_the_key(v1: Clients, world: World, space: Space) -> None:
    await world.artifact(space)
    (job,) = await world.jobs()
    watching = asyncio.create_task(v1("vera").get(f"/v1/jobs/{job.id}/events"))
    await asyncio.sleep(0.5)
    async with world.database.write() as tx:
        await tx.run("update credential set revoked_at = 1")
    answer = await asyncio.wait_for(watching, 10)
    assert answer.text.count("event: job") == 1


async def test_ones_jobs_are_those_of_ones_spaces(v1: Clients, world: World, space: Space) -> None:
    second, foreign = await world.space("bob", "Second", viewers=["vera"]), await world.space("bob", "Foreign")
    for one in (space, second, foreign, space):
        await world.artifact(one)
    trashed = await world.artifact(space)
    async with world.database.write() as tx:
        await artifacts.trash(tx, await world.actor("ada"), trashed)
        await jobs.enqueue(tx, "preview", space_id=second.id)
        await tx.run("update job set status = 'failed' where kind = 'preview'")
    mine = await walk(v1("vera"), "/v1/jobs", limit=2)
    assert [job["space_id"] for job in mine] == [second.id, space.id, second.id, space.id]
    assert [job["kind"] for job in (await got(v1("vera"), "/v1/jobs", status="failed"))["data"]] == ["preview"]
    assert len((await got(v1("vera"), "/v1/jobs", kind="inspect"))["data"]) == 3
    assert len((await got(v1("vera"), "/v1/jobs", space=second.id))["data"]) == 2
    for nothing in ({"space": foreign.id}, {"space": "x"}, {"status": "x"}, {"kind": ""}):
        assert (await got(v1("vera"), "/v1/jobs", **nothing))["data"] == []
    assert (await got(v1("sam"), "/v1/jobs"))["data"] == []
