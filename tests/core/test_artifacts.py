"""Artifacts: made at once, inspected later, changed, trashed, purged."""

import asyncio
from typing import Any

import msgspec
import pytest

from courtyard.core import artifacts, jobs, spaces, threads
from courtyard.core.access.roles import Permission
from courtyard.core.actor import Actor
from courtyard.core.artifacts import Artifact, Changes, Filters, Inspection, NewArtifact
from courtyard.core.errors import Invalid, NotFound, TooLarge
from courtyard.core.jobs import Job
from courtyard.core.paging import Page, Slice
from courtyard.core.spaces import Space
from courtyard.core.threads import Thread
from tests.core.cast import JOINS, MANAGES, READS_PUBLIC, WRITES, WRITES_PUBLIC, cast, forward, outcomes
from tests.world import World, nothing

WHOLE = Page(100)


async def change(world: World, by: str, space: Space, artifact: Artifact, /, **changes: Any) -> Artifact:
    actor = await world.actor(by)
    async with world.database.write() as tx:
        found = await artifacts.find(tx, actor, space, artifact.id)
        return await artifacts.change(tx, actor, space, found, Changes(**changes))


async def listed(world: World, space: Space, **filters: str) -> list[str]:
    async with world.database.read() as tx:
        return [row.id for row in (await artifacts.page(tx, space, WHOLE, Filters(**filters))).items]


async def claimed(world: World) -> Job:
    async with world.database.write() as tx:
        job = await jobs.claim(tx)
    assert job is not None
    return job


async def test_an_artifact_is_completed_at_once_and_its_inspection_waits(world: World) -> None:
    space = await world.space("ada")
    thread = await world.thread(space)
    blob = nothing(size=5)
    artifact = await world.artifact(
        space,
        "  Report Ⅳ.txt ",
        blob=blob,
        content_type="Text/Plain; charset=utf-8",
        thread_id=thread.id,
        metadata={"page": 1},
        tags=["draft", "draft", " new "],
    )
    assert (artifact.name, artifact.document_type, artifact.status) == ("Report Ⅳ.txt", "document", "completed")
    assert (artifact.size, artifact.sha256, artifact.blob_key, artifact.version) == (5, blob.sha256, blob.key, 1)
    assert (artifact.content_type, artifact.metadata, artifact.tags) == ("text/plain", '{"page":1}', '["draft","new"]')
    assert (artifact.thread_id, artifact.created_by) == (thread.id, space.owner_id)
    (job,) = await world.jobs()
    assert (job.kind, job.status, job.artifact_id, job.space_id) == ("inspect", "pending", artifact.id, space.id)
    assert (await world.events())[-1] == "artifact.created"


@pytest.mark.parametrize(
    ("field", "facts"),
    [
        ("name", {"name": " "}),
        ("name", {"name": "x" * 256}),
        ("type", {"document_type": ""}),
        ("type", {"document_type": "x" * 65}),
        ("content_type", {"content_type": "plain"}),
        ("content_type", {"content_type": "text/\r\nplain"}),
        ("tags", {"tags": [""]}),
        ("tags", {"tags": ["x" * 65]}),
        ("tags", {"tags": [str(number) for number in range(33)]}),
        ("metadata", {"metadata": {"\ud800": 1}}),
        ("thread_id", {"thread_id": "01890000-0000-7000-8000-000000000000"}),
        ("thread_id", {"thread_id": ""}),
    ],
)
async def test_what_breaks_a_rule_is_known_beforehand_and_leaves_nothing(
    world: World, field: str, facts: dict[str, Any]
) -> None:
    space = await world.space("ada")
    facts = {"name": "a", "document_type": "b", **facts}
    new = NewArtifact(**facts)
    with pytest.raises(Invalid) as foretold:
        async with world.database.read() as tx:
            await artifacts.check(tx, space, new)
    with pytest.raises(Invalid) as refused:
        await world.artifact(space, **facts)
    assert foretold.value.field == refused.value.field == field
    assert (await world.jobs(), await listed(world, space)) == ([], [])
    assert "artifact.created" not in await world.events()


async def test_metadata_that_is_too_large_is_refused(world: World) -> None:
    with pytest.raises(TooLarge):
        await world.artifact(await world.space("ada"), metadata={"a": "x" * 16_384})


