"""Signing in with an outside provider: who is let in, and as whom."""

from typing import Any

import pytest

from courtyard import installation
from courtyard.core.identity import standing
from courtyard.settings import Settings
from courtyard.storage.database import Database
from courtyard.web.openid import fetching
from courtyard.web.openid.relying import Providers
from tests.core.inviting import invite
from tests.core.mailing import kinds
from tests.dialects.pages.browser import Browser
from tests.dialects.pages.conftest import Opening, with_second
from tests.dialects.pages.outside.coming import BACK, WITH, actions, come_back, person
from tests.dialects.pages.outside.outsider import CLIENT, SECRET, Outsider
from tests.world import World


async def test_a_new_person_gets_an_account_and_a_session(
    browser: Browser, outsider: Outsider, database: Database, ada: str
) -> None:
    login = await browser.get("/login?next=/device")
    assert login.page.links["Sign in with Acme ID"] == f"{WITH}?next=/device"
    begun = await browser.get(login.page.links["Sign in with Acme ID"])
    asked = outsider.send(begun.place)
    assert asked == {
        "response_type": "code",
        "client_id": CLIENT,
        "redirect_uri": f"https://courtyard.test{BACK}",
        "scope": "openid profile email",
        "state": asked["state"],
        "nonce": asked["nonce"],
        "code_challenge": asked["code_challenge"],
        "code_challenge_method": "S256",
    }
    back = await come_back(browser, outsider, begun)
    assert back.place == "/device"
    assert (await browser.get("/account")).status == 200
    grace = await person(database, "grace@example.org")
    assert grace is not None
    assert (grace.username, grace.state, grace.password_hash) == ("grace", "active", None)
    assert grace.email_verified_at is not None
    assert [one for one in await actions(database) if one in ("person.created", "provider.linked", "session.started")]
    form, headers = outsider.posted[0]
    assert SECRET not in form.values()
    assert headers["authorization"].startswith("Basic ")
    assert "client_secret" not in form


async def test_the_second_time_it_is_the_same_person_whatever_the_address(
    opening: Opening, outsider: Outsider, database: Database
) -> None:
    assert (await come_back(opening(), outsider)).place == "/device"
    outsider.claims = {"email": "other@example.org", "email_verified": False, "preferred_username": "another"}
    assert (await come_back(opening(), outsider)).place == "/device"
    assert await person(database, "other@example.org") is None
    outsider.claims = {"sub": "outside-8"}
    refused = await come_back(opening(), outsider)
    assert refused.status == 409
    assert "link the provider" in refused.text


async def test_an_account_with_the_address_is_never_taken_over(
    browser: Browser, outsider: Outsider, world: World, database: Database
) -> None:
    await world.person("grace")
    refused = await come_back(browser, outsider)
    assert refused.status == 409
    assert "Sign in to it as you always do" in refused.text
    assert browser.cookie("__Host-courtyard_session") is None
    async with database.read() as tx:
        assert await tx.one(int, "select count(*) from provider_link") == 0
        assert await tx.one(str, "select detail from event where action = 'login.refused'") is not None


async def test_somebody_who_was_invited_claims_the_account_by_the_mail_which_is_sent_again(
    browser: Browser, outsider: Outsider, database: Database, world: World
) -> None:
    await invite(world, "ada", await world.space(owner="ada"), "grace@example.org")
    assert await kinds(world) == [("invitation", "grace@example.org")]
    async with database.write() as tx:
        await tx.run("update invitation set sent_at = sent_at - 60000")
    refused = await come_back(browser, outsider)
    assert refused.status == 409
    assert "invited" in refused.text
    assert await kinds(world) == [("invitation", "grace@example.org")]


@pytest.mark.parametrize(
    ("settings", "status"),
    [
        ({"registration": "open"}, 303),
        ({"registration": "invited"}, 403),
        ({"registration": "closed"}, 403),
        ({"registration": "open", "provider": {"allow_registration": False}}, 403),
        ({"registration": "invited", "provider": {"allow_registration": True}}, 303),
        ({"registration": "closed", "provider": {"allow_registration": True}}, 403),
    ],
    indirect=["settings"],
)
async def test_who_may_make_an_account_is_obeyed(
    browser: Browser, outsider: Outsider, database: Database, status: int
) -> None:
    assert (await come_back(browser, outsider)).status == status
    assert (await person(database, "grace@example.org") is None) == (status == 403)


@pytest.mark.parametrize(
    "claims",
    [{"email_verified": False}, {"email_verified": None}, {"email": None}, {"email_verified": "false"}, {"email": 7}],
)
async def test_an_address_that_is_not_verified_makes_no_account(
    browser: Browser, outsider: Outsider, database: Database, claims: dict[str, Any]
) -> None:
    outsider.claims = claims
    assert (await come_back(browser, outsider)).status == 403
    assert await person(database, "grace@example.org") is None


async def test_a_disabled_person_is_refused(opening: Opening, outsider: Outsider, world: World) -> None:
    await come_back(opening(), outsider)
    grace, root = await person(world.database, "grace@example.org"), await world.administrator()
    assert grace is not None
    async with world.database.write() as tx:
        await standing.disable(tx, root, grace.id)
    browser = opening()
    refused = await come_back(browser, outsider)
    assert refused.status == 403
    assert "closed by an administrator" in refused.text
    assert browser.cookie("__Host-courtyard_session") is None
    assert "login.refused" in await actions(world.database)


async def test_what_the_id_token_leaves_out_stands_at_userinfo(
    browser: Browser, outsider: Outsider, database: Database
) -> None:
    outsider.claims = {"email": None, "email_verified": None}
    outsider.userinfo = {"sub": "outside-7", "email": "grace@example.org", "email_verified": True}
    assert (await come_back(browser, outsider)).place == "/device"
    assert await person(database, "grace@example.org") is not None


async def test_a_person_who_says_no_is_told_so(browser: Browser, outsider: Outsider) -> None:
    refused = await come_back(browser, outsider, code="", error="access_denied")
    assert (refused.status, "Acme ID did not let you in" in refused.text) == (403, True)
    assert (await come_back(browser, outsider, code="wrong")).status == 403


async def test_an_authenticator_app_is_still_asked_for(opening: Opening, outsider: Outsider, world: World) -> None:
    await come_back(opening(), outsider)
    grace = await person(world.database, "grace@example.org")
    assert grace is not None
    world.people["grace"] = grace
    app, _ = await with_second(world, "grace")
    browser = opening()
    back = await come_back(browser, outsider)
    assert back.place == "/login/second?next=%2Fdevice"
    assert (await browser.get("/account")).status == 303
    async with world.database.write() as tx:
        await tx.run("update totp set last_step = 0")
    page = await browser.follow(back)
    code_form = next(form for form in page.page.forms if "code" in form.fields)
    assert (await browser.submit(page, code_form, code=app.now())).place == "/device"
    assert (await browser.get("/account")).status == 200


async def test_an_unknown_provider_is_not_there(browser: Browser) -> None:
    for path in ("/login/with/nobody", "/login/with/nobody/return?code=a&state=b"):
        assert (await browser.get(path)).status == 404
    assert isinstance(installation.providers(Settings(_env_file=None)), Providers)  # pyright: ignore[reportCallIssue]
    assert fetching.MOST == 1024 * 1024
