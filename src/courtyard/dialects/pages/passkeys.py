"""Passkeys: signing in by one, as first or second factor; added, named and removed by whoever is signed in.

The browser is asked by `passkeys.js`: it posts for a challenge, and fills its answer into an ordinary form.
"""

import msgspec
from fastapi import APIRouter
from starlette.responses import Response

from courtyard.core import accounts
from courtyard.core.errors import Conflict, Invalid, InvalidCredential
from courtyard.core.identity import passkeys, sessions
from courtyard.core.identity.passkeys import Challenge, WrongPasskey
from courtyard.core.paging import Page
from courtyard.dialects.pages import cookies, views
from courtyard.dialects.pages.agents import browser
from courtyard.dialects.pages.errors import SignInFirst
from courtyard.dialects.pages.forms import Form, NewPasskey, Passkey, PasskeyName
from courtyard.dialects.pages.signing import second_shown, sign_in_shown, words
from courtyard.dialects.pages.visitors import Fresh, OwnForm, SignedIn, local, origin, with_session
from courtyard.web.answer import Answer, answer
from courtyard.web.call import Call
from courtyard.web.relying import offered, site
from courtyard.web.route import Route
from courtyard.web.suppliers import Looking, Read, Whole, Write

router = APIRouter(route_class=Route, include_in_schema=False)
SCRIPT = {"Cache-Control": "max-age=3600", "X-Content-Type-Options": "nosniff"}


@router.get("/passkeys.js", response_class=Response)
async def script() -> Response:
    return Answer(200, views.SCRIPT, "text/javascript; charset=utf-8", SCRIPT)


@router.post("/login/passkey/ask")
async def ask_first(call: Whole, own: OwnForm, body: Form) -> Response:
    call.services.rates.take("login", call.arrival.client)
    async with call.services.database.write() as tx:
        return asked_of(await passkeys.ask_to_sign_in(tx, site(call)))


@router.post("/login/passkey")
async def sign_in(call: Whole, own: OwnForm, body: Passkey) -> Response:
    """A passkey that verified its user is both factors in one."""
    call.services.rates.take("login", call.arrival.client)
    agent = call.header(b"user-agent") or ""
    try:
        _, secret = await accounts.sign_in_with_passkey(
            call.services.database, site(call), body.challenge, body.answer, origin(call), agent
        )
    except WrongPasskey as wrong:
        return await sign_in_shown(call, body.next, error=wrong.message, status=401)
    return with_session(call, views.go(local(body.next)), secret)


@router.post("/login/second/passkey/ask")
async def ask_second(tx: Write, call: Whole, own: OwnForm, body: Form) -> Response:
    call.services.rates.take("login", call.arrival.client)
    session = await sessions.halfway(tx, cookies.read(call, cookies.SESSION))
    return asked_of(await passkeys.ask_for_second(tx, site(call), session.person_id))


@router.post("/login/second/passkey")
async def second_factor(call: Whole, own: OwnForm, body: Passkey) -> Response:
    secret = cookies.read(call, cookies.SESSION)
    call.services.rates.take("login", call.arrival.client)
    try:
        _, opened = await accounts.pass_second_with_passkey(
            call.services.database, secret, site(call), body.challenge, body.answer, origin(call)
        )
    except WrongPasskey as wrong:
        return await second_shown(call, body.next, error=wrong.message, status=401)
    except InvalidCredential:
        raise SignInFirst(local(body.next)) from None
    return with_session(call, views.go(local(body.next)), opened)


@router.get("/account/passkeys")
async def list_page(tx: Read, caller: SignedIn, call: Whole) -> Response:
    return await _listed(tx, call)


async def _listed(tx: Looking, call: Call, error: str = "", status: int = 200) -> Response:
    known = (await passkeys.page(tx, call.actor, Page(passkeys.MOST))).items
    named = browser(call.header(b"user-agent"))
    return views.page(
        call, "passkeys", status, script=True, passkeys=known, site=offered(call), named=named, error=error
    )


@router.post("/account/passkeys/ask")
async def ask_new(tx: Write, caller: SignedIn, call: Whole, own: OwnForm, fresh: Fresh, body: Form) -> Response:
    return asked_of(await passkeys.ask_to_register(tx, caller, site(call)))


@router.post("/account/passkeys")
async def add(caller: SignedIn, call: Whole, own: OwnForm, fresh: Fresh, body: NewPasskey) -> Response:
    """The first second factor brings recovery codes along."""
    try:
        _, codes = await passkeys.register(
            call.services.database, caller, site(call), body.challenge, body.answer, body.name
        )
    except (Invalid, Conflict) as refusal:
        async with call.reading() as tx:
            return await _listed(tx, call, words(refusal), 422)
    return views.page(call, "codes", codes=codes, back="/account/passkeys") if codes else views.go("/account/passkeys")


@router.post("/account/passkeys/{passkey_id}/name")
async def rename(
    tx: Write, caller: SignedIn, call: Whole, own: OwnForm, passkey_id: str, body: PasskeyName
) -> Response:
    found = await passkeys.find(tx, caller, passkey_id)
    try:
        await passkeys.rename(tx, caller, found, body.name)
    except Invalid as refusal:
        return await _listed(tx, call, words(refusal), 422)
    return views.go("/account/passkeys")


@router.post("/account/passkeys/{passkey_id}/remove")
async def remove(
    tx: Write, caller: SignedIn, call: Whole, own: OwnForm, fresh: Fresh, passkey_id: str, body: Form
) -> Response:
    found = await passkeys.find(tx, caller, passkey_id)
    await passkeys.remove(tx, caller, found, call.services.providers.issuers)
    return views.go("/account/passkeys")


def asked_of(challenge: Challenge) -> Answer:
    """What a browser is asked, as the script takes it."""
    said = {"id": challenge.id, "options": msgspec.Raw(challenge.options.encode())}
    return answer(200, said, {"Cache-Control": "no-store"})
