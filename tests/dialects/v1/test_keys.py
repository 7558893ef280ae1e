"""The caller and their keys: scopes, limits, rotation, last use."""

import re
from typing import Any

import pytest
from httpx2 import AsyncClient

from courtyard.core import clock
from courtyard.storage.database import Database
from courtyard.web.dialect import Services
from tests.dialects.v1.answers import TIME, UNKNOWN, Clients, got, made, pointers, problem, told
from tests.world import World

KEY = set(
    "id name prefix last4 scopes spaces networks created_at expires_at last_used_at last_used_address"
    " last_used_dialect organization successor_id grace_until".split()
)
READ = {"name": "Reader", "scopes": ["read"]}


@pytest.fixture
def ada(v1: Clients) -> AsyncClient:
    return v1("ada")


def by(key: dict[str, Any]) -> dict[str, str]:
    return {"X-API-Key": key["key"]}


async def test_me(ada: AsyncClient, world: World, anonymous: AsyncClient) -> None:
    person = await world.person("ada")
    me = await got(ada, "/v1/me")
    assert me == {
        "id": person.id,
        "username": "ada",
        "email": "ada@example.org",
        "email_verified": False,
        "pending_email": None,
        "phone": None,
        "has_password": False,
        "second_factor": False,
        "administrator": False,
        "scopes": ["read", "write", "admin"],
        "created_at": me["created_at"],
    }
    reader = await made(ada, "/v1/keys", READ)
    assert (await anonymous.get("/v1/me", headers=by(reader))).json()["scopes"] == ["read"]


async def test_the_secret_is_shown_once(ada: AsyncClient, anonymous: AsyncClient) -> None:
    response = await ada.post("/v1/keys", json={**READ, "unknown": 1})
    key = response.json()
    assert (response.status_code, set(key)) == (201, KEY | {"key"})
    assert response.headers["location"] == f"/v1/keys/{key['id']}"
    assert response.headers["cache-control"] == "no-store"
    assert re.fullmatch(r"cyk_[0-9A-Za-z]{36}", key["key"])
    assert (key["prefix"], key["last4"]) == (key["key"][:8], key["key"][-4:])
    assert (key["name"], key["scopes"], key["spaces"], key["networks"]) == ("Reader", ["read"], None, None)
    assert re.fullmatch(TIME, key["created_at"])
    assert re.fullmatch(TIME, key["expires_at"])
    assert key["last_used_at"] is None
    shown = await got(ada, f"/v1/keys/{key['id']}")
    assert shown == {name: value for name, value in key.items() if name != "key"}
    assert shown in (await got(ada, "/v1/keys"))["data"]
    assert (await anonymous.get("/v1/me", headers=by(key))).status_code == 200


async def test_what_does_not_fit(ada: AsyncClient) -> None:
    bad: list[tuple[dict[str, Any], str]] = [
        ({"name": ""}, "/name"),
        ({"scopes": []}, "/scopes"),
        ({"scopes": ["root"]}, "/scopes/0"),
        ({"scopes": "read"}, "/scopes"),
        ({"expires_at": "tomorrow"}, "/expires_at"),
        ({"expires_at": "2030-01-01T00:00:00"}, "/expires_at"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "/expires_at"),
        ({"expires_at": "0001-01-01T00:00:00+14:00"}, "/expires_at"),
        ({"organization": 5}, "/organization"),
        ({"expires_at": 5}, "/expires_at"),
        ({"networks": []}, "/networks"),
        ({"networks": ["here"]}, "/networks"),
        ({"networks": ["192.0.2.1/24"]}, "/networks"),
        ({"spaces": []}, "/spaces"),
        ({"spaces": [1]}, "/spaces/0"),
        ({"organization": "acme"}, "/organization"),
    ]
    for change, pointer in bad:
        assert pointers(await ada.post("/v1/keys", json={**READ, **change})) == {pointer}, change
    assert len((await got(ada, "/v1/keys"))["data"]) == 1


