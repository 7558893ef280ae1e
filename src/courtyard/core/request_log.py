"""What keys, tokens and sessions did: one row for each request, for some days; read by their person, or organization."""

from collections.abc import Sequence
from typing import LiteralString

import msgspec

from courtyard.core import clock
from courtyard.core.actor import Actor
from courtyard.core.paging import Page, Slice, cut
from courtyard.storage.database import Pair, Read, Write

STEP = 1_000


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """One request, before it has a row. `credential_id` may be a session's; `micros` is how long the answer took."""

    at: int
    person_id: str
    organization_id: str | None
    credential_id: str | None
    application_id: str | None
    dialect: str
    method: str
    route: str
    path: str
    status: int
    micros: int
    address: str
    request_id: str


class Request(msgspec.Struct, frozen=True):
    """One request as people read it, with what is known of its credential as long as that is there."""

    number: int
    at: int
    dialect: str
    method: str
    route: str
    path: str
    status: int
    micros: int
    address: str
    request_id: str
    credential_id: str | None
    kind: str | None
    name: str | None
    prefix: str | None
    application_id: str | None


class Filters(msgspec.Struct, frozen=True):
    """What narrows the log; empty means everything. `key`: the id of a key, token or session; `status`: its first digit."""

    key: str = ""
    method: str = ""
    status: int = 0
    dialect: str = ""
    path: str = ""


_INTO: LiteralString = (
    "insert into request (at, person_id, organization_id, credential_id, application_id, dialect, method, route, path,"
    " status, micros, address, request_id) select cast(r.value ->> 0 as bigint), r.value ->> 1, r.value ->> 2,"
    " r.value ->> 3, r.value ->> 4, r.value ->> 5, r.value ->> 6, r.value ->> 7, r.value ->> 8,"
    " cast(r.value ->> 9 as bigint), cast(r.value ->> 10 as bigint), r.value ->> 11, r.value ->> 12 from "
)
# One statement for all of them: on SQLite it takes a third of the time of as many statements.
_WRITE = Pair(sqlite=_INTO + "json_each(:rows) r", postgres=_INTO + "jsonb_array_elements(cast(:rows as jsonb)) r")
_END = 2**62
_READ: LiteralString = (
    "select r.number, r.at, r.dialect, r.method, r.route, r.path, r.status, r.micros, r.address, r.request_id,"
    " r.credential_id, case when s.id is not null then 'session' else c.kind end as kind, c.name, c.prefix,"
    " r.application_id from request r left join credential c on c.id = r.credential_id"
    " left join session s on s.id = r.credential_id where r.number < :past and "
)
_WANTED: LiteralString = (
    " and (:key = '' or r.credential_id = :key) and (:method = '' or r.method = :method)"
    " and (:status = 0 or r.status / 100 = :status) and (:dialect = '' or r.dialect = :dialect)"
    " and (:path = '' or substr(r.path, 1, length(:path)) = :path) order by r.number desc limit :limit"
)
_OF_PERSON: LiteralString = _READ + "r.person_id = :whose" + _WANTED
_OF_ORGANIZATION: LiteralString = _READ + "r.organization_id = :whose" + _WANTED
# Numbers and times have the same order, but for a few seconds.
_FORGET: LiteralString = (
    "delete from request where number in (select o.number from (select number, at from request order by number"
    " limit :step) o where o.at < :past)"
)


async def write(tx: Write, entries: Sequence[Entry]) -> None:
    """Add these, in their order."""
    if entries:
        await tx.run(_WRITE, rows=msgspec.json.encode(entries).decode())


async def of_person(tx: Read, actor: Actor, filters: Filters, page: Page) -> Slice[Request]:
    """What the caller's own keys, tokens and sessions did, newest first, positions being numbers. Raises Forbidden."""
    actor.needs("admin")
    actor.in_person()
    return await _page(tx, _OF_PERSON, actor.person_id, filters, page)


async def of_organization(tx: Read, organization_id: str, filters: Filters, page: Page) -> Slice[Request]:
    """What the keys of an organization, found as its admin, did."""
    return await _page(tx, _OF_ORGANIZATION, organization_id, filters, page)


async def _page(tx: Read, statement: LiteralString, whose: str, filters: Filters, page: Page) -> Slice[Request]:
    rows = await tx.all(
        Request,
        statement,
        whose=whose,
        key=filters.key,
        method=filters.method,
        status=filters.status,
        dialect=filters.dialect,
        path=filters.path,
        past=int(page.after) if page.after else _END,
        limit=page.limit + 1,
    )
    return cut(rows, page.limit)


async def forget(tx: Write, days: int, *, now: int | None = None) -> bool:
    """Drop what is older than so many days, a thousand at most; whether there may be more."""
    past = (clock.now() if now is None else now) - days * clock.DAY
    return await tx.run(_FORGET, past=past, step=STEP) == STEP


async def forget_person(tx: Write, person_id: str) -> None:
    """Drop what somebody did, when their account ends."""
    await tx.run("delete from request where person_id = :person", person=person_id)
