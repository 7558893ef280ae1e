"""Versions: new bytes, old ones kept and brought back, named, thinned out; counted once and let go of once."""

import asyncio

import pytest

from courtyard.core import artifacts, clock, quota, spaces
from courtyard.core.access.roles import Permission
from courtyard.core.actor import system
from courtyard.core.artifacts import Artifact, Inspection, thinning, versions
from courtyard.core.artifacts.thinning import Old, Policy, Step
from courtyard.core.artifacts.versions import SameContent, Version
from courtyard.core.errors import Invalid, NotFound
from courtyard.core.paging import Page, Slice
from courtyard.core.spaces import Space
from courtyard.storage.blobs import Blob
from tests.world import World, nothing

WHOLE = Page(100)


async def replace(world: World, space: Space, artifact: Artifact, blob: Blob, by: str = "ada") -> Artifact:
    actor = await world.actor(by)
    async with world.database.write() as tx:
        held = await artifacts.find(tx, actor, space, artifact.id, hold=True)
        return await versions.replace(tx, actor, space, held, blob, "text/plain")


async def restore(world: World, space: Space, artifact: Artifact, word: str) -> Artifact:
    actor = await world.actor("ada")
    async with world.database.write() as tx:
        held = await artifacts.find(tx, actor, space, artifact.id, hold=True)
        return await versions.restore(tx, actor, space, held, await versions.find(tx, held, word))


async def listed(world: World, artifact: Artifact, page: Page = WHOLE) -> Slice[Version]:
    async with world.database.read() as tx:
        return await versions.page(tx, artifact, page)


async def name(world: World, artifact: Artifact, alias: str, number: int) -> None:
    actor = await world.actor("ada")
    async with world.database.write() as tx:
        await versions.set_alias(tx, actor, artifact, alias, number)


async def held(world: World, space: Space) -> tuple[int, int]:
    async with world.database.read() as tx:
        usage = await quota.usage(tx, space.id)
    return usage.bytes, usage.artifacts


async def garbage(world: World) -> list[str]:
    async with world.database.read() as tx:
        return sorted(await tx.all(str, "select key from blob_garbage"))


async def test_new_bytes_are_a_new_version_and_the_old_ones_stay(world: World) -> None:
    space = await world.space("ada", editors=["eve"])
    first, second = nothing(5), nothing(7)
    artifact = await world.artifact(space, blob=first)
    changed = await replace(world, space, artifact, second, by="eve")
    assert (changed.id, changed.version, changed.blob_key, changed.size) == (artifact.id, 2, second.key, 7)
    assert changed.updated_at > artifact.updated_at
    now, before = (await listed(world, changed)).items
    eve = (await world.person("eve")).id
    assert (now.number, now.sha256, now.current, now.created_by) == (2, second.sha256, 1, eve)
    assert (before.number, before.sha256, before.current, before.created_by) == (1, first.sha256, 0, space.owner_id)
    assert before.created_at == artifact.created_at
    assert await held(world, space) == (12, 2)
    assert [job.payload for job in await world.jobs()] == ["{}", '{"version":2}']
    assert (await world.events())[-1] == "artifact.replaced"


async def test_the_same_bytes_again_are_no_new_version(world: World) -> None:
    space = await world.space("ada")
    blob = nothing(5)
    artifact = await world.artifact(space, blob=blob)
    again = await replace(world, space, artifact, Blob("another-key", blob.size, blob.sha256))
    assert again == artifact
    assert (await held(world, space), len(await world.jobs())) == ((5, 1), 1)
    with pytest.raises(SameContent):
        await restore(world, space, artifact, "1")


async def test_of_many_who_write_at_once_each_makes_a_version(world: World) -> None:
    space = await world.space("ada")
    artifact = await world.artifact(space)
    await asyncio.gather(*(replace(world, space, artifact, nothing()) for _ in range(6)))
    found = (await listed(world, artifact)).items
    assert [version.number for version in found] == [7, 6, 5, 4, 3, 2, 1]
    assert len({version.sha256 for version in found}) == 7


