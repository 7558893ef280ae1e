"""A person's whole life with an account, in a real browser over HTTPS: from registering to the end."""

import asyncio
import base64
import hashlib
import re
import secrets
import time
from email import message_from_bytes, policy
from pathlib import Path
from urllib.parse import urlencode

import httpx2
from playwright.async_api import Page, expect
from pyotp.totp import TOTP

from tests.browsing import Opening, Tab
from tests.pages_browser.conftest import Program
from tests.server.running import PATIENCE, Server

EMAIL, PASSWORD, OTHER = "nell@example.org", "a quiet place for papers", "papers in another quiet place"


async def test_an_account_from_its_first_day_to_its_last(server: Server, opening: Opening, program: Program) -> None:
    tab = await opening(base_url=home(server))
    page = tab.page
    await register(page, server)
    await sign_in(page, PASSWORD)
    await inside(page)
    await expect(page.get_by_text("Not verified")).to_have_count(0)

    app = await enrol(page)
    await press(page, "Sign out")
    await sign_in(page, PASSWORD)
    await reached(page, "Your second factor")
    await page.get_by_label("Code of your app").fill(app.at(int(time.time()), counter_offset=1))
    await press(page, "Go on")
    await inside(page)

    await add_passkey(tab)
    await press(page, "Sign out")
    await press(page, "Sign in with a passkey")
    await inside(page)

    await page.get_by_role("link", name="Change password").click()
    await page.get_by_label("New password").fill(OTHER)
    await press(page, "Change the password")
    await reached(page, "Done")
    await page.get_by_role("link", name="To your account").click()

    await let_in(page, server, program)
    await page.goto("/account")
    await expect(page.get_by_text("Reports")).to_be_visible()
    await press(page, "Withdraw what Reports may do")
    await expect(page.get_by_text("Reports")).to_have_count(0)

    await page.get_by_role("link", name="Look at what happened").click()
    await expect(page.get_by_text("A passkey was added")).to_be_visible()
    await page.goto("/account/delete")
    await page.get_by_label("Type your username").fill("nell")
    await press(page, "Delete the account for good")
    await reached(page, "Farewell")
    await page.goto("/account")
    await reached(page, "Sign in")


async def test_a_passkey_is_the_second_factor_and_confirms(server: Server, opening: Opening) -> None:
    tab = await opening(base_url=home(server))
    page = tab.page
    await register(page, server)
    await sign_in(page, PASSWORD)
    await add_passkey(tab)
    await press(page, "Sign out")
    await sign_in(page, PASSWORD)
    await reached(page, "Your second factor")
    await press(page, "Use a passkey")
    await inside(page)
    await page.goto("/account/confirm?next=/account/email")
    await press(page, "Use a passkey")
    await reached(page, "Your e-mail address")


async def test_who_keeps_no_passkey_is_told(server: Server, opening: Opening) -> None:
    tab = await opening(base_url=home(server))
    await authenticator(tab)
    await tab.page.goto("/login")
    await press(tab.page, "Sign in with a passkey")
    await expect(tab.page.get_by_role("alert")).to_contain_text("No passkey was given")


async def test_everything_else_works_without_script(server: Server, opening: Opening) -> None:
    tab = await opening(base_url=home(server), java_script_enabled=False)
    page = tab.page
    await register(page, server)
    await expect(page.get_by_role("button", name="passkey")).to_have_count(0)
    await sign_in(page, PASSWORD)
    await page.get_by_role("link", name="pages for your account").click()
    await reached(page, "Your account")
    await enrol(page)
    await page.goto("/account/passkeys")
    await expect(page.get_by_text("This takes script")).to_be_visible()


def home(server: Server) -> str:
    """The address by the name that passkeys are kept for."""
    return server.https.replace("127.0.0.1", "localhost")


async def reached(page: Page, title: str) -> None:
    await expect(page.get_by_role("heading", level=1)).to_have_text(title)


async def inside(page: Page) -> None:
    """Signing in leads to the console; the plain pages of the account are one step from there."""
    await reached(page, "Spaces")
    await page.goto("/account")
    await reached(page, "Your account")


async def press(page: Page, name: str) -> None:
    await page.get_by_role("button", name=name, exact=True).click()


