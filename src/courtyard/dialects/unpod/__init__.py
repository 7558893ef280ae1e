"""unpod: the spaces of an organization, by their public tokens (seed 003)."""

from courtyard.dialects.unpod import auth, errors, organizations, spaces, tasks
from courtyard.web.dialect import Dialect, Services, Speech

SPEECH = Speech(
    name="unpod",
    title="Platform API",
    description="The spaces of an organization, and the work that is done in them.",
    prefixes=("/api/v2/platform",),
    openapi_path="/api/v2/platform/openapi.json",
    security=auth.SECURITY,
    secret=auth.secret,
    refuse=errors.refuse,
    say=errors.say,
)
ROUTERS = [organizations.router, spaces.router, tasks.router]


def dialect(services: Services) -> Dialect:
    """unpod, served by this installation."""
    return Dialect(SPEECH, ROUTERS, services)
