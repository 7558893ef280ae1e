"""workspaces as its clients walk it: register, log in, make, share, look as a guest, change roles, remove."""

from typing import Any

from httpx2 import AsyncClient, Response

from tests.dialects.workspaces.answers import UNKNOWN, Clients, refused
from tests.world import World

PASSWORD = "a lake has two shores"


def said(response: Response, message: str) -> dict[str, Any]:
    """What a success says besides its message."""
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/json"
    content = response.json()
    assert content.pop("message") == message
    return content


async def arrive(client: AsyncClient, name: str) -> tuple[str, dict[str, str]]:
    """Register and log in; the uid, and the header that every later call needs."""
    account = {"email": f"{name}@example.org", "username": name, "password": PASSWORD, "phone": "+1 555 0100"}
    assert said(await client.post("/auth/register/", json=account), "Registered successfully") == {}
    login = await client.post("/auth/login/", json={"email": f"{name.upper()}@example.org", "password": PASSWORD})
    assert login.headers["cache-control"] == "no-store"
    content = said(login, "Logged in successfully")
    assert set(content) == {"user", "token"}
    user = content["user"]
    assert user == {
        "email": f"{name}@example.org",
        "username": name,
        "phone": "+1 555 0100",
        "uid": user["uid"],
        "rol": "client",
    }
    return user["uid"], {"Authorization": f"Bearer {content['token']}"}


async def test_from_the_first_account_to_the_last_guest(anonymous: AsyncClient, world: World) -> None:
    http = anonymous
    ada, as_ada = await arrive(http, "ada")
    bob, as_bob = await arrive(http, "bob")
    me = said(await http.get("/users/me", headers=as_bob), "User retrieved successfully")
    assert (me["user"]["uid"], me["user"]["rol"]) == (bob, "client")

    new = {"name": "  My Water Quality Project ", "type": "private", "color": "blue"}
    made = said(await http.post("/workspaces/", json=new, headers=as_ada), "Workspace created successfully")["data"]
    name = "My Water Quality Project"
    assert made == {"id": made["id"], "name": name, "owner": ada, "type": "private", "rol": "owner"}
    path = f"/workspaces/{made['id']}"
    refused(await http.get(path, headers=as_bob), 404)

    guest = {"uid": bob, "email": "bob@example.org", "username": "bob", "rol": "viewer"}
    added = await http.post(f"{path}/guest/", json={"guest": "Bob@example.org", "rol": "viewer"}, headers=as_ada)
    assert said(added, "Guest created successfully") == {"guest": guest}
    guests = await http.get(f"{path}/guest/", headers=as_ada)
    assert said(guests, "Guests retrieved successfully") == {"guests": [guest]}
    assert await mailed(world) == ["bob@example.org"]

    shares = said(await http.get("/workspaces/share/", headers=as_bob), "Shares retrieved successfully")
    shared = {**made, "rol": "viewer", "guest": bob}
    assert shares == {"workspaces": {"workspaces": [shared], "next_index": None}}
    seen = said(await http.get(path, headers=as_bob), "Workspace retrieved successfully")["data"]
    owner = {"uid": ada, "email": "ada@example.org", "username": "ada"}
    assert seen == {**made, "rol": "viewer", "user": owner}

    raised = await http.put(f"{path}/guest/{bob}", json={"rol": "manager"}, headers=as_ada)
    assert said(raised, "Guest updated successfully") == {"guest": {**guest, "rol": "editor"}}
    assert (await http.get(path, headers=as_bob)).json()["data"]["rol"] == "editor"

    removed = await http.delete(f"{path}/guest/{bob}", headers=as_ada)
    assert said(removed, "Guest deleted successfully") == {"guest": {**guest, "rol": "editor"}}
    refused(await http.get(path, headers=as_bob), 404)
    refused(await http.delete(f"{path}/guest/{bob}", headers=as_ada), 404)

    change = {"name": "Updated Project Name", "type": "public"}
    updated = said(await http.put(path, json=change, headers=as_ada), "Workspace updated successfully")["data"]
    assert updated == {**made, **change}
    stranger = said(await http.get(path, headers=as_bob), "Workspace retrieved successfully")["data"]
    assert stranger == {**updated, "owner": None, "rol": "viewer", "user": None}

    assert said(await http.delete(path, headers=as_ada), "Workspace deleted successfully") == {}
    refused(await http.get(path, headers=as_ada), 404)
    owned = said(await http.get("/workspaces/", headers=as_ada), "Workspaces retrieved successfully")
    assert owned == {"data": {"workspaces": [], "next_index": None}}


async def mailed(world: World) -> list[str]:
    async with world.database.read() as tx:
        return await tx.all(str, "select recipient from mail where kind in ('added', 'invitation') order by id")


async def test_whoever_has_no_account_yet_is_a_guest_at_once_and_is_mailed(workspaces: Clients, world: World) -> None:
    space = await world.space("ada")
    ada, path = workspaces("ada"), f"/workspaces/{space.id}/guest/"
    grace = (await ada.post(path, json={"guest": " grace@example.org ", "rol": "administrator"})).json()["guest"]
    assert (grace["email"], grace["username"], grace["rol"]) == ("grace@example.org", "grace", "admin")
    alan = (await ada.post(path, json={"guest": "alan@example.org", "rol": "visitor"})).json()["guest"]
    # In the order in which they came, and the owner is no guest.
    assert (await ada.get(path)).json()["guests"] == [grace, alan]
    assert sorted(await mailed(world)) == ["alan@example.org", "grace@example.org"]


