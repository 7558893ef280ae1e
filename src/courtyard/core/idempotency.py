"""Idempotency keys: the same request, sent again, gets the same answer and makes nothing twice."""

import hashlib
import re
from typing import LiteralString

import msgspec

from courtyard.core import clock
from courtyard.core.actor import Actor
from courtyard.core.errors import Conflict, Invalid
from courtyard.storage.database import Read, Write

LIFE = 24 * clock.HOUR
_KEY = re.compile(r'"[\x21\x23-\x7e]{1,255}"|[\x21\x23-\x7e]{1,255}')


class MalformedKey(Invalid):
    """An Idempotency-Key is 1 to 255 visible ASCII characters."""


class KeyRefused(Invalid):
    """This call answers with a secret, which is shown once: it takes no Idempotency-Key."""


class KeyReused(Invalid):
    """This Idempotency-Key was used for another request."""

    code = "idempotency_key_reused"


class KeyInFlight(Conflict):
    """A request with this Idempotency-Key is being worked on."""

    code = "idempotency_key_in_flight"


class Stored(msgspec.Struct, frozen=True):
    """An answer as it was given; `headers` is a JSON object."""

    fingerprint: bytes
    status: int
    headers: str
    body: bytes


_SEEK: LiteralString = (
    "select fingerprint, status, headers, body from idempotency where actor = :actor and key = :key"
    " and created_at > :oldest"
)


def parse(header: str) -> str:
    """The key of an `Idempotency-Key` header, bare or quoted. Raises MalformedKey."""
    if not _KEY.fullmatch(header):
        raise MalformedKey("idempotency_key")
    return header.strip('"')


def fingerprint(method: str, path: str, query: list[tuple[str, str]], body: bytes) -> bytes:
    """What makes two requests the same; `body` in canonical form."""
    head = msgspec.json.encode([method, path, sorted(query)])
    return hashlib.sha256(head + b"\0" + body).digest()


def _scope(actor: Actor) -> str:
    return actor.application_id or actor.person_id


async def replay(tx: Read, actor: Actor, key: str, fingerprint: bytes) -> Stored | None:
    """The answer given before under this key; None when it is new. Raises KeyReused for another request."""
    stored = await tx.one(Stored, _SEEK, actor=_scope(actor), key=key, oldest=clock.now() - LIFE)
    if stored is not None and stored.fingerprint != fingerprint:
        raise KeyReused("idempotency_key")
    return stored


async def claim(tx: Write, actor: Actor, key: str, fingerprint: bytes) -> Stored | None:
    """Take the key in the transaction of its object, or give the answer stored under it.

    On PostgreSQL a second request with the key waits here for the first one's commit. Raises KeyReused.
    """
    await tx.run(
        "delete from idempotency where actor = :actor and key = :key and created_at <= :oldest",
        actor=_scope(actor),
        key=key,
        oldest=clock.now() - LIFE,
    )
    mine = await tx.run(
        "insert into idempotency (actor, key, fingerprint, status, headers, body, created_at)"
        " values (:actor, :key, :fingerprint, 0, '{}', :body, :now) on conflict (actor, key) do nothing",
        actor=_scope(actor),
        key=key,
        fingerprint=fingerprint,
        body=b"",
        now=clock.now(),
    )
    return None if mine else await replay(tx, actor, key, fingerprint)


async def keep(tx: Write, actor: Actor, key: str, stored: Stored) -> None:
    """Store the answer under a key claimed in this transaction."""
    await tx.run(
        "update idempotency set status = :status, headers = :headers, body = :body where actor = :actor and key = :key",
        actor=_scope(actor),
        key=key,
        status=stored.status,
        headers=stored.headers,
        body=stored.body,
    )


async def let_go(tx: Write, actor: Actor, key: str) -> None:
    """Nothing came of the request that had the key: it may be sent again as if for the first time."""
    await tx.run("delete from idempotency where actor = :actor and key = :key", actor=_scope(actor), key=key)


async def forget(tx: Write) -> int:
    """Drop keys older than a day; how many."""
    return await tx.run("delete from idempotency where created_at <= :oldest", oldest=clock.now() - LIFE)
