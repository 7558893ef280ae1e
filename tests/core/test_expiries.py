"""Keys about to expire: a mail a week before and one on the last day, each once, and none where nobody needs it."""

import asyncio
from typing import Any

import pytest

from courtyard.core import clock, mail
from courtyard.core.identity import credentials, expiries, rotation, standing
from courtyard.core.identity.credentials import Credential, NewKey
from courtyard.core.mail import Text
from courtyard.core.membership import organization_keys
from tests.world import World

HOME = "https://courtyard.example"


async def make(world: World, days: float | None = 30) -> Credential:
    ends = None if days is None else clock.now() + int(days * clock.DAY)
    ada = await world.actor("ada")
    async with world.database.write() as tx:
        return (await credentials.create(tx, ada, NewKey(name="robot", scopes=["read"], expires_at=ends)))[0]


async def warn(world: World) -> int:
    async with world.database.write() as tx:
        return await expiries.warn(tx)


async def letters(world: World) -> list[tuple[str, Text | None]]:
    """To whom the mails that wait go, and what they say now."""
    found: list[tuple[str, Text | None]] = []
    async with world.database.write() as tx:
        while (row := await mail.claim(tx)) is not None:
            found.append((row.recipient, await mail.hand(tx, row, HOME)))
    return found


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Lets days go by."""
    now = clock.now

    def go(days: float) -> None:
        monkeypatch.setattr(clock, "now", lambda: now() + int(days * clock.DAY))

    return go


async def test_a_key_is_spoken_of_a_week_and_a_day_before_its_end_each_once(world: World, later: Any) -> None:
    key = await make(world)
    told: list[int] = []
    for day in (0, 22.9, 23.1, 23.2, 28.9, 29.1, 29.2, 30.1):
        later(day)
        told.append(await warn(world))
    assert told == [0, 0, 1, 0, 0, 1, 0, 0]
    later(29.3)
    (first, text), (second, again) = await letters(world)
    assert first == second == "ada@example.org"
    assert text
    assert text == again
    assert text.subject == 'The key "robot" is about to expire'
    assert f"{key.prefix}…{key.last4}" in text.body
    assert f"{HOME}/v1/keys/{key.id}/rotate" in text.body


async def test_many_who_look_at_once_promise_one_mail(world: World, later: Any) -> None:
    await make(world)
    later(24)
    assert sum(await asyncio.gather(*(warn(world) for _ in range(4)))) == 1


async def test_a_server_that_was_off_for_a_while_sends_one_mail_of_the_two(world: World, later: Any) -> None:
    await make(world)
    later(29.5)
    assert await warn(world) == 1
    assert await warn(world) == 0


async def test_who_made_a_key_for_some_days_knows_how_long_it_lives(world: World, later: Any) -> None:
    await make(world, 5)
    await make(world, 0.5)
    assert await warn(world) == 0
    later(4.5)
    assert await warn(world) == 1


async def test_what_never_ends_or_has_ended_or_was_rotated_is_not_spoken_of(world: World, later: Any) -> None:
    ada = await world.actor("ada")
    await make(world, None)
    revoked, rotated = await make(world), await make(world)
    async with world.database.write() as tx:
        await credentials.revoke(tx, ada, revoked)
    later(24)
    async with world.database.write() as tx:
        await rotation.rotate(tx, ada, rotated, hours=168, expires_at=None)
    assert await warn(world) == 0


async def test_a_mail_about_a_key_that_ended_meanwhile_is_not_sent(world: World, later: Any) -> None:
    key, ada = await make(world), await world.actor("ada")
    later(24)
    assert await warn(world) == 1
    async with world.database.write() as tx:
        await credentials.revoke(tx, ada, key)
    assert await letters(world) == [("ada@example.org", None)]


async def test_whose_account_is_closed_hears_nothing(world: World, later: Any) -> None:
    key, root = await make(world), await world.administrator()
    async with world.database.write() as tx:
        await standing.disable(tx, root, key.person_id)
        await tx.run("update credential set revoked_at = null where id = :id", id=key.id)
    later(24)
    assert await warn(world) == 0


async def test_of_a_service_key_those_hear_who_administer_the_organization(world: World, later: Any) -> None:
    await world.organization("acme", owner="ada", admins=["bob"], members=["cy"])
    ada = await world.actor("ada")
    async with world.database.write() as tx:
        new = NewKey(name="robot", scopes=["read"], expires_at=clock.now() + 30 * clock.DAY)
        await organization_keys.create(tx, ada, "acme", new)
    later(24)
    assert await warn(world) == 1
    found = dict(await letters(world))
    assert set(found) == {"ada@example.org", "bob@example.org"}
    assert all(text and "service key of acme" in text.body for text in found.values())
