"""Consent: an application asks (RFC 6749, section 4.1; RFC 9700), a device waits (RFC 8628), the person decides."""

import re
from typing import Annotated, NamedTuple
from urllib.parse import urlencode, urlsplit

from fastapi import APIRouter, Query
from starlette.responses import Response

from courtyard.core.actor import Actor
from courtyard.core.errors import NotFound
from courtyard.core.identity import people, sessions
from courtyard.core.identity.sessions import ConfirmFirst, Session
from courtyard.core.oauth import applications, codes, consents, devices, scopes, wishes
from courtyard.core.oauth.applications import Application
from courtyard.core.oauth.consents import Consent
from courtyard.core.oauth.wishes import Wish
from courtyard.dialects.pages import views
from courtyard.dialects.pages.errors import BadClient, ConfirmAgain, SignInFirst
from courtyard.dialects.pages.forms import Decision, DeviceDecision, UserCode
from courtyard.dialects.pages.onward import origin_of
from courtyard.dialects.pages.visitors import OwnForm, SignedIn, place, seek
from courtyard.web import input as reading
from courtyard.web.call import Call
from courtyard.web.route import Route
from courtyard.web.suppliers import Changing, Looking, Whole, Write

router = APIRouter(route_class=Route, include_in_schema=False)
CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
SENTENCES = {
    "read": "See your spaces and all that is in them",
    "write": "Change your spaces: make, edit and delete them and what is in them, invite people",
    "admin": "Manage your keys, and act with all your rights",
    "openid": "Know that it is you, each time you sign in with Courtyard",
    "profile": "Know your username",
    "email": "Know your e-mail address",
}


class Asked(NamedTuple):
    """A request for consent that may be shown."""

    application: Application
    redirect_uri: str
    scopes: list[str]
    state: str | None
    challenge: str
    nonce: str | None
    wish: Wish


class SentBack(Exception):
    """The request is wrong, but where to say so is certain: the registered redirect address."""

    def __init__(self, place: str) -> None:
        super().__init__()
        self.place = place


def _back(redirect_uri: str, answer: dict[str, str], state: str | None, issuer: str) -> str:
    """The redirect address with an answer (RFC 6749, section 4.1.2) and who gives it (RFC 9207)."""
    extra = {**answer, **({} if state is None else {"state": state}), "iss": issuer}
    return f"{redirect_uri}{'&' if urlsplit(redirect_uri).query else '?'}{urlencode(extra)}"


async def _asked(tx: Looking, call: Call) -> Asked:
    """What is asked for. Raises BadClient (never a redirect), SentBack."""
    query = dict(reading.query(call.scope["query_string"]))
    application = await applications.seek(tx, query.get("client_id", ""))
    redirect_uri = query.get("redirect_uri", "")
    if application is None or not applications.redirects_to(application, redirect_uri):
        raise BadClient
    state = query.get("state")
    wrong = _wrong(application, query)
    if wrong is not None:
        error, message = wrong
        answer = {"error": error, "error_description": message}
        raise SentBack(_back(redirect_uri, answer, state, call.services.policy.public_url))
    asked = scopes.granted(application.scopes, query.get("scope")) or []
    return Asked(
        application, redirect_uri, asked, state, query["code_challenge"], query.get("nonce"), wishes.wish(query)
    )


def _wrong(application: Application, query: dict[str, str]) -> tuple[str, str] | None:
    if "response_type" not in query:
        return "invalid_request", "The response type is missing."
    if query["response_type"] != "code":
        return "unsupported_response_type", "Only the response type 'code' is served."
    if query.get("code_challenge_method") != "S256" or not CHALLENGE.fullmatch(query.get("code_challenge", "")):
        return "invalid_request", "PKCE with S256 is required."
    if scopes.granted(application.scopes, query.get("scope")) is None:
        return "invalid_scope", "The application may not have these scopes."
    return wishes.wrong(query)


@router.get("/oauth/authorize")
async def consent_page(call: Whole) -> Response:
    """Checked before anybody has to sign in: a wrong request is wrong for everybody."""
    found = await seek(call)
    try:
        async with call.reading() as tx:
            asked = await _asked(tx, call)
            known = await consents.seek(tx, found[0].person_id, asked.application) if found else None
    except SentBack as back:
        return views.go(back.place)
    again = found is not None and (asked.wish.login or asked.wish.too_old(found[1].confirmed_at))
    if asked.wish.silent and (found is None or again):
        return _refused(call, asked, "login_required")
    if found is None:
        raise SignInFirst(_answered(call), asked.wish.login_hint)
    if again:
        raise ConfirmAgain(_answered(call))
    if known is not None and _silent(asked, known):
        # Whoever only looks is given no code, which would lie about until it lapses.
        looks = call.method == "HEAD"
        return await (_consent(call, found[0], asked) if looks else _allowed(call, found, asked, known))
    if asked.wish.silent:
        return _refused(call, asked, "consent_required")
    return await _consent(call, found[0], asked)


def _answered(call: Call) -> str:
    """This very question, once its person has signed in or proved again who they are: that is done once for it.

    How long ago it was is told to the application (`auth_time`), which may hold it against what it asked for.
    """
    pairs = [(name, value) for name, value in call.query() if name not in ("prompt", "max_age")]
    again = [("prompt", "consent")] if ("consent" in dict(call.query()).get("prompt", "").split()) else []
    return f"{call.path}?{urlencode([*pairs, *again])}"