async def test_a_thread_of_another_space_sounds_like_an_unknown_one(world: World) -> None:
    space, foreign = await world.space("ada"), await world.thread(await world.space("bob"))
    mine = await world.thread(space)
    artifact = await world.artifact(space)
    heard: list[tuple[str, str, str]] = []
    for thread_id in (foreign.id, "nonsense"):
        for attempt in (
            world.artifact(space, thread_id=thread_id),
            change(world, "ada", space, artifact, thread_ids=[mine.id, thread_id]),
        ):
            with pytest.raises(Invalid) as refused:
                await attempt
            heard.append((refused.value.field, refused.value.code, refused.value.message))
    assert heard[:2] == heard[2:]
    assert await listed(world, space, thread_id=mine.id) == []


async def test_a_patch_changes_what_it_names_and_clears_what_is_null(world: World) -> None:
    space = await world.space("ada")
    one, two = await world.thread(space), await world.thread(space)
    artifact = await world.artifact(space, thread_id=one.id, metadata={"a": 1}, tags=["x"])
    changed = await change(world, "ada", space, artifact, name="New", thread_ids=[two.id, one.id, two.id])
    assert (changed.name, changed.thread_ids) == ("New", msgspec.json.encode([two.id, one.id]).decode())
    assert (changed.metadata, changed.tags, changed.document_type) == ('{"a":1}', '["x"]', "document")
    assert await listed(world, space, thread_id=one.id) == await listed(world, space, thread_id=two.id) == [artifact.id]
    merged = await change(world, "ada", space, changed, metadata={"a": None, "b": 2})
    assert merged.metadata == '{"b":2}'
    cleared = await change(world, "ada", space, merged, metadata=None, tags=None, thread_ids=None)
    assert (cleared.metadata, cleared.tags, cleared.thread_ids, cleared.thread_id) == ("{}", "[]", "[]", None)
    assert await listed(world, space, thread_id=one.id) == []
    assert await change(world, "ada", space, cleared) == cleared
    for field in ("name", "document_type"):
        with pytest.raises(Invalid) as refused:
            await change(world, "ada", space, artifact, **{field: None})
        assert refused.value.field == field
    times = [artifact.updated_at, changed.updated_at, merged.updated_at, cleared.updated_at]
    assert times == sorted(set(times))


async def test_changes_of_different_things_at_the_same_time_are_all_kept(world: World) -> None:
    space = await world.space("ada")
    one, two = await world.thread(space), await world.thread(space)
    artifact = await world.artifact(space)
    await asyncio.gather(
        change(world, "ada", space, artifact, name="New"),
        change(world, "ada", space, artifact, tags=["x"]),
        change(world, "ada", space, artifact, metadata={"a": 1}),
        change(world, "ada", space, artifact, metadata={"b": 2}),
        change(world, "ada", space, artifact, thread_ids=[one.id, two.id]),
        change(world, "ada", space, artifact, thread_ids=[two.id, one.id]),
    )
    async with world.database.read() as tx:
        now = await artifacts.find(tx, await world.actor("ada"), space, artifact.id)
    assert (now.name, now.tags, msgspec.json.decode(now.metadata)) == ("New", '["x"]', {"a": 1, "b": 2})
    assert set(msgspec.json.decode(now.thread_ids)) == {one.id, two.id}


async def test_an_artifact_that_is_held_keeps_still_until_the_commit(world: World) -> None:
    space = await world.space("ada")
    artifact, ada = await world.artifact(space), await world.actor("ada")

    async def rename_if_unchanged(name: str) -> bool:
        async with world.database.write() as tx:
            held = await artifacts.find(tx, ada, space, artifact.id, hold=True)
            if held.updated_at != artifact.updated_at:
                return False
            await artifacts.change(tx, ada, space, held, Changes(name=name))
            return True

    assert sorted(await asyncio.gather(*(rename_if_unchanged(f"name {n}") for n in range(5)))) == [False] * 4 + [True]


