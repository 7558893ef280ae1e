"""Members of spaces and organizations: who may change whom, and that an owner is always there."""

import asyncio

import pytest

from courtyard.core import organizations, spaces
from courtyard.core.access.roles import Permission
from courtyard.core.actor import Actor, system
from courtyard.core.errors import Forbidden, Invalid, NotFound, Refusal, Unauthenticated
from courtyard.core.identity import standing
from courtyard.core.membership import members, organization_members
from courtyard.core.membership.members import OwnerStays
from courtyard.core.membership.model import LastOwner, Member
from courtyard.core.paging import Page
from courtyard.core.spaces import Space
from tests.world import ANYBODY, World

EVERYBODY = [
    "anybody",
    "stranger",
    "viewer",
    "editor",
    "admin",
    "owner",
    "member of the organization",
    "its admin",
    "root",
]


async def roles(world: World, space: Space) -> dict[str, str]:
    async with world.database.read() as tx:
        everybody = await members.page(tx, space, Page(100))
    return {member.username: member.role for member in everybody.items}


async def set_role(world: World, actor: Actor, space: Space, name: str, role: str) -> Member:
    """As every dialect does it: the door, then the change."""
    async with world.database.write() as tx:
        found = await spaces.find(tx, actor, space.id, Permission.MANAGE)
        return await members.set_role(tx, actor, found, (await world.person(name)).id, role)


async def remove(world: World, actor: Actor, space: Space, name: str) -> Member:
    person = await world.person(name)
    async with world.database.write() as tx:
        found = await spaces.find(tx, actor, space.id, Permission.JOIN)
        return await members.remove(tx, actor, found, person.id)


async def everybody(world: World) -> tuple[Space, dict[str, Actor]]:
    """A space with somebody in each relation to it, and `target`, a viewer."""
    await world.organization("guild", owner="owner", admins=["guildmaster"], members=["fellow"])
    space = await world.space(
        "owner", admins=["admin"], editors=["editor"], viewers=["viewer", "target"], organization="guild"
    )
    names = {"member of the organization": "fellow", "its admin": "guildmaster"}
    actors = {name: await world.actor(names.get(name, name)) for name in EVERYBODY if name not in ("anybody", "root")}
    return space, {**actors, "anybody": ANYBODY, "root": await world.administrator()}


@pytest.mark.parametrize("who", EVERYBODY)
async def test_admins_and_the_owner_give_roles(world: World, who: str) -> None:
    space, actors = await everybody(world)
    expected: dict[str, type[Refusal]] = {
        "anybody": Unauthenticated,
        "stranger": NotFound,
        "viewer": Forbidden,
        "editor": Forbidden,
        "member of the organization": NotFound,
    }
    if who in expected:
        with pytest.raises(expected[who]):
            await set_role(world, actors[who], space, "target", "editor")
        assert (await roles(world, space))["target"] == "viewer"
    else:
        changed = await set_role(world, actors[who], space, "target", "editor")
        assert (changed.username, changed.role) == ("target", "editor")
        assert (await roles(world, space))["target"] == "editor"


@pytest.mark.parametrize("who", EVERYBODY)
async def test_admins_and_the_owner_remove_members(world: World, who: str) -> None:
    space, actors = await everybody(world)
    expected: dict[str, type[Refusal]] = {
        "anybody": Unauthenticated,
        "stranger": NotFound,
        "viewer": Forbidden,
        "editor": Forbidden,
        "member of the organization": NotFound,
    }
    if who in expected:
        with pytest.raises(expected[who]):
            await remove(world, actors[who], space, "target")
        assert "target" in await roles(world, space)
    else:
        assert (await remove(world, actors[who], space, "target")).username == "target"
        assert "target" not in await roles(world, space)


async def test_everybody_but_the_owner_may_leave(world: World) -> None:
    space, actors = await everybody(world)
    for name in ("viewer", "editor", "admin"):
        await remove(world, actors[name], space, name)
    with pytest.raises(LastOwner):
        await remove(world, actors["owner"], space, "owner")
    assert await roles(world, space) == {"owner": "owner", "target": "viewer"}