async def test_private_means_whatever_is_not_public(workspaces: Clients, v1: Clients, world: World) -> None:
    space = await world.space("ada", "Shared", visibility="shared")
    path = f"/workspaces/{space.id}"
    ada = workspaces("ada")

    async def change(**body: str) -> tuple[str, str]:
        answer = await ada.put(path, json={"name": "Shared", **body})
        assert answer.status_code == 200, answer.text
        visibility = (await v1("ada").get(f"/v1/spaces/{space.id}")).json()["visibility"]
        return answer.json()["data"]["type"], visibility

    assert (await ada.get(path)).json()["data"]["type"] == "private"
    assert await change() == ("private", "shared")
    assert await change(type="private") == ("private", "shared")
    assert await change(type="public") == ("public", "public")
    assert await change() == ("public", "public")
    assert await change(type="private") == ("private", "private")


async def test_public_workspaces_are_for_everybody_whatever_they_present(
    anonymous: AsyncClient, workspaces: Clients, world: World
) -> None:
    space = await world.space("ada", "Open data", visibility="public")
    hidden = await world.space("ada", "Budget")
    listed = [{"id": space.id, "name": "Open data", "rol": "viewer"}]
    shown = {"id": space.id, "name": "Open data", "owner": None, "type": "public", "rol": "viewer", "user": None}
    wrong = {"Authorization": "Bearer nonsense"}
    two = {"Authorization": "Bearer one", "X-API-Key": "two"}
    for client, headers in ((anonymous, {}), (anonymous, wrong), (anonymous, two), (workspaces("ada"), {})):
        answer = await client.get("/workspaces/public/", headers=headers)
        content = said(answer, "Public workspaces retrieved successfully")
        assert content == {"workspaces": {"workspaces": listed, "next_index": None}}
        one = await client.get(f"/workspaces/public/{space.id}", headers=headers)
        assert said(one, "Workspace retrieved successfully") == {"data": shown}
        for name in (hidden.id, UNKNOWN, "nonsense"):
            assert refused(await client.get(f"/workspaces/public/{name}", headers=headers), 404)
    refused(await anonymous.get(f"/workspaces/{space.id}"), 401)


async def test_a_platform_administrator_counts_as_owner_and_it_is_written_down(
    workspaces: Clients, world: World
) -> None:
    await world.administrator("root")
    space = await world.space("ada", viewers=["bob"])
    root, path = workspaces("root"), f"/workspaces/{space.id}"
    bob = (await world.person("bob")).id
    seen = said(await root.get(path), "Workspace retrieved successfully")["data"]
    assert (seen["rol"], seen["owner"], seen["user"]["username"]) == ("owner", space.owner_id, "ada")
    guests = said(await root.get(f"{path}/guest/"), "Guests retrieved successfully")["guests"]
    assert [guest["uid"] for guest in guests] == [bob]
    assert (await root.put(f"{path}/guest/{bob}", json={"rol": "admin"})).status_code == 200
    assert (await root.put(path, json={"name": "Renamed"})).json()["data"]["rol"] == "owner"
    assert (await root.delete(path)).status_code == 200
    async with world.database.read() as tx:
        noted = await tx.all(str, "select action from event where privileged = 1 order by number")
    assert noted == ["privileged.read", "privileged.read", "member.role_set", "space.updated", "space.deleted"]


async def test_what_was_shared_with_an_administrator_is_listed_as_what_it_was_shared(
    workspaces: Clients, world: World
) -> None:
    await world.administrator("root")
    await world.space("ada", viewers=["root"])
    rows = (await workspaces("root").get("/workspaces/share/")).json()["workspaces"]["workspaces"]
    assert [row["rol"] for row in rows] == ["viewer"]


async def test_one_idempotency_key_makes_one_workspace(workspaces: Clients) -> None:
    ada = workspaces("ada")
    first, again = [
        await ada.post("/workspaces/", json={"name": "Once only"}, headers={"Idempotency-Key": "one"}) for _ in range(2)
    ]
    assert (again.status_code, again.content) == (200, first.content)
    assert again.headers["idempotent-replayed"] == "true"
    assert len((await ada.get("/workspaces/")).json()["data"]["workspaces"]) == 1
    other = await ada.post("/workspaces/", json={"name": "Another"}, headers={"Idempotency-Key": "one"})
    assert [one["loc"] for one in refused(other, 422)] == [["header", "idempotency_key"]]


async def test_both_forms_of_a_path_and_head_are_served(workspaces: Clients, world: World) -> None:
    await world.administrator("root")
    space = await world.space("ada")
    for path in ("/workspaces", "/workspaces/all", "/workspaces/share", f"/workspaces/{space.id}", "/users/me"):
        plain, slashed = [await workspaces("root").get(path + end) for end in ("", "/")]
        assert (plain.status_code, plain.content) == (200, slashed.content)
        head = await workspaces("root").head(path)
        assert (head.status_code, head.content) == (200, b"")
