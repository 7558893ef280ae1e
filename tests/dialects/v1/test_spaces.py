"""Spaces: made, shown, changed, ended, listed."""

import re
from typing import Any

import pytest
from httpx2 import AsyncClient

from tests.dialects.v1.answers import SPACE, TIME, UNKNOWN, UUID7, Clients, got, made, pointers, problem, told
from tests.world import World


async def test_a_new_space_has_all_its_names_and_defaults(v1: Clients, world: World) -> None:
    response = await v1("ada").post("/v1/spaces", json={"name": "  Ärger & Söhne  "})
    space = response.json()
    assert response.headers["location"] == f"/v1/spaces/{space['id']}"
    assert response.headers["content-type"] == "application/json"
    assert set(space) == SPACE
    assert re.fullmatch(UUID7, space["id"])
    assert space["space_id"] == space["id"]
    assert space["number"] == 1
    assert re.fullmatch(r"[A-Z0-9]{24}", space["token"])
    assert re.fullmatch(r"arger-sohne-[a-z0-9]{8}", space["slug"])
    assert (space["name"], space["description"], space["visibility"]) == ("Ärger & Söhne", None, "private")
    assert set(space["organization"]) == {"name", "handle"}
    assert space["owner"] == {"id": (await world.person("ada")).id, "username": "ada"}
    assert (space["role"], space["space_type"], space["content_type"]) == ("owner", "general", "general")
    assert (space["logo_url"], space["background_url"], space["metadata"]) == (None, None, {})
    assert re.fullmatch(TIME, space["created_at"])
    assert space["updated_at"] == space["created_at"]


async def test_everything_that_was_said_is_kept(v1: Clients, world: World) -> None:
    await world.organization("acme", owner="ada")
    said: dict[str, Any] = {
        "name": "Water",
        "description": "Readings\n\tof two lakes",
        "visibility": "shared",
        "space_type": "knowledge_base",
        "content_type": "document",
        "logo_url": "https://example.org/logo.png",
        "metadata": {"lakes": [1, 2.5, None, True], "ü": {"deep": "x"}},
    }
    ada = v1("ada")
    space = await made(ada, "/v1/spaces", {**said, "organization": "ACME", "unknown": "ignored", "id": "mine"})
    assert {name: space[name] for name in said} == said
    assert space["organization"] == {"name": "acme", "handle": "acme"}
    assert await got(ada, f"/v1/spaces/{space['id']}") == space
    second = await made(ada, "/v1/spaces", {"name": "Water"})
    assert (second["number"], second["slug"] != space["slug"], second["token"] != space["token"]) == (2, True, True)


@pytest.mark.parametrize("name", ["水", "!!!", "🦆", "—"])
async def test_a_name_of_which_nothing_survives_gives_the_slug_space(v1: Clients, name: str) -> None:
    assert re.fullmatch(r"space-[a-z0-9]{8}", (await made(v1("ada"), "/v1/spaces", {"name": name}))["slug"])


BAD: list[tuple[dict[str, Any], str]] = [
    ({"name": ""}, "/name"),
    ({"name": "   "}, "/name"),
    ({"name": "x" * 256}, "/name"),
    ({"name": None}, "/name"),
    ({"name": 7}, "/name"),
    ({"name": True}, "/name"),
    ({"name": ["x"]}, "/name"),
    ({"name": "a\u0000b"}, ""),
    ({"name": "a\u0007b"}, "/name"),
    ({"name": "x", "description": 5}, "/description"),
    ({"name": "x", "description": "a\u001bb"}, "/description"),
    ({"name": "x", "visibility": "secret"}, "/visibility"),
    ({"name": "x", "visibility": 1}, "/visibility"),
    ({"name": "x", "organization": "nobody"}, "/organization"),
    ({"name": "x", "organization": 3}, "/organization"),
    ({"name": "x", "space_type": "castle"}, "/space_type"),
    ({"name": "x", "content_type": "stone"}, "/content_type"),
    ({"name": "x", "logo_url": "ftp://example.org/x"}, "/logo_url"),
    ({"name": "x", "logo_url": "javascript:alert(1)"}, "/logo_url"),
    ({"name": "x", "metadata": []}, "/metadata"),
    ({"name": "x", "metadata": "{}"}, "/metadata"),
    ({"name": "x", "metadata": {"a": "b\u0001"}}, "/metadata"),
]


async def test_what_does_not_fit_is_refused_with_its_place_and_never_its_value(v1: Clients, world: World) -> None:
    ada = v1("ada")
    problem(await ada.post("/v1/spaces", json={}), 422)
    assert pointers(await ada.post("/v1/spaces", json={"description": "no name"})) == {"/name"}
    assert pointers(await ada.post("/v1/spaces", json={"name": 1, "visibility": 2})) == {"/name", "/visibility"}
    for body, pointer in BAD:
        response = await ada.post("/v1/spaces", json=body)
        assert pointers(response) == {pointer}, body
    secret = "Ztop5ecret"
    for body in ({"name": [secret]}, {"name": "x", "visibility": secret}, {"name": "x", "organization": secret}):
        assert secret not in (await ada.post("/v1/spaces", json=body)).text
    assert (await got(ada, "/v1/spaces"))["data"] == []
    assert "space.created" not in await world.events()


