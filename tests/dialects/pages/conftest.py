"""Browsers before the whole application, and people who have a password."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from pyotp.totp import TOTP

from courtyard.core.actor import Actor
from courtyard.core.identity import passwords, second, sessions
from courtyard.web.guard import Guard
from tests.core.moments import moment
from tests.dialects.pages.browser import Browser
from tests.world import ORIGIN, World

__all__ = ["moment"]
PASSWORD = "a quiet place for papers"
Opening = Callable[..., Browser]
_hash: list[str] = []


@pytest.fixture
async def opening(site: Guard) -> AsyncIterator[Opening]:
    """Opens browsers, each with cookies of its own."""
    opened: list[Browser] = []

    def open_one(**where: str) -> Browser:
        opened.append(Browser(site, **where))
        return opened[-1]

    yield open_one
    for one in opened:
        await one.client.aclose()


@pytest.fixture
def browser(opening: Opening) -> Browser:
    """A browser that nobody has used yet."""
    return opening()


@pytest.fixture
async def ada(world: World) -> str:
    """The address of Ada, who has an account and its password."""
    return await with_password(world, "ada")


@pytest.fixture
def entered(browser: Browser, ada: str) -> Callable[[], Awaitable[Browser]]:
    """The browser, with Ada signed in."""

    async def enter() -> Browser:
        await browser.sign_in(ada, PASSWORD)
        return browser

    return enter


async def with_password(world: World, name: str) -> str:
    """Give a person the password of these tests; their address."""
    if not _hash:
        _hash.append(await passwords.hashed(PASSWORD))
    person = await world.person(name)
    async with world.database.write() as tx:
        await tx.run("update person set password_hash = :hash where id = :id", hash=_hash[0], id=person.id)
    return person.email


async def with_second(world: World, name: str) -> tuple[TOTP, list[str]]:
    """Give a person an authenticator app; what makes its codes, and the recovery codes."""
    person = await world.person(name)
    async with world.database.write() as tx:
        _, secret = await sessions.begin(tx, person, ORIGIN, "test", second=False)
        actor: Actor = (await sessions.authenticate(tx, secret, ORIGIN))[0]
        app = TOTP((await second.enrol(tx, actor, "Courtyard")).secret)
        codes = await second.confirm(tx, actor, app.now())
    return app, codes
