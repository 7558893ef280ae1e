"""What people may do with jobs: stop one, try one again."""

from typing import LiteralString

from courtyard.core import clock, events, queue
from courtyard.core.actor import Actor
from courtyard.core.errors import Conflict
from courtyard.core.queue import Job
from courtyard.storage.database import Write

# The fence moves on with both: whoever worked on the job so far can no longer settle it.
_CANCEL: LiteralString = (
    "update job set status = 'cancelled', fence = fence + 1, lease_until = null, completed_at = :now"
    " where id = :id and status in ('pending', 'processing') returning " + queue.COLUMNS
)
_RETRY: LiteralString = (
    "update job set status = 'pending', fence = fence + 1, attempt = 0, progress = 0, message = null, error = null,"
    " due_at = :now, turn = :turn, started_at = null, completed_at = null"
    " where id = :id and status in ('failed', 'cancelled') returning " + queue.COLUMNS
)


class Ended(Conflict):
    """The job has ended already."""

    code = "job_ended"


class NotEnded(Conflict):
    """Only a job that failed or was cancelled can be tried again."""

    code = "job_not_ended"


async def cancel(tx: Write, actor: Actor, job: Job) -> Job:
    """Stop a job found with WRITE: a waiting one never runs, the result of a running one is refused. Raises Ended."""
    cancelled = await tx.one(Job, _CANCEL, id=job.id, now=clock.now())
    if cancelled is None:
        raise Ended
    await events.record(tx, actor, "job.cancelled", space_id=job.space_id, object_id=job.id)
    return cancelled


async def retry(tx: Write, actor: Actor, job: Job) -> Job:
    """Put a job found with WRITE back in line, with all its attempts. Raises NotEnded."""
    now = clock.now()
    again = await tx.one(Job, _RETRY, id=job.id, now=now, turn=now + queue.wait(job.kind))
    if again is None:
        raise NotEnded
    await events.record(tx, actor, "job.retried", space_id=job.space_id, object_id=job.id)
    return again
