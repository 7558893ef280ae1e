"""v1 as the clients of its two documents walk it, and what all of its answers have in common."""

import re
from typing import Any

import pytest
from httpx2 import AsyncClient

from tests.dialects.v1.answers import ARTIFACT, REPORT, SPACE, UNKNOWN, Clients, got, made, problem
from tests.world import World

KEYS_OF_PAGE = {"data", "cursor"}


async def test_the_workflows_of_the_spaces_document(v1: Clients) -> None:
    ada = v1("ada")
    space = await made(ada, "/v1/spaces", {"name": "New Space", "description": "A description of the space"})
    path = f"/v1/spaces/{space['id']}"
    assert (space["name"], space["description"]) == ("New Space", "A description of the space")
    assert (await got(ada, "/v1/spaces")) == {"data": [space], "cursor": None}
    assert await got(ada, path) == space
    changed = await ada.patch(path, json={"name": "Updated Space Name"})
    assert (changed.status_code, changed.json()["name"]) == (200, "Updated Space Name")
    problem(await ada.get(f"{path}/background"), 404)
    gone = await ada.delete(path)
    assert (gone.status_code, gone.content) == (204, b"")
    problem(await ada.get(path), 404)
    problem(await ada.delete(path), 404)


async def test_the_workflows_of_the_artifacts_document(v1: Clients) -> None:
    ada = v1("ada")
    space = await made(ada, "/v1/spaces", {"name": "Reports"})
    place = f"/v1/spaces/{space['id']}/artifacts"
    artifact = await made(ada, f"{place}/generate", {"name": "New Artifact", "type": "document", "content": "SGVsbG8="})
    assert set(artifact) == ARTIFACT
    assert await got(ada, place) == {"data": [artifact], "cursor": None}
    assert await got(ada, f"{place}/{artifact['id']}") == artifact
    download = await ada.get(artifact["download_url"])
    assert (download.status_code, download.content) == (200, b"Hello")
    jobs = await got(ada, f"{place}/{artifact['id']}/jobs")
    assert set(jobs) == KEYS_OF_PAGE
    assert [(job["kind"], job["artifact_id"]) for job in jobs["data"]] == [("inspect", artifact["id"])]


async def test_everything_is_also_served_under_the_second_prefix(v1: Clients, anonymous: AsyncClient) -> None:
    ada = v1("ada")
    made_there = await ada.post("/api-proxy/v1/spaces", json={"name": "Proxied"})
    assert made_there.status_code == 201
    space = made_there.json()
    assert await got(ada, f"/api-proxy/v1/spaces/{space['id']}") == await got(ada, f"/v1/spaces/{space['id']}") == space
    problem(await anonymous.get("/api-proxy/v1/spaces/" + UNKNOWN), 401)
    problem(await anonymous.get("/api-proxy/v1/nothing"), 404)
    problem(await anonymous.put("/api-proxy/v1/spaces"), 405)
    document = await got(anonymous, "/api-proxy/v1/openapi.json")
    assert document == await got(anonymous, "/v1/openapi.json")


async def test_both_forms_of_a_path_are_served_directly(v1: Clients) -> None:
    ada = v1("ada")
    first = await ada.post("/v1/spaces/", json={"name": "Slashed"})
    assert first.status_code == 201
    path = first.headers["location"]
    for plain in ("/v1/spaces", path, f"{path}/artifacts", "/v1/me", "/v1/keys", "/v1/organizations"):
        bare, slashed = await ada.get(plain), await ada.get(plain + "/")
        assert bare.status_code == slashed.status_code == 200
        assert bare.content == slashed.content
        assert "location" not in slashed.headers
    assert (await ada.patch(path + "/", json={})).status_code == 200
    assert (await ada.delete(path + "/")).status_code == 204


async def test_head_answers_wherever_get_does(v1: Clients) -> None:
    ada = v1("ada")
    space = await made(ada, "/v1/spaces", {"name": "Heads"})
    path = f"/v1/spaces/{space['id']}"
    artifact = await made(ada, f"{path}/artifacts/generate", REPORT)
    one = f"{path}/artifacts/{artifact['id']}"
    paths = ["/v1/spaces", path, f"{path}/members", f"{path}/artifacts", one, f"{one}/download", f"{one}/jobs"]
    for place in [*paths, "/v1/me", "/v1/openapi.json", f"{path}/background", "/v1/spaces/" + UNKNOWN]:
        shown, head = await ada.get(place), await ada.head(place)
        assert head.status_code == shown.status_code, place
        varying = {"x-request-id", "content-length"} if shown.status_code == 404 else {"x-request-id"}
        assert {k: v for k, v in head.headers.items() if k not in varying} == {
            k: v for k, v in shown.headers.items() if k not in varying
        }


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/v1/spaces", "GET, HEAD, POST"),
        ("POST", f"/v1/spaces/{UNKNOWN}", "DELETE, GET, HEAD, PATCH"),
        ("PATCH", f"/v1/spaces/{UNKNOWN}/background", "DELETE, GET, HEAD, PUT"),
        ("GET", f"/v1/spaces/{UNKNOWN}/artifacts/generate", "POST"),
        ("DELETE", f"/v1/spaces/{UNKNOWN}/artifacts", "GET, HEAD, POST"),
        ("POST", f"/v1/spaces/{UNKNOWN}/artifacts/{UNKNOWN}/download", "GET, HEAD"),
        ("POST", "/v1/me", "DELETE, GET, HEAD, PATCH"),
        ("OPTIONS", "/v1/me", "DELETE, GET, HEAD, PATCH"),
        ("POST", "/v1/openapi.json", "GET, HEAD"),
        ("GET", "/v1/invitations/accept", "POST"),
    ],
)
async def test_a_wrong_method_hears_which_are_allowed(
    v1: Clients, anonymous: AsyncClient, method: str, path: str, allowed: str
) -> None:
    for client in (anonymous, v1("ada")):
        response = await client.request(method, path)
        problem(response, 405)
        assert response.headers["allow"] == allowed


