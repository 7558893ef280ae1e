"""What comes late, or twice at once: it changes nothing, and nobody hears of it a second time."""

import asyncio

from courtyard.core import artifacts, news, queue, spaces
from courtyard.core.access.roles import Permission
from courtyard.core.actor import system
from courtyard.core.artifacts import Artifact, Inspection, NewArtifact, generation, previews, versions
from courtyard.core.artifacts.actions import version_of
from courtyard.core.artifacts.previews import Look
from tests.world import World, nothing


async def replaced(world: World) -> tuple[Artifact, Artifact]:
    """An artifact as it was, and as it is now."""
    space, ada = await world.space("ada"), await world.actor("ada")
    was = await world.artifact(space)
    async with world.database.write() as tx:
        held = await artifacts.find(tx, ada, space, was.id, hold=True)
        return was, await versions.replace(tx, ada, space, held, nothing(7), "text/plain")


async def test_what_was_seen_in_an_older_version_does_not_replace_what_is_known_of_this_one(world: World) -> None:
    was, now = await replaced(world)
    async with world.database.write() as tx:
        await previews.learn(tx, now, Look(pages=2))
    async with world.database.write() as tx:
        await previews.learn(tx, was, Look(pages=1))
    async with world.database.read() as tx:
        assert await previews.look(tx, now) == Look(pages=2)


async def test_an_inspection_of_an_older_version_leaves_the_index_to_whoever_holds_the_row(world: World) -> None:
    was, _ = await replaced(world)

    async def document() -> int | None:
        async with world.database.read() as tx:
            return await tx.one(int, "select number from search_document where artifact_id = :id", id=was.id)

    before = await document()
    async with world.database.write() as tx:
        job = await queue.claim(tx)
        assert job is not None
        assert (version_of(job), job.kind) == (1, "inspect")
        assert await artifacts.inspected(tx, job, Inspection(content_type="text/plain", text="other"))
    assert await document() == before


async def test_two_who_look_at_once_tell_of_a_cancelled_document_once(world: World) -> None:
    space, ada = await world.space("ada"), await world.actor("ada")
    for number in range(3):
        async with world.database.write() as tx:
            place = await spaces.find(tx, ada, space.id, Permission.WRITE)
            new = NewArtifact(name=f"{number}.pdf", document_type="report", content_type="application/pdf")
            await generation.promise(tx, ada, place, new, nothing(), {})
    async with world.database.write() as tx:
        await queue.cancel_of(tx, ada.person_id)

    async def settle() -> int:
        async with world.database.write() as tx:
            settled = await generation.settle_ended(tx)
            await asyncio.sleep(0.1)
            return settled

    assert sorted(await asyncio.gather(settle(), settle())) == [0, 3]
    assert (await world.events()).count("artifact.failed") == 3


async def test_old_news_goes_however_large_the_gaps_between_its_numbers(world: World) -> None:
    space = await world.space("ada")
    async with world.database.write() as tx:
        await tx.run("delete from news")
        for number in (1, 2, 5 * news.BATCH, 9 * news.BATCH):
            await tx.run(
                "insert into news (number, tx, at, space_id, action, detail)"
                " values (:number, 0, 0, :space, 'artifact.created', '{}')",
                number=number,
                space=space.id,
            )
    for more in (True, True, True, False):
        async with world.database.write() as tx:
            assert await news.forget(tx) is more


async def test_a_purge_and_the_end_of_a_job_beside_it_do_not_wait_for_each_other(world: World) -> None:
    space = await world.space("ada")
    artifact = await world.artifact(space)
    async with world.database.write() as tx:
        job = await queue.claim(tx)
        assert job is not None
    settling = asyncio.Event()

    async def inspected() -> bool:
        async with world.database.write() as tx:
            await queue.beat(tx, job)
            settling.set()
            await asyncio.sleep(0.2)
            return await artifacts.inspected(tx, job, Inspection(content_type="text/plain"))

    async def purged() -> None:
        await settling.wait()
        async with world.database.write() as tx:
            await artifacts.purge(tx, system("test"), artifact)

    kept, _ = await asyncio.gather(inspected(), purged())
    assert kept
    assert await world.jobs() == []


async def test_the_end_of_a_space_waits_for_a_job_that_is_just_being_settled(world: World) -> None:
    space, ada = await world.space("ada"), await world.actor("ada")
    await world.artifact(space)
    async with world.database.write() as tx:
        job = await queue.claim(tx)
        assert job is not None
    settling = asyncio.Event()

    async def inspected() -> bool:
        async with world.database.write() as tx:
            await queue.beat(tx, job)
            settling.set()
            await asyncio.sleep(0.2)
            return await artifacts.inspected(tx, job, Inspection(content_type="text/plain"))

    async def removed() -> None:
        await settling.wait()
        async with world.database.write() as tx:
            await spaces.remove(tx, ada, await spaces.find(tx, ada, space.id, Permission.OWN))

    kept, _ = await asyncio.gather(inspected(), removed())
    assert kept
    assert await world.jobs() == []
