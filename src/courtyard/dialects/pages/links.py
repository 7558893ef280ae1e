"""What mailed links lead to: an invitation, a verified address, a new password."""

from fastapi import APIRouter
from starlette.responses import Response

from courtyard.core import accounts
from courtyard.core.actor import Actor
from courtyard.core.errors import Conflict, Invalid
from courtyard.core.identity import mailed, passwords
from courtyard.core.identity.mailed import LinkOver
from courtyard.core.membership import invitations
from courtyard.core.membership.invitations import Letter
from courtyard.dialects.pages import views
from courtyard.dialects.pages.errors import TITLES
from courtyard.dialects.pages.forms import Claim, Form, NewPassword
from courtyard.dialects.pages.signing import words
from courtyard.dialects.pages.visitors import OwnForm, Passing, mailed_token, origin, with_session
from courtyard.web.route import Route
from courtyard.web.suppliers import Read, Whole, Write

router = APIRouter(route_class=Route, include_in_schema=False)
MAY = {
    ("space", "viewer"): "see what is in it",
    ("space", "editor"): "see and change what is in it",
    ("space", "admin"): "change what is in it, and manage the space and its people",
    ("organization", "member"): "make spaces in it",
    ("organization", "admin"): "make spaces in it, and manage its people and spaces",
    ("organization", "owner"): "do everything in it",
}
"""What each role is for whoever has never heard of it."""
DECLINED = "The invitation is over. Whoever invited you can do it again."
CHANGED = "Your password is changed, and every session has ended. Sign in with the new one."
VERIFIED = "Thank you. We know now that this address is yours."
MOVED = "Your account uses this address from now on."


@router.get("/invite/{token}")
async def invitation_page(tx: Read, call: Whole, passing: Passing, token: str) -> Response:
    """Who invites, to what, as what; and a form to claim the account."""
    with mailed_token(call):
        return _invitation(call, token, await invitations.look(tx, token))


def _invitation(
    call: Whole, token: str, letter: Letter, username: str = "", error: str = "", status: int = 200
) -> Response:
    place = "space" if letter.space_id else "organization"
    return views.page(
        call,
        "invite",
        status,
        letter=letter,
        place=place,
        may=MAY[place, letter.role],
        decline=f"/invite/{token}/decline",
        until=views.day(letter.expires_at),
        username=username or letter.username,
        error=error,
    )


@router.post("/invite/{token}")
async def accept_invitation(call: Whole, own: OwnForm, token: str, body: Claim) -> Response:
    """Whoever claims the account is signed in with it, also in the browser of somebody who has another one."""
    call.services.rates.take("login", call.arrival.client, "claim")
    with mailed_token(call):
        async with call.reading() as tx:
            letter = await invitations.look(tx, token)
    try:
        password_hash = await passwords.hashed(body.password)
        async with call.services.database.write() as tx:
            actor = Actor(origin(call))
            username = body.username or None
            accepted = await invitations.accept(tx, actor, token, username=username, password_hash=password_hash)
            agent = call.header(b"user-agent") or ""
            _, secret = await accounts.enter(tx, accepted.person, actor.origin, agent)
    except (Invalid, Conflict) as refusal:
        return _invitation(call, token, letter, body.username, words(refusal), 422)
    return with_session(call, views.go("/"), secret)


@router.post("/invite/{token}/decline")
async def decline_invitation(
    tx: Write, call: Whole, passing: Passing, own: OwnForm, token: str, body: Form
) -> Response:
    """Whoever holds the mail may say no for its address."""
    with mailed_token(call):
        await invitations.decline(tx, Actor(origin(call)), token)
    return views.told(200, "Declined", DECLINED, onward="To sign-in", to="/login")


@router.get("/reset/{token}")
async def reset_page(tx: Read, call: Whole, passing: Passing, token: str) -> Response:
    try:
        with mailed_token(call):
            await mailed.look(tx, "reset", token)
    except LinkOver as over:
        return _over(over)
    return views.page(call, "reset")


def _over(over: LinkOver) -> Response:
    """Whoever came to set a password cannot go to the account: a new link is the way on."""
    return views.told(410, TITLES[410], over.message, onward="Ask for a new link", to="/reset")


@router.post("/reset/{token}")
async def reset(call: Whole, own: OwnForm, token: str, body: NewPassword) -> Response:
    call.services.rates.take("login", call.arrival.client)
    try:
        with mailed_token(call):
            await accounts.reset_password(call.services.database, token, body.password, origin(call))
    except LinkOver as over:
        return _over(over)
    except Invalid as refusal:
        return views.page(call, "reset", 422, error=words(refusal))
    return views.told(200, "Done", CHANGED)


@router.get("/verify/{token}")
async def verify_page(tx: Read, call: Whole, passing: Passing, token: str) -> Response:
    """A form and no more: programs that open every link of a mail must not use it up."""
    with mailed_token(call):
        letter = await mailed.look(tx, "verify", token)
    return views.page(call, "confirm", title="Is this your address?", text=letter.email, button="Yes, it is mine")


@router.post("/verify/{token}")
async def verify(call: Whole, passing: Passing, own: OwnForm, token: str, body: Form) -> Response:
    with mailed_token(call):
        async with call.services.database.write() as tx:
            await accounts.verify_email(tx, token, origin(call))
    return views.told(200, "Done", VERIFIED)


@router.get("/email/{token}")
async def change_page(tx: Read, call: Whole, passing: Passing, token: str) -> Response:
    with mailed_token(call):
        letter = await mailed.look(tx, "change_email", token)
    return views.page(call, "confirm", title="Use this address?", text=letter.email, button="Yes, use it")


@router.post("/email/{token}")
async def change(call: Whole, passing: Passing, own: OwnForm, token: str, body: Form) -> Response:
    with mailed_token(call):
        async with call.services.database.write() as tx:
            await accounts.change_email(tx, token, origin(call))
    return views.told(200, "Done", MOVED)
