"""What mailed links lead to: accounts claimed, addresses verified and changed, passwords reset; each link once."""

import pytest

from courtyard.core import accounts
from courtyard.core.actor import Actor
from courtyard.core.identity import mailed, people, sessions
from courtyard.core.identity.mailed import Kind
from courtyard.core.organizations import Organization
from courtyard.core.spaces import Space
from tests.core.inviting import NEW, age, invite, mails, revoke, state, token_of
from tests.dialects.pages.asking import HOSTILE
from tests.dialects.pages.browser import Browser
from tests.dialects.pages.conftest import PASSWORD, Opening
from tests.world import ORIGIN, World

OTHER = "papers in another quiet place"


async def mail(world: World, kind: Kind) -> str:
    """The token of the only link of that kind, as the sender of mails makes it."""
    async with world.database.write() as tx:
        (token_id,) = await tx.all(str, "select id from mailed_token where kind = :kind and state = 'open'", kind=kind)
        letter = await mailed.letter(tx, token_id)
        assert letter is not None
        token = await mailed.mint(tx, letter)
    assert token is not None
    return token


async def in_session(world: World, name: str) -> Actor:
    person = await world.person(name)
    async with world.database.write() as tx:
        _, secret = await sessions.begin(tx, person, ORIGIN, "test", second=False)
        return (await sessions.authenticate(tx, secret, ORIGIN))[0]


async def promised(world: World, name: str, kind: Kind, email: str | None = None) -> str:
    person = await world.person(name)
    async with world.database.write() as tx:
        assert await mailed.promise(tx, person.id, kind, email)
    return await mail(world, kind)


async def test_an_account_is_made_and_its_address_verified(browser: Browser, world: World) -> None:
    page = await browser.get("/register")
    seen = await browser.submit(page, email="new@example.org", username="nell", password=PASSWORD)
    assert seen.status == 200
    assert "mail" in seen.text
    token = await mail(world, "verify")
    await browser.get(f"/verify/{token}")
    asked = await browser.get(f"/verify/{token}")
    assert asked.status == 200
    assert "new@example.org" in asked.text
    assert (await browser.submit(asked)).status == 200
    async with world.database.read() as tx:
        person = await people.seek_by_email(tx, "new@example.org")
    assert person is not None
    assert person.email_verified_at is not None
    assert (await browser.get(f"/verify/{token}")).status == 410
    assert (await browser.submit(asked)).status == 410
    assert (await browser.sign_in("new@example.org", PASSWORD)).place == "/"


async def test_registering_tells_nobody_who_has_an_account(browser: Browser, ada: str, world: World) -> None:
    page = await browser.get("/register")
    known = await browser.submit(page, email=ada, username="other", password=OTHER)
    unknown = await browser.submit(page, email="new@example.org", username="third", password=OTHER)
    assert known.status == unknown.status == 200
    assert known.text == unknown.text
    assert [kind for kind, _, _ in await mails(world)] == ["reset", "verify"]
    assert (await browser.sign_in(ada, OTHER)).status == 401


@pytest.mark.parametrize(
    ("values", "about"),
    [
        ({"email": "nonsense"}, "Email"),
        ({"password": "short"}, "Password"),
        ({"password": "password1234"}, "Password"),
        ({"username": "ada"}, "username"),
        ({"username": ""}, "Username"),
    ],
)
async def test_what_does_not_fit_is_said_above_the_form(
    browser: Browser, ada: str, values: dict[str, str], about: str
) -> None:
    page = await browser.get("/register")
    fine = {"email": "new@example.org", "username": "nell", "password": PASSWORD}
    seen = await browser.submit(page, None, button=None, **{**fine, **values})
    assert seen.status == 422
    assert about.casefold() in seen.page.alert.casefold()
    kept = {**fine, **values, "password": ""}
    assert {name: seen.page.form.fields[name] for name in kept} == kept


@pytest.mark.parametrize("settings", [{"registration": "invited"}, {"registration": "closed"}], indirect=True)
async def test_a_closed_house_says_so(browser: Browser, ada: str, world: World) -> None:
    page = await browser.get("/login")
    assert "/register" not in page.page.links.values()
    seen = await browser.get("/register")
    assert seen.status == 403
    assert seen.page.forms == []
    values = {"email": "new@example.org", "username": "nell", "password": PASSWORD}
    assert (await browser.post("/register", {**values, "token": page.page.form.fields["token"]})).status == 403
    async with world.database.read() as tx:
        assert await people.seek_by_email(tx, "new@example.org") is None


