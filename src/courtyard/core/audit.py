"""Seals over the audit trail: each covers the events since the one before it, and that seal's hash.

Whoever changes, adds or removes a sealed event or a seal breaks the chain from there on. Why events are sealed in
batches is told in docs/decisions/0007-audit-seals.md.
"""

import hashlib
from typing import LiteralString

import msgspec

from courtyard.core import clock
from courtyard.storage.database import Read, Write

REST = clock.MINUTE
"""How old an event must be: on PostgreSQL a smaller number may be committed after a greater one."""
BATCH = 1_000
START = "0" * 64


class Event(msgspec.Struct, frozen=True):
    """An audit row, whole."""

    number: int
    id: str
    at: int
    action: str
    result: str
    privileged: int
    person_id: str | None
    credential_id: str | None
    application_id: str | None
    dialect: str | None
    address: str | None
    request_id: str | None
    space_id: str | None
    object_id: str | None
    detail: str


class Seal(msgspec.Struct, frozen=True):
    """`hash` covers `previous` and the `count` events up to `last_number`; both hashes are SHA-256 in hex."""

    number: int
    last_number: int
    count: int
    previous: str
    hash: str
    at: int


_EVENTS: LiteralString = (
    "select number, id, at, action, result, privileged, person_id, credential_id, application_id, dialect, address,"
    " request_id, space_id, object_id, detail from event where number > :past and number <= :last order by number"
    " limit :limit"
)
_SEALS: LiteralString = "select number, last_number, count, previous, hash, at from seal"
_LAST_SEAL: LiteralString = _SEALS + " order by last_number desc limit 1"
_NEXT_SEALS: LiteralString = _SEALS + " where last_number > :past order by last_number limit 100"
_END = 2**62


async def seal(tx: Write, *, now: int | None = None) -> Seal | None:
    """Seal the next events that have rested (at most 1,000); None when there are none, or another process was first."""
    at = clock.now() if now is None else now
    last = await tx.one(Seal, _LAST_SEAL)
    past, previous = (0, START) if last is None else (last.last_number, last.hash)
    rows = await tx.all(Event, _EVENTS, past=past, last=_END, limit=BATCH)
    # In the order of numbers up to the first that is too young: a gap would never be filled again.
    young = next((index for index, row in enumerate(rows) if row.at > at - REST), len(rows))
    rows = rows[:young]
    if not rows:
        return None
    # `previous` is unique: two processes cannot both go on from the same seal.
    return await tx.one(
        Seal,
        "insert into seal (last_number, count, previous, hash, at) values (:last, :count, :previous, :hash, :at)"
        " on conflict do nothing returning number, last_number, count, previous, hash, at",
        last=rows[-1].number,
        count=len(rows),
        previous=previous,
        hash=_hash(previous, rows),
        at=at,
    )


async def verify(tx: Read) -> Seal | None:
    """The first seal that does not fit its events or the seal before it; None when all do. It reads every event."""
    past, previous = 0, START
    while seals := await tx.all(Seal, _NEXT_SEALS, past=past):
        for each in seals:
            rows = await tx.all(Event, _EVENTS, past=past, last=each.last_number, limit=each.count + 1)
            whole = len(rows) == each.count and each.previous == previous and each.hash == _hash(previous, rows)
            if not whole:
                return each
            past, previous = each.last_number, each.hash
    return None


def _hash(previous: str, rows: list[Event]) -> str:
    """Of the hash before and one line of JSON per event, its members in alphabetical order."""
    digest = hashlib.sha256(previous.encode())
    for row in rows:
        digest.update(msgspec.json.encode(row, order="sorted") + b"\n")
    return digest.hexdigest()
