"""What is refused, and in which words: RFC 6749, section 5.2."""

import base64
from collections.abc import Callable
from typing import Any

import pytest
from httpx2 import ASGITransport, AsyncClient

from courtyard.core import clock
from courtyard.web.guard import Guard
from tests.dialects.oauth.programs import (
    BEGIN,
    INTROSPECT,
    REDIRECT,
    REVOKE,
    TOKEN,
    VERIFIER,
    age,
    code,
    denied,
    exchange,
    granted,
    opens,
    program,
    refused,
    tokens,
)
from tests.world import World

MINE = {"grant_type": "client_credentials"}


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"code_verifier": "w" * 43}, "invalid_grant"),
        ({"code_verifier": VERIFIER[:-1]}, "invalid_request"),
        ({"code_verifier": ""}, "invalid_request"),
        ({"redirect_uri": REDIRECT + "/"}, "invalid_grant"),
        ({"redirect_uri": ""}, "invalid_grant"),
        ({"code": "cya_nothing"}, "invalid_grant"),
        ({"code": ""}, "invalid_grant"),
        ({"client_secret": "cyc_wrong"}, "invalid_client"),
        ({"client_id": "a" * 24}, "invalid_client"),
        ({"client_id": "'; drop table application"}, "invalid_client"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
    ],
)
async def test_a_code_is_bound_to_all_it_was_asked_with(
    world: World, anonymous: AsyncClient, change: dict[str, str], error: str
) -> None:
    app = await program(world)
    secret = await code(world, app)
    answer = await anonymous.post(TOKEN, data=exchange(app, secret, **change))
    denied(answer, 401 if error == "invalid_client" else 400, error)
    assert not any(value and value in answer.text for value in change.values())
    # A request that went wrong spends nothing.
    assert await opens(anonymous, (await granted(anonymous, exchange(app, secret)))["access_token"]) == 200


@pytest.mark.parametrize("missing", ["code", "redirect_uri", "code_verifier", "grant_type", "client_id"])
@pytest.mark.parametrize("public", [False, True])
async def test_nothing_may_be_missing(world: World, anonymous: AsyncClient, missing: str, public: bool) -> None:
    app = await program(world, public=public)
    form = exchange(app, await code(world, app))
    del form[missing]
    errors = {"redirect_uri": "invalid_grant", "client_id": "invalid_client"}
    error = errors.get(missing, "invalid_request")
    denied(await anonymous.post(TOKEN, data=form), 401 if missing == "client_id" else 400, error)


async def test_a_code_ends_after_a_minute(world: World, anonymous: AsyncClient) -> None:
    app = await program(world)
    secret = await code(world, app)
    await age(world.database, clock.MINUTE)
    denied(await anonymous.post(TOKEN, data=exchange(app, secret)), 400, "invalid_grant")


async def test_another_application_has_no_use_for_a_code_or_refresh_token(world: World, anonymous: AsyncClient) -> None:
    app, other = await program(world), await program(world, public=True)
    secret, issued = await code(world, app), await tokens(anonymous, world, app)
    denied(await anonymous.post(TOKEN, data=exchange(other, secret)), 400, "invalid_grant")
    form = {"grant_type": "refresh_token", "refresh_token": issued["refresh_token"], **other.proof()}
    denied(await anonymous.post(TOKEN, data=form), 400, "invalid_grant")
    form = {**form, **app.proof(), "refresh_token": issued["access_token"]}
    denied(await anonymous.post(TOKEN, data=form), 400, "invalid_grant")
    assert await opens(anonymous, issued["access_token"]) == 200


async def test_a_confidential_application_proves_itself_everywhere(world: World, anonymous: AsyncClient) -> None:
    app = await program(world)
    forms: dict[str, dict[str, str]] = {TOKEN: MINE, REVOKE: {"token": "x"}, INTROSPECT: {"token": "x"}, BEGIN: {}}
    for path, form in forms.items():
        for proof in ({"client_id": app.id}, {}, {"client_id": app.id, "client_secret": ""}):
            denied(await anonymous.post(path, data={**form, **proof}), 401, "invalid_client")
        for auth in ((app.id, "cyc_wrong"), (app.id, ""), ("", app.secret or ""), ("a" * 24, "x"), ("a\0b", "x")):
            denied(await anonymous.post(path, data=form, auth=auth), 401, "invalid_client")
        for basic in ("!!!", "/w==", base64.b64encode(b"nocolon").decode(), "", "a%00:b"):
            headers = {"Authorization": f"Basic {basic}"}
            denied(await anonymous.post(path, data={**form, **app.proof()}, headers=headers), 401, "invalid_client")
        assert (await anonymous.post(path, data=form, auth=(app.id, app.secret or ""))).status_code == 200
        assert (await anonymous.post(path, data={**form, **app.proof()})).status_code == 200


