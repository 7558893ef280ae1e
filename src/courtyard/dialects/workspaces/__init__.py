"""workspaces: workspaces and their guests (seed 004), with registering and logging in."""

from courtyard.dialects.workspaces import auth, errors, guests, models, people, workspaces
from courtyard.web.dialect import Dialect, Services, Speech

SPEECH = Speech(
    name="workspaces",
    title="Courtyard workspaces",
    description="Workspaces that people own, share with guests and publish.",
    prefixes=("/workspaces", "/auth", "/users"),
    openapi_path="/workspaces/openapi.json",
    security=auth.SECURITY,
    secret=auth.secret,
    refuse=errors.refuse,
    say=errors.say,
    decode=models.decode,
)
ROUTERS = [workspaces.router, guests.router, people.router]


def dialect(services: Services) -> Dialect:
    """workspaces, served by this installation."""
    return Dialect(SPEECH, ROUTERS, services)
