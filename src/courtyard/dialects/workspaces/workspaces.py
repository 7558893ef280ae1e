"""Workspaces: the four lists, one of them, make, change, end."""

from typing import Annotated, NotRequired

from fastapi import APIRouter, Query
from starlette.responses import Response
from typing_extensions import TypedDict

from courtyard.core import organizations, spaces
from courtyard.core.access.roles import Permission
from courtyard.core.membership import holds
from courtyard.core.paging import Page
from courtyard.dialects.workspaces import shapes
from courtyard.dialects.workspaces.doors import Anybody, Owned, Public, Seen
from courtyard.dialects.workspaces.errors import RESPONSES
from courtyard.dialects.workspaces.models import NewWorkspace, WorkspaceChange
from courtyard.dialects.workspaces.pages import BATCH, Everything, Paging, WholePaging, fetch
from courtyard.web.answer import answer
from courtyard.web.route import Route
from courtyard.web.suppliers import Caller, Read, Whole, Write

router = APIRouter(route_class=Route, tags=["Workspaces"], responses=RESPONSES)
ALL = "All workspaces retrieved successfully"


class Said(TypedDict):
    message: str


class OwnedPage(TypedDict):
    workspaces: list[shapes.WorkspaceShape]
    next_index: str | None


class SharedPage(TypedDict):
    workspaces: list[shapes.SharedShape]
    next_index: str | None


class PublicPage(TypedDict):
    workspaces: list[shapes.PublicShape]
    next_index: str | None


class OwnedList(Said):
    data: OwnedPage


class SharedList(Said):
    workspaces: SharedPage


class PublicList(Said):
    workspaces: PublicPage


class WholeList(Said):
    """`next_index` comes with pages only."""

    workspaces: list[shapes.ListedShape]
    next_index: NotRequired[str | None]


class OneWorkspace(Said):
    data: shapes.WorkspaceShape


class OneDetailed(Said):
    data: shapes.DetailedShape


@router.get("/workspaces/", summary="List User Workspaces", response_model=OwnedList)
async def list_workspaces(tx: Read, caller: Caller, call: Whole, paging: Annotated[Paging, Query()]) -> Response:
    """Those the caller owns, oldest first."""
    found, next_index = await fetch(call, tx, paging, spaces.owned)
    rows = found.map(lambda space: shapes.workspace(caller, space))
    data = {"workspaces": rows, "next_index": next_index}
    return answer(200, {"message": "Workspaces retrieved successfully", "data": data})


@router.get("/workspaces/all/", summary="Get All Workspaces (Admin)", response_model=WholeList)
async def list_all_workspaces(caller: Caller, call: Whole, paging: Annotated[WholePaging, Query()]) -> Response:
    """For platform administrators: a page when `limit` or `index` is sent, else every one there is, streamed."""
    asked = paging.paging()
    async with call.services.database.read() as tx:
        if asked is None:
            return Everything(call, await spaces.everything(tx, caller, Page(BATCH)), ALL)
        found, next_index = await fetch(call, tx, asked, spaces.everything)
    return answer(200, {"message": ALL, "workspaces": found.map(shapes.listed), "next_index": next_index})


@router.get("/workspaces/share/", summary="List Shared Workspaces", response_model=SharedList)
async def list_shared_workspaces(tx: Read, caller: Caller, call: Whole, paging: Annotated[Paging, Query()]) -> Response:
    """Those in which the caller has a role but is not the owner, oldest first."""
    found, next_index = await fetch(call, tx, paging, spaces.shared_with)
    rows = found.map(lambda space: shapes.shared(caller, space))
    data = {"workspaces": rows, "next_index": next_index}
    return answer(200, {"message": "Shares retrieved successfully", "workspaces": data})


@router.get("/workspaces/public/", summary="List Public Workspaces", response_model=PublicList)
async def list_public_workspaces(tx: Read, _: Anybody, call: Whole, paging: Annotated[Paging, Query()]) -> Response:
    """For everybody, oldest first; a credential makes no difference."""
    found, next_index = await fetch(call, tx, paging, spaces.public)
    data = {"workspaces": found.map(shapes.public), "next_index": next_index}
    return answer(200, {"message": "Public workspaces retrieved successfully", "workspaces": data})


@router.get("/workspaces/public/{id}", summary="Get Public Workspace by ID", response_model=OneDetailed)
async def get_public_workspace(tx: Read, caller: Anybody, space: Public) -> Response:
    """For everybody, without its owner; a credential makes no difference."""
    return answer(200, {"message": "Workspace retrieved successfully", "data": shapes.detailed(caller, space)})


@router.get("/workspaces/{id}", summary="Get Workspace by ID", response_model=OneDetailed)
async def get_workspace(tx: Read, caller: Caller, space: Seen) -> Response:
    """One that the caller owns, has a role in, or that is public."""
    return answer(200, {"message": "Workspace retrieved successfully", "data": shapes.detailed(caller, space)})


@router.post("/workspaces/", summary="Create Workspace", response_model=OneWorkspace)
async def create_workspace(tx: Write, caller: Caller, body: NewWorkspace) -> Response:
    """The caller owns it."""
    space = await spaces.create(tx, caller, await organizations.home(tx, caller, None), body.core())
    return answer(200, {"message": "Workspace created successfully", "data": shapes.workspace(caller, space)})


@router.put("/workspaces/{id}", summary="Update Workspace", response_model=OneWorkspace)
async def update_workspace(tx: Write, caller: Caller, space: Owned, body: WorkspaceChange) -> Response:
    """For the owner."""
    # What the change means depends on what the workspace is: nobody else may change it in between.
    space = await holds.space(tx, caller, space, Permission.OWN)
    changed = await spaces.change(tx, caller, space, body.core(space))
    return answer(200, {"message": "Workspace updated successfully", "data": shapes.workspace(caller, changed)})


@router.delete("/workspaces/{id}", summary="Delete Workspace", response_model=Said)
async def delete_workspace(tx: Write, caller: Caller, space: Owned) -> Response:
    """For the owner; everything in it goes with it."""
    await spaces.remove(tx, caller, space)
    return answer(200, {"message": "Workspace deleted successfully"})
