"""Spaces: their names, their changes, their end, and the lists of them."""

import asyncio
import re
from typing import Any

import msgspec
import pytest

from courtyard.core import artifacts, organizations, spaces, threads
from courtyard.core.access.roles import Permission
from courtyard.core.actor import Actor
from courtyard.core.errors import Forbidden, Invalid, NotFound, TooLarge, Unauthenticated
from courtyard.core.paging import Page, Slice
from courtyard.core.spaces import Changes, Filters, NewSpace, Space, actions
from courtyard.core.spaces.actions import NotAMember
from tests.core.cast import backward, cast, forward, outcomes
from tests.world import ANYBODY, World


async def change(world: World, by: str, space: Space, /, **changes: Any) -> Space:
    actor = await world.actor(by)
    async with world.database.write() as tx:
        found = await spaces.find(tx, actor, space.id, Permission.MANAGE)
        return await spaces.change(tx, actor, found, Changes(**changes))


async def test_a_new_space_has_five_names_and_keeps_them(world: World) -> None:
    space = await world.space("ada", "  Lesesaal Zürich! ", description="Books\nand maps", metadata={"floor": 3})
    assert space.name == "Lesesaal Zürich!"
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", space.id)
    assert re.fullmatch(r"[A-Z0-9]{24}", space.token)
    assert re.fullmatch(r"lesesaal-zurich-[a-z0-9]{8}", space.slug)
    assert (space.visibility, space.metadata) == ("private", '{"floor":3}')
    assert (space.organization_handle, space.owner_username, space.member_role) == ("ada", "ada", "owner")
    renamed = await change(world, "ada", space, name="Archive", visibility="public")
    assert (renamed.id, renamed.number, renamed.token, renamed.slug) == (
        space.id,
        space.number,
        space.token,
        space.slug,
    )
    assert (await world.space("ada", "第一")).slug.startswith("space-")


async def test_numbers_grow_by_one(world: World) -> None:
    first = await world.space("ada")
    assert (await world.space("bob")).number == first.number + 1


@pytest.mark.parametrize(
    ("field", "facts"),
    [
        ("name", {"name": "   "}),
        ("name", {"name": "x" * 256}),
        ("name", {"name": "a\x00b"}),
        ("description", {"description": "bell\x07"}),
        ("visibility", {"visibility": "secret"}),
        ("space_type", {"space_type": "garden"}),
        ("content_type", {"content_type": "smell"}),
        ("logo_url", {"logo_url": "javascript:alert(1)"}),
        ("logo_url", {"logo_url": "https://a b"}),
        ("metadata", {"metadata": {"deep": ["\x00"]}}),
    ],
)
async def test_what_breaks_a_rule_is_refused_and_nothing_is_made(
    world: World, field: str, facts: dict[str, Any]
) -> None:
    with pytest.raises(Invalid) as refused:
        await world.space("ada", **facts)
    assert refused.value.field == field
    assert "space.created" not in await world.events()


async def test_metadata_ends_at_16_kib(world: World) -> None:
    fits = "x" * (16 * 1024 - len('{"a":""}'))
    await world.space("ada", metadata={"a": fits})
    with pytest.raises(TooLarge):
        await world.space("ada", metadata={"a": fits + "x"})


async def test_an_organization_that_is_unknown_or_not_mine_sounds_alike(world: World) -> None:
    await world.organization("acme", owner="olga")
    ada = await world.actor("ada")
    heard: list[tuple[str, str]] = []
    for handle in ("acme", "nobodys"):
        async with world.database.read() as tx:
            with pytest.raises(Invalid) as refused:
                await organizations.home(tx, ada, handle)
        heard.append((refused.value.code, refused.value.message))
    assert heard[0] == heard[1]


async def test_a_limited_credential_makes_no_space(world: World) -> None:
    space = await world.space("ada")
    limited = await world.actor("ada", spaces=[space])
    async with world.database.read() as tx:
        home = await organizations.home(tx, await world.actor("ada"), None)
    with pytest.raises((Invalid, Forbidden)):
        async with world.database.write() as tx:
            await spaces.create(tx, limited, home, NewSpace(name="Another"))


