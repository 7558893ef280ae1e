"""Passkeys on the pages, as the script and an authenticator in software drive them."""

import json
from collections.abc import Awaitable, Callable

import pytest

from tests.core.authenticator import Authenticator
from tests.dialects.pages.browser import SITE, Browser, Form, Seen, directives
from tests.dialects.pages.conftest import PASSWORD, Opening, with_password
from tests.dialects.pages.test_changes import stale
from tests.dialects.pages.test_second_factor import CODE
from tests.world import World

HERE = "/account/passkeys"
Entered = Callable[[], Awaitable[Browser]]
pytestmark = pytest.mark.parametrize("settings", [{"public_url": SITE}], indirect=True)


def form(seen: Seen) -> Form:
    """The one that waits for the script."""
    (found,) = [one for one in seen.page.forms if one.hidden]
    return found


async def asked(browser: Browser, found: Form) -> tuple[str, str]:
    """What the script asks for: the challenge's id, and the options."""
    answer = await browser.client.post(
        f"{found.action}/ask",
        data={"token": found.fields["token"]},
        headers={"Origin": browser.site, "Sec-Fetch-Site": "same-origin"},
    )
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    said = answer.json()
    return said["id"], json.dumps(said["options"])


async def add(browser: Browser, name: str = "My key", *, verifies: bool = True) -> tuple[Authenticator, Seen]:
    page = await browser.get(HERE)
    key = Authenticator(SITE, verifies=verifies)
    challenge, options = await asked(browser, form(page))
    made = json.dumps(key.register(options))
    return key, await browser.submit(page, form(page), challenge=challenge, answer=made, name=name)


async def answer(browser: Browser, page: Seen, key: Authenticator) -> Seen:
    challenge, options = await asked(browser, form(page))
    given = json.dumps(key.answer(options))
    return await browser.submit(page, form(page), challenge=challenge, answer=given)


async def test_the_first_one_brings_recovery_codes(entered: Entered) -> None:
    browser = await entered()
    key, seen = await add(browser)
    assert len(CODE.findall(seen.text)) == 10
    listed = await browser.get(HERE)
    assert "My key" in listed.text
    _, second = await add(browser, "Another")
    assert second.place == HERE
    assert "Passkeys 2" in (await browser.get("/account")).text
    assert key.id


async def test_it_signs_in_without_a_password(entered: Entered, opening: Opening) -> None:
    key, _ = await add(await entered())
    other = opening()
    page = await other.get("/login?next=/device")
    assert (await answer(other, page, key)).place == "/device"
    assert (await other.get("/account")).status == 200
    assert "last used" in (await other.get(HERE)).text


async def test_it_is_a_second_factor(entered: Entered, opening: Opening, ada: str, world: World) -> None:
    browser = await entered()
    key, _ = await add(browser)
    await with_password(world, "bob")
    other = opening()
    page = await other.follow(await other.sign_in(ada, PASSWORD, next="/device"))
    strange = await answer(other, page, Authenticator(SITE))
    assert strange.status == 401
    assert strange.page.alert == "This passkey was not accepted."
    assert (await answer(other, strange, key)).place == "/device"
    assert (await other.get("/account")).status == 200


async def test_it_confirms(entered: Entered, world: World) -> None:
    browser = await entered()
    key, _ = await add(browser)
    await stale(world)
    page = await browser.follow(await browser.get("/account/email"))
    assert (await answer(browser, page, Authenticator(SITE))).status == 401
    assert (await answer(browser, page, key)).place == "/account/email"
    assert (await browser.get("/account/email")).status == 200


async def test_one_that_was_only_touched_is_a_second_factor_and_confirms_nothing(
    entered: Entered, opening: Opening, ada: str, world: World
) -> None:
    browser = await entered()
    key, _ = await add(browser, verifies=False)
    await stale(world)
    page = await browser.follow(await browser.get("/account/email"))
    seen = await answer(browser, page, key)
    assert (seen.status, seen.page.alert) == (401, "This passkey was not accepted.")
    assert (await browser.get("/account/email")).status == 303
    other = opening()
    page = await other.follow(await other.sign_in(ada, PASSWORD, next="/device"))
    assert (await answer(other, page, key)).place == "/device"


async def test_a_strange_one_opens_nothing(opening: Opening, ada: str) -> None:
    browser = opening()
    page = await browser.get("/login")
    seen = await answer(browser, page, Authenticator(SITE))
    assert (seen.status, seen.page.alert) == (401, "This passkey was not accepted.")
    assert "Sign in" in seen.page.headings
    for nonsense in ("", "{}", "[]", "null", '{"id": 1}'):
        assert (await browser.submit(page, form(page), challenge="x", answer=nonsense)).status == 401


async def test_what_is_no_new_passkey_is_said_above_the_list(entered: Entered) -> None:
    browser = await entered()
    page = await browser.get(HERE)
    seen = await browser.submit(page, form(page), challenge="x", answer="{}", name="Key")
    assert seen.status == 422
    assert "no new passkey" in seen.page.alert


async def test_it_is_renamed_and_removed(entered: Entered, opening: Opening, ada: str) -> None:
    browser = await entered()
    await add(browser)
    page = await browser.get(HERE)
    (rename,) = [one for one in page.page.forms if one.action.endswith("/name")]
    assert (await browser.submit(page, rename, name="")).status == 422
    assert (await browser.submit(page, rename, name="Blue one")).place == HERE
    page = await browser.get(HERE)
    (remove,) = [one for one in page.page.forms if one.action.endswith("/remove")]
    assert list(remove.buttons) == ["Remove Blue one"]
    assert (await browser.submit(page, remove)).place == HERE
    assert (await browser.submit(page, remove)).status == 404
    assert (await browser.submit(page, rename, name="Late")).status == 404
    assert (await opening().sign_in(ada, PASSWORD)).place == "/"


async def test_a_challenge_needs_our_form(browser: Browser, ada: str) -> None:
    for path in ("/login/passkey/ask", "/login/second/passkey/ask", "/login/passkey", "/login/second/passkey"):
        assert (await browser.post(path, {})).status == 403
        assert (await browser.post(path, {"token": "x" * 16})).status == 403
    page = await browser.get("/login")
    token = {"token": page.page.form.fields["token"]}
    assert (await browser.post("/login/passkey/ask", token, **{"Sec-Fetch-Site": "cross-site"})).status == 403
    assert (await browser.post("/login/second/passkey/ask", token)).status == 401


async def test_script_runs_where_passkeys_are_asked_for_and_nowhere_else(entered: Entered, opening: Opening) -> None:
    browser = await entered()
    for path in ("/account", "/account/password", "/account/email", "/account/second-factor", "/account/events"):
        seen = await browser.get(path)
        assert seen.page.scripts == []
        assert "script-src" not in directives(seen.response)
    for seen in (await browser.get(HERE), await opening().get("/login")):
        assert seen.page.scripts == ["/passkeys.js"]
        assert directives(seen.response)["script-src"] == "'self'"
    served = await browser.client.get("/passkeys.js")
    assert served.status_code == 200
    assert served.headers["content-type"] == "text/javascript; charset=utf-8"
    assert served.headers["x-content-type-options"] == "nosniff"
