"""The table of access, told for everybody who may stand before a space."""

from typing import LiteralString, get_args

import pytest

from courtyard.core import spaces
from courtyard.core.access.roles import HAS_ROLE, RANK, READABLE, Permission, Visibility, own_role, role
from courtyard.core.actor import Actor
from courtyard.core.errors import Forbidden, NotFound, Unauthenticated
from courtyard.core.paging import Page
from courtyard.core.spaces import Space, queries
from tests.core.cast import cast, every_standing, outcome
from tests.world import ANYBODY, World

# One letter each for LOOK READ JOIN WRITE MANAGE OWN: y may, - is told no, 0 hears of nothing, ? must say who it is.
PRIVATE = {
    "anonymous": "????????",
    "stranger": "00000000",
    "organization member": "00000000",
    "viewer": "yyy-----",
    "editor": "yyyy-y--",
    "admin": "yyyyyyy-",
    "owner": "yyyyyyyy",
    "organization admin": "yyyyyyy-",
    "platform administrator": "yyyyyyyy",
    "limited": "yyyyyyyy",
    "limited elsewhere": "00000000",
    "reader": "yyyyy---",
}
SHARED = PRIVATE | {"organization member": "yyy-----"}
PUBLIC = PRIVATE | {"anonymous": "y???????", "stranger": "yy------", "organization member": "yy------"}
TABLE: dict[Visibility, dict[str, str]] = {"private": PRIVATE, "shared": SHARED, "public": PUBLIC}
WHOLE = Page(100)
SEEN: LiteralString = (
    "select s.id from space s left join member m on m.space_id = s.id and m.person_id = :person left join"
    " organization_member g on g.organization_id = s.organization_id and g.person_id = :person where "
)


async def tried(world: World, actor: Actor, space: Space, permission: Permission) -> str:
    async with world.database.read() as tx:
        return await outcome(spaces.find(tx, actor, space.id, permission))


@pytest.mark.parametrize("visibility", get_args(Visibility))
async def test_everybody_may_what_the_table_says_and_nothing_more(world: World, visibility: Visibility) -> None:
    space, actors = await cast(world, visibility)
    found = {
        who: "".join([await tried(world, actor, space, permission) for permission in Permission])
        for who, actor in actors.items()
    }
    assert found == TABLE[visibility]


async def test_all_three_doors_to_a_space_say_the_same(world: World) -> None:
    space, actors = await cast(world, "public")
    for actor in actors.values():
        for permission in Permission:
            async with world.database.read() as tx:
                by_id = await outcome(spaces.find(tx, actor, space.id, permission))
                assert await outcome(spaces.find_by_token(tx, actor, space.token, permission)) == by_id
                assert await outcome(spaces.find_by_number(tx, actor, space.number, permission)) == by_id


async def test_who_may_not_see_a_space_hears_what_an_unknown_id_says(world: World) -> None:
    space, actors = await cast(world, "private")
    for who, refusal in {"anonymous": Unauthenticated, "stranger": NotFound, "limited elsewhere": NotFound}.items():
        heard: list[tuple[str, str]] = []
        for space_id in (space.id, "01890000-0000-7000-8000-000000000000", "nonsense"):
            async with world.database.read() as tx:
                with pytest.raises(refusal) as refused:
                    await spaces.find(tx, actors[who], space_id, Permission.WRITE)
            heard.append((refused.value.code, refused.value.message))
        assert heard[0] == heard[1] == heard[2]


async def test_what_is_addressed_without_its_space_stays_unknown_to_strangers_even_of_a_public_one(
    world: World,
) -> None:
    space, actors = await cast(world, "public")
    for permission in (Permission.JOIN, Permission.WRITE):
        async with world.database.read() as tx:
            assert await outcome(spaces.find_around(tx, actors["stranger"], space.id, permission)) == "0"
            assert await outcome(spaces.find_around(tx, actors["stranger"], None, permission)) == "0"
            assert await outcome(spaces.find_around(tx, ANYBODY, space.id, permission)) == "?"
            assert await outcome(spaces.find_around(tx, ANYBODY, None, permission)) == "?"
    async with world.database.read() as tx:
        assert await outcome(spaces.find_around(tx, actors["viewer"], space.id, Permission.WRITE)) == "-"
        assert await outcome(spaces.find_around(tx, actors["editor"], space.id, Permission.WRITE)) == "y"


