"""The first run: the printed address makes one administrator, once, and nothing else does."""

import asyncio

import msgspec
import pytest

from courtyard.core import clock
from courtyard.core.accounts import setting_up
from courtyard.core.identity import people
from courtyard.storage.database import Database
from tests.dialects.pages.browser import Browser, Seen
from tests.dialects.pages.conftest import PASSWORD, Opening
from tests.world import World

COUNTED = pytest.mark.parametrize("settings", [{"rate_limits": "on"}], indirect=True)


class _Name(msgspec.Struct, frozen=True):
    name: str


ADA = {"username": "ada", "email": "ada@example.org", "password": PASSWORD}


async def printed(database: Database) -> str:
    """What a start of the server prints."""
    async with database.write() as tx:
        return str(await setting_up.offer(tx))


async def administrators(database: Database) -> list[str]:
    async with database.read() as tx:
        return [one.email for one in await people.administrators(tx)]


async def form(browser: Browser, token: str) -> Seen:
    return await browser.get(f"/setup?token={token}")


async def fill(browser: Browser, seen: Seen, **fields: str) -> Seen:
    """Send the form, as Ada unless `fields` say otherwise."""
    return await browser.submit(seen, None, **{**ADA, **fields})


async def test_the_address_makes_the_administrator_and_signs_them_in(browser: Browser, world: World) -> None:
    token = await printed(world.database)
    assert (await browser.get("/login?next=/console/")).place == "/setup"
    assert "prints a line" in (await browser.get("/setup")).text
    assert (await fill(browser, await form(browser, token))).place == "/setup/space"
    assert await administrators(world.database) == ["ada@example.org"]
    assert "ada@example.org" in (await browser.get("/account")).text
    async with world.database.read() as tx:
        kept = await tx.all(_Name, "select name from installation where name like 'setup%'")
    assert kept == []


async def test_of_the_address_a_hash_is_kept(world: World) -> None:
    token = await printed(world.database)
    async with world.database.read() as tx:
        kept = await tx.all(_Name, "select name || ' ' || value as name from installation")
    assert len([one for one in kept if one.name.startswith("setup:")]) == 1
    assert [one for one in kept if token in one.name] == []


@pytest.mark.parametrize("token", ["x", "cyu_000000000000000000000000000000000000", "%27%20or%20%271"])
async def test_a_wrong_address_is_said_plainly(browser: Browser, world: World, token: str) -> None:
    await printed(world.database)
    seen = await form(browser, token)
    assert seen.status == 410
    assert (
        seen.page.alert
        == "This set-up address is not valid, or no longer. The server prints a new one each time it starts."
    )
    assert seen.page.forms == []
    good = await form(browser, await printed(world.database))
    sent = {**good.page.form.fields, **ADA}
    assert (await browser.post(f"/setup?token={token}", sent)).status == 410
    assert await administrators(world.database) == []


async def test_a_used_address_leads_to_the_sign_in(browser: Browser, opening: Opening, world: World) -> None:
    first, second = await printed(world.database), await printed(world.database)
    other = opening()
    late = await form(other, second)
    await fill(browser, await form(browser, first))
    for token in (first, second):
        seen = await form(other, token)
        assert (seen.status, seen.page.links["To sign-in"]) == (409, "/login")
    assert (await other.get("/setup")).status == 409
    refused = await other.submit(late, username="eve", email="eve@example.org", password=PASSWORD)
    assert (refused.status, refused.page.headings) == (409, ["Already set up"])
    assert await administrators(world.database) == ["ada@example.org"]
    async with world.database.write() as tx:
        assert await setting_up.offer(tx) is None


async def test_of_two_who_do_it_at_once_one_wins(opening: Opening, world: World) -> None:
    """With addresses of two replicas."""
    tokens = [await printed(world.database) for _ in range(4)]
    browsers = [opening() for _ in tokens]
    forms = [await form(one, token) for one, token in zip(browsers, tokens, strict=True)]
    answers = await asyncio.gather(
        *(
            one.submit(seen, username=f"ada{number}", email=f"ada{number}@example.org", password=PASSWORD)
            for number, (one, seen) in enumerate(zip(browsers, forms, strict=True))
        )
    )
    assert sorted(seen.status for seen in answers) == [303, 409, 409, 409]
    assert len(await administrators(world.database)) == 1


async def test_an_address_is_too_old_after_a_day(
    browser: Browser, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = await printed(world.database)
    later = clock.now() + setting_up.LIFE
    monkeypatch.setattr(clock, "now", lambda: later)
    assert (await form(browser, token)).status == 410
    # The next start tidies up.
    await printed(world.database)
    async with world.database.read() as tx:
        assert len(await tx.all(_Name, "select name from installation where name like 'setup:%'")) == 1


async def test_what_is_wrong_is_said_and_the_address_stays_good(browser: Browser, world: World) -> None:
    seen = await fill(browser, await form(browser, await printed(world.database)), password="short")
    assert (seen.status, seen.page.alert) == (422, "Password: Between 12 and 1024 characters.")
    assert seen.page.form.fields["email"] == "ada@example.org"
    assert (await fill(browser, seen, email="ada")).status == 422
    assert (await browser.submit(seen, password=PASSWORD)).place == "/setup/space"


async def test_somebody_who_registered_before_takes_nothing_away(browser: Browser, world: World) -> None:
    await world.person("eve")
    token = await printed(world.database)
    assert (await browser.get("/login")).status == 200
    taken = await fill(browser, await form(browser, token), email="eve@example.org")
    assert (taken.status, taken.page.alert) == (422, "This e-mail address is taken.")
    assert (await fill(browser, taken)).place == "/setup/space"
    assert await administrators(world.database) == ["ada@example.org"]


@COUNTED
async def test_nobody_finds_the_address_by_trying(browser: Browser, world: World) -> None:
    token = await printed(world.database)
    heard = [(await form(browser, f"cyu_{number:036}")).status for number in range(61)]
    assert heard == [410] * 60 + [429]
    assert (await form(browser, token)).status == 429
