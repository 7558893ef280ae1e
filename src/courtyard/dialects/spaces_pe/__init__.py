"""spaces_pe: the Spaces API, customers and their spaces (seed 001)."""

from courtyard.dialects.spaces_pe import (
    auth,
    customers,
    empty,
    errors,
    models,
    resource_subscriptions,
    spaces,
    transport,
)
from courtyard.web.dialect import Dialect, Services, Speech

SPEECH = Speech(
    name="spaces_pe",
    title="Spaces API",
    description="Customers and the spaces they belong to. HTTPS only.",
    prefixes=("/api/v1",),
    openapi_path="/api/v1/openapi.json",
    security=auth.SECURITY,
    secret=auth.secret,
    refuse=errors.refuse,
    say=errors.say,
    decode=models.decode,
    admit=transport.admit,
)
ROUTERS = [customers.router, spaces.router, resource_subscriptions.router, empty.router]


def dialect(services: Services) -> Dialect:
    """spaces_pe, served by this installation."""
    return Dialect(SPEECH, ROUTERS, services)
