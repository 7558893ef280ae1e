"""The queue under the jobs: rows; enqueue in the cause's transaction, claim under a lease, settle with the fence."""

import random
from typing import Any, Literal, LiteralString

import msgspec

from courtyard.core import clock, ids
from courtyard.storage.database import Pair, Read, Write

Status = Literal["pending", "processing", "completed", "failed", "cancelled"]
LEASE = 30 * clock.SECOND
ATTEMPTS = 5


class Job(msgspec.Struct, frozen=True):
    """A piece of background work; `progress` is 0-100."""

    number: int
    id: str
    kind: str
    space_id: str | None
    artifact_id: str | None
    payload: str
    status: Status
    progress: int
    message: str | None
    attempt: int
    max_attempts: int
    error: str | None
    fence: int
    due_at: int
    created_at: int
    started_at: int | None
    completed_at: int | None


COLUMNS: LiteralString = (
    "number, id, kind, space_id, artifact_id, payload, status, progress, message, attempt, max_attempts, error, fence,"
    " due_at, created_at, started_at, completed_at"
)


async def enqueue(
    tx: Write,
    kind: str,
    *,
    space_id: str | None = None,
    artifact_id: str | None = None,
    created_by: str | None = None,
    **payload: Any,
) -> str:
    """Promise work in the caller's transaction; the id of the job. `payload` is plain JSON.

    Work that somebody asked for names them in `created_by`: it is cancelled when their account is closed.
    """
    job_id, now = ids.new(), clock.now()
    await tx.run(
        "insert into job (id, kind, space_id, artifact_id, payload, status, max_attempts, due_at, created_by,"
        " created_at) values (:id, :kind, :space, :artifact, :payload, 'pending', :attempts, :now, :by, :now)",
        id=job_id,
        kind=kind,
        space=space_id,
        artifact=artifact_id,
        payload=msgspec.json.encode(payload).decode() if payload else "{}",
        attempts=ATTEMPTS,
        by=created_by,
        now=now,
    )
    return job_id


_CLAIM: LiteralString = (
    "update job set status = 'processing', attempt = attempt + 1, fence = fence + 1, lease_until = :lease,"
    " started_at = coalesce(started_at, :now), completed_at = null, message = null where id = (select id from job"
    " where status = 'pending' and due_at <= :now order by due_at, number limit 1"
)
_RETURNING: LiteralString = ") returning " + COLUMNS
CLAIM = Pair(sqlite=_CLAIM + _RETURNING, postgres=_CLAIM + " for update skip locked" + _RETURNING)


async def claim(tx: Write, lease: int = LEASE) -> Job | None:
    """Take the job that has been due longest, for `lease` milliseconds; None when nothing is due."""
    now = clock.now()
    return await tx.one(Job, CLAIM, now=now, lease=now + lease)


async def beat(
    tx: Write, job: Job, progress: int | None = None, message: str | None = None, *, lease: int = LEASE
) -> bool:
    """Prolong the lease and tell the progress; False when the job is no longer the caller's."""
    return bool(
        await tx.run(
            "update job set lease_until = :lease, progress = coalesce(cast(:progress as bigint), progress),"
            " message = coalesce(cast(:message as text), message)"
            " where id = :id and fence = :fence and status = 'processing'",
            lease=clock.now() + lease,
            progress=progress,
            message=message,
            id=job.id,
            fence=job.fence,
        )
    )


async def complete(tx: Write, job: Job) -> bool:
    """Settle as done, in the transaction of the result; False (and the result must not count) for a lost lease."""
    return bool(
        await tx.run(
            "update job set status = 'completed', progress = 100, error = null, lease_until = null,"
            " completed_at = :now where id = :id and fence = :fence and status = 'processing'",
            now=clock.now(),
            id=job.id,
            fence=job.fence,
        )
    )


async def fail(tx: Write, job: Job, error: str, *, final: bool = False) -> bool:
    """Settle as failed: again later with growing pauses, or for good after the last attempt or when `final`."""
    over = final or job.attempt >= job.max_attempts
    now = clock.now()
    return bool(
        await tx.run(
            "update job set status = :status, error = :error, lease_until = null, due_at = :due,"
            " completed_at = cast(:completed as bigint)"
            " where id = :id and fence = :fence and status = 'processing'",
            status="failed" if over else "pending",
            error=error,
            due=now + pause(job.attempt),
            completed=now if over else None,
            id=job.id,
            fence=job.fence,
        )
    )


def pause(attempt: int) -> int:
    """Milliseconds until the next attempt: 2, 4, 8 … seconds, at most ten minutes, with a quarter of jitter."""
    return int(min(2**attempt * clock.SECOND, 10 * clock.MINUTE) * random.uniform(0.75, 1.25))  # noqa: S311 - no secret


async def recover(tx: Write) -> int:
    """Put jobs whose lease ran out back in line (or fail them after their last attempt); how many."""
    now = clock.now()
    ended = await tx.run(
        "update job set status = 'failed', error = 'The worker was lost.', lease_until = null, completed_at = :now,"
        " fence = fence + 1 where status = 'processing' and lease_until < :now and attempt >= max_attempts",
        now=now,
    )
    again = await tx.run(
        "update job set status = 'pending', lease_until = null, due_at = :now, fence = fence + 1"
        " where status = 'processing' and lease_until < :now",
        now=now,
    )
    return ended + again


async def cancel_of(tx: Write, person_id: str) -> int:
    """Stop all that a person asked for and that has not ended; how many. The result of a running one is refused."""
    return await tx.run(
        "update job set status = 'cancelled', fence = fence + 1, lease_until = null, completed_at = :now"
        " where created_by = :person and status in ('pending', 'processing')",
        person=person_id,
        now=clock.now(),
    )


async def release(tx: Write, job: Job) -> None:
    """Give a job back untried, at an orderly end of the worker."""
    await tx.run(
        "update job set status = 'pending', attempt = attempt - 1, lease_until = null"
        " where id = :id and fence = :fence and status = 'processing'",
        id=job.id,
        fence=job.fence,
    )


async def next_due(tx: Read) -> int | None:
    """When the next pending job is due, so that a worker can sleep until then."""
    return await tx.one(int, "select due_at from job where status = 'pending' order by due_at limit 1")
