"""The queue under the jobs: rows; enqueue in the cause's transaction, claim under a lease, settle with the fence."""

import random
from typing import Any, Literal, LiteralString

import msgspec

from courtyard.core import clock, ids, news
from courtyard.storage.database import Pair, Read, Write

Status = Literal["pending", "processing", "completed", "failed", "cancelled"]
LEASE = 30 * clock.SECOND
ATTEMPTS = 5
WAITS: dict[str, int] = {"generate": 0, "inspect": 5 * clock.MINUTE, "preview": 10 * clock.MINUTE}
"""So much later than it is due it is a job's turn: somebody waits for a generated document, for a preview nobody does.

A head start, not a rank: a job that has waited longer than this goes before every newer one, so nothing waits for ever.
"""
WAIT = clock.MINUTE
STEP, FARTHEST = clock.SECOND, clock.HOUR
"""Jobs of one kind in one space take their turns this far apart, up to so much in all: ten thousand in one space let the
next one of another space pass. Nobody is kept waiting by that while there is nothing else to do."""


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
        _ENQUEUE,
        id=job_id,
        kind=kind,
        space=space_id,
        artifact=artifact_id,
        payload=msgspec.json.encode(payload).decode() if payload else "{}",
        attempts=ATTEMPTS,
        by=created_by,
        now=now,
        turn=now + wait(kind),
        step=STEP,
        farthest=now + wait(kind) + FARTHEST,
    )
    return job_id


def wait(kind: str) -> int:
    """How much later than it is due it is the turn of such a job, in milliseconds."""
    return WAITS.get(kind, WAIT)


_LAST_TURN: LiteralString = (
    "select w.turn + :step from job w where w.space_id = :space and w.kind = :kind and w.status = 'pending'"
    " order by w.turn desc limit 1"
)
_ENQUEUE_: LiteralString = (
    "insert into job (id, kind, space_id, artifact_id, payload, status, max_attempts, due_at, created_by, created_at,"
    " turn) values (:id, :kind, :space, :artifact, :payload, 'pending', :attempts, :now, :by, :now, "
)
# What is called max and min on SQLite is greatest and least on PostgreSQL.
_ENQUEUE = Pair(
    sqlite=_ENQUEUE_ + "max(:turn, min(:farthest, coalesce((" + _LAST_TURN + "), 0))))",
    postgres=_ENQUEUE_
    + "greatest(cast(:turn as bigint), least(cast(:farthest as bigint), coalesce(("
    + _LAST_TURN
    + "), 0))))",
)


_CLAIM: LiteralString = (
    "update job set status = 'processing', attempt = attempt + 1, fence = fence + 1, lease_until = :lease,"
    " started_at = coalesce(started_at, :now), completed_at = null, message = null where id = (select id from job"
    " where status = 'pending' and due_at <= :now order by turn, number limit 1"
)
_RETURNING: LiteralString = ") returning " + COLUMNS
CLAIM = Pair(sqlite=_CLAIM + _RETURNING, postgres=_CLAIM + " for update skip locked" + _RETURNING)


async def claim(tx: Write, lease: int = LEASE) -> Job | None:
    """Take the job whose turn it is, for `lease` milliseconds; None when nothing is due."""
    now = clock.now()
    job = await tx.one(Job, CLAIM, now=now, lease=now + lease)
    if job is not None:
        await _tell(tx, job, "job.started", "processing", job.progress)
    return job


async def beat(
    tx: Write, job: Job, progress: int | None = None, message: str | None = None, *, lease: int = LEASE
) -> bool:
    """Prolong the lease and tell the progress; False when the job is no longer the caller's."""
    ours = await tx.run(
        "update job set lease_until = :lease, progress = coalesce(cast(:progress as bigint), progress),"
        " message = coalesce(cast(:message as text), message)"
        " where id = :id and fence = :fence and status = 'processing'",
        lease=clock.now() + lease,
        progress=progress,
        message=message,
        id=job.id,
        fence=job.fence,
    )
    if ours and not (progress is None and message is None):
        await _tell(tx, job, "job.progressed", "processing", progress, message)
    return bool(ours)


async def lost(tx: Read, jobs: list[Job]) -> set[str]:
    """Those of the caller's running jobs that are no longer the caller's: cancelled, taken over, gone."""
    held = await tx.all(tuple, _HELD, ids=msgspec.json.encode([job.id for job in jobs]).decode())
    return {job.id for job in jobs if (job.id, job.fence) not in held}


_HELD = Pair(
    sqlite="select id, fence from job where id in (select value from json_each(:ids)) and status = 'processing'",
    postgres="select id, fence from job where status = 'processing'"
    " and id in (select jsonb_array_elements_text(cast(:ids as jsonb)))",
)


async def complete(tx: Write, job: Job) -> bool:
    """Settle as done, in the transaction of the result; False (and the result must not count) for a lost lease."""
    done = await tx.run(
        "update job set status = 'completed', progress = 100, error = null, lease_until = null,"
        " completed_at = :now where id = :id and fence = :fence and status = 'processing'",
        now=clock.now(),
        id=job.id,
        fence=job.fence,
    )
    if done:
        await _tell(tx, job, "job.completed", "completed", 100)
    return bool(done)


