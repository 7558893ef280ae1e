"""Making, changing and ending artifacts."""

import re
from collections.abc import Callable
from typing import Any, LiteralString

import msgspec
from msgspec import UNSET

from courtyard.core import clock, events, ids, indexing, queue, quota, text
from courtyard.core.actor import Actor, system
from courtyard.core.artifacts import history
from courtyard.core.artifacts.model import Artifact, Changes, Inspection, NewArtifact
from courtyard.core.artifacts.queries import COLUMNS, find
from courtyard.core.errors import Invalid, NotFound
from courtyard.core.indexing import Source
from courtyard.core.queue import Job
from courtyard.core.spaces import Space
from courtyard.storage.blobs import Blob
from courtyard.storage.database import Pair, Read, Write

TAGS, THREADS = 32, 32
EXCERPT = 64 * 1024
_MEDIA_TYPE = re.compile(r"[a-z0-9][\w!#$&^.+-]{0,126}/[a-z0-9][\w!#$&^.+-]{0,126}", re.ASCII)

# What hangs on a row is made from that row, locked until the commit: if it goes meanwhile, nothing is made.
_INSERT: LiteralString = (
    "insert into artifact (id, space_id, name, document_type, status, content_type, size, sha256, blob_key, version,"
    " metadata, tags, thread_ids, created_by, created_at, updated_at) select :id, s.id, :name, :document_type,"
    " 'completed', :content_type, :size, :sha256, :key, 1, :metadata, :tags, :thread_ids, :person, :now, :now"
    " from space s where s.id = :space"
)
INSERT = Pair(sqlite=_INSERT, postgres=_INSERT + " for key share")
_LINK: LiteralString = (
    "insert into artifact_thread (artifact_id, thread_id) select :artifact, t.id from thread t"
    " where t.space_id = :space and t.id in ("
)
LINK = Pair(
    sqlite=_LINK + "select value from json_each(:threads))",
    postgres=_LINK + "select jsonb_array_elements_text(cast(:threads as jsonb))) for key share of t",
)
_THREAD: LiteralString = "select id from thread where id = :id and space_id = :space"
THREAD = Pair(sqlite=_THREAD, postgres=_THREAD + " for key share")
# `updated_at` always grows, also when two changes fall into one millisecond: entity tags depend on it.
_TOUCH: LiteralString = " updated_at = case when updated_at < :now then :now else updated_at + 1 end"
_CHANGE: LiteralString = (
    "update artifact set name = coalesce(cast(:name as text), name),"
    " document_type = coalesce(cast(:document_type as text), document_type),"
    " thread_ids = coalesce(cast(:thread_ids as text), thread_ids),"
    " metadata = coalesce(cast(:metadata as text), metadata), tags = coalesce(cast(:tags as text), tags),"
    + _TOUCH
    + ","
    + history.MOVED
    + " where id = :id and deleted_at is null"
)
_TRASH: LiteralString = "update artifact set deleted_at = :now," + _TOUCH + " where id = :id and deleted_at is null"
_RESTORE: LiteralString = (
    "update artifact set deleted_at = null,"
    + _TOUCH
    + ","
    + history.MOVED
    + " where id = :id and deleted_at is not null"
)
# Whatever rests in the store for an artifact, each once: two versions may share their bytes.
_BLOBS: LiteralString = (
    "select blob_key as key, size from artifact where id = :id"
    " union select blob_key as key, size from artifact_version where artifact_id = :id"
)
_LET_GO: LiteralString = (
    "insert into blob_garbage (key, at) select x.key, :now from (select key from (" + _BLOBS + ") b"
    " union select blob_key from preview where artifact_id = :id"
    " union select source_key from generation where artifact_id = :id) x where x.key not like 'pending:%'"
    " on conflict (key) do nothing"
)
_HELD: LiteralString = (
    "select cast(coalesce(sum(b.size), 0) as bigint) as size, (select count(*) from artifact_version"
    " where artifact_id = :id) as versions, cast(coalesce((select source_size from generation where artifact_id = :id), 0)"
    " as bigint) as source from (" + _BLOBS + ") b"
)
_LOCK: LiteralString = "select id from artifact where id = :id"
LOCK = Pair(sqlite=_LOCK, postgres=_LOCK + " for update")
# One that a worker is at is left for the next time: it holds the job, and waits for the row.
_EXPIRED: LiteralString = (
    COLUMNS + " from artifact a where a.deleted_at is not null and a.deleted_at < :before and not exists"
    " (select 1 from job j where j.artifact_id = a.id and j.status = 'processing') order by a.deleted_at limit :limit"
)
EXPIRED = Pair(sqlite=_EXPIRED, postgres=_EXPIRED + " for update of a skip locked")
PURGED = 50


