"""Spaces that were sent as a ZIP and are made by a job: promised, looked up, ended, forgotten."""

from typing import LiteralString

import msgspec

from courtyard.core import clock, events, ids, organizations, queue, spaces
from courtyard.core.actor import RANK, Actor, Origin
from courtyard.core.errors import Invalid
from courtyard.core.identity import people, sessions
from courtyard.core.queue import Job
from courtyard.core.spaces.actions import VISIBILITIES
from courtyard.storage.blobs import Blob
from courtyard.storage.database import Read, Write

KIND = "import"
PAUSE = 2 * clock.SECOND
KEPT = clock.DAY
"""So long the ZIP of an import that failed is there for another try."""
COLUMNS: LiteralString = (
    "select i.id, i.job_id, i.blob_key, i.size, i.sha256, i.person_id, i.administrator, i.organization_id, i.name,"
    " i.visibility, i.members, i.space_id from space_import i"
)
_OVER: LiteralString = (
    "select i.id from space_import i join job j on j.id = i.job_id"
    " where j.status in ('completed', 'failed', 'cancelled') and j.completed_at < :before limit 100"
)


class Import(msgspec.Struct, frozen=True):
    """A ZIP that is to become a space of that person, in that organization; `space_id`: what has been begun of it."""

    id: str
    job_id: str
    blob_key: str
    size: int
    sha256: str
    person_id: str
    administrator: int
    organization_id: str
    name: str | None
    visibility: str
    members: int
    space_id: str | None


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for: in which organization (None: one's own), by which name (None: as in the bag)."""

    organization: str | None = None
    name: str | None = None
    visibility: str = "private"
    members: bool = False


async def check(tx: Read, actor: Actor, terms: Terms) -> organizations.Organization:
    """Refuse what `promise` would refuse, before bytes are taken in. Raises Invalid, Forbidden, ConfirmFirst."""
    actor.needs("write")
    if actor.spaces is not None:
        raise Invalid("organization", "This credential is limited to certain spaces.", code="limited")
    if terms.visibility not in VISIBILITIES:
        raise Invalid("visibility", f"One of: {', '.join(sorted(VISIBILITIES))}.", code="choice")
    if terms.members:
        await sessions.require_recent_of_session(tx, actor)
    return await organizations.home(tx, actor, terms.organization)


async def promise(tx: Write, actor: Actor, terms: Terms, blob: Blob) -> Job:
    """The job that makes a space of a durably stored ZIP. Raises Invalid, Forbidden, ConfirmFirst."""
    organization = await check(tx, actor, terms)
    import_id = ids.new()
    job_id = await queue.enqueue(tx, KIND, created_by=actor.person_id or None, **{"import": import_id})
    await tx.run(
        "insert into space_import (id, job_id, blob_key, size, sha256, person_id, administrator, organization_id, name,"
        " visibility, members, created_at) values (:id, :job, :key, :size, :sha256, :person, :administrator,"
        " :organization, :name, :visibility, :members, :now)",
        id=import_id,
        job=job_id,
        key=blob.key,
        size=blob.size,
        sha256=blob.sha256,
        person=actor.person_id,
        administrator=int(actor.administrator),
        organization=organization.id,
        name=terms.name,
        visibility=terms.visibility,
        members=int(terms.members),
        now=clock.now(),
    )
    await events.record(tx, actor, "space.import_promised", object_id=job_id)
    job = await tx.one(Job, "select " + queue.COLUMNS + " from job where id = :id", id=job_id)
    if job is None:
        raise AssertionError("a job that was just made is there")
    return job


async def seek(tx: Read, job: Job) -> Import | None:
    """What a job is to make; None when it is made, or nobody may try it again."""
    return await tx.one(Import, COLUMNS + " where i.job_id = :job", job=job.id)


async def importer(tx: Read, wanted: Import) -> Actor | None:
    """Whoever asked for it, as far as they may still act; None when their account is closed."""
    person = await people.seek(tx, wanted.person_id)
    if person is None or person.state != "active":
        return None
    administrator = bool(wanted.administrator and person.is_administrator)
    return Actor(Origin("worker"), person.id, RANK["write"], administrator)


async def fulfil(tx: Write, actor: Actor, job: Job, wanted: Import, space: spaces.Space) -> bool:
    """The space is there: settle the job with its fence, and let the ZIP go. False when the job was lost meanwhile."""
    if not await queue.complete(tx, job):
        return False
    await tx.run("update job set space_id = :space where id = :id", id=job.id, space=space.id)
    await _end(tx, wanted.id)
    await events.record(tx, actor, "space.imported", space_id=space.id, object_id=space.id)
    return True


async def postpone(tx: Write, job: Job) -> bool:
    """Give the job back untried, for a moment in which nobody here has time for it; False when it was lost."""
    due = clock.now() + PAUSE
    given = await tx.run(
        "update job set status = 'pending', attempt = attempt - 1, lease_until = null, due_at = :due, turn = :turn"
        " where id = :id and fence = :fence and status = 'processing'",
        id=job.id,
        fence=job.fence,
        due=due,
        turn=due + queue.wait(KIND),
    )
    return bool(given)


async def forget(tx: Write) -> int:
    """Let go of the ZIPs of imports that ended a day ago without a space; how many."""
    over = await tx.all(str, _OVER, before=clock.now() - KEPT)
    for import_id in over:
        await _end(tx, import_id)
    return len(over)


async def _end(tx: Write, import_id: str) -> None:
    key = await tx.one(str, "delete from space_import where id = :id returning blob_key", id=import_id)
    if key is not None:
        await tx.run(
            "insert into blob_garbage (key, at) values (:key, :now) on conflict (key) do nothing",
            key=key,
            now=clock.now(),
        )
