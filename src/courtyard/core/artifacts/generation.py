"""Documents that are made from others: promised with a job, kept exactly once, or failed with a reason."""

from contextlib import suppress
from typing import Any, LiteralString

import msgspec

from courtyard.core import clock, events, ids, indexing, queue, quota
from courtyard.core.actor import Actor, system
from courtyard.core.artifacts import history
from courtyard.core.artifacts.actions import clean, link
from courtyard.core.artifacts.history import MOVED
from courtyard.core.artifacts.model import Artifact, NewArtifact
from courtyard.core.artifacts.queries import find
from courtyard.core.errors import NotFound
from courtyard.core.indexing import Source
from courtyard.core.queue import Job
from courtyard.core.spaces import Space
from courtyard.storage.blobs import Blob
from courtyard.storage.database import Pair, Read, Write

KIND = "generate"
KEPT = clock.DAY
"""So long the source of a document that failed is there for another try."""
_INSERT: LiteralString = (
    "insert into artifact (id, space_id, name, document_type, status, content_type, size, sha256, blob_key, version,"
    " metadata, tags, thread_ids, created_by, created_at, updated_at) select :id, s.id, :name, :document_type,"
    " 'pending', :content_type, 0, '', :key, 1, :metadata, :tags, :thread_ids, :person, :now, :now"
    " from space s where s.id = :space"
)
INSERT = Pair(sqlite=_INSERT, postgres=_INSERT + " for key share")
_TOUCH: LiteralString = " updated_at = case when updated_at < :now then :now else updated_at + 1 end"
_UNFINISHED: LiteralString = " where id = :id and status <> 'completed'"
# Cancelled, or given up after the last worker was lost: then nobody was there to say so of the artifact.
_ENDED: LiteralString = (
    "select g.artifact_id from generation g join artifact a on a.id = g.artifact_id"
    " where a.status in ('pending', 'processing') and not exists (select 1 from job j where j.artifact_id = g.artifact_id"
    " and j.kind = 'generate' and j.status in ('pending', 'processing')) order by g.artifact_id limit 100"
)
# Every process looks: what one of them settles at this moment the others leave alone, lest it be told twice.
ENDED = Pair(sqlite=_ENDED, postgres=_ENDED + " for no key update of a skip locked")
_REASON: LiteralString = (
    "select case when status = 'cancelled' then 'Cancelled.' else coalesce(error, 'This went wrong.') end from job"
    " where artifact_id = :id and kind = 'generate' order by number desc limit 1"
)


class Generation(msgspec.Struct, frozen=True):
    """What is to be made: from which bytes, and by which terms (JSON, the worker's affair)."""

    artifact_id: str
    source_key: str
    source_size: int
    source_sha256: str
    terms: str


class _Source(msgspec.Struct, frozen=True):
    key: str
    size: int
    space_id: str


async def promise(
    tx: Write, actor: Actor, space: Space, new: NewArtifact, source: Blob, terms: dict[str, Any]
) -> Artifact:
    """A pending artifact in a space found with WRITE, and the job that makes it from durably stored bytes.

    The room that these take in the space is reserved as long as they are kept: until it is made, or nobody may try again.
    Raises Invalid, TooLarge, NotFound, QuotaExceeded.
    """
    artifact_id, now = ids.new(), clock.now()
    threads = [] if new.thread_id is None else [new.thread_id]
    fields = clean(new)
    inserted = await tx.run(
        INSERT,
        id=artifact_id,
        space=space.id,
        key=f"pending:{artifact_id}",
        thread_ids=msgspec.json.encode(threads).decode(),
        person=actor.person_id or None,
        now=now,
        **fields,
    )
    if not inserted:
        raise NotFound
    await link(tx, space.id, artifact_id, threads, "thread_id")
    words = Source(space.id, fields["name"], fields["metadata"], fields["tags"])
    await indexing.begin(tx, "artifact", artifact_id, words)
    await _note(tx, artifact_id, source, terms)
    await queue.enqueue(tx, KIND, space_id=space.id, artifact_id=artifact_id, created_by=actor.person_id or None)
    await events.record(tx, actor, "artifact.created", space_id=space.id, object_id=artifact_id)
    made = await find(tx, actor, space, artifact_id)
    await quota.charge(tx, space.id, size=0)
    await quota.reserve(tx, space.id, size=source.size, count=0)
    return made


async def _note(tx: Write, artifact_id: str, source: Blob, terms: dict[str, Any]) -> None:
    """What it is to be made from."""
    await tx.run(
        "insert into generation (artifact_id, source_key, source_size, source_sha256, terms, created_at)"
        " values (:id, :key, :size, :sha256, :terms, :now)",
        id=artifact_id,
        key=source.key,
        size=source.size,
        sha256=source.sha256,
        terms=msgspec.json.encode(terms).decode(),
        now=clock.now(),
    )


