"""Versions on the wire: new content, older ones, names, and the list as it was."""

import asyncio
from typing import Any

import pytest
from httpx2 import AsyncClient

from courtyard.core import clock
from courtyard.core.spaces import Space
from tests.dialects.v1.answers import ARTIFACT, UNKNOWN, Clients, got, made, pointers, problem, walk
from tests.world import World

VERSION = set(
    "number artifact_id name content_type size checksum created_by created_at aliases current download_url".split()
)
TEXT = {"Content-Type": "text/plain"}


@pytest.fixture
def ada(v1: Clients) -> AsyncClient:
    return v1("ada")


@pytest.fixture
async def space(world: World) -> Space:
    return await world.space("ada", editors=["eve"], viewers=["vera"], visibility="public")


@pytest.fixture
async def place(ada: AsyncClient, space: Space) -> str:
    """The path of an artifact that holds `one`."""
    artifacts = f"/v1/spaces/{space.id}/artifacts"
    response = await ada.post(f"{artifacts}?name=a.txt", content=b"one", headers=TEXT)
    assert response.status_code == 201
    return f"{artifacts}/{response.json()['id']}"


async def put(client: AsyncClient, place: str, content: bytes, **headers: str) -> Any:
    response = await client.put(f"{place}/content", content=content, headers={**TEXT, **headers})
    assert response.status_code == 200, response.text
    return response.json()


async def stored(world: World) -> int:
    async with world.database.read() as tx:
        return await tx.one(int, "select count(*) from artifact_version") or 0


async def test_new_content_is_a_new_version_under_the_same_id(v1: Clients, ada: AsyncClient, place: str) -> None:
    before = await got(ada, place)
    after = await put(v1("eve"), place, b"two two")
    assert set(after) == ARTIFACT
    assert (after["id"], after["version"], after["size"], after["name"]) == (before["id"], 2, 7, "a.txt")
    assert after == await got(ada, place)
    assert (await ada.get(f"{place}/download")).content == b"two two"
    new, old = (await got(ada, f"{place}/versions"))["data"]
    assert set(new) == set(old) == VERSION
    assert (new["number"], new["current"], old["number"], old["current"]) == (2, True, 1, False)
    assert (old["size"], old["checksum"], old["created_by"]) == (3, before["checksum"], before["created_by"])
    assert (await ada.get(old["download_url"])).content == b"one"
    assert await got(ada, f"{place}/versions/1") == old
    assert await got(ada, f"{place}/versions/current") == new
    part = await ada.get(f"{place}/versions/1/download", headers={"Range": "bytes=1-"})
    assert (part.status_code, part.content, part.headers["etag"]) == (206, b"ne", f'"{old["checksum"][7:]}"')
    assert part.headers["content-disposition"].startswith("attachment")


async def test_a_form_is_taken_too_and_the_same_content_is_no_new_version(
    ada: AsyncClient, place: str, world: World
) -> None:
    response = await ada.put(f"{place}/content", files={"file": ("other.txt", b"two", "text/plain")})
    assert (response.status_code, response.json()["version"], response.json()["name"]) == (200, 2, "a.txt")
    assert (await put(ada, place, b"two"))["version"] == 2
    assert await stored(world) == 1


async def test_of_two_who_saw_the_same_one_writes(v1: Clients, ada: AsyncClient, place: str, world: World) -> None:
    tag = (await ada.get(place)).headers["etag"]
    answers = await asyncio.gather(
        *(ada.put(f"{place}/content", content=word, headers={**TEXT, "If-Match": tag}) for word in (b"two", b"three"))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412]
    assert await stored(world) == 1
    problem(await ada.put(f"{place}/content", content=b"x", headers={**TEXT, "If-Match": '"other"'}), 412)
    assert (await put(ada, place, b"four", **{"If-Match": (await ada.get(place)).headers["etag"]}))["version"] == 3


async def test_refusals_leave_nothing(v1: Clients, ada: AsyncClient, place: str, space: Space, world: World) -> None:
    problem(await v1("vera").put(f"{place}/content", content=b"x", headers=TEXT), 403)
    problem(await v1("sam").put(f"{place}/content", content=b"x", headers=TEXT), 403)
    problem(await ada.put(f"{place}/content", content=b"x", headers={"Content-Type": "nonsense"}), 422)
    unknown = place.rpartition("/")[0] + f"/{UNKNOWN}"
    problem(await ada.put(f"{unknown}/content", content=b"x", headers=TEXT), 404)
    async with world.database.write() as tx:
        await tx.run("update artifact set status = 'pending'")
    problem(await ada.put(f"{place}/content", content=b"x", headers=TEXT), 409, "not_ready")
    assert await stored(world) == 0


