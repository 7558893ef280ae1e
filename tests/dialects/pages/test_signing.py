"""Signing in and out: what is said, what is not, and what the cookie is worth afterwards."""

import time
from collections.abc import Awaitable, Callable
from typing import cast

import pytest

from courtyard.web.dialect import Services
from courtyard.web.usage import Usage
from tests.dialects.pages.browser import AGENT, LOOPBACK, Browser, path_of
from tests.dialects.pages.conftest import PASSWORD, Opening, with_password, with_second
from tests.world import World

SESSION = "__Host-courtyard_session"
Entered = Callable[[], Awaitable[Browser]]
COUNTED = pytest.mark.parametrize("settings", [{"rate_limits": "on"}], indirect=True)


def session_cookie(headers: list[str], name: str = SESSION) -> set[str]:
    """The attributes of the session cookie that was set."""
    (found,) = [one for one in headers if one.startswith(f"{name}=cys_")]
    return {part.strip() for part in found.split(";")[1:]}


async def test_the_right_password_leads_in(browser: Browser, ada: str) -> None:
    seen = await browser.sign_in(ada, PASSWORD)
    assert seen.place == "/"
    # By way of the console where it is built.
    assert (await browser.client.get("/")).headers["location"] in ("/account", "/console/")
    account = await browser.get("/account")
    assert account.status == 200
    assert ada in account.text
    assert "Firefox on Linux" in account.text
    assert (await browser.get("/login")).place == "/"


async def test_an_unknown_account_sounds_like_a_wrong_password(browser: Browser, ada: str) -> None:
    wrong = await browser.sign_in(ada, "something else entirely")
    unknown = await browser.sign_in("nobody@example.org", "something else entirely")
    nonsense = await browser.sign_in("nobody", "x")
    assert wrong.status == unknown.status == nonsense.status == 401
    assert (
        wrong.page.alert == unknown.page.alert == nonsense.page.alert == "The e-mail address or the password is wrong."
    )
    assert wrong.response.text.replace(ada, "") == unknown.response.text.replace("nobody@example.org", "")
    assert browser.cookie(SESSION) is None


async def test_what_was_typed_is_kept_but_for_the_password(browser: Browser, ada: str) -> None:
    seen = await browser.sign_in(ada, "something else entirely", next="/device")
    assert seen.page.form.fields["email"] == ada
    assert seen.page.form.fields["next"] == "/device"
    assert "something else" not in seen.response.text
    assert (await browser.submit(seen, password=PASSWORD)).place == "/device"


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "/%09/x\u00e9",
        "/a\r\nSet-Cookie: x=y",
        "account",
    ],
)
async def test_next_leads_nowhere_else(browser: Browser, ada: str, target: str) -> None:
    page = await browser.get("/login")
    seen = await browser.submit(page, email=ada, password=PASSWORD, next=target)
    assert seen.place == "/"


async def test_the_cookie_is_held_to_this_host_over_https(browser: Browser, ada: str) -> None:
    seen = await browser.sign_in(ada, PASSWORD)
    attributes = session_cookie(seen.response.headers.get_list("set-cookie"))
    assert attributes == {"Path=/", "HttpOnly", "SameSite=Lax", "Secure", "Max-Age=604800"}


async def test_the_cookie_has_a_plain_name_over_http_on_this_machine(opening: Opening, ada: str) -> None:
    browser = opening(site=LOOPBACK)
    seen = await browser.sign_in(ada, PASSWORD)
    attributes = session_cookie(seen.response.headers.get_list("set-cookie"), "courtyard_session")
    assert attributes == {"Path=/", "HttpOnly", "SameSite=Lax", "Max-Age=604800"}
    assert (await browser.get("/account")).status == 200


async def test_in_clear_from_elsewhere_nobody_is_asked_for_a_password(opening: Opening, ada: str) -> None:
    far = opening(site="http://courtyard.test", address="192.0.2.7")
    for path in ("/login", "/register", "/oauth/authorize?client_id=x", "/account"):
        seen = await far.get(path)
        assert seen.status == 403
        assert "HTTPS" in seen.text
        assert seen.page.forms == []
    assert (await opening(address="192.0.2.7").get("/login")).status == 200


async def test_every_sign_in_has_a_secret_of_its_own(browser: Browser, ada: str) -> None:
    page = await browser.get("/login")
    browser.client.cookies.set(SESSION, "cys_planted", domain="courtyard.test", path="/")
    planted = await browser.get("/login")
    assert planted.status == 200
    await browser.submit(planted, email=ada, password=PASSWORD)
    first = browser.cookie(SESSION)
    assert first is not None
    assert first.startswith("cys_")
    assert first != "cys_planted"
    assert page.page.form.fields["token"] != planted.page.form.fields["token"]


