"""Threads: conversations in a space, their messages, and which artifacts belong to them."""

from typing import Any, Literal, LiteralString

import msgspec
from msgspec import UNSET, UnsetType

from courtyard.core import clock, events, ids, indexing, text
from courtyard.core.actor import Actor
from courtyard.core.artifacts import history
from courtyard.core.errors import Conflict, Invalid, NotFound
from courtyard.core.indexing import Source
from courtyard.core.paging import LAST, Page, Slice, cut
from courtyard.core.spaces import Space
from courtyard.storage.database import Pair, Read, Write

Status = Literal["open", "archived"]
Speaker = Literal["user", "assistant"]
CONTENT = 65_536


class Archived(Conflict):
    """The thread is archived. Open it first."""

    code = "thread_archived"


class Thread(msgspec.Struct, frozen=True):
    """A conversation; `metadata` is JSON, `created_by` a person's id."""

    number: int
    id: str
    space_id: str
    title: str
    status: Status
    metadata: str
    created_by: str | None
    created_at: int
    updated_at: int


class Message(msgspec.Struct, frozen=True):
    """What was said in a thread, by a person or for them; `username` is theirs now, None once they left."""

    number: int
    id: str
    thread_id: str
    role: Speaker
    content: str
    metadata: str
    created_by: str | None
    created_at: int
    username: str | None


class NewThread(msgspec.Struct, frozen=True, kw_only=True):
    """What is needed to open one."""

    title: str
    metadata: dict[str, Any] = msgspec.field(default_factory=dict)


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """A merge patch (RFC 7396): what is not set stays, None clears."""

    title: str | UnsetType = UNSET
    status: Status | UnsetType = UNSET
    metadata: dict[str, Any] | UnsetType | None = UNSET


class NewMessage(msgspec.Struct, frozen=True, kw_only=True):
    """What is needed to say something: at most 65,536 characters."""

    content: str
    role: Speaker = "user"
    metadata: dict[str, Any] = msgspec.field(default_factory=dict)


COLUMNS: LiteralString = (
    "select number, id, space_id, title, status, metadata, created_by, created_at, updated_at from thread"
)
_ONE: LiteralString = COLUMNS + " where id = :id and space_id = :space"
_HELD = Pair(sqlite=_ONE, postgres=_ONE + " for no key update")
# Bounded and ordered by both columns of the index, lest PostgreSQL walk the ids of everybody's threads.
_PAGE: LiteralString = (
    COLUMNS + " where (space_id, id) < (:space, :past) and space_id >= :space"
    " order by space_id desc, id desc limit :limit"
)
_INSERT: LiteralString = (
    "insert into thread (id, space_id, title, status, metadata, created_by, created_at, updated_at)"
    " select :id, s.id, :title, 'open', :metadata, :person, :now, :now from space s where s.id = :space"
)
INSERT = Pair(sqlite=_INSERT, postgres=_INSERT + " for key share")
_CHANGE: LiteralString = (
    "update thread set title = coalesce(cast(:title as text), title), status = coalesce(cast(:status as text), status),"
    " metadata = coalesce(cast(:metadata as text), metadata),"
    " updated_at = case when updated_at < :now then :now else updated_at + 1 end where id = :id"
)
_UNLINK: LiteralString = (
    ", updated_at = updated_at + 1,"
    + history.MOVED
    + " where id in (select l.artifact_id from artifact_thread l where l.thread_id = :id)"
    " and thread_ids like '%' || :id || '%'"
)
UNLINK = Pair(
    sqlite="update artifact set thread_ids = (select json_group_array(j.value) from json_each(thread_ids) j"
    " where j.value <> :id)" + _UNLINK,
    postgres="update artifact set thread_ids = cast(cast(thread_ids as jsonb) - cast(:id as text) as text)" + _UNLINK,
)
_LOCK: LiteralString = "select id from thread where id = :id"
LOCK = Pair(sqlite=_LOCK, postgres=_LOCK + " for update")

_MESSAGE: LiteralString = (
    "select m.number, m.id, m.thread_id, m.role, m.content, m.metadata, m.created_by, m.created_at, p.username"
    " from message m left join person p on p.id = m.created_by"
)
_MESSAGES: LiteralString = (
    _MESSAGE + " where (m.thread_id, m.id) < (:thread, :past) and m.thread_id >= :thread"
    " order by m.thread_id desc, m.id desc limit :limit"
)
_SAY: LiteralString = (
    "insert into message (id, thread_id, role, content, metadata, created_by, created_at)"
    " select :id, t.id, :role, :content, :metadata, :person, :now from thread t where t.id = :thread"
    " and t.status = 'open'"
)
# Against archiving, which changes no key, only a full share lock holds the thread open until the commit.
SAY = Pair(sqlite=_SAY, postgres=_SAY + " for share")


