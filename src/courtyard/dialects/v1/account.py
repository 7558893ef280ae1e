"""The caller's own account: who they are, password, address, confirming that it is them, the end of it."""

from typing import Annotated

from fastapi import APIRouter, Body
from starlette.responses import Response

from courtyard.core import accounts
from courtyard.core.errors import Invalid
from courtyard.core.identity import people
from courtyard.dialects.v1 import account_shapes as shapes
from courtyard.dialects.v1.account_proofs import Confirmation, Shown, judged, proven, renewed
from courtyard.dialects.v1.account_shapes import EmailChange, MePatch, PasswordChange
from courtyard.dialects.v1.passkey_shapes import ChallengeShape, challenge
from courtyard.web.answer import Answer, answer
from courtyard.web.preconditions import hold, one
from courtyard.web.relying import site
from courtyard.web.route import Route
from courtyard.web.suppliers import Caller, Read, Whole, Write

_NOTHING = Shown()
router = APIRouter(route_class=Route, tags=["Self"])


@router.get("/v1/me", summary="Who am I", response_model=shapes.MeShape)
async def get_me(tx: Read, caller: Caller, call: Whole) -> Response:
    """The person behind the credential, and its scopes."""
    return one(call, await shapes.me(tx, caller))


@router.patch("/v1/me", summary="Change my username", response_model=shapes.MeShape)
async def update_me(tx: Write, caller: Caller, call: Whole, body: MePatch) -> Response:
    """Your personal organization is called by it too. Needs the scope `admin`."""
    username = body.asked()
    if username is not None:
        await people.still_active(tx, caller.person_id)
        hold(call, await shapes.me(tx, caller))
        await people.rename(tx, caller, username)
    return one(call, await shapes.me(tx, caller))


@router.delete("/v1/me", status_code=204, summary="Delete my account")
async def delete_me(caller: Caller, call: Whole, body: Annotated[Shown, Body()] = _NOTHING) -> Response:
    """With your personal organization and the spaces that are yours alone.

    409 names the organizations and spaces where others would be left without an owner. Needs to be confirmed.
    """
    proof = await proven(call, body)
    async with call.services.database.write() as tx:
        await accounts.remove(tx, caller, proof=proof)
    return Answer(204)


@router.post("/v1/me/password", status_code=204, summary="Change my password")
async def change_password(caller: Caller, call: Whole, body: PasswordChange) -> Response:
    """Other sessions and logins end, and it is told by mail; keys and applications go on. Needs to be confirmed."""
    proof = await proven(call, Shown(password=body.current_password), "current_password")
    secret = await accounts.change_password(call.services.database, caller, body.new_password, proof=proof)
    return renewed(call, Answer(204), secret)


@router.post("/v1/me/email", summary="Change my address", response_model=shapes.MeShape)
async def change_email(caller: Caller, call: Whole, body: EmailChange) -> Response:
    """The new address is mailed a link that makes it yours, the old one is told. Needs to be confirmed."""
    proof = await proven(call, Shown(password=body.password))
    # It mails whatever address is named.
    call.services.rates.take("invite", caller.person_id)
    async with call.services.database.write() as tx:
        await accounts.ask_email_change(tx, caller, body.email, proof=proof)
        return answer(200, await shapes.me(tx, caller))


@router.post("/v1/me/email/verification", status_code=204, summary="Mail the link that verifies my address")
async def ask_verification(tx: Write, caller: Caller) -> Response:
    """409 when the address is verified already. Needs the scope `admin`."""
    await accounts.ask_verification(tx, caller)
    return Answer(204)


@router.post("/v1/me/confirm", summary="Confirm that it is me", response_model=shapes.ConfirmedShape)
async def confirm(caller: Caller, call: Whole, body: Confirmation) -> Response:
    """By password, code or passkey; it holds for ten minutes in this session. Not with a key: send the password along."""
    accounts.needs_session(caller)
    database = call.services.database
    with judged(call):
        if body.password is not None:
            session, secret = await accounts.confirm(database, caller, body.password)
        elif body.code is not None:
            session, secret = await accounts.confirm_with_code(database, caller, body.code)
        elif body.passkey is not None:
            answered = body.passkey
            session, secret = await accounts.confirm_with_passkey(
                database, caller, site(call), answered.challenge_id, answered.answer
            )
        else:
            raise Invalid("password", "A password, a code or a passkey is needed.", code="missing")
    return renewed(call, answer(200, shapes.confirmed(session)), secret)


@router.post("/v1/me/confirm/options", summary="Ask for a passkey to confirm by", response_model=ChallengeShape)
async def confirm_options(tx: Write, caller: Caller, call: Whole) -> Response:
    """Options for `navigator.credentials.get`, good for one answer within five minutes."""
    return answer(200, challenge(await accounts.ask_for_passkey(tx, caller, site(call))))