async def register(page: Page, server: Server) -> None:
    """An account, its address verified by the mailed link."""
    await page.goto("/register")
    await page.get_by_label("E-mail").fill(EMAIL)
    await page.get_by_label("Username").fill("nell")
    await page.get_by_label("Password").fill(PASSWORD)
    await press(page, "Make the account")
    await reached(page, "Almost done")
    await page.goto(await mailed(server.data_dir / "mail"))
    await reached(page, "Is this your address?")
    await press(page, "Yes, it is mine")
    await reached(page, "Done")
    await page.goto("/login")


def letters(folder: Path) -> list[bytes]:
    return [file.read_bytes() for file in sorted(folder.glob("*.eml"))]


async def mailed(folder: Path) -> str:
    """The link in the first mail."""
    async with asyncio.timeout(PATIENCE):
        while not (found := await asyncio.to_thread(letters, folder)):  # noqa: ASYNC110 - written by another process
            await asyncio.sleep(0.05)
    message = message_from_bytes(found[0], policy=policy.default)
    link = re.search(r"https://\S+", message.get_content().partition("within a day")[2])
    assert link is not None
    return link[0]


async def sign_in(page: Page, password: str) -> None:
    await page.get_by_label("E-mail").fill(EMAIL)
    await page.get_by_label("Password").fill(password)
    await press(page, "Sign in")


async def enrol(page: Page) -> TOTP:
    """An authenticator app, by the key that is shown as text."""
    await page.goto("/account/second-factor")
    await press(page, "Set up an authenticator app")
    app = TOTP((await page.locator(".key").inner_text()).replace(" ", ""))
    await page.get_by_label("Code of the app").fill(app.now())
    await press(page, "Turn it on")
    await reached(page, "Your recovery codes")
    await expect(page.get_by_role("listitem")).to_have_count(10)
    await page.get_by_role("link", name="I have kept them").click()
    await page.goto("/account")
    return app


async def authenticator(tab: Tab) -> None:
    """One that is built into the device, and does what it is asked."""
    devtools = await tab.context.new_cdp_session(tab.page)
    await devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    await devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})


async def add_passkey(tab: Tab) -> None:
    await authenticator(tab)
    page = tab.page
    await page.goto("/account/passkeys")
    await page.get_by_label("Its name").fill("This laptop")
    await press(page, "Add a passkey")
    await expect(page.get_by_text(re.compile("This laptop|recovery codes")).first).to_be_visible()
    await page.goto("/account/passkeys")
    await expect(page.get_by_role("button", name="Remove This laptop")).to_be_visible()
    await page.goto("/account")


async def let_in(page: Page, server: Server, program: Program) -> None:
    """The code flow with PKCE, of a program that nobody else can speak for: it is asked about."""
    async with httpx2.AsyncClient(base_url=server.http, timeout=PATIENCE) as client:
        new = {"name": "Reports", "redirect_uris": ["http://127.0.0.1/back"], "scopes": ["read"], "public": True}
        headers = {"X-API-Key": await asyncio.to_thread(server.log_in)}
        made = await client.post("/v1/applications", json=new, headers=headers)
        assert made.status_code == 201, made.text
        verifier = secrets.token_urlsafe(48)
        digest = hashlib.sha256(verifier.encode()).digest()
        asked = {
            "response_type": "code",
            "client_id": made.json()["client_id"],
            "redirect_uri": program.redirect_uri,
            "state": "a state",
            "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
            "code_challenge_method": "S256",
        }
        for _ in range(2):
            await page.goto("/oauth/authorize?" + urlencode(asked))
            await reached(page, "Let Reports in?")
        await press(page, "Allow")
        await reached(page, "Welcome back")
        told = await program.told()
        assert told["state"] == "a state"
        granted = {
            "grant_type": "authorization_code",
            "code": told["code"],
            "redirect_uri": program.redirect_uri,
            "client_id": asked["client_id"],
            "code_verifier": verifier,
        }
        token = await client.post("/oauth/token", data=granted)
        assert token.status_code == 200, token.text
        bearer = {"Authorization": f"Bearer {token.json()['access_token']}"}
        assert (await client.get("/v1/me", headers=bearer)).json()["username"] == "nell"
