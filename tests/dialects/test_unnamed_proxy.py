"""A proxy on this machine that nobody named lends its address to everybody: what it passes on is not of this machine."""

import pytest
from httpx2 import AsyncClient

from tests.world import World

HERE = "http://courtyard.test"
SENT = [{"X-Forwarded-For": "192.0.2.7"}, {"X-Forwarded-Proto": "http"}, {"X-Forwarded-Proto": "https"}]
LOCAL = {
    "GET /login": (200, 403),
    "GET /oauth/jwks": (200, 400),
    "POST /oauth/revoke": (401, 400),
    "GET /console/api/me": (401, 403),
    "GET /api/v1/account": (401, 400),
}
"""What is for this machine alone in clear: what it hears, and what everybody else does."""
pytestmark = pytest.mark.parametrize("call", LOCAL)
FORM = {"token": "x", "client_id": "unknown"}


async def status(client: AsyncClient, call: str, headers: dict[str, str], site: str = HERE) -> int:
    method, path = call.split()
    return (
        await client.request(method, f"{site}{path}", headers=headers, data=FORM if method == "POST" else None)
    ).status_code


@pytest.mark.parametrize("settings", [{"plain_http": True}], indirect=True)
async def test_what_a_proxy_passes_on_is_not_of_this_machine(world: World, anonymous: AsyncClient, call: str) -> None:
    await world.person("ada")
    own, others = LOCAL[call]
    assert await status(anonymous, call, {}) == own
    assert [await status(anonymous, call, headers) for headers in SENT] == [others] * len(SENT)


@pytest.mark.parametrize("settings", [{"plain_http": True}], indirect=True)
async def test_over_https_the_headers_are_ignored(world: World, anonymous: AsyncClient, call: str) -> None:
    await world.person("ada")
    heard = [await status(anonymous, call, headers, "https://courtyard.test") for headers in ({}, *SENT)]
    assert heard == [LOCAL[call][0]] * len(heard)


@pytest.mark.parametrize("settings", [{"trusted_proxies": ["127.0.0.1"]}], indirect=True)
async def test_a_proxy_that_was_named_is_believed(world: World, anonymous: AsyncClient, call: str) -> None:
    await world.person("ada")
    own, others = LOCAL[call]
    client = {"X-Forwarded-For": "192.0.2.7"}
    assert await status(anonymous, call, {**client, "X-Forwarded-Proto": "https"}) == own
    assert await status(anonymous, call, {**client, "X-Forwarded-Proto": "http"}) == others