class _Held(msgspec.Struct, frozen=True):
    """How many bytes rest in the store for an artifact, how many older versions it has, how large its source is."""

    size: int
    versions: int
    source: int


async def check(tx: Read, space: Space, new: NewArtifact) -> None:
    """Refuse what `create` would refuse, before its bytes are taken in. Raises Invalid, TooLarge."""
    clean(new)
    if new.thread_id is not None and not await tx.one(str, _THREAD, id=new.thread_id, space=space.id):
        raise _unknown_thread("thread_id")


async def outlived(tx: Write, space: Space, new: NewArtifact) -> NewArtifact:
    """The artifact to be, without a thread that was deleted since `check`; one that is there stays until the commit."""
    if new.thread_id is None or await tx.one(str, THREAD, id=new.thread_id, space=space.id):
        return new
    return msgspec.structs.replace(new, thread_id=None)


async def create(
    tx: Write, actor: Actor, space: Space, new: NewArtifact, blob: Blob, *, reserved: int | None = None
) -> Artifact:
    """Name stored bytes in a space found with WRITE, and promise their inspection.

    `reserved`: one artifact and so many bytes were promised room, which is used now.

    Raises Invalid, TooLarge, NotFound, QuotaExceeded.
    """
    artifact_id = ids.new()
    threads = [] if new.thread_id is None else [new.thread_id]
    fields = clean(new)
    inserted = await tx.run(
        INSERT,
        id=artifact_id,
        space=space.id,
        size=blob.size,
        sha256=blob.sha256,
        key=blob.key,
        thread_ids=_json(threads),
        person=actor.person_id or None,
        now=clock.now(),
        **fields,
    )
    if not inserted:
        raise NotFound
    await link(tx, space.id, artifact_id, threads, "thread_id")
    source = Source(space.id, fields["name"], fields["metadata"], fields["tags"])
    await indexing.begin(tx, "artifact", artifact_id, source)
    await queue.enqueue(tx, "inspect", space_id=space.id, artifact_id=artifact_id, created_by=actor.person_id or None)
    await events.record(tx, actor, "artifact.created", space_id=space.id, object_id=artifact_id)
    made = await find(tx, actor, space, artifact_id)
    await quota.take(tx, space.id, size=blob.size, reserved=reserved)
    return made


async def change(tx: Write, actor: Actor, space: Space, artifact: Artifact, changes: Changes) -> Artifact:
    """Apply a merge patch to an artifact in a space found with WRITE. Raises Invalid, TooLarge, NotFound."""
    asked = {key: value for key, value in msgspec.structs.asdict(changes).items() if value is not UNSET}
    if not asked:
        return artifact
    if "metadata" in asked:
        artifact = await find(tx, actor, space, artifact.id, hold=True)
        asked["metadata"] = text.patched(artifact.metadata, asked["metadata"])
    values = {name: rule(asked[name]) if name in asked else None for name, rule in _RULES.items()}
    # The row first: it is the lock under which the links change.
    now = clock.now()
    await history.keep(tx, artifact.id, now)
    await tx.run(_CHANGE, id=artifact.id, now=now, **values)
    if values["thread_ids"] is not None:
        await tx.run("delete from artifact_thread where artifact_id = :id", id=artifact.id)
        threads = msgspec.json.decode(values["thread_ids"], type=list[str])
        await link(tx, space.id, artifact.id, threads, "thread_ids")
    await indexing.artifact(tx, artifact.id)
    await events.record(tx, actor, "artifact.updated", space_id=space.id, object_id=artifact.id, fields=sorted(asked))
    return await find(tx, actor, space, artifact.id)


async def trash(tx: Write, actor: Actor, artifact: Artifact) -> None:
    """Put an artifact of a space found with WRITE into its trash. Raises NotFound."""
    now = clock.now()
    await history.keep(tx, artifact.id, now)
    await tx.run(_TRASH, id=artifact.id, now=now)
    # For good: what comes out of the trash is not public again unless somebody says so.
    await tx.run("delete from public_link where artifact_id = :id", id=artifact.id)
    await events.record(
        tx, actor, "artifact.trashed", space_id=artifact.space_id, object_id=artifact.id, name=artifact.name
    )


async def restore(tx: Write, actor: Actor, space: Space, artifact: Artifact) -> Artifact:
    """Take an artifact out of the trash of a space found with WRITE. Raises NotFound."""
    if not await tx.run(_RESTORE, id=artifact.id, now=clock.now()):
        raise NotFound
    await events.record(tx, actor, "artifact.restored", space_id=space.id, object_id=artifact.id)
    return await find(tx, actor, space, artifact.id)


