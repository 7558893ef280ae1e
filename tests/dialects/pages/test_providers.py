"""Signing in with an outside provider: who is let in, as whom, and what is not believed."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from joserfc.jwk import OctKey, RSAKey

from courtyard import installation
from courtyard.core import organizations
from courtyard.core.actor import RANK, Actor
from courtyard.core.identity import people, sessions, standing
from courtyard.settings import Settings
from courtyard.storage.database import Database
from courtyard.web.dialect import Services
from courtyard.web.guard import Guard
from courtyard.web.openid import fetching, relying
from courtyard.web.openid.relying import Providers
from tests.dialects.pages.browser import Browser, Seen
from tests.dialects.pages.conftest import PASSWORD, Opening, with_second
from tests.dialects.pages.outsider import CLIENT, CODE, SECRET, Outsider
from tests.world import ORIGIN, World

PUBLIC = {"public_url": "https://courtyard.test"}
WITH, BACK, OWN = "/login/with/acme", "/login/with/acme/return", "/account/providers"


@pytest.fixture
async def outsider() -> AsyncIterator[Outsider]:
    one = Outsider()
    await one.start()
    yield one
    await one.stop()


@pytest.fixture
def settings(request: pytest.FixtureRequest, tmp_path: Any, outsider: Outsider) -> Settings:
    """Acme ID is a provider; `settings` and `provider` by parametrize change either."""
    chosen: dict[str, Any] = {**PUBLIC, "registration": "open", "rate_limits": "off", **getattr(request, "param", {})}
    provider = outsider.settings(**chosen.pop("provider", {}))
    return Settings(_env_file=None, data_dir=tmp_path, providers=[provider], **chosen)  # pyright: ignore[reportCallIssue]


async def come_back(browser: Browser, outsider: Outsider, begun: Seen | None = None, **change: str) -> Seen:
    """Go to the provider and back with its code."""
    begun = begun or await browser.get(f"{WITH}?next=/device")
    asked = outsider.send(begun.place)
    query = {"code": CODE, "state": asked["state"], **change}
    return await browser.get(f"{BACK}?{'&'.join(f'{name}={value}' for name, value in query.items() if value)}")


async def person(database: Database, email: str) -> people.Person | None:
    async with database.read() as tx:
        return await people.seek_by_email(tx, email)


async def actions(database: Database) -> list[str]:
    async with database.read() as tx:
        return await tx.all(str, "select action from event order by id")


async def test_a_new_person_gets_an_account_and_a_session(
    browser: Browser, outsider: Outsider, database: Database
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


async def test_somebody_who_was_invited_claims_the_account_by_the_mail(
    browser: Browser, outsider: Outsider, database: Database
) -> None:
    async with database.write() as tx:
        await people.add_pending(tx, Actor(ORIGIN), "grace@example.org")
    refused = await come_back(browser, outsider)
    assert refused.status == 409
    assert "invited" in refused.text


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


async def test_userinfo_of_somebody_else_is_not_believed(browser: Browser, outsider: Outsider) -> None:
    outsider.claims = {"email": None}
    outsider.userinfo = {"sub": "outside-8", "email": "grace@example.org", "email_verified": True}
    assert (await come_back(browser, outsider)).status == 403


FORGED = RSAKey.generate_key(2048, {"kid": "k1"})
WRONG: dict[str, tuple[dict[str, Any], dict[str, Any], Any]] = {
    "nonce": ({"nonce": "another"}, {}, None),
    "no nonce": ({"nonce": None}, {}, None),
    "audience": ({"aud": "another"}, {}, None),
    "audiences": ({"aud": [CLIENT, "another"], "azp": "another"}, {}, None),
    "issuer": ({"iss": "https://id.example.org"}, {}, None),
    "expired": ({"exp": 1_000}, {}, None),
    "no end": ({"exp": None}, {}, None),
    "old": ({"iat": 1_000}, {}, None),
    "not yet": ({"iat": 4_000_000_000}, {}, None),
    "nobody": ({"sub": ""}, {}, None),
    "no subject": ({"sub": None}, {}, None),
    "access token": ({"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}, {}, None),
    "alg none": ({}, {"alg": "none"}, None),
    "shared secret": ({}, {"alg": "HS256"}, OctKey.import_key(SECRET + "-" * 32)),
    "unknown key": ({}, {"kid": "k2"}, None),
    "forged": ({}, {}, FORGED),
}


@pytest.mark.parametrize("which", WRONG)
async def test_a_token_that_is_not_right_lets_nobody_in(
    browser: Browser, outsider: Outsider, database: Database, which: str
) -> None:
    outsider.claims, outsider.header, signer = WRONG[which]
    outsider.signer = signer or outsider.key
    refused = await come_back(browser, outsider)
    assert (refused.status, refused.page.headings) == (403, ["You are not signed in"])
    assert "could not be trusted" in refused.text
    assert browser.cookie("__Host-courtyard_session") is None
    assert await person(database, "grace@example.org") is None


async def test_keys_that_changed_are_asked_for_again_but_not_for_every_token(
    opening: Opening, outsider: Outsider, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await come_back(opening(), outsider)).status == 303
    outsider.key = outsider.signer = RSAKey.generate_key(2048, {"kid": "k2", "use": "sig", "alg": "RS256"})
    outsider.header, outsider.published = {"kid": "k2"}, [outsider.key]
    assert (await come_back(opening(), outsider)).status == 403
    assert (await come_back(opening(), outsider)).status == 403
    assert outsider.calls.count("/keys") == 1
    monkeypatch.setattr(relying, "PAUSE", 0.0)
    assert (await come_back(opening(), outsider)).status == 303
    assert outsider.calls.count("/keys") == 2


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://id.example.org"},
        {"token_endpoint": "http://id.example.org/token"},
        {"jwks_uri": 7},
        {"authorization_endpoint": "javascript:alert(1)"},
    ],
)
async def test_a_discovery_that_is_not_its_own_leads_nowhere(
    browser: Browser, outsider: Outsider, metadata: dict[str, Any]
) -> None:
    outsider.metadata = metadata
    begun = await browser.get(WITH)
    assert (begun.status, "does not answer as it should" in begun.text) == (503, True)
    assert browser.cookie("__Host-courtyard_provider") is None


async def test_an_answer_of_another_issuer_is_refused(browser: Browser, outsider: Outsider) -> None:
    assert (await come_back(browser, outsider, iss="https://id.example.org")).status == 403
    assert (await come_back(browser, outsider, iss=outsider.issuer)).status == 303
    assert len(outsider.posted) == 1


@pytest.mark.parametrize("settings", [{"provider": {"allow_registration": True}}], indirect=True)
async def test_where_the_issuer_is_promised_it_must_be_there(browser: Browser, outsider: Outsider) -> None:
    outsider.metadata = {"authorization_response_iss_parameter_supported": True}
    assert (await come_back(browser, outsider)).status == 403
    assert outsider.posted == []


async def test_a_return_that_did_not_begin_here_is_lost(opening: Opening, outsider: Outsider) -> None:
    browser, other = opening(), opening()
    begun = await browser.get(WITH)
    state = outsider.send(begun.place)["state"]
    assert (await other.get(f"{BACK}?code={CODE}&state={state}")).status == 422
    assert (await come_back(browser, outsider, begun, state="another")).status == 422
    # One try is all there is.
    assert (await browser.get(f"{BACK}?code={CODE}&state={state}")).status == 422
    assert outsider.posted == []


async def test_a_person_who_says_no_is_told_so(browser: Browser, outsider: Outsider) -> None:
    refused = await come_back(browser, outsider, code="", error="access_denied")
    assert (refused.status, "Acme ID did not let you in" in refused.text) == (403, True)
    assert (await come_back(browser, outsider, code="wrong")).status == 403


async def _endless(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
    for _ in range(64):
        writer.write(b"[" * 65_536)
        await writer.drain()


async def _silent(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    await writer.drain()
    await asyncio.sleep(3)


BAD_ANSWERS: dict[str, Any] = {
    "endless": _endless,
    "silent": _silent,
    "no json": (200, b"<html>"),
    "a list": (200, b"[]"),
    "broken": (500, b"{}"),
    "elsewhere": (302, b"{}"),
    "deep": (200, b'{"a":' + b"[" * 50_000),
}


@pytest.mark.parametrize("which", BAD_ANSWERS)
@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/token", "/keys"])
async def test_a_provider_that_answers_badly_is_away_and_nothing_hangs(
    site: Guard, services: Services, browser: Browser, outsider: Outsider, which: str, path: str
) -> None:
    party = services.providers.find("acme")
    party._seconds = 0.5  # pyright: ignore[reportPrivateUsage] - nobody waits ten seconds here
    outsider.answers = {path: BAD_ANSWERS[which]}
    begun = await browser.get(WITH)
    answer = begun if begun.status != 303 else await come_back(browser, outsider, begun)
    assert (answer.status, "Acme ID does not answer as it should" in answer.text) == (503, True)
    outsider.answers = {}
    assert (await come_back(browser, outsider)).status == 303


async def test_no_transaction_is_open_while_the_provider_is_asked(
    services: Services, browser: Browser, outsider: Outsider, database: Database
) -> None:
    """The provider itself writes to the database: on SQLite that would wait for itself for ever."""

    async def writing(writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(5), database.write() as tx:
            await tx.run("update person set updated_at = updated_at")
        writer.write(b"HTTP/1.1 503 X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()

    outsider.answers = {"/token": writing}
    assert (await come_back(browser, outsider)).status == 503


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


async def linked(browser: Browser, outsider: Outsider) -> Seen:
    """Link Acme ID on the account page."""
    page = await browser.get(OWN)
    leaving = await browser.submit(page, page.form(f"{OWN}/acme/link"))
    place = leaving.page.links["Go on to Acme ID"]
    outsider.send(place)
    return await browser.get(f"{BACK}?code={CODE}&state={outsider.asked['state']}")


async def test_whoever_is_signed_in_links_and_unlinks(
    opening: Opening, entered: Callable[[], Awaitable[Browser]], outsider: Outsider, world: World
) -> None:
    browser = await entered()
    assert (await linked(browser, outsider)).place == OWN
    shown = await browser.get(OWN)
    assert "Acme ID" in shown.text
    assert "grace@example.org" in shown.text
    elsewhere = opening()
    await come_back(elsewhere, outsider)
    assert "ada@example.org" in (await elsewhere.get("/account")).text
    (unlink,) = [form for form in shown.page.forms if form.action.endswith("/unlink")]
    assert (await browser.submit(shown, unlink)).place == OWN
    assert "Nothing outside opens your account" in (await browser.get(OWN)).text
    happened = await actions(world.database)
    assert {"provider.linked", "provider.unlinked"} <= set(happened)
    await come_back(opening(), outsider)
    assert await person(world.database, "grace@example.org") is not None


async def test_the_last_way_in_cannot_be_unlinked(browser: Browser, outsider: Outsider, database: Database) -> None:
    await come_back(browser, outsider)
    page = await browser.get(OWN)
    (unlink,) = [form for form in page.page.forms if form.action.endswith("/unlink")]
    refused = await browser.submit(page, unlink)
    assert (refused.status, "only way to sign in" in refused.text) == (409, True)
    async with database.read() as tx:
        assert await tx.one(int, "select count(*) from provider_link") == 1


async def test_a_link_needs_a_recent_sign_in_and_its_own_session(
    opening: Opening, entered: Callable[[], Awaitable[Browser]], ada: str, outsider: Outsider, world: World
) -> None:
    browser = await entered()
    page = await browser.get(OWN)
    leaving = await browser.submit(page, page.form(f"{OWN}/acme/link"))
    outsider.send(leaving.page.links["Go on to Acme ID"])
    # Signed in again meanwhile: another session, perhaps another person.
    again = opening()
    await again.sign_in(ada, PASSWORD)
    browser.client.cookies.set(
        "__Host-courtyard_session", again.cookie("__Host-courtyard_session") or "", domain="courtyard.test"
    )
    browser.client.cookies.jar.clear("courtyard.test", "/", "__Host-courtyard_session")
    for one in again.client.cookies.jar:
        browser.client.cookies.jar.set_cookie(one)
    assert (await browser.get(f"{BACK}?code={CODE}&state={outsider.asked['state']}")).status == 422
    async with world.database.write() as tx:
        await tx.run("update session set confirmed_at = confirmed_at - :by", by=sessions.RECENT)
    page = await browser.get(OWN)
    refused = await browser.submit(page, page.form(f"{OWN}/acme/link"))
    assert refused.status in (303, 403)
    async with world.database.read() as tx:
        assert await tx.one(int, "select count(*) from provider_link") == 0


async def test_an_account_outside_opens_one_account_here(
    opening: Opening, entered: Callable[[], Awaitable[Browser]], outsider: Outsider
) -> None:
    await come_back(opening(), outsider)
    refused = await linked(await entered(), outsider)
    assert (refused.status, "linked to another account here" in refused.text) == (409, True)


GROUPS = {
    "staff": {"organization": "acme"},
    "leads": [{"organization": "acme", "role": "admin"}, {"organization": "lab", "role": "member"}],
    "ghosts": {"organization": "nowhere"},
}


async def roles(world: World) -> dict[str, str]:
    async with world.database.read() as tx:
        grace = await people.seek_by_email(tx, "grace@example.org")
        assert grace is not None
        rows = await tx.all(
            str,
            "select o.handle || ':' || m.role from organization_member m join organization o on o.id = m.organization_id"
            " where m.person_id = :id and o.personal_of is null",
            id=grace.id,
        )
    return dict(row.split(":") for row in rows)


@pytest.mark.parametrize("settings", [{"provider": {"groups": GROUPS, "groups_claim": "realm.groups"}}], indirect=True)
async def test_groups_become_roles_and_end_to_be_roles(opening: Opening, outsider: Outsider, world: World) -> None:
    for name in ("acme", "lab", "free"):
        await world.organization(name, owner="ada")
    seen: list[dict[str, str]] = []
    for groups in (["staff"], ["leads", "staff", "ghosts"], "staff", ["others"], None):
        outsider.claims = {"realm": {"groups": groups}} if groups is not None else {}
        assert (await come_back(opening(), outsider)).status == 303
        if len(seen) == 0:
            grace = await person(world.database, "grace@example.org")
            assert grace is not None
            world.people["grace"] = grace
            await world.enroll(world.organizations["free"], "grace", "admin")
        seen.append(await roles(world))
    free = {"free": "admin"}
    assert seen == [
        {"acme": "member", **free},
        {"acme": "admin", "lab": "member", **free},
        {"acme": "member", **free},
        free,
        free,
    ]


@pytest.mark.parametrize("settings", [{"provider": {"groups": {"staff": {"organization": "acme"}}}}], indirect=True)
async def test_a_sole_owner_stays_owner(opening: Opening, outsider: Outsider, world: World) -> None:
    await come_back(opening(), outsider)
    grace = await person(world.database, "grace@example.org")
    assert grace is not None
    async with world.database.write() as tx:
        await organizations.create(tx, Actor(ORIGIN, grace.id, RANK["admin"]), "acme", "acme")
    for groups in ([], ["staff"]):
        outsider.claims = {"groups": groups}
        assert (await come_back(opening(), outsider)).status == 303
        assert await roles(world) == {"acme": "owner"}
    assert "organization_member.kept" in await actions(world.database)


async def test_an_unknown_provider_is_not_there(browser: Browser) -> None:
    for path in ("/login/with/nobody", "/login/with/nobody/return?code=a&state=b"):
        assert (await browser.get(path)).status == 404
    assert isinstance(installation.providers(Settings(_env_file=None)), Providers)  # pyright: ignore[reportCallIssue]
    assert fetching.MOST == 1024 * 1024
