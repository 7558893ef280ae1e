"""Downloads by public links: nobody gets more of them than were given, and nobody loses one that did not come to its end."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from httpx2 import AsyncClient
from starlette.types import Message

from courtyard.core import clock, tickets
from courtyard.core.spaces import Space
from courtyard.core.tickets import merged
from courtyard.storage.database import Down
from courtyard.storage.local import LocalBlobs
from courtyard.web import download
from courtyard.web.arrival import ClientGone
from courtyard.web.guard import Guard
from tests.dialects.v1.answers import got, made
from tests.world import World

Clients = Callable[[str], AsyncClient]
BYTES = b"0123456789" * 100


@pytest.fixture
async def space(world: World) -> Space:
    return await world.space("ada")


@pytest.fixture
async def place(v1: Clients, space: Space) -> str:
    response = await v1("ada").post(f"/v1/spaces/{space.id}/artifacts?name=a.bin", content=BYTES)
    assert response.status_code == 201, response.text
    return f"/v1/spaces/{space.id}/artifacts/{response.json()['id']}/links"


@pytest.fixture
async def link(v1: Clients, place: str) -> dict[str, Any]:
    return await made(v1("ada"), place, {"max_downloads": 1})


async def begun(client: AsyncClient, link: dict[str, Any]) -> str:
    response = await client.get(f"{link['url'][link['url'].index('/l/') :]}/download")
    assert response.status_code == 303, response.text
    return response.headers["location"]


async def counted(v1: Clients, place: str, link: dict[str, Any]) -> int:
    return (await got(v1("ada"), f"{place}/{link['id']}"))["downloads"]


async def test_a_download_that_came_to_its_end_can_be_repeated_for_a_moment_only(
    v1: Clients, anonymous: AsyncClient, place: str, link: dict[str, Any], world: World
) -> None:
    ticket = await begun(anonymous, link)
    for _ in range(2):
        assert (await anonymous.get(ticket)).content == BYTES
    await later(world, tickets.GRACE)
    assert (await anonymous.get(ticket)).status_code == 404
    assert await counted(v1, place, link) == 1


async def test_all_but_the_last_byte_are_not_to_be_had_again_and_again(
    v1: Clients, anonymous: AsyncClient, place: str, link: dict[str, Any]
) -> None:
    ticket = await begun(anonymous, link)
    asked = [await anonymous.get(ticket, headers={"Range": "bytes=0-998"}) for _ in range(10)]
    assert [answer.status_code for answer in asked] == [206] * tickets.TRIES + [404] * (10 - tickets.TRIES)
    ticket = await begun(anonymous, await made(v1("ada"), place, {"max_downloads": 1}))
    asked = await asyncio.gather(*(anonymous.get(ticket) for _ in range(10)))
    assert sum(answer.status_code == 200 for answer in asked) == tickets.TRIES
    assert await counted(v1, place, link) == 0


async def test_a_download_that_is_given_up_gives_its_place_back(
    v1: Clients, anonymous: AsyncClient, place: str, link: dict[str, Any], world: World
) -> None:
    ticket = await begun(anonymous, link)
    path = link["url"][link["url"].index("/l/") :]
    assert (await anonymous.get(ticket, headers={"Range": "bytes=0-99"})).status_code == 206
    assert await lapsed(world) == 0
    assert (await anonymous.get(path)).status_code == 404
    await later(world, tickets.IDLE)
    assert (await anonymous.get(ticket)).status_code == 404
    assert await lapsed(world) == 1
    assert (await anonymous.get(path)).status_code == 200
    # One that counted does not.
    ticket = await begun(anonymous, link)
    assert (await anonymous.get(ticket)).status_code == 200
    await later(world, tickets.IDLE)
    assert await lapsed(world) == 1
    assert (await anonymous.get(path)).status_code == 404
    assert await counted(v1, place, link) == 1


async def test_what_broke_off_goes_on_and_counts_once(
    v1: Clients, anonymous: AsyncClient, site: Guard, place: str, link: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "PIECE", 100)
    ticket = await begun(anonymous, link)
    # The client reads three pieces and hangs up; then the store goes away.
    assert await fetched(site, ticket, pieces=3) == BYTES[:300]
    read = LocalBlobs.read

    async def failing(self: LocalBlobs, key: str, start: int, length: int) -> bytes:
        if start >= 500:
            raise Down("gone")
        return await read(self, key, start, length)

    with monkeypatch.context() as patched:
        patched.setattr(LocalBlobs, "read", failing)
        assert await fetched(site, ticket, pieces=99) == BYTES[:500]
    assert await counted(v1, place, link) == 0
    rest = await anonymous.get(ticket, headers={"Range": "bytes=500-"})
    assert rest.content == BYTES[500:]
    assert await counted(v1, place, link) == 1


async def test_what_was_sent_of_other_content_does_not_count(
    v1: Clients, anonymous: AsyncClient, place: str, link: dict[str, Any]
) -> None:
    ticket = await begun(anonymous, link)
    assert (await anonymous.get(ticket, headers={"Range": "bytes=0-499"})).status_code == 206
    content = place.removesuffix("/links") + "/content"
    assert (await v1("ada").put(content, content=BYTES[::-1])).status_code == 200
    assert (await anonymous.get(ticket, headers={"Range": "bytes=500-"})).content == BYTES[::-1][500:]
    assert await counted(v1, place, link) == 0
    assert (await anonymous.get(ticket)).content == BYTES[::-1]
    assert await counted(v1, place, link) == 1


async def test_an_empty_file_counts_too(v1: Clients, anonymous: AsyncClient, place: str, link: dict[str, Any]) -> None:
    assert (await v1("ada").put(place.removesuffix("/links") + "/content", content=b"")).status_code == 200
    assert (await anonymous.get(await begun(anonymous, link))).content == b""
    assert await counted(v1, place, link) == 1


def test_spans_are_merged() -> None:
    assert merged([(5, 9), (0, 3), (3, 5), (20, 30), (22, 25)]) == [(0, 9), (20, 30)]


async def fetched(site: Guard, path: str, *, pieces: int) -> bytes:
    """What a client gets that hangs up after so many pieces, or is broken off."""
    got, waits = bytearray(), asyncio.Event()

    async def receive() -> Message:
        await waits.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if len(got) >= pieces * download.PIECE:
            raise ClientGone
        got.extend(message.get("body", b""))

    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "scheme": "https",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"host", b"courtyard.test")],
        "client": ("127.0.0.1", 1),
        "server": ("courtyard.test", 443),
    }
    await site(scope, receive, send)
    return bytes(got)


async def lapsed(world: World) -> int:
    """How many tickets are over now."""
    count = 0
    async with world.database.write() as tx:
        while await tickets.lapse(tx):
            count += 1
    return count


async def later(world: World, milliseconds: int) -> None:
    """So much later, as far as tickets know."""
    async with world.database.write() as tx:
        await tx.run("update link_ticket set until = until - :past", past=milliseconds + clock.SECOND)
