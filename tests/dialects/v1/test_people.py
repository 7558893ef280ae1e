"""Members, invitations and transfer of a space; organizations and their people."""

import re
from typing import Any

import pytest
from httpx2 import AsyncClient

from courtyard.core import clock
from courtyard.core.membership import invitations
from courtyard.core.spaces import Space
from tests.dialects.v1.answers import TIME, UNKNOWN, UUID7, Clients, got, made, pointers, problem, told, walk
from tests.world import World

MEMBER = {"user", "role", "state", "since"}
INVITATION = {"id", "email", "user_id", "role", "state", "created_at", "expires_at", "sent_at"}
ORGANIZATION = {"id", "handle", "name", "token", "personal", "role", "created_at", "updated_at"}


@pytest.fixture
def ada(v1: Clients) -> AsyncClient:
    return v1("ada")


@pytest.fixture
async def space(world: World) -> Space:
    return await world.space("ada", viewers=["vera"], admins=["amir"])


@pytest.fixture
def path(space: Space) -> str:
    return f"/v1/spaces/{space.id}"


async def people(client: AsyncClient, path: str) -> dict[str, str]:
    return {row["user"]["username"]: row["role"] for row in (await got(client, f"{path}/members"))["data"]}


async def later(world: World, invitation_id: str, seconds: int) -> None:
    """Let that long pass since the last mail."""
    async with world.database.write() as tx:
        await tx.run(
            "update invitation set sent_at = sent_at - :past, expires_at = expires_at - :past where id = :id",
            past=seconds * clock.SECOND,
            id=invitation_id,
        )


async def token(world: World, invitation_id: str) -> str:
    """The secret that the mail of an invitation would carry."""
    async with world.database.write() as tx:
        minted = await invitations.mint(tx, invitation_id)
    assert minted is not None
    return minted


async def test_members_have_a_role_and_a_state(ada: AsyncClient, world: World, path: str) -> None:
    rows = (await got(ada, f"{path}/members"))["data"]
    for row in rows:
        assert set(row) == MEMBER
        assert set(row["user"]) == {"id", "username", "email"}
        assert row["state"] == "active"
        assert re.fullmatch(TIME, row["since"])
    assert {row["user"]["email"]: row["role"] for row in rows} == {
        "ada@example.org": "owner",
        "amir@example.org": "admin",
        "vera@example.org": "viewer",
    }
    vera = await world.person("vera")
    changed = await ada.put(f"{path}/members/{vera.id}", json={"role": "editor"})
    assert (changed.status_code, changed.json()["role"], changed.json()["user"]["id"]) == (200, "editor", vera.id)
    assert (await people(ada, path))["vera"] == "editor"


async def test_one_member_is_shown_as_in_the_list(v1: Clients, world: World, space: Space, path: str) -> None:
    await world.organization("acme", owner="ada", members=["vera"])
    vera, nobody = await world.person("vera"), await world.person("sam")
    for place in (path, "/v1/organizations/acme"):
        for reader in ("ada", "vera"):
            rows = (await got(v1(reader), f"{place}/members"))["data"]
            (row,) = [row for row in rows if row["user"]["id"] == vera.id]
            assert await got(v1(reader), f"{place}/members/{vera.id}") == row
            problem(await v1(reader).get(f"{place}/members/{nobody.id}"), 404)


async def test_who_was_invited_sees_where_by_whom_and_only_as_long_as_they_belong_there(
    v1: Clients, world: World, space: Space, path: str
) -> None:
    await world.organization("acme", owner="ada")
    bob, ada = await world.person("bob"), await world.person("ada")
    assert (await got(v1("bob"), "/v1/me/invitations"))["data"] == []
    for place, role in ((path, "viewer"), ("/v1/organizations/acme", "member")):
        await made(v1("ada"), f"{place}/invitations", {"email": "bob@example.org", "role": role})
    house, room = (await got(v1("bob"), "/v1/me/invitations"))["data"]
    assert set(room) == {"id", "role", "space", "organization", "by", "created_at"}
    assert (room["role"], room["space"]) == ("viewer", {"id": space.id, "name": space.name})
    assert (house["role"], house["space"], house["organization"]["handle"]) == ("member", None, "acme")
    assert room["by"] == house["by"] == {"id": ada.id, "username": "ada"}
    assert [row["id"] for row in await walk(v1("bob"), "/v1/me/invitations", limit=1)] == [house["id"], room["id"]]

    # The role is the one of today; who left and came again was invited once.
    await v1("ada").put(f"{path}/members/{bob.id}", json={"role": "editor"})
    assert (await got(v1("bob"), "/v1/me/invitations"))["data"][1]["role"] == "editor"
    assert (await v1("bob").delete(f"{path}/members/{bob.id}")).status_code == 204
    assert (await got(v1("bob"), "/v1/me/invitations"))["data"] == [house]
    await made(v1("ada"), f"{path}/invitations", {"email": "bob@example.org", "role": "admin"})
    again = (await got(v1("bob"), "/v1/me/invitations"))["data"]
    assert [(row["role"], row["space"] is None) for row in again] == [("admin", False), ("member", True)]
    assert (await got(v1("ada"), "/v1/me/invitations"))["data"] == []


