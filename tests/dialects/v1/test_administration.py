"""What administrators see and do: people, the audit trail, and the activity of a space."""

from typing import Any

import pytest
from httpx2 import AsyncClient

from courtyard.core import events
from courtyard.core.actor import system
from courtyard.core.identity import people, sessions
from courtyard.core.identity.credentials import NewKey
from courtyard.core.membership import organization_keys
from tests.core.mailing import kinds
from tests.core.moments import Moment
from tests.dialects.v1.answers import UNKNOWN, Clients, got, made, pointers, problem, told, walk
from tests.dialects.v1.browsing import browser, opens, with_password
from tests.world import World

PERSON = set("id username email email_verified phone state administrator second_factor created_at last_seen_at".split())
ACTIVITY = set(
    "id at action result privileged person application_id application_name dialect object_id about detail".split()
)
TRAIL = ACTIVITY | {"number", "space_id", "credential_id", "address", "request_id"}


def calls(person: str) -> list[tuple[str, str, Any]]:
    return [
        ("GET", "/v1/people", None),
        ("GET", f"/v1/people/{person}", None),
        ("PATCH", f"/v1/people/{person}", {"disabled": True}),
        ("POST", f"/v1/people/{person}/reset", None),
        ("DELETE", f"/v1/people/{person}/second-factor", None),
        ("GET", "/v1/events", None),
    ]


async def ask(client: AsyncClient, call: tuple[str, str, Any], **headers: str) -> Any:
    method, path, body = call
    more: dict[str, Any] = {} if body is None else {"json": body}
    return await client.request(method, path, headers=headers, **more)


@pytest.fixture
async def root(world: World, v1: Clients) -> AsyncClient:
    """A platform administrator."""
    await world.administrator("root")
    return v1("root")


async def one(world: World, name: str) -> str:
    return f"/v1/people/{(await world.person(name)).id}"


# --- who may ---


async def test_everybody_else_hears_the_same_of_known_and_unknown_people(
    v1: Clients, world: World, anonymous: AsyncClient, root: AsyncClient
) -> None:
    bob = await world.person("bob")
    await world.organization("acme", owner="ada")
    async with world.database.write() as tx:
        actor = await world.actor("ada")
        _, service = await organization_keys.create(tx, actor, "acme", NewKey(name="robot", scopes=["admin"]))
    weak = await world.key("root", scopes=["write"])
    for known, unknown in zip(calls(bob.id), calls(UNKNOWN), strict=True):
        problem(await ask(anonymous, known), 401, "unauthenticated")
        foreign = await ask(v1("ada"), known)
        problem(foreign, 404 if bob.id in known[1] else 403)
        assert told(foreign) == told(await ask(v1("ada"), unknown))
        problem(await ask(anonymous, known, **{"X-API-Key": weak}), 403, "forbidden")
        problem(await ask(anonymous, known, **{"X-API-Key": service}), 404 if bob.id in known[1] else 403)
        assert (await ask(root, unknown)).status_code == (404 if UNKNOWN in unknown[1] else 200)
    assert (await got(root, f"/v1/people/{bob.id}"))["state"] == "active"


# --- people ---


async def test_everybody_is_listed_by_name_address_and_state(v1: Clients, world: World, root: AsyncClient) -> None:
    for name in ("ada", "bob", "bobby"):
        await world.person(name)
    await world.organization("acme", owner="ada")
    await made(v1("ada"), "/v1/organizations/acme/invitations", {"email": "new@sea.example", "role": "member"})
    # Who stands for the keys of an organization is nobody.
    await made(v1("ada"), "/v1/keys", {"name": "robot", "scopes": ["read"], "organization": "acme"})
    rows = await walk(root, "/v1/people", limit=2)
    assert [row["username"] for row in rows] == ["new", "bobby", "bob", "ada", "root"]
    assert set(rows[0]) == PERSON
    assert [row["administrator"] for row in rows] == [False, False, False, False, True]

    async def names(**filters: str) -> list[str]:
        return [row["username"] for row in await walk(root, "/v1/people", limit=3, **filters)]

    assert await names(q="BOB") == ["bobby", "bob"]
    assert await names(q="sea.example") == ["new"]
    assert await names(state="invited") == ["new"]
    assert await names(q="bob", state="invited") == []
    assert await names(q="%") == []
    assert pointers(await root.get("/v1/people", params={"state": "asleep"})) == {"/state"}
    assert "privileged.read" in await world.events()


