"""A space read for a bag: short statements from the oldest thing on, each thing whole as it is at that moment.

What is made after the beginning is left out; what changes meanwhile is in as it was before or as it is after.
"""

from typing import Any, LiteralString

import msgspec

from courtyard.core import clock, spaces
from courtyard.core.bags.model import (
    Author,
    Belonging,
    Client,
    Content,
    Conversation,
    Document,
    Edition,
    Place,
    Utterance,
)
from courtyard.core.spaces import Space
from courtyard.storage.database import Pair, Read

LIMIT = 100


class _Client(msgspec.Struct, frozen=True):
    id: str
    name: str
    email: str | None
    metadata: str
    created_at: int
    updated_at: int


class _Conversation(msgspec.Struct, frozen=True):
    id: str
    title: str
    status: str
    metadata: str
    created_at: int
    updated_at: int
    author_email: str | None
    author_username: str | None


class _Utterance(msgspec.Struct, frozen=True):
    id: str
    role: str
    content: str
    metadata: str
    created_at: int
    author_email: str | None
    author_username: str | None


class _Belonging(msgspec.Struct, frozen=True):
    person_id: str
    email: str
    username: str
    role: str
    state: str
    since: int


class _Part(msgspec.Struct, frozen=True):
    """One statement tells all of an artifact: a row for itself (`kind` 0), for each version (1) and each alias (2)."""

    kind: int
    version: int
    name: str
    content_type: str
    size: int
    sha256: str
    key: str
    author_email: str | None
    author_username: str | None
    created_at: int
    document_type: str
    metadata: str
    tags: str
    thread_ids: str
    updated_at: int
    deleted_at: int | None


_BY: LiteralString = " left join person p on p.id = "
_AUTHOR: LiteralString = ", p.email as author_email, p.username as author_username"
_CUSTOMERS: LiteralString = (
    "select id, name, email, metadata, created_at, updated_at from customer"
    " where (space_id, id) > (:space, :after) and space_id <= :space and created_at <= :until"
    " order by space_id, id limit :limit"
)
_THREADS: LiteralString = (
    "select t.id, t.title, t.status, t.metadata, t.created_at, t.updated_at"
    + _AUTHOR
    + " from thread t"
    + _BY
    + "t.created_by where (t.space_id, t.id) > (:space, :after) and t.space_id <= :space and t.created_at <= :until"
    " order by t.space_id, t.id limit :limit"
)
_MESSAGES: LiteralString = (
    "select m.id, m.role, m.content, m.metadata, m.created_at"
    + _AUTHOR
    + " from message m"
    + _BY
    + "m.created_by where (m.thread_id, m.id) > (:thread, :after) and m.thread_id <= :thread"
    " and m.created_at <= :until order by m.thread_id, m.id limit :limit"
)
_MEMBERS: LiteralString = (
    "select m.person_id, p.email, p.username, m.role, p.state, m.created_at as since from member m"
    " join person p on p.id = m.person_id where m.space_id = :space and m.person_id > :after and p.email like '%@%'"
    " order by m.person_id limit :limit"
)
# Present and trashed ones from an index each; both in the order of their ids.
_PRESENT: LiteralString = (
    "select a.id from artifact a where a.deleted_at is null and a.space_id || a.id > :after_in_space"
    " and a.space_id || a.id < :end_of_space and a.status = 'completed' and a.created_at <= :until"
    " order by a.space_id || a.id limit :limit"
)
_TRASHED: LiteralString = (
    "select a.id from artifact a where a.deleted_at is not null and (a.space_id, a.id) > (:space, :after)"
    " and a.space_id <= :space and a.status = 'completed' and a.created_at <= :until and :trash = 1"
    " order by a.space_id, a.id limit :limit"
)
_ARTIFACTS: LiteralString = (
    "select id from (select * from ("
    + _PRESENT
    + ") x union select * from ("
    + _TRASHED
    + ") y) z order by id limit :limit"
)
_WHOSE: LiteralString = (
    " where a.id = :id and a.space_id = :space and a.status = 'completed' and (:trash = 1 or a.deleted_at is null)"
)
_NOTHING: LiteralString = ", '' as document_type, '' as metadata, '' as tags, '' as thread_ids"
_ONE: LiteralString = (
    "select * from (select 0 as kind, a.version, a.name, a.content_type, a.size, a.sha256, a.blob_key as key"
    + _AUTHOR
    + ", a.created_at, a.document_type, a.metadata, a.tags, a.thread_ids, a.updated_at, a.deleted_at from artifact a"
    + _BY
    + "a.created_by"
    + _WHOSE
    + " union all select 1, a.version, a.name, a.content_type, a.size, a.sha256, a.blob_key"
    + _AUTHOR
    + ", coalesce(a.content_at, a.created_at)"
    + _NOTHING
    + ", 0, cast(null as bigint) from artifact a"
    + _BY
    + "case when a.content_at is null then a.created_by else a.content_by end"
    + _WHOSE
    + " union all select 1, v.version, v.name, v.content_type, v.size, v.sha256, v.blob_key"
    + _AUTHOR
    + ", v.created_at"
    + _NOTHING
    + ", 0, cast(null as bigint) from artifact a"
    " join artifact_version v on v.artifact_id = a.id" + _BY + "v.created_by" + _WHOSE + " and :versions = 1"
    " union all select 2, l.version, l.name, '', 0, '', '', cast(null as text), cast(null as text), l.created_at"
    + _NOTHING
    + ", 0, cast(null as bigint) from artifact a join artifact_alias l on l.artifact_id = a.id"
    + _WHOSE
    + " and (:versions = 1 or l.version = a.version)) x order by kind, version, name"
)
ONE = Pair(sqlite=_ONE, postgres=_ONE)