async def test_an_open_house_shows_its_door(browser: Browser, ada: str) -> None:
    assert "/register" in (await browser.get("/login")).page.links.values()


async def test_a_forgotten_password_is_replaced(opening: Opening, ada: str, world: World) -> None:
    browser, elsewhere = opening(), opening()
    await elsewhere.sign_in(ada, PASSWORD)
    page = await browser.get("/reset")
    known = await browser.submit(page, email=ada)
    unknown = await browser.submit(page, email="nobody@example.org")
    assert known.status == unknown.status == 200
    assert known.text == unknown.text
    assert len(await mails(world)) == 1
    token = await mail(world, "reset")
    form = await browser.get(f"/reset/{token}")
    short = await browser.submit(form, password="short")
    assert short.status == 422
    assert short.page.alert.startswith("Password: ")
    assert (await browser.submit(short, password=OTHER)).status == 200
    assert (await elsewhere.get("/account")).status == 303
    for over in (await browser.get(f"/reset/{token}"), await browser.submit(form, password=OTHER)):
        assert over.status == 410
        assert over.page.links["Ask for a new link"] == "/reset"
    assert (await browser.sign_in(ada, PASSWORD)).status == 401
    assert (await browser.sign_in(ada, OTHER)).status == 303


async def test_what_is_no_address_is_said_so(browser: Browser) -> None:
    seen = await browser.submit(await browser.get("/reset"), email="nonsense")
    assert seen.status == 422
    assert seen.page.alert
    assert seen.page.form.fields["email"] == "nonsense"


async def test_an_address_changes_when_its_reader_says_so(browser: Browser, ada: str, world: World) -> None:
    actor = await in_session(world, "ada")
    async with world.database.write() as tx:
        await accounts.ask_email_change(tx, actor, "countess@example.org")
    token = await mail(world, "change_email")
    asked = await browser.get(f"/email/{token}")
    assert "countess@example.org" in asked.text
    assert (await browser.sign_in("countess@example.org", PASSWORD)).status == 401
    assert (await browser.submit(await browser.get(f"/email/{token}"))).status == 200
    assert (await browser.get(f"/email/{token}")).status == 410
    assert (await browser.sign_in(ada, PASSWORD)).status == 401
    assert (await browser.sign_in("countess@example.org", PASSWORD)).status == 303


async def test_an_address_that_is_somebody_elses_by_now_stays_theirs(browser: Browser, ada: str, world: World) -> None:
    token = await promised(world, "ada", "change_email", "bob@example.org")
    asked = await browser.get(f"/email/{token}")
    await world.person("bob")
    seen = await browser.submit(asked)
    assert seen.status == 409
    async with world.database.read() as tx:
        assert (await people.find(tx, (await world.person("ada")).id)).email == ada


@pytest.mark.parametrize("path", ["/verify/", "/reset/", "/email/", "/invite/"])
@pytest.mark.parametrize("token", ["nonsense", "cye_" + "0" * 36, "cyi_" + "0" * 36, "%00", "%3Cscript%3E", "cye_%FF"])
async def test_a_wrong_link_is_over(browser: Browser, path: str, token: str) -> None:
    seen = await browser.get(path + token)
    assert seen.status in (404, 410)
    assert seen.page.forms == []


async def test_a_link_of_one_kind_is_none_of_another(browser: Browser, world: World) -> None:
    token = await promised(world, "ada", "verify")
    assert (await browser.get(f"/reset/{token}")).status == 410
    assert (await browser.get(f"/email/{token}")).status == 410
    assert (await browser.get(f"/verify/{token}")).status == 200


@pytest.mark.parametrize(("role", "may"), [("viewer", "see"), ("editor", "change"), ("admin", "manage")])
async def test_an_invitation_says_who_invites_to_what_as_what(
    browser: Browser, world: World, role: str, may: str
) -> None:
    space = await world.space("ada", "The long library")
    token = await token_of(world, await invite(world, "ada", space, NEW, role))
    seen = await browser.get(f"/invite/{token}")
    assert seen.page.headings == ["Join The long library"]
    for word in ("ada", NEW, "space The long library", f"as {role}", may):
        assert word in seen.text


