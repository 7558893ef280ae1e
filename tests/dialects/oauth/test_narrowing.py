"""An application that is given fewer scopes: what was allowed before gives no more than it may have today."""

import asyncio

import pytest
from httpx2 import AsyncClient

from courtyard.core.oauth.applications import Application, Changes, change, find
from courtyard.core.oauth.scopes import Word
from tests.dialects.oauth.programs import (
    BEGIN,
    DEVICE,
    INTROSPECT,
    TOKEN,
    Program,
    code,
    decide,
    denied,
    exchange,
    granted,
    opens,
    program,
    renewal,
    tokens,
)
from tests.world import World

ALL: tuple[Word, ...] = ("read", "write", "admin", "openid")


async def give(world: World, by: Program, *scopes: Word) -> Application:
    """Its owner gives it these scopes, and no others."""
    ada = await world.actor("ada")
    async with world.database.write() as tx:
        held = await find(tx, ada, by.application.id, hold=True)
        return await change(tx, ada, held, Changes(scopes=list(scopes)))


async def test_a_refresh_token_gives_no_more_than_the_application_may_have(
    world: World, anonymous: AsyncClient
) -> None:
    app = await program(world, scopes=ALL)
    first = await tokens(anonymous, world, app, scopes="read write openid")
    await give(world, app, "read")
    form = renewal(app, first["refresh_token"])
    denied(await anonymous.post(TOKEN, data={**form, "scope": "write"}), 400, "invalid_scope")
    looked = (await anonymous.post(INTROSPECT, data={"token": first["refresh_token"], **app.proof()})).json()
    assert looked["scope"] == "read"
    second = await granted(anonymous, form)
    assert (second["scope"], await opens(anonymous, second["access_token"])) == ("read", 200)
    # What it is given back later the person has not allowed to this token.
    await give(world, app, *ALL)
    assert (await granted(anonymous, renewal(app, second["refresh_token"])))["scope"] == "read"


async def test_a_refresh_token_of_which_nothing_is_left_is_not_spent(world: World, anonymous: AsyncClient) -> None:
    app = await program(world, scopes=ALL)
    first = await tokens(anonymous, world, app, scopes="read write")
    await give(world, app, "openid")
    for _ in range(2):
        denied(await anonymous.post(TOKEN, data=renewal(app, first["refresh_token"])), 400, "invalid_scope")
    await give(world, app, "write")
    # To write contains to read.
    assert (await granted(anonymous, renewal(app, first["refresh_token"])))["scope"] == "read write"


async def test_access_tokens_that_can_do_more_end_at_once_and_others_stay(world: World, anonymous: AsyncClient) -> None:
    app, other = await program(world, scopes=ALL), await program(world, scopes=ALL)
    more = await tokens(anonymous, world, app, scopes="read write", person="bob")
    less = await tokens(anonymous, world, app, scopes="read", person="carl")
    elsewhere = await tokens(anonymous, world, other, scopes="read write", person="bob")
    alone = await granted(anonymous, {"grant_type": "client_credentials", **app.proof()})
    await give(world, app, "read")
    opened = [await opens(anonymous, one["access_token"]) for one in (more, less, elsewhere, alone)]
    assert opened == [401, 200, 200, 401]


async def test_a_key_that_it_made_ends_when_it_can_do_more(world: World, anonymous: AsyncClient) -> None:
    app = await program(world, scopes=ALL)
    bearer = {"Authorization": f"Bearer {(await tokens(anonymous, world, app, scopes='admin'))['access_token']}"}
    new = {"name": "its own", "scopes": ["write"]}
    key = (await anonymous.post("/v1/keys", json=new, headers=bearer)).json()["key"]
    await give(world, app, "write")
    assert await opens(anonymous, key) == 200
    await give(world, app, "read")
    assert await opens(anonymous, key) == 401


@pytest.mark.parametrize(("left", "scope"), [("read", "read"), ("openid", "")])
async def test_a_code_under_way_gives_no_more(world: World, anonymous: AsyncClient, left: Word, scope: str) -> None:
    app = await program(world, scopes=ALL)
    secret = await code(world, app, scopes="read write")
    await give(world, app, left)
    if scope:
        assert (await granted(anonymous, exchange(app, secret)))["scope"] == scope
    else:
        denied(await anonymous.post(TOKEN, data=exchange(app, secret)), 400, "invalid_scope")


async def test_a_device_under_way_gets_no_more(world: World, anonymous: AsyncClient) -> None:
    app = await program(world, scopes=ALL)
    begun = (await anonymous.post(BEGIN, data={**app.proof(), "scope": "read write"})).json()
    await decide(world, begun["user_code"], allow=True)
    await give(world, app, "read")
    form = {"grant_type": DEVICE, "device_code": begun["device_code"], **app.proof()}
    assert (await granted(anonymous, form))["scope"] == "read"


async def test_an_exchange_at_the_same_moment_leaves_nothing_that_can_do_more(
    world: World, anonymous: AsyncClient
) -> None:
    app = await program(world, scopes=ALL)
    forms = [exchange(app, await code(world, app, scopes="read write")) for _ in range(8)]
    asked = asyncio.gather(*(anonymous.post(TOKEN, data=form) for form in forms))
    answers, _ = await asyncio.gather(asked, give(world, app, "read"))
    for answer in answers:
        issued = answer.json()
        status = await opens(anonymous, issued["access_token"])
        assert status == (200 if issued["scope"] == "read" else 401)
