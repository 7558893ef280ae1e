"""Public links: who has one sees the artifact, until it is over; each download counts once."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from httpx2 import AsyncClient

from courtyard.core import artifacts, clock, spaces
from courtyard.core.access.roles import Permission
from courtyard.core.spaces import Space
from courtyard.web.guard import Guard
from tests.dialects.v1.answers import got, made, pointers, problem
from tests.world import World

Clients = Callable[[str], AsyncClient]
BYTES = b"0123456789" * 100
LINK = set(
    "id space_id artifact_id artifact_name name last4 protected preview_only expires_at max_downloads active views"
    " downloads last_viewed_at last_downloaded_at created_by created_by_username created_at updated_at".split()
)
SECRET = "correct horse"


@pytest.fixture
async def space(world: World) -> Space:
    return await world.space("ada", editors=["eve"], viewers=["vera"])


@pytest.fixture
async def artifact(v1: Clients, space: Space) -> dict[str, Any]:
    path = f"/v1/spaces/{space.id}/artifacts?name=<b>figures</b>.bin"
    response = await v1("ada").post(path, content=BYTES, headers={"Content-Type": "application/octet-stream"})
    assert response.status_code == 201, response.text
    return response.json()


@pytest.fixture
def place(artifact: dict[str, Any]) -> str:
    return f"/v1/spaces/{artifact['space_id']}/artifacts/{artifact['id']}/links"


def local(link: dict[str, Any]) -> str:
    """The address without the installation's own."""
    return link["url"][link["url"].index("/l/") :]


async def begun(client: AsyncClient, path: str) -> str:
    """Where a download that is counted leads."""
    response = await client.get(f"{path}/download")
    assert response.status_code == 303, response.text
    return response.headers["location"]


async def over(client: AsyncClient, path: str) -> None:
    """It sounds like a link that never was."""
    unknown = await client.get("/l/cyl_nothing")
    for each in (path, f"{path}/download", f"{path}/preview"):
        response = await client.get(each)
        assert (response.status_code, response.text) == (404, unknown.text)


async def test_whoever_has_the_link_sees_and_downloads(
    v1: Clients, anonymous: AsyncClient, place: str, world: World
) -> None:
    link = await made(v1("ada"), place, {"name": "For the press"})
    assert set(link) == LINK | {"url"}
    path = local(link)
    page = await anonymous.get(path)
    assert page.status_code == 200
    assert "&lt;b&gt;figures&lt;/b&gt;.bin" in page.text
    assert "1.0 kB" in page.text
    assert (page.headers["referrer-policy"], page.headers["cache-control"]) == ("no-referrer", "no-store")
    assert "noindex" in page.headers["x-robots-tag"]
    assert "ada" not in page.text
    pressed = await anonymous.post(f"{path}/download")
    assert pressed.status_code == 303
    response = await anonymous.get(pressed.headers["location"])
    assert (response.status_code, response.content) == (200, BYTES)
    looked = await anonymous.head(f"{path}/download")
    again = await anonymous.get(pressed.headers["location"], headers={"If-None-Match": response.headers["etag"]})
    assert again.status_code == 304
    for one in (pressed, response, looked, again):
        assert (one.headers["x-robots-tag"], one.headers["referrer-policy"]) == ("noindex, nofollow", "no-referrer")
    assert response.headers["content-disposition"].startswith("attachment")
    assert response.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert response.headers["cache-control"] == "private, no-store"
    seen = await got(v1("ada"), f"{place}/{link['id']}")
    assert (seen["views"], seen["downloads"]) == (1, 1)
    assert seen["last_viewed_at"]
    assert seen["last_downloaded_at"]
    assert {"link.created", "link.downloaded"} <= set(await world.events())


