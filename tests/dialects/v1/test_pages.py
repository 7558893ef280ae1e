"""Lists: limits, cursors, links, and walks while rows come and go."""

import asyncio

import pytest
from httpx2 import AsyncClient

from tests.dialects.v1.answers import Clients, got, made, pointers, walk
from tests.world import World


async def test_a_page_has_twenty_rows_unless_said_otherwise(v1: Clients, world: World) -> None:
    made_ids = [(await world.space("ada", f"Space {number}")).id for number in range(23)][::-1]
    ada = v1("ada")
    page = await got(ada, "/v1/spaces")
    assert [row["id"] for row in page["data"]] == made_ids[:20]
    assert isinstance(page["cursor"], str)
    rest = await got(ada, "/v1/spaces", cursor=page["cursor"])
    assert ([row["id"] for row in rest["data"]], rest["cursor"]) == (made_ids[20:], None)
    assert len((await got(ada, "/v1/spaces", limit=100))["data"]) == 23
    exact = await got(ada, "/v1/spaces", limit=23)
    assert (len(exact["data"]), exact["cursor"]) == (23, None)


@pytest.mark.parametrize("limit", ["0", "101", "-1", "", "ten", "1.0", "+5", "1e1", " 5", "٣", "9" * 400, "null"])
async def test_a_bad_limit_is_refused(v1: Clients, limit: str) -> None:
    for path in ("/v1/spaces", "/v1/keys", "/v1/organizations"):
        assert pointers(await v1("ada").get(path, params={"limit": limit})) == {"/limit"}


async def test_a_name_sent_twice_is_refused(v1: Clients) -> None:
    for query in ("limit=1&limit=2", "q=%00", "q=%FF", "q=%ZZ%", "mine=true&mine=true"):
        response = await v1("ada").get(f"/v1/spaces?{query}")
        assert response.status_code in ((200, 422) if query == "q=%ZZ%" else (422,)), query


async def test_every_list_can_be_walked(v1: Clients, world: World) -> None:
    space = await world.space("ada", viewers=["bob", "carl", "dora"])
    thread, ada, path = await world.thread(space), v1("ada"), f"/v1/spaces/{space.id}"
    artifact = await world.artifact(space)
    for number in range(4):
        await world.thread(space, f"Thread {number}")
        await world.customer(space, f"Customer {number}")
        await world.artifact(space, f"artifact-{number}")
        await made(ada, f"{path}/threads/{thread.id}/messages", {"content": f"Message {number}"})
        await made(ada, f"{path}/invitations", {"email": f"new{number}@example.org", "role": "viewer"})
        await made(ada, "/v1/keys", {"name": f"key {number}", "scopes": ["read"]})
        await made(ada, "/v1/organizations", {"name": f"Organization {number}"})
    for number in range(2):
        trashed = await world.artifact(space, f"old-{number}")
        assert (await ada.delete(f"{path}/artifacts/{trashed.id}")).status_code == 204
    for place, count in [
        (f"{path}/threads", 5),
        (f"{path}/customers", 4),
        (f"{path}/artifacts", 5),
        (f"{path}/trash", 2),
        (f"{path}/threads/{thread.id}/messages", 4),
        (f"{path}/members", 8),
        (f"{path}/invitations", 4),
        (f"{path}/artifacts/{artifact.id}/jobs", 1),
        ("/v1/keys", 5),
        ("/v1/organizations", 5),
        ("/v1/spaces", 1),
    ]:
        rows = await walk(ada, place, limit=2)
        names = [row.get("id") or row["user"]["id"] for row in rows]
        assert len(names) == len(set(names)) == count, place
        assert names == [row.get("id") or row["user"]["id"] for row in (await got(ada, place))["data"]]
        if "/members" not in place:
            assert names == sorted(names, reverse=True), place


async def test_filters_stay_while_walking(v1: Clients, world: World) -> None:
    for number in range(5):
        await world.space("ada", f"Größe & {number}", visibility="public" if number % 2 else "private")
    rows = await walk(v1("ada"), "/v1/spaces", limit=2, q="größe &", visibility="private")
    assert [row["name"] for row in rows] == ["Größe & 4", "Größe & 2", "Größe & 0"]


async def test_a_link_is_written_in_ascii(v1: Clients, world: World) -> None:
    await world.organization("kites", owner="ada", members=["bob"])
    # The Kelvin sign is a k without regard to case.
    page = await v1("ada").get("/v1/organizations/\u212aites/members?limit=1")
    assert page.status_code == 200
    assert page.headers["link"].startswith("</v1/organizations/%E2%84%AAites/members?")


async def test_a_cursor_that_is_not_of_this_list_is_refused(v1: Clients, world: World, anonymous: AsyncClient) -> None:
    for _ in range(3):
        await world.space("ada", visibility="public")
    ada = v1("ada")
    cursor: str = (await got(ada, "/v1/spaces", limit=1))["cursor"]
    middle = len(cursor) // 2
    flipped = [cursor[:at] + ("A" if cursor[at] != "A" else "B") + cursor[at + 1 :] for at in range(len(cursor))]
    padded = [
        cursor + "A",
        cursor + "=",
        cursor[:-1],
        cursor[:middle] + "!" + cursor[middle:],
        cursor + "!!!!",
        cursor + "\n",
    ]
    other = ["", "x", "!", "é", "null", "MQ==", "A" * 500, cursor.lower(), cursor * 2]
    for wrong in [*flipped, *padded, *other]:
        assert pointers(await ada.get("/v1/spaces", params={"limit": 1, "cursor": wrong})) == {"/cursor"}, wrong
    for client, path in (
        (ada, "/v1/spaces?mine=true"),
        (ada, "/v1/spaces?q=x"),
        (ada, "/v1/organizations?limit=1"),
        (ada, "/v1/keys?limit=1"),
        (v1("bob"), "/v1/spaces?limit=1"),
        (anonymous, "/v1/spaces?limit=1"),
    ):
        assert pointers(await client.get(path + f"&cursor={cursor}")) == {"/cursor"}, path
    assert (await ada.get("/v1/spaces", params={"limit": 2, "cursor": cursor})).status_code == 200


async def test_a_walk_while_rows_come_and_go_returns_each_stable_row_once(v1: Clients) -> None:
    ada, stable = v1("ada"), list[str]()
    for number in range(12):
        stable.append((await made(ada, "/v1/spaces", {"name": f"Stable {number}"}))["id"])
    passing = [(await made(ada, "/v1/spaces", {"name": "Passing"}))["id"] for _ in range(6)]
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page = await got(ada, "/v1/spaces", limit=3, **({"cursor": cursor} if cursor else {}))
        seen += [row["id"] for row in page["data"]]
        cursor = page["cursor"]
        if cursor is None:
            break
        # The row that the cursor stands on may go too.
        going = [passing.pop()] if passing else []
        await asyncio.gather(
            made(ada, "/v1/spaces", {"name": "Late"}), *(ada.delete(f"/v1/spaces/{one}") for one in going)
        )
    assert [one for one in seen if one in stable] == stable[::-1]
    assert len(seen) == len(set(seen))