async def test_keys_need_the_scope_admin(ada: AsyncClient, anonymous: AsyncClient) -> None:
    for scopes in (["read"], ["write"], ["read", "write"]):
        weak = await made(ada, "/v1/keys", {"name": "weak", "scopes": scopes})
        for method, path, body in [
            ("GET", "/v1/keys", None),
            ("POST", "/v1/keys", READ),
            ("GET", f"/v1/keys/{weak['id']}", None),
            ("PATCH", f"/v1/keys/{weak['id']}", {}),
            ("DELETE", f"/v1/keys/{weak['id']}", None),
            ("POST", f"/v1/keys/{weak['id']}/rotate", None),
        ]:
            problem(await anonymous.request(method, path, json=body, headers=by(weak)), 403, "forbidden")


async def test_a_key_never_makes_a_stronger_one(ada: AsyncClient, world: World, anonymous: AsyncClient) -> None:
    space, other = await world.space("ada"), await world.space("ada")
    limits: dict[str, Any] = {"spaces": [space.id], "networks": ["127.0.0.0/8"], "expires_at": "2099-01-01T00:00:00Z"}
    narrow = await made(ada, "/v1/keys", {"name": "narrow", "scopes": ["admin"], **limits})
    assert (narrow["spaces"], narrow["networks"]) == ([space.id], ["127.0.0.0/8"])
    assert narrow["expires_at"] == "2099-01-01T00:00:00.000Z"
    for wider in (
        {"spaces": None},
        {"spaces": [space.id, other.id]},
        {"networks": None},
        {"networks": ["0.0.0.0/0"]},
        {"expires_at": None},
        {"expires_at": "2099-01-01T00:00:01Z"},
    ):
        body = {**READ, **limits, **wider}
        problem(await anonymous.post("/v1/keys", json=body, headers=by(narrow)), 403, "forbidden")
    same = await anonymous.post("/v1/keys", json={**READ, **limits, "networks": ["127.0.0.1/32"]}, headers=by(narrow))
    assert same.status_code == 201
    problem(await anonymous.get(f"/v1/spaces/{other.id}", headers=by(narrow)), 404)
    assert (await anonymous.get(f"/v1/spaces/{space.id}", headers=by(narrow))).status_code == 200
    problem(await anonymous.post("/v1/spaces", json={"name": "x"}, headers=by(narrow)), 422)


async def test_a_key_works_from_its_networks_alone(ada: AsyncClient, anonymous: AsyncClient) -> None:
    elsewhere = await made(ada, "/v1/keys", {**READ, "networks": ["192.0.2.0/24", "2001:db8::/32"]})
    problem(await anonymous.get("/v1/me", headers=by(elsewhere)), 401, "invalid_credential")
    here = await made(ada, "/v1/keys", {**READ, "networks": ["192.0.2.0/24", "127.0.0.1/32"]})
    assert (await anonymous.get("/v1/me", headers=by(here))).status_code == 200


async def test_an_expired_key_is_refused(ada: AsyncClient, anonymous: AsyncClient, world: World) -> None:
    key = await made(ada, "/v1/keys", {**READ, "expires_at": "2099-12-31T23:59:59+02:00"})
    assert key["expires_at"] == "2099-12-31T21:59:59.000Z"
    assert (await anonymous.get("/v1/me", headers=by(key))).status_code == 200
    async with world.database.write() as tx:
        await tx.run("update credential set expires_at = :now where id = :id", now=clock.now(), id=key["id"])
    problem(await anonymous.get("/v1/spaces", headers=by(key)), 401)
    problem(await ada.post(f"/v1/keys/{key['id']}/rotate"), 409)


