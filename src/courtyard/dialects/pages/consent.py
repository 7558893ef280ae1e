"""Consent: an application asks (RFC 6749, section 4.1; RFC 9700), a device waits (RFC 8628), the person decides."""

import re
from typing import Annotated, NamedTuple
from urllib.parse import urlencode, urlsplit

from fastapi import APIRouter, Query
from starlette.responses import Response

from courtyard.core.actor import SCOPES
from courtyard.core.errors import NotFound
from courtyard.core.identity import people
from courtyard.core.oauth import applications, codes, consents, devices
from courtyard.core.oauth.applications import Application
from courtyard.dialects.pages import views
from courtyard.dialects.pages.errors import BadClient, SignInFirst
from courtyard.dialects.pages.forms import Decision, DeviceDecision, UserCode
from courtyard.dialects.pages.visitors import OwnForm, SignedIn, place, seek
from courtyard.web import input as reading
from courtyard.web.call import Call
from courtyard.web.route import Route
from courtyard.web.suppliers import Looking, Read, Whole, Write

router = APIRouter(route_class=Route, include_in_schema=False)
CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
HOST = re.compile(r"[A-Za-z0-9_.-]+(:[0-9]+)?")
SENTENCES = {
    "read": "See your spaces and all that is in them",
    "write": "Change your spaces: make, edit and delete them and what is in them, invite people",
    "admin": "Manage your keys, and act with all your rights",
}


class Asked(NamedTuple):
    """A request for consent that may be shown."""

    application: Application
    redirect_uri: str
    scopes: list[str]
    state: str | None
    challenge: str
    nonce: str | None


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
    asked = _words(query.get("scope"), application)
    return Asked(application, redirect_uri, asked, state, query["code_challenge"], query.get("nonce"))


def _wrong(application: Application, query: dict[str, str]) -> tuple[str, str] | None:
    if "response_type" not in query:
        return "invalid_request", "The response type is missing."
    if query["response_type"] != "code":
        return "unsupported_response_type", "Only the response type 'code' is served."
    if query.get("code_challenge_method") != "S256" or not CHALLENGE.fullmatch(query.get("code_challenge", "")):
        return "invalid_request", "PKCE with S256 is required."
    if not set(_words(query.get("scope"), application)) <= set(application.scopes.split()):
        return "invalid_scope", "The application may not have these scopes."
    return None


def _words(scope: str | None, application: Application) -> list[str]:
    asked = (scope or application.scopes).replace("read_write", "read write").split()
    known = [word for word in SCOPES if word in asked]
    return known if len(known) == len(set(asked)) else sorted(set(asked))


@router.get("/oauth/authorize")
async def consent_page(tx: Read, call: Whole) -> Response:
    """Checked before anybody has to sign in: a wrong request is wrong for everybody."""
    try:
        asked = await _asked(tx, call)
    except SentBack as back:
        return views.go(back.place)
    return await _consent(call, asked)


async def _consent(call: Call, asked: Asked) -> Response:
    username = await _username(call)
    parts = urlsplit(asked.redirect_uri)
    # What a policy cannot name as a host (an address in brackets, a program's own scheme) it names by its scheme.
    target = f"{parts.scheme}://{parts.netloc}" if HOST.fullmatch(parts.netloc) else f"{parts.scheme}:"
    return views.page(
        call,
        "consent",
        form_target=target,
        application=asked.application.name,
        host=parts.netloc or parts.scheme,
        sentences=[SENTENCES[scope] for scope in asked.scopes],
        person=username,
    )


@router.post("/oauth/authorize")
async def consent(tx: Write, caller: SignedIn, call: Whole, own: OwnForm, body: Decision) -> Response:
    """Allow or deny; back to the application with a code, or with `access_denied`."""
    issuer = call.services.policy.public_url
    try:
        asked = await _asked(tx, call)
    except SentBack as back:
        return views.go(back.place)
    if body.decision != "allow":
        return views.go(_back(asked.redirect_uri, {"error": "access_denied"}, asked.state, issuer))
    await consents.grant(tx, caller, asked.application, asked.scopes)
    code = await codes.issue(
        tx,
        asked.application,
        codes.NewCode(
            person_id=caller.person_id,
            redirect_uri=asked.redirect_uri,
            scopes=" ".join(asked.scopes),
            challenge=asked.challenge,
            nonce=asked.nonce,
            authenticated_at=call.found["session"].confirmed_at,
        ),
    )
    return views.go(_back(asked.redirect_uri, {"code": code, "scope": " ".join(asked.scopes)}, asked.state, issuer))


@router.get("/device")
async def device_page(caller: SignedIn, call: Whole, asked: Annotated[UserCode, Query()]) -> Response:
    """Where the code goes that a device shows."""
    if not asked.user_code:
        return views.page(call, "device", user_code="")
    # Whoever guesses codes would let the devices of others into their own account.
    call.services.rates.take("failed_login", caller.person_id)
    async with call.reading() as tx:
        device = await devices.seek(tx, asked.user_code)
    if device is None:
        return views.page(
            call, "device", 404, user_code=asked.user_code, error="This code is not known, or not any more."
        )
    call.services.rates.forget("failed_login", caller.person_id)
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
    call.services.rates.take("failed_login", caller.person_id)
    device = await devices.seek(tx, body.user_code)
    if device is None or not await devices.decide(tx, caller, device, allow=body.decision == "allow"):
        raise NotFound("This code is not known, or not any more.")
    call.services.rates.forget("failed_login", caller.person_id)
    if body.decision != "allow":
        return views.told(200, "Denied", "The device stays outside.")
    application = await applications.seek_by_id(tx, device.application_id)
    if application is not None:
        await consents.grant(tx, caller, application, device.scopes.split())
    return views.told(200, "Done", "Go back to your device: it goes on by itself.")


async def _username(call: Call) -> str:
    """The username of whoever is signed in; everybody else is sent to sign in first."""
    found = await seek(call)
    if found is None:
        raise SignInFirst(place(call))
    async with call.reading() as tx:
        return (await people.find(tx, found[0].person_id)).username
