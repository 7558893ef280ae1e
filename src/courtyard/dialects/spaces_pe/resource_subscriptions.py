"""REST hooks: other programs are told of events at an address of theirs."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from courtyard.core import hooks
from courtyard.dialects.spaces_pe import shapes
from courtyard.dialects.spaces_pe.doors import OwnHook, TheHook, WritingEverywhere
from courtyard.dialects.spaces_pe.errors import RESPONSES
from courtyard.dialects.spaces_pe.models import FORM, NewResourceSubscription
from courtyard.dialects.spaces_pe.pages import ListShape, Paging, asked, hook_positions, page
from courtyard.web.answer import answer
from courtyard.web.route import Route
from courtyard.web.suppliers import Caller, Read, Write

router = APIRouter(route_class=Route, tags=["Resource subscriptions"], responses=RESPONSES)
PLACE = "/api/v1/resource_subscriptions"
ONE = PLACE + "/{number}"
FORM_BODY: dict[str, Any] = {
    "requestBody": {"content": {FORM: {"schema": {"$ref": "#/components/schemas/NewResourceSubscription"}}}}
}


@router.get(PLACE, summary="List all resource subscriptions", response_model=ListShape[shapes.HookShape])
async def list_hooks(tx: Read, caller: Caller, paging: Annotated[Paging, Query()]) -> Response:
    """The caller's own, newest first."""
    found = await hooks.page(tx, caller, await asked(paging, hook_positions(tx, caller)))
    return page("/v1/resource_subscriptions", found, shapes.hook)


@router.post(PLACE, summary="Create a resource subscription", response_model=shapes.HookShape, openapi_extra=FORM_BODY)
async def create_hook(tx: Write, caller: Caller, writing: WritingEverywhere, body: NewResourceSubscription) -> Response:
    """From now on each such event in the caller's spaces is sent to `target_url`."""
    return answer(200, shapes.hook(await hooks.create(tx, caller, body.event, body.target_url)))


@router.get(ONE, summary="Retrieve a resource subscription", response_model=shapes.HookShape)
async def get_hook(tx: Read, caller: Caller, hook: TheHook) -> Response:
    return answer(200, shapes.hook(hook))


@router.delete(ONE, summary="Delete a resource subscription", response_model=shapes.DeletedShape)
async def delete_hook(tx: Write, caller: Caller, hook: OwnHook) -> Response:
    """Nothing more is sent to its address."""
    await hooks.remove(tx, caller, hook)
    return answer(200, shapes.deleted(hook))
