"""Applications that ask to be let in."""

from typing import Any

from courtyard.core.oauth import applications
from courtyard.core.oauth.applications import Application, NewApplication
from tests.world import World

BACK = "https://app.example.org/back?kept=1"
HOSTILE = "<script>alert('x')</script>\"&"


async def application(
    world: World, *, name: str = "Reports", redirects: tuple[str, ...] = (BACK,), scopes: Any = ("read", "write")
) -> Application:
    """An application of Bob's."""
    bob = await world.actor("bob")
    new = NewApplication(name=name, redirect_uris=list(redirects), scopes=list(scopes))
    async with world.database.write() as tx:
        return (await applications.create(tx, bob, new))[0]