def _silent(asked: Asked, known: Consent) -> bool:
    """Whether what was allowed before answers for now.

    Anybody can call themselves a public client: it is asked for each time, unless its answer can only go to the site that
    owns the address (RFC 6749, section 10.2; RFC 8252, section 8.6).
    """
    certain = not asked.application.public or urlsplit(asked.redirect_uri).scheme == "https"
    return certain and not asked.wish.consent and set(asked.scopes) <= set(known.scopes.split())


async def _allowed(call: Call, found: tuple[Actor, Session], asked: Asked, known: Consent) -> Response:
    """A code without a question; not if what was allowed has been withdrawn at this very moment."""
    actor, session = found
    try:
        async with call.services.database.write() as tx:
            await consents.find(tx, actor, known.id, hold=True)
            return await _issue(tx, call, actor, session, asked)
    except NotFound:
        return await _consent(call, actor, asked)


async def _surely(tx: Looking, actor: Actor, words: list[str], back: str) -> None:
    """Whoever lets a program act with all their rights proved lately who they are, as for a key. Raises ConfirmAgain."""
    if "admin" in words:
        try:
            await sessions.require_recent(tx, actor)
        except ConfirmFirst:
            raise ConfirmAgain(back) from None


async def _consent(call: Call, actor: Actor, asked: Asked) -> Response:
    async with call.reading() as tx:
        await _surely(tx, actor, asked.scopes, place(call))
        person = await people.find(tx, actor.person_id)
    parts = urlsplit(asked.redirect_uri)
    return views.page(
        call,
        "consent",
        form_target=origin_of(asked.redirect_uri),
        application=asked.application.name,
        host=parts.netloc or parts.scheme,
        sentences=[SENTENCES[scope] for scope in asked.scopes],
        person=person.username,
    )


@router.post("/oauth/authorize")
async def consent(tx: Write, caller: SignedIn, call: Whole, own: OwnForm, body: Decision) -> Response:
    """Allow or deny; back to the application with a code, or with `access_denied`."""
    try:
        asked = await _asked(tx, call)
    except SentBack as back:
        return views.go(back.place)
    if body.decision != "allow":
        return _refused(call, asked, "access_denied")
    await _surely(tx, caller, asked.scopes, place(call))
    await consents.grant(tx, caller, asked.application, asked.scopes)
    return await _issue(tx, call, caller, call.found["session"], asked)


async def _issue(tx: Changing, call: Call, actor: Actor, session: Session, asked: Asked) -> Response:
    """Back to the application with a code."""
    granted = " ".join(asked.scopes)
    code = await codes.issue(
        tx,
        asked.application,
        codes.NewCode(
            person_id=actor.person_id,
            redirect_uri=asked.redirect_uri,
            scopes=granted,
            challenge=asked.challenge,
            nonce=asked.nonce,
            authenticated_at=session.confirmed_at,
        ),
    )
    issuer = call.services.policy.public_url
    return views.go(_back(asked.redirect_uri, {"code": code, "scope": granted}, asked.state, issuer))


def _refused(call: Call, asked: Asked, error: str) -> Response:
    issuer = call.services.policy.public_url
    return views.go(_back(asked.redirect_uri, {"error": error}, asked.state, issuer))


@router.get("/device")
async def device_page(caller: SignedIn, call: Whole, asked: Annotated[UserCode, Query()]) -> Response:
    """Where the code goes that a device shows."""
    if not asked.user_code:
        return views.page(call, "device", user_code="")
    # Whoever guesses codes would let the devices of others into their own account. A count of its own, which only a
    # decision ends: one's own device must not make good for guesses at anything else.
    call.services.rates.take("failed_login", caller.person_id, "device")
    async with call.reading() as tx:
        device = await devices.seek(tx, asked.user_code)
        if device is not None:
            await _surely(tx, caller, device.scopes.split(), place(call))
    if device is None:
        return views.page(
            call, "device", 404, user_code=asked.user_code, error="This code is not known, or not any more."
        )
    sentences = [SENTENCES[scope] for scope in device.scopes.split()]
    return views.page(
        call,
        "allow_device",
        application=device.application_name,
        user_code=f"{device.user_code[:4]}-{device.user_code[4:]}",
        sentences=sentences,
    )


@router.post("/device")
async def decide_device(tx: Write, caller: SignedIn, call: Whole, own: OwnForm, body: DeviceDecision) -> Response:
    call.services.rates.take("failed_login", caller.person_id, "device")
    device, allow = await devices.seek(tx, body.user_code), body.decision == "allow"
    if device is not None and allow:
        await _surely(tx, caller, device.scopes.split(), f"/device?{urlencode({'user_code': device.user_code})}")
    if device is None or not await devices.decide(tx, caller, device, allow=allow):
        raise NotFound("This code is not known, or not any more.")
    call.services.rates.forget("failed_login", caller.person_id, "device")
    if not allow:
        return views.told(200, "Denied", "The device stays outside.")
    application = await applications.seek_by_id(tx, device.application_id)
    if application is not None:
        await consents.grant(tx, caller, application, device.scopes.split())
    return views.told(200, "Done", "Go back to your device: it goes on by itself.")
