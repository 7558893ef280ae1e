"""Applications and consents: one's own alone, the secret shown once, limits that are not stepped over."""

import asyncio
import re
from typing import Any

import pytest
from httpx2 import AsyncClient

from courtyard.core.oauth import applications, consents, tokens
from courtyard.core.oauth.tokens import Granted
from tests.dialects.v1.answers import TIME, UNKNOWN, Clients, got, made, pointers, problem, told, walk
from tests.world import World

APPLICATION = set("id client_id name logo_url redirect_uris scopes public secret_last4 created_at updated_at".split())
PLACE = "/v1/applications"
BACK = "https://app.example.org/back"
REPORTS: dict[str, Any] = {"name": "Reports", "redirect_uris": [BACK], "scopes": ["read", "write"]}


@pytest.fixture
def ada(v1: Clients) -> AsyncClient:
    return v1("ada")


async def test_the_secret_is_shown_once(ada: AsyncClient) -> None:
    response = await ada.post(PLACE, json={**REPORTS, "unknown": 1})
    app = response.json()
    assert (response.status_code, set(app)) == (201, APPLICATION | {"client_secret"})
    assert response.headers["location"] == f"{PLACE}/{app['id']}"
    assert response.headers["cache-control"] == "no-store"
    assert re.fullmatch(r"cyc_[0-9A-Za-z]{36}", app["client_secret"])
    assert re.fullmatch(r"[a-z0-9]{24}", app["client_id"])
    assert {name: app[name] for name in REPORTS} == REPORTS
    assert (app["public"], app["logo_url"], app["secret_last4"]) == (False, None, app["client_secret"][-4:])
    assert re.fullmatch(TIME, app["created_at"])
    shown = await got(ada, f"{PLACE}/{app['id']}")
    assert shown == {name: value for name, value in app.items() if name != "client_secret"}
    assert (await got(ada, PLACE))["data"] == [shown]


async def test_a_public_one_has_no_secret(ada: AsyncClient) -> None:
    app = await made(ada, PLACE, {"name": "Phone", "public": True})
    assert (set(app), app["public"], app["secret_last4"]) == (APPLICATION, True, None)
    assert (app["redirect_uris"], app["scopes"]) == ([], ["read"])
    assert pointers(await ada.post(f"{PLACE}/{app['id']}/secret")) == {"/public"}


async def test_the_newest_comes_first_on_pages(ada: AsyncClient) -> None:
    apps = [await made(ada, PLACE, {"name": f"App {n}"}) for n in range(5)]
    assert [app["id"] for app in await walk(ada, PLACE, limit=2)] == [app["id"] for app in reversed(apps)]


async def test_what_does_not_fit(ada: AsyncClient) -> None:
    bad: list[tuple[dict[str, Any], str]] = [
        ({"name": ""}, "/name"),
        ({"name": None}, "/name"),
        ({"name": "x" * 101}, "/name"),
        ({"scopes": []}, "/scopes"),
        ({"scopes": ["root"]}, "/scopes/0"),
        ({"scopes": "read"}, "/scopes"),
        ({"redirect_uris": BACK}, "/redirect_uris"),
        ({"redirect_uris": [1]}, "/redirect_uris/0"),
        ({"redirect_uris": ["http://app.example.org"]}, "/redirect_uris"),
        ({"redirect_uris": ["javascript:alert(1)"]}, "/redirect_uris"),
        ({"redirect_uris": [BACK + "#x"]}, "/redirect_uris"),
        ({"redirect_uris": [f"{BACK}/{n}" for n in range(11)]}, "/redirect_uris"),
        ({"logo_url": "http://app.example.org/x.png"}, "/logo_url"),
        ({"public": "yes"}, "/public"),
    ]
    app = await made(ada, PLACE, REPORTS)
    for change, pointer in bad:
        assert pointers(await ada.post(PLACE, json={**REPORTS, **change})) == {pointer}, change
        assert pointers(await ada.patch(f"{PLACE}/{app['id']}", json=change)) == {pointer}, change
    assert pointers(await ada.patch(f"{PLACE}/{app['id']}", json={"public": True})) == {"/public"}
    assert len((await got(ada, PLACE))["data"]) == 1


