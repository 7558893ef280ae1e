"""People and their own accounts: seen, changed by whoever confirms that it is them, and ended."""

from typing import Any

import pytest
from httpx2 import AsyncClient

from courtyard.core import accounts
from courtyard.core.identity import people, sessions
from courtyard.core.identity.credentials import NewKey
from courtyard.core.membership import organization_keys
from tests.core.mailing import kinds, link
from tests.core.moments import Moment
from tests.dialects.v1.answers import UNKNOWN, Clients, got, made, pointers, problem
from tests.dialects.v1.browsing import HOME, OTHER, PASSWORD, Browser, browser, opens, with_password
from tests.world import World

ME = set(
    "id username email email_verified pending_email phone has_password second_factor administrator scopes created_at".split()
)
CODE = "confirmation_required"
CONFIRMED: list[tuple[str, str, Any]] = [
    ("POST", "/v1/me/password", {"new_password": OTHER}),
    ("POST", "/v1/me/email", {"email": "new@example.org"}),
    ("DELETE", "/v1/me", None),
    ("POST", "/v1/me/second-factor/totp", None),
    ("POST", "/v1/me/second-factor/totp/confirm", {"code": "123456"}),
    ("DELETE", "/v1/me/second-factor/totp", None),
    ("POST", "/v1/me/second-factor/recovery-codes", None),
    ("POST", "/v1/me/passkeys/options", None),
    ("POST", "/v1/me/passkeys", {"challenge_id": UNKNOWN, "answer": {}, "name": "x"}),
]
"""What decides who gets into an account."""
OWN: list[tuple[str, str, Any]] = [
    *CONFIRMED,
    ("PATCH", "/v1/me", {"username": "new"}),
    ("POST", "/v1/me/email/verification", None),
    ("POST", "/v1/me/confirm", {"password": PASSWORD}),
    ("POST", "/v1/me/confirm/options", None),
    ("DELETE", "/v1/me/sessions", None),
    ("GET", "/v1/me/second-factor", None),
    ("GET", "/v1/me/passkeys", None),
    ("GET", f"/v1/me/passkeys/{UNKNOWN}", None),
    ("PATCH", f"/v1/me/passkeys/{UNKNOWN}", {"name": "x"}),
    ("DELETE", f"/v1/me/passkeys/{UNKNOWN}", None),
]


async def ask(client: AsyncClient, call: tuple[str, str, Any], key: str = "") -> Any:
    method, path, body = call
    more: dict[str, Any] = {} if body is None else {"json": body}
    return await client.request(method, path, headers={"X-API-Key": key} if key else {}, **more)


async def test_a_person_sees_themselves(v1: Clients, world: World, anonymous: AsyncClient) -> None:
    me = await got(v1("ada"), "/v1/me")
    assert set(me) == ME
    assert (me["email"], me["email_verified"], me["pending_email"]) == ("ada@example.org", False, None)
    assert (me["second_factor"], me["administrator"], me["scopes"]) == (False, False, ["read", "write", "admin"])
    weak = await anonymous.get("/v1/me", headers={"X-API-Key": await world.key("ada", scopes=["read"])})
    assert (weak.json()["second_factor"], weak.json()["email"]) == (None, "ada@example.org")
    assert (me["has_password"], weak.json()["has_password"]) == (False, None)
    await with_password(world)
    assert (await got(v1("ada"), "/v1/me"))["has_password"] is True


@pytest.mark.parametrize("call", OWN, ids=lambda call: f"{call[0]} {call[1]}")
async def test_an_account_is_changed_by_a_whole_credential_of_its_person_alone(
    call: Any, world: World, anonymous: AsyncClient
) -> None:
    problem(await ask(anonymous, call), 401, "unauthenticated")
    space = await world.space("ada")
    await world.organization("acme", owner="ada")
    async with world.database.write() as tx:
        actor = await world.actor("ada")
        _, service = await organization_keys.create(tx, actor, "acme", NewKey(name="robot", scopes=["admin"]))
    for key in (
        await world.key("ada", scopes=["read"]),
        await world.key("ada", scopes=["write"]),
        await world.key("ada", spaces=[space]),
        service,
    ):
        problem(await ask(anonymous, call, key), 403, "forbidden")


