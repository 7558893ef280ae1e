"""How programs come by their tokens, renew them, and lose them."""

import asyncio

import pytest
from httpx2 import AsyncClient

from courtyard.core import clock
from courtyard.core.oauth import consents
from courtyard.core.paging import Page
from tests.dialects.oauth.programs import (
    BEGIN,
    DEVICE,
    INTROSPECT,
    REVOKE,
    TOKEN,
    age,
    code,
    decide,
    denied,
    exchange,
    granted,
    opens,
    program,
    renewal,
    tokens,
)
from tests.dialects.v1.answers import Clients
from tests.world import World

pytestmark = pytest.mark.parametrize("settings", [{"public_url": "https://courtyard.test/"}], indirect=True)


async def test_a_code_becomes_a_token_that_opens_the_spaces_api(world: World, anonymous: AsyncClient) -> None:
    app, bob = await program(world), await world.person("bob")
    issued = await granted(anonymous, exchange(app, await code(world, app)))
    assert set(issued) == {"access_token", "token_type", "expires_in", "refresh_token", "scope", "spaces_user_id"}
    assert (issued["access_token"][:4], issued["refresh_token"][:4]) == ("cyo_", "cyr_")
    assert (issued["token_type"], issued["expires_in"], issued["scope"]) == ("bearer", 3600, "read write")
    assert issued["spaces_user_id"] == bob.id
    assert await opens(anonymous, issued["access_token"]) == 200
    me = await anonymous.get("/v1/me", headers={"Authorization": f"Bearer {issued['access_token']}"})
    assert (me.json()["username"], me.json()["scopes"]) == ("bob", ["read", "write"])


async def test_a_refresh_token_and_a_code_open_nothing(world: World, anonymous: AsyncClient) -> None:
    app = await program(world)
    unused, issued = await code(world, app), await tokens(anonymous, world, app)
    for secret in (issued["refresh_token"], unused, app.secret or ""):
        assert await opens(anonymous, secret) == 401
        for headers in (
            {"X-API-Key": secret},
            {"Authorization": f"Bearer {secret}"},
        ):
            assert (await anonymous.get("/v1/me", headers=headers)).status_code == 401
        assert (await anonymous.get("/workspaces/", headers={"Authorization": f"Bearer {secret}"})).status_code == 401
        unpod = await anonymous.get("/api/v2/platform/spaces/", headers={"Authorization": f"Token {secret}"})
        assert unpod.status_code in (401, 403)


async def test_an_access_token_ends_after_an_hour(world: World, anonymous: AsyncClient) -> None:
    issued = await tokens(anonymous, world, await program(world))
    await age(world.database, clock.HOUR - clock.MINUTE)
    assert await opens(anonymous, issued["access_token"]) == 200
    await age(world.database, clock.MINUTE)
    assert await opens(anonymous, issued["access_token"]) == 401


