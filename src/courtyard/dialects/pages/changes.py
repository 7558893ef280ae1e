"""What a person is known by: password, e-mail, username; and the end of the account."""

from fastapi import APIRouter
from starlette.responses import Response

from courtyard.core import accounts
from courtyard.core.accounts import OwnsTogether
from courtyard.core.errors import Conflict, Invalid
from courtyard.core.identity import people
from courtyard.dialects.pages import cookies, views
from courtyard.dialects.pages.forms import Address, Form, NewPassword, Username
from courtyard.dialects.pages.signing import words
from courtyard.dialects.pages.visitors import Fresh, OwnForm, SignedIn, with_session
from courtyard.web.call import Call
from courtyard.web.route import Route
from courtyard.web.suppliers import Looking, Read, Whole, Write

router = APIRouter(route_class=Route, include_in_schema=False)
CHANGED = "Your password is changed. Every other browser is signed out."
SENT = "A mail is on its way to {email}. Your address changes when you use its link, within an hour."
VERIFYING = "A mail is on its way to {email}. Its link works for a day."
GONE = "Your account is gone, with everything that was yours alone. Farewell."
NOT_YOURS = "This is not your username. Nothing was deleted."


@router.get("/account/password")
async def password_page(tx: Read, caller: SignedIn, call: Whole, fresh: Fresh) -> Response:
    return await _password(tx, call)


async def _password(tx: Looking, call: Call, error: str = "", status: int = 200) -> Response:
    person = await people.find(tx, call.actor.person_id)
    return views.page(call, "password", status, person=person, error=error)


@router.post("/account/password")
async def change_password(caller: SignedIn, call: Whole, own: OwnForm, fresh: Fresh, body: NewPassword) -> Response:
    """Other sessions end; this one goes on with another secret."""
    try:
        secret = await accounts.change_password(call.services.database, caller, body.password)
    except Invalid as refusal:
        async with call.reading() as tx:
            return await _password(tx, call, words(refusal), 422)
    return with_session(call, views.told(200, "Done", CHANGED), secret or "")


@router.get("/account/email")
async def email_page(tx: Read, caller: SignedIn, call: Whole, fresh: Fresh) -> Response:
    return await _email(tx, call)


async def _email(tx: Looking, call: Call, email: str = "", error: str = "", status: int = 200) -> Response:
    person = await people.find(tx, call.actor.person_id)
    return views.page(call, "email", status, person=person, email=email, error=error)


@router.post("/account/email")
async def change_email(tx: Write, caller: SignedIn, call: Whole, own: OwnForm, fresh: Fresh, body: Address) -> Response:
    """Nothing changes before the link in the mail is used."""
    call.services.rates.take("invite", caller.person_id)
    try:
        await accounts.ask_email_change(tx, caller, body.email)
    except Invalid as refusal:
        return await _email(tx, call, body.email, words(refusal), 422)
    return views.told(200, "Look into your mail", SENT.format(email=body.email.strip()))


@router.post("/account/email/verify")
async def ask_verification(tx: Write, caller: SignedIn, own: OwnForm, body: Form) -> Response:
    await accounts.ask_verification(tx, caller)
    person = await people.find(tx, caller.person_id)
    return views.told(200, "Look into your mail", VERIFYING.format(email=person.email))


@router.get("/account/username")
async def username_page(tx: Read, caller: SignedIn, call: Whole) -> Response:
    return views.page(call, "username", username=(await people.find(tx, caller.person_id)).username)


@router.post("/account/username")
async def rename(tx: Write, caller: SignedIn, call: Whole, own: OwnForm, body: Username) -> Response:
    try:
        await people.rename(tx, caller, body.username)
    except (Invalid, Conflict) as refusal:
        return views.page(call, "username", 422, username=body.username, error=words(refusal))
    return views.go("/account")


@router.get("/account/delete")
async def delete_page(tx: Read, caller: SignedIn, call: Whole, fresh: Fresh) -> Response:
    """What goes along is told, and what stands in the way."""
    return await _delete(tx, call)


async def _delete(tx: Looking, call: Call, error: str = "", status: int = 200) -> Response:
    person = await people.find(tx, call.actor.person_id)
    outlook = await accounts.outlook(tx, call.actor)
    return views.page(call, "delete", status, person=person, outlook=outlook, error=error)


@router.post("/account/delete")
async def delete(caller: SignedIn, call: Whole, own: OwnForm, fresh: Fresh, body: Username) -> Response:
    """The username is typed once more: nobody does this by a slip."""
    async with call.reading() as tx:
        person = await people.find(tx, caller.person_id)
        if body.username.strip() != person.username:
            return await _delete(tx, call, NOT_YOURS, 422)
    try:
        async with call.services.database.write() as tx:
            await accounts.remove(tx, caller)
    except OwnsTogether:
        async with call.reading() as tx:
            return await _delete(tx, call, status=409)
    response = views.told(200, "Farewell", GONE, onward="To sign-in", to="/login")
    response.raw_headers.append(cookies.written(call, cookies.SESSION, ""))
    return response
