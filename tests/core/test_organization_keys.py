"""Service keys: an organization's own, working in its spaces and nowhere else, whoever made them and wherever they went."""

from typing import Any

import pytest

from courtyard.core import accounts, ids, organizations, spaces
from courtyard.core.access.roles import Permission
from courtyard.core.accounts.proofs import WrongPassword
from courtyard.core.actor import Actor
from courtyard.core.errors import Forbidden, Invalid, InvalidCredential, NotFound
from courtyard.core.identity import credentials, people, rotation, standing
from courtyard.core.identity.credentials import Credential, NewKey
from courtyard.core.membership import organization_keys, organization_members
from courtyard.core.membership.organization_members import NoPerson
from courtyard.core.oauth import applications, consents, tokens
from courtyard.core.oauth.applications import NewApplication
from courtyard.core.oauth.tokens import Granted
from courtyard.core.organizations import Personal
from courtyard.core.paging import Page
from tests.world import ANYBODY, ORIGIN, World

ROBOT = NewKey(name="robot", scopes=["read", "write", "admin"])


async def make(world: World, actor: Actor, handle: str = "acme", new: NewKey = ROBOT) -> tuple[Credential, str]:
    async with world.database.write() as tx:
        return await organization_keys.create(tx, actor, handle, new)


async def enter(world: World, secret: str) -> Actor:
    async with world.database.read() as tx:
        return (await credentials.authenticate(tx, secret, ORIGIN))[0]


async def acme(world: World) -> tuple[Actor, Actor]:
    """Ada's organization with the admin bob and the member cy; a service key that bob made, as a caller, and bob."""
    await world.organization("acme", owner="ada", admins=["bob"], members=["cy"])
    bob = await world.actor("bob")
    return await enter(world, (await make(world, bob))[1]), bob


async def test_a_service_key_is_admin_in_the_spaces_of_its_organization_and_nothing_elsewhere(world: World) -> None:
    robot, _ = await acme(world)
    inside = await world.space("cy", organization="acme")
    outside, home = await world.space("ada"), await world.space("bob")
    public = await world.space("ada", "Public", visibility="public")
    await world.meet(robot, inside, Permission.MANAGE)
    with pytest.raises(Forbidden):
        await world.meet(robot, inside, Permission.OWN)
    for space in (outside, home):
        with pytest.raises(NotFound):
            await world.meet(robot, space)
    await world.meet(robot, public, Permission.READ)
    async with world.database.write() as tx:
        assert [one.id for one in (await spaces.with_role(tx, robot, Page(10))).items] == [inside.id]
        assert [one.id for one in (await organizations.page(tx, robot, Page(10))).items] == [inside.organization_id]
        with pytest.raises(Forbidden):
            await organizations.create(tx, robot, "Guild")
        for needed in ("admin", "owner"):
            with pytest.raises(Forbidden):
                await organizations.find(tx, robot, "acme", needed)


async def test_what_a_service_key_makes_belongs_to_its_organization(world: World) -> None:
    robot, bob = await acme(world)
    async with world.database.write() as tx:
        home = await organizations.home(tx, robot, None)
        space = await spaces.create(tx, robot, home, spaces.NewSpace(name="Made by a program"))
        with pytest.raises(Invalid):
            await organizations.home(tx, robot, "bob")
    assert space.organization_handle == "acme"
    await world.meet(bob, space, Permission.MANAGE)
    await world.meet(robot, space, Permission.OWN)


async def test_a_service_key_outlives_whoever_made_it(world: World) -> None:
    robot, bob = await acme(world)
    space = await world.space("ada", organization="acme")
    organization = world.organizations["acme"]
    root, ada = await world.administrator(), await world.actor("ada")
    async with world.database.write() as tx:
        await standing.disable(tx, root, bob.person_id)
        await organization_members.remove(tx, ada, organization, bob.person_id)
    await world.meet(robot, space, Permission.MANAGE)
    dan = await world.person("dan")
    await world.enroll(organization, "dan", "admin")
    _, secret = await make(world, await world.actor("dan"))
    async with world.database.write() as tx:
        await organization_members.remove(tx, ada, organization, dan.id)
        await tx.run("delete from organization where personal_of = :id", id=dan.id)
        await tx.run("delete from person where id = :id", id=dan.id)
    await world.meet(await enter(world, secret), space, Permission.MANAGE)


@pytest.mark.parametrize(
    ("who", "handle", "refusal"),
    [
        ("cy", "acme", Forbidden),
        ("eve", "acme", Invalid),
        ("ada", "nowhere", Invalid),
        ("ada", "ada", Personal),
        ("ada writing", "acme", Forbidden),
        ("ada limited", "acme", Forbidden),
        ("robot", "acme", Forbidden),
    ],
)
async def test_owners_and_admins_make_service_keys(world: World, who: str, handle: str, refusal: Any) -> None:
    robot, _ = await acme(world)
    space = await world.space("ada", organization="acme")
    actors = {
        "ada writing": await world.actor("ada", scope="write"),
        "ada limited": await world.actor("ada", spaces=[space]),
        "robot": robot,
    }
    with pytest.raises(refusal):
        await make(world, actors.get(who) or await world.actor(who), handle)