@pytest.mark.parametrize("call", CONFIRMED, ids=lambda call: f"{call[0]} {call[1]}")
async def test_what_opens_an_account_is_confirmed_first(
    call: Any, v1: Clients, world: World, anonymous: AsyncClient, moment: Moment
) -> None:
    await with_password(world)
    # A key says nothing of who holds it now.
    problem(await ask(v1("ada"), call), 403, CODE)
    here = await browser(world, anonymous)
    moment.passes(sessions.RECENT)
    problem(await here.ask(*call), 403, CODE)
    field = "current_password" if call[1].endswith("/password") else "password"
    wrong = await ask(v1("ada"), (call[0], call[1], {**(call[2] or {}), field: "not this one, I think"}))
    if call[1].endswith("/password"):
        assert pointers(wrong) == {"/current_password"}
    else:
        assert pointers(wrong) == {"/password"}
    assert problem(wrong, 422)["code"] == "wrong_password"
    assert (await world.events())[-1] == "password.refused"
    confirmed = await here.ask("POST", "/v1/me/confirm", {"password": PASSWORD})
    assert confirmed.status_code == 200
    assert (await here.ask(*call)).status_code != 403


async def test_a_browser_that_confirms_gets_a_new_secret_for_ten_minutes(
    world: World, anonymous: AsyncClient, moment: Moment
) -> None:
    await with_password(world)
    here = await browser(world, anonymous)
    moment.passes(sessions.RECENT)
    old = here.secret
    said = (await here.ask("POST", "/v1/me/confirm", {"password": PASSWORD})).json()
    assert set(said) == {"confirmed_until"}
    assert here.secret != old
    assert [await opens(world, secret) for secret in (old, here.secret)] == [False, True]
    moment.passes(sessions.RECENT)
    problem(await here.ask("POST", "/v1/me/email", {"email": "new@example.org"}), 403, CODE)


async def test_what_confirms_nothing_is_refused(v1: Clients, world: World, anonymous: AsyncClient) -> None:
    await with_password(world)
    here = await browser(world, anonymous)
    assert problem(await here.ask("POST", "/v1/me/confirm", {}), 422)["code"] == "missing"
    for body, where, code in (
        ({"password": "wrong, and long enough"}, "/password", "wrong_password"),
        ({"code": "123456"}, "/code", "wrong_code"),
        ({"passkey": {"challenge_id": UNKNOWN, "answer": {}}}, "/passkey", "wrong_passkey"),
    ):
        refused = await here.ask("POST", "/v1/me/confirm", body)
        assert (pointers(refused), refused.json()["code"]) == ({where}, code)
    problem(await v1("ada").post("/v1/me/confirm", json={"password": PASSWORD}), 403, "no_session")
    problem(await v1("ada").post("/v1/me/confirm/options"), 403, "no_session")
    problem(await here.ask("POST", "/v1/me/confirm/options"), 409, "no_second_factor")


@pytest.mark.parametrize("settings", [{"rate_limits": "on"}], indirect=True)
async def test_wrong_passwords_are_counted_whichever_call_they_come_by(
    v1: Clients, world: World, anonymous: AsyncClient
) -> None:
    await with_password(world)
    here = await browser(world, anonymous)
    wrong = {"password": "not this one, I think"}
    for _ in range(4):
        problem(await here.ask("POST", "/v1/me/confirm", wrong), 422)
    assert (await here.ask("POST", "/v1/me/confirm", {"password": PASSWORD})).status_code == 200
    for _ in range(3):
        problem(await here.ask("POST", "/v1/me/confirm", wrong), 422)
    for _ in range(2):
        problem(await v1("ada").request("DELETE", "/v1/me", json=wrong), 422)
    late = await here.ask("POST", "/v1/me/confirm", {"password": PASSWORD})
    problem(late, 429)
    assert "retry-after" in late.headers
    problem(await v1("ada").post("/v1/me/second-factor/totp", json={"password": PASSWORD}), 429)


