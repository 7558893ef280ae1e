"""The second factor: an authenticator app set up and taken away, and recovery codes."""

from fastapi import APIRouter
from starlette.responses import Response

from courtyard.core.identity import second
from courtyard.core.identity.second import NoSecondFactor, WrongCode
from courtyard.dialects.pages import views
from courtyard.dialects.pages.forms import Code, Form
from courtyard.dialects.pages.visitors import Fresh, OwnForm, SignedIn
from courtyard.web.relying import NAME
from courtyard.web.route import Route
from courtyard.web.suppliers import Read, Whole, Write

router = APIRouter(route_class=Route, include_in_schema=False)
HERE = "/account/second-factor"


@router.get(HERE)
async def second_factor_page(tx: Read, caller: SignedIn, call: Whole) -> Response:
    return views.page(call, "second_factor", ways=await second.ways(tx, caller.person_id))


@router.post(HERE + "/app")
async def enrol(tx: Write, caller: SignedIn, call: Whole, own: OwnForm, fresh: Fresh, body: Form) -> Response:
    """The secret is shown here only: nobody reads it out of the account later."""
    made = await second.enrol(tx, caller, NAME)
    grouped = " ".join(made.secret[at : at + 4] for at in range(0, len(made.secret), 4))
    return views.page(call, "enrol", secret=grouped, uri=made.uri)


@router.post(HERE + "/app/confirm")
async def confirm(tx: Write, caller: SignedIn, call: Whole, own: OwnForm, fresh: Fresh, body: Code) -> Response:
    """From its first code on the app is asked for."""
    try:
        codes = await second.confirm(tx, caller, body.code)
    except WrongCode as wrong:
        return views.page(call, "enrol", 422, secret="", uri="", error=wrong.message)
    except NoSecondFactor:
        return views.go(HERE)
    return views.page(call, "codes", codes=codes, back=HERE) if codes else views.go(HERE)


@router.post(HERE + "/app/remove")
async def remove(tx: Write, caller: SignedIn, own: OwnForm, fresh: Fresh, body: Form) -> Response:
    await second.remove(tx, caller)
    return views.go(HERE)


@router.post(HERE + "/codes")
async def regenerate(tx: Write, caller: SignedIn, call: Whole, own: OwnForm, fresh: Fresh, body: Form) -> Response:
    """The codes of before open nothing any more."""
    return views.page(call, "codes", codes=await second.regenerate(tx, caller), back=HERE)
