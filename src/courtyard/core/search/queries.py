"""Searching: what was found by its name first, then what was found by the text in it, each the newest first.

The order is that of the documents' numbers, so that a page goes on exactly where the one before ended, and neither engine
weighs words in a way of its own.
"""

import asyncio
from collections.abc import Collection
from typing import Any, LiteralString, TypeVar

import msgspec

from courtyard.core import spaces
from courtyard.core.access.roles import HAS_ROLE
from courtyard.core.actor import Actor
from courtyard.core.artifacts import Artifact, Filters
from courtyard.core.artifacts.queries import COLUMNS
from courtyard.core.indexing.documents import Source, inside, place_word
from courtyard.core.paging import Page, Slice, cut
from courtyard.core.search import highlights
from courtyard.core.search.highlights import Piece
from courtyard.core.search.wording import Query
from courtyard.core.spaces import Space
from courtyard.storage.database import Pair, Read

T = TypeVar("T", "_Row", "_Place")
END = 2**62
NEWEST = 300
"""So many documents are looked at before the index is asked."""
NEAR = 200
"""In so many spaces they are named to the index; for whoever may read more of them it is asked about all."""


class Narrowing(msgspec.Struct, frozen=True, kw_only=True):
    """What narrows a search; `kind` is `space`, `thread`, `message` or `artifact`, and empty for all of them."""

    kind: str = ""
    filters: Filters = Filters()


class Hit(msgspec.Struct, frozen=True):
    """What was found: a thing, its name (of a message: its thread's), where it is, and the words in name and text."""

    position: str
    kind: str
    id: str
    space_id: str
    space_name: str
    thread_id: str | None
    name: str
    content_type: str | None
    changed_at: int
    marked_name: list[Piece]
    marked_text: list[Piece]


class Found(msgspec.Struct, frozen=True):
    """An artifact that was found, and where in the list it stands."""

    position: str
    artifact: Artifact


class _Row(msgspec.Struct, frozen=True):
    number: int
    kind: str
    id: str
    space_id: str
    space_name: str
    thread_id: str | None
    name: str
    tags: str
    metadata: str
    text: str
    content_type: str | None
    changed_at: int


class _Place(msgspec.Struct, frozen=True):
    number: int
    id: str


# Who may read: what roles say; of a public space, strangers its name and its artifacts.
_MAY: LiteralString = (
    " left join member m on m.space_id = s.id and m.person_id = :person"
    " left join organization_member g on g.organization_id = s.organization_id and g.person_id = :person"
    " left join artifact a on a.id = d.artifact_id where (:everything = 1 or "
    + HAS_ROLE
    + " or (s.visibility = 'public' and d.kind in ('space', 'artifact')))"
    " and (d.artifact_id is null or a.deleted_at is null) and (:kind = '' or d.kind = :kind)"
    " and (:space = '' or d.space_id = :space) and (:type = '' or a.document_type = :type)"
    " and (:status = '' or a.status = :status) and (:thread = '' or exists (select 1 from artifact_thread l"
    " where l.artifact_id = d.artifact_id and l.thread_id = :thread))"
)
# FTS5 gives rows in the order of their numbers by itself, and so stops after a page.
_SQLITE: LiteralString = (
    " from search_word w cross join search_document d cross join space s"
    + _MAY
    + " and d.number = w.rowid and s.id = d.space_id and search_word match :fts and w.rowid < :past"
    + " and (:limited = 0 or d.space_id in (select value from json_each(:spaces)))"
    + " order by w.rowid desc limit :limit"
)
_MATCHING: LiteralString = (
    " join space s on s.id = d.space_id"
    + _MAY
    + " and d.words @@ cast(cast(:ts as text) as tsquery) and d.number < :past and (:limited = 0 or d.space_id in"
    " (select jsonb_array_elements_text(cast(:spaces as jsonb)))) order by d.number desc limit :limit"
)


def _postgres(columns: LiteralString) -> LiteralString:
    """A page of what is found, by one of two ways.

    The index gives all that has the words, in no order: of words that are everywhere that is nearly everything. But then
    the newest documents alone fill a page. So these are looked at first, one by one, and the index is asked only when they
    do not.
    """
    newest: LiteralString = "(select * from search_document where number < :past order by number desc limit :newest) d"
    few: LiteralString = "(select count(*) from newest) < cast(:limit as bigint)"
    return (
        ("with newest as materialized (" + columns + " from " + newest + _MATCHING + ")")
        + (" select * from newest where not " + few)
        + (" union all select * from (" + columns + " from search_document d" + _MATCHING + ") found where " + few)
    )


