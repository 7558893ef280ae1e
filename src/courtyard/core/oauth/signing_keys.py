"""Signing keys: what makes an `id_token` ours. Made here, kept encrypted, replaced every 90 days."""

import asyncio
import os
from collections import OrderedDict
from itertools import pairwise
from typing import Any, LiteralString

import msgspec
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc.jwk import RSAKey

from courtyard.core import clock, events, ids, installation
from courtyard.core.actor import system
from courtyard.core.oauth import id_tokens
from courtyard.storage.database import Database, Write

ALGORITHM = "RS256"
"""The one that every client knows (OpenID Connect Discovery, section 3)."""
BITS = 2_048
LIFE = 90 * clock.DAY
AHEAD = clock.DAY
"""A successor is published so long before it signs, so that clients which keep our keys for a while know it by then."""
KEPT = clock.DAY
"""An old key is published so long after its last token has ended: clocks differ."""
KEY = "signing_keys"
NONCE = 12

_opened: OrderedDict[str, RSAKey] = OrderedDict()
MOST_OPEN = 8


class SigningKey(msgspec.Struct, frozen=True):
    """A key as it rests. `shown` is the public half as a JWK."""

    id: str
    sealed: bytes
    shown: str
    starts_at: int


_NEWEST_FIRST: LiteralString = "select id, sealed, shown, starts_at from signing_key"
_CURRENT: LiteralString = _NEWEST_FIRST + " where starts_at <= :now order by starts_at desc, number desc limit 1"
_ALL: LiteralString = _NEWEST_FIRST + " order by starts_at desc, number desc"


async def current(database: Database) -> RSAKey:
    """The key that signs now; the first one is made when it is first asked for. Opens its own transactions."""
    while (key := await _signing(database)) is None:
        await _make(database, "", clock.now())
    return await _open(database, key)


async def published(database: Database) -> list[dict[str, Any]]:
    """The public halves: of the key that signs now, of the one that will, and of those whose tokens still count."""
    await current(database)
    async with database.read() as tx:
        return [msgspec.json.decode(key.shown) for key in await tx.all(SigningKey, _ALL)]


async def turn(database: Database) -> None:
    """Make the successor of a key that is about to end, and drop keys whose tokens are gone. Without a key, nothing."""
    now = clock.now()
    async with database.read() as tx:
        keys = await tx.all(SigningKey, _ALL)
    if keys and keys[0].starts_at + LIFE - AHEAD <= now:
        await _make(database, keys[0].id, max(keys[0].starts_at + LIFE, now + AHEAD))
    async with database.write() as tx:
        for successor, old in pairwise(keys):
            if successor.starts_at + id_tokens.LIFE + KEPT <= now:
                await tx.run("delete from signing_key where id = :id", id=old.id)
                await events.record(tx, system("timetable"), "signing_key.ended", object_id=old.id)


async def _signing(database: Database) -> SigningKey | None:
    async with database.read() as tx:
        return await tx.one(SigningKey, _CURRENT, now=clock.now())


async def _make(database: Database, before: str, starts_at: int) -> None:
    key_id = ids.new()
    private, shown = await asyncio.to_thread(_generate, key_id)
    async with database.write() as tx:
        made = await tx.run(
            "insert into signing_key (id, before_id, sealed, shown, created_at, starts_at)"
            " values (:id, :before, :sealed, :shown, :now, :starts) on conflict (before_id) do nothing",
            id=key_id,
            before=before,
            sealed=await _sealed(tx, key_id, private),
            shown=shown,
            now=clock.now(),
            starts=starts_at,
        )
        if made:
            await events.record(tx, system("timetable"), "signing_key.made", object_id=key_id)


def _generate(key_id: str) -> tuple[bytes, str]:
    made = rsa.generate_private_key(65_537, BITS)
    private = made.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    shown = RSAKey.import_key(private, {"kid": key_id, "alg": ALGORITHM, "use": "sig"}).as_dict(private=False)
    return private, msgspec.json.encode(shown).decode()


async def _sealed(tx: Write, key_id: str, private: bytes) -> bytes:
    """Encrypted for this key's row alone: moved to another one it is unreadable."""
    nonce = os.urandom(NONCE)
    return nonce + AESGCM(await installation.key(tx, KEY)).encrypt(nonce, private, key_id.encode())


async def _open(database: Database, key: SigningKey) -> RSAKey:
    """Ready to sign; kept for the next time, for that takes long."""
    known = _opened.get(key.id)
    if known is not None:
        return known
    async with database.write() as tx:
        lock = AESGCM(await installation.key(tx, KEY))
    private = lock.decrypt(key.sealed[:NONCE], key.sealed[NONCE:], key.id.encode())
    opened = await asyncio.to_thread(RSAKey.import_key, private, {"kid": key.id})
    _opened[key.id] = opened
    while len(_opened) > MOST_OPEN:
        _opened.popitem(last=False)
    return opened
