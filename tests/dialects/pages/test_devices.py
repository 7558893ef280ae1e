"""Devices: let in by whoever types the code that they show."""

import pytest

from courtyard.core import ids
from courtyard.core.oauth import consents, devices
from courtyard.core.paging import Page
from tests.dialects.pages.asking import application
from tests.dialects.pages.browser import Browser
from tests.dialects.pages.conftest import PASSWORD, Opening
from tests.dialects.pages.test_changes import stale
from tests.world import World


async def device(world: World, scopes: str = "read") -> str:
    """The code that a device shows."""
    app = await application(world, name="Command line")
    async with world.database.write() as tx:
        return (await devices.begin(tx, app, scopes))[1]


async def device_state(world: World, user_code: str) -> str:
    async with world.database.read() as tx:
        letters = user_code.replace("-", "")
        return await tx.one(str, "select state from device_code where user_code = :code", code=letters) or ""


@pytest.mark.parametrize(("button", "state"), [("Allow", "allowed"), ("Deny", "denied")])
async def test_a_device_is_let_in_by_its_code(
    browser: Browser, ada: str, world: World, button: str, state: str
) -> None:
    code = await device(world)
    page = await browser.follow(await browser.get("/device"))
    form = await browser.follow(await browser.submit(page, email=ada, password=PASSWORD))
    wrong = await browser.submit(form, user_code="BBBB-BBBB")
    assert wrong.status == 404
    assert wrong.page.alert
    asked = await browser.submit(wrong, user_code=code.lower().replace("-", " "))
    for word in ("Command line", code, "See your spaces"):
        assert word in asked.text
    assert (await browser.submit(asked, button=button)).status == 200
    assert await device_state(world, code) == state
    assert (await browser.submit(asked, button=button)).status == 404
    async with world.database.read() as tx:
        held = (await consents.page(tx, await world.actor("ada"), Page(10))).items
    assert [one.application_name for one in held] == (["Command line"] if button == "Allow" else [])


async def test_a_device_is_not_let_in_by_its_address_alone(opening: Opening, ada: str, world: World) -> None:
    code = await device(world)
    browser = opening()
    assert (await browser.get(f"/device?user_code={code}")).place == f"/login?next=%2Fdevice%3Fuser_code%3D{code}"
    await browser.sign_in(ada, PASSWORD)
    assert (await browser.get(f"/device?user_code={code}&decision=allow")).status == 200
    assert (await browser.post("/device", {"user_code": code, "decision": "allow"})).status == 403
    assert await device_state(world, code) == "waiting"


@pytest.mark.parametrize("settings", [{"rate_limits": "on"}], indirect=True)
async def test_codes_of_devices_are_not_guessed(browser: Browser, ada: str, world: World) -> None:
    await browser.sign_in(ada, PASSWORD)
    guesses = [await browser.get(f"/device?user_code={ids.code(8, devices.LETTERS)}") for _ in range(6)]
    assert [one.status for one in guesses] == [404] * 5 + [429]
    assert "retry-after" in guesses[-1].response.headers


async def test_all_rights_are_given_only_after_confirming(browser: Browser, ada: str, world: World) -> None:
    code = await device(world, "read admin")
    await browser.sign_in(ada, PASSWORD)
    asked = await browser.get(f"/device?user_code={code}")
    assert asked.status == 200
    await stale(world)
    for seen in (await browser.submit(asked, button="Allow"), await browser.get(f"/device?user_code={code}")):
        assert seen.place.startswith("/account/confirm?next=%2Fdevice%3Fuser_code%3D")
    assert await device_state(world, code) == "waiting"
    back = await browser.submit(await browser.follow(seen), password=PASSWORD)
    assert (await browser.submit(await browser.follow(back), button="Allow")).status == 200
    assert await device_state(world, code) == "allowed"


@pytest.mark.parametrize("settings", [{"rate_limits": "on"}], indirect=True)
async def test_ones_own_device_makes_good_for_no_guesses(browser: Browser, ada: str, world: World) -> None:
    code = await device(world)
    await browser.sign_in(ada, PASSWORD)
    confirm = await browser.get("/account/confirm")
    for _ in range(5):
        assert (await browser.submit(confirm, password="not this one")).status == 401
    asked = await browser.get(f"/device?user_code={code}")
    assert (await browser.submit(asked, button="Allow")).status == 200
    assert (await browser.submit(confirm, password="not this one")).status == 429