async def test_ranges_retries_and_looks_are_no_further_downloads(
    v1: Clients, anonymous: AsyncClient, place: str
) -> None:
    link = await made(v1("ada"), place, {"max_downloads": 1})
    path = local(link)
    assert (await anonymous.head(path)).status_code == (await anonymous.head(f"{path}/download")).status_code == 200
    ticket = await begun(anonymous, path)
    for start, end, downloads in ((500, 999, 0), (200, 399, 0), (0, 199, 0), (300, 600, 1), (0, 999, 1)):
        part = await anonymous.get(ticket, headers={"Range": f"bytes={start}-{end}"})
        assert (part.status_code, part.content) == (206, BYTES[start : end + 1])
        assert "noindex" in part.headers["x-robots-tag"]
        seen = await got(v1("ada"), f"{place}/{link['id']}")
        assert (seen["views"], seen["downloads"], seen["active"]) == (0, downloads, not downloads)
        # Nobody else gets its place meanwhile.
        await over(anonymous, path)
    for wrong in (ticket[:-1] + ("A" if ticket[-1] != "A" else "B"), f"{path}/download/x", f"{path}/download/9.9.9"):
        assert (await anonymous.get(wrong)).status_code == 404
    await v1("ada").patch(f"{place}/{link['id']}", json={"max_downloads": 2})
    assert (await anonymous.get(path)).status_code == 200
    await v1("ada").delete(f"{place}/{link['id']}")
    assert (await anonymous.get(ticket)).status_code == 404