@pytest.mark.parametrize("role", ["member", "admin", "owner"])
async def test_an_invitation_to_an_organization(browser: Browser, world: World, role: str) -> None:
    acme: Organization = await world.organization("acme", owner="ada")
    token = await token_of(world, await invite(world, "ada", acme, NEW, role))
    seen = await browser.get(f"/invite/{token}")
    assert f"organization acme as {role}" in seen.text


async def test_an_invitation_claims_the_account(browser: Browser, opening: Opening, world: World) -> None:
    space = await world.space("ada")
    invited = await invite(world, "ada", space, NEW, "editor")
    token = await token_of(world, invited)
    page = await browser.get(f"/invite/{token}")
    assert page.page.form.fields["username"] == "new-person"
    short = await browser.submit(page, username="nell", password="short")
    assert short.status == 422
    assert short.page.form.fields["username"] == "nell"
    taken = await browser.submit(page, username="ada", password=PASSWORD)
    assert taken.status == 422
    assert await state(world, invited.member.person_id) == "invited"
    claimed = await browser.submit(taken, username="nell", password=PASSWORD)
    assert claimed.place == "/"
    account = await browser.get("/account")
    assert f"nell {NEW}" in account.text
    assert await state(world, invited.member.person_id) == "active"
    assert (await browser.get(f"/invite/{token}")).status == 410
    assert (await opening().sign_in(NEW, PASSWORD)).place == "/"
    mallory = opening()
    token_of_form = (await mallory.get("/login")).page.form.fields["token"]
    values = {"token": token_of_form, "username": "mallory", "password": OTHER}
    again = await mallory.post(f"/invite/{token}", values)
    assert again.status == 410
    assert again.page.headings == ["This is over"]


async def test_an_invitation_is_for_whom_it_names_also_in_the_browser_of_another(
    browser: Browser, ada: str, world: World
) -> None:
    space = await world.space("bob")
    token = await token_of(world, await invite(world, "bob", space, NEW))
    await browser.sign_in(ada, PASSWORD)
    page = await browser.get(f"/invite/{token}")
    await browser.submit(page, username="nell", password=PASSWORD)
    account = await browser.get("/account")
    assert f"nell {NEW}" in account.text


async def test_an_invitation_that_lapsed_or_was_taken_back_is_over(browser: Browser, world: World) -> None:
    space: Space = await world.space("ada")
    lapsed = await invite(world, "ada", space, NEW)
    taken = await invite(world, "ada", space, "second@example.org")
    tokens = [await token_of(world, lapsed), await token_of(world, taken)]
    await age(world, lapsed.invitation, 8 * 24 * 3_600_000)
    await revoke(world, "ada", space, taken.invitation)
    for token in tokens:
        assert (await browser.get(f"/invite/{token}")).status == 410


async def test_hostile_names_are_only_names(browser: Browser, world: World) -> None:
    space = await world.space("ada", HOSTILE)
    token = await token_of(world, await invite(world, "ada", space, NEW))
    seen = await browser.get(f"/invite/{token}")
    assert HOSTILE in seen.text
    assert "<script" not in seen.response.text
    typed = await browser.submit(seen, username=HOSTILE, password="short")
    assert typed.page.form.fields["username"] == HOSTILE
    assert "<script" not in typed.response.text


async def test_an_invitation_is_declined(browser: Browser, world: World) -> None:
    invited = await invite(world, "ada", await world.space("ada"), NEW)
    token = await token_of(world, invited)
    page = await browser.get(f"/invite/{token}")
    assert (await browser.post(f"/invite/{token}/decline", {})).status == 403
    seen = await browser.submit(page, page.form(f"/invite/{token}/decline"))
    assert seen.status == 200
    assert "Declined" in seen.page.headings
    assert (await browser.get(f"/invite/{token}")).status == 410
    assert (await browser.submit(page, page.form(f"/invite/{token}/decline"))).status == 410
    assert (await browser.submit(page, username="nell", password=PASSWORD)).status == 410