async def test_a_revoked_key_is_refused_from_the_next_request_on(ada: AsyncClient, anonymous: AsyncClient) -> None:
    key = await made(ada, "/v1/keys", READ)
    assert (await anonymous.get("/v1/me", headers=by(key))).status_code == 200
    assert (await ada.delete(f"/v1/keys/{key['id']}")).status_code == 204
    problem(await anonymous.get("/v1/me", headers=by(key)), 401, "invalid_credential")
    problem(await anonymous.get("/v1/spaces", headers=by(key)), 401)
    for method, path in (("GET", ""), ("DELETE", ""), ("PATCH", ""), ("POST", "/rotate")):
        body: dict[str, Any] = {"json": {}} if method == "PATCH" else {}
        problem(await ada.request(method, f"/v1/keys/{key['id']}{path}", **body), 404)
    assert [row["name"] for row in (await got(ada, "/v1/keys"))["data"]] == ["test"]


async def test_a_rotated_key_has_a_new_secret_and_the_old_rights(ada: AsyncClient, anonymous: AsyncClient) -> None:
    key = await made(ada, "/v1/keys", {**READ, "networks": ["127.0.0.0/8"], "expires_at": "2099-01-01T00:00:00Z"})
    response = await ada.post(f"/v1/keys/{key['id']}/rotate")
    new = response.json()
    assert (response.status_code, set(new)) == (201, KEY | {"key"})
    assert response.headers["location"] == f"/v1/keys/{new['id']}"
    for name in ("name", "scopes", "spaces", "networks", "expires_at"):
        assert new[name] == key[name]
    assert new["key"] != key["key"]
    assert (new["successor_id"], new["grace_until"]) == (None, None)
    old = await got(ada, f"/v1/keys/{key['id']}")
    assert (old["successor_id"], old["grace_until"]) == (new["id"], old["expires_at"])
    for each in (key, new):
        assert (await anonymous.get("/v1/me", headers=by(each))).status_code == 200
    problem(await ada.post(f"/v1/keys/{key['id']}/rotate"), 409)


async def test_how_long_both_work_and_the_new_one_lives_can_be_said(ada: AsyncClient, anonymous: AsyncClient) -> None:
    key = await made(ada, "/v1/keys", READ)
    for body, pointer in (
        ({"grace_hours": 169}, "/grace_hours"),
        ({"grace_hours": -1}, "/grace_hours"),
        ({"grace_hours": "1"}, "/grace_hours"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "/expires_at"),
    ):
        assert pointers(await ada.post(f"/v1/keys/{key['id']}/rotate", json=body)) == {pointer}
    body = {"grace_hours": 0, "expires_at": None}
    new = (await ada.post(f"/v1/keys/{key['id']}/rotate", json=body)).json()
    assert new["expires_at"] is None
    problem(await anonymous.get("/v1/me", headers=by(key)), 401)
    problem(await ada.get(f"/v1/keys/{key['id']}"), 404)


async def test_a_key_without_an_end_is_asked_for(ada: AsyncClient) -> None:
    assert (await made(ada, "/v1/keys", {**READ, "expires_at": None}))["expires_at"] is None
    assert (await made(ada, "/v1/keys", READ))["expires_at"][:4] > "2026"


async def test_a_key_can_rotate_itself(ada: AsyncClient, anonymous: AsyncClient) -> None:
    key = await made(ada, "/v1/keys", {"name": "self", "scopes": ["admin"]})
    new = (await anonymous.post(f"/v1/keys/{key['id']}/rotate", json={"grace_hours": 0}, headers=by(key))).json()
    problem(await anonymous.get("/v1/me", headers=by(key)), 401)
    assert (await anonymous.get("/v1/keys", headers=by(new))).status_code == 200


async def test_a_key_is_renamed(ada: AsyncClient) -> None:
    key = await made(ada, "/v1/keys", READ)
    path = f"/v1/keys/{key['id']}"
    assert (await ada.patch(path, json={"name": " New "})).json()["name"] == "New"
    assert (await ada.patch(path, json={})).json()["name"] == "New"
    for wrong in (None, "", 5):
        assert pointers(await ada.patch(path, json={"name": wrong})) == {"/name"}
    assert (await got(ada, path))["scopes"] == ["read"]


