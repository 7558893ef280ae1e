"""Accounts that end: what goes with a person, what must be in other hands before, and what stays."""

import asyncio

import pytest

from courtyard.core import accounts, garbage, organizations, spaces
from courtyard.core.access.roles import Permission
from courtyard.core.accounts import OwnsTogether, Proof
from courtyard.core.actor import Actor, system
from courtyard.core.errors import InvalidCredential, NotFound
from courtyard.core.identity import credentials, people, sessions
from courtyard.core.identity.credentials import NewKey
from courtyard.core.identity.sessions import ConfirmFirst
from courtyard.core.identity.standing import LastAdministrator
from courtyard.core.membership import organization_keys
from courtyard.core.organizations import Organization
from courtyard.core.spaces import NewSpace
from tests.core.mailing import delivered
from tests.core.moments import Moment
from tests.world import ORIGIN, World


async def leaving(world: World, name: str = "ada") -> Actor:
    """That person in a session of a moment ago."""
    person = await world.person(name)
    async with world.database.write() as tx:
        _, secret = await sessions.begin(tx, person, ORIGIN, "test", second=False)
        return (await sessions.authenticate(tx, secret, ORIGIN))[0]


async def leave(world: World, actor: Actor) -> None:
    async with world.database.write() as tx:
        await accounts.remove(tx, actor)


async def refused(world: World, name: str = "ada") -> OwnsTogether:
    """What that person is told who cannot go; nothing has changed."""
    actor = await leaving(world, name)
    before = await counts(world)
    with pytest.raises(OwnsTogether) as refusal:
        await leave(world, actor)
    assert await counts(world) == before
    return refusal.value


async def counts(world: World) -> list[int]:
    async with world.database.read() as tx:
        return [
            await tx.one(int, f"select count(*) from {table}") or 0
            for table in ("person", "organization", "space", "artifact", "credential", "session", "event", "mail")
        ]


async def test_what_is_theirs_alone_goes_with_them(world: World) -> None:
    actor = await leaving(world)
    space = await world.space("ada")
    await world.artifact(space)
    await world.organization("acme", owner="ada")
    await world.space("ada", "Drafts", organization="acme")
    key = await world.key("ada")
    await leave(world, actor)
    async with world.database.read() as tx:
        assert await people.seek(tx, actor.person_id) is None
        assert await tx.one(int, "select count(*) from organization") == 0
        assert await tx.one(int, "select count(*) from space") == 0
        assert len(await garbage.waiting(tx)) == 1
        for table in ("credential", "session", "member", "organization_member"):
            assert await tx.one(int, f"select count(*) from {table}") == 0
        with pytest.raises(InvalidCredential):
            await credentials.authenticate(tx, key, ORIGIN)
    ((kind, recipient, text),) = await delivered(world)
    assert (kind, recipient, text is not None) == ("account_removed", "ada@example.org", True)
    trail = await world.events()
    assert trail[-1] == "person.deleted"
    assert trail.count("space.deleted") == trail.count("organization.deleted") == 2


async def test_address_and_name_are_free_again(world: World) -> None:
    await leave(world, await leaving(world))
    old = world.people.pop("ada")
    assert (await world.person("ada")).id != old.id


async def test_what_they_made_among_others_stays(world: World) -> None:
    space = await world.space("bob", editors=["ada"])
    made = await world.artifact(space, by="ada")
    thread = await world.thread(space, by="ada")
    await leave(world, await leaving(world))
    async with world.database.read() as tx:
        assert await tx.one(int, "select count(*) from artifact where id = :id and created_by is null", id=made.id)
        assert await tx.one(int, "select count(*) from thread where id = :id and created_by is null", id=thread.id)
        assert await tx.one(int, "select count(*) from member where space_id = :id", id=space.id) == 1
    assert [job.status for job in await world.jobs()] == ["cancelled"]


async def test_the_only_owner_of_an_organization_with_others_stays(world: World) -> None:
    await world.organization("acme", owner="ada", admins=["bob"])
    await world.organization("labs", owner="ada", members=["bob"])
    await world.organization("shared", owner="ada")
    await world.enroll(world.organizations["shared"], "bob", "owner")
    told = await refused(world)
    assert (told.organizations, told.spaces) == (["acme", "labs"], [])
    assert '"acme", "labs"' in told.message
    for name in ("acme", "labs"):
        await world.enroll(world.organizations[name], "bob", "owner")
    await leave(world, await leaving(world))
    assert await organizations_left(world) == ["acme", "bob", "labs", "shared"]


async def organizations_left(world: World) -> list[str]:
    async with world.database.read() as tx:
        return await tx.all(str, "select handle from organization order by handle")


async def test_an_owner_who_cannot_act_is_none(world: World) -> None:
    await world.organization("acme", owner="ada", members=["bob"])
    await world.enroll(world.organizations["acme"], "bob", "owner")
    async with world.database.write() as tx:
        await tx.run("update person set state = 'invited' where username = 'bob'")
    assert (await refused(world)).organizations == ["acme"]


