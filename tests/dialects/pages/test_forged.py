"""Forms that are not ours: whatever the cookie says, they change nothing."""

from collections.abc import Awaitable, Callable

import pytest

from tests.dialects.pages.browser import LOOPBACK, Browser
from tests.dialects.pages.conftest import PASSWORD, Opening

Entered = Callable[[], Awaitable[Browser]]


@pytest.mark.parametrize("said", ["cross-site", "same-site", "", "anything"])
async def test_a_post_that_the_browser_calls_foreign_is_refused(entered: Entered, said: str) -> None:
    browser = await entered()
    token = (await browser.get("/account")).form("/logout").fields["token"]
    seen = await browser.post("/logout", {"token": token}, **{"Sec-Fetch-Site": said})
    assert seen.status == 403
    assert seen.page.headings == ["This is not allowed"]
    assert (await browser.get("/account")).status == 200


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "https://courtyard.test.evil.example", "http://courtyard.test:81"]
)
async def test_an_older_browser_tells_by_its_origin(entered: Entered, origin: str) -> None:
    browser = await entered()
    token = (await browser.get("/account")).form("/logout").fields["token"]
    headers = {"Cookie": f"__Host-courtyard_session={browser.cookie('__Host-courtyard_session')}", "Origin": origin}
    bare = await browser.client.post("/logout", data={"token": token}, headers=headers)
    assert bare.status_code == 403
    assert (await browser.get("/account")).status == 200
    headers["Origin"] = "https://courtyard.test"
    assert (await browser.client.post("/logout", data={"token": token}, headers=headers)).status_code == 303


@pytest.mark.parametrize(
    "path", ["/login", "/login/second", "/register", "/reset", "/reset/cye_x", "/verify/x", "/email/x"]
)
async def test_every_form_needs_a_token_even_before_there_is_a_session(browser: Browser, ada: str, path: str) -> None:
    values = {"email": ada, "password": PASSWORD, "username": "x", "code": "1"}
    assert (await browser.post(path, values)).status == 403
    await browser.get("/login")
    assert (await browser.post(path, values)).status == 403
    assert (await browser.post(path, {**values, "token": "x" * 16})).status == 403
    assert (await browser.post(path, {**values, "token": "\u00fc"})).status == 403


@pytest.mark.parametrize(
    "path",
    [
        "/logout",
        "/oauth/authorize",
        "/device",
        "/account/sessions/end",
        "/account/sessions/x/end",
        "/account/consents/x/withdraw",
    ],
)
async def test_the_token_of_another_browser_is_none(entered: Entered, opening: Opening, path: str) -> None:
    browser = await entered()
    foreign = (await opening().get("/login")).page.form.fields["token"]
    assert (await browser.post(path, {"token": foreign})).status == 403
    assert (await browser.post(path, {})).status == 403


async def test_cookies_of_others_do_not_hide_ours(opening: Opening, ada: str) -> None:
    browser = opening(site=LOOPBACK)
    await browser.sign_in(ada, PASSWORD)
    session = browser.cookie("courtyard_session")
    crowd = {"Cookie": f'settings={{"a": [1, "b"]}}; x; =; courtyard_session={session}; y="'}
    bare = opening(site=LOOPBACK)
    assert (await bare.client.get("/account", headers=crowd)).status_code == 200


async def test_a_form_is_a_form(browser: Browser, ada: str) -> None:
    page = await browser.get("/login")
    token = page.page.form.fields["token"]
    for content, kind in (
        (f'{{"token": "{token}"}}', "application/json"),
        (f"token={token}", "text/plain"),
        (f"token={token}&email=a&email=b", "application/x-www-form-urlencoded"),
        (f"token={token}&email=%ff", "application/x-www-form-urlencoded"),
        (f"token={token}&email=%00", "application/x-www-form-urlencoded"),
    ):
        answer = await browser.client.post("/login", content=content, headers={"Content-Type": kind})
        assert answer.status_code == 422
        assert "text/html" in answer.headers["content-type"]