async def test_a_username_is_changed_as_it_was_seen(v1: Clients, world: World) -> None:
    await world.person("bob")
    ada = v1("ada")
    seen = await ada.get("/v1/me")
    renamed = await ada.patch("/v1/me", json={"username": "Ada L"}, headers={"If-Match": seen.headers["etag"]})
    assert (renamed.status_code, renamed.json()["username"]) == (200, "Ada L")
    assert (await ada.get("/v1/me")).headers["etag"] == renamed.headers["etag"]
    problem(await ada.patch("/v1/me", json={"username": "x"}, headers={"If-Match": seen.headers["etag"]}), 412)
    problem(await ada.patch("/v1/me", json={"username": "BOB"}), 409, "username_taken")
    assert pointers(await ada.patch("/v1/me", json={"username": ""})) == {"/username"}
    assert (await ada.patch("/v1/me", json={})).json()["username"] == "Ada L"


async def test_a_new_password_ends_other_sessions_and_no_key(v1: Clients, world: World, anonymous: AsyncClient) -> None:
    await with_password(world)
    there = await browser(world, anonymous)
    ada = v1("ada")
    body = {"current_password": PASSWORD, "new_password": OTHER}
    for bad, code in (("short", "length"), ("password1234", "common_password")):
        refused = await ada.post("/v1/me/password", json={**body, "new_password": bad})
        assert (pointers(refused), refused.json()["errors"][0]["code"]) == ({"/new_password"}, code)
    done = await ada.post("/v1/me/password", json=body)
    assert (done.status_code, done.content) == (204, b"")
    assert not await opens(world, there.secret)
    assert (await ada.get("/v1/me")).status_code == 200
    assert await kinds(world) == [("password_changed", "ada@example.org")]
    session, _ = await accounts.sign_in(world.database, "ada@example.org", OTHER, HOME, "test")
    assert session.state == "open"


async def test_a_browser_that_changes_the_password_stays_signed_in(world: World, anonymous: AsyncClient) -> None:
    await with_password(world)
    here, there = await browser(world, anonymous), await browser(world, anonymous)
    old = here.secret
    # A fresh sign-in is a confirmation.
    assert (await here.ask("POST", "/v1/me/password", {"new_password": OTHER})).status_code == 204
    assert [await opens(world, secret) for secret in (old, here.secret, there.secret)] == [False, True, False]


async def test_an_address_is_changed_by_whoever_reads_the_new_one(v1: Clients, world: World) -> None:
    await with_password(world)
    ada = v1("ada")
    body = {"email": "new@example.org", "password": PASSWORD}
    asked = await ada.post("/v1/me/email", json=body)
    assert (asked.status_code, asked.json()["email"], asked.json()["pending_email"]) == (
        200,
        "ada@example.org",
        "new@example.org",
    )
    problem(await ada.post("/v1/me/email", json=body), 429)
    problem(await ada.post("/v1/me/email", json={**body, "email": "ada@example.org"}), 422, "same")
    assert pointers(await ada.post("/v1/me/email", json={**body, "email": "nowhere"})) == {"/email"}
    async with world.database.read() as tx:
        waiting = await tx.all(str, "select recipient from mail order by number")
    assert sorted(waiting) == ["ada@example.org", "new@example.org"]
    token = await link(world, "change_email")
    async with world.database.write() as tx:
        await accounts.change_email(tx, token, HOME)
    me = await got(ada, "/v1/me")
    assert (me["email"], me["pending_email"], me["email_verified"]) == ("new@example.org", None, True)


async def test_the_link_that_verifies_an_address_is_mailed_again(v1: Clients, world: World) -> None:
    ada = v1("ada")
    assert (await ada.post("/v1/me/email/verification")).status_code == 204
    problem(await ada.post("/v1/me/email/verification"), 429)
    token = await link(world, "verify")
    async with world.database.write() as tx:
        await accounts.verify_email(tx, token, HOME)
    assert (await got(ada, "/v1/me"))["email_verified"] is True
    problem(await ada.post("/v1/me/email/verification"), 409, "already_verified")


async def test_an_account_that_others_need_stays(v1: Clients, world: World) -> None:
    await with_password(world)
    await world.organization("acme", owner="ada", members=["bob"])
    ada = v1("ada")
    refused = problem(await ada.request("DELETE", "/v1/me", json={"password": PASSWORD}), 409, "owns_together")
    assert '"acme"' in refused["detail"]
    assert (await v1("ada").get("/v1/me")).status_code == 200


