"""Guessing that was stopped is in the trail: once for each window, and in that of the person it was about."""

import msgspec
import pytest
from httpx2 import AsyncClient

from tests.dialects.v1.answers import Clients
from tests.dialects.v1.browsing import browser, with_password
from tests.world import World

COUNTED = pytest.mark.parametrize(
    "settings", [{"rate_limits": "on", "rate_login": 100, "rate_bad_credentials": 2}], indirect=True
)
WRONG = "not this one, I think"


async def locked(world: World) -> list[tuple[str, str]]:
    """About whom, and what else is told of it."""
    async with world.database.read() as tx:
        rows = await tx.all(
            str,
            "select coalesce(object_id, '') || ' ' || detail from event where action = 'login.locked' order by number",
        )
    return [(row.partition(" ")[0], row.partition(" ")[2]) for row in rows]


@COUNTED
async def test_a_person_sees_that_their_password_was_guessed_at(
    world: World, anonymous: AsyncClient, v1: Clients
) -> None:
    await with_password(world)
    for _ in range(9):
        await anonymous.post("/auth/login/", json={"email": "ADA@example.org", "password": WRONG})
    (seen,) = [one for one in (await v1("ada").get("/v1/me/events")).json()["data"] if one["action"] == "login.locked"]
    assert (seen["own"], seen["result"], seen["detail"]) == (False, "refused", {"policy": "failed_login"})
    assert seen["address"]


@COUNTED
async def test_of_an_address_that_is_nobodys_only_a_hash_is_kept(world: World, anonymous: AsyncClient) -> None:
    for email in ("nobody@example.org", "my password by mistake"):
        for _ in range(7):
            await anonymous.post("/auth/login/", json={"email": email, "password": WRONG})
    (hashed, plain) = await locked(world)
    assert hashed[0] == plain[0] == ""
    assert set(msgspec.json.decode(hashed[1])) == {"policy", "address_hash"}
    assert plain[1] == '{"policy":"failed_login"}'


@COUNTED
async def test_who_guesses_in_a_session_is_in_the_trail_of_its_person(world: World, anonymous: AsyncClient) -> None:
    await with_password(world)
    here = await browser(world, anonymous)
    for _ in range(7):
        await here.ask("POST", "/v1/me/confirm", {"password": WRONG})
    assert await locked(world) == [((await world.person("ada")).id, '{"policy":"failed_login"}')]


@COUNTED
async def test_wrong_credentials_are_told_once(world: World, anonymous: AsyncClient) -> None:
    for _ in range(5):
        await anonymous.get("/v1/me", headers={"X-API-Key": "cyk_wrong"})
    assert await locked(world) == [("", '{"policy":"bad_credentials"}')]


@pytest.mark.parametrize("settings", [{"rate_limits": "on", "rate_anonymous": 1, "rate_api": 1}], indirect=True)
async def test_who_only_asks_too_often_is_no_guesser(world: World, anonymous: AsyncClient, v1: Clients) -> None:
    for _ in range(3):
        await anonymous.get("/v1/spaces")
        await v1("ada").get("/v1/me")
    assert await locked(world) == []
