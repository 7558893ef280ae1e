"""The door to artifacts, and their lists."""

from typing import LiteralString

import msgspec

from courtyard.core.actor import Actor
from courtyard.core.artifacts.model import Artifact
from courtyard.core.errors import NotFound
from courtyard.core.paging import LAST, Page, Slice, cut
from courtyard.core.spaces import Space
from courtyard.storage.database import Pair, Read

COLUMNS: LiteralString = (
    "select a.number, a.id, a.space_id, a.name, a.document_type, a.status, a.content_type, a.size, a.sha256,"
    " a.blob_key, a.version, a.metadata, a.tags, a.thread_ids, a.created_by, a.created_at, a.updated_at, a.deleted_at,"
    " a.error, a.previewed"
)
_ALL: LiteralString = COLUMNS + " from artifact a"
_ANY: LiteralString = _ALL + " where a.id = :id"
_ONE: LiteralString = _ANY + " and a.space_id = :space and a.deleted_at is null"
_HELD = Pair(sqlite=_ONE, postgres=_ONE + " for no key update")
_TRASHED: LiteralString = _ANY + " and a.space_id = :space and a.deleted_at is not null"
_TRASHED_HELD = Pair(sqlite=_TRASHED, postgres=_TRASHED + " for no key update")
# The order of a page is one that only its own index gives. With `space_id` fixed and `id` alone in order, PostgreSQL takes
# the index of all ids and reads past every newer artifact of other spaces: 18 ms among 200,000 against 0.2.
_PRESENT: LiteralString = _ALL + " where a.deleted_at is null"
_EVERY: LiteralString = (
    _PRESENT + " and a.space_id || a.id < :past_in_space and a.space_id || a.id > :space"
    " order by a.space_id || a.id desc limit :limit"
)
# A row is where such a page begins; the scalar bound beside it is where it stops, for a row does not stop it.
_BY_STATUS: LiteralString = (
    _PRESENT + " and a.space_id = :space and (:type = '' or a.document_type = :type)"
    " and (a.status, a.id) < (:status, :past) and a.status >= :status"
    " order by a.status desc, a.id desc limit :limit"
)
_BY_TYPE: LiteralString = (
    _PRESENT + " and a.space_id = :space and (:status = '' or a.status = :status)"
    " and (a.document_type, a.id) < (:type, :past) and a.document_type >= :type"
    " order by a.document_type desc, a.id desc limit :limit"
)
_TRASH: LiteralString = (
    _ALL + " where a.deleted_at is not null and (a.space_id, a.id) < (:space, :past) and a.space_id >= :space"
    " order by a.space_id desc, a.id desc limit :limit"
)
# For SQLite a cross join is joined from left to right, and so in the order of the links.
_BY_THREAD: LiteralString = (
    COLUMNS + " from artifact_thread l cross join artifact a where a.id = l.artifact_id and a.space_id = :space"
    " and a.deleted_at is null and (:type = '' or a.document_type = :type) and (:status = '' or a.status = :status)"
    " and (l.thread_id, l.artifact_id) < (:thread, :past) and l.thread_id >= :thread"
    " order by l.thread_id desc, l.artifact_id desc limit :limit"
)


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """What narrows a list; None means everything, a value that nothing has gives an empty page."""

    thread_id: str | None = None
    document_type: str | None = None
    status: str | None = None


async def find(tx: Read, actor: Actor, space: Space, artifact_id: str, *, hold: bool = False) -> Artifact:
    """The artifact in a space found with READ (WRITE to change it). Raises NotFound, also for one in the trash.

    `hold` keeps others from changing it until the caller's commit, so that a precondition stays true.
    """
    artifact = await tx.one(Artifact, _HELD if hold else _ONE, id=artifact_id, space=space.id)
    if artifact is None:
        raise NotFound
    return artifact


async def find_trashed(tx: Read, actor: Actor, space: Space, artifact_id: str, *, hold: bool = False) -> Artifact:
    """The artifact in the trash of a space found with WRITE. Raises NotFound."""
    artifact = await tx.one(Artifact, _TRASHED_HELD if hold else _TRASHED, id=artifact_id, space=space.id)
    if artifact is None:
        raise NotFound
    return artifact


async def seek(tx: Read, artifact_id: str) -> Artifact | None:
    """The artifact wherever it is, for the worker; None if it is gone."""
    return await tx.one(Artifact, _ANY, id=artifact_id)


async def excerpt(tx: Read, artifact: Artifact) -> str | None:
    """The text that was found in an artifact; None while or if there is none."""
    return await tx.one(str, "select text_excerpt from artifact where id = :id", id=artifact.id)


async def page(tx: Read, space: Space, page: Page, filters: Filters = Filters()) -> Slice[Artifact]:  # noqa: B008
    """The artifacts of a space found with READ, newest first, without those in the trash."""
    if "" in (filters.thread_id, filters.document_type, filters.status):
        return Slice([], more=False)
    rows = await tx.all(
        Artifact,
        _statement(filters),
        space=space.id,
        thread=filters.thread_id,
        type=filters.document_type or "",
        status=filters.status or "",
        past=page.after or LAST,
        past_in_space=space.id + (page.after or LAST),
        limit=page.limit + 1,
    )
    return cut(rows, page.limit)


async def trashed(tx: Read, space: Space, page: Page) -> Slice[Artifact]:
    """The trash of a space found with WRITE, newest artifact first."""
    rows = await tx.all(Artifact, _TRASH, space=space.id, past=page.after or LAST, limit=page.limit + 1)
    return cut(rows, page.limit)


def _statement(filters: Filters) -> LiteralString:
    if filters.thread_id is not None:
        return _BY_THREAD
    if filters.document_type is not None and (filters.status in (None, "completed")):
        return _BY_TYPE
    return _EVERY if filters.status is None else _BY_STATUS
