"""Credentials: what opens a door, for how long, from where; and that none ever makes a stronger one."""

import asyncio
from functools import partial
from typing import Any

import pytest

from courtyard.core import clock, ids, organizations, spaces
from courtyard.core.access.roles import Permission
from courtyard.core.actor import Actor, Origin, Scope, system
from courtyard.core.errors import (
    ExpiredCredential,
    Forbidden,
    Invalid,
    InvalidCredential,
    NotFound,
    Refusal,
    Unauthenticated,
)
from courtyard.core.identity import credentials, rotation
from courtyard.core.identity.credentials import Credential, KeyOver, NewKey
from courtyard.core.identity.rotation import KeyReplaced
from courtyard.core.paging import Page
from tests.world import ANYBODY, ORIGIN, World

ALL: list[Scope] = ["read", "write", "admin"]
VERBS: dict[str, Any] = {
    "revoke": credentials.revoke,
    "rotate": rotation.rotate,
    "replace": partial(rotation.rotate, hours=0),
}
HERE = Origin("test", "192.0.2.1")


async def make(world: World, actor: Actor, **facts: Any) -> tuple[Credential, str]:
    wanted: dict[str, Any] = {"name": "key", "scopes": ALL, **facts}
    async with world.database.write() as tx:
        return await credentials.create(tx, actor, NewKey(**wanted))


async def enter(world: World, secret: str, origin: Origin = HERE) -> Actor:
    async with world.database.read() as tx:
        return (await credentials.authenticate(tx, secret, origin))[0]


async def change(world: World, actor: Actor, key: Credential, verb: str) -> Any:
    async with world.database.write() as tx:
        found = await credentials.find(tx, actor, key.id)
        return await VERBS[verb](tx, actor, found)


async def test_a_key_opens_what_its_scopes_say(world: World) -> None:
    ada = await world.actor("ada")
    for scopes, reach in ((["read"], 1), (["write"], 2), (["admin", "read"], 3), (["read", "read"], 1)):
        key, secret = await make(world, ada, scopes=scopes)
        actor = await enter(world, secret)
        assert (actor.person_id, actor.reach, actor.credential_id) == (ada.person_id, reach, key.id)
        assert key.last4 == secret[-4:]
        assert secret.startswith(key.prefix)


async def test_the_secret_rests_nowhere(world: World) -> None:
    _, secret = await make(world, await world.actor("ada"))
    async with world.database.read() as tx:
        for table in ("select * from credential", "select * from event"):
            assert all(secret[8:-4] not in str(row) for row in await tx.all(tuple, table))


@pytest.mark.parametrize(
    "secret", ["", "cyk_", "x", "cyk_" + "a" * 36, "é" * 40, "\0" * 40, "cyk_\ud800", "a" * 10_000]
)
async def test_what_is_no_secret_is_refused(world: World, secret: str) -> None:
    with pytest.raises(InvalidCredential):
        await enter(world, secret)


async def test_other_secrets_of_ours_open_nothing(world: World) -> None:
    for prefix in ("cyk", "cyr", "cya", "cyi", "cys", "cye"):
        with pytest.raises(InvalidCredential):
            await enter(world, ids.secret(prefix))


async def test_a_revoked_key_is_refused_from_the_next_request_on(world: World) -> None:
    ada = await world.actor("ada")
    key, secret = await make(world, ada)
    await enter(world, secret)
    await change(world, ada, key, "revoke")
    with pytest.raises(InvalidCredential) as refusal:
        await enter(world, secret)
    assert not isinstance(refusal.value, ExpiredCredential)
    for verb in ("revoke", "rotate"):
        with pytest.raises(NotFound):
            await change(world, ada, key, verb)


async def test_an_expired_key_is_told_so(world: World) -> None:
    ada = await world.actor("ada")
    key, secret = await make(world, ada, expires_at=clock.now() + clock.HOUR)
    await enter(world, secret)
    async with world.database.write() as tx:
        await tx.run("update credential set expires_at = :now where id = :id", now=clock.now(), id=key.id)
    with pytest.raises(ExpiredCredential):
        await enter(world, secret)
    with pytest.raises(KeyOver):
        await change(world, ada, key, "rotate")


