"""Signing keys: made here, encrypted at rest, replaced in time, and published as long as they count."""

import asyncio

import pytest
from cryptography.exceptions import InvalidTag
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from courtyard.core import clock
from courtyard.core.oauth import id_tokens, signing_keys
from courtyard.core.oauth.id_tokens import Occasion
from courtyard.storage.database import Database

OCCASION = Occasion("https://courtyard.test", "app", "cyo_token", 1_000, None)


async def ids(database: Database) -> list[str]:
    return [key["kid"] for key in await signing_keys.published(database)]


async def pass_by(database: Database, days: int) -> None:
    """Let so many days pass for every key."""
    async with database.write() as tx:
        await tx.run("update signing_key set starts_at = starts_at - :by", by=days * clock.DAY)


async def signed(database: Database) -> str:
    return id_tokens.signed(await signing_keys.current(database), {"sub": "1"}, OCCASION)


async def test_many_who_ask_at_once_get_the_same_first_key(database: Database) -> None:
    keys = await asyncio.gather(*(signing_keys.current(database) for _ in range(8)))
    assert len({key.kid for key in keys}) == 1
    assert await ids(database) == [keys[0].kid]


async def test_without_a_key_there_is_none_to_replace(database: Database) -> None:
    await signing_keys.turn(database)
    async with database.read() as tx:
        assert await tx.one(int, "select count(*) from signing_key") == 0


async def test_a_key_rests_encrypted_and_for_its_own_row_alone(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = await signing_keys.current(database)
    async with database.read() as tx:
        sealed = await tx.one(bytes, "select sealed from signing_key")
    private = key.as_der(private=True)
    assert sealed is not None
    assert private[40:80] not in sealed
    monkeypatch.setattr(signing_keys, "_opened", type(signing_keys._opened)())
    async with database.write() as tx:
        await tx.run("update signing_key set id = 'another'")
    with pytest.raises(InvalidTag):
        await signing_keys.current(database)


async def test_a_successor_is_published_a_day_before_it_signs(database: Database) -> None:
    (first,) = await ids(database)
    await pass_by(database, 88)
    await signing_keys.turn(database)
    assert await ids(database) == [first]
    await pass_by(database, 1)
    await asyncio.gather(*(signing_keys.turn(database) for _ in range(4)))
    second, old = await ids(database)
    assert old == first
    assert (await signing_keys.current(database)).kid == first
    before = await signed(database)
    await pass_by(database, 1)
    assert (await signing_keys.current(database)).kid == second
    keys = KeySet.import_key_set({"keys": await signing_keys.published(database)})
    for token in (before, await signed(database)):
        assert jwt.decode(token, keys, algorithms=["RS256"]).claims["sub"] == "1"


async def test_an_old_key_goes_when_its_tokens_are_gone(database: Database) -> None:
    before = await signed(database)
    await pass_by(database, 89)
    await signing_keys.turn(database)
    await pass_by(database, 2)
    await signing_keys.turn(database)
    assert len(await ids(database)) == 2
    await pass_by(database, 1)
    await signing_keys.turn(database)
    (left,) = await signing_keys.published(database)
    with pytest.raises((JoseError, ValueError)):
        jwt.decode(before, KeySet.import_key_set({"keys": [left]}), algorithms=["RS256"])


async def test_an_installation_that_slept_makes_a_new_key_and_signs_meanwhile(database: Database) -> None:
    (first,) = await ids(database)
    await pass_by(database, 400)
    assert (await signing_keys.current(database)).kid == first
    await signing_keys.turn(database)
    assert (await signing_keys.current(database)).kid == first
    await pass_by(database, 1)
    assert (await signing_keys.current(database)).kid != first
    assert len(await ids(database)) == 2