async def test_an_admin_cannot_remove_or_change_the_owner(world: World) -> None:
    space, actors = await everybody(world)
    with pytest.raises(LastOwner):
        await remove(world, actors["admin"], space, "owner")
    with pytest.raises(OwnerStays):
        await set_role(world, actors["admin"], space, "owner", "viewer")
    with pytest.raises(OwnerStays):
        await set_role(world, actors["owner"], space, "owner", "viewer")
    assert (await roles(world, space))["owner"] == "owner"


@pytest.mark.parametrize("role", ["owner", "member", "", "Admin", "guest"])
async def test_nobody_gets_a_role_that_cannot_be_given(world: World, role: str) -> None:
    space, actors = await everybody(world)
    with pytest.raises(Invalid) as refusal:
        await set_role(world, actors["owner"], space, "target", role)
    assert refusal.value.field == "role"
    assert (await roles(world, space))["target"] == "viewer"


async def test_whoever_is_no_member_cannot_be_changed_or_removed(world: World) -> None:
    space, actors = await everybody(world)
    for name in ("stranger", "guildmaster"):
        with pytest.raises(NotFound):
            await set_role(world, actors["owner"], space, name, "editor")
        with pytest.raises(NotFound):
            await remove(world, actors["owner"], space, name)
    # Who has a role through the organization has no membership to leave.
    with pytest.raises(NotFound):
        await remove(world, actors["its admin"], space, "guildmaster")


async def test_a_credential_that_may_only_read_neither_changes_members_nor_leaves(world: World) -> None:
    space = await world.space("ada", admins=["bob"], viewers=["cem"])
    bob = await world.actor("bob", scope="read")
    with pytest.raises(Forbidden):
        await set_role(world, bob, space, "cem", "editor")
    with pytest.raises(Forbidden):
        await remove(world, bob, space, "bob")
    assert await roles(world, space) == {"ada": "owner", "bob": "admin", "cem": "viewer"}


async def test_a_changed_role_holds_from_the_next_request_on(world: World) -> None:
    space = await world.space("ada", admins=["bob"], viewers=["cem"])
    ada, bob = await world.actor("ada"), await world.actor("bob")
    await set_role(world, ada, space, "bob", "viewer")
    with pytest.raises(Forbidden):
        await set_role(world, bob, space, "cem", "editor")
    await remove(world, ada, space, "bob")
    with pytest.raises(NotFound):
        await world.meet(bob, space)


async def test_members_are_listed_with_those_who_joined_last_first_and_guests_in_order(world: World) -> None:
    names = ["bob", "cem", "dora", "eve", "finn"]
    space = await world.space("ada")
    for name in names:
        await world.admit(space, name, "viewer")
        await asyncio.sleep(0.002)
    listed: list[str] = []
    guests: list[str] = []
    async with world.database.read() as tx:
        for found, ask, whole in ((listed, members.page, [*names[::-1], "ada"]), (guests, members.guests, names)):
            after = None
            for _ in range(len(whole)):
                part = await ask(tx, space, Page(2, after=after))
                found += [member.username for member in part.items]
                after = part.items[-1].position
                if not part.more:
                    break
            assert found == whole


async def test_a_walk_through_the_members_sees_each_stable_one_once(world: World) -> None:
    """All joined in the same millisecond; one leaves and one comes during the walk."""
    space = await world.space("ada")
    crowd = [await world.person(f"p{number}") for number in range(9)]
    async with world.database.write() as tx:
        for person in crowd:
            await tx.run(
                "insert into member (space_id, person_id, role, created_at) values (:space, :person, 'viewer', 5)",
                space=space.id,
                person=person.id,
            )
    seen: list[str] = []
    after = None
    while True:
        async with world.database.read() as tx:
            part = await members.page(tx, space, Page(3, after=after))
        seen += [member.username for member in part.items]
        if not part.more:
            break
        after = part.items[-1].position
        if len(seen) == 3:
            await world.dismiss(space, seen[-1])
            await world.admit(space, "late", "viewer")
    assert sorted(seen) == sorted(["ada", *(f"p{number}" for number in range(9))])


