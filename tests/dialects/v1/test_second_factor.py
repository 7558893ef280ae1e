"""The second factor over HTTP: an app that counts from its first code on, codes that work once."""

from typing import Any

import pytest
from httpx2 import AsyncClient
from pyotp import parse_uri
from pyotp.totp import TOTP

from courtyard.core import accounts
from courtyard.core.identity import second, sessions
from tests.core.moments import Moment
from tests.dialects.v1.answers import Clients, got, pointers, problem
from tests.dialects.v1.browsing import HOME, PASSWORD, Browser, browser, with_password
from tests.world import World

PATH = "/v1/me/second-factor"
MINE = {"password": PASSWORD}


class App:
    """The app in which the secret is."""

    def __init__(self, secret: str, moment: Moment) -> None:
        self._totp, self._moment = TOTP(secret), moment

    def shows(self) -> str:
        return self._totp.at(self._moment.at // 1000)


async def enrolled(world: World, client: AsyncClient, moment: Moment) -> tuple[App, list[str]]:
    """Ada's app in use, and her recovery codes; the next step has come."""
    await with_password(world)
    app = App(await secret(client), moment)
    confirmed = await client.post(f"{PATH}/totp/confirm", json={**MINE, "code": app.shows()})
    assert confirmed.status_code == 200, confirmed.text
    moment.passes(second.STEP)
    return app, confirmed.json()["recovery_codes"]


async def secret(client: AsyncClient) -> str:
    asked = await client.post(f"{PATH}/totp", json=MINE)
    assert (asked.status_code, asked.headers["location"], asked.headers["cache-control"]) == (201, PATH, "no-store")
    return asked.json()["secret"]


async def test_without_one_a_password_suffices(v1: Clients) -> None:
    assert await got(v1("ada"), PATH) == {"required": False, "totp": False, "passkeys": 0, "recovery_codes": 0}


async def test_an_app_counts_from_its_first_code_on(v1: Clients, world: World, moment: Moment) -> None:
    await with_password(world)
    ada = v1("ada")
    first = (await ada.post(f"{PATH}/totp", json=MINE)).json()
    assert set(first) == {"secret", "uri"}
    read: Any = parse_uri(first["uri"])
    assert (read.secret, read.name, read.issuer) == (first["secret"], "ada@example.org", "Courtyard")
    assert (await got(ada, PATH))["required"] is False
    # Asking again replaces it.
    app = App(await secret(ada), moment)
    for wrong in (App(first["secret"], moment).shows(), "000000", "", "x" * 400):
        refused = await ada.post(f"{PATH}/totp/confirm", json={**MINE, "code": wrong})
        assert (pointers(refused), refused.json()["code"]) == ({"/code"}, "wrong_code")
    confirmed = await ada.post(f"{PATH}/totp/confirm", json={**MINE, "code": app.shows()})
    assert (confirmed.status_code, len(confirmed.json()["recovery_codes"])) == (200, 10)
    assert confirmed.headers["cache-control"] == "no-store"
    assert await got(ada, PATH) == {"required": True, "totp": True, "passkeys": 0, "recovery_codes": 10}
    assert (await got(ada, "/v1/me"))["second_factor"] is True
    problem(await ada.post(f"{PATH}/totp", json=MINE), 409, "already_enrolled")
    problem(await ada.post(f"{PATH}/totp/confirm", json={**MINE, "code": app.shows()}), 409, "already_enrolled")
    session, _ = await accounts.sign_in(world.database, "ada@example.org", PASSWORD, HOME, "test")
    assert session.state == "second"


async def test_nothing_is_confirmed_before_it_was_begun(v1: Clients, world: World) -> None:
    await with_password(world)
    ada = v1("ada")
    problem(await ada.post(f"{PATH}/totp/confirm", json={**MINE, "code": "123456"}), 409, "no_second_factor")
    problem(await ada.request("DELETE", f"{PATH}/totp", json=MINE), 409, "no_second_factor")
    problem(await ada.post(f"{PATH}/recovery-codes", json=MINE), 409, "no_second_factor")


async def test_a_code_works_once_and_in_place_of_the_password(v1: Clients, world: World, moment: Moment) -> None:
    ada = v1("ada")
    app, codes = await enrolled(world, ada, moment)
    shown = app.shows()
    newer = await ada.post(f"{PATH}/recovery-codes", json={"code": shown})
    assert newer.status_code == 201
    replayed = await ada.request("DELETE", f"{PATH}/totp", json={"code": shown})
    assert (pointers(replayed), replayed.json()["code"]) == ({"/code"}, "wrong_code")
    assert (await world.events())[-1] == "second.refused"
    # The codes of before are gone with the new ones; a new one works once.
    problem(await ada.request("DELETE", f"{PATH}/totp", json={"code": codes[0]}), 422, "wrong_code")
    recovery = newer.json()["recovery_codes"][0]
    third = await ada.post(f"{PATH}/recovery-codes", json={"code": recovery})
    assert (third.status_code, len(third.json()["recovery_codes"])) == (201, 10)
    problem(await ada.post(f"{PATH}/recovery-codes", json={"code": recovery}), 422, "wrong_code")
    assert "second.recovered" in await world.events()
    assert (await ada.request("DELETE", f"{PATH}/totp", json={"code": third.json()["recovery_codes"][1]})).is_success
    assert await got(ada, PATH) == {"required": False, "totp": False, "passkeys": 0, "recovery_codes": 0}


async def test_a_spent_recovery_code_is_one_less(
    v1: Clients, world: World, anonymous: AsyncClient, moment: Moment
) -> None:
    _, codes = await enrolled(world, v1("ada"), moment)
    here = await stale(world, anonymous, moment)
    assert (await here.ask("POST", "/v1/me/confirm", {"code": codes[3].upper()})).status_code == 200
    problem(await here.ask("POST", "/v1/me/confirm", {"code": codes[3]}), 422, "wrong_code")
    assert (await got(v1("ada"), PATH))["recovery_codes"] == 9


async def stale(world: World, anonymous: AsyncClient, moment: Moment) -> Browser:
    here = await browser(world, anonymous)
    moment.passes(sessions.RECENT)
    return here


async def test_a_browser_confirms_by_a_code(v1: Clients, world: World, anonymous: AsyncClient, moment: Moment) -> None:
    app, _ = await enrolled(world, v1("ada"), moment)
    here = await stale(world, anonymous, moment)
    problem(await here.ask("DELETE", f"{PATH}/totp"), 403, "confirmation_required")
    old, shown = here.secret, app.shows()
    assert (await here.ask("POST", "/v1/me/confirm", {"code": shown})).status_code == 200
    assert here.secret != old
    problem(await here.ask("POST", "/v1/me/confirm", {"code": shown}), 422, "wrong_code")
    assert (await here.ask("DELETE", f"{PATH}/totp")).status_code == 204


async def test_the_code_of_somebody_else_confirms_nothing(
    v1: Clients, world: World, anonymous: AsyncClient, moment: Moment
) -> None:
    app, codes = await enrolled(world, v1("ada"), moment)
    bob = await browser(world, anonymous, "bob")
    for code in (app.shows(), codes[0]):
        problem(await bob.ask("POST", "/v1/me/confirm", {"code": code}), 422, "wrong_code")
    assert (await got(v1("ada"), PATH))["recovery_codes"] == 10


@pytest.mark.parametrize("path", ["/totp", "/totp/confirm", "/recovery-codes"])
async def test_what_is_shown_once_is_never_kept(v1: Clients, world: World, path: str) -> None:
    await with_password(world)
    keyed = await v1("ada").post(PATH + path, json={**MINE, "code": "123456"}, headers={"Idempotency-Key": "a"})
    problem(keyed, 400, "key_refused")


@pytest.mark.parametrize("settings", [{"rate_limits": "on"}], indirect=True)
async def test_codes_are_not_guessed(v1: Clients, world: World, moment: Moment) -> None:
    app, _ = await enrolled(world, v1("ada"), moment)
    for _ in range(5):
        problem(await v1("ada").request("DELETE", f"{PATH}/totp", json={"code": "000000"}), 422)
    problem(await v1("ada").request("DELETE", f"{PATH}/totp", json={"code": app.shows()}), 429)
