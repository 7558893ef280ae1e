"""The first run: whoever has the address that the server printed becomes the first administrator."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from courtyard.core import accounts
from courtyard.core.accounts import setting_up
from courtyard.core.accounts.setting_up import SetUpAlready, WrongAddress
from courtyard.core.actor import Actor
from courtyard.core.errors import Conflict, Invalid
from courtyard.core.identity import passwords
from courtyard.dialects.pages import beginning, views
from courtyard.dialects.pages.forms import NewAccount, SetUp
from courtyard.dialects.pages.signing import words
from courtyard.dialects.pages.visitors import OwnForm, Passing, origin, with_session
from courtyard.web.call import Call
from courtyard.web.route import Route
from courtyard.web.suppliers import Whole

router = APIRouter(route_class=Route, include_in_schema=False)


@router.get("/setup")
async def set_up_page(call: Whole, passing: Passing, asked: Annotated[SetUp, Query()]) -> Response:
    """The form; without the whole address, or with one that is over, where to find the right one."""
    if not asked.token:
        return await _waiting(call)
    call.services.rates.check("bad_credentials", call.arrival.client)
    try:
        async with call.reading() as tx:
            await setting_up.look(tx, asked.token)
    except SetUpAlready:
        return _over()
    except WrongAddress as wrong:
        call.services.rates.take("bad_credentials", call.arrival.client)
        return views.shown("setup_waiting", 410, error=wrong.message)
    return views.page(call, "setup", email="", username="")


async def _waiting(call: Call) -> Response:
    async with call.reading() as tx:
        waits = await setting_up.missing(tx)
    return views.shown("setup_waiting", error="") if waits else _over()


def _over() -> Response:
    return views.told(409, "Already set up", SetUpAlready().message, onward="To sign-in", to="/login")


@router.post("/setup")
async def set_up(call: Whole, own: OwnForm, asked: Annotated[SetUp, Query()], body: NewAccount) -> Response:
    """The account, and the browser signed in with it; then the first space."""
    call.services.rates.take("login", call.arrival.client)
    try:
        async with call.reading() as tx:
            await setting_up.look(tx, asked.token)
        password_hash = await passwords.hashed(body.password)
        async with call.services.database.write() as tx:
            actor = Actor(origin(call))
            person = await setting_up.set_up(
                tx, actor, asked.token, email=body.email, username=body.username, password_hash=password_hash
            )
            _, secret = await accounts.enter(tx, person, actor.origin, call.header(b"user-agent") or "")
    except SetUpAlready:
        return _over()
    except WrongAddress as wrong:
        return views.shown("setup_waiting", 410, error=wrong.message)
    except (Invalid, Conflict) as refusal:
        return views.page(call, "setup", 422, error=words(refusal), email=body.email, username=body.username)
    return with_session(call, views.go(beginning.HERE), secret)
