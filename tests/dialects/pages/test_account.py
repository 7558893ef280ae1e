"""The account page: sessions that can be ended, applications that can be put out again."""

from collections.abc import Awaitable, Callable

from courtyard.core.identity import credentials
from courtyard.core.oauth import consents
from tests.dialects.pages.asking import HOSTILE, application
from tests.dialects.pages.browser import Browser
from tests.dialects.pages.conftest import PASSWORD, Opening, with_password
from tests.world import ORIGIN, World

PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Version/19.0 Mobile Safari/604.1"
Entered = Callable[[], Awaitable[Browser]]


async def phone(opening: Opening, email: str) -> Browser:
    """Another browser with the same person."""
    other = opening(address="192.0.2.8")
    other.client.headers["User-Agent"] = PHONE
    await other.sign_in(email, PASSWORD)
    return other


async def test_another_session_can_be_ended(entered: Entered, opening: Opening, ada: str) -> None:
    browser = await entered()
    other = await phone(opening, ada)
    account = await browser.get("/account")
    assert "Safari on iPhone" in account.text
    assert "192.0.2.8" in account.text
    (form,) = [
        one for one in account.page.forms if one.action.startswith("/account/sessions/") and len(one.action) > 30
    ]
    assert list(form.buttons) == ["End the session of Safari on iPhone from 192.0.2.8"]
    assert (await browser.submit(account, form)).place == "/account"
    assert (await other.get("/account")).status == 303
    assert "iPhone" not in (await browser.get("/account")).text
    assert (await browser.submit(account, form)).status == 404


async def test_all_others_can_be_ended_at_once(entered: Entered, opening: Opening, ada: str) -> None:
    browser = await entered()
    others = [await phone(opening, ada) for _ in range(2)]
    account = await browser.get("/account")
    assert (await browser.submit(account, account.form("/account/sessions/end"))).place == "/account"
    assert [(await one.get("/account")).status for one in others] == [303, 303]
    alone = await browser.get("/account")
    assert [one.action for one in alone.page.forms] == ["/logout"]


async def test_the_session_of_somebody_else_is_not_there(entered: Entered, opening: Opening, world: World) -> None:
    browser = await entered()
    other = await phone(opening, await with_password(world, "bob"))
    async with world.database.read() as tx:
        session_id = await tx.one(str, "select id from session where address = '192.0.2.8'")
    token = (await browser.get("/account")).form("/logout").fields["token"]
    assert (await browser.post(f"/account/sessions/{session_id}/end", {"token": token})).status == 404
    assert (await other.get("/account")).status == 200


async def test_an_application_can_be_put_out(entered: Entered, world: World) -> None:
    browser = await entered()
    app = await application(world)
    ada, bob = await world.actor("ada"), await world.actor("bob")
    async with world.database.write() as tx:
        await consents.grant(tx, ada, app, ["read"])
        await consents.grant(tx, bob, app, ["read"])
        foreign = await consents.seek(tx, bob.person_id, app)
    assert foreign is not None
    account = await browser.get("/account")
    assert "Reports May see your spaces, since" in account.text
    form = next(one for one in account.page.forms if one.action.startswith("/account/consents/"))
    stolen = f"/account/consents/{foreign.id}/withdraw"
    assert (await browser.post(stolen, form.fields)).status == 404
    assert (await browser.submit(account, form)).place == "/account"
    assert "Reports" not in (await browser.get("/account")).text
    assert (await browser.submit(account, form)).status == 404
    async with world.database.read() as tx:
        assert await consents.seek(tx, bob.person_id, app) is not None


async def test_hostile_names_are_only_names(entered: Entered, world: World) -> None:
    browser = await entered()
    async with world.database.write() as tx:
        await tx.run("update person set username = :name", name=HOSTILE)
        await tx.run("update session set agent = :agent", agent=HOSTILE)
    seen = await browser.get("/account")
    assert HOSTILE in seen.text
    assert "<script" not in seen.response.text


async def test_a_key_opens_no_page(opening: Opening, ada: str, world: World) -> None:
    key = await world.key("ada")
    async with world.database.read() as tx:
        assert (await credentials.authenticate(tx, key, ORIGIN))[0].person_id
    browser = opening()
    for headers in (
        {"X-API-Key": key},
        {"Authorization": f"Bearer {key}"},
        {"Cookie": f"__Host-courtyard_session={key}"},
    ):
        assert (await browser.client.get("/account", headers=headers)).status_code == 303


async def test_the_style_is_served(browser: Browser) -> None:
    answer = await browser.client.get("/pages/style.css")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_what_is_not_there_is_a_page_too(browser: Browser) -> None:
    assert (await browser.get("/account/nothing")).status == 404
    assert (await browser.get("/login/nothing")).status == 404
