"""When an application asks again: what was allowed before is not asked for twice, unless it must be."""

from collections.abc import Awaitable, Callable
from urllib.parse import quote

import pytest

from courtyard.core import clock
from courtyard.core.oauth import applications, codes, consents
from courtyard.core.oauth.applications import Application, NewApplication
from tests.core.moments import Moment
from tests.dialects.pages.asking import BACK
from tests.dialects.pages.browser import Browser, directives, path_of
from tests.dialects.pages.conftest import PASSWORD, with_second
from tests.dialects.pages.test_changes import stale
from tests.dialects.pages.test_consent import ISSUER, answer, question
from tests.world import World

Entered = Callable[[], Awaitable[Browser]]
LOOPBACK = "http://127.0.0.1/back"
OWN = "org.example.app:/back"
pytestmark = pytest.mark.parametrize("settings", [{"public_url": ISSUER}], indirect=True)


async def let_in(world: World, *, public: bool = False, scopes: tuple[str, ...] = ("read",)) -> Application:
    """An application that Ada has let in for these scopes."""
    bob, ada = await world.actor("bob"), await world.actor("ada")
    new = NewApplication(name="Reports", redirect_uris=[BACK, LOOPBACK, OWN], scopes=["read", "write"], public=public)
    async with world.database.write() as tx:
        made = (await applications.create(tx, bob, new))[0]
        await consents.grant(tx, ada, made, list(scopes))
    return made


async def codes_given(world: World) -> int:
    async with world.database.read() as tx:
        return await tx.one(int, "select count(*) from authorization_code") or 0


async def test_what_was_allowed_is_not_asked_for_again(entered: Entered, world: World) -> None:
    browser = await entered()
    app = await let_in(world, scopes=("read", "write"))
    told = answer(await browser.get(question(app)))
    assert set(told) == {"kept", "code", "scope", "state", "iss"}
    assert told["scope"] == "read"
    async with world.database.write() as tx:
        code = await codes.seek(tx, told["code"])
        assert code is not None
        assert (code.person_id, code.redirect_uri) == ((await world.person("ada")).id, BACK)


async def test_more_than_was_allowed_is_asked_for(entered: Entered, world: World) -> None:
    browser = await entered()
    seen = await browser.get(question(await let_in(world), scope="read write"))
    assert seen.page.headings == ["Let Reports in?"]
    assert await codes_given(world) == 0


async def test_what_was_withdrawn_is_asked_for(entered: Entered, world: World) -> None:
    browser = await entered()
    app = await let_in(world)
    account = await browser.get("/account")
    withdraw = next(one for one in account.page.forms if one.action.startswith("/account/consents/"))
    await browser.submit(account, withdraw)
    assert (await browser.get(question(app))).page.headings == ["Let Reports in?"]


@pytest.mark.parametrize(
    ("uri", "public", "asked"),
    [
        (BACK, False, False),
        (LOOPBACK, False, False),
        (OWN, False, False),
        (BACK, True, False),
        (LOOPBACK, True, True),
        (OWN, True, True),
    ],
)
async def test_who_could_be_anybody_is_asked_for_each_time(
    entered: Entered, world: World, uri: str, public: bool, asked: bool
) -> None:
    browser = await entered()
    seen = await browser.get(question(await let_in(world, public=public), redirect_uri=uri))
    assert seen.status == (200 if asked else 303)
    assert await codes_given(world) == (0 if asked else 1)


async def test_an_application_may_want_the_question(entered: Entered, world: World) -> None:
    browser = await entered()
    seen = await browser.get(question(await let_in(world), prompt="consent"))
    assert seen.page.headings == ["Let Reports in?"]
    assert "code" in answer(await browser.submit(seen, button="Allow"))


async def test_without_a_page_the_answer_is_an_error_or_a_code(browser: Browser, ada: str, world: World) -> None:
    app = await let_in(world)
    assert answer(await browser.get(question(app, prompt="none")))["error"] == "login_required"
    await browser.sign_in(ada, PASSWORD)
    assert "code" in answer(await browser.get(question(app, prompt="none")))
    more = answer(await browser.get(question(app, prompt="none", scope="read write")))
    assert (more["error"], more["state"], more["iss"]) == ("consent_required", "a b&c=\u00e9", ISSUER)
    assert answer(await browser.get(question(app, prompt="none consent")))["error"] == "invalid_request"
    await stale(world)
    assert answer(await browser.get(question(app, prompt="none", max_age="60")))["error"] == "login_required"
    assert "code" in answer(await browser.get(question(app, prompt="none", max_age="3600")))


