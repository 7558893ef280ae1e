"""Consent: what is asked is shown, what is answered goes to the registered address and nowhere else."""

from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from courtyard.core.oauth import codes, consents
from courtyard.core.oauth.applications import Application
from courtyard.core.paging import Page
from tests.dialects.pages.asking import BACK, HOSTILE, application
from tests.dialects.pages.browser import Browser, Seen, directives, path_of
from tests.dialects.pages.conftest import PASSWORD
from tests.dialects.pages.test_changes import stale
from tests.world import World

CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
ISSUER = "https://courtyard.test"
pytestmark = pytest.mark.parametrize("settings", [{"public_url": ISSUER}], indirect=True)


def question(app: Application, **changes: str | None) -> str:
    """The address to which the application sends the browser; None leaves a parameter out."""
    asked = {
        "response_type": "code",
        "client_id": app.client_id,
        "redirect_uri": BACK,
        "scope": "read",
        "state": "a b&c=\u00e9",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **changes,
    }
    return "/oauth/authorize?" + urlencode({name: value for name, value in asked.items() if value is not None})


def answer(seen: Seen, to: str = BACK) -> dict[str, str]:
    """What the application is told, at its own address."""
    place = seen.place
    assert place.startswith(to)
    return dict(parse_qsl(urlsplit(place).query, strict_parsing=True))


async def test_signing_in_comes_first_and_leads_back(browser: Browser, ada: str, world: World) -> None:
    app = await application(world)
    asked = question(app)
    sent = await browser.get(asked)
    assert path_of(sent.place) == "/login"
    page = await browser.follow(sent)
    back = await browser.submit(page, email=ada, password=PASSWORD)
    assert back.place == asked
    assert (await browser.follow(back)).page.headings == ["Let Reports in?"]


async def test_what_is_asked_is_told(browser: Browser, ada: str, world: World) -> None:
    app = await application(world, scopes=("read", "write", "admin"))
    await browser.sign_in(ada, PASSWORD)
    seen = await browser.get(question(app, scope="read_write admin"))
    for word in ("Reports", "signed in as ada", "app.example.org", "See your spaces", "Change your spaces", "Manage"):
        assert word in seen.text
    assert set(seen.page.form.buttons) == {"Allow", "Deny"}
    assert directives(seen.response)["form-action"] == "'self' https://app.example.org"
    less = await browser.get(question(app))
    assert "Change your spaces" not in less.text


@pytest.mark.parametrize(
    ("uri", "policy"),
    [
        ("http://127.0.0.1/back", "http://127.0.0.1:49152"),
        ("http://[::1]/back", "http:"),
        ("org.example.app:/back", "org.example.app:"),
        ("https://app.example.org:8443/", "https://app.example.org:8443"),
        ("https://a;script-src/", "https:"),
    ],
)
async def test_the_form_may_lead_on_to_the_application_alone(
    browser: Browser, ada: str, world: World, uri: str, policy: str
) -> None:
    app = await application(world, redirects=(uri,))
    used = uri.replace("127.0.0.1/", "127.0.0.1:49152/").replace("[::1]/", "[::1]:49152/")
    await browser.sign_in(ada, PASSWORD)
    seen = await browser.get(question(app, redirect_uri=used))
    assert directives(seen.response)["form-action"] == f"'self' {policy}"
    assert answer(await browser.submit(seen, button="Deny"), used)["error"] == "access_denied"


async def test_allowing_gives_a_code(browser: Browser, ada: str, world: World) -> None:
    app = await application(world)
    await browser.sign_in(ada, PASSWORD)
    asked = await browser.get(question(app, scope="read write"))
    told = answer(await browser.submit(asked, button="Allow"))
    assert told == {
        "kept": "1",
        "code": told["code"],
        "scope": "read write",
        "state": "a b&c=\u00e9",
        "iss": ISSUER,
    }
    async with world.database.write() as tx:
        code = await codes.seek(tx, told["code"])
    assert code is not None
    assert (code.redirect_uri, code.challenge, code.scopes) == (BACK, CHALLENGE, "read write")
    assert code.person_id == (await world.person("ada")).id
    async with world.database.read() as tx:
        (consent,) = (await consents.page(tx, await world.actor("ada"), Page(10))).items
    assert (consent.application_name, consent.scopes) == ("Reports", "read write")