async def test_an_application_proves_itself_in_one_way(world: World, anonymous: AsyncClient) -> None:
    app, other = await program(world), await program(world)
    basic: Any = (app.id, app.secret)
    denied(await anonymous.post(TOKEN, data={**MINE, **app.proof()}, auth=basic), 400, "invalid_request")
    denied(await anonymous.post(TOKEN, data={**MINE, "client_id": other.id}, auth=basic), 400, "invalid_request")
    # Naming itself again is what requests-oauthlib does.
    assert (await anonymous.post(TOKEN, data={**MINE, "client_id": app.id}, auth=basic)).status_code == 200


async def test_a_public_application_has_nothing_of_its_own(world: World, anonymous: AsyncClient) -> None:
    app = await program(world, public=True)
    denied(await anonymous.post(TOKEN, data={**MINE, **app.proof()}), 400, "unauthorized_client")


async def test_a_name_sent_twice_is_refused(world: World, anonymous: AsyncClient) -> None:
    app = await program(world)
    secret = await code(world, app)
    pairs = [*exchange(app, secret).items()]
    for name, value in pairs:
        body = "&".join(f"{each}={text}" for each, text in [*pairs, (name, value)])
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        denied(await anonymous.post(TOKEN, content=body, headers=headers), 400, "invalid_request")
    assert (await anonymous.post(TOKEN, data=exchange(app, secret))).status_code == 200


@pytest.mark.parametrize("path", [TOKEN, REVOKE, INTROSPECT, BEGIN])
async def test_only_forms_are_taken(world: World, anonymous: AsyncClient, path: str) -> None:
    app = await program(world)
    body = {**MINE, "token": "x", **app.proof()}
    denied(await anonymous.post(path, json=body), 400, "invalid_request")
    # What stands in the address stands in logs: it counts for nothing.
    assert (await anonymous.post(path, params=body)).status_code in (400, 401)
    form = "application/x-www-form-urlencoded"
    for content in (b"a=%ff", b"a=%00", b"\xff=1", b"&".join(b"a%d=1" % n for n in range(200))):
        denied(await anonymous.post(path, content=content, headers={"Content-Type": form}), 400, "invalid_request")
    large = await anonymous.post(path, content=b"a" * (1 << 21), headers={"Content-Type": form})
    assert large.status_code == 413
    refused(large)


async def test_what_is_not_there(anonymous: AsyncClient) -> None:
    for path in ("/oauth", "/oauth/nothing", "/.well-known/nothing", "/.well-known/webfinger"):
        response = await anonymous.get(path)
        assert response.status_code == 404, path
        refused(response)
    wrong = await anonymous.get(TOKEN)
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "POST")
    refused(wrong)
    assert (await anonymous.get("/oauth/openapi.json")).status_code == 200
    assert (await anonymous.post(TOKEN + "/", data={})).status_code == 400


async def test_an_idempotency_key_is_refused_where_secrets_are_shown(world: World, anonymous: AsyncClient) -> None:
    app = await program(world)
    for path, form in ((TOKEN, {**MINE, **app.proof()}), (BEGIN, app.proof())):
        denied(await anonymous.post(path, data=form, headers={"Idempotency-Key": "x"}), 400, "invalid_request")


@pytest.mark.parametrize(("peer", "status"), [("192.0.2.7", 400), ("127.0.0.1", 200), ("::1", 200), ("::12", 400)])
async def test_https_or_this_machine(site: Guard, world: World, peer: str, status: int) -> None:
    app = await program(world)
    transport = ASGITransport(site, client=(peer, 5000))
    async with AsyncClient(transport=transport, base_url="http://courtyard.test") as client:
        answer = await client.post(TOKEN, data={**MINE, **app.proof()})
        assert answer.status_code == status
        metadata = await client.get("/.well-known/oauth-authorization-server")
        assert metadata.status_code == status
        if status == 400:
            denied(answer, 400, "invalid_request")
    async with AsyncClient(transport=transport, base_url="https://courtyard.test") as client:
        assert (await client.post(TOKEN, data={**MINE, **app.proof()})).status_code == 200