async def test_the_owner_of_a_space_with_others_stays(world: World) -> None:
    alone, together = await world.space("ada", "Diary"), await world.space("ada", "Library", viewers=["bob"])
    told = await refused(world)
    assert (told.organizations, told.spaces) == ([], ["Library"])
    assert "Diary" not in told.message
    bob = await world.person("bob")
    async with world.database.write() as tx:
        ada = await world.actor("ada")
        found = await spaces.find(tx, ada, together.id, Permission.OWN)
        await spaces.transfer(tx, ada, found, bob.id)
    # It is bob's now, but in ada's personal organization, which would go with her.
    assert (await refused(world)).spaces == ["Library"]
    async with world.database.write() as tx:
        root = system("test")
        await spaces.remove(tx, root, await spaces.find(tx, root, together.id, Permission.OWN))
    await leave(world, await leaving(world))
    async with world.database.read() as tx:
        assert await tx.one(int, "select count(*) from space where id = :id", id=alone.id) == 0


async def test_a_space_of_an_organization_with_others_is_theirs_too(world: World) -> None:
    await world.organization("acme", owner="bob", members=["ada"])
    await world.space("ada", "Minutes", organization="acme")
    assert (await refused(world)).spaces == ["Minutes"]


async def test_many_names_are_counted(world: World) -> None:
    for turn in range(12):
        await world.space("ada", f"Room {turn}", viewers=["bob"])
    told = await refused(world)
    assert len(told.spaces) == 12
    assert told.message.endswith('"Room 9" and 2 more.')


async def test_the_last_administrator_stays(world: World) -> None:
    await world.administrator()
    actor = await leaving(world, "root")
    with pytest.raises(LastAdministrator):
        await leave(world, actor)
    await world.administrator("other")
    await leave(world, actor)


async def test_it_needs_a_recent_proof_or_the_password(world: World, moment: Moment) -> None:
    actor = await leaving(world)
    moment.passes(sessions.RECENT)
    with pytest.raises(ConfirmFirst):
        await leave(world, actor)
    async with world.database.write() as tx:
        await tx.run("update person set password_hash = 'hash' where id = :id", id=actor.person_id)
        with pytest.raises(ConfirmFirst):
            await accounts.remove(tx, actor, proof=Proof(actor.person_id, "other"))
        await accounts.remove(tx, actor, proof=Proof(actor.person_id, "hash"))


async def test_of_two_who_leave_at_once_both_are_answered(world: World) -> None:
    actor = await leaving(world)
    outcomes = await asyncio.gather(*(leave(world, actor) for _ in range(3)), return_exceptions=True)
    assert outcomes.count(None) == 1
    assert {type(outcome) for outcome in outcomes if outcome} <= {NotFound, ConfirmFirst}


async def test_of_two_owners_who_leave_at_once_one_stays(world: World) -> None:
    await world.organization("acme", owner="ada", members=["carol"])
    await world.enroll(world.organizations["acme"], "bob", "owner")
    actors = [await leaving(world, name) for name in ("ada", "bob")]
    outcomes = await asyncio.gather(*(leave(world, actor) for actor in actors), return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["NoneType", "OwnsTogether"]


async def test_a_space_made_while_its_maker_leaves_is_gone_or_keeps_them(world: World) -> None:
    for turn in range(4):
        name = f"ada{turn}"
        actor = await leaving(world, name)

        async def make(actor: Actor = actor) -> None:
            async with world.database.write() as tx:
                home = await organizations.home(tx, actor, None)
                await spaces.create(tx, actor, home, NewSpace(name="Library"))

        await asyncio.gather(make(), leave(world, actor), return_exceptions=True)
        async with world.database.read() as tx:
            gone = await people.seek(tx, actor.person_id) is None
            left = await tx.one(int, "select count(*) from space where owner_id = :id", id=actor.person_id)
        assert not (gone and left)


async def served(world: World, owner: str = "ada") -> tuple[Organization, str]:
    """An organization with a service key, and a space that was made with it."""
    acme = await world.organization("acme", owner=owner)
    actor = await world.actor(owner)
    async with world.database.write() as tx:
        _, key = await organization_keys.create(tx, actor, "acme", NewKey(name="robot", scopes=["write"]))
        robot, _ = await credentials.authenticate(tx, key, ORIGIN)
        home = await organizations.home(tx, robot, None)
        await spaces.create(tx, robot, home, NewSpace(name="Made by robots"))
    return acme, key


async def test_keys_of_an_organization_outlive_who_made_them(world: World) -> None:
    acme, key = await served(world)
    await world.enroll(acme, "bob", "owner")
    await leave(world, await leaving(world))
    async with world.database.read() as tx:
        assert (await credentials.authenticate(tx, key, ORIGIN))[0].organization_id == acme.id
        assert await tx.all(str, "select name from space") == ["Made by robots"]


async def test_robots_keep_nobody(world: World) -> None:
    _, key = await served(world)
    await leave(world, await leaving(world))
    assert await organizations_left(world) == []
    async with world.database.read() as tx:
        assert await tx.one(int, "select count(*) from person") == 0
        with pytest.raises(InvalidCredential):
            await credentials.authenticate(tx, key, ORIGIN)