async def test_older_versions_are_for_members_never_for_strangers(v1: Clients, ada: AsyncClient, place: str) -> None:
    await put(ada, place, b"two")
    assert (await v1("sam").get(f"{place}/download")).content == b"two"
    for rest in ("", "/1", "/1/download", "/current/download"):
        problem(await v1("sam").get(f"{place}/versions{rest}"), 403)
        assert (await v1("vera").get(f"{place}/versions{rest}")).status_code == 200
    for word in ("3", "0", "-1", "x", "9" * 30):
        problem(await ada.get(f"{place}/versions/{word}"), 404)
    problem(await v1("vera").post(f"{place}/versions/1/restore"), 403)


async def test_a_version_is_restored_as_a_new_one(ada: AsyncClient, place: str) -> None:
    await put(ada, place, b"two")
    problem(await ada.post(f"{place}/versions/2/restore"), 409, "same_content")
    first, again = [
        await ada.post(f"{place}/versions/1/restore", headers={"Idempotency-Key": "back"}) for _ in range(2)
    ]
    assert (first.status_code, first.headers["location"]) == (201, f"{place}/versions/3")
    back = first.json()
    assert back == again.json()
    assert (back["version"], back["size"]) == (3, 3)
    assert (await ada.get(f"{place}/download")).content == b"one"
    assert [row["number"] for row in await walk(ada, f"{place}/versions", limit=2)] == [3, 2, 1]
    problem(await ada.post(f"{place}/versions/9/restore"), 404)


async def test_a_version_has_names(v1: Clients, ada: AsyncClient, place: str) -> None:
    await put(ada, place, b"two")
    first = await ada.put(f"{place}/aliases/final", json={"version": 1})
    assert (first.status_code, first.json()["name"], first.json()["version"]) == (200, "final", 1)
    assert (await ada.get(f"{place}/versions/final/download")).content == b"one"
    assert (await got(ada, f"{place}/versions/final"))["aliases"] == ["final"]
    tag = first.headers["etag"]
    moved = await ada.put(f"{place}/aliases/final", json={"version": 2}, headers={"If-Match": tag})
    assert moved.json()["version"] == 2
    problem(await ada.put(f"{place}/aliases/final", json={"version": 1}, headers={"If-Match": tag}), 412)
    assert (await ada.get(f"{place}/versions/final/download")).content == b"two"
    for body, pointer in (
        ({"version": 3}, "/version"),
        ({"version": 0}, "/version"),
        ({}, "/version"),
        ({"version": "1"}, "/version"),
    ):
        assert pointers(await ada.put(f"{place}/aliases/final", json=body)) == {pointer}
    assert pointers(await ada.put(f"{place}/aliases/current", json={"version": 1})) == {"/name"}
    problem(await v1("vera").put(f"{place}/aliases/mine", json={"version": 1}), 403)
    assert (await ada.delete(f"{place}/aliases/final")).status_code == 204
    problem(await ada.delete(f"{place}/aliases/final"), 404)
    problem(await ada.get(f"{place}/versions/final"), 404)


async def test_the_list_as_it_was(v1: Clients, ada: AsyncClient, place: str, space: Space) -> None:
    await asyncio.sleep(0.01)
    at = clock.rfc3339(clock.now())
    await asyncio.sleep(0.01)
    await put(ada, place, b"two")
    await ada.patch(place, json={"name": "b.txt"})
    await made(ada, f"/v1/spaces/{space.id}/artifacts/generate", {"name": "c", "type": "d", "content": "YQ=="})
    listing = f"/v1/spaces/{space.id}/artifacts"
    (was,) = (await got(v1("vera"), listing, as_of=at))["data"]
    assert set(was) == ARTIFACT
    assert (was["name"], was["version"], was["size"]) == ("a.txt", 1, 3)
    assert (await ada.get(was["download_url"])).content == b"one"
    assert (await got(ada, f"{listing}?as_of={at.replace('Z', '+00:00')}"))["data"] == [was]
    assert len((await got(ada, listing))["data"]) == 2
    assert await got(ada, listing, as_of="2026-01-01T00:00:00Z") == {"data": [], "cursor": None}
    problem(await v1("sam").get(listing, params={"as_of": at}), 403)
    for bad in ("yesterday", "2026-01-01", "2999-01-01T00:00:00Z", "2001-01-01T00:00:00Z", ""):
        assert pointers(await ada.get(listing, params={"as_of": bad})) == {"/as_of"}