async def test_only_what_a_role_does_not_already_allow_is_privileged(world: World) -> None:
    space = await world.space("ada")
    root = await world.administrator("root")
    await world.meet(root, space, Permission.OWN)
    assert root.privileged == [("own", space.id)]
    await world.admit(space, "root", "viewer")
    root = await world.actor("root")
    await world.meet(root, space, Permission.JOIN)
    assert root.privileged == []
    await world.meet(root, space, Permission.WRITE)
    assert root.privileged == [("write", space.id)]


async def test_an_administrators_weaker_key_is_no_administrators(world: World) -> None:
    space = await world.space("ada")
    await world.administrator("root")
    for scope in ("read", "write"):
        with pytest.raises(NotFound):
            await world.meet(await world.actor("root", scope=scope), space)


async def test_a_changed_role_holds_at_once(world: World) -> None:
    space = await world.space("ada", viewers=["bob"])
    bob = await world.actor("bob")
    with pytest.raises(Forbidden):
        await world.meet(bob, space, Permission.WRITE)
    await world.admit(space, "bob", "editor")
    await world.meet(bob, space, Permission.WRITE)
    await world.dismiss(space, "bob")
    with pytest.raises(NotFound):
        await world.meet(bob, space, Permission.WRITE)


async def test_lists_and_doors_agree_on_every_way_to_stand_to_a_space(world: World) -> None:
    rooms = await every_standing(world, "pia")
    pia = await world.actor("pia")
    # A second look at the space itself: a stranger to a private one would not even get that far.
    async with world.database.read() as tx:
        met = {
            space.id: space
            for space in await tx.all(Space, queries.SEEN + " order by s.id", person=pia.person_id)
            if space.id in {room.id for room in rooms}
        }
        with_role = {space.id for space in met.values() if own_role(space)}
        readable = with_role | {space.id for space in met.values() if space.visibility == "public"}
        owned = {space.id for space in met.values() if space.member_role == "owner"}
        assert (len(met), len(with_role), len(readable), len(owned)) == (60, 55, 57, 12)

        assert set(await tx.all(str, SEEN + READABLE, person=pia.person_id)) == readable
        assert set(await tx.all(str, SEEN + HAS_ROLE, person=pia.person_id)) == with_role
        for listing, expected in (
            (spaces.readable, readable),
            (spaces.with_role, with_role),
            (spaces.owned, owned),
            (spaces.shared_with, with_role - owned),
        ):
            for page in (WHOLE, Page(100, before="" if listing in (spaces.readable, spaces.with_role) else "~")):
                found = [space.id for space in (await listing(tx, pia, page)).items]
                assert sorted(found) == sorted(expected), listing.__name__
        for space in met.values():
            assert (await outcome(spaces.find(tx, pia, space.id, Permission.LOOK)) == "y") == (space.id in readable)


async def test_the_strongest_role_counts(world: World) -> None:
    await every_standing(world, "pia")
    pia, root = await world.actor("pia"), await world.administrator("root")
    async with world.database.read() as tx:
        for space in (await spaces.with_role(tx, pia, WHOLE)).items:
            by_organization = {"owner": "admin", "admin": "admin"}.get(space.organization_role or "")
            if space.organization_role == "member" and space.visibility == "shared":
                by_organization = "viewer"
            strongest = max(RANK[space.member_role], RANK[by_organization])
            assert RANK[own_role(space)] == RANK[role(pia, space)] == strongest
            assert role(root, space) == "owner"