async def test_a_patch_changes_what_it_names_and_clears_what_is_null(world: World) -> None:
    space = await world.space(
        "ada", description="Old", metadata={"a": 1, "b": {"c": 2, "d": 3}}, space_type="knowledge_base"
    )
    changed = await change(world, "ada", space, name="New", metadata={"b": {"c": None}, "e": 4})
    assert (changed.name, changed.description) == ("New", "Old")
    assert msgspec.json.decode(changed.metadata) == {"a": 1, "b": {"d": 3}, "e": 4}
    cleared = await change(world, "ada", changed, description=None, metadata=None, space_type=None)
    assert (cleared.description, cleared.metadata, cleared.space_type) == (None, "{}", "general")
    with pytest.raises(Invalid):
        await change(world, "ada", space, name=None)
    assert await change(world, "ada", cleared) == cleared


async def test_every_change_moves_the_time_on(world: World) -> None:
    space = await world.space("ada")
    times = [space.updated_at] + [
        (await change(world, "ada", space, name=f"Room {number}")).updated_at for number in range(5)
    ]
    assert times == sorted(set(times))


async def test_changes_of_different_things_at_the_same_time_are_both_kept(world: World) -> None:
    space = await world.space("ada", metadata={"zero": 0})
    await asyncio.gather(
        change(world, "ada", space, name="Archive"),
        change(world, "ada", space, description="Quiet"),
        change(world, "ada", space, metadata={"one": 1}),
        change(world, "ada", space, metadata={"two": 2}),
        change(world, "ada", space, visibility="public"),
    )
    now = await world.meet(await world.actor("ada"), space)
    assert (now.name, now.description, now.visibility) == ("Archive", "Quiet", "public")
    assert msgspec.json.decode(now.metadata) == {"zero": 0, "one": 1, "two": 2}


async def test_the_end_of_a_space_takes_all_with_it_and_leaves_its_bytes_to_be_swept(world: World) -> None:
    space = await world.space("ada", viewers=["bob"])
    thread = await world.thread(space)
    kept = await world.artifact(await world.space("ada", "Attic"))
    gone = await world.artifact(space, thread_id=thread.id)
    await world.customer(space)
    ada = await world.actor("ada")
    async with world.database.write() as tx:
        await spaces.remove(tx, ada, space)
    async with world.database.read() as tx:
        assert await tx.all(str, "select key from blob_garbage") == [gone.blob_key]
        assert (await artifacts.seek(tx, kept.id)) == kept
        left = await tx.one(
            tuple,
            "select (select count(*) from member), (select count(*) from artifact), (select count(*) from job),"
            " (select count(*) from thread), (select count(*) from artifact_thread), (select count(*) from customer)",
        )
        assert left == (1, 1, 1, 0, 0, 0)
    with pytest.raises(NotFound):
        await world.meet(ada, space)
    assert (await world.events())[-1] == "space.deleted"


async def test_an_owner_hands_over_to_a_member_and_stays_as_admin(world: World) -> None:
    space = await world.space("ada", viewers=["bob"])
    ada, bob, sam = await world.actor("ada"), await world.actor("bob"), await world.actor("sam")
    async with world.database.write() as tx:
        with pytest.raises(NotAMember):
            await spaces.transfer(tx, ada, space, sam.person_id)
    async with world.database.write() as tx:
        assert (await spaces.transfer(tx, ada, space, bob.person_id)).member_role == "admin"
    met = await world.meet(bob, space)
    assert (met.owner_id, met.member_role) == (bob.person_id, "owner")


async def test_a_space_has_one_owner_whatever_is_handed_over_at_the_same_time(world: World) -> None:
    space = await world.space("ada", viewers=["bob", "cleo", "dora"])
    ada = await world.actor("ada")
    heirs = [(await world.person(name)).id for name in ("bob", "cleo", "dora")]

    async def hand_over(heir: str) -> None:
        async with world.database.write() as tx:
            await spaces.transfer(tx, ada, space, heir)

    await asyncio.gather(*(hand_over(heir) for heir in heirs))
    async with world.database.read() as tx:
        owners = await tx.all(str, "select person_id from member where space_id = :id and role = 'owner'", id=space.id)
        assert owners == [await tx.one(str, "select owner_id from space where id = :id", id=space.id)]
        assert owners[0] in heirs