async def test_a_version_comes_back_without_a_copy_and_its_bytes_go_once(world: World) -> None:
    space = await world.space("ada")
    first, second = nothing(5), nothing(7)
    artifact = await world.artifact(space, blob=first)
    await replace(world, space, artifact, second)
    back = await restore(world, space, artifact, "1")
    assert (back.version, back.blob_key, back.content_type) == (3, first.key, artifact.content_type)
    assert await held(world, space) == (12, 3)
    assert await garbage(world) == []
    async with world.database.write() as tx:
        await artifacts.purge(tx, await world.actor("ada"), back)
    assert await garbage(world) == sorted([first.key, second.key])
    assert await held(world, space) == (0, 0)


async def test_a_space_lets_go_of_the_bytes_of_all_versions(world: World) -> None:
    space, ada = await world.space("ada"), await world.actor("ada")
    blobs = [nothing(), nothing(), nothing()]
    artifact = await world.artifact(space, blob=blobs[0])
    for blob in blobs[1:]:
        await replace(world, space, artifact, blob)
    place = await world.meet(ada, space, Permission.OWN)
    async with world.database.write() as tx:
        await spaces.remove(tx, ada, place)
    assert await garbage(world) == sorted(blob.key for blob in blobs)


async def test_what_an_inspection_found_out_counts_for_the_version_it_looked_at(world: World) -> None:
    space = await world.space("ada")
    artifact = await world.artifact(space)
    old = (await world.jobs())[0]
    await replace(world, space, artifact, nothing())
    async with world.database.write() as tx:
        await tx.run("update job set status = 'processing'")
        assert await artifacts.inspected(tx, old, Inspection(content_type="image/png", text="of the old"))
    async with world.database.read() as tx:
        now = await artifacts.find(tx, await world.actor("ada"), space, artifact.id)
        assert (now.content_type, await artifacts.excerpt(tx, now)) == ("text/plain", None)
    (_, new) = await world.jobs()
    async with world.database.write() as tx:
        assert await artifacts.inspected(tx, new, Inspection(content_type="image/png", text="of the new"))
        assert await artifacts.excerpt(tx, now) == "of the new"


async def test_a_name_stands_for_a_version_until_it_stands_for_another(world: World) -> None:
    space, ada = await world.space("ada"), await world.actor("ada")
    artifact = await world.artifact(space)
    await replace(world, space, artifact, nothing())
    await name(world, artifact, "final", 1)
    await name(world, artifact, "final", 2)
    await name(world, artifact, "draft", 1)
    async with world.database.read() as tx:
        assert (await versions.find(tx, artifact, "draft")).number == 1
        assert (await versions.find(tx, artifact, "final")).number == 2
        assert [(alias.name, alias.version) for alias in await versions.aliases(tx, artifact)] == [
            ("draft", 1),
            ("final", 2),
        ]
        for word in ("nobody", "3", "0", "-1", "9" * 30, ""):
            with pytest.raises(NotFound):
                await versions.find(tx, artifact, word)
    for bad, number in (("Final", 1), ("2", 1), ("current", 1), ("latest", 1), ("", 1), ("x" * 65, 1), ("ok", 3)):
        with pytest.raises(Invalid):
            await name(world, artifact, bad, number)
    for number in range(versions.ALIASES - 2):
        await name(world, artifact, f"a{number}", 1)
    with pytest.raises(Invalid):
        await name(world, artifact, "one-too-many", 1)
    async with world.database.write() as tx:
        await versions.remove_alias(tx, ada, artifact, "draft")
    with pytest.raises(NotFound):
        async with world.database.write() as tx:
            await versions.remove_alias(tx, ada, artifact, "draft")


def test_a_policy_is_read_as_it_is_written() -> None:
    assert thinning.parse("all") == Policy()
    assert thinning.parse("10") == Policy(newest=10)
    assert thinning.parse("1d:all, 7d:1h, rest:1w") == Policy(
        steps=(Step(clock.DAY, 0), Step(7 * clock.DAY, clock.HOUR), Step(2**62, 7 * clock.DAY))
    )
    for bad in ("", "x", "1d", "7d:1h,1d:all", "1d:all,1d:1h", "0d:1h:2", "rest:all,1d:1h"):
        with pytest.raises(ValueError, match="step"):
            thinning.parse(bad)