async def test_of_many_who_come_at_once_no_more_than_allowed_get_it(
    v1: Clients, anonymous: AsyncClient, place: str
) -> None:
    link = await made(v1("ada"), place, {"max_downloads": 3})
    answers = await asyncio.gather(*(anonymous.get(f"{local(link)}/download") for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [303] * 3 + [404] * 7
    assert (await got(v1("ada"), f"{place}/{link['id']}"))["downloads"] == 0
    begun_ = [answer.headers["location"] for answer in answers if answer.status_code == 303]
    assert [(await anonymous.get(ticket)).content for ticket in begun_] == [BYTES] * 3
    assert (await got(v1("ada"), f"{place}/{link['id']}"))["downloads"] == 3


async def test_a_password_opens_it_for_this_browser_until_it_changes(
    v1: Clients, site: Guard, place: str, world: World
) -> None:
    link = await made(v1("ada"), place, {"password": SECRET})
    path = local(link)
    assert "password" not in str(set(link) - {"protected"})
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(site), base_url="https://courtyard.test") as browser:
        locked = await browser.get(path)
        assert (locked.status_code, "figures" in locked.text, "Password" in locked.text) == (200, False, True)
        assert (await browser.get(f"{path}/download")).headers["location"] == path
        assert (await browser.get(f"{path}/preview")).status_code == 404
        wrong = await browser.post(path, data={"password": "correct house"})
        assert (wrong.status_code, "figures" in wrong.text) == (403, False)
        assert "link.password_failed" in await world.events()
        right = await browser.post(path, data={"password": SECRET})
        assert (right.status_code, right.headers["location"]) == (303, path)
        assert "figures" in (await browser.get(path)).text
        ticket = await begun(browser, path)
        assert (await browser.get(ticket)).content == BYTES
        await v1("ada").patch(f"{place}/{link['id']}", json={"password": "another horse"})
        assert "figures" not in (await browser.get(path)).text
        assert (await browser.get(ticket)).status_code == 404
        await v1("ada").patch(f"{place}/{link['id']}", json={"password": None})
        assert "figures" in (await browser.get(path)).text
    assert (await got(v1("ada"), f"{place}/{link['id']}"))["views"] == 2


@pytest.mark.parametrize("settings", [{"rate_limits": "on"}], indirect=True)
async def test_passwords_are_not_guessed(v1: Clients, anonymous: AsyncClient, place: str) -> None:
    path = local(await made(v1("ada"), place, {"password": SECRET}))
    tries = [(await anonymous.post(path, data={"password": f"guess {n}"})).status_code for n in range(6)]
    assert tries == [403] * 5 + [429]
    assert (await anonymous.post(path, data={"password": SECRET})).status_code == 429


async def test_what_is_over_sounds_like_what_never_was(
    v1: Clients, anonymous: AsyncClient, place: str, world: World, space: Space, artifact: dict[str, Any]
) -> None:
    ended = await made(v1("ada"), place)
    assert (await v1("ada").delete(f"{place}/{ended['id']}")).status_code == 204
    await over(anonymous, local(ended))
    late = await made(v1("ada"), place, {"expires_at": clock.rfc3339(clock.now() + clock.HOUR)})
    async with world.database.write() as tx:
        await tx.run("update public_link set expires_at = 1")
    await over(anonymous, local(late))
    assert (await got(v1("ada"), f"{place}/{late['id']}"))["active"] is False
    link, actor = await made(v1("ada"), place), await world.actor("ada")
    ticket = await begun(anonymous, local(link))
    await v1("ada").delete(place.removesuffix("/links"))
    await over(anonymous, local(link))
    assert (await anonymous.get(ticket)).status_code == 404
    async with world.database.write() as tx:
        await artifacts.restore(tx, actor, space, await artifacts.find_trashed(tx, actor, space, artifact["id"]))
    await over(anonymous, local(link))
    link = await made(v1("ada"), place)
    async with world.database.write() as tx:
        await spaces.remove(tx, actor, await spaces.find(tx, actor, space.id, Permission.OWN))
        assert await tx.one(int, "select count(*) from public_link") == 0
    await over(anonymous, local(link))


async def test_a_preview_is_all_that_some_links_show(v1: Clients, anonymous: AsyncClient, place: str) -> None:
    path = local(await made(v1("ada"), place, {"preview_only": True}))
    page = await anonymous.get(path)
    assert (page.status_code, "/download" in page.text) == (200, False)
    assert (await anonymous.get(f"{path}/download")).status_code == 403
    assert (await anonymous.head(f"{path}/download")).status_code == 403
    assert (await anonymous.get(f"{path}/preview")).status_code == 404


async def test_editors_make_and_end_links_and_a_removed_maker_is_still_shown(
    v1: Clients, anonymous: AsyncClient, place: str, world: World, space: Space
) -> None:
    for name, status in {"vera": 403, "sam": 404}.items():
        problem(await v1(name).get(place), status)
        problem(await v1(name).post(place, json={}), status)
    link = await made(v1("eve"), place)
    assert link["created_by_username"] == "eve"
    await world.dismiss(space, "eve")
    assert (await anonymous.get(local(link))).status_code == 200
    (seen,) = (await got(v1("ada"), f"/v1/spaces/{space.id}/links"))["data"]
    assert (set(seen), seen["created_by_username"]) == (LINK, "eve")
    assert (await got(v1("ada"), place))["data"] == [seen]
    problem(await v1("eve").delete(f"{place}/{link['id']}"), 404)


async def test_what_is_sent_is_held_to_its_rules(v1: Clients, place: str) -> None:
    ada = v1("ada")
    for body, pointer in (
        ({"expires_at": "2001-01-01T00:00:00Z"}, "/expires_at"),
        ({"expires_at": "soon"}, "/expires_at"),
        ({"max_downloads": 0}, "/max_downloads"),
        ({"max_downloads": "3"}, "/max_downloads"),
        ({"password": "short"}, "/password"),
        ({"password": "password123"}, "/password"),
        ({"name": "x" * 256}, "/name"),
    ):
        assert pointers(await ada.post(place, json=body)) == {pointer}, body
    problem(await ada.post(place, json={}, headers={"Idempotency-Key": "1"}), 400)
    link = await made(ada, place)
    one = f"{place}/{link['id']}"
    tag = (await ada.get(one)).headers["etag"]
    changed = await ada.patch(one, json={"name": "Later"}, headers={"If-Match": tag})
    assert (changed.status_code, changed.json()["name"]) == (200, "Later")
    problem(await ada.patch(one, json={"name": "Again"}, headers={"If-Match": tag}), 412)
    problem(await ada.delete(one, headers={"If-Match": tag}), 412)
    assert (await ada.patch(one, json={"expires_at": None, "preview_only": None})).status_code == 200


@pytest.mark.parametrize("settings", [{"public_links": "off"}], indirect=True)
async def test_links_can_be_turned_off(v1: Clients, anonymous: AsyncClient, place: str) -> None:
    problem(await v1("ada").post(place, json={}), 403, "links_off")
    await over(anonymous, "/l/cyl_000000000000000000000000000000000000")
