"""The caller's keys, and those of organizations."""

from typing import Annotated

from fastapi import APIRouter, Body, Query
from starlette.responses import Response

from courtyard.core.identity import credentials, rotation
from courtyard.core.membership import organization_keys
from courtyard.dialects.v1 import shapes
from courtyard.dialects.v1.doors import OwnKey
from courtyard.dialects.v1.models import KeyFilters, KeyPatch, NewKey, Rotation
from courtyard.dialects.v1.pages import PageShape, asked, page
from courtyard.web.answer import Answer, answer
from courtyard.web.preconditions import one
from courtyard.web.route import Route, issues_secret
from courtyard.web.suppliers import Caller, Read, Whole, Write

_ROTATION = Rotation()
router = APIRouter(route_class=Route, tags=["Self"])


@router.get("/v1/keys", summary="List keys", response_model=PageShape[shapes.KeyShape])
async def list_keys(tx: Read, caller: Caller, call: Whole, filters: Annotated[KeyFilters, Query()]) -> Response:
    """The caller's own, or those of an organization for its owners and admins; newest first, never with a secret."""
    wanted = asked(call, filters)
    if filters.organization is None:
        return page(call, await credentials.page(tx, caller, wanted), shapes.key)
    return page(call, await organization_keys.page(tx, caller, filters.organization, wanted), shapes.key)


@router.post("/v1/keys", status_code=201, summary="Create a key", response_model=shapes.NewKeyShape)
@issues_secret
async def create_key(tx: Write, caller: Caller, body: NewKey) -> Response:
    """A key is never stronger than the credential that makes it. Needs the scope `admin`.

    With `organization` it is a service key: it works as an admin in the spaces of that organization, whoever made it.
    """
    if body.organization is None:
        return _shown(*await credentials.create(tx, caller, body.core()))
    return _shown(*await organization_keys.create(tx, caller, body.organization, body.core()))


@router.get("/v1/keys/{key_id}", summary="Get a key", response_model=shapes.KeyShape)
async def get_key(tx: Read, caller: Caller, call: Whole, key: OwnKey) -> Response:
    return one(call, shapes.key(key))


@router.patch("/v1/keys/{key_id}", summary="Rename a key", response_model=shapes.KeyShape)
async def update_key(tx: Write, caller: Caller, call: Whole, key: OwnKey, body: KeyPatch) -> Response:
    name = body.asked()
    return one(call, shapes.key(key if name is None else await credentials.rename(tx, caller, key, name)))


@router.delete("/v1/keys/{key_id}", status_code=204, summary="Revoke a key")
async def revoke_key(tx: Write, caller: Caller, key: OwnKey) -> Response:
    """It is refused from the next request on."""
    await credentials.revoke(tx, caller, key)
    return Answer(204)


@router.post("/v1/keys/{key_id}/rotate", status_code=201, summary="Rotate a key", response_model=shapes.NewKeyShape)
@issues_secret
async def rotate_key(tx: Write, caller: Caller, key: OwnKey, body: Annotated[Rotation, Body()] = _ROTATION) -> Response:
    """A new key with the same rights; the old one works beside it for a day, or for `grace_hours`."""
    return _shown(*await rotation.rotate(tx, caller, key, **body.core()))


def _shown(key: credentials.Credential, secret: str) -> Response:
    """The only answer that ever holds the secret: nobody may store it on the way."""
    headers = {"Location": f"/v1/keys/{key.id}", "Cache-Control": "no-store"}
    return answer(201, {**shapes.key(key), "key": secret}, headers)
