"""Spaces in which the caller has a role, and the account itself."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from courtyard.core import spaces
from courtyard.core.identity import people
from courtyard.dialects.spaces_pe import shapes
from courtyard.dialects.spaces_pe.doors import Joined
from courtyard.dialects.spaces_pe.errors import RESPONSES
from courtyard.dialects.spaces_pe.pages import ListShape, Paging, asked, page, space_positions
from courtyard.web.answer import answer
from courtyard.web.route import Route
from courtyard.web.suppliers import Caller, Read, Whole

router = APIRouter(route_class=Route, tags=["Spaces"], responses=RESPONSES)


@router.get("/api/v1/spaces", summary="List all Spaces", response_model=ListShape[shapes.SpaceShape])
async def list_spaces(tx: Read, caller: Caller, call: Whole, paging: Annotated[Paging, Query()]) -> Response:
    """Newest first; public spaces of strangers do not count."""
    home = call.services.policy.public_url
    found = await spaces.with_role(tx, caller, await asked(paging, space_positions(tx, caller)))
    return page("/v1/spaces", found, lambda space: shapes.space(space, home))


@router.get("/api/v1/spaces/{number}", summary="Retrieve a Space", response_model=shapes.SpaceShape)
async def get_space(tx: Read, caller: Caller, call: Whole, space: Joined) -> Response:
    """By its number: ids run from 1."""
    return answer(200, shapes.space(space, call.services.policy.public_url))


@router.get("/api/v1/account", tags=["Account"], summary="Retrieve the account", response_model=shapes.AccountShape)
async def get_account(tx: Read, caller: Caller) -> Response:
    """Whoever holds the access token."""
    caller.needs("read")
    return answer(200, shapes.account(await people.find(tx, caller.person_id)))
