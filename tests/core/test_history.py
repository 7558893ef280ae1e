"""The past: a space's artifacts as they were at a moment."""

import asyncio
from typing import Any

from courtyard.core import artifacts, clock, threads
from courtyard.core.artifacts import Artifact, Changes, Filters, history, versions
from courtyard.core.paging import Page, Slice
from courtyard.core.spaces import Space
from tests.core.cast import forward
from tests.world import World, nothing

WHOLE = Page(100)


async def moment() -> int:
    """Now, with nothing else in the same millisecond."""
    await asyncio.sleep(0.004)
    now = clock.now()
    await asyncio.sleep(0.004)
    return now


async def then(world: World, space: Space, at: int, page: Page = WHOLE, **filters: str) -> Slice[Artifact]:
    async with world.database.scan() as tx:
        return await history.page(tx, space, at, page, Filters(**filters))


async def facts(world: World, space: Space, at: int, **filters: str) -> list[tuple[str, int]]:
    return [(row.name, row.version) for row in (await then(world, space, at, WHOLE, **filters)).items]


async def change(world: World, space: Space, artifact: Artifact, /, **changes: Any) -> None:
    ada = await world.actor("ada")
    async with world.database.write() as tx:
        await artifacts.change(tx, ada, space, await artifacts.find(tx, ada, space, artifact.id), Changes(**changes))


async def test_a_space_is_seen_as_it_was_after_each_change(world: World) -> None:
    space, ada = await world.space("ada"), await world.actor("ada")
    moments = [await moment()]
    first = nothing(5)
    artifact = await world.artifact(space, "a.txt", blob=first, metadata={"n": 1}, document_type="note")
    moments.append(await moment())
    await change(world, space, artifact, name="b.txt", metadata={"n": 2}, tags=["x"], document_type="letter")
    moments.append(await moment())
    async with world.database.write() as tx:
        held = await artifacts.find(tx, ada, space, artifact.id, hold=True)
        await versions.replace(tx, ada, space, held, nothing(9), "text/plain")
    moments.append(await moment())
    async with world.database.write() as tx:
        await artifacts.trash(tx, ada, artifact)
    moments.append(await moment())
    async with world.database.write() as tx:
        await artifacts.restore(tx, ada, space, artifact)
    moments.append(await moment())
    told = [await facts(world, space, at) for at in moments]
    assert told == [[], [("a.txt", 1)], [("b.txt", 1)], [("b.txt", 2)], [], [("b.txt", 2)]]
    (was,) = (await then(world, space, moments[1])).items
    assert (was.metadata, was.tags, was.document_type, was.size) == ('{"n":1}', "[]", "note", 5)
    assert (was.blob_key, was.created_at, was.updated_at) == (first.key, artifact.created_at, artifact.updated_at)
    assert await facts(world, space, moments[1], document_type="note") == [("a.txt", 1)]
    assert await facts(world, space, moments[2], document_type="note") == []
    assert await facts(world, space, moments[2], status="completed") == [("b.txt", 1)]
    async with world.database.write() as tx:
        await artifacts.purge(tx, ada, artifact)
    assert [await facts(world, space, at) for at in moments] == [[]] * len(moments)


async def test_the_past_is_walked_page_by_page_while_the_present_goes_on(world: World) -> None:
    space, other, ada = await world.space("ada"), await world.space("ada", "Attic"), await world.actor("ada")
    made = [await world.artifact(space, f"{number}.txt") for number in range(9)]
    await world.artifact(other)
    at = await moment()
    for number, artifact in enumerate(made):
        if number % 3 == 0:
            await change(world, space, artifact, name="changed")
            await change(world, space, artifact, name="changed again")
        elif number % 3 == 1:
            async with world.database.write() as tx:
                await artifacts.trash(tx, ada, artifact)

    async def listing(page: Page) -> Slice[Artifact]:
        return await then(world, space, at, page)

    async def meanwhile(_: list[str]) -> None:
        await world.artifact(space)
        await change(world, space, made[2], name=str(clock.now()))

    assert await forward(listing, 2, meanwhile) == [artifact.id for artifact in made[::-1]]
    assert [row.name for row in (await then(world, space, at)).items] == [
        f"{number}.txt" for number in range(8, -1, -1)
    ]


async def test_threads_are_those_of_then(world: World) -> None:
    space = await world.space("ada")
    thread, other = await world.thread(space), await world.thread(space)
    artifact = await world.artifact(space, "a.txt", thread_id=thread.id)
    at = await moment()
    await change(world, space, artifact, thread_ids=[other.id])
    assert await facts(world, space, at, thread_id=thread.id) == [("a.txt", 1)]
    assert await facts(world, space, at, thread_id=other.id) == []
    assert await facts(world, space, await moment(), thread_id=other.id) == [("a.txt", 1)]
    assert await facts(world, space, at, thread_id="") == []


async def test_a_thread_that_ended_is_still_one_of_then(world: World) -> None:
    space, ada = await world.space("ada"), await world.actor("ada")
    thread, other = await world.thread(space), await world.thread(space)
    artifact = await world.artifact(space, "a.txt", thread_id=thread.id)
    await change(world, space, artifact, thread_ids=[thread.id, other.id])
    lying = await world.artifact(space, "b.txt", thread_id=thread.id)
    async with world.database.write() as tx:
        await artifacts.trash(tx, ada, lying)
    at = await moment()
    async with world.database.write() as tx:
        await threads.remove(tx, ada, thread)
        await artifacts.restore(tx, ada, space, lying)
    (was,) = (await then(world, space, at)).items
    assert was.thread_ids == f'["{thread.id}","{other.id}"]'
    assert await facts(world, space, at, thread_id=thread.id) == [("a.txt", 1)]
    assert {row.name: row.thread_ids for row in (await then(world, space, await moment())).items} == {
        "a.txt": f'["{other.id}"]',
        "b.txt": "[]",
    }


async def test_changes_at_the_same_time_leave_no_moment_twice_or_out(world: World) -> None:
    space = await world.space("ada")
    artifact = await world.artifact(space)
    await asyncio.gather(*(change(world, space, artifact, name=f"name {number}") for number in range(8)))
    async with world.database.read() as tx:
        spans: list[Any] = await tx.all(tuple, "select since, until from artifact_history order by since")
        now = await tx.one(int, "select since from artifact")
    assert len(spans) == 8
    ends = [span[0] for span in spans[1:]] + [now]
    assert [until for _, until in spans] == ends
    for since, _ in spans:
        assert len((await then(world, space, since)).items) == 1


async def test_what_is_too_old_is_forgotten_in_steps(world: World) -> None:
    space = await world.space("ada")
    artifact = await world.artifact(space)
    for number in range(3):
        await change(world, space, artifact, name=f"name {number}")
    async with world.database.write() as tx:
        await tx.run("update artifact_history set until = until - :long where number < 3", long=400 * clock.DAY)
        assert not await history.forget(tx, 365)
        assert await tx.one(int, "select count(*) from artifact_history") == 1
