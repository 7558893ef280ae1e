"""Organizations: list, make, look, rename, end."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from starlette.responses import Response

from courtyard.core import organizations
from courtyard.dialects.v1 import shapes
from courtyard.dialects.v1.doors import Belonged, ChangedOrganization, EndedOrganization
from courtyard.dialects.v1.models import NewOrganization, OrganizationPatch
from courtyard.dialects.v1.pages import PageShape, Paging, asked, page
from courtyard.web.answer import Answer
from courtyard.web.preconditions import one
from courtyard.web.route import Route
from courtyard.web.suppliers import Caller, Read, Whole, Write

router = APIRouter(route_class=Route, tags=["Organizations"])


class OrganizationFilters(Paging):
    """What narrows the list of a platform administrator, who sees all otherwise."""

    mine: Literal["true", "false"] = "false"


@router.get("/v1/organizations", summary="List organizations", response_model=PageShape[shapes.OrganizationShape])
async def list_organizations(
    tx: Read, caller: Caller, call: Whole, filters: Annotated[OrganizationFilters, Query()]
) -> Response:
    """Those the caller belongs to, newest first; all of them for a platform administrator, but for `mine=true`."""
    found = await organizations.page(tx, caller, asked(call, filters), mine=filters.mine == "true")
    return page(call, found, lambda organization: shapes.organization(caller, organization))


@router.post(
    "/v1/organizations", status_code=201, summary="Create an organization", response_model=shapes.OrganizationShape
)
async def create_organization(tx: Write, caller: Caller, call: Whole, body: NewOrganization) -> Response:
    """The caller owns it. A handle is unique without regard to case."""
    organization = await organizations.create(tx, caller, body.name, body.handle)
    return one(call, shapes.organization(caller, organization), 201, f"/v1/organizations/{organization.handle}")


@router.get("/v1/organizations/{handle}", summary="Get an organization", response_model=shapes.OrganizationShape)
async def get_organization(tx: Read, caller: Caller, call: Whole, organization: Belonged) -> Response:
    return one(call, shapes.organization(caller, organization))


@router.patch("/v1/organizations/{handle}", summary="Change an organization", response_model=shapes.OrganizationShape)
async def update_organization(
    tx: Write, caller: Caller, call: Whole, organization: ChangedOrganization, body: OrganizationPatch
) -> Response:
    """Its name, its handle, or both."""
    changed = await organizations.change(tx, caller, organization, **body.asked())
    return one(call, shapes.organization(caller, changed))


@router.delete("/v1/organizations/{handle}", status_code=204, summary="Delete an organization")
async def delete_organization(tx: Write, caller: Caller, organization: EndedOrganization) -> Response:
    """Refused while it still has spaces, and for a personal one."""
    await organizations.remove(tx, caller, organization)
    return Answer(204)