async def test_an_administrator_asks_for_the_organizations_of_a_person_only(
    v1: Clients, world: World, root: AsyncClient
) -> None:
    await made(v1("ada"), "/v1/organizations", {"name": "Guild", "handle": "guild"})
    own = await made(root, "/v1/organizations", {"name": "Office", "handle": "office"})
    mine = await walk(root, "/v1/organizations", limit=1, mine="true")
    assert "guild" not in [one["handle"] for one in mine]
    assert own in mine
    assert "privileged.read" not in await world.events()
    assert "guild" in [one["handle"] for one in await walk(root, "/v1/organizations", limit=1)]
    assert "privileged.read" in await world.events()


async def test_whoever_serves_an_organization_is_nobody_here(v1: Clients, world: World, root: AsyncClient) -> None:
    await world.organization("acme", owner="ada")
    await made(v1("ada"), "/v1/keys", {"name": "robot", "scopes": ["read"], "organization": "acme"})
    async with world.database.read() as tx:
        serving = await tx.one(str, "select id from person where email_folded like 'service:%'")
    for call in calls(str(serving))[1:5]:
        problem(await ask(root, call), 404)


async def test_a_person_is_shown_with_when_they_were_seen(
    world: World, root: AsyncClient, anonymous: AsyncClient
) -> None:
    path = await one(world, "ada")
    before = await got(root, path)
    assert (before["email"], before["last_seen_at"], before["second_factor"]) == ("ada@example.org", None, False)
    await browser(world, anonymous)
    assert (await got(root, path))["last_seen_at"] is not None


async def test_whoever_is_disabled_loses_everything_at_once(
    v1: Clients, world: World, root: AsyncClient, anonymous: AsyncClient
) -> None:
    there = await browser(world, anonymous)
    space = await world.space("ada")
    await world.artifact(space)
    path = await one(world, "ada")
    assert (await v1("ada").get("/v1/me")).status_code == 200
    disabled = await root.patch(path, json={"disabled": True})
    assert (disabled.status_code, disabled.json()["state"]) == (200, "disabled")
    problem(await v1("ada").get("/v1/me"), 401)
    assert not await opens(world, there.secret)
    assert {job.status for job in await world.jobs()} == {"cancelled"}
    assert "person.disabled" in await world.events()
    number = len(await world.events())
    assert (await root.patch(path, json={"disabled": True})).json()["state"] == "disabled"
    assert len(await world.events()) == number
    enabled = await root.patch(path, json={"disabled": False})
    assert enabled.json()["state"] == "active"
    # What ended stays ended.
    problem(await v1("ada").get("/v1/me"), 401)


async def test_administrators_are_made_and_unmade(v1: Clients, world: World, root: AsyncClient) -> None:
    path = await one(world, "ada")
    tag = (await root.get(path)).headers["etag"]
    promoted = await root.patch(path, json={"administrator": True}, headers={"If-Match": tag})
    assert promoted.json()["administrator"] is True
    problem(await root.patch(path, json={"administrator": False}, headers={"If-Match": tag}), 412)
    assert (await v1("ada").get("/v1/people")).status_code == 200
    assert (await root.patch(path, json={"administrator": False})).json()["administrator"] is False
    problem(await v1("ada").get("/v1/people"), 403)
    assert (await root.patch(path, json={})).json()["administrator"] is False
    assert pointers(await root.patch(path, json={"administrator": None, "disabled": "yes"})) == {
        "/administrator",
        "/disabled",
    }


