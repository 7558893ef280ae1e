"""Token, revocation, introspection, device authorization, metadata."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response
from typing_extensions import TypedDict

from courtyard.core.actor import SCOPES, Actor
from courtyard.core.oauth import devices, tokens
from courtyard.core.oauth.applications import Application
from courtyard.core.oauth.tokens import Issued, Token
from courtyard.dialects.oauth import forms
from courtyard.dialects.oauth.clients import CONFIDENTIAL, GRANTS, UnknownClient, allowed, proven
from courtyard.dialects.oauth.errors import NO_STORE, error
from courtyard.dialects.oauth.exchange import exchange
from courtyard.dialects.oauth.forms import DeviceForm, FormRoute, TokenForm, TokenHint
from courtyard.web.answer import answer
from courtyard.web.call import Call
from courtyard.web.files import Transaction
from courtyard.web.route import issues_secret
from courtyard.web.suppliers import Whole, Write

router = APIRouter(route_class=FormRoute, tags=["OAuth 2"])


class TokenShape(TypedDict):
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
async def post_token(tx: Write, call: Whole, body: TokenForm) -> Response:
    """By authorization code with PKCE, refresh token, client credentials or device code."""
    call.services.rates.take("anonymous", call.arrival.client)
    with _counted(call):
        outcome = await exchange(tx, forms.request(call), forms.origin(call))
    if isinstance(outcome, Issued):
        return answer(200, token(outcome), NO_STORE)
    # An answer and no exception: what it revoked stays revoked.
    return error(400, outcome.code, outcome.message)


@router.post("/oauth/revoke", summary="Revoke a token")
async def revoke(tx: Write, call: Whole, body: TokenHint) -> Response:
    """RFC 7009: every token of its family ends. 200 also for a token that is unknown."""
    application = await _client(tx, call)
    found = await tokens.hold(tx, body.token)
    if found is not None and found.application_id == application.id:
        await tokens.revoke_family(
            tx, Actor(forms.origin(call), application_id=application.id), found.family, "revoked"
        )
    return answer(200, {}, NO_STORE)


@router.post("/oauth/introspect", summary="Look at a token")
async def introspect(tx: Write, call: Whole, body: TokenHint) -> Response:
    """RFC 7662: for confidential applications, about their own tokens; everything else is not active."""
    application = await _client(tx, call)
    if application.public:
        raise UnknownClient
    found = await tokens.seek(tx, body.token)
    if found is None or found.application_id != application.id or not tokens.alive(found):
        return answer(200, {"active": False}, NO_STORE)
    return answer(200, _introspected(found, call.services.policy.public_url), NO_STORE)


def _introspected(found: Token, issuer: str) -> dict[str, Any]:
    return {
        "active": True,
        "scope": found.scopes,
        "client_id": found.client_id,
        "username": found.username,
        "token_type": "bearer" if found.kind == "access" else "refresh_token",
        "exp": None if found.expires_at is None else found.expires_at // 1_000,
        "iat": found.created_at // 1_000,
        "sub": found.person_id,
        "iss": issuer,
    }


@router.post("/oauth/device_authorization", summary="Begin the device flow")
@issues_secret
async def authorize_device(tx: Write, call: Whole, body: DeviceForm) -> Response:
    """RFC 8628: a code for the program, and one for the person to type in at `/device`."""
    call.services.rates.take("anonymous", call.arrival.client)
    application = await _client(tx, call)
    scopes = allowed(application, body.scope)
    if scopes is None:
        return error(400, "invalid_scope", "The application may not have these scopes.")
    secret, user_code = await devices.begin(tx, application, " ".join(scopes))
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


@router.get("/.well-known/oauth-authorization-server", summary="What this server can do")
async def metadata(call: Whole) -> Response:
    """RFC 8414."""
    issuer = call.services.policy.public_url
    return answer(
        200,
        {
            "issuer": issuer,
            "authorization_endpoint": f"{issuer}/oauth/authorize",
            "token_endpoint": f"{issuer}/oauth/token",
            "revocation_endpoint": f"{issuer}/oauth/revoke",
            "introspection_endpoint": f"{issuer}/oauth/introspect",
            "device_authorization_endpoint": f"{issuer}/oauth/device_authorization",
            "scopes_supported": [*SCOPES],
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": [*GRANTS],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": [*CONFIDENTIAL, "none"],
            "revocation_endpoint_auth_methods_supported": [*CONFIDENTIAL, "none"],
            "introspection_endpoint_auth_methods_supported": [*CONFIDENTIAL],
            "authorization_response_iss_parameter_supported": True,
        },
    )


async def _client(tx: Transaction, call: Call) -> Application:
    """The application that proved who it is. Raises UnknownClient, TwoProofs."""
    with _counted(call):
        return await proven(tx, forms.request(call))


@contextmanager
def _counted(call: Call) -> Generator[None]:
    """Whoever guesses at secrets is slowed down."""
    try:
        yield
    except UnknownClient:
        call.services.rates.take("bad_credentials", call.arrival.client)
        raise