async def test_a_foreign_key_is_an_unknown_one(v1: Clients, ada: AsyncClient) -> None:
    key = await made(ada, "/v1/keys", READ)
    await world_knows(v1)
    for method, rest in (("GET", ""), ("DELETE", ""), ("POST", "/rotate")):
        foreign = await v1("bob").request(method, f"/v1/keys/{key['id']}{rest}")
        problem(foreign, 404)
        assert told(foreign) == told(await v1("bob").request(method, f"/v1/keys/{UNKNOWN}{rest}"))
    assert (await got(ada, f"/v1/keys/{key['id']}"))["id"] == key["id"]


async def world_knows(v1: Clients) -> None:
    """Bob is somebody, with a key of his own."""
    assert (await v1("bob").get("/v1/me")).status_code == 200


async def test_last_use_is_noted_off_the_request_path(
    ada: AsyncClient, anonymous: AsyncClient, services: Services, database: Database
) -> None:
    key = await made(ada, "/v1/keys", READ)
    await anonymous.get("/v1/me", headers=by(key))
    assert (await got(ada, f"/v1/keys/{key['id']}"))["last_used_at"] is None
    await services.usage.flush(database)  # pyright: ignore[reportAttributeAccessIssue] - the worker's part of it
    used = await got(ada, f"/v1/keys/{key['id']}")
    assert re.fullmatch(TIME, used["last_used_at"])
    assert (used["last_used_address"], used["last_used_dialect"]) == ("127.0.0.1", "v1")


async def test_a_service_key_is_its_organizations(v1: Clients, world: World, anonymous: AsyncClient) -> None:
    ada, bob = v1("ada"), v1("bob")
    await world.organization("acme", owner="ada", admins=["bob"], members=["cy"])
    inside, outside = await world.space("cy", organization="acme"), await world.space("ada")
    robot = {"name": "Robot", "scopes": ["write"], "organization": "acme"}
    key = await made(ada, "/v1/keys", robot)
    assert (set(key), key["organization"]) == (KEY | {"key"}, "acme")
    assert (await anonymous.get("/v1/me", headers=by(key))).json()["email"] is None
    assert (await anonymous.get(f"/v1/spaces/{inside.id}", headers=by(key))).json()["role"] == "admin"
    problem(await anonymous.get(f"/v1/spaces/{outside.id}", headers=by(key)), 404)
    space = await anonymous.post("/v1/spaces", json={"name": "Made by a program"}, headers=by(key))
    assert space.json()["organization"]["handle"] == "acme"
    members = (await got(bob, "/v1/organizations/acme/members"))["data"]
    assert ("acme-service", None, "admin") in [
        (member["user"]["username"], member["user"]["email"], member["role"]) for member in members
    ]
    assert [each["id"] for each in (await got(bob, "/v1/keys", organization="acme"))["data"]] == [key["id"]]
    assert key["id"] not in [each["id"] for each in (await got(ada, "/v1/keys"))["data"]]
    for who in ("cy", "eve"):
        problem(await v1(who).get(f"/v1/keys/{key['id']}"), 404)
    problem(await v1("cy").get("/v1/keys", params={"organization": "acme"}), 403)
    problem(await v1("eve").get("/v1/keys", params={"organization": "acme"}), 404)
    problem(await v1("cy").post("/v1/keys", json=robot), 403)
    problem(await ada.post("/v1/keys", json={**robot, "organization": "ada"}), 409)
    unknown, foreign = [
        await v1("eve").post("/v1/keys", json={**robot, "organization": handle}) for handle in ("nowhere", "acme")
    ]
    assert pointers(unknown) == {"/organization"}
    assert told(unknown) == told(foreign)
    assert (await bob.delete(f"/v1/keys/{key['id']}")).status_code == 204
    problem(await anonymous.get("/v1/me", headers=by(key)), 401)
