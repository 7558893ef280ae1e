"""What a person changes about their account, and that each change first asks whether it is still them."""

from collections.abc import Awaitable, Callable

import pytest

from courtyard.core.identity import people
from tests.core.inviting import mails
from tests.dialects.pages.asking import HOSTILE
from tests.dialects.pages.browser import Browser, Seen
from tests.dialects.pages.conftest import PASSWORD, Opening, with_password, with_second
from tests.dialects.pages.test_links import mail
from tests.world import World

OTHER = "papers in another quiet place"
Entered = Callable[[], Awaitable[Browser]]
COUNTED = pytest.mark.parametrize("settings", [{"rate_limits": "on"}], indirect=True)


async def stale(world: World) -> None:
    """Everybody signed in eleven minutes ago."""
    async with world.database.write() as tx:
        await tx.run("update session set confirmed_at = confirmed_at - 660000")


def path(seen: Seen) -> str:
    return seen.place.partition("?")[0]


@pytest.mark.parametrize("page", ["password", "email", "delete"])
async def test_a_change_asks_again_after_ten_minutes_and_leads_back(entered: Entered, world: World, page: str) -> None:
    browser = await entered()
    fresh = await browser.get(f"/account/{page}")
    assert fresh.status == 200
    await stale(world)
    asked = await browser.get(f"/account/{page}")
    assert asked.place == f"/account/confirm?next=%2Faccount%2F{page}"
    posted = await browser.submit(fresh, fresh.form(f"/account/{page}"))
    assert posted.place == asked.place
    confirm = await browser.follow(asked)
    wrong = await browser.submit(confirm, password="not this one at all")
    assert (wrong.status, wrong.page.alert) == (401, "The password is wrong.")
    before = browser.cookie("__Host-courtyard_session")
    assert (await browser.submit(wrong, password=PASSWORD)).place == f"/account/{page}"
    assert browser.cookie("__Host-courtyard_session") not in (None, before)
    assert (await browser.get(f"/account/{page}")).status == 200


@pytest.mark.parametrize(
    "action",
    [
        "/account/second-factor/app",
        "/account/second-factor/app/confirm",
        "/account/second-factor/app/remove",
        "/account/second-factor/codes",
        "/account/passkeys",
        "/account/passkeys/ask",
        "/account/passkeys/x/remove",
    ],
)
async def test_what_is_posted_too_late_leads_to_the_page_it_came_from(
    entered: Entered, world: World, action: str
) -> None:
    browser = await entered()
    token = (await browser.get("/account")).form("/logout").fields["token"]
    await stale(world)
    seen = await browser.post(action, {"token": token})
    page = "/".join(action.split("/")[:3]).replace("/", "%2F")
    assert seen.place == f"/account/confirm?next={page}"


async def test_a_code_confirms_too(entered: Entered, world: World) -> None:
    browser = await entered()
    _, codes = await with_second(world, "ada")
    await stale(world)
    confirm = await browser.follow(await browser.get("/account/email"))
    by_code = next(one for one in confirm.page.forms if "code" in one.fields)
    assert (await browser.submit(confirm, by_code, code="000 000")).status == 401
    assert (await browser.submit(confirm, by_code, code=codes[0])).place == "/account/email"


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/\\evil.example", ""])
async def test_confirming_leads_nowhere_else(entered: Entered, target: str) -> None:
    browser = await entered()
    confirm = await browser.get("/account/confirm?next=" + target.replace("\\", "%5C"))
    assert (await browser.submit(confirm, password=PASSWORD)).place == "/"
    token = (await browser.get("/account")).form("/logout").fields["token"]
    posted = await browser.post("/account/confirm", {"token": token, "password": PASSWORD, "next": target})
    assert posted.place == "/"


@COUNTED
async def test_guesses_are_counted_by_person(entered: Entered) -> None:
    browser = await entered()
    page = await browser.get("/account/confirm")
    assert [(await browser.submit(page, password="wrong")).status for _ in range(6)] == [401] * 5 + [429]


async def test_a_new_password_ends_the_sessions_elsewhere(entered: Entered, opening: Opening, ada: str) -> None:
    browser, elsewhere = await entered(), opening()
    await elsewhere.sign_in(ada, PASSWORD)
    page = await browser.get("/account/password")
    short = await browser.submit(page, password="short")
    assert short.status == 422
    assert "12" in short.page.alert
    assert (await browser.submit(short, password=OTHER)).status == 200
    assert (await browser.get("/account")).status == 200
    assert (await elsewhere.get("/account")).status == 303
    assert (await opening().sign_in(ada, PASSWORD)).status == 401
    assert (await opening().sign_in(ada, OTHER)).status == 303