async def test_of_many_exchanges_of_a_code_one_succeeds_and_then_nobody_keeps_anything(
    world: World, anonymous: AsyncClient
) -> None:
    app = await program(world)
    form = exchange(app, await code(world, app))
    answers = await asyncio.gather(*(anonymous.post(TOKEN, data=form) for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 19
    for answer in answers:
        if answer.status_code == 400:
            denied(answer, 400, "invalid_grant")
    (issued,) = [answer.json() for answer in answers if answer.status_code == 200]
    assert await opens(anonymous, issued["access_token"]) == 401
    denied(await anonymous.post(TOKEN, data=renewal(app, issued["refresh_token"])), 400, "invalid_grant")
    assert "token.family_revoked" in await world.events()


async def test_another_consent_of_the_same_person_is_left_alone(world: World, anonymous: AsyncClient) -> None:
    app = await program(world)
    other = await tokens(anonymous, world, app)
    form = exchange(app, await code(world, app))
    stolen = await granted(anonymous, form)
    denied(await anonymous.post(TOKEN, data=form), 400, "invalid_grant")
    assert await opens(anonymous, stolen["access_token"]) == 401
    assert await opens(anonymous, other["access_token"]) == 200


async def test_a_refresh_token_turns_over(world: World, anonymous: AsyncClient) -> None:
    app = await program(world)
    first = await tokens(anonymous, world, app)
    second = await granted(anonymous, renewal(app, first["refresh_token"]))
    assert set(second) == set(first)
    assert second["scope"] == first["scope"]
    assert second["refresh_token"] != first["refresh_token"]
    third = await granted(anonymous, renewal(app, second["refresh_token"]))
    assert await opens(anonymous, third["access_token"]) == 200


async def test_a_refresh_token_used_twice_ends_its_family(world: World, anonymous: AsyncClient) -> None:
    app = await program(world, public=True)
    first = await tokens(anonymous, world, app)
    second = await granted(anonymous, renewal(app, first["refresh_token"]))
    denied(await anonymous.post(TOKEN, data=renewal(app, first["refresh_token"])), 400, "invalid_grant")
    assert await opens(anonymous, first["access_token"]) == 401
    assert await opens(anonymous, second["access_token"]) == 401
    denied(await anonymous.post(TOKEN, data=renewal(app, second["refresh_token"])), 400, "invalid_grant")


async def test_whose_tokens_were_stolen_sees_that_and_from_where(
    world: World, anonymous: AsyncClient, v1: Clients
) -> None:
    app = await program(world)
    first = await tokens(anonymous, world, app)
    given_back = {"token": first["access_token"], **app.proof()}
    assert (await anonymous.post(REVOKE, data=given_back)).status_code == 200
    second = await tokens(anonymous, world, app)
    await granted(anonymous, renewal(app, second["refresh_token"]))
    denied(await anonymous.post(TOKEN, data=renewal(app, second["refresh_token"])), 400, "invalid_grant")
    events = (await v1("bob").get("/v1/me/events")).json()["data"]
    # What the application gave back by itself is none of these.
    (stolen,) = [one for one in events if one["action"] == "token.family_revoked"]
    assert (stolen["own"], stolen["result"], stolen["detail"]["reason"]) == (
        False,
        "refused",
        "refresh token used twice",
    )
    assert stolen["address"]
    assert stolen["application_id"] == app.application.id


async def test_of_many_refreshes_at_once_one_succeeds_and_the_family_ends(world: World, anonymous: AsyncClient) -> None:
    app = await program(world)
    form = renewal(app, (await tokens(anonymous, world, app))["refresh_token"])
    answers = await asyncio.gather(*(anonymous.post(TOKEN, data=form) for _ in range(20)))
    (issued,) = [answer.json() for answer in answers if answer.status_code == 200]
    assert await opens(anonymous, issued["access_token"]) == 401


async def test_a_refresh_may_ask_for_less_and_later_for_all_again_but_never_for_more(
    world: World, anonymous: AsyncClient
) -> None:
    app = await program(world, scopes=("read", "write", "admin"))
    issued = await tokens(anonymous, world, app)
    narrow = await granted(anonymous, renewal(app, issued["refresh_token"], scope="read"))
    assert narrow["scope"] == "read"
    wide = await granted(anonymous, renewal(app, narrow["refresh_token"], scope="read_write read"))
    assert wide["scope"] == "read write"
    for more in ("admin", "read admin", "openid", "everything"):
        form = renewal(app, wide["refresh_token"], scope=more)
        denied(await anonymous.post(TOKEN, data=form), 400, "invalid_scope")
    # Asking for too much costs nothing.
    again = await granted(anonymous, renewal(app, wide["refresh_token"], scope=" "))
    assert again["scope"] == "read write"


async def test_a_refresh_token_ends_after_thirty_days(world: World, anonymous: AsyncClient) -> None:
    app = await program(world)
    issued = await tokens(anonymous, world, app)
    await age(world.database, 30 * clock.DAY)
    denied(await anonymous.post(TOKEN, data=renewal(app, issued["refresh_token"])), 400, "invalid_grant")


async def test_an_application_by_itself_acts_for_its_owner(world: World, anonymous: AsyncClient) -> None:
    app, ada = await program(world), await world.person("ada")
    form = {"grant_type": "client_credentials", **app.proof()}
    issued = await granted(anonymous, form)
    assert set(issued) == {"access_token", "token_type", "expires_in", "scope", "spaces_user_id"}
    assert (issued["scope"], issued["spaces_user_id"]) == ("read write", ada.id)
    assert await opens(anonymous, issued["access_token"]) == 200
    assert (await granted(anonymous, {**form, "scope": "read"}))["scope"] == "read"
    assert (await granted(anonymous, {**form, "scope": "read_write"}))["scope"] == "read write"
    for scope in ("admin", "read admin", "nothing"):
        denied(await anonymous.post(TOKEN, data={**form, "scope": scope}), 400, "invalid_scope")


async def test_an_application_of_somebody_who_was_disabled_gets_nothing(world: World, anonymous: AsyncClient) -> None:
    app, ada = await program(world), await world.person("ada")
    async with world.database.write() as tx:
        await tx.run("update person set state = 'disabled' where id = :id", id=ada.id)
    form = {"grant_type": "client_credentials", **app.proof()}
    denied(await anonymous.post(TOKEN, data=form), 400, "invalid_grant")


async def test_a_device_waits_and_gets_its_token_once(world: World, anonymous: AsyncClient) -> None:
    app = await program(world, public=True)
    begun = (await anonymous.post(BEGIN, data={"client_id": app.id, "scope": "read"})).json()
    place = "https://courtyard.test/device"
    assert begun == {
        "device_code": begun["device_code"],
        "user_code": begun["user_code"],
        "verification_uri": place,
        "verification_uri_complete": f"{place}?user_code={begun['user_code']}",
        "expires_in": 600,
        "interval": 5,
    }
    form = {"grant_type": DEVICE, "device_code": begun["device_code"], "client_id": app.id}
    denied(await anonymous.post(TOKEN, data=form), 400, "authorization_pending")
    denied(await anonymous.post(TOKEN, data=form), 400, "slow_down")
    # The interval grew, and what came too soon counts too.
    await age(world.database, 6 * clock.SECOND)
    denied(await anonymous.post(TOKEN, data=form), 400, "slow_down")
    await age(world.database, 16 * clock.SECOND)
    denied(await anonymous.post(TOKEN, data=form), 400, "authorization_pending")

    await decide(world, begun["user_code"], allow=True)
    issued = await granted(anonymous, form)
    assert issued["scope"] == "read"
    assert issued["spaces_user_id"] == (await world.person("bob")).id
    assert await opens(anonymous, issued["access_token"]) == 200
    assert (await granted(anonymous, renewal(app, issued["refresh_token"])))["scope"] == "read"
    denied(await anonymous.post(TOKEN, data=form), 400, "invalid_grant")


async def test_of_many_polls_of_an_allowed_device_one_succeeds(world: World, anonymous: AsyncClient) -> None:
    app = await program(world)
    begun = (await anonymous.post(BEGIN, data=app.proof())).json()
    await decide(world, begun["user_code"], allow=True)
    form = {"grant_type": DEVICE, "device_code": begun["device_code"], **app.proof()}
    answers = await asyncio.gather(*(anonymous.post(TOKEN, data=form) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 9


async def test_a_device_that_is_denied_or_late(world: World, anonymous: AsyncClient) -> None:
    app, other = await program(world, public=True), await program(world, public=True)
    begun = (await anonymous.post(BEGIN, data={"client_id": app.id})).json()
    form = {"grant_type": DEVICE, "device_code": begun["device_code"], "client_id": app.id}
    denied(await anonymous.post(TOKEN, data={**form, "client_id": other.id}), 400, "invalid_grant")
    await decide(world, begun["user_code"], allow=False)
    denied(await anonymous.post(TOKEN, data=form), 400, "access_denied")
    late = (await anonymous.post(BEGIN, data={"client_id": app.id})).json()
    await decide(world, late["user_code"], allow=True)
    await age(world.database, 10 * clock.MINUTE)
    denied(await anonymous.post(TOKEN, data={**form, "device_code": late["device_code"]}), 400, "expired_token")
    denied(await anonymous.post(TOKEN, data={**form, "device_code": "cya_nothing"}), 400, "invalid_grant")
    denied(await anonymous.post(BEGIN, data={"client_id": app.id, "scope": "admin"}), 400, "invalid_scope")


@pytest.mark.parametrize("which", ["access_token", "refresh_token"])
async def test_whoever_revokes_a_token_ends_its_family(world: World, anonymous: AsyncClient, which: str) -> None:
    app = await program(world)
    issued, other = await tokens(anonymous, world, app), await tokens(anonymous, world, app)
    answer = await anonymous.post(REVOKE, data={"token": issued[which], **app.proof()})
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert await opens(anonymous, issued["access_token"]) == 401
    denied(await anonymous.post(TOKEN, data=renewal(app, issued["refresh_token"])), 400, "invalid_grant")
    assert await opens(anonymous, other["access_token"]) == 200


async def test_nobody_revokes_the_tokens_of_another_application(world: World, anonymous: AsyncClient) -> None:
    app, other = await program(world), await program(world, public=True)
    issued = await tokens(anonymous, world, app)
    for token in (issued["access_token"], "cyo_nothing", await world.key("bob")):
        form = {"token": token, "token_type_hint": "access_token", **other.proof()}
        assert (await anonymous.post(REVOKE, data=form)).status_code == 200
    assert await opens(anonymous, issued["access_token"]) == 200
    denied(await anonymous.post(REVOKE, data={"token": issued["access_token"]}), 401, "invalid_client")


async def test_an_application_looks_at_its_own_tokens(world: World, anonymous: AsyncClient) -> None:
    app, other, bob = await program(world), await program(world), await world.person("bob")
    issued = await tokens(anonymous, world, app)
    shown = (await anonymous.post(INTROSPECT, data={"token": issued["access_token"], **app.proof()})).json()
    assert shown == {
        "active": True,
        "scope": "read write",
        "client_id": app.id,
        "username": "bob",
        "token_type": "bearer",
        "exp": shown["exp"],
        "iat": shown["exp"] - 3600,
        "sub": bob.id,
        "iss": "https://courtyard.test",
    }
    refresh = await anonymous.post(INTROSPECT, data={"token": issued["refresh_token"], **app.proof()})
    assert (refresh.json()["active"], refresh.json()["token_type"]) == (True, "refresh_token")
    for by, token in ((other, issued["access_token"]), (app, "nothing"), (app, await world.key("bob"))):
        hidden = await anonymous.post(INTROSPECT, data={"token": token, **by.proof()})
        assert (hidden.status_code, hidden.json()) == (200, {"active": False})
    await anonymous.post(REVOKE, data={"token": issued["access_token"], **app.proof()})
    ended = await anonymous.post(INTROSPECT, data={"token": issued["access_token"], **app.proof()})
    assert ended.json() == {"active": False}
    public = await program(world, public=True)
    denied(await anonymous.post(INTROSPECT, data={"token": "x", **public.proof()}), 401, "invalid_client")


async def test_taking_a_consent_back_ends_its_tokens_and_codes(world: World, anonymous: AsyncClient) -> None:
    app, bob = await program(world), await world.actor("bob")
    issued, unused = await tokens(anonymous, world, app), await code(world, app)
    async with world.database.write() as tx:
        await consents.grant(tx, bob, app.application, ["read", "write"])
    async with world.database.write() as tx:
        (consent,) = (await consents.page(tx, bob, Page(10))).items
        await consents.withdraw(tx, bob, consent)
    assert await opens(anonymous, issued["access_token"]) == 401
    denied(await anonymous.post(TOKEN, data=exchange(app, unused)), 400, "invalid_grant")
    denied(await anonymous.post(TOKEN, data=renewal(app, issued["refresh_token"])), 400, "invalid_grant")


async def test_what_the_server_says_of_itself_is_true(world: World, anonymous: AsyncClient) -> None:
    said = (await anonymous.get("/.well-known/oauth-authorization-server")).json()
    assert said["issuer"] == "https://courtyard.test"
    for name, place in said.items():
        if name.endswith("_endpoint"):
            assert place.startswith("https://courtyard.test/oauth/")
            method = "GET" if name in ("authorization_endpoint", "userinfo_endpoint") else "POST"
            assert (await anonymous.request(method, place)).status_code in (400, 401, 415, 422), name
    assert said["scopes_supported"] == ["read", "write", "admin", "openid", "profile", "email"]
    assert said["response_types_supported"] == ["code"]
    assert said["code_challenge_methods_supported"] == ["S256"]
    app, public = await program(world), await program(world, public=True)
    for grant in said["grant_types_supported"]:
        form = {"grant_type": grant, "code": "x", "refresh_token": "x", "device_code": "x", **app.proof()}
        answer = await anonymous.post(TOKEN, data=form)
        assert answer.status_code == 200 or answer.json()["error"] == "invalid_grant"
    for grant in ("password", "implicit", "urn:ietf:params:oauth:grant-type:jwt-bearer", ""):
        form = {"grant_type": grant, "username": "ada", "password": "x", **app.proof()}
        denied(await anonymous.post(TOKEN, data=form), 400, "unsupported_grant_type")
    assert set(said["token_endpoint_auth_methods_supported"]) == {"client_secret_basic", "client_secret_post", "none"}
    basic = {"grant_type": "client_credentials"}
    assert (await anonymous.post(TOKEN, data=basic, auth=(app.id, app.secret or ""))).status_code == 200
    assert (await anonymous.post(BEGIN, data=public.proof())).status_code == 200
    # oauthlib sends a public application's name as Basic user name with an empty password.
    assert (await anonymous.post(BEGIN, auth=(public.id, ""), data={"scope": "read"})).status_code == 200


async def test_a_refresh_under_way_does_not_outlive_a_revocation(world: World, anonymous: AsyncClient) -> None:
    app = await program(world)
    for _ in range(10):
        issued = await tokens(anonymous, world, app)
        renewed, _ = await asyncio.gather(
            anonymous.post(TOKEN, data=renewal(app, issued["refresh_token"])),
            anonymous.post(REVOKE, data={"token": issued["access_token"], **app.proof()}),
        )
        if renewed.status_code == 200:
            assert await opens(anonymous, renewed.json()["access_token"]) == 401
            denied(
                await anonymous.post(TOKEN, data=renewal(app, renewed.json()["refresh_token"])), 400, "invalid_grant"
            )


async def test_a_key_that_it_made_is_no_refresh_token(world: World, anonymous: AsyncClient) -> None:
    app = await program(world, scopes=("read", "write", "admin"))
    bearer = {"Authorization": f"Bearer {(await tokens(anonymous, world, app, scopes='admin'))['access_token']}"}
    new = {"name": "its own", "scopes": ["read"]}
    key = (await anonymous.post("/v1/keys", json=new, headers=bearer)).json()["key"]
    shown = (await anonymous.post(INTROSPECT, data={"token": key, **app.proof()})).json()
    assert (shown["active"], shown["token_type"], shown["scope"]) == (True, "bearer", "read")


async def test_a_dead_token_that_is_revoked_again_says_nothing_new(world: World, anonymous: AsyncClient) -> None:
    app = await program(world)
    issued = await tokens(anonymous, world, app)
    for token in (issued["access_token"], issued["access_token"], issued["refresh_token"]):
        assert (await anonymous.post(REVOKE, data={"token": token, **app.proof()})).status_code == 200
    assert (await world.events()).count("token.family_revoked") == 1