async def test_what_cannot_be_done_to_members(v1: Clients, ada: AsyncClient, world: World, path: str) -> None:
    owner, amir = await world.person("ada"), await world.person("amir")
    for role in ("owner", "guest", "", "VIEWER"):
        assert pointers(await ada.put(f"{path}/members/{amir.id}", json={"role": role})) == {"/role"}
    assert pointers(await ada.put(f"{path}/members/{amir.id}", json={})) == {"/role"}
    problem(await ada.put(f"{path}/members/{UNKNOWN}", json={"role": "viewer"}), 404)
    problem(await v1("amir").put(f"{path}/members/{owner.id}", json={"role": "viewer"}), 409)
    problem(await v1("amir").delete(f"{path}/members/{owner.id}"), 409, "last_owner")
    problem(await ada.delete(f"{path}/members/{owner.id}"), 409, "last_owner")
    problem(await ada.delete(f"{path}/members/nonsense"), 404)
    problem(await v1("vera").delete(f"{path}/members/{amir.id}"), 403)
    assert await people(ada, path) == {"ada": "owner", "amir": "admin", "vera": "viewer"}


async def test_members_are_removed_or_leave(v1: Clients, ada: AsyncClient, world: World, path: str) -> None:
    vera, amir = await world.person("vera"), await world.person("amir")
    assert (await v1("vera").delete(f"{path}/members/{vera.id}")).status_code == 204
    problem(await v1("vera").get(path), 404)
    assert (await ada.delete(f"{path}/members/{amir.id}")).status_code == 204
    problem(await ada.delete(f"{path}/members/{amir.id}"), 404)
    problem(await v1("amir").get(path), 404)


async def test_who_has_an_account_is_a_member_at_once(v1: Clients, ada: AsyncClient, world: World, path: str) -> None:
    bob = await world.person("bob")
    invitation = await made(ada, f"{path}/invitations", {"email": "BOB@example.org", "role": "editor"})
    assert set(invitation) == INVITATION
    assert (invitation["user_id"], invitation["role"], invitation["state"]) == (bob.id, "editor", "accepted")
    assert (await got(v1("bob"), path))["role"] == "editor"
    assert (await got(ada, f"{path}/invitations"))["data"] == []
    problem(await ada.post(f"{path}/invitations", json={"email": "bob@example.org", "role": "viewer"}), 409)


async def test_an_unknown_address_is_a_pending_person(ada: AsyncClient, world: World, path: str) -> None:
    invitation = await made(ada, f"{path}/invitations", {"email": "grace@example.net", "role": "viewer"})
    assert re.fullmatch(UUID7, invitation["id"])
    assert (invitation["email"], invitation["state"]) == ("grace@example.net", "open")
    week = clock.parse(invitation["expires_at"]) - clock.parse(invitation["created_at"])
    assert week == 7 * clock.DAY
    assert (await got(ada, f"{path}/invitations"))["data"] == [invitation]
    (row,) = [row for row in (await got(ada, f"{path}/members"))["data"] if row["state"] == "invited"]
    assert row["user"] == {"id": invitation["user_id"], "username": "grace", "email": "grace@example.net"}
    changed = await ada.put(f"{path}/members/{invitation['user_id']}", json={"role": "admin"})
    assert (changed.status_code, changed.json()["role"], changed.json()["state"]) == (200, "admin", "invited")
    assert [row["role"] for row in (await got(ada, f"{path}/invitations"))["data"]] == ["admin"]
    # Nobody can be made the owner before they have claimed their account.
    problem(await ada.post(f"{path}/transfer", json={"user_id": invitation["user_id"]}), 409)
    assert (await ada.delete(f"{path}/members/{invitation['user_id']}")).status_code == 204
    assert (await got(ada, f"{path}/invitations"))["data"] == []


