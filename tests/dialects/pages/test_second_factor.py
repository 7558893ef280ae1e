"""The second factor on the pages: set up, used, renewed and turned off."""

import re
from collections.abc import Awaitable, Callable

import pytest
from pyotp import parse_uri
from pyotp.totp import TOTP

from tests.dialects.pages.browser import Browser, Seen
from tests.dialects.pages.conftest import PASSWORD, Opening
from tests.world import World

HERE = "/account/second-factor"
CODE = re.compile(r"\b[a-z2-9]{4}(?:-[a-z2-9]{4}){3}\b")
Entered = Callable[[], Awaitable[Browser]]


async def enrol(browser: Browser) -> tuple[Seen, TOTP]:
    page = await browser.get(HERE)
    seen = await browser.submit(page, page.form(f"{HERE}/app"))
    assert seen.status == 200
    uri = seen.page.links["hand the key over to it"]
    app = parse_uri(uri)
    assert isinstance(app, TOTP)
    assert (app.issuer, app.name) == ("Courtyard", "ada@example.org")
    assert app.secret in seen.text.replace(" ", "")
    return seen, app


async def test_an_app_is_set_up_with_its_first_code(entered: Entered, opening: Opening, ada: str) -> None:
    browser = await entered()
    seen, app = await enrol(browser)
    wrong = await browser.submit(seen, seen.form(f"{HERE}/app/confirm"), code="12")
    assert wrong.status == 422
    assert app.secret not in wrong.response.text.replace(" ", "")
    assert (await opening().sign_in(ada, PASSWORD)).place == "/"
    shown = await browser.submit(wrong, wrong.form(f"{HERE}/app/confirm"), code=app.now())
    codes = CODE.findall(shown.text)
    assert len(codes) == 10
    assert shown.response.headers["cache-control"] == "no-store"
    page = await browser.get(HERE)
    assert "Authenticator app On" in page.text
    assert "10 left" in page.text
    assert not any(code in page.response.text for code in codes)
    assert "An authenticator app, 10 recovery codes left" in (await browser.get("/account")).text
    other = opening()
    asked = await other.follow(await other.sign_in(ada, PASSWORD))
    assert (await other.submit(asked, code=codes[3])).place == "/"


async def test_a_new_set_ends_the_old_one(entered: Entered, opening: Opening, ada: str) -> None:
    browser = await entered()
    seen, app = await enrol(browser)
    old = CODE.findall((await browser.submit(seen, seen.form(f"{HERE}/app/confirm"), code=app.now())).text)
    page = await browser.get(HERE)
    new = CODE.findall((await browser.submit(page, page.form(f"{HERE}/codes"))).text)
    assert len(new) == 10
    assert not set(new) & set(old)
    other = opening()
    asked = await other.follow(await other.sign_in(ada, PASSWORD))
    assert (await other.submit(asked, code=old[0])).status == 401
    assert (await other.submit(asked, code=new[0])).place == "/"


async def test_it_is_turned_off(entered: Entered, opening: Opening, ada: str) -> None:
    browser = await entered()
    seen, app = await enrol(browser)
    await browser.submit(seen, seen.form(f"{HERE}/app/confirm"), code=app.now())
    page = await browser.get(HERE)
    assert (await browser.submit(page, page.form(f"{HERE}/app/remove"))).place == HERE
    assert "Authenticator app Off" in (await browser.get(HERE)).text
    assert (await opening().sign_in(ada, PASSWORD)).place == "/"
    assert (await browser.submit(page, page.form(f"{HERE}/app/remove"))).status == 409
    assert (await browser.submit(page, page.form(f"{HERE}/codes"))).status == 409


async def test_what_was_never_begun_is_not_confirmed(entered: Entered, world: World) -> None:
    browser = await entered()
    token = (await browser.get("/account")).form("/logout").fields["token"]
    assert (await browser.post(f"{HERE}/app/confirm", {"token": token, "code": "000000"})).place == HERE
    async with world.database.read() as tx:
        assert await tx.one(int, "select count(*) from totp") == 0


@pytest.mark.parametrize("settings", [{"public_url": "https://192.0.2.1"}], indirect=True)
async def test_at_an_address_of_numbers_there_are_no_passkeys(entered: Entered, opening: Opening) -> None:
    assert (await opening().get("/login")).page.scripts == []
    seen = await (await entered()).get("/account/passkeys")
    assert "reached by a number" in seen.text
    assert [one for one in seen.page.forms if one.hidden] == []
