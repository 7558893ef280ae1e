"""What this server says of itself: RFC 8414, OpenID Connect Discovery, and the keys that its `id_token`s are checked with."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from courtyard.core.oauth import id_tokens, signing_keys
from courtyard.core.oauth.scopes import WORDS
from courtyard.dialects.oauth.clients import CONFIDENTIAL, GRANTS
from courtyard.dialects.oauth.routing import FormRoute
from courtyard.web.answer import answer
from courtyard.web.suppliers import Whole

router = APIRouter(route_class=FormRoute, tags=["OAuth 2"])
KEPT = {"Cache-Control": "public, max-age=3600"}


@router.get("/.well-known/oauth-authorization-server", summary="What this server can do")
async def metadata(call: Whole) -> Response:
    """RFC 8414."""
    return answer(200, described(call.services.policy.public_url))


@router.get("/.well-known/openid-configuration", summary="What this server can do, for OpenID Connect")
async def configuration(call: Whole) -> Response:
    """OpenID Connect Discovery 1.0, section 3: what RFC 8414 has, and more."""
    told = [claim for claims in id_tokens.BY_SCOPE.values() for claim in claims]
    return answer(
        200,
        {
            **described(call.services.policy.public_url),
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [signing_keys.ALGORITHM],
            "claim_types_supported": ["normal"],
            "claims_supported": [*id_tokens.CLAIMS, *told],
            "claims_parameter_supported": False,
            "request_parameter_supported": False,
            "request_uri_parameter_supported": False,
        },
    )


@router.get("/oauth/jwks", summary="The keys that sign")
async def keys(call: Whole) -> Response:
    """A JWK set (RFC 7517). A new key stands here a day before it signs, an old one until its last token has ended."""
    call.services.rates.take("anonymous", call.arrival.client)
    return answer(200, {"keys": await signing_keys.published(call.services.database)}, KEPT)


def described(issuer: str) -> dict[str, Any]:
    """What both documents say."""
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/oauth/authorize",
        "token_endpoint": f"{issuer}/oauth/token",
        "userinfo_endpoint": f"{issuer}/oauth/userinfo",
        "jwks_uri": f"{issuer}/oauth/jwks",
        "revocation_endpoint": f"{issuer}/oauth/revoke",
        "introspection_endpoint": f"{issuer}/oauth/introspect",
        "device_authorization_endpoint": f"{issuer}/oauth/device_authorization",
        "scopes_supported": [*WORDS],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": [*GRANTS],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": [*CONFIDENTIAL, "none"],
        "revocation_endpoint_auth_methods_supported": [*CONFIDENTIAL, "none"],
        "introspection_endpoint_auth_methods_supported": [*CONFIDENTIAL],
        "authorization_response_iss_parameter_supported": True,
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
    }