async def fail(tx: Write, job: Job, error: str, *, final: bool = False) -> bool:
    """Settle as failed: again later with growing pauses, or for good after the last attempt or when `final`."""
    over = final or job.attempt >= job.max_attempts
    now = clock.now()
    due = now + pause(job.attempt)
    settled = await tx.run(
        "update job set status = :status, error = :error, lease_until = null, due_at = :due, turn = :turn,"
        " completed_at = cast(:completed as bigint)"
        " where id = :id and fence = :fence and status = 'processing'",
        status="failed" if over else "pending",
        error=error,
        due=due,
        turn=due + wait(job.kind),
        completed=now if over else None,
        id=job.id,
        fence=job.fence,
    )
    if settled:
        await _tell(tx, job, "job.failed" if over else "job.delayed", "failed" if over else "pending", error=error)
    return bool(settled)


def pause(attempt: int) -> int:
    """Milliseconds until the next attempt: 2, 4, 8 … seconds, at most ten minutes, with a quarter of jitter."""
    return int(min(2**attempt * clock.SECOND, 10 * clock.MINUTE) * random.uniform(0.75, 1.25))  # noqa: S311 - no secret


_LOST: LiteralString = (
    "select "
    + COLUMNS
    + " from job where status = 'processing' and lease_until < :now order by lease_until limit :limit"
)
LOST = Pair(sqlite=_LOST, postgres=_LOST + " for update skip locked")
RECOVERED = 200
LONGEST_AFTER_LOSS = 3 * clock.SECOND
"""With it a job is finished within its lease and five seconds, whatever else a worker waits for."""


async def any_lost(tx: Read) -> bool:
    """Whether a lease ran out."""
    lost = "select 1 from job where status = 'processing' and lease_until < :now limit 1"
    return await tx.one(int, lost, now=clock.now()) is not None


async def recover(tx: Write) -> int:
    """Put jobs whose lease ran out back in line (or fail them after their last attempt); how many, at most 200.

    The first time at once. Then with pauses of up to three seconds: should the job itself kill its worker, those that happened to run
    beside it do not meet it again each time, and go on.
    """
    now = clock.now()
    jobs = await tx.all(Job, LOST, now=now, limit=RECOVERED)
    for job in jobs:
        over = job.attempt >= job.max_attempts
        due = now if job.attempt <= 1 else now + min(pause(job.attempt - 1), LONGEST_AFTER_LOSS)
        await tx.run(
            "update job set status = :status, lease_until = null, due_at = :due, turn = :turn, fence = fence + 1,"
            " error = coalesce(cast(:error as text), error), completed_at = cast(:completed as bigint) where id = :id",
            id=job.id,
            status="failed" if over else "pending",
            due=due,
            turn=due + wait(job.kind),
            error="The worker was lost." if over else None,
            completed=now if over else None,
        )
        await _tell(tx, job, "job.failed" if over else "job.delayed", "failed" if over else "pending")
    return len(jobs)


async def hold_of_artifact(tx: Write, artifact_id: str) -> None:
    """Hold the jobs of an artifact that is about to end: whoever settles one holds it before the artifact."""
    await tx.all(str, HOLD_OF_ARTIFACT, id=artifact_id)


async def hold_of_space(tx: Write, space_id: str) -> None:
    """The same for the jobs of a space that somebody works on now."""
    await tx.all(str, HOLD_OF_SPACE, id=space_id)


# On SQLite nobody writes beside us.
_OF_ARTIFACT: LiteralString = "select id from job where artifact_id = :id order by id"
HOLD_OF_ARTIFACT = Pair(sqlite=_OF_ARTIFACT + " limit 0", postgres=_OF_ARTIFACT + " for update")
_OF_SPACE: LiteralString = "select id from job where space_id = :id and status = 'processing' order by id"
HOLD_OF_SPACE = Pair(sqlite=_OF_SPACE + " limit 0", postgres=_OF_SPACE + " for update")


async def cancel_of(tx: Write, person_id: str) -> int:
    """Stop all that a person asked for and that has not ended; how many. The result of a running one is refused."""
    jobs = await tx.all(
        Job,
        "update job set status = 'cancelled', fence = fence + 1, lease_until = null, completed_at = :now"
        " where created_by = :person and status in ('pending', 'processing') returning " + COLUMNS,
        person=person_id,
        now=clock.now(),
    )
    for job in jobs:
        await _tell(tx, job, "job.cancelled", "cancelled")
    return len(jobs)


async def release(tx: Write, job: Job) -> None:
    """Give a job back untried, at an orderly end of the worker."""
    given = await tx.run(
        "update job set status = 'pending', attempt = attempt - 1, lease_until = null"
        " where id = :id and fence = :fence and status = 'processing'",
        id=job.id,
        fence=job.fence,
    )
    if given:
        await _tell(tx, job, "job.delayed", "pending")


async def next_due(tx: Read) -> int | None:
    """When the next pending job is due, so that a worker can sleep until then."""
    return await tx.one(int, "select due_at from job where status = 'pending' order by due_at limit 1")


async def _tell(
    tx: Write,
    job: Job,
    action: str,
    status: Status,
    progress: int | None = None,
    message: str | None = None,
    **more: Any,
) -> None:
    """News for those who watch the space; what of a job is nobody's is told to nobody."""
    if job.space_id is None:
        return
    facts = {"status": status, "progress": progress, "message": message, **more}
    told = {name: value for name, value in facts.items() if value is not None}
    await news.tell(tx, job.space_id, action, job.id, None, {"kind": job.kind, "artifact_id": job.artifact_id, **told})
