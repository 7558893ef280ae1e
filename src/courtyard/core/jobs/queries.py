"""The door to jobs, and their lists. A job without a space is nobody's business; one in the trash rests there."""

from typing import LiteralString

import msgspec

from courtyard.core import spaces
from courtyard.core.access.roles import Permission
from courtyard.core.actor import Actor
from courtyard.core.errors import NotFound
from courtyard.core.jobs.model import Filters, Run, SpaceJob
from courtyard.core.paging import LAST, Page, Slice, cut
from courtyard.core.queue import Job
from courtyard.core.spaces import Space
from courtyard.storage.database import Pair, Read

COLUMNS: LiteralString = (
    "select j.number, j.id, j.kind, j.space_id, j.artifact_id, j.payload, j.status, j.progress, j.message, j.attempt,"
    " j.max_attempts, j.error, j.fence, j.due_at, j.created_at, j.started_at, j.completed_at"
)
_ROWS: LiteralString = " from job j left join artifact a on a.id = j.artifact_id where "
_BY_ID: LiteralString = COLUMNS + _ROWS + "j.id = :id and a.deleted_at is null"
# Bounded and ordered by both columns of their indexes, lest PostgreSQL walk the ids of everybody's jobs and artifacts.
_OF_ARTIFACT: LiteralString = (
    COLUMNS + " from job j where (j.artifact_id, j.id) < (:artifact, :past) and j.artifact_id >= :artifact"
    " order by j.artifact_id desc, j.id desc limit :limit"
)
_OF_SPACE: LiteralString = (
    COLUMNS + ", a.name as artifact_name" + _ROWS + "(j.space_id, j.id) < (:space, :past) and j.space_id >= :space"
    " and a.deleted_at is null order by j.space_id desc, j.id desc limit :limit"
)
# All of them less those in the trash: both are counted in an index, without a look at any artifact that is not there.
_COUNT: LiteralString = (
    "select (select count(*) from job j where j.space_id = :space) - (select count(*) from artifact a"
    " join job j on j.artifact_id = a.id where a.space_id = :space and a.deleted_at is not null)"
)
# Every artifact is born with a job.
_RUNS: LiteralString = (
    "select c.id as artifact_id, c.name as artifact_name,"
    " case when max(case when j.status = 'processing' then 1 else 0 end) = 1 then 'processing'"
    " when max(case when j.status = 'pending' then 1 else 0 end) = 1 then 'pending'"
    " else (select l.status from job l where l.artifact_id = c.id order by l.id desc limit 1) end as status,"
    " count(*) as jobs, min(j.created_at) as created_at,"
    " max(coalesce(j.completed_at, j.started_at, j.created_at)) as changed_at"
    " from (select a.id, a.name from artifact a where a.deleted_at is null"
    " and a.space_id || a.id < :past and a.space_id || a.id > :space order by a.space_id || a.id desc limit :limit) c"
    " join job j on j.artifact_id = c.id group by c.id, c.name order by c.id desc"
)
# The newest of each space, each from its own index; SQLite has no lateral join, there a correlated subquery hands its few
# ids over as one JSON array.
_MINE: LiteralString = (
    "(select m.space_id as id from member m where m.person_id = :person union"
    " select s.id from organization_member g join space s on s.organization_id = g.organization_id"
    " where g.person_id = :person and (g.role in ('owner', 'admin') or s.visibility = 'shared')) w"
)
_NEWEST_: LiteralString = (
    "select j.id from job j left join artifact a on a.id = j.artifact_id where (j.space_id, j.id) < (w.id, :past)"
    " and j.space_id >= w.id and a.deleted_at is null and (:status = '' or j.status = :status)"
    " and (:kind = '' or j.kind = :kind)"
)
_NEWEST: LiteralString = _NEWEST_ + " order by j.space_id desc, j.id desc limit :limit"
# Few jobs are anything but completed, and those have an index of their own.
_UNSETTLED: LiteralString = _NEWEST_ + " and j.status <> 'completed' order by j.space_id desc, j.id desc limit :limit"
_WANTED: LiteralString = " where (:space = '' or w.id = :space)"