async def test_denying_gives_none(browser: Browser, ada: str, world: World) -> None:
    app = await application(world)
    await browser.sign_in(ada, PASSWORD)
    for button in ("Deny", ""):
        page = await browser.get(question(app))
        token = page.page.form.fields["token"]
        seen = (
            await browser.submit(page, button=button) if button else await browser.post(question(app), {"token": token})
        )
        assert answer(seen) == {"kept": "1", "error": "access_denied", "state": "a b&c=\u00e9", "iss": ISSUER}
    async with world.database.read() as tx:
        assert (await consents.page(tx, await world.actor("ada"), Page(10))).items == []


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "unknown"},
        {"client_id": None},
        {"redirect_uri": None},
        {"redirect_uri": "https://evil.example/"},
        {"redirect_uri": BACK + "&more=1"},
        {"redirect_uri": "https://app.example.org/back/../evil"},
        {"redirect_uri": "javascript:alert(1)"},
    ],
)
async def test_a_wrong_application_or_address_is_never_redirected_to(
    browser: Browser, ada: str, world: World, changes: dict[str, str | None]
) -> None:
    app = await application(world)
    asked = question(app, **changes, code_challenge=None)
    anonymous = await browser.get(asked)
    await browser.sign_in(ada, PASSWORD)
    for seen in (anonymous, await browser.get(asked)):
        assert seen.status == 400
        assert "location" not in seen.response.headers
        assert seen.page.forms == []
    token = (await browser.get("/account")).form("/logout").fields["token"]
    posted = await browser.post(question(app, **changes), {"token": token, "decision": "allow"})
    assert posted.status == 400
    assert "location" not in posted.response.headers


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": None}, "invalid_request"),
        ({"scope": "admin"}, "invalid_scope"),
        ({"scope": "everything"}, "invalid_scope"),
    ],
)
async def test_a_wrong_question_of_a_known_application_goes_back(
    browser: Browser, world: World, ada: str, changes: dict[str, str | None], error: str
) -> None:
    app = await application(world)
    told = answer(await browser.get(question(app, **changes)))
    assert told["error"] == error
    assert told["state"] == "a b&c=\u00e9"
    assert told["iss"] == ISSUER
    await browser.sign_in(ada, PASSWORD)
    token = (await browser.get("/account")).form("/logout").fields["token"]
    posted = await browser.post(question(app, **changes), {"token": token, "decision": "allow"})
    assert answer(posted)["error"] == error


async def test_a_parameter_sent_twice_decides_nothing(browser: Browser, world: World) -> None:
    app = await application(world)
    seen = await browser.get(question(app) + "&redirect_uri=https://evil.example/")
    assert seen.status == 422
    assert "location" not in seen.response.headers


async def test_without_a_session_nobody_consents(browser: Browser, ada: str, world: World) -> None:
    app = await application(world)
    await browser.sign_in(ada, PASSWORD)
    page = await browser.get(question(app))
    account = await browser.get("/account")
    await browser.submit(account, account.form("/logout"))
    assert path_of((await browser.submit(page, button="Allow")).place) == "/login"
    async with world.database.read() as tx:
        assert await tx.one(int, "select count(*) from authorization_code") == 0


async def test_a_forged_consent_is_refused(browser: Browser, ada: str, world: World) -> None:
    app = await application(world)
    await browser.sign_in(ada, PASSWORD)
    token = (await browser.get(question(app))).page.form.fields["token"]
    forged = {"token": token, "decision": "allow"}
    assert (await browser.post(question(app), forged, **{"Sec-Fetch-Site": "cross-site"})).status == 403
    assert (await browser.post(question(app), {"decision": "allow"})).status == 403
    async with world.database.read() as tx:
        assert await tx.one(int, "select count(*) from authorization_code") == 0


async def test_a_hostile_name_is_only_a_name(browser: Browser, ada: str, world: World) -> None:
    app = await application(world, name=HOSTILE)
    await browser.sign_in(ada, PASSWORD)
    seen = await browser.get(question(app))
    assert seen.page.headings == [f"Let {HOSTILE} in?"]
    assert "<script" not in seen.response.text
    await browser.submit(seen, button="Allow")
    account = await browser.get("/account")
    assert HOSTILE in account.text
    assert "<script" not in account.response.text


async def test_all_rights_are_given_only_after_confirming(browser: Browser, ada: str, world: World) -> None:
    app = await application(world, scopes=("read", "admin"))
    await browser.sign_in(ada, PASSWORD)
    asked = await browser.get(question(app, scope="read admin"))
    await stale(world)
    assert (await browser.get(question(app))).page.headings == ["Let Reports in?"]
    for seen in (await browser.submit(asked, button="Allow"), await browser.get(question(app, scope="read admin"))):
        assert seen.place.startswith("/account/confirm?next=%2Foauth%2Fauthorize%3F")
    back = await browser.submit(await browser.follow(seen), password=PASSWORD)
    assert answer(await browser.submit(await browser.follow(back), button="Allow"))["scope"] == "read admin"
