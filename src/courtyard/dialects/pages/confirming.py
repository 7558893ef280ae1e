"""Confirming that it is still the same person, before an account changes: by password, code or passkey."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from courtyard.core import accounts
from courtyard.core.accounts import WrongPassword, WrongSecond
from courtyard.core.identity import people, second
from courtyard.core.identity.passkeys import WrongPasskey
from courtyard.core.identity.sessions import Session
from courtyard.dialects.pages import views
from courtyard.dialects.pages.forms import Confirmation, Form, Next, Passkey
from courtyard.dialects.pages.onward import form_target
from courtyard.dialects.pages.passkeys import asked_of
from courtyard.dialects.pages.visitors import OwnForm, SignedIn, local, with_session
from courtyard.web.call import Call
from courtyard.web.relying import offered, site
from courtyard.web.route import Route
from courtyard.web.suppliers import Whole, Write

router = APIRouter(route_class=Route, include_in_schema=False)
WRONG = "The password is wrong."


@router.get("/account/confirm")
async def confirm_page(caller: SignedIn, call: Whole, asked: Annotated[Next, Query()]) -> Response:
    return await _shown(call, asked.next)


async def _shown(call: Call, target: str, error: str = "", status: int = 200) -> Response:
    """By all the ways that this person has."""
    async with call.reading() as tx:
        person = await people.find(tx, call.actor.person_id)
        ways = await second.ways(tx, person.id)
    address = offered(call) if ways.passkeys else ""
    return views.page(
        call,
        "again",
        status,
        form_target=await form_target(call, target),
        script=bool(address),
        next=local(target),
        person=person,
        ways=ways,
        site=address,
        error=error,
    )


@router.post("/account/confirm")
async def confirm(caller: SignedIn, call: Whole, own: OwnForm, body: Confirmation) -> Response:
    """By the password, or by a code; whoever has taken over a session must not guess either."""
    # A count of its own, which nothing but the right answer ends: that of v1.
    try:
        with call.services.rates.tried("failed_login", caller.person_id, "confirm"):
            _, secret = await _confirmed(call, body)
    except WrongPassword:
        return await _shown(call, body.next, WRONG, 401)
    except WrongSecond as wrong:
        return await _shown(call, body.next, wrong.message, 401)
    return with_session(call, views.go(local(body.next)), secret)


async def _confirmed(call: Call, body: Confirmation) -> tuple[Session, str]:
    if body.code:
        return await accounts.confirm_with_code(call.services.database, call.actor, body.code)
    return await accounts.confirm(call.services.database, call.actor, body.password)


@router.post("/account/confirm/passkey/ask")
async def ask(tx: Write, caller: SignedIn, call: Whole, own: OwnForm, body: Form) -> Response:
    return asked_of(await accounts.ask_for_passkey(tx, caller, site(call)))


@router.post("/account/confirm/passkey")
async def confirm_with_passkey(caller: SignedIn, call: Whole, own: OwnForm, body: Passkey) -> Response:
    try:
        _, secret = await accounts.confirm_with_passkey(
            call.services.database, caller, site(call), body.challenge, body.answer
        )
    except WrongPasskey as wrong:
        return await _shown(call, body.next, wrong.message, 401)
    return with_session(call, views.go(local(body.next)), secret)
