"""v1 for browsers: the same routes, the session of a browser, and changes from our own pages alone."""

from collections.abc import AsyncIterator, Callable

import httpx2
import pytest

from courtyard.app import DIALECTS
from courtyard.core.identity import sessions
from courtyard.dialects import v1
from courtyard.dialects.v1 import browser
from courtyard.web.dialect import Services
from courtyard.web.guard import Guard
from tests.world import ORIGIN, World

SITE = "https://courtyard.test"
OWN = {"Sec-Fetch-Site": "same-origin"}
Made = Callable[..., httpx2.AsyncClient]


@pytest.fixture
async def cookie(world: World) -> str:
    """The secret of Ada's session."""
    person = await world.person("ada")
    async with world.database.write() as tx:
        return (await sessions.begin(tx, person, ORIGIN, "test", second=False))[1]


@pytest.fixture
async def made(site: Guard) -> AsyncIterator[Made]:
    """Makes clients that send these headers with every request."""
    clients: list[httpx2.AsyncClient] = []

    def make(at: str = SITE, peer: str = "127.0.0.1", **headers: str) -> httpx2.AsyncClient:
        transport = httpx2.ASGITransport(site, client=(peer, 1))
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        clients.append(httpx2.AsyncClient(transport=transport, base_url=at, headers=sent))
        return clients[-1]

    yield make
    for client in clients:
        await client.aclose()


def held(secret: str) -> str:
    return f"__Host-courtyard_session={secret}"


async def test_it_has_the_routes_of_v1_and_no_other(services: Services) -> None:
    assert browser in DIALECTS
    assert browser.dialect(services).routes == v1.dialect(services).routes


async def test_a_session_opens_it_and_nothing_else_does(made: Made, cookie: str, world: World) -> None:
    key = await world.key("ada")
    assert (await made(cookie=held(cookie)).get("/console/api/me")).json()["username"] == "ada"
    assert (await made().get("/console/api/me")).status_code == 401
    assert (await made(x_api_key=key).get("/console/api/me")).status_code == 401
    assert (await made(authorization=f"Bearer {key}").get("/console/api/me")).status_code == 401
    assert (await made(cookie=held("cys_" + "a" * 36)).get("/console/api/me")).status_code == 401


async def test_v1_never_reads_a_cookie(made: Made, cookie: str) -> None:
    for sent in (held(cookie), f"courtyard_session={cookie}"):
        client = made(cookie=sent, **OWN)
        assert (await client.get("/v1/me")).status_code == 401
        assert (await client.post("/v1/spaces", json={"name": "Lake"})).status_code == 401
    assert (await made(x_api_key=cookie).get("/v1/me")).status_code == 401


async def test_what_it_makes_is_there_in_v1(made: Made, cookie: str, v1: Callable[[str], httpx2.AsyncClient]) -> None:
    created = await made(cookie=held(cookie), **OWN).post("/console/api/spaces", json={"name": "Lake"})
    assert created.status_code == 201
    assert (await v1("ada").get(f"/v1/spaces/{created.json()['id']}")).json()["name"] == "Lake"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 201),
        ({"Sec-Fetch-Site": "none"}, 201),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": SITE}, 403),
        ({"Origin": SITE}, 201),
        ({"Origin": "https://elsewhere.test"}, 403),
        ({"Origin": "null"}, 403),
        ({}, 403),
    ],
)
async def test_changes_come_from_our_own_pages(made: Made, cookie: str, headers: dict[str, str], status: int) -> None:
    client = made(cookie=held(cookie))
    answer = await client.post("/console/api/spaces", json={"name": "Lake"}, headers=headers)
    assert answer.status_code == status
    assert (await client.get("/console/api/spaces", headers={"Sec-Fetch-Site": "cross-site"})).status_code == 200


async def test_in_clear_it_is_for_this_machine_alone(made: Made, cookie: str) -> None:
    sent = f"courtyard_session={cookie}"
    assert (await made("http://127.0.0.1:8000", cookie=sent).get("/console/api/me")).status_code == 200
    assert (await made("http://192.0.2.1:8000", "192.0.2.7", cookie=sent).get("/console/api/me")).status_code == 403
    # Over https the cookie without the prefix could come from a neighbour's page.
    assert (await made(cookie=sent).get("/console/api/me")).status_code == 401
