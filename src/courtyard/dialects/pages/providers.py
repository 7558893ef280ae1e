"""Signing in with an outside provider: the way there, the way back, and the links of an account."""

import hmac
from typing import Annotated, cast

import msgspec
import structlog
from fastapi import APIRouter, Query
from starlette.responses import Response

from courtyard.core import accounts, clock, ids
from courtyard.core.accounts import outside
from courtyard.core.accounts.outside import Newcomer
from courtyard.core.actor import Actor
from courtyard.core.errors import Invalid, Refusal
from courtyard.core.identity import proofs
from courtyard.core.identity.people import Person
from courtyard.core.identity.sessions import Session
from courtyard.core.membership import mapped
from courtyard.dialects.pages import cookies, views
from courtyard.dialects.pages.errors import SignInFirst
from courtyard.dialects.pages.forms import Form, Next
from courtyard.dialects.pages.visitors import OwnForm, SignedIn, entered, local, origin, seek
from courtyard.web.call import Call
from courtyard.web.openid.relying import Party, Sent, Told
from courtyard.web.route import Route
from courtyard.web.suppliers import Changing, Read, Whole, Write

router = APIRouter(route_class=Route, include_in_schema=False)
COOKIE, LISTING = "courtyard_provider", "provider"
PATIENCE = 10 * clock.MINUTE
LONGEST_NEXT = 1_500
OWN = "/account/providers"
_log = structlog.stdlib.get_logger("courtyard.openid")


class Lost(Invalid):
    """This sign-in did not begin in this browser, has been used, or took too long. Begin again."""

    def __init__(self) -> None:
        super().__init__("state")


class Journey(msgspec.Struct, frozen=True):
    """What the browser keeps while it is with the provider, signed by us. `session_id` is set where a link is to be made."""

    provider: str
    sent: Sent
    next: str
    session_id: str
    began_at: int


@router.get("/login/with/{name}")
async def leave(call: Whole, name: str, asked: Annotated[Next, Query()]) -> Response:
    """Off to the provider."""
    call.services.rates.take("login", call.arrival.client)
    party = call.services.providers.find(name)
    target = local(asked.next)
    way, cookie = await _begun(call, party, target if len(target) <= LONGEST_NEXT else "/account", "")
    response = views.go(way)
    response.raw_headers.append(cookie)
    return response


@router.get("/login/with/{name}/return")
async def come_back(call: Whole, name: str) -> Response:
    """Back from the provider: nothing is believed that did not begin in this browser, and none of it twice."""
    call.services.rates.take("anonymous", call.arrival.client)
    party = call.services.providers.find(name)
    response = await _arrived(call, party)
    response.raw_headers.append(cookies.written(call, COOKIE, ""))
    return response


async def _arrived(call: Call, party: Party) -> Response:
    place, words = "/login", "To the sign-in page"
    try:
        journey, query = _journey(call, party)
        if journey.session_id:
            place, words = OWN, "Back to your account"
        told = await party.arrival(query, journey.sent, _back(call, party))
        if journey.session_id:
            return await _link(call, party, journey, told)
        return await _enter(call, party, journey, told)
    except Refusal as refusal:
        said = call.speech.refusal(refusal, call.arrival.request_id)
        if said.status_code == 303:
            return said
        return views.told(said.status_code, "You are not signed in", refusal.message, onward=words, to=place)


async def _enter(call: Call, party: Party, journey: Journey, told: Told) -> Response:
    """A session for whoever the provider vouched for, their roles in its organizations settled. Raises Refusal."""
    came = origin(call)
    registration = outside.registration_by(call.services.policy.registration, party.provider.allow_registration)
    async with call.services.database.write() as tx:
        person = await outside.arrive(tx, _newcomer(party, told), came, registration)
        begun = None if isinstance(person, Refusal) else await _settled(tx, call, party, person, told)
    if begun is None:
        # Raised after the commit: it has been written down.
        raise cast(Refusal, person)
    session, secret = begun
    return entered(call, session, secret, journey.next)


async def _settled(tx: Changing, call: Call, party: Party, person: Person, told: Told) -> tuple[Session, str]:
    provider, came = party.provider, origin(call)
    wanted = dict(provider.wanted(told.groups))
    for handle in await mapped.settle(tx, came, person, provider.organizations, wanted):
        _log.warning("no such organization to map groups to", provider=provider.name, organization=handle)
    return await accounts.enter(tx, person, came, call.header(b"user-agent") or "")


