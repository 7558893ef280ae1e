"""Back to an application that was let in before: a browser follows the whole way from the form that was posted, or stops it."""

import asyncio
from urllib.parse import urlencode

import httpx2
import pytest
from playwright.async_api import Page

from tests.browsing import Opening
from tests.pages_browser.conftest import Program
from tests.pages_browser.test_account import (
    PASSWORD,
    add_passkey,
    home,
    press,
    reached,
    register,
    sign_in,
)
from tests.server.running import PATIENCE, Server

CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


async def test_who_signs_in_for_an_application_arrives_there(
    server: Server, opening: Opening, program: Program
) -> None:
    page = (await opening(base_url=home(server))).page
    asked = await let_in(page, server, program)
    await press_out(page)
    await page.goto(asked)
    await sign_in(page, PASSWORD)
    await arrived(page, program)


async def test_who_has_two_factors_arrives_there(server: Server, opening: Opening, program: Program) -> None:
    tab = await opening(base_url=home(server))
    page = tab.page
    asked = await let_in(page, server, program)
    await page.goto("/account")
    await add_passkey(tab)
    await press_out(page)
    await page.goto(asked)
    await sign_in(page, PASSWORD)
    await reached(page, "Your second factor")
    await press(page, "Use a passkey")
    await arrived(page, program)


@pytest.mark.parametrize("way", ["the password", "a passkey"])
async def test_who_proves_it_again_arrives_there(server: Server, opening: Opening, program: Program, way: str) -> None:
    tab = await opening(base_url=home(server))
    page = tab.page
    asked = await let_in(page, server, program)
    await page.goto("/account")
    await add_passkey(tab)
    await page.goto(f"{asked}&prompt=login")
    await reached(page, "Is it still you?")
    if way == "a passkey":
        await press(page, "Use a passkey")
    else:
        await page.get_by_label("Password").fill(PASSWORD)
        await press(page, "Go on")
    await arrived(page, program)


async def let_in(page: Page, server: Server, program: Program) -> str:
    """A person with an account, and the question of an application with a secret, which they answered once."""
    new = {"name": "Reports", "redirect_uris": ["http://127.0.0.1/back"], "scopes": ["read"]}
    async with httpx2.AsyncClient(base_url=server.http, timeout=PATIENCE) as client:
        headers = {"X-API-Key": await asyncio.to_thread(server.log_in)}
        made = await client.post("/v1/applications", json=new, headers=headers)
    asked = "/oauth/authorize?" + urlencode(
        {
            "response_type": "code",
            "client_id": made.json()["client_id"],
            "redirect_uri": program.redirect_uri,
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }
    )
    await register(page, server)
    await sign_in(page, PASSWORD)
    await page.wait_for_url(lambda url: "/login" not in url)
    await page.goto(asked)
    await press(page, "Allow")
    await arrived(page, program)
    return asked


async def arrived(page: Page, program: Program) -> None:
    await reached(page, "Welcome back")
    assert (await program.told())["code"]


async def press_out(page: Page) -> None:
    await page.goto("/account")
    await press(page, "Sign out")
    await reached(page, "Sign in")