async def test_a_new_address_counts_once_its_mail_is_read(entered: Entered, ada: str, world: World) -> None:
    browser = await entered()
    page = await browser.get("/account/email")
    form = page.form("/account/email")
    for wrong in ("nonsense", ada):
        seen = await browser.submit(page, form, email=wrong)
        assert seen.status == 422
        assert seen.form("/account/email").fields["email"] == wrong
    assert "new@example.org" in (await browser.submit(page, form, email=" new@example.org ")).text
    assert ada in (await browser.get("/account")).text
    assert [recipient for _, recipient, _ in await mails(world)] == ["new@example.org", ada]
    await browser.submit(await browser.get(f"/email/{await mail(world, 'change_email')}"))
    account = await browser.get("/account")
    assert "new@example.org" in account.text
    assert "Not verified" not in account.text


async def test_the_first_address_can_be_verified_again(entered: Entered, world: World) -> None:
    browser = await entered()
    page = await browser.get("/account/email")
    form = page.form("/account/email/verify")
    assert (await browser.submit(page, form)).status == 200
    assert (await browser.submit(page, form)).status == 429
    await browser.submit(await browser.get(f"/verify/{await mail(world, 'verify')}"))
    assert [one.action for one in (await browser.get("/account/email")).page.forms] == ["/account/email"]


async def test_a_username_is_changed_unless_somebody_has_it(entered: Entered, world: World) -> None:
    browser = await entered()
    await world.person("bob")
    page = await browser.get("/account/username")
    for wrong in ("bob", "", "x" * 65):
        seen = await browser.submit(page, username=wrong)
        assert seen.status == 422
        assert seen.page.form.fields["username"] == wrong
    assert (await browser.submit(page, username="Countess")).place == "/account"
    assert "Countess" in (await browser.get("/account")).text


async def test_the_end_is_typed_and_then_complete(entered: Entered, ada: str, world: World) -> None:
    browser = await entered()
    await world.space("ada", HOSTILE)
    page = await browser.get("/account/delete")
    assert HOSTILE in page.text
    assert (await browser.submit(page, username="adam")).status == 422
    assert (await browser.get("/account")).status == 200
    gone = await browser.submit(page, username=" ada ")
    assert gone.status == 200
    assert browser.cookie("__Host-courtyard_session") is None
    assert path(await browser.get("/account")) == "/login"
    async with world.database.read() as tx:
        assert await people.seek_by_email(tx, ada) is None


async def test_what_stands_in_the_way_is_named(entered: Entered, world: World) -> None:
    browser = await entered()
    page = await browser.get("/account/delete")
    await world.organization("acme", owner="ada", members=["bob"])
    await world.space("ada", "Library", viewers=["bob"])
    for seen in (await browser.get("/account/delete"), await browser.submit(page, username="ada")):
        assert seen.page.forms == []
        assert "Organizations in the way acme" in seen.text
        assert "Spaces in the way Library" in seen.text
    assert seen.status == 409


async def test_what_happened_is_told_in_sentences(entered: Entered, opening: Opening, ada: str, world: World) -> None:
    browser = await entered()
    await opening(address="192.0.2.66").sign_in(ada, "a wrong one altogether")
    await opening(address="192.0.2.67").sign_in(await with_password(world, "bob"), "a wrong one altogether")
    seen = await browser.get("/account/events")
    assert "Signed in" in seen.text
    assert "A sign-in was refused" in seen.text
    assert "192.0.2.66" in seen.text
    assert "192.0.2.67" not in seen.text


async def test_older_events_are_a_page_further(entered: Entered, world: World) -> None:
    browser = await entered()
    page = await browser.get("/account/username")
    for turn in range(51):
        await browser.submit(page, username=f"ada{turn}")
    first = await browser.get("/account/events")
    assert first.text.count("The username was changed") == 50
    assert "Signed in" not in first.text
    rest = await browser.get(first.page.links["Older"])
    assert rest.text.count("The username was changed") == 1
    assert "Signed in" in rest.text
    assert rest.page.links["Newest"] == "/account/events"
    assert "Older" not in rest.page.links
    assert (await browser.get("/account/events?after=nonsense'--")).status == 200