async def test_a_page_is_narrowed_by_thread_type_and_status_in_every_combination(world: World) -> None:
    space, other = await world.space("ada"), await world.space("ada", "Attic")
    thread = await world.thread(space)
    made: dict[tuple[bool, str, str], str] = {}
    for linked in (False, True):
        for kind in ("document", "image"):
            for status in ("completed", "failed"):
                artifact = await world.artifact(space, document_type=kind, thread_id=thread.id if linked else None)
                async with world.database.write() as tx:
                    await tx.run("update artifact set status = :s where id = :id", s=status, id=artifact.id)
                made[linked, kind, status] = artifact.id
    await world.artifact(other)
    for by_thread in ("", thread.id):
        for kind in ("", "document", "image"):
            for status in ("", "completed", "failed"):
                filters = {"thread_id": by_thread, "document_type": kind, "status": status}
                wanted = [
                    artifact
                    for (linked, its_kind, its_status), artifact in reversed(made.items())
                    if linked >= bool(by_thread) and kind in ("", its_kind) and status in ("", its_status)
                ]
                assert await listed(world, space, **{key: value for key, value in filters.items() if value}) == wanted
    for unknown in ({"thread_id": "x"}, {"document_type": "x"}, {"status": "x"}, {"status": ""}, {"thread_id": ""}):
        assert await listed(world, space, **unknown) == []
    assert await listed(world, other, thread_id=thread.id) == []


async def test_a_walk_while_artifacts_come_and_go_meets_every_stable_one_once(world: World) -> None:
    space, ada = await world.space("ada"), await world.actor("ada")
    stable = [await world.artifact(space) for _ in range(6)]
    passing = [await world.artifact(space) for _ in range(4)]
    stable += [await world.artifact(space) for _ in range(6)]

    async def come_and_go(_: list[str]) -> None:
        await world.artifact(space)
        if passing:
            async with world.database.write() as tx:
                await artifacts.trash(tx, ada, passing.pop())

    async def listing(page: Page) -> Slice[Artifact]:
        async with world.database.read() as tx:
            return await artifacts.page(tx, space, page, Filters(status="completed"))

    seen = await forward(listing, 3, come_and_go)
    lasting = {artifact.id for artifact in stable}
    assert [row for row in seen if row in lasting] == [artifact.id for artifact in stable[::-1]]
    assert len(seen) == len(set(seen))


async def test_the_trash_hides_restores_and_ends(world: World) -> None:
    space, ada = await world.space("ada"), await world.actor("ada")
    artifact = await world.artifact(space)
    async with world.database.write() as tx:
        await artifacts.trash(tx, ada, artifact)
    assert await listed(world, space) == []
    async with world.database.read() as tx:
        assert [row.id for row in (await artifacts.trashed(tx, space, WHOLE)).items] == [artifact.id]
        with pytest.raises(NotFound):
            await artifacts.find(tx, ada, space, artifact.id)
    async with world.database.write() as tx:
        with pytest.raises(NotFound):
            await artifacts.trash(tx, ada, artifact)
        with pytest.raises(NotFound):
            await artifacts.change(tx, ada, space, artifact, Changes(name="Ghost"))
    async with world.database.write() as tx:
        trashed = await artifacts.find_trashed(tx, ada, space, artifact.id)
        assert (await artifacts.restore(tx, ada, space, trashed)).deleted_at is None
    assert await listed(world, space) == [artifact.id]
    with pytest.raises(NotFound):
        async with world.database.write() as tx:
            await artifacts.restore(tx, ada, space, artifact)
    async with world.database.write() as tx:
        await artifacts.purge(tx, ada, artifact)
    with pytest.raises(NotFound):
        async with world.database.write() as tx:
            await artifacts.purge(tx, ada, artifact)
    async with world.database.read() as tx:
        assert await artifacts.seek(tx, artifact.id) is None
        assert await tx.all(str, "select key from blob_garbage") == [artifact.blob_key]
    assert await world.jobs() == []
    told = [event for event in await world.events() if event.startswith("artifact.")]
    assert told == ["artifact.created", "artifact.trashed", "artifact.restored", "artifact.purged"]


async def test_an_artifact_is_known_in_its_own_space_only(world: World) -> None:
    space, other = await world.space("ada"), await world.space("ada", "Attic")
    artifact, ada = await world.artifact(space), await world.actor("ada")
    async with world.database.read() as tx:
        for space_, artifact_id in ((other, artifact.id), (space, "nonsense")):
            with pytest.raises(NotFound):
                await artifacts.find(tx, ada, space_, artifact_id)
            with pytest.raises(NotFound):
                await artifacts.find_trashed(tx, ada, space_, artifact_id)