_PLACE: LiteralString = "select d.number, d.artifact_id as id"
_PLACES = Pair(sqlite=_PLACE + _SQLITE, postgres=_postgres(_PLACE) + " order by number desc")
# The long columns last, of the rows of the page alone.
_DOCUMENT: LiteralString = (
    "select d.number, d.kind, d.space_id, d.artifact_id, d.thread_id, d.message_id, s.name as space_name"
)
_DETAILS: LiteralString = (
    "select h.number, h.kind, coalesce(h.artifact_id, h.thread_id, h.message_id, h.space_id) as id, h.space_id,"
    " h.space_name, m.thread_id, coalesce(a.name, t.title, u.title, h.space_name) as name, coalesce(a.tags, '[]') as tags,"
    " coalesce(a.metadata, t.metadata, m.metadata, p.metadata) as metadata,"
    " coalesce(a.text_excerpt, m.content, p.description, '') as text, a.content_type,"
    " coalesce(a.updated_at, t.updated_at, m.created_at, p.updated_at) as changed_at from ("
)
_JOINED: LiteralString = (
    ") h left join artifact a on a.id = h.artifact_id left join thread t on t.id = h.thread_id"
    " left join message m on m.id = h.message_id left join thread u on u.id = m.thread_id"
    " left join space p on p.id = h.space_id and h.kind = 'space' order by h.number desc"
)
_ROWS = Pair(sqlite=_DETAILS + _DOCUMENT + _SQLITE + _JOINED, postgres=_DETAILS + _postgres(_DOCUMENT) + _JOINED)
ARTIFACTS = Pair(
    sqlite=COLUMNS + " from artifact a where a.id in (select value from json_each(:ids))",
    postgres=COLUMNS + " from artifact a where a.id in (select jsonb_array_elements_text(cast(:ids as jsonb)))",
)


async def everywhere(tx: Read, actor: Actor, query: Query, page: Page, narrowing: Narrowing) -> Slice[Hit]:
    """What the caller may read, wherever it is. Give it a transaction that may take long."""
    near: Collection[str] | None = actor.spaces
    if actor.administrator:
        actor.privileged.append(("search", ""))
    elif near is None:
        readable = await spaces.readable(tx, actor, Page(NEAR))
        near = None if readable.more else [space.id for space in readable.items]
    return await _hits(tx, _Search(query, page, _values(actor, narrowing), near))


async def within(tx: Read, actor: Actor, space: Space, query: Query, page: Page, narrowing: Narrowing) -> Slice[Hit]:
    """What the caller may read in a space found with READ."""
    return await _hits(tx, _Search(query, page, _values(actor, narrowing, space.id), [space.id]))


async def artifacts(tx: Read, actor: Actor, space: Space, query: Query, page: Page, filters: Filters) -> Slice[Found]:
    """The artifacts of a space found with READ, those alone in which the query finds something."""
    if "" in (filters.thread_id, filters.document_type, filters.status):
        return Slice([], more=False)
    values = _values(actor, Narrowing(kind="artifact", filters=filters), space.id)
    places = await _walk(tx, _Place, _PLACES, _Search(query, page, values, [space.id]))
    ids = msgspec.json.encode([place.id for _, place in places]).decode()
    known = {artifact.id: artifact for artifact in await tx.all(Artifact, ARTIFACTS, ids=ids)}
    found = [Found(position, known[place.id]) for position, place in places if place.id in known]
    # One that was purged between the two statements is one fewer, and does not end the list.
    return Slice(found[: page.limit], more=len(places) > page.limit and bool(found))


class _Search(msgspec.Struct, frozen=True):
    """What is looked for; `near` are the only spaces in which it can be, where they are few."""

    query: Query
    page: Page
    values: dict[str, Any]
    near: Collection[str] | None


async def _hits(tx: Read, search: _Search) -> Slice[Hit]:
    found = cut(await _walk(tx, _Row, _ROWS, search), search.page.limit)
    # Texts are long, and other requests wait for the event loop.
    hits = await asyncio.to_thread(lambda: [_hit(search.query, position, row) for position, row in found.items])
    return Slice(hits, found.more)


async def _walk(tx: Read, kind: type[T], statement: Pair, search: _Search) -> list[tuple[str, T]]:
    """Rows of a page and the one too many, each with its position: first by the name, then by the text."""
    if not search.query.must or (search.near is not None and not search.near):
        return []
    places = [place_word(space_id) for space_id in search.near or ()]
    tier, past = _position(search.page.after)
    found: list[tuple[str, T]] = []
    for title in (True, False)[tier:]:
        rows = await tx.all(
            kind,
            statement,
            fts=search.query.sqlite(title=title, places=places),
            ts=search.query.postgres(title=title, places=places),
            past=past,
            limit=search.page.limit + 1 - len(found),
            newest=NEWEST,
            **search.values,
        )
        found += [(f"{0 if title else 1}:{row.number}", row) for row in rows]
        if len(found) > search.page.limit:
            break
        past = END
    return found


def _position(after: str | None) -> tuple[int, int]:
    """In which of the two lists a page begins, and before which number there. The cursor is signed: it is one of ours."""
    if after is None:
        return 0, END
    tier, _, number = after.partition(":")
    return int(tier), int(number)


def _values(actor: Actor, narrowing: Narrowing, space_id: str = "") -> dict[str, Any]:
    filters = narrowing.filters
    return {
        "person": actor.person_id,
        "everything": int(actor.administrator),
        "limited": int(actor.spaces is not None),
        "spaces": msgspec.json.encode(sorted(actor.spaces or ())).decode(),
        "kind": narrowing.kind,
        "space": space_id,
        "type": filters.document_type or "",
        "status": filters.status or "",
        "thread": filters.thread_id or "",
    }


def _hit(query: Query, position: str, row: _Row) -> Hit:
    text = inside(Source(row.space_id, row.name, row.metadata, row.tags, row.text))
    return Hit(
        position,
        row.kind,
        row.id,
        row.space_id,
        row.space_name,
        row.thread_id if row.kind == "message" else row.id if row.kind == "thread" else None,
        row.name,
        row.content_type,
        row.changed_at,
        highlights.whole(query, row.name),
        highlights.around(query, text),
    )
