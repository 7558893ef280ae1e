"""Tasks and runs: the background work of a space, in the platform's words."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from courtyard.core import jobs
from courtyard.dialects.unpod import shapes
from courtyard.dialects.unpod.doors import Belonged, Joined
from courtyard.dialects.unpod.errors import RESPONSES
from courtyard.dialects.unpod.pages import ListShape, Paging, bounds, many, numbered
from courtyard.web.route import Route
from courtyard.web.suppliers import Caller, Whole

router = APIRouter(route_class=Route, tags=["Tasks and runs"], responses=RESPONSES)
PLACE = "/api/v2/platform/spaces/{space_token}"


@router.get(PLACE + "/tasks/", summary="Get tasks by space token", response_model=ListShape[shapes.TaskShape])
async def list_tasks(
    call: Whole, caller: Caller, organization: Belonged, space: Joined, paging: Annotated[Paging, Query()]
) -> Response:
    """The jobs of a space, newest first, 20 on a page."""
    size, skipped = bounds(paging, whole=False)
    async with call.services.database.scan() as tx:
        total, rows = await numbered(
            size,
            skipped,
            lambda rank: jobs.ranked_of_space(tx, space, rank),
            lambda page: jobs.of_space(tx, space, page),
        )
    return many("Tasks Fetched Successfully", total, rows, shapes.task)


@router.get(PLACE + "/runs/", summary="Get all runs in a space", response_model=ListShape[shapes.RunShape])
async def list_runs(
    call: Whole, caller: Caller, organization: Belonged, space: Joined, paging: Annotated[Paging, Query()]
) -> Response:
    """A run is all the jobs of one artifact; the newest artifact first, 20 on a page."""
    size, skipped = bounds(paging, whole=False)
    async with call.services.database.scan() as tx:
        total, rows = await numbered(
            size, skipped, lambda rank: jobs.ranked_run(tx, space, rank), lambda page: jobs.runs(tx, space, page)
        )
    return many("Runs Fetched Successfully", total, rows, shapes.run)
