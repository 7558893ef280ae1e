"""The audit trail: read by those who may, and sealed. Each seal covers the events since the one before it, and its hash.

Whoever changes, adds or removes a sealed event or a seal breaks the chain from there on. Why events are sealed in
batches is told in docs/decisions/0007-audit-seals.md.
"""

import hashlib
from typing import LiteralString

import msgspec

from courtyard.core import clock
from courtyard.core.actor import Actor
from courtyard.core.paging import Page, Slice, cut
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


class Entry(msgspec.Struct, frozen=True):
    """An audit row as people read it, with the names of who did it and to whom, as far as they are still here."""

    number: int
    id: str
    at: int
    action: str
    result: str
    privileged: int
    person_id: str | None
    username: str | None
    credential_id: str | None
    application_id: str | None
    application_name: str | None
    dialect: str | None
    address: str | None
    request_id: str | None
    space_id: str | None
    object_id: str | None
    object_username: str | None
    detail: str


class Filters(msgspec.Struct, frozen=True):
    """What narrows the trail; empty means everything. `action` is a whole word (`key.created`) or its beginning (`key`).

    `person`: what they did, and what was done to them outside of spaces. `people`: nothing that the installation did by
    itself.
    """

    person: str = ""
    space: str = ""
    action: str = ""
    people: bool = False


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
# Each walks along an index of its own: of everything, of a space, of a person (and of what was done to them).
_ACTION: LiteralString = " and number < :past and (:action = '' or action = :action or substr(action, 1, length(:action) + 1) = :action || '.')"
_NEWEST: LiteralString = " order by number desc limit :limit"
_SPACE: LiteralString = (
    "select * from event where space_id = :space and (:people = 0 or person_id is not null)" + _ACTION + _NEWEST
)
_ALL: LiteralString = "select * from event where 1 = 1" + _ACTION + _NEWEST
_IN_SPACE: LiteralString = " and (:space = '' or space_id = :space)"
_PERSON: LiteralString = (
    "select * from (select * from event where person_id = :person" + _IN_SPACE + _ACTION + _NEWEST + ") a"
    " union select * from (select * from event where object_id = :person and space_id is null"
    + _IN_SPACE
    + _ACTION
    + _NEWEST
    + ") b"
)
_READ: LiteralString = (
    "select e.number, e.id, e.at, e.action, e.result, e.privileged, e.person_id, p.username, e.credential_id,"
    " e.application_id, a.name as application_name, e.dialect, e.address, e.request_id, e.space_id, e.object_id,"
    " o.username as object_username, e.detail from ("
)
_WITH_NAMES: LiteralString = (
    ") e left join person p on p.id = e.person_id left join person o on o.id = e.object_id"
    " left join application a on a.id = e.application_id"
    " order by e.number desc limit :limit"
)
_OF_ALL: LiteralString = _READ + _ALL + _WITH_NAMES
_OF_SPACE: LiteralString = _READ + _SPACE + _WITH_NAMES
_OF_PERSON: LiteralString = _READ + _PERSON + _WITH_NAMES


async def page(tx: Read, actor: Actor, filters: Filters, page: Page) -> Slice[Entry]:
    """The trail of the installation, newest first, positions being numbers; for platform administrators. Raises Forbidden."""
    actor.administers()
    actor.privileged.append(("read the audit trail", ""))
    return await _page(tx, filters, page)


async def of_space(tx: Read, space_id: str, page: Page, *, action: str = "", people: bool = False) -> Slice[Entry]:
    """What happened in a space found with OVERSEE, newest first, positions being numbers."""
    return await _page(tx, Filters(space=space_id, action=action, people=people), page)


async def _page(tx: Read, filters: Filters, page: Page) -> Slice[Entry]:
    rows = await tx.all(
        Entry,
        _OF_PERSON if filters.person else _OF_SPACE if filters.space else _OF_ALL,
        person=filters.person,
        space=filters.space,
        action=filters.action,
        people=int(filters.people),
        past=int(page.after) if page.after else _END,
        limit=page.limit + 1,
    )
    return cut(rows, page.limit)


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