async def test_owners_and_admins_list_rotate_and_revoke_service_keys_whoever_made_them(world: World) -> None:
    await world.organization("acme", owner="ada", admins=["bob"], members=["cy"])
    key, secret = await make(world, await world.actor("bob"))
    assert key.organization == "acme"
    space = await world.space("ada", organization="acme")
    for name in ("cy", "eve"):
        async with world.database.read() as tx:
            with pytest.raises(NotFound):
                await credentials.find(tx, await world.actor(name), key.id)
            with pytest.raises((NotFound, Forbidden)):
                await organization_keys.page(tx, await world.actor(name), "acme", Page(10))
    ada = await world.actor("ada")
    async with world.database.write() as tx:
        with pytest.raises(Forbidden):
            await credentials.find(tx, await world.actor("ada", spaces=[space]), key.id)
        assert [one.id for one in (await credentials.page(tx, ada, Page(10))).items] == []
        assert [one.id for one in (await organization_keys.page(tx, ada, "acme", Page(10))).items] == [key.id]
        new, rotated = await rotation.rotate(tx, ada, await credentials.find(tx, ada, key.id), hours=0)
        assert (new.organization, new.person_id) == ("acme", key.person_id)
    with pytest.raises(InvalidCredential):
        await enter(world, secret)
    await enter(world, rotated)
    async with world.database.write() as tx:
        await credentials.revoke(tx, ada, await credentials.find(tx, ada, new.id))
    with pytest.raises(InvalidCredential):
        await enter(world, rotated)


async def test_a_platform_administrators_hand_on_a_service_key_is_noted(world: World) -> None:
    await world.organization("acme", owner="ada")
    key, _ = await make(world, await world.actor("ada"))
    root = await world.administrator()
    async with world.database.read() as tx:
        await credentials.find(tx, root, key.id)
    assert root.privileged == [("key of an organization", key.id)]


async def test_a_service_key_makes_keys_of_its_organization_never_of_a_person(world: World) -> None:
    robot, bob = await acme(world)
    async with world.database.write() as tx:
        made, secret = await credentials.create(tx, robot, NewKey(name="child", scopes=["read"]))
        assert len((await credentials.page(tx, robot, Page(10))).items) == 2
        assert len((await organization_keys.page(tx, bob, "acme", Page(10))).items) == 2
    assert (made.organization, (await enter(world, secret)).organization_id) == ("acme", robot.organization_id)


async def test_removing_the_member_that_stands_for_them_ends_service_keys(world: World) -> None:
    _, bob = await acme(world)
    organization = world.organizations["acme"]
    key, secret = await make(world, bob)
    async with world.database.write() as tx:
        with pytest.raises(NoPerson):
            await organization_members.set_role(tx, await world.actor("ada"), organization, key.person_id, "owner")
        await organization_members.remove(tx, bob, organization, key.person_id)
    with pytest.raises(InvalidCredential):
        await enter(world, secret)
    again, secret = await make(world, bob)
    assert again.person_id == key.person_id
    await enter(world, secret)


async def test_service_keys_go_with_their_organization(world: World) -> None:
    robot, _ = await acme(world)
    ada = await world.actor("ada")
    async with world.database.write() as tx:
        await organizations.remove(tx, ada, await organizations.find(tx, ada, "acme", "owner"))
        assert await people.seek(tx, robot.person_id) is None
        assert await tx.all(str, "select id from credential where organization_id is not null") == []


async def test_nobody_becomes_the_member_that_stands_for_service_keys(world: World) -> None:
    robot, _ = await acme(world)
    async with world.database.read() as tx:
        member = await people.find(tx, robot.person_id)
    with pytest.raises(Invalid):
        async with world.database.write() as tx:
            await people.add(tx, ANYBODY, email=member.email, username="eve", password_hash="hash")
    with pytest.raises(WrongPassword):
        await accounts.sign_in(world.database, member.email, "correct horse battery", ORIGIN, "browser")
    with pytest.raises(Invalid):
        await accounts.ask_reset(world.database, member.email, ORIGIN)


@pytest.mark.parametrize("lapsed", [False, True])
@pytest.mark.parametrize("end", ["the consent is withdrawn", "the person is disabled"])
async def test_a_service_key_that_an_application_made_ends_with_what_allowed_it(
    world: World, end: str, lapsed: bool
) -> None:
    robot, bob = await acme(world)
    program = await let_in(world, bob)
    first = await make(world, program)
    maker = await enter(world, first[1])
    async with world.database.write() as tx:
        second = await credentials.create(tx, maker, ROBOT)
    of_ada = await make(world, await let_in(world, await world.actor("ada")))
    root = await world.administrator()
    async with world.database.write() as tx:
        if lapsed:
            # Long after the tokens of the consent are forgotten.
            await tx.run("update credential set expires_at = 1 where kind in ('access', 'refresh')")
            await tokens.forget(tx)
        if end == "the consent is withdrawn":
            (consent,) = (await consents.page(tx, bob, Page(10))).items
            await consents.withdraw(tx, bob, consent)
        else:
            await standing.disable(tx, root, bob.person_id)
    for key in (first, second):
        with pytest.raises(InvalidCredential):
            await enter(world, key[1])
    # What bob made himself, and what others let in, goes on.
    async with world.database.read() as tx:
        assert await tx.one(
            int, "select 1 from credential where id = :id and revoked_at is null", id=robot.credential_id
        )
    await enter(world, of_ada[1])


async def let_in(world: World, person: Actor) -> Actor:
    """An application that this person lets act with all their rights, as a caller."""
    owner = await world.actor("cy")
    new = NewApplication(name="Reports", redirect_uris=[], scopes=["admin"])
    async with world.database.write() as tx:
        app, _ = await applications.create(tx, owner, new)
        await consents.grant(tx, person, app, ["admin"])
        issued = await tokens.issue(tx, person, app, Granted(person.person_id, ids.new(), "admin"))
    return await enter(world, issued.access)
