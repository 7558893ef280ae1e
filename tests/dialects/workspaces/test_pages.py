"""The lists of workspaces: pages by index, stable while rows come and go; and the one that has no pages."""

import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from httpx2 import AsyncClient

from courtyard.core import organizations, spaces
from courtyard.core.spaces import NewSpace, Space
from courtyard.dialects.workspaces.pages import BATCH
from tests.dialects.workspaces.answers import UNKNOWN, Clients, places, refused
from tests.world import World

LISTS = ["/workspaces/", "/workspaces/share/", "/workspaces/public/", "/workspaces/all/"]


def inner(path: str, content: dict[str, Any]) -> dict[str, Any]:
    """Where the rows and `next_index` are: the document nests each list in another way."""
    return {"/workspaces/": content.get("data"), "/workspaces/all/": content}.get(path) or content["workspaces"]


async def walk(client: AsyncClient, path: str, limit: int) -> AsyncIterator[list[str]]:
    """The ids of each page."""
    asked: dict[str, Any] = {"limit": limit}
    while True:
        answer = await client.get(path, params=asked)
        assert answer.status_code == 200, answer.text
        page = inner(path, answer.json())
        yield [row["id"] for row in page["workspaces"]]
        if page["next_index"] is None:
            return
        assert set(json.loads(base64.b64decode(page["next_index"], validate=True))) == {"id"}
        asked["index"] = page["next_index"]


async def listed(world: World, path: str, name: str) -> Space:
    """One more row of the list at that path, as root sees it."""
    if path == "/workspaces/":
        return await world.space("root", name)
    visibility = "public" if path == "/workspaces/public/" else "private"
    return await world.space("ada", name, viewers=["root"], visibility=visibility)


@pytest.mark.parametrize("path", LISTS)
async def test_a_walk_returns_each_row_that_stays_once_oldest_first(
    path: str, workspaces: Clients, world: World
) -> None:
    await world.administrator("root")
    rows = [await listed(world, path, f"Row {number}") for number in range(12)]
    staying, leaving = rows[::2], rows[1::2]
    seen: list[str] = []
    async for page in walk(workspaces("root"), path, 3):
        assert len(page) <= 3
        seen += page
        gone = leaving.pop()
        owner = "root" if path == "/workspaces/" else "ada"
        assert (await workspaces(owner).delete(f"/workspaces/{gone.id}")).status_code == 200
        if len(staying) < 9:
            staying.append(await listed(world, path, "New"))
    assert seen == sorted(seen)
    assert len(seen) == len(set(seen))
    assert {space.id for space in staying} <= set(seen)


@pytest.mark.parametrize("path", LISTS)
async def test_a_bare_id_of_a_row_leads_to_what_follows_it(path: str, workspaces: Clients, world: World) -> None:
    await world.administrator("root")
    first, second, third = [(await listed(world, path, f"Row {number}")).id for number in range(3)]
    root = workspaces("root")

    async def after(index: str) -> list[str]:
        answer = await root.get(path, params={"index": index})
        return [row["id"] for row in inner(path, answer.json())["workspaces"]]

    assert await after(first) == [second, third]
    assert await after(third) == []
    assert (await root.get(path, params={"limit": 2})).status_code == 200
    for unknown in (UNKNOWN, first.upper(), first[:-1], ""):
        assert places(await root.get(path, params={"index": unknown})) == [["query", "index"]]


async def test_an_index_is_good_for_its_list_and_its_caller_alone(workspaces: Clients, world: World) -> None:
    for number in range(3):
        await world.space("ada", f"Row {number}", viewers=["bob"], visibility="public")
    own = (await workspaces("ada").get("/workspaces/?limit=1")).json()["data"]["next_index"]
    public = (await workspaces("ada").get("/workspaces/public/?limit=1")).json()["workspaces"]["next_index"]
    shared = (await workspaces("bob").get("/workspaces/share/?limit=1")).json()["workspaces"]["next_index"]
    # The other form of the path and another limit are the same list; nobody's index of the public one is everybody's.
    assert (await workspaces("ada").get("/workspaces", params={"index": own, "limit": 5})).status_code == 200
    assert (await workspaces("bob").get("/workspaces/public/", params={"index": public})).status_code == 200
    bare = json.loads(base64.b64decode(own))["id"]
    tampered = base64.b64encode(json.dumps({"id": bare[:-2]}).encode()).decode()
    spaced = base64.b64encode(json.dumps({"id": bare, "more": 1}).encode()).decode()
    foreign = [
        public,
        shared,
        tampered,
        spaced,
        bare,
        own[:-4],
        "eyJpZCI6Im5leHQifQ==",
        "e30=",
        "W10=",
        "bnVsbA==",
        "{}",
    ]
    for index in foreign:
        assert places(await workspaces("ada").get("/workspaces/", params={"index": index})) == [["query", "index"]]
    assert places(await workspaces("bob").get("/workspaces/", params={"index": own})) == [["query", "index"]]
    mine = (await workspaces("ada").get("/workspaces/")).json()["data"]["workspaces"][0]["id"]
    assert places(await workspaces("bob").get("/workspaces/", params={"index": mine})) == [["query", "index"]]
    assert places(await workspaces("ada").get("/workspaces/share/", params={"index": mine})) == [["query", "index"]]


async def test_a_limit_is_a_whole_number_from_1_to_100(workspaces: Clients, world: World) -> None:
    await world.administrator("root")
    for path in LISTS:
        for limit in ("0", "101", "-1", "", "ten", "1.0", "1e1", "%D9%A3", "1_0", "+1", "%201", "9" * 400):
            assert places(await workspaces("root").get(f"{path}?limit={limit}")) == [["query", "limit"]]


async def test_ten_come_when_no_limit_was_said(workspaces: Clients, world: World) -> None:
    for number in range(11):
        await world.space("ada", f"Row {number}")
    page = (await workspaces("ada").get("/workspaces/")).json()["data"]
    assert len(page["workspaces"]) == 10
    assert page["next_index"]


async def test_a_parameter_sent_twice_is_refused(workspaces: Clients) -> None:
    refused(await workspaces("ada").get("/workspaces/?limit=1&limit=2"), 422)


async def test_everything_comes_whole_without_parameters(workspaces: Clients, world: World) -> None:
    await world.administrator("root")
    ada = await world.actor("ada")
    made: list[Space] = []
    # More than are read at once, and exactly a whole number of such portions, where the last one is easily lost.
    async with world.database.write() as tx:
        home = await organizations.home(tx, ada, None)
        made += [await spaces.create(tx, ada, home, NewSpace(name=f"Row {n}")) for n in range(2 * BATCH)]
    for more in range(2):
        answer = await workspaces("root").get("/workspaces/all/")
        content = answer.json()
        assert set(content) == {"message", "workspaces"}
        assert content["message"] == "All workspaces retrieved successfully"
        assert [row["id"] for row in content["workspaces"]] == [space.id for space in made]
        assert set(content["workspaces"][0]) == {"id", "name", "owner", "type", "created_at"}
        made.append(await world.space("ada", f"One more {more}", visibility="public"))
    page = (await workspaces("root").get(f"/workspaces/all/?index={made[-3].id}")).json()
    assert [row["id"] for row in page["workspaces"]] == [made[-2].id, made[-1].id]
    assert page["workspaces"][-1]["type"] == "public"
    assert page["next_index"] is None


async def test_everything_of_an_empty_installation_is_an_empty_list(workspaces: Clients, world: World) -> None:
    await world.administrator("root")
    answer = await workspaces("root").get("/workspaces/all/")
    assert answer.json() == {"message": "All workspaces retrieved successfully", "workspaces": []}