async def place(tx: Read, space: Space) -> Place:
    """The facts of a space found with OVERSEE."""
    background = await spaces.background(tx, space)
    return Place(
        id=space.id,
        name=space.name,
        description=space.description,
        visibility=space.visibility,
        space_type=space.space_type,
        content_type=space.content_type,
        logo_url=space.logo_url,
        metadata=msgspec.json.decode(space.metadata),
        organization=space.organization_handle,
        owner=Author(space.owner_email, space.owner_username),
        background=None
        if background is None
        else Content(
            file="background",
            content_type=background.type,
            size=background.size,
            sha256=background.sha256,
            key=background.key,
        ),
        created_at=clock.rfc3339(space.created_at),
        updated_at=clock.rfc3339(space.updated_at),
    )


async def members(tx: Read, space_id: str, after: str, limit: int = LIMIT) -> tuple[str, list[Belonging]]:
    """Members past that one, and where to go on. Whoever stands for the keys of an organization is no person and left out."""
    rows = await tx.all(_Belonging, _MEMBERS, space=space_id, after=after, limit=limit)
    told = [
        Belonging(
            email=row.email,
            username=row.username,
            role=msgspec.convert(row.role, Any),
            state=row.state,
            since=clock.rfc3339(row.since),
        )
        for row in rows
    ]
    return (rows[-1].person_id if rows else after), told


async def customers(tx: Read, space_id: str, after: str, until: int, limit: int = LIMIT) -> list[Client]:
    """Customers past that id, made until then."""
    rows = await tx.all(_Client, _CUSTOMERS, space=space_id, after=after, until=until, limit=limit)
    return [
        Client(
            id=row.id,
            name=row.name,
            email=row.email,
            metadata=msgspec.json.decode(row.metadata),
            created_at=clock.rfc3339(row.created_at),
            updated_at=clock.rfc3339(row.updated_at),
        )
        for row in rows
    ]


async def conversations(tx: Read, space_id: str, after: str, until: int, limit: int = LIMIT) -> list[Conversation]:
    """Threads past that id, opened until then."""
    rows = await tx.all(_Conversation, _THREADS, space=space_id, after=after, until=until, limit=limit)
    return [
        Conversation(
            id=row.id,
            title=row.title,
            status=msgspec.convert(row.status, Any),
            metadata=msgspec.json.decode(row.metadata),
            created_by=_author(row.author_email, row.author_username),
            created_at=clock.rfc3339(row.created_at),
            updated_at=clock.rfc3339(row.updated_at),
        )
        for row in rows
    ]


async def utterances(tx: Read, thread_id: str, after: str, until: int, limit: int = LIMIT) -> list[Utterance]:
    """Messages of a thread past that id, said until then."""
    rows = await tx.all(_Utterance, _MESSAGES, thread=thread_id, after=after, until=until, limit=limit)
    return [
        Utterance(
            id=row.id,
            role=msgspec.convert(row.role, Any),
            content=row.content,
            metadata=msgspec.json.decode(row.metadata),
            created_by=_author(row.author_email, row.author_username),
            created_at=clock.rfc3339(row.created_at),
        )
        for row in rows
    ]


async def documents(tx: Read, space_id: str, after: str, until: int, *, trash: bool, limit: int = LIMIT) -> list[str]:
    """The ids of completed artifacts past that one, made until then."""
    return await tx.all(
        str,
        _ARTIFACTS,
        space=space_id,
        after=after,
        after_in_space=space_id + after,
        end_of_space=space_id + "~",
        until=until,
        trash=int(trash),
        limit=limit,
    )


async def document(tx: Read, space_id: str, artifact_id: str, *, versions: bool, trash: bool) -> Document | None:
    """All of an artifact as it is at this moment; None when it is gone. The files of its versions have no place yet."""
    parts = await tx.all(_Part, ONE, space=space_id, id=artifact_id, versions=int(versions), trash=int(trash))
    if not parts:
        return None
    itself = parts[0]
    return Document(
        id=artifact_id,
        name=itself.name,
        document_type=itself.document_type,
        metadata=msgspec.json.decode(itself.metadata),
        tags=msgspec.json.decode(itself.tags),
        thread_ids=msgspec.json.decode(itself.thread_ids),
        aliases={part.name: part.version for part in parts if part.kind == 2},
        versions=[_edition(part) for part in parts if part.kind == 1],
        created_by=_author(itself.author_email, itself.author_username),
        created_at=clock.rfc3339(itself.created_at),
        updated_at=clock.rfc3339(itself.updated_at),
        deleted_at=None if itself.deleted_at is None else clock.rfc3339(itself.deleted_at),
    )


def _edition(part: _Part) -> Edition:
    return Edition(
        version=part.version,
        name=part.name,
        file="",
        content_type=part.content_type,
        size=part.size,
        sha256=part.sha256,
        key=part.key,
        created_by=_author(part.author_email, part.author_username),
        created_at=clock.rfc3339(part.created_at),
    )


def _author(email: str | None, username: str | None) -> Author | None:
    """None too for whoever stands for the keys of an organization."""
    return None if email is None or "@" not in email else Author(email, username or "")