def _of_caller(newest: LiteralString) -> Pair:
    sqlite: LiteralString = (
        COLUMNS
        + " from (select x.value as id from "
        + _MINE
        + ", json_each((select json_group_array(y.id) from ("
        + newest
        + ") y)) x"
        + _WANTED
        + " and (:limited = 0 or w.id in (select value from json_each(:spaces)))"
        + " order by x.value desc limit :limit) c join job j on j.id = c.id order by j.id desc"
    )
    postgres: LiteralString = (
        COLUMNS
        + " from (select x.id from "
        + _MINE
        + ", lateral ("
        + newest
        + ") x"
        + _WANTED
        + " and (:limited = 0 or w.id in (select jsonb_array_elements_text(cast(:spaces as jsonb))))"
        + " order by x.id desc limit :limit) c join job j on j.id = c.id order by j.id desc"
    )
    return Pair(sqlite=sqlite, postgres=postgres)


OF_CALLER, UNSETTLED_OF_CALLER = _of_caller(_NEWEST), _of_caller(_UNSETTLED)
# Its space appears with its end: until then it is the affair of whoever asked for it.
_OWN_IMPORT: LiteralString = (
    "select 1 from job where id = :id and kind = 'import' and space_id is null and created_by = :person"
)
_OWN_IMPORTS: LiteralString = (
    COLUMNS + " from job j where j.kind = 'import' and j.space_id is null and j.created_by = :person and j.id < :past"
    " and (:status = '' or j.status = :status) order by j.id desc limit :limit"
)
_COUNT_RUNS: LiteralString = "select count(*) from artifact a where a.space_id = :space and a.deleted_at is null"


async def find(tx: Read, actor: Actor, job_id: str, permission: Permission = Permission.JOIN) -> Job:
    """The job, for a member of its space (JOIN to look, WRITE to cancel or retry), or for whoever asked for its space.

    Raises NotFound (Unauthenticated without a credential), Forbidden.
    """
    job = await tx.one(Job, _BY_ID, id=job_id)
    if (
        job is not None
        and job.space_id is None
        and actor.spaces is None
        and await tx.one(int, _OWN_IMPORT, id=job_id, person=actor.person_id)
    ):
        actor.needs(permission.scope)
        return job
    await spaces.find_around(tx, actor, job and job.space_id, permission)
    if job is None:
        raise NotFound
    return job


async def of_artifact(tx: Read, artifact_id: str, page: Page) -> Slice[Job]:
    """The jobs of an artifact found in a space with JOIN, newest first."""
    rows = await tx.all(Job, _OF_ARTIFACT, artifact=artifact_id, past=page.after or LAST, limit=page.limit + 1)
    return cut(rows, page.limit)


async def of_caller(tx: Read, actor: Actor, page: Page, filters: Filters) -> Slice[Job]:
    """The jobs of all spaces in which the caller has a role, and their own imports that have none yet, newest first.

    `tx` may take long (`scan`). Raises Forbidden.
    """
    actor.needs("read")
    if "" in (filters.status, filters.kind, filters.space_id):
        return Slice([], more=False)
    rows = await tx.all(
        Job,
        OF_CALLER if filters.status in (None, "completed") else UNSETTLED_OF_CALLER,
        person=actor.person_id,
        past=page.after or LAST,
        status=filters.status or "",
        kind=filters.kind or "",
        space=filters.space_id or "",
        limited=int(actor.spaces is not None),
        spaces=msgspec.json.encode(sorted(actor.spaces or ())).decode(),
        limit=page.limit + 1,
    )
    own = await _own_imports(tx, actor, page, filters)
    return cut(sorted(rows + own, key=lambda job: job.id, reverse=True), page.limit)


async def _own_imports(tx: Read, actor: Actor, page: Page, filters: Filters) -> list[Job]:
    """None for a credential that is limited to certain spaces, and none of a space."""
    if actor.spaces is not None or filters.space_id is not None or filters.kind not in (None, "import"):
        return []
    return await tx.all(
        Job,
        _OWN_IMPORTS,
        person=actor.person_id,
        past=page.after or LAST,
        status=filters.status or "",
        limit=page.limit + 1,
    )


async def of_space(tx: Read, space: Space, page: Page) -> tuple[int, Slice[SpaceJob]]:
    """How many jobs a space found with JOIN has, and a page of them, newest first."""
    rows = await tx.all(SpaceJob, _OF_SPACE, space=space.id, past=page.after or LAST, limit=page.limit + 1)
    return await tx.one(int, _COUNT, space=space.id) or 0, cut(rows, page.limit)


async def runs(tx: Read, space: Space, page: Page) -> tuple[int, Slice[Run]]:
    """How many runs (artifacts with jobs) a space found with JOIN has, and a page of them, newest artifact first."""
    rows = await tx.all(Run, _RUNS, space=space.id, past=space.id + (page.after or LAST), limit=page.limit + 1)
    return await tx.one(int, _COUNT_RUNS, space=space.id) or 0, cut(rows, page.limit)
