"""Passkeys over HTTP, with an authenticator in software: registered, used to confirm, renamed, removed, nobody else's."""

import json
from typing import Any

import pytest
from httpx2 import AsyncClient, Response

from courtyard.core.identity import passkeys, sessions
from tests.core.authenticator import Authenticator
from tests.core.moments import Moment
from tests.dialects.v1.answers import UNKNOWN, Clients, got, pointers, problem, told, walk
from tests.dialects.v1.browsing import PASSWORD, Browser, browser, with_password
from tests.world import World

PATH = "/v1/me/passkeys"
ORIGIN = "https://courtyard.example"
pytestmark = pytest.mark.parametrize("settings", [{"public_url": f"{ORIGIN}:443/"}], indirect=True)


async def options(here: Browser, path: str = f"{PATH}/options") -> dict[str, Any]:
    asked = await here.ask("POST", path)
    assert asked.status_code == 200, asked.text
    assert set(asked.json()) == {"challenge_id", "options"}
    return asked.json()


async def answer(here: Browser, device: Authenticator, asked: dict[str, Any], name: str = "Laptop") -> Response:
    body = {
        "challenge_id": asked["challenge_id"],
        "answer": device.register(json.dumps(asked["options"])),
        "name": name,
    }
    return await here.ask("POST", PATH, body)


async def added(here: Browser, device: Authenticator, name: str = "Laptop") -> dict[str, Any]:
    response = await answer(here, device, await options(here), name)
    assert response.status_code == 201, response.text
    return response.json()


async def test_a_browser_registers_a_passkey_for_the_public_address(
    v1: Clients, world: World, anonymous: AsyncClient
) -> None:
    here, device = await browser(world, anonymous), Authenticator(ORIGIN)
    asked = await options(here)
    assert asked["options"]["rp"] == {"id": "courtyard.example", "name": "Courtyard"}
    response = await answer(here, device, asked)
    made = response.json()
    assert (response.status_code, response.headers["cache-control"]) == (201, "no-store")
    assert response.headers["location"] == f"{PATH}/{made['id']}"
    assert set(made) == {"id", "name", "created_at", "last_used_at", "recovery_codes"}
    assert (made["name"], made["last_used_at"], len(made["recovery_codes"])) == ("Laptop", None, 10)
    second = await added(here, Authenticator(ORIGIN), "Phone")
    assert second["recovery_codes"] == []
    rows = await walk(v1("ada"), PATH, limit=1)
    assert [row["name"] for row in rows] == ["Phone", "Laptop"]
    assert set(rows[0]) == {"id", "name", "created_at", "last_used_at"}
    assert await got(v1("ada"), "/v1/me/second-factor") == {
        "required": True,
        "totp": False,
        "passkeys": 2,
        "recovery_codes": 10,
    }


async def test_a_challenge_is_good_for_one_answer_of_its_person(
    world: World, anonymous: AsyncClient, moment: Moment
) -> None:
    here, bob, device = await browser(world, anonymous), await browser(world, anonymous, "bob"), Authenticator(ORIGIN)
    asked = await options(here)
    assert pointers(await answer(bob, device, asked)) == {"/answer"}
    # Spent by whoever showed it.
    problem(await answer(here, device, asked), 422, "not_a_passkey")
    late = await options(here)
    moment.passes(passkeys.LIFE)
    problem(await answer(here, device, late), 422, "not_a_passkey")
    problem(await answer(here, Authenticator("https://evil.example"), await options(here)), 422, "not_a_passkey")
    assert (await answer(here, device, await options(here))).status_code == 201
    problem(await answer(here, device, await options(here)), 409, "passkey_known")
    for body in ({"challenge_id": UNKNOWN, "answer": {}, "name": "x"}, {"challenge_id": "", "answer": {}, "name": ""}):
        problem(await here.ask("POST", PATH, body), 422)


async def test_a_key_registers_one_with_the_password(v1: Clients, world: World) -> None:
    await with_password(world)
    ada, mine = v1("ada"), {"password": PASSWORD}
    asked = (await ada.post(f"{PATH}/options", json=mine)).json()
    made = Authenticator(ORIGIN).register(json.dumps(asked["options"]))
    body = {"challenge_id": asked["challenge_id"], "answer": made, "name": "Laptop"}
    problem(await ada.post(PATH, json=body), 403, "confirmation_required")
    problem(await ada.post(PATH, json={**body, **mine}, headers={"Idempotency-Key": "a"}), 400)
    assert (await ada.post(PATH, json={**body, **mine})).status_code == 201


