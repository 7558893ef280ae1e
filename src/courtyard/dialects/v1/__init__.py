"""v1: spaces and artifacts (seeds 000 and 002), and the native API: everything Courtyard can do."""

from courtyard.dialects.v1 import (
    account,
    administration,
    applications,
    artifacts,
    auth,
    consents,
    customers,
    errors,
    generating,
    jobs,
    keys,
    looks,
    organizations,
    passkeys,
    people,
    quotas,
    second_factor,
    security,
    spaces,
    streams,
    threads,
    tus,
    uploads,
    versions,
)
from courtyard.web.dialect import Dialect, Services, Speech

SPEECH = Speech(
    name="v1",
    title="Courtyard v1",
    description="Spaces, artifacts and everything else that Courtyard can do.",
    prefixes=("/v1", "/api-proxy/v1"),
    aliases={"/api-proxy/v1": "/v1"},
    openapi_path="/v1/openapi.json",
    security=auth.SECURITY,
    secret=auth.secret,
    refuse=errors.refuse,
    say=errors.say,
    failures=errors.FAILURES,
)
ROUTERS = [
    spaces.router,
    quotas.router,
    artifacts.router,
    uploads.router,
    generating.router,
    looks.router,
    uploads.images,
    versions.router,
    tus.router,
    tus.speaking,
    jobs.router,
    streams.router,
    threads.router,
    customers.router,
    people.router,
    organizations.router,
    account.router,
    second_factor.router,
    passkeys.router,
    administration.router,
    keys.router,
    security.router,
    applications.router,
    consents.router,
]


def dialect(services: Services) -> Dialect:
    """v1, served by this installation."""
    return Dialect(SPEECH, ROUTERS, services)