async def test_the_longest_name_and_the_largest_metadata(v1: Clients) -> None:
    ada = v1("ada")
    space = await made(ada, "/v1/spaces", {"name": " " + "ü" * 255 + " "})
    assert space["name"] == "ü" * 255
    fits = {"a": "x" * (16 * 1024 - 8)}
    assert (await made(ada, "/v1/spaces", {"name": "Large", "metadata": fits}))["metadata"] == fits
    too_large = {"a": "x" * (16 * 1024 - 7)}
    assert (await ada.post("/v1/spaces", json={"name": "Larger", "metadata": too_large})).status_code in (413, 422)


async def test_an_unknown_organization_and_a_foreign_one_are_refused_alike(v1: Clients, world: World) -> None:
    await world.organization("acme", owner="olga")
    ada = v1("ada")
    foreign = await ada.post("/v1/spaces", json={"name": "x", "organization": "acme"})
    unknown = await ada.post("/v1/spaces", json={"name": "x", "organization": "nobody"})
    problem(foreign, 422)
    assert told(foreign) == told(unknown)


async def test_a_merge_patch_changes_what_it_names(v1: Clients) -> None:
    ada = v1("ada")
    whole = {
        "name": "A",
        "description": "d",
        "logo_url": "https://e.org/l",
        "metadata": {"a": 1, "b": {"c": 2, "d": 3}},
    }
    space = await made(ada, "/v1/spaces", whole)
    path = f"/v1/spaces/{space['id']}"
    same = await ada.patch(path, json={})
    assert (same.status_code, same.json()) == (200, space)

    renamed = (await ada.patch(path, json={"name": " B ", "unknown": 1})).json()
    assert renamed == {**space, "name": "B", "updated_at": renamed["updated_at"]}
    assert renamed["updated_at"] > space["updated_at"]
    assert renamed["slug"] == space["slug"]

    cleared = (await ada.patch(path, json={"description": None, "logo_url": None})).json()
    assert (cleared["description"], cleared["logo_url"], cleared["name"]) == (None, None, "B")

    merged = (await ada.patch(path, json={"metadata": {"a": None, "b": {"c": None, "e": 4}, "f": [None]}})).json()
    assert merged["metadata"] == {"b": {"d": 3, "e": 4}, "f": [None]}
    assert (await ada.patch(path, json={"metadata": None})).json()["metadata"] == {}

    other = (await ada.patch(path, json={"space_type": "knowledge_base", "content_type": "email"})).json()
    assert (other["space_type"], other["content_type"]) == ("knowledge_base", "email")
    back = (await ada.patch(path, json={"space_type": None, "content_type": None})).json()
    assert (back["space_type"], back["content_type"]) == ("general", "general")
    assert (await ada.patch(path, json={"visibility": "public"})).json()["visibility"] == "public"
    media = {"Content-Type": "application/merge-patch+json"}
    assert (await ada.patch(path, content=b'{"name": "C"}', headers=media)).json()["name"] == "C"
    assert (await got(ada, path))["name"] == "C"


async def test_a_patch_that_does_not_fit_changes_nothing(v1: Clients) -> None:
    ada = v1("ada")
    space = await made(ada, "/v1/spaces", {"name": "Firm"})
    path = f"/v1/spaces/{space['id']}"
    for body, pointer in [
        ({"name": None}, "/name"),
        ({"name": ""}, "/name"),
        ({"visibility": None}, "/visibility"),
        ({"visibility": "secret"}, "/visibility"),
        ({"metadata": 1}, "/metadata"),
        ({"name": "Other", "logo_url": "x"}, "/logo_url"),
        ({"description": ["x"]}, "/description"),
    ]:
        assert pointers(await ada.patch(path, json=body)) == {pointer}, body
    assert pointers(await ada.patch(path, json=["name"])) == {""}
    assert await got(ada, path) == space


async def test_the_end_of_a_space_is_the_end_of_what_is_in_it(v1: Clients, world: World) -> None:
    space = await world.space("ada", viewers=["bob"])
    thread, customer, artifact = await world.thread(space), await world.customer(space), await world.artifact(space)
    (job,) = await world.jobs()
    ada, path = v1("ada"), f"/v1/spaces/{space.id}"
    assert (await ada.delete(path)).status_code == 204
    for place in (
        path,
        f"{path}/artifacts/{artifact.id}",
        f"{path}/threads/{thread.id}",
        f"{path}/customers/{customer.id}",
        f"/v1/jobs/{job.id}",
        f"{path}/members",
    ):
        problem(await ada.get(place), 404)
        problem(await v1("bob").get(place), 404)
    assert await world.jobs() == []