async def test_a_background_is_shown_replaced_and_cleared(world: World) -> None:
    space, ada = await world.space("ada"), await world.actor("ada")
    one, two = spaces.Background("k1", "image/png", 5, "0" * 64), spaces.Background("k2", "image/gif", 6, "1" * 64)
    async with world.database.write() as tx:
        space = await spaces.set_background(tx, ada, space, one)
        assert (await spaces.background(tx, space)) == one
        space = await spaces.set_background(tx, ada, space, two)
        assert (await spaces.background(tx, space)) == two
        await spaces.clear_background(tx, ada, space)
    async with world.database.read() as tx:
        assert await spaces.background(tx, space) is None
        assert await tx.all(str, "select key from blob_garbage order by key") == ["k1", "k2"]


@pytest.mark.parametrize("limit", [1, 3, 100])
async def test_a_walk_meets_each_space_once_in_either_direction(world: World, limit: int) -> None:
    made = [(await world.space("ada", f"Room {number}")).id for number in range(7)]
    ada = await world.actor("ada")
    async with world.database.read() as tx:
        newest = made[::-1]
        assert await forward(lambda page: spaces.readable(tx, ada, page), limit) == newest
        assert await forward(lambda page: spaces.with_role(tx, ada, page), limit) == newest
        assert await backward(lambda page: spaces.with_role(tx, ada, page), limit, newest[-1]) == newest[:-1]
        assert await forward(lambda page: spaces.owned(tx, ada, page), limit) == made
        assert await backward(lambda page: spaces.owned(tx, ada, page), limit, made[-1]) == made[:-1]


async def test_a_walk_while_spaces_come_and_go_meets_every_stable_one_once(world: World) -> None:
    ada = await world.actor("ada")
    stable = [await world.space("ada", f"Room {number}") for number in range(12)]
    passing = [await world.space("ada", f"Tent {number}") for number in range(4)]
    stable += [await world.space("ada", f"Hall {number}") for number in range(4)]

    async def come_and_go(_: list[str]) -> None:
        await world.space("ada", "New")
        if passing:
            async with world.database.write() as tx:
                await spaces.remove(tx, ada, passing.pop())

    async def listing(page: Page) -> Slice[Space]:
        async with world.database.read() as tx:
            return await spaces.readable(tx, ada, page)

    seen = await forward(listing, 3, come_and_go)
    assert [space_id for space_id in seen if space_id in {space.id for space in stable}] == [
        space.id for space in stable[::-1]
    ]
    assert len(seen) == len(set(seen))


async def test_anybody_lists_public_spaces_only_and_a_stranger_no_others(world: World) -> None:
    await world.space("ada", "Closed")
    open_ = await world.space("ada", "Open", visibility="public")
    async with world.database.read() as tx:
        for actor in (ANYBODY, await world.actor("sam")):
            assert [s.id for s in (await spaces.readable(tx, actor, Page(10))).items] == [open_.id]
            assert (await spaces.with_role(tx, actor, Page(10))).items == []


async def test_an_administrator_lists_everything_and_is_written_down(world: World) -> None:
    made = [await world.space("ada"), await world.space("bob")]
    root = await world.administrator("root")
    async with world.database.read() as tx:
        assert await forward(lambda page: spaces.everything(tx, root, page), 1) == [space.id for space in made]
        assert len((await spaces.readable(tx, root, Page(10))).items) == 2
        assert (await spaces.with_role(tx, root, Page(10))).items == []
        with pytest.raises(Forbidden):
            await spaces.everything(tx, await world.actor("ada"), Page(10))
    assert ("list", "") in root.privileged


