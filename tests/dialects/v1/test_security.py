"""What happened to the caller's account, and the browsers that are signed in: seen and ended by nobody else."""

from typing import Any

import pytest
from httpx2 import AsyncClient

from courtyard.core.actor import Origin
from courtyard.core.errors import InvalidCredential
from courtyard.core.identity import credentials, people, sessions
from courtyard.core.identity.credentials import NewKey
from tests.dialects.v1.answers import UNKNOWN, Clients, got, made, problem, told, walk
from tests.world import World

HOME = Origin("pages", "192.0.2.7", "r-1")
PATHS = [("GET", "/v1/me/events"), ("GET", "/v1/me/sessions"), ("DELETE", f"/v1/me/sessions/{UNKNOWN}")]


async def signed_in(world: World, name: str, agent: str = "Firefox on Linux") -> tuple[str, str]:
    """A session of that person: its id and secret."""
    person = await world.person(name)
    async with world.database.write() as tx:
        person = await people.find(tx, person.id)
        session, secret = await sessions.begin(tx, person, HOME, agent, second=False)
    return session.id, secret


async def knows(world: World, secret: str) -> bool:
    async with world.database.read() as tx:
        try:
            await sessions.authenticate(tx, secret, HOME)
        except InvalidCredential:
            return False
        return True


async def test_a_person_sees_the_browsers_that_are_signed_in(v1: Clients, world: World) -> None:
    ada = v1("ada")
    ids = [(await signed_in(world, "ada", f"Browser {turn}"))[0] for turn in range(3)]
    await signed_in(world, "bob")
    rows = await walk(ada, "/v1/me/sessions", limit=2)
    assert [row["id"] for row in rows] == ids[::-1]
    assert set(rows[0]) == {"id", "current", "address", "agent", "created_at", "last_used_at", "expires_at"}
    assert (rows[0]["address"], rows[0]["agent"]) == ("192.0.2.7", "Browser 2")
    assert rows[0]["created_at"] == rows[0]["last_used_at"] < rows[0]["expires_at"]


async def test_a_session_that_is_ended_opens_nothing_any_more(v1: Clients, world: World) -> None:
    ada = v1("ada")
    (one, secret), (other, kept) = await signed_in(world, "ada"), await signed_in(world, "ada")
    assert (await ada.delete(f"/v1/me/sessions/{one}")).status_code == 204
    assert [await knows(world, each) for each in (secret, kept)] == [False, True]
    assert [row["id"] for row in (await got(ada, "/v1/me/sessions"))["data"]] == [other]
    problem(await ada.delete(f"/v1/me/sessions/{one}"), 404)


async def test_a_foreign_session_is_an_unknown_one(v1: Clients, world: World) -> None:
    session_id, secret = await signed_in(world, "ada")
    foreign = await v1("bob").delete(f"/v1/me/sessions/{session_id}")
    problem(foreign, 404)
    assert told(foreign) == told(await v1("bob").delete(f"/v1/me/sessions/{UNKNOWN}"))
    assert await knows(world, secret)


async def test_a_person_sees_what_happened_to_their_account_and_nobody_elses(v1: Clients, world: World) -> None:
    ada = v1("ada")
    key = await made(ada, "/v1/keys", {"name": "robot", "scopes": ["read"]})
    await ada.delete(f"/v1/keys/{key['id']}")
    await signed_in(world, "ada")
    await made(ada, "/v1/spaces", {"name": "Not about the account"})
    await made(v1("bob"), "/v1/keys", {"name": "bob's", "scopes": ["read"]})
    rows = await walk(ada, "/v1/me/events", limit=2)
    assert [row["action"] for row in rows[:3]] == ["session.started", "key.revoked", "key.created"]
    assert "space.created" not in [row["action"] for row in rows]
    made_key: dict[str, Any] = rows[2]
    assert set(made_key) == set(
        "id at action result own address dialect credential_id application_id object_id detail".split()
    )
    assert (made_key["object_id"], made_key["own"], made_key["dialect"]) == (key["id"], True, "v1")
    assert (made_key["address"], made_key["detail"]) == ("127.0.0.1", {"scopes": ["read"]})
    assert (await ada.get("/v1/me/events")).text.count(key["key"]) == 0
    assert key["id"] not in (await v1("bob").get("/v1/me/events")).text


@pytest.mark.parametrize(("method", "path"), PATHS)
async def test_only_a_person_with_the_scope_admin_looks(
    method: str, path: str, world: World, anonymous: AsyncClient
) -> None:
    problem(await anonymous.request(method, path), 401)
    for scope in ("read", "write"):
        weak = await world.key("ada", scopes=[scope])
        problem(await anonymous.request(method, path, headers={"X-API-Key": weak}), 403)


@pytest.mark.parametrize(("method", "path"), PATHS)
async def test_an_expired_or_revoked_key_sees_nothing(
    method: str, path: str, world: World, anonymous: AsyncClient
) -> None:
    ada = await world.actor("ada")
    async with world.database.write() as tx:
        key, secret = await credentials.create(tx, ada, NewKey(name="x", scopes=["admin"]))
        await credentials.revoke(tx, ada, key)
    problem(await anonymous.request(method, path, headers={"X-API-Key": secret}), 401)