@pytest.mark.parametrize("position", ["", "x", "~", "1", "x~y", "9" * 30 + "~a", "-1~a", "²~a"])
async def test_a_position_that_is_none_is_refused(world: World, position: str) -> None:
    space = await world.space("ada")
    async with world.database.read() as tx:
        with pytest.raises(Invalid):
            await members.page(tx, space, Page(2, after=position))


async def test_all_of_it_is_in_the_audit_trail(world: World) -> None:
    space = await world.space("ada", viewers=["bob", "cem"])
    ada = await world.actor("ada")
    await set_role(world, ada, space, "bob", "editor")
    await set_role(world, ada, space, "bob", "editor")
    await remove(world, ada, space, "bob")
    await remove(world, await world.actor("cem"), space, "cem")
    told = [action for action in await world.events() if action.startswith("member.")]
    assert told == ["member.role_set", "member.removed", "member.left"]


async def test_belonging_does_not_change_the_space_that_its_readers_see(world: World) -> None:
    space = await world.space("ada", viewers=["bob"])
    ada = await world.actor("ada")
    await set_role(world, ada, space, "bob", "editor")
    await remove(world, ada, space, "bob")
    assert await world.meet(ada, space) == space


async def test_two_admins_who_dismiss_each_other_leave_one(world: World) -> None:
    space = await world.space("ada", admins=["bob", "cem"])
    bob, cem = await world.actor("bob"), await world.actor("cem")
    results = await asyncio.gather(
        remove(world, bob, space, "cem"), remove(world, cem, space, "bob"), return_exceptions=True
    )
    assert sum(isinstance(result, Member) for result in results) == 1
    assert sum(isinstance(result, NotFound) for result in results) == 1
    assert len(await roles(world, space)) == 2


async def test_a_space_keeps_exactly_one_owner_whatever_happens_at_once(world: World) -> None:
    space = await world.space("ada", admins=["bob", "cem"])
    ada, bob = await world.actor("ada"), await world.actor("bob")

    async def transfer(name: str) -> object:
        person = await world.person(name)
        async with world.database.write() as tx:
            found = await spaces.find(tx, ada, space.id, Permission.OWN)
            return await spaces.transfer(tx, ada, found, person.id)

    await asyncio.gather(
        transfer("bob"),
        transfer("cem"),
        remove(world, ada, space, "bob"),
        set_role(world, bob, space, "cem", "viewer"),
        remove(world, ada, space, "ada"),
        return_exceptions=True,
    )
    now = await roles(world, space)
    owners = [name for name, role in now.items() if role == "owner"]
    root = await world.administrator()
    assert owners == [(await world.meet(root, space)).owner_username]


# Organizations


async def organization_roles(world: World, handle: str = "guild") -> dict[str, str]:
    root = await world.administrator()
    async with world.database.read() as tx:
        found = await organizations.find(tx, root, handle, "member")
        everybody = await organization_members.page(tx, found, Page(100))
    return {member.username: member.role for member in everybody.items}


async def enlist(world: World, actor: Actor, name: str, role: str, handle: str = "guild") -> object:
    person = await world.person(name)
    async with world.database.write() as tx:
        found = await organizations.find(tx, actor, handle, "admin")
        return await organization_members.set_role(tx, actor, found, person.id, role)


async def expel(world: World, actor: Actor, name: str, handle: str = "guild") -> object:
    person = await world.person(name)
    async with world.database.write() as tx:
        found = await organizations.find(tx, actor, handle, "member")
        return await organization_members.remove(tx, actor, found, person.id)