async def test_a_change_leaves_the_rest(ada: AsyncClient) -> None:
    app = await made(ada, PLACE, {**REPORTS, "logo_url": "https://app.example.org/logo.png"})
    path = f"{PLACE}/{app['id']}"
    before = await got(ada, path)
    changed = (await ada.patch(path, json={"name": "Sums", "logo_url": None, "client_id": "x"})).json()
    assert changed == {**before, "name": "Sums", "logo_url": None, "updated_at": changed["updated_at"]}
    assert changed["updated_at"] > before["updated_at"]
    assert (await ada.patch(path, json={})).json() == changed
    assert await got(ada, path) == changed


async def test_another_secret_ends_the_one_before(ada: AsyncClient, world: World, anonymous: AsyncClient) -> None:
    app = await made(ada, PLACE, REPORTS)
    response = await ada.post(f"{PLACE}/{app['id']}/secret")
    renewed = response.json()
    assert (response.status_code, response.headers["location"]) == (201, f"{PLACE}/{app['id']}")
    assert renewed["client_id"] == app["client_id"]
    form = {"grant_type": "client_credentials"}
    statuses = [
        (await anonymous.post("/oauth/token", data=form, auth=(app["client_id"], each["client_secret"]))).status_code
        for each in (app, renewed)
    ]
    assert statuses == [401, 200]
    assert {"application.created", "application.secret_renewed"} <= set(await world.events())


