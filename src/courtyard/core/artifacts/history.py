"""What artifacts were like: each state with its time, kept in the transaction that ends it."""

from typing import LiteralString

from courtyard.core import clock
from courtyard.core.artifacts.model import Artifact
from courtyard.core.artifacts.queries import COLUMNS, Filters
from courtyard.core.errors import NotFound
from courtyard.core.paging import LAST, Page, Slice, cut
from courtyard.core.spaces import Space
from courtyard.storage.database import Pair, Read, Write

BATCH = 1_000

_SINCE: LiteralString = "coalesce(a.since, a.created_at)"
_KEPT: LiteralString = (
    "insert into artifact_history (artifact_id, space_id, since, until, name, document_type, status, content_type, size,"
    " sha256, blob_key, version, metadata, tags, thread_ids, updated_at, error) select a.id, a.space_id, "
    + (_SINCE + ", case when " + _SINCE + " < :now then :now else " + _SINCE + " + 1 end, a.name,")
    + " a.document_type, a.status, a.content_type, a.size, a.sha256, a.blob_key, a.version, a.metadata, a.tags,"
    " a.thread_ids, a.updated_at, a.error from artifact a"
)
_KEEP: LiteralString = _KEPT + " where a.id = :id and a.deleted_at is null"
KEEP = Pair(sqlite=_KEEP, postgres=_KEEP + " for no key update of a")
MOVED: LiteralString = (
    " since = case when coalesce(since, created_at) < :now then :now else coalesce(since, created_at) + 1 end"
)
"""What a change of the row sets along with the rest: the time at which the state kept before has ended."""
# As threads do when they end: the links say where to look, the row whether it has been done.
_KEEP_LINKED: LiteralString = (
    _KEPT + " join artifact_thread l on l.artifact_id = a.id where l.thread_id = :thread and a.deleted_at is null"
    " and a.thread_ids like '%' || :thread || '%' order by a.id"
)
KEEP_LINKED = Pair(sqlite=_KEEP_LINKED, postgres=_KEEP_LINKED + " for no key update of a")


async def keep(tx: Write, artifact_id: str, now: int) -> None:
    """Keep what an artifact is like before it changes, and hold its row until the commit. Raises NotFound.

    Whoever changes the row then sets `MOVED` too, with the same `now`.
    """
    if not await tx.run(KEEP, id=artifact_id, now=now):
        raise NotFound


async def keep_linked(tx: Write, thread_id: str, now: int) -> None:
    """The same for every artifact of a thread, before it loses the thread."""
    await tx.run(KEEP_LINKED, thread=thread_id, now=now)


# Two walks along an index each: those that are still as they were then, and those that have changed since.
_STILL: LiteralString = (
    COLUMNS + " from artifact a where a.deleted_at is null and a.space_id || a.id < :past_in_space"
    " and a.space_id || a.id > :space and coalesce(a.since, a.created_at) <= :at"
    " and (:type = '' or a.document_type = :type) and (:status = '' or a.status = :status)"
)
_THEN: LiteralString = (
    "select a.number, a.id, a.space_id, h.name, h.document_type, h.status, h.content_type, h.size, h.sha256, h.blob_key,"
    " h.version, h.metadata, h.tags, h.thread_ids, a.created_by, a.created_at, h.updated_at,"
    " cast(null as bigint) as deleted_at, h.error, cast(null as bigint) as previewed"
    " from artifact_history h join artifact a on a.id = h.artifact_id"
    " where h.space_id || h.artifact_id < :past_in_space and h.space_id || h.artifact_id > :space"
    " and h.since <= :at and h.until > :at"
    " and (:type = '' or h.document_type = :type) and (:status = '' or h.status = :status)"
)


def _both(still: LiteralString, then: LiteralString) -> LiteralString:
    present: LiteralString = _STILL + still + " order by a.space_id || a.id desc limit :limit"
    past: LiteralString = _THEN + then + " order by h.space_id || h.artifact_id desc limit :limit"
    both: LiteralString = "select * from (" + present + ") s union all select * from (" + past + ") t"
    return "select * from (" + both + ") x order by x.id desc limit :limit"


_AS_OF = Pair(
    sqlite=_both(
        " and (:thread = '' or instr(a.thread_ids, :thread) > 0)",
        " and (:thread = '' or instr(h.thread_ids, :thread) > 0)",
    ),
    postgres=_both(
        " and (:thread = '' or strpos(a.thread_ids, :thread) > 0)",
        " and (:thread = '' or strpos(h.thread_ids, :thread) > 0)",
    ),
)


async def page(tx: Read, space: Space, at: int, page: Page, filters: Filters) -> Slice[Artifact]:
    """The artifacts of a space found with JOIN as they were at `at`, newest first; `tx` may take long (`scan`).

    Those that were in the trash then, or have been purged since, are not among them.
    """
    if "" in (filters.thread_id, filters.document_type, filters.status):
        return Slice([], more=False)
    rows = await tx.all(
        Artifact,
        _AS_OF,
        space=space.id,
        at=at,
        thread="" if filters.thread_id is None else f'"{filters.thread_id}"',
        type=filters.document_type or "",
        status=filters.status or "",
        past_in_space=space.id + (page.after or LAST),
        limit=page.limit + 1,
    )
    return cut(rows, page.limit)


async def forget(tx: Write, days: int) -> bool:
    """Drop what ended more than so many days ago, at most 1,000 rows; whether there may be more."""
    gone = await tx.run(
        "delete from artifact_history where number in (select number from artifact_history where until < :before"
        " order by until limit :limit)",
        before=clock.now() - days * clock.DAY,
        limit=BATCH,
    )
    return gone == BATCH
