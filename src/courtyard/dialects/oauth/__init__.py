"""oauth: how an application gets its access token (RFC 6749, 7009, 7636, 7662, 8414, 8628, 9700)."""

from starlette.types import Scope

from courtyard.core.errors import Invalid
from courtyard.dialects.oauth import endpoints, errors, forms, metadata, userinfo
from courtyard.web.arrival import arrival
from courtyard.web.dialect import Dialect, Services, Speech
from courtyard.web.https import is_loopback


class HttpsNeeded(Invalid):
    """HTTPS is required."""

    def __init__(self) -> None:
        super().__init__("scheme")


async def admit(scope: Scope, services: Services) -> None:
    """HTTPS, or plain HTTP from this very machine. Raises HttpsNeeded."""
    del services
    arrived = arrival(scope)
    if not arrived.https and not is_loopback(arrived.client):
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
ROUTERS = [endpoints.router, userinfo.router, metadata.router]


def dialect(services: Services) -> Dialect:
    """oauth, served by this installation."""
    return Dialect(SPEECH, ROUTERS, services)
