"""Spaces of an organization: those that the caller may read (seed 003)."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from courtyard.core import spaces
from courtyard.dialects.unpod import shapes
from courtyard.dialects.unpod.doors import Belonged, Readable
from courtyard.dialects.unpod.errors import RESPONSES
from courtyard.dialects.unpod.pages import ListShape, OneShape, Paging, bounds, many, numbered, one
from courtyard.web.route import Route
from courtyard.web.suppliers import Caller, Read, Whole

router = APIRouter(route_class=Route, tags=["Spaces"], responses=RESPONSES)
PLACE = "/api/v2/platform/spaces/"


@router.get(PLACE, summary="Get all spaces", response_model=ListShape[shapes.SpaceShape])
async def list_spaces(
    call: Whole, caller: Caller, organization: Belonged, paging: Annotated[Paging, Query()]
) -> Response:
    """Newest first: all of them, or a page when `page` or `page_size` is sent."""
    size, skipped = bounds(paging, whole=True)
    async with call.services.database.scan() as tx:
        total, rows = await numbered(
            size,
            skipped,
            lambda rank: spaces.ranked_in_organization(tx, caller, organization.id, rank),
            lambda page: spaces.in_organization(tx, caller, organization.id, page),
        )
    return many("Spaces fetched successfully", total, rows, shapes.space)


@router.get(PLACE + "{space_token}/", summary="Get space by token", response_model=OneShape[shapes.SpaceShape])
async def get_space(tx: Read, caller: Caller, organization: Belonged, space: Readable) -> Response:
    """Its configuration and metadata."""
    return one("Space fetched successfully", shapes.space(space))
