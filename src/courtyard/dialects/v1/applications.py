"""Applications of the caller: programs that ask people for access by OAuth 2."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from courtyard.core.oauth import applications
from courtyard.core.oauth.applications import Application
from courtyard.dialects.v1 import granting
from courtyard.dialects.v1.granting import ApplicationPatch, NewApplication, OwnApplication
from courtyard.dialects.v1.pages import PageShape, Paging, asked, page
from courtyard.web.answer import Answer, answer
from courtyard.web.preconditions import one
from courtyard.web.route import Route, issues_secret
from courtyard.web.suppliers import Caller, Read, Whole, Write

router = APIRouter(route_class=Route, tags=["Applications"])
PLACE = "/v1/applications"
ONE = PLACE + "/{application_id}"


@router.get(PLACE, summary="List applications", response_model=PageShape[granting.ApplicationShape])
async def list_applications(tx: Read, caller: Caller, call: Whole, paging: Annotated[Paging, Query()]) -> Response:
    """The caller's own, newest first; never with a secret."""
    return page(call, await applications.page(tx, caller, asked(call, paging)), granting.application)


@router.post(PLACE, status_code=201, summary="Create an application", response_model=granting.NewApplicationShape)
@issues_secret
async def create_application(tx: Write, caller: Caller, body: NewApplication) -> Response:
    """A public one (on people's own devices) has no secret. Needs the scope `admin`."""
    return _shown(*await applications.create(tx, caller, body.core()))


@router.get(ONE, summary="Get an application", response_model=granting.ApplicationShape)
async def get_application(tx: Read, caller: Caller, call: Whole, application: OwnApplication) -> Response:
    return one(call, granting.application(application))


@router.patch(ONE, summary="Change an application", response_model=granting.ApplicationShape)
async def update_application(
    tx: Write, caller: Caller, call: Whole, application: OwnApplication, body: ApplicationPatch
) -> Response:
    """A merge patch; the whole application comes back."""
    return one(call, granting.application(await applications.change(tx, caller, application, body.core())))


@router.delete(ONE, status_code=204, summary="Delete an application")
async def delete_application(tx: Write, caller: Caller, application: OwnApplication) -> Response:
    """Its tokens and the consents to it end with it."""
    await applications.remove(tx, caller, application)
    return Answer(204)


@router.post(ONE + "/secret", status_code=201, summary="Renew the secret", response_model=granting.NewApplicationShape)
@issues_secret
async def renew_secret(tx: Write, caller: Caller, application: OwnApplication) -> Response:
    """The old one ends at once; tokens stay."""
    return _shown(*await applications.renew_secret(tx, caller, application))


def _shown(application: Application, secret: str | None) -> Response:
    """The only answer that ever holds the secret: nobody may store it on the way."""
    headers = {"Location": f"{PLACE}/{application.id}", "Cache-Control": "no-store"}
    shape = granting.application(application)
    return answer(201, shape if secret is None else {**shape, "client_secret": secret}, headers)