async def test_signing_out_ends_the_session_on_the_server(entered: Entered, opening: Opening) -> None:
    browser = await entered()
    secret = browser.cookie(SESSION)
    assert secret is not None
    account = await browser.get("/account")
    seen = await browser.submit(account, account.form("/logout"))
    assert seen.place == "/login"
    assert browser.cookie(SESSION) is None
    thief = opening()
    thief.client.cookies.set(SESSION, secret, domain="courtyard.test", path="/")
    assert (await thief.get("/account")).place == "/login?next=%2Faccount"


async def test_signing_out_needs_a_form_of_ours(entered: Entered) -> None:
    browser = await entered()
    assert (await browser.get("/logout")).status == 405
    assert (await browser.post("/logout", {})).status == 403
    assert (await browser.get("/account")).status == 200


async def test_a_session_in_use_goes_on(entered: Entered, world: World, services: Services) -> None:
    browser = await entered()
    async with world.database.write() as tx:
        await tx.run("update session set seen_at = seen_at - 3600000, address = '192.0.2.3'")
        before = await tx.one(int, "select seen_at from session")
    await browser.get("/account")
    await cast(Usage, services.usage).flush(world.database)
    async with world.database.read() as tx:
        after = await tx.one(int, "select seen_at from session")
        assert await tx.one(str, "select address from session") == "127.0.0.1"
        assert await tx.one(str, "select agent from session") == AGENT
    assert before is not None
    assert after is not None
    assert after >= before + 3_600_000


async def test_the_second_factor_is_asked_for(browser: Browser, ada: str, world: World) -> None:
    app, _ = await with_second(world, "ada")
    asked = await browser.sign_in(ada, PASSWORD, next="/device?user_code=A%26b")
    halfway = browser.cookie(SESSION)
    assert path_of(asked.place) == "/login/second"
    assert (await browser.get("/account")).place == "/login?next=%2Faccount"
    page = await browser.follow(asked)
    wrong = await browser.submit(page, code="not a code")
    assert wrong.status == 401
    assert wrong.page.alert
    through = await browser.submit(wrong, code=app.at(int(time.time()), counter_offset=1))
    assert through.place == "/device?user_code=A&b"
    assert browser.cookie(SESSION) != halfway
    assert (await browser.get("/account")).status == 200


async def test_a_recovery_code_opens_once(opening: Opening, ada: str, world: World) -> None:
    _, codes = await with_second(world, "ada")
    for status in (303, 401):
        browser = opening()
        page = await browser.follow(await browser.sign_in(ada, PASSWORD))
        assert (await browser.submit(page, code=codes[0].upper())).status == status


async def test_a_code_needs_a_password_before_it(entered: Entered, opening: Opening) -> None:
    assert (await opening().get("/login/second?next=/device")).place == "/login?next=%2Fdevice"
    browser = await entered()
    account = await browser.get("/account")
    token = account.form("/logout").fields["token"]
    assert (await browser.post("/login/second", {"token": token, "code": "000000"})).place == "/login?next=%2F"


@COUNTED
async def test_codes_are_counted_by_person(opening: Opening, ada: str, world: World) -> None:
    _, codes = await with_second(world, "ada")
    statuses: list[int] = []
    for address in ("192.0.2.1", "192.0.2.2"):
        browser = opening(address=address)
        page = await browser.follow(await browser.sign_in(ada, PASSWORD))
        statuses += [(await browser.submit(page, code="wrong")).status for _ in range(3)]
    assert statuses == [401] * 5 + [429]
    late = await browser.submit(page, code=codes[0])
    assert late.status == 429
    assert 0 < int(late.response.headers["retry-after"]) <= 900


@COUNTED
async def test_five_failures_close_an_account_to_an_address(opening: Opening, ada: str, world: World) -> None:
    browser = opening()
    assert [(await browser.sign_in(ada, "wrong")).status for _ in range(5)] == [401] * 5
    refused = await browser.sign_in(ada.upper(), PASSWORD)
    assert refused.status == 429
    assert refused.page.headings == ["Too many tries"]
    assert 0 < int(refused.response.headers["retry-after"]) <= 900
    assert (await opening(address="192.0.2.9").sign_in(ada, PASSWORD)).status == 303
    assert (await browser.sign_in(await with_password(world, "bob"), PASSWORD)).status == 303


@COUNTED
async def test_ten_sign_ins_a_minute_from_one_address(opening: Opening, ada: str) -> None:
    browser = opening()
    page = await browser.get("/login")
    seen = [await browser.submit(page, email=f"who{n}@example.org", password="wrong") for n in range(11)]
    assert [one.status for one in seen] == [401] * 10 + [429]
    assert 0 < int(seen[-1].response.headers["retry-after"]) <= 60
