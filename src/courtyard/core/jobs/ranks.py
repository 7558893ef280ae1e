"""Where a numbered page of jobs or runs begins, for protocols that count pages instead of carrying a cursor."""

from typing import LiteralString

from courtyard.core.spaces import Space
from courtyard.storage.database import Read

_JOB: LiteralString = (
    "select j.id from job j left join artifact a on a.id = j.artifact_id where j.space_id = :space"
    " and a.deleted_at is null order by j.space_id desc, j.id desc limit 1 offset :skipped"
)
_RUN: LiteralString = (
    "select a.id from artifact a where a.space_id = :space and a.deleted_at is null"
    " order by a.space_id desc, a.id desc limit 1 offset :skipped"
)


async def ranked_of_space(tx: Read, space: Space, rank: int) -> str | None:
    """The id of the job at that rank (from 1) in `of_space`, for `Page.after`; None beyond its end."""
    return await tx.one(str, _JOB, space=space.id, skipped=rank - 1)


async def ranked_run(tx: Read, space: Space, rank: int) -> str | None:
    """The id of the artifact whose run is at that rank (from 1) in `runs`; None beyond its end."""
    return await tx.one(str, _RUN, space=space.id, skipped=rank - 1)