async def test_invitations_that_do_not_fit(ada: AsyncClient, path: str) -> None:
    fine: dict[str, Any] = {"email": "new@example.org", "role": "viewer"}
    for change, pointer in [
        ({"email": "nonsense"}, "/email"),
        ({"email": "a@b\r\nBcc: c@d"}, "/email"),
        ({"email": None}, "/email"),
        ({"role": "owner"}, "/role"),
        ({"role": "guest"}, "/role"),
        ({"expires_in_days": 0}, "/expires_in_days"),
        ({"expires_in_days": 31}, "/expires_in_days"),
        ({"expires_in_days": 1.5}, "/expires_in_days"),
        ({"expires_in_days": "7"}, "/expires_in_days"),
        ({"expires_in_days": True}, "/expires_in_days"),
    ]:
        assert pointers(await ada.post(f"{path}/invitations", json={**fine, **change})) == {pointer}, change
    problem(await ada.post(f"{path}/invitations", json={**fine, "email": "ada@example.org"}), 409)
    longest = await made(ada, f"{path}/invitations", {**fine, "expires_in_days": 30})
    assert clock.parse(longest["expires_at"]) - clock.parse(longest["created_at"]) == 30 * clock.DAY


async def test_sending_again_and_taking_back(ada: AsyncClient, world: World, path: str) -> None:
    invitation = await made(ada, f"{path}/invitations", {"email": "grace@example.net", "role": "viewer"})
    one = f"{path}/invitations/{invitation['id']}"
    hasty = await ada.post(f"{one}/resend")
    problem(hasty, 429)
    assert 1 <= int(hasty.headers["retry-after"]) <= 60
    await later(world, invitation["id"], 61)
    older = await token(world, invitation["id"])
    again = await ada.post(f"{one}/resend")
    assert (again.status_code, set(again.json())) == (200, INVITATION)
    assert again.json()["sent_at"] > invitation["sent_at"]
    problem(await ada.post("/v1/invitations/accept", json={"token": older}), 410)
    assert (await ada.delete(one)).status_code == 204
    problem(await ada.delete(one), 404)
    problem(await ada.post(f"{one}/resend"), 404)
    assert "grace" not in await people(ada, path)


async def test_the_address_owner_claims_the_account_once(
    ada: AsyncClient, anonymous: AsyncClient, world: World, path: str, space: Space
) -> None:
    invitation = await made(ada, f"{path}/invitations", {"email": "grace@example.net", "role": "editor"})
    secret = await token(world, invitation["id"])
    body = {"token": secret, "username": "hopper", "password": "correct horse battery"}
    accepted = await anonymous.post("/v1/invitations/accept", json=body)
    assert accepted.status_code == 200, accepted.text
    said = accepted.json()
    assert set(said) == {"user", "invitation", "space_id"}
    assert said["user"] == {"id": invitation["user_id"], "username": "hopper"}
    assert (said["invitation"]["state"], said["space_id"]) == ("accepted", space.id)
    used = await anonymous.post("/v1/invitations/accept", json=body)
    wrong = await anonymous.post("/v1/invitations/accept", json={**body, "token": "cyi_" + secret[4:-1] + "x"})
    problem(used, 410)
    assert told(used) == told(wrong)
    assert (await people(ada, path))["hopper"] == "editor"
    problem(await anonymous.post("/v1/invitations/accept", json={}), 422)


async def test_a_space_changes_hands(v1: Clients, ada: AsyncClient, world: World, path: str) -> None:
    amir, sam = await world.person("amir"), await world.person("sam")
    for stranger in (sam.id, UNKNOWN, "nonsense"):
        problem(await ada.post(f"{path}/transfer", json={"user_id": stranger}), 409, "not_a_member")
    problem(await v1("amir").post(f"{path}/transfer", json={"user_id": amir.id}), 403)
    assert pointers(await ada.post(f"{path}/transfer", json={})) == {"/user_id"}
    moved = await ada.post(f"{path}/transfer", json={"user_id": amir.id})
    assert (moved.status_code, moved.json()["role"], moved.json()["owner"]["username"]) == (200, "admin", "amir")
    assert await people(ada, path) == {"ada": "admin", "amir": "owner", "vera": "viewer"}
    problem(await ada.delete(path), 403)
    assert (await v1("amir").delete(path)).status_code == 204