@pytest.mark.parametrize("wish", [{"prompt": "login"}, {"max_age": "60"}, {"prompt": "login consent"}])
async def test_an_application_may_want_a_new_proof(entered: Entered, world: World, wish: dict[str, str]) -> None:
    browser = await entered()
    app = await let_in(world)
    await stale(world)
    asked = await browser.get(question(app, **wish))
    assert path_of(asked.place) == "/account/confirm"
    back = await browser.submit(await browser.follow(asked), password=PASSWORD)
    assert path_of(back.place) == "/oauth/authorize"
    seen = await browser.follow(back)
    assert seen.status == (200 if "consent" in wish.get("prompt", "") else 303)


@pytest.mark.parametrize(
    "wish",
    [{"prompt": "login"}, {"prompt": "select_account"}, {"prompt": "login consent"}, {"max_age": "0"}],
    ids=lambda wish: " ".join(wish.values()),
)
@pytest.mark.parametrize("factors", [1, 2])
async def test_who_signs_in_for_the_request_signs_in_once(
    browser: Browser, ada: str, world: World, wish: dict[str, str], factors: int, moment: Moment
) -> None:
    app = await let_in(world)
    codes_of = (await with_second(world, "ada"))[1] if factors == 2 else []
    page = await browser.follow(await browser.get(question(app, login_hint=ada, **wish)))
    # Time passes while the password is typed, and the application is asked for nothing younger than that.
    moment.passes(clock.MINUTE)
    seen = await browser.submit(page, password=PASSWORD)
    if factors == 2:
        moment.passes(clock.MINUTE)
        seen = await browser.submit(await browser.follow(seen), code=codes_of[0])
    moment.passes(clock.MINUTE)
    assert path_of(seen.place) == "/oauth/authorize"
    seen = await browser.follow(seen)
    if "consent" in wish.get("prompt", ""):
        assert seen.page.headings == ["Let Reports in?"]
        seen = await browser.submit(seen, button="Allow")
    assert "code" in answer(seen)
    # The next request is another one.
    again = await browser.get(question(app, **wish))
    assert path_of(again.place) == "/account/confirm"


async def test_a_hint_begins_the_form(browser: Browser, ada: str, world: World) -> None:
    app = await let_in(world)
    page = await browser.follow(await browser.get(question(app, login_hint=ada)))
    assert page.page.form.fields["email"] == ada
    assert "code" in answer(await browser.follow(await browser.submit(page, password=PASSWORD)))


@pytest.mark.parametrize(
    ("uri", "target"), [(BACK, "https://app.example.org"), (LOOPBACK, "http://127.0.0.1"), (OWN, "org.example.app:")]
)
async def test_the_form_to_sign_in_may_lead_on_to_who_asks(
    browser: Browser, ada: str, world: World, uri: str, target: str
) -> None:
    app = await let_in(world)
    await with_second(world, "ada")
    page = await browser.follow(await browser.get(question(app, redirect_uri=uri)))
    assert directives(page.response)["form-action"] == f"'self' {target}"
    wrong = await browser.submit(page, email=ada, password="not this one at all")
    assert directives(wrong.response)["form-action"] == f"'self' {target}"
    second = await browser.follow(await browser.submit(wrong, password=PASSWORD))
    assert directives(second.response)["form-action"] == f"'self' {target}"


async def test_the_form_to_confirm_may_lead_on_to_who_asks(entered: Entered, world: World) -> None:
    browser = await entered()
    again = await browser.follow(await browser.get(question(await let_in(world), prompt="login")))
    assert directives(again.response)["form-action"] == "'self' https://app.example.org"


@pytest.mark.parametrize(
    ("change", "more"),
    [
        ({"redirect_uri": "https://elsewhere.example.org/back"}, ""),
        ({"client_id": "0" * 24}, ""),
        ({"redirect_uri": None}, ""),
        ({}, "&client_id=another"),
    ],
)
async def test_nobody_unknown_is_led_on_to(
    browser: Browser, world: World, change: dict[str, str | None], more: str
) -> None:
    place = question(await let_in(world), **change) + more
    page = await browser.get(f"/login?next={quote(place, safe='')}")
    assert directives(page.response)["form-action"] == "'self'"


async def test_who_only_looks_gets_no_code(entered: Entered, world: World) -> None:
    browser = await entered()
    app = await let_in(world)
    for wish in ({}, {"prompt": "none"}):
        looked = await browser.client.head(question(app, **wish))
        assert (looked.status_code, looked.content) == (200, b"")
    assert await codes_given(world) == 0
    assert "code" in answer(await browser.get(question(app)))
