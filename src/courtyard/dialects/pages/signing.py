"""Signing in and out, making an account, a forgotten password."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from courtyard.core import accounts
from courtyard.core.accounts.proofs import WrongPassword
from courtyard.core.accounts.registering import admit
from courtyard.core.accounts.signing_in import WrongSecond
from courtyard.core.errors import Conflict, Invalid, InvalidCredential, Refusal
from courtyard.core.identity import people, second, sessions
from courtyard.dialects.pages import cookies, views
from courtyard.dialects.pages.errors import SignInFirst
from courtyard.dialects.pages.forms import Address, Entrance, Form, NewAccount, Next, Second, SignIn
from courtyard.dialects.pages.onward import form_target
from courtyard.dialects.pages.visitors import OwnForm, Passing, SignedIn, entered, local, origin, seek, with_session
from courtyard.web.call import Call
from courtyard.web.relying import offered
from courtyard.web.route import Route
from courtyard.web.suppliers import Read, Whole, Write

router = APIRouter(route_class=Route, include_in_schema=False)
SENT = "If this address has an account, a mail is on its way. Its link works for an hour."
WELCOME = "Look into your mail: it holds the link with which to go on."


@router.get("/login")
async def sign_in_page(call: Whole, asked: Annotated[Entrance, Query()]) -> Response:
    if await seek(call) is not None:
        return views.go(local(asked.next))
    async with call.reading() as tx:
        if not await people.any_yet(tx):
            # Nobody could sign in: a new installation begins with its first administrator.
            return views.go("/setup")
    return await sign_in_shown(call, asked.next, asked.email)


async def sign_in_shown(call: Call, target: str, email: str = "", error: str = "", status: int = 200) -> Response:
    """The page on which one signs in, with what was typed before."""
    site = offered(call)
    open_house = call.services.policy.registration == "open"
    return views.page(
        call,
        "login",
        status,
        form_target=await form_target(call, target),
        script=bool(site),
        next=target,
        email=email,
        open_house=open_house,
        providers=call.services.providers.buttons,
        site=site,
        error=error,
    )


@router.post("/login")
async def sign_in(call: Whole, own: OwnForm, body: SignIn) -> Response:
    """Unknown and known accounts hear the same, after the same time."""
    database, agent = call.services.database, call.header(b"user-agent") or ""
    try:
        with call.services.rates.signing_in(call.arrival.client, body.email):
            session, secret = await accounts.sign_in(database, body.email, body.password, origin(call), agent)
    except WrongPassword as wrong:
        return await sign_in_shown(call, body.next, body.email, wrong.message, 401)
    return entered(call, session, secret, local(body.next))


@router.get("/login/second")
async def second_page(tx: Read, call: Whole, passing: Passing, asked: Annotated[Next, Query()]) -> Response:
    return await second_shown(call, asked.next)


async def second_shown(call: Call, target: str, error: str = "", status: int = 200) -> Response:
    """The page that asks for the second factors that the person has; whoever is not halfway in starts again."""
    try:
        async with call.reading() as tx:
            session = await sessions.halfway(tx, cookies.read(call, cookies.SESSION))
            ways = await second.ways(tx, session.person_id)
    except InvalidCredential:
        raise SignInFirst(local(target)) from None
    site = offered(call) if ways.passkeys else ""
    return views.page(
        call,
        "second",
        status,
        form_target=await form_target(call, target),
        script=bool(site),
        next=target,
        ways=ways,
        site=site,
        error=error,
    )


@router.post("/login/second")
async def second_factor(call: Whole, passing: Passing, own: OwnForm, body: Second) -> Response:
    """By the code of an app, or by a recovery code."""
    secret = cookies.read(call, cookies.SESSION)
    try:
        async with call.reading() as tx:
            session = await sessions.halfway(tx, secret)
        # By person: whoever guesses has many addresses.
        with call.services.rates.tried("failed_login", session.person_id):
            _, opened = await accounts.pass_second(call.services.database, secret, body.code, origin(call))
    except WrongSecond as wrong:
        return await second_shown(call, body.next, wrong.message, 401)
    except InvalidCredential:
        raise SignInFirst(local(body.next)) from None
    return with_session(call, views.go(local(body.next)), opened)


@router.post("/logout")
async def sign_out(tx: Write, caller: SignedIn, call: Whole, own: OwnForm, body: Form) -> Response:
    await sessions.end(tx, caller, call.found["session"])
    response = views.go("/login")
    response.raw_headers.append(cookies.written(call, cookies.SESSION, ""))
    return response


@router.get("/register")
async def register_page(call: Whole, passing: Passing) -> Response:
    admit(call.services.policy.registration)
    return views.page(call, "register", email="", username="")


@router.post("/register")
async def register(call: Whole, own: OwnForm, body: NewAccount) -> Response:
    """Whether the address is known, the mail alone tells."""
    call.services.rates.take("login", call.arrival.client)
    try:
        await accounts.sign_up(
            call.services.database,
            call.services.policy.registration,
            email=body.email,
            username=body.username,
            password=body.password,
            origin=origin(call),
        )
    except (Invalid, Conflict) as refusal:
        return views.page(call, "register", 422, email=body.email, username=body.username, error=words(refusal))
    return views.told(200, "Almost done", WELCOME)


@router.get("/reset")
async def forgotten_page(call: Whole, passing: Passing) -> Response:
    return views.page(call, "forgotten", email="")


@router.post("/reset")
async def forgotten(call: Whole, own: OwnForm, body: Address) -> Response:
    """The same answer for every address."""
    call.services.rates.take("login", call.arrival.client)
    try:
        await accounts.ask_reset(call.services.database, body.email, origin(call))
    except Invalid as refusal:
        return views.page(call, "forgotten", 422, email=body.email, error=words(refusal))
    return views.told(200, "Look into your mail", SENT)


def words(refusal: Refusal) -> str:
    """A refusal as one sentence above the form that it is about."""
    field = getattr(refusal, "field", "")
    return f"{field.replace('_', ' ').capitalize()}: {refusal.message}" if field else refusal.message
