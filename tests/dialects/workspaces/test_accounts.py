"""Registering, logging in, and how often: what is refused, and in which words."""

import asyncio
from typing import Any

import pytest
from httpx2 import AsyncClient, Response

from tests.core.inviting import NEW, invite
from tests.core.mailing import kinds
from tests.dialects.workspaces.answers import Clients, places, refused
from tests.world import World

PASSWORD = "a lake has two shores"
ACCOUNT = {"email": "ada@example.org", "username": "ada", "password": PASSWORD}


async def register(client: AsyncClient, **changes: Any) -> Response:
    return await client.post("/auth/register/", json=ACCOUNT | changes)


async def log_in(client: AsyncClient, password: str = PASSWORD, email: str = "ada@example.org") -> Response:
    return await client.post("/auth/login/", json={"email": email, "password": password})


BAD: list[tuple[str, Any]] = [
    ("email", "ada"),
    ("email", None),
    ("username", " "),
    ("username", "a\nb"),
    ("username", 7),
    ("password", "short"),
    ("password", "password1234"),
    ("password", "x" * 1025),
    ("phone", 5550100),
    ("phone", "5" * 33),
]


async def test_an_account_needs_good_particulars(anonymous: AsyncClient) -> None:
    for name, value in BAD:
        assert places(await register(anonymous, **{name: value})) == [["body", name]]


async def test_addresses_and_usernames_are_taken_once(anonymous: AsyncClient) -> None:
    assert (await register(anonymous)).json() == {"message": "Registered successfully"}
    refused(await register(anonymous, email="ADA@Example.org", username="other"), 409)
    refused(await register(anonymous, email="other@example.org", username="ADA"), 409)


async def test_who_was_invited_hears_that_the_address_is_taken_and_is_mailed_the_invitation_again(
    anonymous: AsyncClient, world: World
) -> None:
    await invite(world, "bob", await world.space(owner="bob"), NEW)
    assert await kinds(world) == [("invitation", NEW)]
    await register(anonymous)
    await kinds(world)
    async with world.database.write() as tx:
        await tx.run("update invitation set sent_at = sent_at - 60000")
    told = [await register(anonymous, email=email, username="new") for email in (NEW.upper(), ACCOUNT["email"])]
    assert refused(told[0], 409) == refused(told[1], 409)
    assert await kinds(world) == [("invitation", NEW)]


async def test_of_many_who_want_one_address_at_once_one_gets_it(anonymous: AsyncClient) -> None:
    answers = await asyncio.gather(*(register(anonymous, username=f"ada{n}") for n in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]


@pytest.mark.parametrize("settings", [{"registration": "invited"}, {"registration": "closed"}], indirect=True)
async def test_where_strangers_cannot_register_they_hear_that_first(anonymous: AsyncClient) -> None:
    refused(await register(anonymous), 403)
    refused(await register(anonymous, password=None), 403)


async def test_a_wrong_password_and_an_unknown_address_sound_alike(anonymous: AsyncClient, world: World) -> None:
    await register(anonymous)
    await world.person("bob")
    answers = [
        await log_in(anonymous, "not my password"),
        await log_in(anonymous, email="nobody@example.org"),
        await log_in(anonymous, email="bob@example.org"),
        await log_in(anonymous, email="not an address"),
        await log_in(anonymous, ""),
    ]
    assert {refused(answer, 401) for answer in answers} == {"The e-mail address or the password is wrong."}
    assert len({answer.content for answer in answers}) == 1


async def test_a_token_is_a_credential_until_it_is_revoked(
    anonymous: AsyncClient, workspaces: Clients, world: World
) -> None:
    await register(anonymous)
    headers = {"Authorization": f"Bearer {(await log_in(anonymous)).json()['token']}"}
    assert (await anonymous.post("/workspaces/", json={"name": "Lake"}, headers=headers)).status_code == 200
    async with world.database.write() as tx:
        await tx.run("update credential set revoked_at = 1")
    refused(await anonymous.get("/workspaces/", headers=headers), 401)


async def test_who_administers_the_platform_is_an_admin_here(workspaces: Clients, world: World) -> None:
    await world.administrator("root")
    assert (await workspaces("root").get("/users/me")).json()["user"]["rol"] == "admin"


async def test_a_login_takes_no_idempotency_key(anonymous: AsyncClient) -> None:
    answer = await anonymous.post("/auth/login/", json={}, headers={"Idempotency-Key": "one"})
    refused(answer, 400)


@pytest.mark.parametrize("settings", [{"rate_limits": "on"}], indirect=True)
async def test_five_wrong_passwords_end_the_guessing_for_that_account_alone(anonymous: AsyncClient) -> None:
    await register(anonymous)
    await register(anonymous, email="bob@example.org", username="bob")
    for _ in range(5):
        refused(await log_in(anonymous, "not my password", "ADA@example.org"), 401)
    late = await log_in(anonymous)
    refused(late, 429)
    assert 0 < int(late.headers["retry-after"]) <= 900
    assert (await log_in(anonymous, email="bob@example.org")).status_code == 200


@pytest.mark.parametrize("settings", [{"rate_limits": "on"}], indirect=True)
async def test_guesses_made_at_once_count_each(anonymous: AsyncClient) -> None:
    await register(anonymous)
    answers = await asyncio.gather(*(log_in(anonymous, f"guess number {n}") for n in range(8)))
    assert sorted(answer.status_code for answer in answers) == [401] * 5 + [429] * 3


@pytest.mark.parametrize("settings", [{"rate_limits": "on"}], indirect=True)
async def test_ten_logins_a_minute_come_from_one_address(anonymous: AsyncClient) -> None:
    await register(anonymous)
    answers = [await log_in(anonymous) for _ in range(11)]
    assert [answer.status_code for answer in answers] == [200] * 10 + [429]
    assert answers[-1].headers["ratelimit-policy"] == '"login";q=10;w=60'