async def test_a_secret_that_came_in_clear_is_written_down(site: Guard, world: World, anonymous: AsyncClient) -> None:
    app = await program(world)
    issued = await tokens(anonymous, world, app)
    before = await world.events()
    wrong: list[tuple[dict[str, str], dict[str, Any]]] = [
        (MINE, {"auth": (app.id, "cyc_wrong")}),
        ({**MINE, "client_id": app.id, "client_secret": "cyc_wrong"}, {}),
        ({"token": "cyo_nothing"}, {}),
    ]
    right: list[tuple[dict[str, str], dict[str, Any]]] = [
        (MINE, {"auth": (app.id, app.secret or "")}),
        ({**MINE, **app.proof()}, {}),
        ({"grant_type": "refresh_token", "refresh_token": issued["refresh_token"]}, {}),
    ]
    transport = ASGITransport(site, client=("192.0.2.7", 5000))
    async with AsyncClient(transport=transport, base_url="http://courtyard.test") as client:
        for form, proof in wrong:
            denied(await client.post(TOKEN, data=form, **proof), 400, "invalid_request")
        assert await world.events() == before
        for form, proof in right:
            denied(await client.post(TOKEN, data=form, **proof), 400, "invalid_request")
        headers = {"Authorization": f"Bearer {issued['access_token']}"}
        for method in ("GET", "POST"):
            denied(await client.request(method, "/oauth/nothing", headers=headers), 400, "invalid_request")
    noted = (await world.events())[len(before) :]
    assert noted == ["application.secret_exposed"] * 2 + ["credential.exposed"] * 3


async def test_a_token_that_only_tells_is_written_down_too(site: Guard, world: World, anonymous: AsyncClient) -> None:
    app = await program(world, scopes=("openid",))
    told = await tokens(anonymous, world, app, scopes="openid")
    transport = ASGITransport(site, client=("192.0.2.7", 5000))
    async with AsyncClient(transport=transport, base_url="http://courtyard.test") as client:
        for secret in (told["access_token"], await world.key("bob")):
            for method in ("GET", "POST"):
                headers = {"Authorization": f"Bearer {secret}"}
                answer = await client.request(method, "/oauth/userinfo", headers=headers)
                denied(answer, 400, "invalid_request")
    assert (await world.events())[-4:] == ["credential.exposed"] * 4


@pytest.mark.parametrize("settings", [{"rate_limits": "on", "rate_bad_credentials": 3}], indirect=True)
async def test_guessing_at_secrets_is_slowed_down(world: World, anonymous: AsyncClient) -> None:
    app = await program(world)
    for _ in range(3):
        denied(await anonymous.post(TOKEN, data=MINE, auth=(app.id, "cyc_wrong")), 401, "invalid_client")
    slowed = await anonymous.post(INTROSPECT, data={"token": "x"}, auth=(app.id, "cyc_wrong"))
    denied(slowed, 429, "slow_down")
    assert int(slowed.headers["retry-after"]) > 0


async def test_the_owner_sees_that_a_wrong_secret_was_tried(
    world: World, anonymous: AsyncClient, v1: Callable[[str], AsyncClient]
) -> None:
    app, public = await program(world), await program(world, public=True)
    for place, form in ((TOKEN, MINE), (REVOKE, {"token": "x"}), (INTROSPECT, {"token": "x"}), (BEGIN, {})):
        denied(await anonymous.post(place, data=form, auth=(app.id, "cyc_wrong")), 401, "invalid_client")
        # Nobody's application, none that has a secret, and no secret at all.
        for nobody in (("a" * 24, "cyc_wrong"), (app.id, "")):
            denied(await anonymous.post(place, data=form, auth=nobody), 401, "invalid_client")
    await anonymous.post(BEGIN, data={"client_id": public.id, "client_secret": "cyc_wrong"})
    await anonymous.post(BEGIN, headers={"Authorization": "Basic !"})
    events = (await v1("ada").get("/v1/me/events")).json()["data"]
    seen = [one for one in events if one["action"] == "application.secret_refused"]
    assert len(seen) == 4
    for one in seen:
        assert (one["own"], one["result"], one["detail"]) == (False, "refused", {"application_id": app.application.id})
        assert one["address"]
    assert (await world.events()).count("application.secret_refused") == 4