async def purge(tx: Write, actor: Actor, artifact: Artifact) -> None:
    """End an artifact, in the trash or not, of a space found with MANAGE, with all its versions and its history.

    Its bytes are swept after the commit. Raises NotFound.
    """
    await queue.hold_of_artifact(tx, artifact.id)
    if await tx.one(str, LOCK, id=artifact.id) is None:
        raise NotFound
    held = await tx.one(_Held, _HELD, id=artifact.id) or _Held(0, 0, 0)
    await tx.run(_LET_GO, id=artifact.id, now=clock.now())
    await tx.run("delete from artifact where id = :id", id=artifact.id)
    await events.record(
        tx, actor, "artifact.purged", space_id=artifact.space_id, object_id=artifact.id, name=artifact.name
    )
    await quota.refund(tx, artifact.space_id, size=held.size, count=1 + held.versions)
    if held.source:
        await quota.release(tx, artifact.space_id, size=held.source, count=0)


async def purge_expired(tx: Write, actor: Actor, days: int) -> int:
    """Purge what has been in the trash for more than so many days, at most 50 artifacts; how many."""
    expired = await tx.all(Artifact, EXPIRED, before=clock.now() - days * clock.DAY, limit=PURGED)
    # In one order, so that two who purge in the same spaces do not wait for each other.
    for artifact in sorted(expired, key=lambda artifact: artifact.space_id):
        await purge(tx, actor, artifact)
    return len(expired)


async def inspected(tx: Write, job: Job, found: Inspection) -> bool:
    """Settle an inspection together with what it found; False, and nothing kept, when the job was lost meanwhile.

    What it found is kept while the artifact still holds the version that was looked at.
    """
    if not await queue.complete(tx, job):
        return False
    kept = await tx.run(
        "update artifact set content_type = :content_type, text_excerpt = :text," + _TOUCH + " where id = :id"
        " and version = :version",
        id=job.artifact_id,
        content_type=found.content_type,
        text=None if found.text is None else _excerpt(found.text),
        version=version_of(job),
        now=clock.now(),
    )
    if kept:
        # Otherwise others may hold the row, and are writing its document themselves.
        await indexing.artifact(tx, job.artifact_id or "")
    await events.record(tx, system("worker"), "artifact.inspected", space_id=job.space_id, object_id=job.artifact_id)
    return True


def version_of(job: Job) -> int:
    """Which version of its artifact a job is about."""
    return msgspec.json.decode(job.payload, type=dict[str, Any]).get("version", 1)


async def link(tx: Write, space_id: str, artifact_id: str, threads: list[str], field: str) -> None:
    if threads and await tx.run(LINK, artifact=artifact_id, space=space_id, threads=_json(threads)) != len(threads):
        raise _unknown_thread(field)


def _unknown_thread(field: str) -> Invalid:
    return Invalid(field, "There is no such thread in this space.", code="unknown")


def clean(new: NewArtifact) -> dict[str, str]:
    """The columns that the sender chooses, each held to its rule."""
    return {
        "name": text.name("name", new.name),
        "document_type": text.name("type", new.document_type, longest=64),
        "content_type": media_type(new.content_type),
        "metadata": text.metadata("metadata", new.metadata),
        "tags": _tags(new.tags),
    }


def _name(value: str | None) -> str:
    if value is None:
        raise Invalid("name", "An artifact needs a name.", code="required")
    return text.name("name", value)


def _type(value: str | None) -> str:
    if value is None:
        raise Invalid("document_type", "This cannot be cleared.", code="required")
    return text.name("document_type", value, longest=64)


def _metadata(value: object) -> str:
    return text.metadata("metadata", value)


def media_type(value: str) -> str:
    """What comes before the parameters of a Content-Type (RFC 9110, section 8.3.1), in lower case. Raises Invalid."""
    value = value.partition(";")[0].strip().lower()
    if not _MEDIA_TYPE.fullmatch(value):
        raise Invalid("content_type", "This is not a media type.", code="media_type")
    return value


def _tags(values: list[str] | None) -> str:
    tags = list(dict.fromkeys(text.name("tags", value, longest=64) for value in values or []))
    if len(tags) > TAGS:
        raise Invalid("tags", f"At most {TAGS} tags.", code="too_many")
    return _json(tags)


def _threads(values: list[str] | None) -> str:
    threads = list(dict.fromkeys(values or []))
    if len(threads) > THREADS:
        raise Invalid("thread_ids", f"At most {THREADS} threads.", code="too_many")
    return _json(threads)


_RULES: dict[str, Callable[[Any], str]] = {
    "name": _name,
    "document_type": _type,
    "thread_ids": _threads,
    "metadata": _metadata,
    "tags": _tags,
}


def _json(values: list[str]) -> str:
    return msgspec.json.encode(values).decode()


def _excerpt(found: str) -> str:
    """As much of a text as is kept: 64 KiB of UTF-8, without what PostgreSQL cannot store."""
    plain = found.replace("\0", "").encode("utf-8", "replace")[:EXCERPT]
    return plain.decode("utf-8", "ignore")
