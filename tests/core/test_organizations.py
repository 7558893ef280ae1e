"""Organizations: to whom spaces belong, who belongs to them, and what strangers learn of them (nothing)."""

import asyncio

import pytest

from courtyard.core import organizations, spaces
from courtyard.core.errors import Forbidden, Invalid, NotFound, Refusal, Unauthenticated
from courtyard.core.organizations import Belonging, HandleTaken, NotEmpty, Organization, Personal
from courtyard.core.paging import Page
from courtyard.core.spaces import NewSpace, Space
from tests.world import ANYBODY, World

WHO = ["anybody", "stranger", "guest", "member", "admin", "owner", "root"]
NEEDED: list[Belonging] = ["guest", "member", "admin", "owner"]


async def create(world: World, who: str, name: str, handle: str | None = None) -> Organization:
    actor = await world.actor(who)
    async with world.database.write() as tx:
        return await organizations.create(tx, actor, name, handle)


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("needed", NEEDED)
async def test_the_door_of_an_organization(world: World, who: str, needed: Belonging) -> None:
    await world.organization("guild", owner="owner", admins=["admin"], members=["member"])
    await world.space("owner", viewers=["guest"], organization="guild")
    actor = ANYBODY if who == "anybody" else await world.administrator() if who == "root" else await world.actor(who)
    refusal: type[Refusal] | None = None
    if who == "anybody":
        refusal = Unauthenticated
    elif who == "stranger":
        refusal = NotFound
    elif who != "root" and NEEDED.index(who) < NEEDED.index(needed):  # pyright: ignore[reportArgumentType]
        refusal = Forbidden
    async with world.database.read() as tx:
        if refusal:
            with pytest.raises(refusal):
                await organizations.find(tx, actor, "GUILD", needed)
        else:
            found = await organizations.find(tx, actor, "GUILD", needed)
            assert found.handle == "guild"
            assert found.belonging(actor) == ("owner" if who == "root" else who)
    assert bool(actor.privileged) == (who == "root")


async def test_strangers_hear_of_an_organization_what_they_hear_of_none(world: World) -> None:
    await world.organization("guild", owner="ada")
    bob = await world.actor("bob")
    heard: set[tuple[str, str]] = set()
    async with world.database.write() as tx:
        for handle in ("guild", "nothing", "ada"):
            with pytest.raises(NotFound) as refusal:
                await organizations.find(tx, bob, handle, "guest")
            heard.add((refusal.value.code, refusal.value.message))
        for handle in ("guild", "nothing", "ada"):
            with pytest.raises(Invalid) as refused:
                await organizations.home(tx, bob, handle)
            heard.add((refused.value.code, refused.value.message))
    assert len(heard) == 2


async def test_everybody_makes_organizations_and_owns_them(world: World) -> None:
    made = await create(world, "ada", "  The Guild  ", "The.Guild")
    assert (made.name, made.handle, made.role, made.personal_of) == ("The Guild", "the.guild", "owner", None)
    assert len(made.token) == 20
    unnamed = await create(world, "ada", "The Guild")
    assert unnamed.handle.startswith("the-guild-")
    assert (await create(world, "ada", "日本")).handle.startswith("organization-")
    assert (await create(world, "ada", "g" * 255)).name == "g" * 255


@pytest.mark.parametrize("handle", ["", "-a", "a-", "a b", "ä", "admin", "V1", "a" * 64, "a/b", "a\0"])
async def test_what_is_no_handle_is_refused(world: World, handle: str) -> None:
    with pytest.raises(Invalid) as refusal:
        await create(world, "ada", "Guild", handle)
    assert refusal.value.field == "handle"


async def test_a_handle_is_taken_once(world: World) -> None:
    await world.organization("guild", owner="ada")
    for handle in ("guild", " GUILD ", "ada"):
        with pytest.raises(HandleTaken):
            await create(world, "bob", "Another", handle)
    results = await asyncio.gather(
        *(create(world, "bob", f"Club {turn}", "club") for turn in range(5)), return_exceptions=True
    )
    assert sum(isinstance(result, Organization) for result in results) == 1
    assert sum(isinstance(result, HandleTaken) for result in results) == 4


async def test_many_who_change_to_one_handle_at_once_get_it_once(world: World) -> None:
    ada = await world.actor("ada")
    guilds = [await create(world, "ada", f"Guild {turn}") for turn in range(5)]

    async def change(guild: Organization) -> Organization:
        async with world.database.write() as tx:
            return await organizations.change(tx, ada, guild, handle="the-one")

    results = await asyncio.gather(
        *(change(guild) for guild in guilds), create(world, "ada", "New", "the-one"), return_exceptions=True
    )
    assert sum(isinstance(result, Organization) for result in results) == 1
    assert sum(isinstance(result, HandleTaken) for result in results) == 5