async def find(tx: Read, actor: Actor, space: Space, thread_id: str, *, hold: bool = False) -> Thread:
    """The thread in a space found with JOIN (WRITE to change it). Raises NotFound.

    `hold` keeps others from changing it until the caller's commit, so that a precondition stays true.
    """
    thread = await tx.one(Thread, _HELD if hold else _ONE, id=thread_id, space=space.id)
    if thread is None:
        raise NotFound
    return thread


async def page(tx: Read, space: Space, page: Page) -> Slice[Thread]:
    """The threads of a space found with JOIN, newest first."""
    rows = await tx.all(Thread, _PAGE, space=space.id, past=page.after or LAST, limit=page.limit + 1)
    return cut(rows, page.limit)


async def create(tx: Write, actor: Actor, space: Space, new: NewThread) -> Thread:
    """Open a thread in a space found with WRITE. Raises Invalid, TooLarge, NotFound."""
    thread_id, title, metadata = ids.new(), text.name("title", new.title), text.metadata("metadata", new.metadata)
    made = await tx.run(
        INSERT,
        id=thread_id,
        space=space.id,
        title=title,
        metadata=metadata,
        person=actor.person_id or None,
        now=clock.now(),
    )
    if not made:
        raise NotFound
    await indexing.begin(tx, "thread", thread_id, Source(space.id, title, metadata))
    await events.record(tx, actor, "thread.created", space_id=space.id, object_id=thread_id)
    return await find(tx, actor, space, thread_id)


async def change(tx: Write, actor: Actor, space: Space, thread: Thread, changes: Changes) -> Thread:
    """Apply a merge patch to a thread of a space found with WRITE. Raises Invalid, TooLarge, NotFound."""
    asked = {key: value for key, value in msgspec.structs.asdict(changes).items() if value is not UNSET}
    if not asked:
        return thread
    for field in ("title", "status"):
        if asked.get(field, "") is None:
            raise Invalid(field, "This cannot be cleared.", code="required")
    if "status" in asked and asked["status"] not in ("open", "archived"):
        raise Invalid("status", "One of: archived, open.", code="choice")
    if "metadata" in asked:
        thread = await find(tx, actor, space, thread.id, hold=True)
        asked["metadata"] = text.patched(thread.metadata, asked["metadata"])
    changed = await tx.run(
        _CHANGE,
        id=thread.id,
        title=text.name("title", asked["title"]) if "title" in asked else None,
        status=asked.get("status"),
        metadata=text.metadata("metadata", asked["metadata"]) if "metadata" in asked else None,
        now=clock.now(),
    )
    if not changed:
        raise NotFound
    await indexing.thread(tx, thread.id)
    await events.record(tx, actor, "thread.updated", space_id=space.id, object_id=thread.id, fields=sorted(asked))
    return await find(tx, actor, space, thread.id)


async def remove(tx: Write, actor: Actor, thread: Thread) -> None:
    """End a thread of a space found with WRITE, with its messages; its artifacts stay. Raises NotFound."""
    # Artifact before thread, as everywhere, lest two wait for each other; what was linked until the lock comes second.
    await _unlink(tx, thread)
    if await tx.one(str, LOCK, id=thread.id) is None:
        raise NotFound
    await _unlink(tx, thread)
    await tx.run("delete from thread where id = :id", id=thread.id)
    await events.record(tx, actor, "thread.deleted", space_id=thread.space_id, object_id=thread.id)


async def _unlink(tx: Write, thread: Thread) -> None:
    now = clock.now()
    await history.keep_linked(tx, thread.id, now)
    await tx.run(UNLINK, id=thread.id, now=now)


async def messages(tx: Read, thread: Thread, page: Page) -> Slice[Message]:
    """What was said in a thread of a space found with JOIN, newest first."""
    rows = await tx.all(Message, _MESSAGES, thread=thread.id, past=page.after or LAST, limit=page.limit + 1)
    return cut(rows, page.limit)


async def say(tx: Write, actor: Actor, thread: Thread, new: NewMessage) -> Message:
    """Add a message to a thread of a space found with WRITE. Raises Invalid, TooLarge, Archived, NotFound."""
    if new.role not in ("user", "assistant"):
        raise Invalid("role", "One of: assistant, user.", code="choice")
    content = text.free("content", new.content, longest=CONTENT)
    if not content.strip():
        raise Invalid("content", "This must not be empty.", code="required")
    message_id, metadata = ids.new(), text.metadata("metadata", new.metadata)
    made = await tx.run(
        SAY,
        id=message_id,
        thread=thread.id,
        role=new.role,
        content=content,
        metadata=metadata,
        person=actor.person_id or None,
        now=clock.now(),
    )
    if not made:
        raise Archived if await tx.one(str, _LOCK, id=thread.id) else NotFound
    await indexing.begin(tx, "message", message_id, Source(thread.space_id, "", metadata, text=content))
    await events.record(tx, actor, "message.created", space_id=thread.space_id, object_id=message_id)
    message = await tx.one(Message, _MESSAGE + " where m.id = :id", id=message_id)
    if message is None:
        raise NotFound
    return message
