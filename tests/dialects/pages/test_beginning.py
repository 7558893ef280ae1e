"""The second page of the first run: one space, perhaps with something in it, and a key that is shown once."""

import asyncio
import re

from tests.dialects.pages.browser import Browser, Seen
from tests.dialects.pages.conftest import PASSWORD, with_password
from tests.dialects.pages.test_setting_up import fill, form, printed
from tests.world import World

HERE = "/setup/space"


async def arrived(browser: Browser, world: World) -> Seen:
    """The page, as whoever has just set up the installation sees it."""
    seen = await fill(browser, await form(browser, await printed(world.database)))
    assert seen.place == HERE
    return await browser.follow(seen)


def shown(seen: Seen) -> str:
    """The key on the page, which stands in the command too."""
    found = re.findall(r"cyk_\w{36}", seen.text)
    assert len(found) == 2
    assert len(set(found)) == 1
    return found[0]


async def told(browser: Browser, key: str, path: str) -> list[str]:
    """The names in a list of v1, asked with the key."""
    answer = await browser.client.get(path, headers={"X-API-Key": key})
    assert answer.status_code == 200, answer.text
    return sorted(one.get("name", one.get("title")) for one in answer.json()["data"])


async def test_a_space_with_sample_data_and_a_key_that_opens_it(browser: Browser, world: World) -> None:
    page = await arrived(browser, world)
    made = await browser.submit(page, space="Water quality", organization="Lakeside Lab")
    assert (made.status, made.page.headings[0]) == (200, "Water quality is ready")
    assert made.response.headers["cache-control"] == "no-store"
    key = shown(made)
    assert await told(browser, key, "/v1/spaces") == ["Water quality"]
    space = (await browser.client.get("/v1/spaces", headers={"X-API-Key": key})).json()["data"][0]
    assert (space["organization"]["name"], space["role"]) == ("Lakeside Lab", "owner")
    place = f"/v1/spaces/{space['id']}"
    assert await told(browser, key, f"{place}/artifacts") == ["Readings.csv", "Spring survey.md"]
    assert await told(browser, key, f"{place}/customers") == ["Lake Board", "North Shore School"]
    assert await told(browser, key, f"{place}/threads") == ["Spring survey"]
    assert (await browser.client.get("/v1/people", headers={"X-API-Key": key})).status_code == 403
    # Nobody finds the key again, and the page leads on.
    assert (await browser.get(HERE)).place == "/"


async def test_without_anything_else_it_is_an_empty_space_of_ones_own(browser: Browser, world: World) -> None:
    page = await arrived(browser, world)
    values = {name: value for name, value in page.page.form.fields.items() if name != "sample"}
    key = shown(await browser.post(HERE, {**values, "space": "Mine"}))
    space = (await browser.client.get("/v1/spaces", headers={"X-API-Key": key})).json()["data"][0]
    assert space["name"] == "Mine"
    assert await told(browser, key, f"/v1/spaces/{space['id']}/artifacts") == []


async def test_what_is_wrong_is_said_and_nothing_is_made(browser: Browser, world: World) -> None:
    page = await arrived(browser, world)
    seen = await browser.submit(page, space="  ", organization="Lakeside Lab")
    assert (seen.status, seen.page.form.fields["organization"]) == (422, "Lakeside Lab")
    assert seen.page.alert
    assert await told(browser, shown(await browser.submit(seen, space="Now")), "/v1/organizations") == [
        "Lakeside Lab",
        "ada",
    ]


async def test_sent_twice_it_makes_one_space(browser: Browser, world: World) -> None:
    page = await arrived(browser, world)
    both = await asyncio.gather(*(browser.submit(page, space="Once") for _ in range(2)))
    assert sorted(seen.status for seen in both) == [200, 303]
    key = shown(next(seen for seen in both if seen.status == 200))
    assert await told(browser, key, "/v1/spaces") == ["Once"]


async def test_others_go_on_to_the_console(browser: Browser, world: World) -> None:
    email = await with_password(world, "eve")
    await printed(world.database)
    await browser.sign_in(email, PASSWORD)
    assert (await browser.get(HERE)).place == "/"
