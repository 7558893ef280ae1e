"""Spaces: list, make, look, change, end; and their background (seed 000)."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from courtyard.core import organizations, spaces
from courtyard.dialects.v1 import shapes
from courtyard.dialects.v1.doors import Changed, Ended, Seen
from courtyard.dialects.v1.models import NewSpace, SpaceFilters, SpacePatch
from courtyard.dialects.v1.pages import PageShape, asked, page
from courtyard.web.answer import Answer
from courtyard.web.preconditions import one
from courtyard.web.route import Route
from courtyard.web.suppliers import Caller, Read, Visitor, Whole, Write

router = APIRouter(route_class=Route, tags=["Spaces"])


@router.get("/v1/spaces", summary="List spaces", response_model=PageShape[shapes.SpaceShape])
async def list_spaces(call: Whole, caller: Visitor, filters: Annotated[SpaceFilters, Query()]) -> Response:
    """Every space the caller may read, newest first; anonymous callers see the public ones."""
    wanted, narrowed = asked(call, filters), filters.core()
    database = call.services.database
    if narrowed == spaces.Filters():
        async with database.read() as tx:
            found = await spaces.readable(tx, caller, wanted)
    elif narrowed == spaces.Filters(mine=True):
        async with database.read() as tx:
            found = await spaces.with_role(tx, caller, wanted)
    else:
        async with database.scan() as tx:
            found = await spaces.search(tx, caller, wanted, narrowed)
    return page(call, found, lambda space: shapes.space(caller, space))


@router.post("/v1/spaces", status_code=201, summary="Create a space", response_model=shapes.SpaceShape)
async def create_space(tx: Write, caller: Caller, call: Whole, body: NewSpace) -> Response:
    """The caller owns it; it belongs to the named organization or to the caller's personal one."""
    organization = await organizations.home(tx, caller, body.organization)
    space = await spaces.create(tx, caller, organization, body.core())
    return one(call, shapes.space(caller, space), 201, f"/v1/spaces/{space.id}")


@router.get("/v1/spaces/{space_id}", summary="Get a space", response_model=shapes.SpaceShape)
async def get_space(tx: Read, caller: Visitor, call: Whole, space: Seen) -> Response:
    return one(call, shapes.space(caller, space))


@router.patch("/v1/spaces/{space_id}", summary="Change a space", response_model=shapes.SpaceShape)
async def update_space(tx: Write, caller: Caller, call: Whole, space: Changed, body: SpacePatch) -> Response:
    """A merge patch; the whole space comes back."""
    return one(call, shapes.space(caller, await spaces.change(tx, caller, space, body.core())))


@router.delete("/v1/spaces/{space_id}", status_code=204, summary="Delete a space")
async def delete_space(tx: Write, caller: Caller, space: Ended) -> Response:
    """Irreversible: everything in the space goes with it."""
    await spaces.remove(tx, caller, space)
    return Answer(204)