async def test_the_last_administrator_stays(v1: Clients, world: World, root: AsyncClient) -> None:
    mine, other = await one(world, "root"), await one(world, "ada")
    for body in ({"administrator": False}, {"disabled": True}, {"disabled": True, "administrator": False}):
        problem(await root.patch(mine, json=body), 409, "last_administrator")
    assert (await root.patch(other, json={"administrator": True})).status_code == 200
    assert (await root.patch(mine, json={"administrator": False})).json()["administrator"] is False
    problem(await root.get("/v1/people"), 403)
    problem(await v1("ada").patch(other, json={"disabled": True}), 409, "last_administrator")


async def test_both_change_at_once_or_neither(world: World, root: AsyncClient) -> None:
    path = await one(world, "ada")
    await root.patch(path, json={"disabled": True})
    problem(await root.patch(path, json={"administrator": True}), 409, "not_active")
    back = (await root.patch(path, json={"disabled": False, "administrator": True})).json()
    assert (back["state"], back["administrator"]) == ("active", True)
    gone = (await root.patch(path, json={"disabled": True, "administrator": False})).json()
    assert (gone["state"], gone["administrator"]) == ("disabled", False)


async def test_a_browser_confirms_before_it_makes_administrators(
    world: World, root: AsyncClient, anonymous: AsyncClient, moment: Moment
) -> None:
    here = await browser(world, anonymous, "root")
    path = await one(world, "ada")
    moment.passes(sessions.RECENT)
    problem(await here.ask("PATCH", path, {"administrator": True}), 403, "confirmation_required")
    problem(await here.ask("DELETE", f"{path}/second-factor"), 403, "confirmation_required")
    assert (await here.ask("PATCH", path, {"disabled": True})).status_code == 200
    assert (await root.patch(path, json={"disabled": False})).status_code == 200


async def test_a_link_for_a_new_password_is_mailed(world: World, root: AsyncClient) -> None:
    path = await one(world, "ada")
    sent = await root.post(f"{path}/reset")
    assert (sent.status_code, sent.content) == (204, b"")
    problem(await root.post(f"{path}/reset"), 429)
    assert await kinds(world) == [("reset", "ada@example.org")]
    assert "password.reset_asked" in await world.events()
    await root.patch(path, json={"disabled": True})
    problem(await root.post(f"{path}/reset"), 409, "not_active")


async def test_a_lost_second_factor_is_taken_away(v1: Clients, world: World, root: AsyncClient) -> None:
    person = await world.person("ada")
    async with world.database.write() as tx:
        await tx.run(
            "insert into totp (person_id, secret, confirmed_at) values (:id, :secret, 1)", id=person.id, secret=b"x"
        )
    path = f"/v1/people/{person.id}"
    assert (await got(root, path))["second_factor"] is True
    assert (await root.delete(f"{path}/second-factor")).status_code == 204
    assert (await got(root, path))["second_factor"] is False
    assert "second.cleared" in await world.events()
    assert (await got(v1("ada"), "/v1/me/second-factor"))["required"] is False


# --- the trail ---


async def test_the_trail_is_read_by_person_space_and_action(v1: Clients, world: World, root: AsyncClient) -> None:
    space = await made(v1("ada"), "/v1/spaces", {"name": "Library"})
    await made(v1("bob"), "/v1/spaces", {"name": "Elsewhere"})
    key = await made(v1("ada"), "/v1/keys", {"name": "robot", "scopes": ["read"]})
    ada = (await world.person("ada")).id
    rows = await walk(root, "/v1/events", limit=3)
    assert set(rows[0]) == TRAIL
    assert [row["number"] for row in rows] == sorted((row["number"] for row in rows), reverse=True)
    assert {row["action"] for row in rows} >= {"space.created", "key.created", "person.created"}

    async def actions(**filters: str) -> list[str]:
        return [row["action"] for row in await walk(root, "/v1/events", limit=2, **filters)]

    assert (await actions(person=ada))[:2] == ["key.created", "space.created"]
    assert "person.created" in await actions(person=ada)
    assert await actions(space=space["id"]) == ["space.created"]
    assert await actions(person=ada, space=space["id"]) == ["space.created"]
    assert await actions(person=(await world.person("bob")).id, space=space["id"]) == []
    assert await actions(action="space") == ["space.created", "space.created"]
    assert await actions(action="space.created", person=ada) == ["space.created"]
    assert await actions(action="spac") == await actions(action="%") == await actions(person=UNKNOWN) == []
    (mine,) = (await got(root, "/v1/events", action="key.created", person=ada, limit=1))["data"]
    assert (mine["person"], mine["object_id"]) == ({"id": ada, "username": "ada"}, key["id"])
    assert (mine["address"], mine["dialect"], mine["detail"]) == ("127.0.0.1", "v1", {"scopes": ["read"]})
    assert key["key"] not in (await root.get("/v1/events", params={"limit": 100})).text