async def test_a_rotated_key_keeps_its_rights_and_goes_on_for_a_day(world: World) -> None:
    space = await world.space("ada")
    ada = await world.actor("ada")
    then = clock.now() + 30 * clock.DAY
    key, old = await make(
        world, ada, name="robot", scopes=["write"], expires_at=then, spaces=[space.id], networks=["192.0.2.0/24"]
    )
    rotated, new = await change(world, ada, key, "rotate")
    assert rotated.id != key.id
    for fact in ("name", "scopes", "expires_at", "spaces", "networks", "person_id"):
        assert getattr(rotated, fact) == getattr(key, fact)
    for secret in (old, new):
        assert (await enter(world, secret)).spaces == {space.id}
    async with world.database.write() as tx:
        old_key = await credentials.find(tx, ada, key.id)
        assert (old_key.successor_id, old_key.grace_until) == (rotated.id, old_key.expires_at)
        assert old_key.grace_until
        assert 0 <= clock.now() + clock.DAY - old_key.grace_until < clock.MINUTE
        await tx.run("update credential set grace_until = :now, expires_at = :now where id = :id", now=1, id=key.id)
    with pytest.raises(ExpiredCredential):
        await enter(world, old)
    async with world.database.read() as tx:
        assert [one.id for one in (await credentials.page(tx, ada, Page(10))).items] == [rotated.id]
    assert (await enter(world, new)).credential_id == rotated.id


async def test_a_key_rotated_without_grace_ends_at_once(world: World) -> None:
    ada = await world.actor("ada")
    key, old = await make(world, ada)
    _, new = await change(world, ada, key, "replace")
    await enter(world, new)
    with pytest.raises(InvalidCredential):
        await enter(world, old)
    with pytest.raises(NotFound):
        await change(world, ada, key, "rotate")


async def test_the_grace_outlives_neither_the_key_nor_a_week(world: World) -> None:
    ada = await world.actor("ada")
    short, _ = await make(world, ada, expires_at=clock.now() + clock.HOUR)
    await change(world, ada, short, "rotate")
    async with world.database.write() as tx:
        assert (await credentials.find(tx, ada, short.id)).grace_until == short.expires_at
        key, _ = await credentials.create(tx, ada, NewKey(name="key", scopes=ALL))
        for hours in (-1, 169):
            with pytest.raises(Invalid) as refusal:
                await rotation.rotate(tx, ada, key, hours=hours)
            assert refusal.value.field == "grace_hours"
        assert (await credentials.find(tx, ada, key.id)).successor_id is None


async def test_a_rotated_key_can_live_longer_if_its_maker_may(world: World) -> None:
    ada = await world.actor("ada")
    key, secret = await make(world, ada, expires_at=clock.now() + clock.DAY)
    itself = await enter(world, secret)
    with pytest.raises(Forbidden):
        async with world.database.write() as tx:
            await rotation.rotate(tx, itself, key, expires_at=None)
    async with world.database.write() as tx:
        longer, _ = await rotation.rotate(tx, ada, key, expires_at=None)
    assert longer.expires_at is None


async def test_a_key_rotated_many_times_at_once_is_rotated_once(world: World) -> None:
    ada = await world.actor("ada")
    key, _ = await make(world, ada)
    results = await asyncio.gather(*(change(world, ada, key, "rotate") for _ in range(5)), return_exceptions=True)
    assert sum(isinstance(result, tuple) for result in results) == 1
    assert sum(isinstance(result, KeyReplaced) for result in results) == 4
    async with world.database.read() as tx:
        assert len((await credentials.page(tx, ada, Page(10))).items) == 2