async def test_an_inspection_settles_its_job_and_tells_what_was_found(world: World) -> None:
    space = await world.space("ada")
    artifact = await world.artifact(space)
    job = await claimed(world)
    text = "a\0" + "é" * 65_536
    async with world.database.write() as tx:
        assert await artifacts.inspected(tx, job, Inspection(content_type="text/plain", text=text))
    async with world.database.read() as tx:
        found = await artifacts.find(tx, await world.actor("ada"), space, artifact.id)
        excerpt = await artifacts.excerpt(tx, found)
    assert (found.content_type, found.updated_at > artifact.updated_at) == ("text/plain", True)
    assert excerpt is not None
    assert (excerpt[:2], len(excerpt.encode())) == ("aé", 65_535)
    assert (await world.jobs())[0].status == "completed"
    assert (await world.events())[-1] == "artifact.inspected"


async def test_a_lost_inspection_changes_nothing(world: World) -> None:
    space = await world.space("ada")
    artifact, ada = await world.artifact(space), await world.actor("ada")
    job = await claimed(world)
    async with world.database.write() as tx:
        await jobs.cancel(tx, ada, job)
    async with world.database.write() as tx:
        assert not await artifacts.inspected(tx, job, Inspection(content_type="text/html", text="late"))
    async with world.database.read() as tx:
        assert await artifacts.find(tx, ada, space, artifact.id) == artifact
        assert await artifacts.excerpt(tx, artifact) is None
    assert (await world.events())[-1] == "job.cancelled"


async def test_an_artifact_made_while_its_thread_ends_is_refused_or_loses_the_link(world: World) -> None:
    space, ada = await world.space("ada"), await world.actor("ada")

    async def close(thread: Thread) -> None:
        async with world.database.write() as tx:
            await threads.remove(tx, ada, thread)

    for _ in range(6):
        thread = await world.thread(space)
        making = [world.artifact(space, thread_id=thread.id) for _ in range(4)]
        done = await asyncio.gather(*making[:2], close(thread), *making[2:], return_exceptions=True)
        assert all(isinstance(result, Artifact | Invalid) for result in done if result is not None), done
        made = {result.id for result in done if isinstance(result, Artifact)}
        assert made <= set(await listed(world, space))
        assert await listed(world, space, thread_id=thread.id) == []
    async with world.database.read() as tx:
        assert await tx.all(str, "select thread_ids from artifact where thread_ids <> '[]'") == []


async def test_an_artifact_made_while_its_space_ends_is_refused_or_ends_with_it(world: World) -> None:
    ada = await world.actor("ada")

    async def end(space: Space) -> None:
        async with world.database.write() as tx:
            await spaces.remove(tx, ada, space)

    for number in range(6):
        space = await world.space("ada", f"Room {number}")
        making = [world.artifact(space) for _ in range(4)]
        done = await asyncio.gather(*making[:2], end(space), *making[2:], return_exceptions=True)
        assert all(isinstance(result, Artifact | NotFound) for result in done if result is not None), done
    async with world.database.read() as tx:
        assert await tx.all(str, "select id from artifact union all select id from job") == []


VERBS: dict[str, tuple[Permission, dict[str, str], dict[str, str]]] = {
    "list": (Permission.READ, JOINS, READS_PUBLIC),
    "create": (Permission.WRITE, WRITES, WRITES_PUBLIC),
    "trash": (Permission.WRITE, WRITES, WRITES_PUBLIC),
    "purge": (Permission.MANAGE, MANAGES, MANAGES | {"stranger": "-", "organization member": "-"}),
}


@pytest.mark.parametrize("verb", VERBS)
async def test_who_may_do_what_with_artifacts(world: World, verb: str) -> None:
    permission, private, public = VERBS[verb]
    space, actors = await cast(world, "private")

    async def attempt(actor: Actor) -> None:
        artifact = await world.artifact(space)
        async with world.database.write() as tx:
            found = await spaces.find(tx, actor, space.id, permission)
            if verb == "list":
                assert (await artifacts.page(tx, found, WHOLE)).items
            elif verb == "create":
                await artifacts.create(tx, actor, found, NewArtifact(name="a", document_type="b"), nothing())
            elif verb == "trash":
                await artifacts.trash(tx, actor, await artifacts.find(tx, actor, found, artifact.id))
            else:
                await artifacts.purge(tx, actor, await artifacts.find(tx, actor, found, artifact.id))

    assert await outcomes(actors, attempt) == private
    async with world.database.write() as tx:
        await tx.run("update space set visibility = 'public'")
    assert await outcomes(actors, attempt) == public
