"""Organizations: where the handle comes from that every other call wants."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from courtyard.core import organizations
from courtyard.core.organizations import Organization
from courtyard.core.paging import Page, Slice
from courtyard.dialects.unpod import shapes
from courtyard.dialects.unpod.errors import RESPONSES
from courtyard.dialects.unpod.pages import ListShape, Paging, bounds, many, numbered
from courtyard.web.route import Route
from courtyard.web.suppliers import Caller, Whole

router = APIRouter(route_class=Route, tags=["Organizations"], responses=RESPONSES)


@router.get(
    "/api/v2/platform/organizations/",
    summary="Get all organizations",
    response_model=ListShape[shapes.OrganizationShape],
)
async def list_organizations(call: Whole, caller: Caller, paging: Annotated[Paging, Query()]) -> Response:
    """Those the caller belongs to, as guest of one of their spaces too; needs no `Org-Handle`."""
    size, skipped = bounds(paging, whole=True)
    async with call.services.database.scan() as tx:

        async def listing(page: Page) -> tuple[int, Slice[Organization]]:
            return await organizations.count(tx, caller), await organizations.page(tx, caller, page)

        total, rows = await numbered(size, skipped, lambda rank: organizations.ranked(tx, caller, rank), listing)
    return many("Organizations fetched successfully", total, rows, lambda row: shapes.organization(caller, row))