async def test_a_deleted_account_opens_nothing(v1: Clients, world: World, anonymous: AsyncClient) -> None:
    await with_password(world)
    there = await browser(world, anonymous)
    ada = v1("ada")
    assert (await ada.request("DELETE", "/v1/me", json={"password": PASSWORD})).status_code == 204
    problem(await ada.get("/v1/me"), 401)
    assert not await opens(world, there.secret)
    async with world.database.read() as tx:
        assert await people.seek_by_email(tx, "ada@example.org") is None
    assert ("account_removed", "ada@example.org") in await kinds(world)


async def test_all_other_sessions_end(v1: Clients, world: World, anonymous: AsyncClient) -> None:
    here, there = await browser(world, anonymous), await browser(world, anonymous)
    rows = (await here.ask("GET", "/v1/me/sessions")).json()["data"]
    assert {row["id"]: row["current"] for row in rows} == {here.session_id: True, there.session_id: False}
    assert (await here.ask("DELETE", "/v1/me/sessions")).status_code == 204
    assert [await opens(world, one.secret) for one in (here, there)] == [True, False]
    # For a key every session is another one; the key itself goes on.
    assert (await v1("ada").delete("/v1/me/sessions")).status_code == 204
    assert not await opens(world, here.secret)
    assert (await got(v1("ada"), "/v1/me/sessions"))["data"] == []


async def stale(world: World, anonymous: AsyncClient, moment: Moment) -> Browser:
    await with_password(world)
    here = await browser(world, anonymous)
    moment.passes(sessions.RECENT)
    return here


async def test_a_browser_confirms_before_it_makes_keys(
    v1: Clients, world: World, anonymous: AsyncClient, moment: Moment
) -> None:
    here = await stale(world, anonymous, moment)
    new = {"name": "robot", "scopes": ["read"]}
    problem(await here.ask("POST", "/v1/keys", new), 403, CODE)
    # A key with the scope `admin` needs nothing else.
    key = await made(v1("ada"), "/v1/keys", new)
    problem(await here.ask("POST", f"/v1/keys/{key['id']}/rotate"), 403, CODE)
    # What takes rights away never waits.
    assert (await here.ask("DELETE", f"/v1/keys/{key['id']}")).status_code == 204
    await here.ask("POST", "/v1/me/confirm", {"password": PASSWORD})
    assert (await here.ask("POST", "/v1/keys", new)).status_code == 201


async def test_a_browser_confirms_before_it_gives_things_away(
    world: World, anonymous: AsyncClient, moment: Moment
) -> None:
    here = await stale(world, anonymous, moment)
    space = await world.space("ada", admins=["bob"])
    await world.organization("acme", owner="ada", members=["bob"])
    bob = (await world.person("bob")).id
    calls = [
        ("POST", f"/v1/spaces/{space.id}/transfer", {"user_id": bob}),
        ("PUT", f"/v1/organizations/acme/members/{bob}", {"role": "owner"}),
        ("POST", "/v1/organizations/acme/invitations", {"email": "eve@example.org", "role": "owner"}),
    ]
    for call in calls:
        problem(await here.ask(*call), 403, CODE)
    # What makes no owner goes on.
    assert (await here.ask("PUT", calls[1][1], {"role": "admin"})).status_code == 200
    await here.ask("POST", "/v1/me/confirm", {"password": PASSWORD})
    for call in calls:
        assert (await here.ask(*call)).is_success, call


async def test_nobody_learns_of_others_by_their_own_account(v1: Clients, world: World) -> None:
    await with_password(world)
    await with_password(world, "bob")
    taken = await v1("ada").post("/v1/me/email", json={"email": "bob@example.org", "password": PASSWORD})
    free = await v1("bob").post("/v1/me/email", json={"email": "free@example.org", "password": PASSWORD})
    assert taken.status_code == free.status_code == 200
    assert set(taken.json()) == set(free.json())
    assert ("change_email", "bob@example.org") not in await kinds(world)