async def names(client: AsyncClient, **params: Any) -> list[str]:
    return [space["name"] for space in (await got(client, "/v1/spaces", **params))["data"]]


async def test_the_list_has_what_the_caller_may_read_newest_first(
    v1: Clients, world: World, anonymous: AsyncClient
) -> None:
    await world.organization("acme", owner="olga", members=["bob"])
    await world.space("ada", "Private")
    await world.space("ada", "Public", visibility="public")
    await world.space("olga", "Shared", visibility="shared", organization="acme")
    await world.space("olga", "Closed", organization="acme")
    await world.space("ada", "Bob's view", viewers=["bob"])
    await world.administrator("root")
    assert await names(anonymous) == ["Public"]
    assert await names(v1("sam")) == ["Public"]
    assert await names(v1("ada")) == ["Bob's view", "Public", "Private"]
    assert await names(v1("bob")) == ["Bob's view", "Shared", "Public"]
    assert await names(v1("olga")) == ["Closed", "Shared", "Public"]
    assert await names(v1("root")) == ["Bob's view", "Closed", "Shared", "Public", "Private"]

    assert await names(v1("bob"), mine="true") == ["Bob's view", "Shared"]
    assert await names(v1("sam"), mine="true") == []
    assert await names(anonymous, mine="true") == []
    assert await names(v1("root"), mine="true") == []
    assert await names(v1("bob"), mine="false") == ["Bob's view", "Shared", "Public"]
    assert await names(v1("bob"), organization="ACME") == ["Shared"]
    assert await names(v1("bob"), organization="nobody") == []
    assert await names(v1("ada"), visibility="public") == ["Public"]
    assert await names(v1("ada"), visibility="nonsense") == []
    assert await names(v1("bob"), mine="true", visibility="private", q="VIEW") == ["Bob's view"]
    problem(await v1("bob").get("/v1/spaces?mine=maybe"), 422)


async def test_the_list_is_narrowed_to_ones_own_or_to_those_of_others(
    v1: Clients, world: World, anonymous: AsyncClient
) -> None:
    await world.organization("acme", owner="olga", members=["bob"])
    await world.space("bob", "Bob's own", visibility="shared")
    await world.space("ada", "Bob's view", viewers=["bob"])
    await world.space("olga", "Shared", visibility="shared", organization="acme")
    await world.space("ada", "Public", visibility="public")
    assert await names(v1("bob"), mine="true", owner="others") == ["Shared", "Bob's view"]
    assert await names(v1("bob"), mine="true", owner="me") == ["Bob's own"]
    assert await names(v1("bob"), owner="others") == ["Public", "Shared", "Bob's view"]
    assert await names(v1("ada"), mine="true", owner="others") == []
    assert await names(v1("ada"), owner="me", q="view") == ["Bob's view"]
    assert await names(anonymous, owner="me") == []
    problem(await v1("bob").get("/v1/spaces?owner=bob"), 422)


async def test_names_are_found_without_regard_to_case(v1: Clients, world: World) -> None:
    for name in ("Straße 100%", "Strasse_1", "ÉTUDE", "back\\slash"):
        await world.space("ada", name)
    ada = v1("ada")
    assert await names(ada, q="STRASSE") == ["Strasse_1", "Straße 100%"]
    assert await names(ada, q="étude") == ["ÉTUDE"]
    assert await names(ada, q="e\u0301tude") == ["ÉTUDE"]
    assert await names(ada, q="%") == ["Straße 100%"]
    assert await names(ada, q="_") == ["Strasse_1"]
    assert await names(ada, q="\\") == ["back\\slash"]
    assert await names(ada, q="zzz") == []
    assert len(await names(ada, q="")) == 4


async def test_any_malformed_id_is_an_unknown_one(v1: Clients, anonymous: AsyncClient) -> None:
    ada = v1("ada")
    unknown, closed = told(await ada.get(f"/v1/spaces/{UNKNOWN}")), told(await anonymous.get(f"/v1/spaces/{UNKNOWN}"))
    assert (unknown[0], closed[0]) == (404, 401)
    for wrong in (
        "1",
        "x" * 300,
        "%C3%BC",
        "%FF",
        "..%2E",
        "'; drop table space",
        "null",
        UNKNOWN.upper(),
        "-1",
        "%20",
    ):
        for method in ("GET", "PATCH", "DELETE"):
            body: dict[str, Any] = {"json": {}} if method == "PATCH" else {}
            assert told(await ada.request(method, f"/v1/spaces/{wrong}", **body)) == unknown, wrong
        assert told(await anonymous.get(f"/v1/spaces/{wrong}")) == closed
    assert (await ada.get("/v1/spaces/%00")).status_code == 404