async def test_a_browser_confirms_by_a_passkey(world: World, anonymous: AsyncClient, moment: Moment) -> None:
    here, device = await browser(world, anonymous), Authenticator(ORIGIN)
    made = await added(here, device)
    moment.passes(sessions.RECENT)
    problem(await here.ask("POST", f"{PATH}/options"), 403, "confirmation_required")
    asked, old = await options(here, "/v1/me/confirm/options"), here.secret
    assert asked["options"]["userVerification"] == "required"
    shown = {"challenge_id": asked["challenge_id"], "answer": device.answer(json.dumps(asked["options"]))}
    assert (await here.ask("POST", "/v1/me/confirm", {"passkey": shown})).status_code == 200
    assert here.secret != old
    replayed = await here.ask("POST", "/v1/me/confirm", {"passkey": shown})
    assert (pointers(replayed), replayed.json()["code"]) == ({"/passkey"}, "wrong_passkey")
    assert (await here.ask("GET", f"{PATH}/{made['id']}")).json()["last_used_at"] is not None
    problem(await here.ask("DELETE", f"{PATH}/{made['id']}"), 409, "last_way_in")
    await with_password(world)
    assert (await here.ask("DELETE", f"{PATH}/{made['id']}")).status_code == 204


async def test_a_passkey_that_was_only_touched_confirms_nothing(
    world: World, anonymous: AsyncClient, moment: Moment
) -> None:
    here, device = await browser(world, anonymous), Authenticator(ORIGIN, verifies=False)
    await added(here, device)
    moment.passes(sessions.RECENT)
    asked = await options(here, "/v1/me/confirm/options")
    shown = {"challenge_id": asked["challenge_id"], "answer": device.answer(json.dumps(asked["options"]))}
    problem(await here.ask("POST", "/v1/me/confirm", {"passkey": shown}), 422, "wrong_passkey")
    problem(await here.ask("POST", f"{PATH}/options"), 403, "confirmation_required")


async def test_the_passkey_of_somebody_else_is_an_unknown_one(
    v1: Clients, world: World, anonymous: AsyncClient, moment: Moment
) -> None:
    here, device = await browser(world, anonymous), Authenticator(ORIGIN)
    theirs = await added(here, device)
    bob = v1("bob")
    for method, body in (("GET", None), ("PATCH", {"name": "mine now"}), ("DELETE", None)):
        more: dict[str, Any] = {} if body is None else {"json": body}
        foreign = await bob.request(method, f"{PATH}/{theirs['id']}", **more)
        problem(foreign, 404)
        assert told(foreign) == told(await bob.request(method, f"{PATH}/{UNKNOWN}", **more))
    assert (await got(bob, PATH))["data"] == []
    # Nor does it confirm another person.
    there = await browser(world, anonymous, "bob")
    await added(there, Authenticator(ORIGIN))
    asked = await options(there, "/v1/me/confirm/options")
    shown = {"challenge_id": asked["challenge_id"], "answer": device.answer(json.dumps(asked["options"]))}
    problem(await there.ask("POST", "/v1/me/confirm", {"passkey": shown}), 422, "wrong_passkey")
    assert [row["name"] for row in (await got(v1("ada"), PATH))["data"]] == ["Laptop"]


async def test_a_passkey_is_renamed_as_it_was_seen(v1: Clients, world: World, anonymous: AsyncClient) -> None:
    made = await added(await browser(world, anonymous), Authenticator(ORIGIN))
    ada, path = v1("ada"), f"{PATH}/{made['id']}"
    tag = (await ada.get(path)).headers["etag"]
    assert (await ada.patch(path, json={"name": "Phone"}, headers={"If-Match": tag})).json()["name"] == "Phone"
    problem(await ada.patch(path, json={"name": "Ring"}, headers={"If-Match": tag}), 412)
    assert pointers(await ada.patch(path, json={"name": "x" * 65})) == {"/name"}
    assert (await ada.patch(path, json={})).json()["name"] == "Phone"


async def test_the_last_one_takes_the_recovery_codes_along(
    v1: Clients, world: World, anonymous: AsyncClient, moment: Moment
) -> None:
    await with_password(world)
    here = await browser(world, anonymous)
    made = await added(here, Authenticator(ORIGIN))
    path = f"{PATH}/{made['id']}"
    moment.passes(sessions.RECENT)
    problem(await here.ask("DELETE", path), 403, "confirmation_required")
    problem(await v1("ada").delete(path), 403, "confirmation_required")
    wrong = await v1("ada").request("DELETE", path, json={"password": "not this one, I think"})
    assert pointers(wrong) == {"/password"}
    assert (await v1("ada").request("DELETE", path, json={"password": PASSWORD})).status_code == 204
    problem(await v1("ada").request("DELETE", path, json={"password": PASSWORD}), 404)
    assert (await got(v1("ada"), "/v1/me/second-factor"))["recovery_codes"] == 0