async def _link(call: Call, party: Party, journey: Journey, told: Told) -> Response:
    """One more way into the account of whoever asked for it, in the very session in which they did. Raises Refusal."""
    found = await seek(call)
    if found is None:
        raise SignInFirst(OWN)
    actor, session = found
    if session.id != journey.session_id:
        raise Lost
    async with call.services.database.write() as tx:
        await outside.link(tx, actor, _newcomer(party, told))
    return views.go(OWN)


@router.get(OWN)
async def links_page(tx: Read, caller: SignedIn, call: Whole) -> Response:
    """What opens this account from outside, and what could."""
    known = {party.provider.issuer: party.provider for party in call.services.providers.parties}
    links = await outside.links(tx, caller)
    linked = {link.issuer for link in links}
    return views.page(
        call,
        "providers",
        links=[
            {
                "id": link.id,
                "title": known[link.issuer].shown if link.issuer in known else link.issuer,
                "email": link.email or "an account without an address",
                "since": link.created_at,
                "used": link.used_at,
            }
            for link in links
        ],
        others=[{"name": one.name, "title": one.shown} for one in known.values() if one.issuer not in linked],
    )


@router.post(OWN + "/{name}/link")
async def begin_link(caller: SignedIn, call: Whole, own: OwnForm, name: str, body: Form) -> Response:
    """A page with the way to the provider: a form that was posted to us leads nowhere else."""
    party = call.services.providers.find(name)
    session: Session = call.found["session"]
    await _recently(call, caller)
    way, cookie = await _begun(call, party, OWN, session.id)
    response = views.told(
        200,
        f"Link {party.provider.shown}",
        f"Sign in there, and from then on {party.provider.shown} opens your account here.",
        onward=f"Go on to {party.provider.shown}",
        to=way,
    )
    response.raw_headers.append(cookie)
    return response


async def _recently(call: Call, caller: Actor) -> None:
    """Said before the way is gone, and not only when they are back. Raises ConfirmFirst."""
    async with call.reading() as tx:
        await proofs.require(tx, caller, None)


@router.post(OWN + "/{link_id}/unlink")
async def unlink(tx: Write, caller: SignedIn, call: Whole, own: OwnForm, link_id: str, body: Form) -> Response:
    await outside.unlink(tx, caller, link_id, call.services.providers.issuers)
    return views.go(OWN)


async def _begun(call: Call, party: Party, target: str, session_id: str) -> tuple[str, tuple[bytes, bytes]]:
    """The address at the provider, and the cookie by which this browser is known when it is back. Raises ProviderAway."""
    sent = Sent(state=ids.code(32, ids.BASE62), nonce=ids.code(32, ids.BASE62), verifier=ids.code(64, ids.BASE62))
    journey = Journey(party.provider.name, sent, target, session_id, clock.now())
    way = await party.way(sent, _back(call, party))
    sealed = call.services.cursors.seal(LISTING, msgspec.json.encode(journey).decode())
    return way, cookies.written(call, COOKIE, sealed, seconds=PATIENCE // clock.SECOND)


def _journey(call: Call, party: Party) -> tuple[Journey, dict[str, str]]:
    """The journey that this browser is on, and what it came back with. Raises Lost."""
    query = dict(call.query())
    try:
        text = call.services.cursors.open(LISTING, cookies.read(call, COOKIE))
        journey = msgspec.json.decode(text, type=Journey)
    except (Invalid, msgspec.DecodeError):
        raise Lost from None
    ours = hmac.compare_digest(journey.sent.state.encode(), query.get("state", "").encode())
    if not ours or journey.provider != party.provider.name or journey.began_at + PATIENCE <= clock.now():
        raise Lost
    return journey, query


def _back(call: Call, party: Party) -> str:
    """Where the provider sends people to: another place for each provider (RFC 9700, section 4.4.2)."""
    return f"{call.services.policy.public_url}/login/with/{party.provider.name}/return"


def _newcomer(party: Party, told: Told) -> Newcomer:
    return Newcomer(
        provider=party.provider.name,
        issuer=told.issuer,
        subject=told.subject,
        email=told.email,
        verified=told.verified,
        username=told.username,
    )
