"""Bodies that cannot be read: a client error in the words of v1, never 500, and nothing happens."""

import pytest
from httpx2 import AsyncClient

from courtyard.core.spaces import Space
from tests.dialects.v1.answers import Clients, made, problem
from tests.world import World

JSON = {"Content-Type": "application/json"}
MALFORMED = [
    b"",
    b"{",
    b"nonsense",
    b'{"name": "x"',
    b'{"name": "x"} trailing',
    b"{'name': 'x'}",
    b'{"name": "x",}',
    b'{"name": "\xff"}',
    b'{"name": "\xed\xa0\x80"}',
    b'\xef\xbb\xbf{"name": "x"',
    '{"name": "x"}'.encode("utf-16"),
    b'{"name": "a\\u0000b"}',
    b'{"name": "x", "a\\u0000b": 1}',
    b'{"name": "x", "other": "\\u0000"}',
    b'{"name": "\\ud800"}',
    b'{"name": "x", "other": "\\udc00\\ud800"}',
    b'{"name": "x", "metadata": {"a": NaN}}',
    b'{"name": "x", "metadata": {"a": Infinity}}',
    b'{"name": "x", "metadata": {"a": -Infinity}}',
    b'{"name": "x", "metadata": {"a": 1e999}}',
    b'{"name": "x", "metadata": {"a": 9007199254740993}}',
    b'{"name": "x", "other": -9007199254740994}',
    b'{"name": "x", "other": ' + b"9" * 5_000 + b"}",
    b'{"name": "x", "other": ' + b"[" * 33 + b"]" * 33 + b"}",
    b'{"name": "x", "other": ' + b"[" * 200_000 + b"]" * 200_000 + b"}",
    b'{"name": "x", "other": ' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"}",
    b"[]",
    b"null",
    b'"name"',
    b"7",
    b"true",
]


@pytest.fixture
def ada(v1: Clients) -> AsyncClient:
    return v1("ada")


@pytest.fixture
async def space(world: World) -> Space:
    return await world.space("ada")


async def test_what_cannot_be_read_is_refused(ada: AsyncClient, world: World, space: Space) -> None:
    path, me = f"/v1/spaces/{space.id}", await ada.get("/v1/me")
    assert me.status_code == 200
    before = await world.events()
    for body in MALFORMED:
        for method, place in [
            ("POST", "/v1/spaces"),
            ("PATCH", path),
            ("POST", f"{path}/artifacts/generate"),
            ("POST", f"{path}/invitations"),
            ("POST", "/v1/keys"),
            ("POST", "/v1/invitations/accept"),
        ]:
            response = await ada.request(method, place, content=body, headers=JSON)
            assert response.status_code == 422, (place, body[:60], response.text)
            assert problem(response, 422)["errors"]
    assert await world.events() == before


async def test_what_is_just_inside_is_read(ada: AsyncClient) -> None:
    deep = '{"name": "Deep", "other": ' + "[" * 31 + "]" * 31 + "}"
    large = '{"name": "Large", "metadata": {"a": 9007199254740992, "b": -9007199254740992, "c": 1.5e300}}'
    pairs = '{"name": "\\ud83e\\udd86 \\u00fc"}'
    names: list[str] = []
    for body in (deep, large, pairs):
        response = await ada.post("/v1/spaces", content=body.encode(), headers=JSON)
        assert response.status_code in (201, 422), response.text
        if response.status_code == 201:
            names.append(response.json()["name"])
    assert names == ["Deep", "Large", "🦆 ü"] or names == ["Deep", "🦆 ü"]


@pytest.mark.parametrize(
    "media", ["text/plain", "application/x-www-form-urlencoded", "application/xml", "json", "", "application/jsonx"]
)
async def test_another_type_than_json_is_not_taken(ada: AsyncClient, space: Space, media: str) -> None:
    for method, path in (("POST", "/v1/spaces"), ("PATCH", f"/v1/spaces/{space.id}"), ("POST", "/v1/keys")):
        response = await ada.request(method, path, content=b'{"name": "x"}', headers={"Content-Type": media})
        problem(response, 415, "unsupported_type")
    problem(await ada.post("/v1/spaces", content=b'{"name": "x"}'), 415)
    problem(await ada.post("/v1/spaces", files={"name": ("x", b"x")}), 415)


@pytest.mark.parametrize("media", ["application/json; charset=utf-8", "APPLICATION/JSON", "application/vnd.api+json"])
async def test_json_by_any_of_its_names(ada: AsyncClient, media: str) -> None:
    response = await ada.post("/v1/spaces", content=b'{"name": "x"}', headers={"Content-Type": media})
    assert response.status_code == 201


async def test_a_body_beyond_a_mebibyte_is_refused(ada: AsyncClient) -> None:
    body = b'{"name": "x", "other": "' + b"x" * (1 << 20) + b'"}'
    problem(await ada.post("/v1/spaces", content=body, headers=JSON), 413)


async def test_rights_come_before_the_body(v1: Clients, world: World) -> None:
    space = await world.space("ada", viewers=["vera"])
    path = f"/v1/spaces/{space.id}"
    for method, place in [
        ("PATCH", path),
        ("POST", f"{path}/artifacts/generate"),
        ("POST", f"{path}/threads"),
        ("POST", f"{path}/customers"),
        ("POST", f"{path}/invitations"),
    ]:
        for headers in (JSON, {"Content-Type": "text/plain"}):
            problem(await v1("sam").request(method, place, content=b"{", headers=headers), 404)
            problem(await v1("vera").request(method, place, content=b"{", headers=headers), 403)


async def test_a_refusal_says_nothing_of_the_inside(ada: AsyncClient, world: World) -> None:
    space = await made(ada, "/v1/spaces", {"name": "x"})
    answers = [
        await ada.post("/v1/spaces", json={"name": {"a": "Ztop5ecret"}}),
        await ada.get("/v1/spaces?limit=Ztop5ecret&cursor=Ztop5ecret"),
        await ada.get("/v1/spaces/Ztop5ecret"),
        await ada.get("/v1/Ztop5ecret"),
        await ada.request("ZTOP5ECRET", "/v1/spaces"),
        await ada.patch(f"/v1/spaces/{space['id']}", json={"visibility": "Ztop5ecret"}),
        await ada.post("/v1/spaces", content=b'{"name": Ztop5ecret}', headers=JSON),
        await ada.get("/v1/me", headers={"X-API-Key": "Ztop5ecret"}),
    ]
    for answer in answers:
        assert answer.status_code in (401, 404, 405, 422)
        for inside in ("Ztop5ecret", "select ", "Traceback", "/src/", "pydantic", "NewSpace", "msgspec"):
            assert inside not in answer.text, answer.text
