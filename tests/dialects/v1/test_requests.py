"""The request log: what keys, tokens and sessions did, for their person, and for the admins of their organization."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
import pytest

from courtyard.core.identity.credentials import NewKey
from courtyard.core.membership import organization_keys
from courtyard.web.dialect import Services
from tests.dialects.conftest import Clients as Every
from tests.dialects.v1.answers import Clients, got, made, pointers, problem, walk
from tests.dialects.v1.browsing import browser
from tests.world import World

REQUEST = set("id at dialect method route path status ms credential application_id address request_id".split())
LOG = "/v1/me/requests"
Write = Callable[[], Awaitable[int]]


@pytest.fixture
def write(services: Services) -> Write:
    """What is noted is written, as the server does every few seconds."""
    return lambda: services.journal.flush(services.database)


async def paths(client: httpx2.AsyncClient, **filters: Any) -> list[str]:
    response = await client.get(LOG, params=filters)
    assert response.status_code == 200, response.text
    return [row["path"] for row in response.json()["data"]]


async def test_a_request_is_there_with_all_that_may_be_told(v1: Clients, world: World, write: Write) -> None:
    ada = v1("ada")
    space = await made(ada, "/v1/spaces", {"name": "Library"})
    await ada.get(f"/v1/spaces/{space['id']}?q=secret-thing", headers={"X-Request-Id": "mine-1"})
    assert await write() == 2
    newest, oldest = (await got(ada, LOG))["data"]
    assert set(newest) == REQUEST
    [key] = (await got(ada, "/v1/keys"))["data"]
    assert newest["credential"] == {"id": key["id"], "kind": "key", "name": "test", "prefix": key["prefix"]}
    assert (newest["method"], newest["route"]) == ("GET", "/v1/spaces/{space_id}")
    assert (newest["path"], newest["status"]) == (f"/v1/spaces/{space['id']}", 200)
    assert (newest["dialect"], newest["request_id"], newest["application_id"]) == ("v1", "mine-1", None)
    assert newest["address"]
    assert 0 < newest["ms"] < 60_000
    assert (oldest["method"], oldest["status"], oldest["path"]) == ("POST", 201, "/v1/spaces")
    assert oldest["at"] <= newest["at"]


async def test_neither_queries_nor_secrets_in_paths_are_kept(v1: Clients, world: World, write: Write) -> None:
    secret = await world.key("bob")
    await v1("ada").get(f"/v1/spaces/{secret}?token={secret}")
    await write()
    response = await v1("ada").get(LOG)
    assert secret not in response.text
    assert response.json()["data"][0]["path"] == "/v1/spaces/cyk_[redacted]"


async def test_everybody_sees_their_own_and_nobody_is_noted_without_a_credential(
    v1: Clients, world: World, write: Write, anonymous: httpx2.AsyncClient
) -> None:
    await world.space(visibility="public")
    await anonymous.get("/v1/spaces")
    await anonymous.get("/v1/me", headers={"X-API-Key": "cyk_wrong"})
    await v1("ada").get("/v1/me")
    await v1("bob").get("/v1/keys")
    assert await write() == 2
    assert await paths(v1("ada")) == ["/v1/me"]
    assert await paths(v1("bob")) == ["/v1/keys"]


async def test_filters_narrow_the_list_and_pages_lead_through_it(
    clients: Every, v1: Clients, world: World, write: Write
) -> None:
    ada = v1("ada")
    await made(ada, "/v1/spaces", {"name": "Library"})
    await ada.get("/v1/spaces/unknown")
    await clients.of("ada", "workspaces").get("/workspaces/")
    other = await world.key("ada")
    await ada.get("/v1/me", headers={"X-API-Key": other})
    await ada.put("/v1/nothing/here")
    assert await write() == 4
    assert await paths(ada, status="2xx", dialect="v1") == ["/v1/me", "/v1/spaces"]
    assert await paths(ada, status="4xx") == ["/v1/spaces/unknown"]
    assert await paths(ada, method="POST") == ["/v1/spaces"]
    assert await paths(ada, dialect="workspaces") == ["/workspaces/"]
    assert await paths(ada, path="/v1/spaces") == ["/v1/spaces/unknown", "/v1/spaces"]
    newest = (await got(ada, LOG))["data"][0]
    assert await paths(ada, key=newest["credential"]["id"]) == ["/v1/me"]
    assert len(await walk(ada, LOG, limit=1, status="2xx")) == 3
    assert pointers(await ada.get(LOG, params={"status": "7"})) == {"/status"}


async def test_what_a_session_did_is_told_with_its_id(
    v1: Clients, world: World, write: Write, anonymous: httpx2.AsyncClient
) -> None:
    signed_in = await browser(world, anonymous, "ada")
    assert (await signed_in.ask("GET", "/v1/me")).status_code == 200
    await write()
    [row] = (await got(v1("ada"), LOG))["data"]
    assert row["credential"] == {"id": signed_in.session_id, "kind": "session", "name": None, "prefix": None}
    assert (row["dialect"], row["path"], row["route"]) == ("console", "/console/api/me", "/v1/me")


async def test_only_a_whole_person_with_the_scope_admin_reads_it(
    v1: Clients, world: World, anonymous: httpx2.AsyncClient
) -> None:
    problem(await anonymous.get(LOG), 401, "unauthenticated")
    limited = await world.key("ada", spaces=[await world.space("ada")])
    for secret in (await world.key("ada", scopes=["write"]), limited):
        problem(await anonymous.get(LOG, headers={"X-API-Key": secret}), 403, "forbidden")


async def test_admins_of_an_organization_see_what_its_keys_did(
    v1: Clients, world: World, write: Write, anonymous: httpx2.AsyncClient
) -> None:
    await world.organization("acme", owner="ada", admins=["bob"], members=["carol"])
    async with world.database.write() as tx:
        actor = await world.actor("ada")
        key, secret = await organization_keys.create(tx, actor, "acme", NewKey(name="robot", scopes=["admin"]))
    await anonymous.get("/v1/spaces", headers={"X-API-Key": secret})
    await v1("ada").get("/v1/spaces")
    await write()
    log = "/v1/organizations/acme/requests"
    for admin in ("ada", "bob"):
        [row] = (await got(v1(admin), log))["data"]
        assert (row["credential"]["id"], row["credential"]["name"]) == (key.id, "robot")
    problem(await v1("carol").get(log), 403)
    problem(await v1("dave").get(log), 404)
    problem(await anonymous.get(log, headers={"X-API-Key": secret}), 403)
    weak = await world.key("ada", scopes=["write"])
    problem(await anonymous.get(log, headers={"X-API-Key": weak}), 403)


@pytest.mark.parametrize("settings", [{"rate_limits": "on", "rate_api": 1}], indirect=True)
async def test_what_was_one_too_many_is_noted_too(v1: Clients, services: Services, write: Write) -> None:
    assert [(await v1("ada").get("/v1/me")).status_code for _ in range(2)] == [200, 429]
    assert await write() == 2
    async with services.database.read() as tx:
        assert await tx.all(int, "select status from request order by number") == [200, 429]
