"""Token, revocation, introspection, device authorization."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response
from typing_extensions import TypedDict

from courtyard.core.actor import Actor
from courtyard.core.oauth import devices, id_tokens, scopes, signing_keys, tokens
from courtyard.core.oauth.applications import Application
from courtyard.core.oauth.id_tokens import Occasion
from courtyard.core.oauth.tokens import Issued, Token
from courtyard.dialects.oauth import forms
from courtyard.dialects.oauth.clients import UnknownClient, proven
from courtyard.dialects.oauth.errors import NO_STORE, error
from courtyard.dialects.oauth.exchange import exchange
from courtyard.dialects.oauth.forms import DeviceForm, TokenForm, TokenHint
from courtyard.dialects.oauth.guesses import note_guess
from courtyard.dialects.oauth.routing import FormRoute
from courtyard.web.answer import answer
from courtyard.web.call import Call
from courtyard.web.route import issues_secret
from courtyard.web.suppliers import Whole

router = APIRouter(route_class=FormRoute, tags=["OAuth 2"])


class _IdToken(TypedDict, total=False):
    id_token: str


class TokenShape(_IdToken):
    """What a token request gives."""

    access_token: str
    token_type: str
    expires_in: int
    refresh_token: str | None
    scope: str
    spaces_user_id: str


def token(issued: Issued) -> dict[str, Any]:
    shape: dict[str, Any] = {
        "access_token": issued.access,
        "token_type": "bearer",
        "expires_in": issued.expires_in,
        "scope": issued.scopes,
        "spaces_user_id": issued.person_id,
    }
    return shape if issued.refresh is None else {**shape, "refresh_token": issued.refresh}


@router.post("/oauth/token", summary="Get a token", response_model=TokenShape)
@issues_secret
async def post_token(call: Whole, body: TokenForm) -> Response:
    """By authorization code with PKCE, refresh token, client credentials or device code."""
    call.services.rates.take("anonymous", call.arrival.client)
    async with _counted(call), call.services.database.write() as tx:
        outcome = await exchange(tx, forms.request(call), forms.origin(call))
    if isinstance(outcome, Issued):
        return answer(200, {**token(outcome), **await _id_token(call, outcome)}, NO_STORE)
    # An answer and no exception: what it revoked stays revoked.
    return error(400, outcome.code, outcome.message)


async def _id_token(call: Call, issued: Issued) -> dict[str, str]:
    """Who the person is, for whoever asked by `openid`: signed when the tokens are safe, for that takes its time."""
    if issued.authenticated_at is None or "openid" not in issued.scopes.split():
        return {}
    database, issuer = call.services.database, call.services.policy.public_url
    key = await signing_keys.current(database)
    occasion = Occasion(issuer, issued.client_id, issued.access, issued.authenticated_at, issued.nonce)
    async with database.read() as tx:
        known = await id_tokens.claims(tx, issued.person_id, issued.scopes)
    return {"id_token": id_tokens.signed(key, known, occasion)}


@router.post("/oauth/revoke", summary="Revoke a token")
async def revoke(call: Whole, body: TokenHint) -> Response:
    """RFC 7009: every token of its family ends. 200 also for a token that is unknown."""
    application = await _client(call)
    async with call.reading() as tx:
        found = await tokens.seek(tx, body.token)
    if found is not None and found.application_id == application.id:
        actor = Actor(forms.origin(call), application_id=application.id)
        async with call.services.database.write() as tx:
            # Whoever turns it over at this moment is waited for: what comes of that ends too.
            await tokens.hold(tx, body.token)
            await tokens.revoke_family(tx, actor, found.family, "revoked")
    return answer(200, {}, NO_STORE)


@router.post("/oauth/introspect", summary="Look at a token")
async def introspect(call: Whole, body: TokenHint) -> Response:
    """RFC 7662: for confidential applications, about their own tokens; everything else is not active."""
    application = await _client(call)
    if application.public:
        raise UnknownClient
    async with call.reading() as tx:
        found = await tokens.seek(tx, body.token)
    if found is None or found.application_id != application.id or not tokens.alive(found):
        return answer(200, {"active": False}, NO_STORE)
    may = scopes.within(found.scopes, application.scopes)
    return answer(200, {**_introspected(found, call.services.policy.public_url), "scope": may}, NO_STORE)


def _introspected(found: Token, issuer: str) -> dict[str, Any]:
    return {
        "active": True,
        "client_id": found.client_id,
        "username": found.username,
        "token_type": "refresh_token" if found.kind == "refresh" else "bearer",
        "exp": None if found.expires_at is None else found.expires_at // 1_000,
        "iat": found.created_at // 1_000,
        "sub": found.person_id,
        "iss": issuer,
    }


@router.post("/oauth/device_authorization", summary="Begin the device flow")
@issues_secret
async def authorize_device(call: Whole, body: DeviceForm) -> Response:
    """RFC 8628: a code for the program, and one for the person to type in at `/device`."""
    application = await _client(call)
    granted = scopes.granted(application.scopes, body.scope)
    if granted is None:
        return error(400, "invalid_scope", "The application may not have these scopes.")
    async with call.services.database.write() as tx:
        secret, user_code = await devices.begin(tx, application, " ".join(granted))
    place = f"{call.services.policy.public_url}/device"
    shape = {
        "device_code": secret,
        "user_code": user_code,
        "verification_uri": place,
        "verification_uri_complete": f"{place}?user_code={user_code}",
        "expires_in": devices.LIFE // 1_000,
        "interval": devices.PAUSE,
    }
    return answer(200, shape, NO_STORE)


async def _client(call: Call) -> Application:
    """The application that proved who it is, counted; a public one proves nothing, so its address counts.

    Raises UnknownClient, TwoProofs, TooMany.
    """
    async with _counted(call), call.reading() as tx:
        application = await proven(tx, forms.request(call))
    if application.public:
        call.services.rates.take("anonymous", call.arrival.client)
    else:
        call.services.rates.take("api", application.id)
    return application


@asynccontextmanager
async def _counted(call: Call) -> AsyncGenerator[None]:
    """Whoever guesses at secrets is slowed down, and the owner of the application sees it."""
    try:
        yield
    except UnknownClient:
        call.services.rates.take("bad_credentials", call.arrival.client)
        await note_guess(call)
        raise