async def test_organizations(v1: Clients, ada: AsyncClient, anonymous: AsyncClient) -> None:
    (personal,) = (await got(ada, "/v1/organizations"))["data"]
    assert (set(personal), personal["handle"], personal["personal"]) == (ORGANIZATION, "ada", True)
    acme = await made(ada, "/v1/organizations", {"name": "Acme Ltd.", "handle": "ACME"})
    assert acme == {**acme, "name": "Acme Ltd.", "handle": "acme", "personal": False, "role": "owner"}
    assert re.fullmatch(
        r"acme-ltd-[a-z0-9]{6}", (await made(ada, "/v1/organizations", {"name": "Acme Ltd."}))["handle"]
    )
    problem(await v1("bob").post("/v1/organizations", json={"name": "x", "handle": "Acme"}), 409, "handle_taken")
    for wrong in ("", "a b", "-a", "admin", "x" * 64, "äcme"):
        assert pointers(await ada.post("/v1/organizations", json={"name": "x", "handle": wrong})) == {"/handle"}, wrong
    assert pointers(await ada.post("/v1/organizations", json={"name": " "})) == {"/name"}
    path = "/v1/organizations/acme"
    assert await got(ada, path) == await got(ada, "/v1/organizations/ACME") == acme
    for method in ("GET", "DELETE"):
        stranger = await v1("bob").request(method, path)
        problem(stranger, 404)
        assert told(stranger) == told(await v1("bob").request(method, "/v1/organizations/nobody"))
    renamed = (await ada.patch(path, json={"name": "New", "handle": "newer"})).json()
    assert (renamed["name"], renamed["handle"], renamed["id"]) == ("New", "newer", acme["id"])
    problem(await ada.get(path), 404)
    assert pointers(await ada.patch("/v1/organizations/newer", json={"name": None})) == {"/name"}
    problem(await ada.patch("/v1/organizations/newer", json={"handle": "ada"}), 409)
    problem(await anonymous.get("/v1/organizations/newer"), 401)


async def test_the_end_of_an_organization(ada: AsyncClient) -> None:
    path = f"/v1/organizations/{(await made(ada, '/v1/organizations', {'name': 'Acme', 'handle': 'acme'}))['handle']}"
    space = await made(ada, "/v1/spaces", {"name": "x", "organization": "acme"})
    problem(await ada.delete(path), 409, "not_empty")
    assert (await ada.delete(f"/v1/spaces/{space['id']}")).status_code == 204
    assert (await ada.delete(path)).status_code == 204
    problem(await ada.get(path), 404)
    problem(await ada.delete("/v1/organizations/ada"), 409)


async def test_people_of_an_organization(v1: Clients, ada: AsyncClient, world: World) -> None:
    await world.organization("acme", owner="ada", admins=["amir"], members=["mia"])
    path = "/v1/organizations/acme"
    mia, owner = await world.person("mia"), await world.person("ada")
    assert await people(v1("mia"), path) == {"ada": "owner", "amir": "admin", "mia": "member"}
    emails = {row["user"]["email"] for row in (await got(v1("mia"), f"{path}/members"))["data"]}
    assert emails == {None}
    assert None not in {row["user"]["email"] for row in (await got(v1("amir"), f"{path}/members"))["data"]}
    problem(await v1("mia").patch(path, json={"name": "x"}), 403)
    problem(await v1("mia").get(f"{path}/invitations"), 403)
    problem(await v1("amir").delete(path), 403)
    problem(await v1("amir").put(f"{path}/members/{mia.id}", json={"role": "owner"}), 403)
    assert pointers(await ada.put(f"{path}/members/{mia.id}", json={"role": "viewer"})) == {"/role"}
    problem(await ada.put(f"{path}/members/{owner.id}", json={"role": "member"}), 409)
    problem(await ada.delete(f"{path}/members/{owner.id}"), 409)
    assert (await ada.put(f"{path}/members/{mia.id}", json={"role": "owner"})).json()["role"] == "owner"
    assert (await ada.delete(f"{path}/members/{owner.id}")).status_code == 204
    problem(await ada.get(path), 404)

    bob = await made(v1("mia"), f"{path}/invitations", {"email": "bob@example.net", "role": "member"})
    assert (bob["state"], set(bob)) == ("open", INVITATION)
    assert (await got(v1("amir"), f"{path}/invitations"))["data"] == [bob]
    problem(await v1("amir").post(f"{path}/invitations", json={"email": "x@example.net", "role": "owner"}), 403)
    assert pointers(await v1("mia").post(f"{path}/invitations", json={"email": "x@y.net", "role": "viewer"})) == {
        "/role"
    }
    problem(await v1("mia").post(f"{path}/invitations/{bob['id']}/resend"), 429)
    await later(world, bob["id"], 61)
    assert (await v1("mia").post(f"{path}/invitations/{bob['id']}/resend")).status_code == 200
    assert (await v1("mia").delete(f"{path}/invitations/{bob['id']}")).status_code == 204