def test_the_older_the_fewer_are_kept() -> None:
    now = 1_000 * 7 * clock.DAY
    ages = {
        9: clock.MINUTE,
        8: 2 * clock.MINUTE,
        7: 2 * clock.DAY - 20 * clock.MINUTE,
        6: 2 * clock.DAY - 10 * clock.MINUTE,
        5: 2 * clock.DAY + 10 * clock.MINUTE,
        4: 10 * clock.DAY - clock.HOUR,
        3: 10 * clock.DAY - 2 * clock.HOUR,
        2: 100 * clock.DAY,
        1: 3_000 * clock.DAY,
    }
    named = {3}
    found = [Old(number, now - age, int(number in named)) for number, age in ages.items()]
    policy = thinning.parse(thinning.DEFAULT)
    assert [old.version for old in policy.doomed(found, now)] == [6]
    crowded = [Old(number, now - clock.DAY * 2 - number, int(number == 5)) for number in range(10)]
    assert [old.version for old in policy.doomed(crowded, now)] == [2, 3, 4, 6, 7, 8, 9]
    assert policy.doomed([], now) == []
    assert [old.version for old in Policy(newest=2).doomed(found, now)] == [7, 6, 5, 4, 2, 1]
    assert Policy().doomed(found, now) == []


async def test_thinning_lets_go_of_what_no_version_holds_any_more(world: World) -> None:
    space = await world.space("ada")
    first = nothing(5)
    artifact = await world.artifact(space, blob=first)
    blobs = [nothing(7) for _ in range(4)]
    for blob in blobs:
        await replace(world, space, artifact, blob)
    await restore(world, space, artifact, "1")
    await name(world, artifact, "kept", 2)
    policy = thinning.parse("1d:all,rest:7d")
    async with world.database.write() as tx:
        assert await thinning.candidates(tx, policy, "") == []
        await tx.run("update artifact_version set created_at = :then", then=7_000 * clock.DAY)
        assert await thinning.candidates(tx, policy, "") == [artifact.id]
        assert await thinning.candidates(tx, policy, artifact.id) == []
    async with world.database.write() as tx:
        assert await thinning.thin(tx, policy, artifact.id) == 3
        assert await thinning.thin(tx, policy, artifact.id) == 0
    assert [version.number for version in (await listed(world, artifact)).items] == [6, 5, 2]
    # The first version's bytes are those of the present one.
    assert await garbage(world) == sorted(blob.key for blob in blobs[1:3])
    assert await held(world, space) == (19, 3)
    assert (await world.events())[-1] == "artifact.versions_thinned"


async def test_the_trash_is_emptied_of_what_has_been_there_for_long(world: World) -> None:
    space, ada = await world.space("ada"), await world.actor("ada")
    old, young, present = [await world.artifact(space) for _ in range(3)]
    async with world.database.write() as tx:
        await artifacts.trash(tx, ada, old)
        await artifacts.trash(tx, ada, young)
        await tx.run(
            "update artifact set deleted_at = deleted_at - :long where id = :id", id=old.id, long=31 * clock.DAY
        )
    for expected in (1, 0):
        async with world.database.write() as tx:
            assert await artifacts.purge_expired(tx, system("worker"), 30) == expected
    async with world.database.read() as tx:
        assert await artifacts.seek(tx, old.id) is None
        assert await artifacts.seek(tx, young.id) is not None
        assert await artifacts.seek(tx, present.id) is not None
    assert await held(world, space) == (22, 2)


async def test_walks_of_versions_end(world: World) -> None:
    space = await world.space("ada")
    artifact = await world.artifact(space)
    for _ in range(4):
        await replace(world, space, artifact, nothing())
    seen: list[int] = []
    after: str | None = None
    while True:
        found = await listed(world, artifact, Page(2, after))
        seen += [version.number for version in found.items]
        if not found.more:
            break
        after = str(seen[-1])
    assert seen == [5, 4, 3, 2, 1]
