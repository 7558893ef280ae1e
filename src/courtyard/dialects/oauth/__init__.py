"""oauth: how an application gets its access token (RFC 6749, 7009, 7636, 7662, 8414, 8628, 9700)."""

from starlette.types import Scope

from courtyard.dialects.oauth import endpoints, errors, forms, metadata, userinfo
from courtyard.dialects.oauth.clear import HttpsNeeded, in_clear, note_token
from courtyard.web.dialect import Dialect, Services, Speech
from courtyard.web.route import Route

ROUTERS = [endpoints.router, userinfo.router, metadata.router]
POSTED = frozenset(
    route.path
    for router in ROUTERS
    for route in router.routes
    if isinstance(route, Route) and "POST" in (route.methods or ())
)


async def admit(scope: Scope, services: Services) -> None:
    """HTTPS, or plain HTTP from this very machine; a form is refused when it has been read (`routing.FormRoute`).

    Raises HttpsNeeded.
    """
    if in_clear(scope) and not (scope["method"] == "POST" and scope["path"].rstrip("/") in POSTED):
        await note_token(scope, services)
        raise HttpsNeeded


SPEECH = Speech(
    name="oauth",
    title="Courtyard OAuth 2",
    description="How an application gets its access token.",
    prefixes=("/oauth", "/.well-known"),
    openapi_path="/oauth/openapi.json",
    security={},
    secret=lambda headers: None,
    refuse=errors.refuse,
    say=errors.say,
    decode=forms.decode,
    admit=admit,
)


def dialect(services: Services) -> Dialect:
    """oauth, served by this installation."""
    return Dialect(SPEECH, ROUTERS, services)