async def test_a_limited_credential_lists_its_spaces_only(world: World) -> None:
    mine = [await world.space("ada", f"Room {number}") for number in range(4)]
    hidden = await world.space("bob", "Hidden")
    ada = await world.actor("ada", spaces=[mine[0], mine[2], hidden])
    async with world.database.read() as tx:
        for listing in (spaces.readable, spaces.with_role):
            assert [s.id for s in (await listing(tx, ada, Page(10))).items] == [mine[2].id, mine[0].id]
            assert [s.id for s in (await listing(tx, ada, Page(1, before=mine[0].id))).items] == [mine[2].id]
        assert [s.id for s in (await spaces.owned(tx, ada, Page(10))).items] == [mine[0].id, mine[2].id]
        assert (await spaces.search(tx, ada, Page(10), Filters(contains="room 2"))).items[0].id == mine[2].id
        count, rows = await spaces.in_organization(tx, ada, mine[0].organization_id, Page(1))
        assert (count, [s.id for s in rows.items], rows.more) == (2, [mine[2].id], True)


async def test_a_search_narrows_by_words_in_any_case_and_takes_no_wildcards(world: World) -> None:
    street = await world.space("ada", "Große Straße")
    percent = await world.space("ada", "100% open", visibility="public")
    ada, sam = await world.actor("ada"), await world.actor("sam")
    async with world.database.read() as tx:

        async def found(actor: Actor, **filters: Any) -> list[str]:
            page = await spaces.search(tx, actor, Page(10), Filters(**filters))
            return [space.id for space in page.items]

        assert await found(ada, contains="STRASSE") == [street.id]
        assert await found(ada, contains="0%") == [percent.id]
        assert await found(ada, contains="_") == []
        assert await found(ada, visibility="public") == [percent.id]
        assert await found(ada, visibility="hidden") == []
        assert await found(ada, organization="ada") == [percent.id, street.id]
        assert await found(ada, organization="bob") == []
        assert await found(sam) == [percent.id]
        assert await found(sam, mine=True) == []


async def test_who_counts_an_organizations_spaces_counts_what_they_may_read(world: World) -> None:
    space, actors = await cast(world, "private")
    public = await world.space("olga", "Open", organization="acme", visibility="public")
    expected = {"viewer": 2, "stranger": 1, "organization admin": 2, "platform administrator": 2, "limited": 1}
    for who, count in expected.items():
        async with world.database.read() as tx:
            counted, rows = await spaces.in_organization(tx, actors[who], space.organization_id, Page(10))
        assert (counted, len(rows.items)) == (count, count), who
        assert {s.id for s in rows.items} <= {space.id, public.id}


async def test_only_who_may_manage_changes_a_space(world: World) -> None:
    space, actors = await cast(world, "private")

    async def rename(actor: Actor) -> None:
        async with world.database.write() as tx:
            found = await spaces.find(tx, actor, space.id, Permission.MANAGE)
            await spaces.change(tx, actor, found, Changes(name="Mine"))

    done = await outcomes(actors, rename)
    assert [who for who, mark in done.items() if mark == "y"] == [
        "admin", "owner", "organization admin", "platform administrator", "limited",
    ]  # fmt: skip
    with pytest.raises(Unauthenticated):
        await rename(ANYBODY)


async def test_what_a_space_has_very_much_of_goes_in_steps(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "STEP", 2)
    ada = await world.actor("ada")
    space, other = await world.space("ada"), await world.space("ada", "Other")
    for place in (space, other):
        thread = await world.thread(place)
        for number in range(5):
            await world.artifact(place, f"{number}.txt", thread_id=thread.id)
            async with world.database.write() as tx:
                await threads.say(tx, ada, thread, threads.NewMessage(content="Yes."))
    async with world.database.write() as tx:
        await spaces.remove(tx, ada, await spaces.find(tx, ada, space.id, Permission.OWN))
    async with world.database.read() as tx:
        assert await tx.one(int, "select count(*) from artifact where space_id = :id", id=other.id) == 5
        assert (
            await tx.one(int, "select count(*) from artifact") == await tx.one(int, "select count(*) from message") == 5
        )
        assert await tx.one(int, "select count(*) from blob_garbage") == 5