async def test_a_key_lives_a_year_unless_its_maker_says_otherwise_or_lives_shorter(world: World) -> None:
    ada = await world.actor("ada")
    usual, _ = await make(world, ada)
    assert usual.expires_at
    assert 0 <= clock.now() + credentials.KEY_LIFE - usual.expires_at < clock.MINUTE
    endless, _ = await make(world, ada, expires_at=None)
    assert endless.expires_at is None
    month = clock.now() + 30 * clock.DAY
    _, secret = await make(world, ada, expires_at=month)
    child, _ = await make(world, await enter(world, secret))
    assert child.expires_at == month


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 256}, "name"),
        ({"name": "a\0"}, "name"),
        ({"scopes": []}, "scopes"),
        ({"expires_at": 1}, "expires_at"),
        ({"spaces": []}, "spaces"),
        ({"spaces": ["x"] * 101}, "spaces"),
        ({"networks": []}, "networks"),
        ({"networks": ["everywhere"]}, "networks"),
        ({"networks": ["192.0.2.1/24"]}, "networks"),
        ({"networks": ["10.0.0.0/8"] * 101}, "networks"),
    ],
)
async def test_a_key_that_makes_no_sense_is_refused(world: World, facts: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        await make(world, await world.actor("ada"), **facts)
    assert refusal.value.field == field


@pytest.mark.parametrize(
    ("peer", "enters"),
    [
        ("192.0.2.77", True),
        ("192.0.3.1", False),
        ("2001:db8::1", True),
        ("2001:db9::1", False),
        ("::ffff:192.0.2.77", True),
        ("", False),
        ("somewhere", False),
    ],
)
async def test_a_key_limited_to_networks_works_from_there(world: World, peer: str, enters: bool) -> None:
    _, secret = await make(world, await world.actor("ada"), networks=["192.0.2.0/24", "2001:db8::/32"])
    if enters:
        await enter(world, secret, Origin("test", peer))
    else:
        with pytest.raises(InvalidCredential):
            await enter(world, secret, Origin("test", peer))


async def test_a_key_limited_to_spaces_sees_no_other(world: World) -> None:
    space, other = await world.space("ada"), await world.space("ada", "Other", visibility="public")
    _, secret = await make(world, await world.actor("ada"), spaces=[space.id])
    limited = await enter(world, secret)
    await world.meet(limited, space, Permission.OWN)
    with pytest.raises(NotFound):
        await world.meet(limited, other)
    async with world.database.write() as tx:
        for listing in (spaces.readable, spaces.with_role, spaces.owned, spaces.public):
            assert [one.id for one in (await listing(tx, limited, Page(10))).items] in ([space.id], [])
        with pytest.raises(Forbidden):
            await organizations.create(tx, limited, "Guild")
        home = await organizations.home(tx, limited, None)
        with pytest.raises(Invalid):
            await spaces.create(tx, limited, home, spaces.NewSpace(name="New"))


async def test_an_administrators_key_limited_to_spaces_is_limited(world: World) -> None:
    root = await world.administrator()
    space, other = await world.space("ada"), await world.space("bob")
    _, secret = await make(world, root, spaces=[space.id])
    limited = await enter(world, secret)
    await world.meet(limited, space, Permission.OWN)
    with pytest.raises(NotFound):
        await world.meet(limited, other)
    async with world.database.read() as tx:
        assert [one.id for one in (await spaces.everything(tx, limited, Page(10))).items] == [space.id]


WIDER: list[tuple[dict[str, Any], dict[str, Any], bool]] = [
    # what the maker has, what it makes, whether it may
    ({}, {}, True),
    ({}, {"scopes": ["read"]}, True),
    ({}, {"networks": ["10.0.0.0/8"], "spaces": ["one"]}, True),
    ({"spaces": ["one", "two"]}, {"spaces": ["one"]}, True),
    ({"spaces": ["one", "two"]}, {"spaces": ["one", "three"]}, False),
    ({"spaces": ["one", "two"]}, {}, False),
    ({"networks": ["192.0.2.0/24"]}, {"networks": ["192.0.2.0/24"]}, True),
    ({"networks": ["192.0.2.0/24"]}, {"networks": ["192.0.2.128/25"]}, True),
    ({"networks": ["192.0.2.0/24"]}, {"networks": ["192.0.0.0/16"]}, False),
    ({"networks": ["192.0.2.0/24"]}, {"networks": ["192.0.2.0/25", "2001:db8::/32"]}, False),
    ({"networks": ["192.0.2.0/24"]}, {}, False),
    ({"expires_at": 1}, {"expires_at": 1}, True),
    ({"expires_at": 2}, {"expires_at": 1}, True),
    ({"expires_at": 1}, {"expires_at": 2}, False),
    ({"expires_at": 1}, {}, True),
    ({"expires_at": 1}, {"expires_at": None}, False),
    ({"scopes": ["read"]}, {"scopes": ["read"]}, False),
    ({"scopes": ["write"]}, {"scopes": ["read"]}, False),
]


def in_hours(facts: dict[str, Any], start: int) -> dict[str, Any]:
    hours = facts.get("expires_at")
    return facts if hours is None else {**facts, "expires_at": start + hours * clock.HOUR}


@pytest.mark.parametrize(("maker", "made", "allowed"), WIDER)
async def test_a_key_never_makes_a_stronger_one(
    world: World, maker: dict[str, Any], made: dict[str, Any], allowed: bool
) -> None:
    start = clock.now()
    _, secret = await make(world, await world.actor("ada"), **in_hours(maker, start))
    actor = await enter(world, secret)
    if allowed:
        await make(world, actor, **in_hours(made, start))
    else:
        with pytest.raises(Forbidden):
            await make(world, actor, **in_hours(made, start))


@pytest.mark.parametrize("limits", [{"spaces": ["one"]}, {"networks": ["192.0.2.0/24"]}, {"expires_at": 1}])
async def test_a_limited_key_does_not_get_a_stronger_one_by_rotating_it(world: World, limits: dict[str, Any]) -> None:
    ada = await world.actor("ada")
    strong, strong_secret = await make(world, ada)
    weak, weak_secret = await make(world, ada, **in_hours(limits, clock.now()))
    actor = await enter(world, weak_secret)
    with pytest.raises(Forbidden):
        await change(world, actor, strong, "rotate")
    await enter(world, strong_secret)
    await change(world, actor, weak, "rotate")


async def test_a_key_that_has_ended_makes_no_other(world: World) -> None:
    """It was still good when the request came in."""
    ada = await world.actor("ada")
    key, secret = await make(world, ada)
    actor = await enter(world, secret)
    await change(world, ada, key, "revoke")
    with pytest.raises(Forbidden):
        await make(world, actor)


@pytest.mark.parametrize(
    ("who", "refusal"),
    [("anybody", Unauthenticated), ("bob", NotFound), ("root", NotFound), ("ada reading", Forbidden)],
)
async def test_keys_are_their_owners_own(world: World, who: str, refusal: type[Refusal]) -> None:
    key, secret = await make(world, await world.actor("ada"))
    actors = {
        "anybody": ANYBODY,
        "bob": await world.actor("bob"),
        "root": await world.administrator(),
        "ada reading": await world.actor("ada", scope="write"),
    }
    for verb in ("revoke", "rotate"):
        with pytest.raises(refusal):
            await change(world, actors[who], key, verb)
    await enter(world, secret)


async def test_keys_are_listed_newest_first_without_revoked_ones_and_logins(world: World) -> None:
    ada = await world.actor("ada")
    keys = [(await make(world, ada, name=f"key {turn}"))[0] for turn in range(4)]
    await change(world, ada, keys[1], "revoke")
    await make(world, await world.actor("bob"), name="another's")
    async with world.database.write() as tx:
        await credentials.issue(tx, ada, ada.person_id, "login", NewKey(name="login", scopes=["read"]))
        first = await credentials.page(tx, ada, Page(2))
        rest = await credentials.page(tx, ada, Page(2, after=first.items[-1].id))
        renamed = await credentials.rename(tx, ada, keys[0], " robot ")
    assert [key.name for key in (*first.items, *rest.items)] == ["key 3", "key 2", "key 0"]
    assert (first.more, rest.more) == (True, False)
    assert renamed.name == "robot"


async def test_the_installation_makes_keys_for_people(world: World) -> None:
    ada = await world.person("ada")
    async with world.database.write() as tx:
        key, secret = await credentials.create(tx, system("cli"), NewKey(name="first", scopes=ALL), person_id=ada.id)
    assert key.person_id == ada.id
    assert (await enter(world, secret)).person_id == ada.id


async def test_nobody_else_makes_keys_for_others(world: World) -> None:
    ada = await world.person("ada")
    for actor in (await world.actor("bob"), await world.administrator()):
        async with world.database.write() as tx:
            with pytest.raises(Forbidden):
                await credentials.create(tx, actor, NewKey(name="x", scopes=ALL), person_id=ada.id)


async def test_a_use_is_noted(world: World) -> None:
    ada = await world.actor("ada")
    key, secret = await make(world, ada)
    async with world.database.write() as tx:
        _, before = await credentials.authenticate(tx, secret, ORIGIN)
        await credentials.touch(tx, key.id, ORIGIN)
        _, after = await credentials.authenticate(tx, secret, ORIGIN)
        noted = await credentials.find(tx, ada, key.id)
    assert before is None
    assert after == noted.last_used_at
    assert (noted.last_used_address, noted.last_used_dialect) == (ORIGIN.address, ORIGIN.dialect)