MATRIX = [
    # who, whom, new role (None: remove), refusal
    ("member", "target", "admin", Forbidden),
    ("member", "target", None, Forbidden),
    ("stranger", "target", "admin", NotFound),
    ("stranger", "target", None, NotFound),
    ("admin", "target", "admin", None),
    ("admin", "target", "owner", Forbidden),
    ("admin", "target", None, None),
    ("admin", "owner", "member", Forbidden),
    ("admin", "owner", None, Forbidden),
    ("admin", "admin", "member", None),
    ("admin", "admin", "owner", Forbidden),
    ("admin", "admin", None, None),
    ("owner", "target", "owner", None),
    ("owner", "second", "member", None),
    ("owner", "second", None, None),
    ("owner", "owner", None, None),
    ("root", "target", "owner", None),
    ("root", "owner", None, None),
    ("owner", "target", "guest", Invalid),
    ("owner", "stranger", "admin", NotFound),
    ("owner", "stranger", None, NotFound),
]


@pytest.mark.parametrize(("who", "whom", "role", "refusal"), MATRIX)
async def test_admins_run_an_organization_and_owners_make_owners(
    world: World, who: str, whom: str, role: str | None, refusal: type[Refusal] | None
) -> None:
    guild = await world.organization("guild", owner="owner", admins=["admin"], members=["member", "target"])
    await world.enroll(guild, "second", "owner")
    actor = await world.administrator() if who == "root" else await world.actor(who)
    before = await organization_roles(world)
    act = expel(world, actor, whom) if role is None else enlist(world, actor, whom, role)
    if refusal:
        with pytest.raises(refusal):
            await act
        assert await organization_roles(world) == before
    else:
        await act
        assert (await organization_roles(world)).get(whom) == role


async def test_the_last_owner_of_an_organization_stays(world: World) -> None:
    await world.organization("guild", owner="ada", admins=["bob"])
    ada = await world.actor("ada")
    for act in (expel(world, ada, "ada"), enlist(world, ada, "ada", "member")):
        with pytest.raises(LastOwner):
            await act
    await enlist(world, ada, "bob", "owner")
    await expel(world, ada, "ada")
    assert await organization_roles(world) == {"bob": "owner"}


async def test_an_owner_who_lost_the_account_is_no_owner_to_rely_on(world: World) -> None:
    guild = await world.organization("guild", owner="ada")
    await world.enroll(guild, "bob", "owner")
    async with world.database.write() as tx:
        await standing.disable(tx, system("test"), world.people["bob"].id)
    with pytest.raises(LastOwner):
        await expel(world, await world.actor("ada"), "ada")


@pytest.mark.parametrize("turn", range(3))
async def test_two_owners_who_leave_at_once_leave_one(world: World, turn: int) -> None:
    guild = await world.organization(f"guild{turn}", owner="ada")
    await world.enroll(guild, "bob", "owner")
    ada, bob = await world.actor("ada"), await world.actor("bob")
    results = await asyncio.gather(
        expel(world, ada, "ada", guild.handle), expel(world, bob, "bob", guild.handle), return_exceptions=True
    )
    assert sum(isinstance(result, LastOwner) for result in results) == 1
    assert list((await organization_roles(world, guild.handle)).values()) == ["owner"]


async def test_two_owners_who_unmake_each_other_leave_one(world: World) -> None:
    guild = await world.organization("guild", owner="ada")
    await world.enroll(guild, "bob", "owner")
    ada, bob = await world.actor("ada"), await world.actor("bob")
    await asyncio.gather(enlist(world, ada, "bob", "admin"), enlist(world, bob, "ada", "admin"), return_exceptions=True)
    assert sorted((await organization_roles(world)).values()) == ["admin", "owner"]


async def test_nobody_leaves_their_personal_organization(world: World) -> None:
    ada = await world.actor("ada")
    with pytest.raises(LastOwner):
        await expel(world, ada, "ada", "ada")


async def test_a_credential_limited_to_spaces_runs_no_organization(world: World) -> None:
    await world.organization("guild", owner="ada", members=["bob"])
    space = await world.space("ada")
    limited = await world.actor("ada", spaces=[space])
    with pytest.raises(Forbidden):
        await enlist(world, limited, "bob", "admin")
    with pytest.raises(Forbidden):
        await expel(world, await world.actor("bob", spaces=[space]), "bob")
    async with world.database.write() as tx:
        with pytest.raises(Forbidden):
            await organizations.create(tx, limited, "Another")
    assert await organization_roles(world) == {"ada": "owner", "bob": "member"}