async def test_an_organization_is_renamed(world: World) -> None:
    guild = await world.organization("guild", owner="ada")
    ada = await world.actor("ada")
    async with world.database.write() as tx:
        renamed = await organizations.change(tx, ada, guild, name="Club")
        moved = await organizations.change(tx, ada, renamed, handle="club")
        same = await organizations.change(tx, ada, moved, handle="CLUB")
        with pytest.raises(NotFound):
            await organizations.find(tx, ada, "guild", "member")
    assert (renamed.name, renamed.handle, moved.name, moved.handle, same.handle) == (
        "Club",
        "guild",
        "Club",
        "club",
        "club",
    )
    assert moved.token == guild.token
    assert guild.updated_at < renamed.updated_at < moved.updated_at


async def test_an_organization_with_spaces_stays(world: World) -> None:
    guild = await world.organization("guild", owner="ada", members=["bob"])
    space = await world.space("ada", organization="guild")
    ada = await world.actor("ada")
    async with world.database.write() as tx:
        with pytest.raises(NotEmpty):
            await organizations.remove(tx, ada, guild)
        await spaces.remove(tx, ada, space)
        await organizations.remove(tx, ada, guild)
        with pytest.raises(NotFound):
            await organizations.find(tx, ada, "guild", "member")


async def test_a_personal_organization_stays(world: World) -> None:
    ada = await world.actor("ada")
    async with world.database.write() as tx:
        with pytest.raises(Personal):
            await organizations.remove(tx, ada, await organizations.home(tx, ada, None))


@pytest.mark.parametrize("turn", range(4))
async def test_a_space_made_while_its_organization_ends(world: World, turn: int) -> None:
    """Either the organization stays or the space is refused: never a space of nowhere, never a fault."""
    guild = await world.organization("guild", owner="ada")
    ada = await world.actor("ada")

    async def end() -> None:
        async with world.database.write() as tx:
            await organizations.remove(tx, ada, await organizations.find(tx, ada, "guild", "owner"))

    async def settle() -> Space:
        async with world.database.write() as tx:
            return await spaces.create(tx, ada, await organizations.home(tx, ada, "guild"), NewSpace(name="New"))

    acts = [end(), settle(), settle()]
    results = await asyncio.gather(*acts[turn % 3 :], *acts[: turn % 3], return_exceptions=True)
    assert all(result is None or isinstance(result, (Space, NotEmpty, NotFound, Invalid)) for result in results), (
        results
    )
    async with world.database.read() as tx:
        left = await tx.one(int, "select count(*) from organization where id = :id", id=guild.id)
        kept = await tx.one(int, "select count(*) from space where organization_id = :id", id=guild.id)
    assert (left, bool(kept)) in ((1, True), (0, False))


async def test_the_list_has_those_the_caller_belongs_to(world: World) -> None:
    await world.organization("guild", owner="ada", members=["bob"])
    await world.organization("club", owner="ada")
    await world.organization("other", owner="cem")
    await world.space("ada", viewers=["bob"], organization="club")
    bob, root = await world.actor("bob"), await world.administrator()
    async with world.database.read() as tx:
        mine = await organizations.page(tx, bob, Page(10))
        first = await organizations.page(tx, bob, Page(2))
        rest = await organizations.page(tx, bob, Page(2, after=first.items[-1].id))
        with pytest.raises(Unauthenticated):
            await organizations.page(tx, ANYBODY, Page(10))
        everything = await organizations.page(tx, root, Page(10))
    assert {one.handle: one.belonging(bob) for one in mine.items} == {
        "club": "guest",
        "guild": "member",
        "bob": "owner",
    }
    assert [one.handle for one in (*first.items, *rest.items)] == [one.handle for one in mine.items]
    assert len(everything.items) == 7
    assert root.privileged


async def test_spaces_go_where_the_caller_belongs(world: World) -> None:
    await world.organization("guild", owner="ada", members=["bob"])
    space = await world.space("bob", organization="GUILD")
    assert space.organization_handle == "guild"
    assert (await world.space("bob")).organization_handle == "bob"
    # A guest of one of its spaces makes none there.
    await world.admit(space, "cem", "admin")
    with pytest.raises(Invalid):
        await world.space("cem", organization="guild")