async def test_what_is_not_served_is_not_there(v1: Clients, anonymous: AsyncClient) -> None:
    ada = v1("ada")
    space = await made(ada, "/v1/spaces", {"name": "Absent"})
    path = f"/v1/spaces/{space['id']}"
    artifact = await made(ada, f"{path}/artifacts/generate", REPORT)
    one = f"{path}/artifacts/{artifact['id']}"
    for method, place in [
        ("GET", f"{one}/nothing"),
        ("GET", f"{path}/nothing"),
        ("GET", "/v1"),
        ("GET", "/v1/"),
        ("GET", "/v1/spaces//"),
        ("GET", "/v1/spaces//artifacts"),
        ("GET", "/v1/nothing/here"),
    ]:
        problem(await ada.request(method, place), 404, "not_found")
        problem(await anonymous.request(method, place), 404, "not_found")


async def test_every_answer_bears_a_request_id_and_keeps_a_safe_one(anonymous: AsyncClient) -> None:
    first, second = await anonymous.get("/v1/spaces"), await anonymous.get("/v1/spaces")
    assert first.headers["x-request-id"] != second.headers["x-request-id"]
    kept = "Trace_1.2-3" + "x" * 117
    for path, status in (("/v1/spaces", 200), ("/v1/me", 401), ("/v1/none", 404), ("/v1/openapi.json", 200)):
        response = await anonymous.get(path, headers={"X-Request-Id": kept})
        assert (response.status_code, response.headers["x-request-id"]) == (status, kept)
    unsafe: Any
    for unsafe in ("x" * 129, "a b", "a\tb", '"a"', "ä".encode(), ""):
        response = await anonymous.get("/v1/me", headers={"X-Request-Id": unsafe})
        problem(response, 401)
        assert re.fullmatch(r"[A-Za-z0-9._-]{1,128}", response.headers["x-request-id"])
        assert response.headers["x-request-id"] != unsafe


async def test_a_credential_comes_in_either_published_form(world: World, anonymous: AsyncClient) -> None:
    key = await world.key("ada")
    for headers in (
        {"X-API-Key": key},
        {"Authorization": f"Bearer {key}"},
        {"Authorization": f"bearer {key}"},
        {"X-API-Key": key, "Authorization": f"Bearer {key}"},
    ):
        response = await anonymous.get("/v1/me", headers=headers)
        assert (response.status_code, response.json()["username"]) == (200, "ada"), headers


async def test_a_wrong_credential_is_never_anonymous(world: World, anonymous: AsyncClient) -> None:
    key, basic = await world.key("ada"), "Basic Y3lrX3g6"
    wrong: list[dict[str, Any]] = [
        {"X-API-Key": ""},
        {"X-API-Key": "nonsense"},
        {"X-API-Key": key[:-1] + ("0" if key[-1] != "0" else "1")},
        {"X-API-Key": "cyi_" + key[4:]},
        {"X-API-Key": "ключ".encode()},
        {"Authorization": f"Token {key}"},
        {"Authorization": basic},
        {"Authorization": "Bearer"},
        {"Authorization": ""},
        {"Authorization": f"Digest {key}"},
    ]
    for headers in wrong:
        for path in ("/v1/spaces", "/v1/me", f"/v1/spaces/{UNKNOWN}"):
            problem(await anonymous.get(path, headers=headers), 401, "invalid_credential")


async def test_two_different_credentials_are_refused(world: World, anonymous: AsyncClient) -> None:
    first, second = await world.key("ada"), await world.key("ada")
    for headers in (
        [("X-API-Key", first), ("Authorization", f"Bearer {second}")],
        [("X-API-Key", first), ("X-API-Key", second)],
        [("Authorization", f"Bearer {first}"), ("Authorization", f"Bearer {second}")],
    ):
        problem(await anonymous.get("/v1/me", headers=headers), 400, "two_credentials")
    twice = [("X-API-Key", first), ("X-API-Key", first)]
    assert (await anonymous.get("/v1/me", headers=twice)).status_code == 200


async def test_cookies_open_nothing(world: World, anonymous: AsyncClient) -> None:
    key = await world.key("ada")
    problem(await anonymous.get("/v1/me", headers={"Cookie": f"__Host-session={key}; key={key}"}), 401)


async def test_the_openapi_document_lists_every_route(anonymous: AsyncClient) -> None:
    document = await got(anonymous, "/v1/openapi.json")
    assert document["openapi"].startswith("3.1")
    assert set(document["components"]["securitySchemes"]) == {"ApiKey", "Bearer"}
    assert {"/v1/spaces", "/v1/spaces/{space_id}/artifacts/generate", "/v1/jobs/{job_id}/events"} <= set(
        document["paths"]
    )
    shape = document["components"]["schemas"]["SpaceShape"]
    assert set(shape["properties"]) == SPACE
    anybody = {
        (method, path)
        for path, methods in document["paths"].items()
        for method, call in methods.items()
        if {} in call.get("security", [{}])
    }
    assert anybody == {
        ("get", "/v1/spaces"),
        ("get", "/v1/spaces/{space_id}"),
        ("get", "/v1/spaces/{space_id}/background"),
        ("post", "/v1/invitations/accept"),
        ("options", "/v1/spaces/{space_id}/uploads"),
    }
