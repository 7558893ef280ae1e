"""A browser that goes to the provider and comes back, and what came of it."""

from courtyard.core.identity import people
from courtyard.storage.database import Database
from tests.dialects.pages.browser import Browser, Seen
from tests.dialects.pages.outside.outsider import CODE, Outsider

WITH, BACK, OWN = "/login/with/acme", "/login/with/acme/return", "/account/providers"


async def come_back(browser: Browser, outsider: Outsider, begun: Seen | None = None, **change: str) -> Seen:
    """Go to the provider and back with its code."""
    begun = begun or await browser.get(f"{WITH}?next=/device")
    asked = outsider.send(begun.place)
    query = {"code": CODE, "state": asked["state"], **change}
    return await browser.get(f"{BACK}?{'&'.join(f'{name}={value}' for name, value in query.items() if value)}")


async def person(database: Database, email: str) -> people.Person | None:
    async with database.read() as tx:
        return await people.seek_by_email(tx, email)


async def actions(database: Database) -> list[str]:
    async with database.read() as tx:
        return await tx.all(str, "select action from event order by id")
