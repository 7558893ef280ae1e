"""Every page in light and dark, on a desk and in a hand: nobody is kept out, nothing sticks out sideways or is complained of."""

import os
import time
from pathlib import Path

import pytest
from playwright.async_api import Page
from pyotp.totp import TOTP

from tests.browsing import RUN_AXE, Opening, axe, serious
from tests.pages_browser.test_account import PASSWORD, add_passkey, home, press, register, sign_in
from tests.server.running import Server

OUTSIDE = ("/login", "/register", "/reset")
INSIDE = (
    "/account",
    "/account/password",
    "/account/email",
    "/account/username",
    "/account/second-factor",
    "/account/passkeys",
    "/account/confirm",
    "/account/delete",
    "/account/events",
    "/device",
)
KEPT = os.environ.get("COURTYARD_SCREENSHOTS", "")
"""Where pictures are kept for who wants to look at them."""


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_pages_fit(server: Server, opening: Opening, scheme: str, width: int) -> None:
    tab = await opening(
        base_url=home(server), color_scheme=scheme, viewport={"width": width, "height": 844}, reduced_motion="reduce"
    )
    page = tab.page
    await register(page, server)
    for path in OUTSIDE:
        await look(page, path, f"{scheme}-{width}")
    await page.goto("/login")
    await sign_in(page, PASSWORD)
    await page.goto("/account/second-factor")
    await press(page, "Set up an authenticator app")
    await look(page, "", f"{scheme}-{width}-enrol")
    app = TOTP((await page.locator(".key").inner_text()).replace(" ", ""))
    await page.get_by_label("Code of the app").fill(app.at(int(time.time())))
    await press(page, "Turn it on")
    await page.locator(".codes").wait_for()
    await look(page, "", f"{scheme}-{width}-codes")
    await add_passkey(tab)
    for path in INSIDE:
        await look(page, path, f"{scheme}-{width}")
    await press_out(page)
    await page.goto("/login")
    await sign_in(page, PASSWORD)
    await page.get_by_label("Code of your app").wait_for()
    await look(page, "", f"{scheme}-{width}-second")


async def press_out(page: Page) -> None:
    await page.goto("/account")
    await press(page, "Sign out")
    await page.get_by_role("heading", name="Sign in").wait_for()


async def look(page: Page, path: str, name: str) -> None:
    """Go there if it is somewhere else, let axe look, measure, and keep a picture."""
    if path:
        await page.goto(path)
    await page.evaluate(axe())
    flaws = serious(await page.evaluate(RUN_AXE))
    assert flaws == [], f"{page.url}: {flaws}"
    sideways = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert sideways <= 0, f"{page.url} sticks out by {sideways} pixels"
    if KEPT:
        shot = Path(KEPT) / f"{name}{path.replace('/', '-')}.png"
        await page.screenshot(path=shot, full_page=True)