async def test_its_tokens_end_with_it(ada: AsyncClient, anonymous: AsyncClient) -> None:
    app = await made(ada, PLACE, REPORTS)
    form = {"grant_type": "client_credentials", "client_id": app["client_id"], "client_secret": app["client_secret"]}
    token = (await anonymous.post("/oauth/token", data=form)).json()["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    assert (await anonymous.get("/v1/me", headers=bearer)).status_code == 200
    assert (await ada.delete(f"{PLACE}/{app['id']}")).status_code == 204
    problem(await anonymous.get("/v1/me", headers=bearer), 401)
    assert (await anonymous.post("/oauth/token", data=form)).status_code == 401
    problem(await ada.delete(f"{PLACE}/{app['id']}"), 404)


async def test_who_has_not_seen_it_changes_nothing(ada: AsyncClient) -> None:
    app = await made(ada, PLACE, REPORTS)
    path = f"{PLACE}/{app['id']}"
    tag = (await ada.get(path)).headers["etag"]
    assert (await ada.get(path, headers={"If-None-Match": tag})).status_code == 304
    other = {"If-Match": '"other"'}
    problem(await ada.patch(path, json={"name": "x"}, headers=other), 412)
    problem(await ada.delete(path, headers=other), 412)
    problem(await ada.post(f"{path}/secret", headers=other), 412)
    answers = await asyncio.gather(
        *(ada.patch(path, json={"name": f"By {n}"}, headers={"If-Match": tag}) for n in range(8))
    )
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 7


async def test_a_foreign_one_is_an_unknown_one(v1: Clients, ada: AsyncClient, world: World) -> None:
    app = await made(ada, PLACE, REPORTS)
    await world.administrator("root")
    for name in ("bob", "root"):
        for method, rest in (("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/secret")):
            body = {} if method == "PATCH" else None
            foreign = await v1(name).request(method, f"{PLACE}/{app['id']}{rest}", json=body)
            problem(foreign, 404)
            assert told(foreign) == told(await v1(name).request(method, f"{PLACE}/{UNKNOWN}{rest}", json=body))
        assert (await got(v1(name), PLACE))["data"] == []


async def test_limited_credentials_make_no_applications(ada: AsyncClient, world: World, anonymous: AsyncClient) -> None:
    space, app = await world.space("ada"), await made(ada, PLACE, {**REPORTS, "scopes": ["admin"]})
    form = {"grant_type": "client_credentials", "client_id": app["client_id"], "client_secret": app["client_secret"]}
    secrets = [
        (await made(ada, "/v1/keys", {"name": "x", "scopes": ["admin"], **limits}))["key"]
        for limits in ({"spaces": [space.id]}, {"networks": ["127.0.0.0/8"]}, {"scopes": ["write"]})
    ]
    secrets.append((await anonymous.post("/oauth/token", data=form)).json()["access_token"])
    for secret in secrets:
        headers = {"Authorization": f"Bearer {secret}"}
        for method, path, body in [
            ("POST", PLACE, REPORTS),
            ("PATCH", f"{PLACE}/{app['id']}", {"scopes": ["read"]}),
            ("POST", f"{PLACE}/{app['id']}/secret", None),
        ]:
            problem(await anonymous.request(method, path, json=body, headers=headers), 403, "forbidden")
    problem(await anonymous.post(PLACE, json=REPORTS), 401)


async def test_a_key_that_expires_makes_an_application_no_stronger(ada: AsyncClient, anonymous: AsyncClient) -> None:
    app = await made(ada, PLACE, {**REPORTS, "scopes": ["read", "admin"]})
    path, limits = f"{PLACE}/{app['id']}", {"name": "x", "scopes": ["admin"], "expires_at": "2099-01-01T00:00:00Z"}
    headers = {"X-API-Key": (await made(ada, "/v1/keys", limits))["key"]}
    for body in ({"redirect_uris": [BACK]}, {"scopes": ["read", "openid"]}, {"name": "Sums", "scopes": ["openid"]}):
        problem(await anonymous.patch(path, json=body, headers=headers), 403, "forbidden")
    problem(await anonymous.post(PLACE, json=REPORTS, headers=headers), 403, "forbidden")
    problem(await anonymous.post(f"{path}/secret", headers=headers), 403, "forbidden")
    new = {"name": "Sums", "logo_url": "https://app.example.org/logo.png", "scopes": ["read", "write"]}
    changed = await anonymous.patch(path, json=new, headers=headers)
    assert changed.status_code == 200
    assert {name: changed.json()[name] for name in new} == new
    # What was taken away it does not give back.
    problem(await anonymous.patch(path, json={"scopes": ["read", "admin"]}, headers=headers), 403, "forbidden")


async def test_an_idempotency_key_is_refused_where_a_secret_is_shown(ada: AsyncClient) -> None:
    problem(await ada.post(PLACE, json=REPORTS, headers={"Idempotency-Key": "x"}), 400)
    app = await made(ada, PLACE, REPORTS)
    problem(await ada.post(f"{PLACE}/{app['id']}/secret", headers={"Idempotency-Key": "x"}), 400)


async def test_taking_a_consent_back_ends_its_tokens(v1: Clients, world: World, anonymous: AsyncClient) -> None:
    app, bob = await made(v1("ada"), PLACE, REPORTS), await world.actor("bob")
    async with world.database.write() as tx:
        application = await applications.seek(tx, app["client_id"])
        assert application is not None
        await consents.grant(tx, bob, application, ["read"])
        issued = await tokens.issue(tx, bob, application, Granted(bob.person_id, "family", "read"))
    (consent,) = (await got(v1("bob"), "/v1/consents"))["data"]
    assert consent == {
        "id": consent["id"],
        "application_id": app["id"],
        "application_name": "Reports",
        "client_id": app["client_id"],
        "scopes": ["read"],
        "created_at": consent["created_at"],
        "updated_at": consent["updated_at"],
    }
    bearer = {"Authorization": f"Bearer {issued.access}"}
    problem(await anonymous.get("/v1/consents", headers=bearer), 403)
    path = f"/v1/consents/{consent['id']}"
    problem(await anonymous.delete(path, headers=bearer), 403)
    problem(await v1("ada").delete(path), 404)
    problem(await v1("bob").delete(path, headers={"If-Match": '"other"'}), 412)
    assert (await anonymous.get("/v1/me", headers=bearer)).status_code == 200
    assert (await v1("bob").delete(path)).status_code == 204
    problem(await anonymous.get("/v1/me", headers=bearer), 401)
    problem(await v1("bob").delete(path), 404)
    assert (await got(v1("bob"), "/v1/consents"))["data"] == []


async def test_the_key_of_an_organization_makes_no_applications(
    ada: AsyncClient, world: World, anonymous: AsyncClient
) -> None:
    await world.organization("acme", owner="ada")
    robot = await made(ada, "/v1/keys", {"name": "Robot", "scopes": ["admin"], "organization": "acme"})
    problem(await anonymous.post(PLACE, json=REPORTS, headers={"X-API-Key": robot["key"]}), 403, "forbidden")