async def test_whoever_is_gone_stays_in_the_trail(v1: Clients, world: World, root: AsyncClient) -> None:
    await with_password(world)
    ada = (await world.person("ada")).id
    async with world.database.write() as tx:
        await people.rename(tx, await world.actor("ada"), "lady")
        await tx.run("delete from organization where personal_of = :id", id=ada)
        await tx.run("delete from person where id = :id", id=ada)
    rows = await walk(root, "/v1/events", limit=5, action="person.renamed")
    assert [row["person"] for row in rows] == [{"id": ada, "username": None}]


async def test_a_cursor_of_the_trail_is_good_for_its_filters(v1: Clients, world: World, root: AsyncClient) -> None:
    for name in ("ada", "bob"):
        await world.person(name)
    cursor = (await got(root, "/v1/events", limit=1))["cursor"]
    assert (await root.get("/v1/events", params={"cursor": cursor, "limit": 1})).status_code == 200
    assert pointers(await root.get("/v1/events", params={"cursor": cursor, "action": "key"})) == {"/cursor"}


# --- a space ---


async def test_admins_of_a_space_see_what_happened_in_it(v1: Clients, world: World, anonymous: AsyncClient) -> None:
    space = await made(v1("ada"), "/v1/spaces", {"name": "Library"})
    path = f"/v1/spaces/{space['id']}"
    await made(v1("ada"), f"{path}/threads", {"title": "Weekly"})
    await v1("ada").patch(path, json={"name": "Archive"})
    await made(v1("bob"), "/v1/spaces", {"name": "Elsewhere"})
    rows = await walk(v1("ada"), f"{path}/activity", limit=2)
    assert [row["action"] for row in rows] == ["space.updated", "thread.created", "space.created"]
    assert {frozenset(row) for row in rows} == {frozenset(ACTIVITY)}
    assert rows[0]["person"] == {"id": (await world.person("ada")).id, "username": "ada"}
    assert rows[0]["about"] is None
    async with world.database.write() as tx:
        await events.record(tx, system("worker"), "artifact.inspected", space_id=space["id"])
    everything, by_people = [
        [row["action"] for row in (await got(v1("ada"), f"{path}/activity", by=by))["data"]] for by in ("", "people")
    ]
    assert everything == ["artifact.inspected", *by_people]
    assert by_people == [row["action"] for row in rows]
    vera = await world.person("vera")
    await made(v1("ada"), f"{path}/invitations", {"email": "vera@example.org", "role": "viewer"})
    added = (await got(v1("ada"), f"{path}/activity", action="member"))["data"][0]
    assert (added["object_id"], added["about"]) == (vera.id, {"id": vera.id, "username": "vera"})
    reader = await world.key("ada", scopes=["read"])
    assert (await anonymous.get(f"{path}/activity", headers={"X-API-Key": reader})).status_code == 200


async def test_nobody_else_sees_it(v1: Clients, world: World, anonymous: AsyncClient, root: AsyncClient) -> None:
    for visibility in ("private", "public"):
        space = await world.space("ada", visibility=visibility, viewers=["vera"], editors=["eve"], admins=["amir"])
        path = f"/v1/spaces/{space.id}/activity"
        problem(await anonymous.get(path), 401)
        problem(await v1("vera").get(path), 403)
        problem(await v1("eve").get(path), 403)
        assert (await v1("amir").get(path)).status_code == 200
        assert (await root.get(path)).status_code == 200
        stranger = await v1("sam").get(path)
        problem(stranger, 404 if visibility == "private" else 403)
    problem(await v1("sam").get(f"/v1/spaces/{UNKNOWN}/activity"), 404)