async def seek(tx: Read, artifact_id: str) -> Generation | None:
    """What is still to be made; None when it is made, or gone."""
    return await tx.one(
        Generation,
        "select artifact_id, source_key, source_size, source_sha256, terms from generation where artifact_id = :id",
        id=artifact_id,
    )


async def begin(tx: Write, job: Job, message: str) -> bool:
    """Tell that it is being made; False when the job is no longer the caller's."""
    if not await queue.beat(tx, job, 5, message):
        return False
    await tx.run(
        "update artifact set status = 'processing', error = null," + _TOUCH + _UNFINISHED,
        id=job.artifact_id,
        now=clock.now(),
    )
    await tx.run("update generation set ended_at = null where artifact_id = :id", id=job.artifact_id)
    return True


async def fulfil(tx: Write, job: Job, blob: Blob, content_type: str) -> bool:
    """Name the made bytes, with the job's fence; False, and nothing kept, when the job was lost meanwhile.

    Raises QuotaExceeded.
    """
    if not await queue.complete(tx, job):
        return False
    now = clock.now()
    await _remember(tx, job.artifact_id or "", now)
    await tx.run(
        "update artifact set status = 'completed', error = null, blob_key = :key, size = :size, sha256 = :sha256,"
        " content_type = :content_type," + MOVED + "," + _TOUCH + _UNFINISHED,
        id=job.artifact_id,
        key=blob.key,
        size=blob.size,
        sha256=blob.sha256,
        content_type=content_type,
        now=now,
    )
    source = await _let_go(tx, job.artifact_id or "")
    maker = await tx.one(str, "select created_by from job where id = :id", id=job.id)
    await queue.enqueue(tx, "inspect", space_id=job.space_id, artifact_id=job.artifact_id, created_by=maker)
    await events.record(tx, system("worker"), "artifact.generated", space_id=job.space_id, object_id=job.artifact_id)
    if source is not None:
        await quota.release(tx, source.space_id, size=source.size, count=0)
    await quota.charge(tx, job.space_id or "", size=blob.size, count=0)
    return True


async def fail(tx: Write, job: Job, error: str) -> bool:
    """Settle job and artifact as failed for good; False when the job was lost meanwhile."""
    if not await queue.fail(tx, job, error, final=True):
        return False
    await _failed(tx, job.artifact_id or "", error)
    return True


async def settle_ended(tx: Write) -> int:
    """Fail artifacts whose job was cancelled, or given up without a word; how many."""
    ended = await tx.all(str, ENDED)
    for artifact_id in ended:
        await _failed(tx, artifact_id, await tx.one(str, _REASON, id=artifact_id) or "This went wrong.")
    return len(ended)


async def forget(tx: Write) -> int:
    """Let go of the sources of what failed a day ago: nobody will try it again. How many."""
    old = await tx.all(
        str,
        "select artifact_id from generation where ended_at < :before order by ended_at limit 100",
        before=clock.now() - KEPT,
    )
    sources = [source for artifact_id in old if (source := await _let_go(tx, artifact_id)) is not None]
    # In one order, so that two who let go in the same spaces do not wait for each other.
    for source in sorted(sources, key=lambda source: source.space_id):
        await quota.release(tx, source.space_id, size=source.size, count=0)
    return len(old)


async def _failed(tx: Write, artifact_id: str, error: str) -> None:
    now = clock.now()
    await _remember(tx, artifact_id, now)
    failed = await tx.run(
        "update artifact set status = 'failed', error = :error," + MOVED + "," + _TOUCH + _UNFINISHED,
        id=artifact_id,
        error=error,
        now=now,
    )
    if failed:
        await tx.run("update generation set ended_at = :now where artifact_id = :id", id=artifact_id, now=now)
        space_id = await tx.one(str, "select space_id from artifact where id = :id", id=artifact_id)
        await events.record(tx, system("worker"), "artifact.failed", space_id=space_id, object_id=artifact_id)


async def _remember(tx: Write, artifact_id: str, now: int) -> None:
    """Keep what it was like until now. What lies in the trash has no history."""
    with suppress(NotFound):
        await history.keep(tx, artifact_id, now)


async def _let_go(tx: Write, artifact_id: str) -> _Source | None:
    """The source is no longer needed: its bytes are swept after the commit, its room is to be released."""
    source = await tx.one(
        _Source,
        "delete from generation where artifact_id = :id returning source_key as key, source_size as size,"
        " (select a.space_id from artifact a where a.id = :id) as space_id",
        id=artifact_id,
    )
    if source is not None:
        await tx.run(
            "insert into blob_garbage (key, at) values (:key, :now) on conflict (key) do nothing",
            key=source.key,
            now=clock.now(),
        )
    return source
