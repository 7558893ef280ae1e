"""Entity tags on every single resource: 304 for who has it, 412 for who would change what they have not seen."""

import asyncio
import re
from typing import Any

import pytest
from httpx2 import AsyncClient

from tests.dialects.v1.answers import Clients, made, problem
from tests.world import World

STRONG = re.compile(r'"[\x21\x23-\x7e]+"')
Patch = dict[str, Any]


@pytest.fixture
def ada(v1: Clients) -> AsyncClient:
    return v1("ada")


@pytest.fixture
async def resources(ada: AsyncClient, world: World) -> dict[str, tuple[str, Patch]]:
    """Every single resource that can be changed: its path, and a change of it."""
    space = await world.space("ada")
    path = f"/v1/spaces/{space.id}"
    return {
        "space": (path, {"name": "New"}),
        "artifact": (f"{path}/artifacts/{(await world.artifact(space)).id}", {"name": "New"}),
        "thread": (f"{path}/threads/{(await world.thread(space)).id}", {"title": "New"}),
        "customer": (f"{path}/customers/{(await world.customer(space)).id}", {"name": "New"}),
        "key": (f"/v1/keys/{(await made(ada, '/v1/keys', {'name': 'x', 'scopes': ['read']}))['id']}", {"name": "New"}),
        "organization": (
            f"/v1/organizations/{(await made(ada, '/v1/organizations', {'name': 'Acme'}))['handle']}",
            {"name": "New"},
        ),
    }


Resources = dict[str, tuple[str, Patch]]
KINDS = ["space", "artifact", "thread", "customer", "key", "organization"]


@pytest.mark.parametrize("kind", KINDS)
async def test_who_has_it_hears_304(ada: AsyncClient, resources: Resources, kind: str) -> None:
    path, change = resources[kind]
    first = await ada.get(path)
    tag = first.headers["etag"]
    assert STRONG.fullmatch(tag)
    for known in (tag, f'"other", {tag}', f"W/{tag}", "*"):
        for method in ("GET", "HEAD"):
            again = await ada.request(method, path, headers={"If-None-Match": known})
            assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
            assert "content-type" not in again.headers
    for other in ('"other"', tag.strip('"'), ""):
        assert (await ada.get(path, headers={"If-None-Match": other})).status_code == 200

    changed = await ada.patch(path, json=change)
    assert changed.headers["etag"] != tag
    assert (await ada.get(path)).headers["etag"] == changed.headers["etag"]
    assert (await ada.get(path, headers={"If-None-Match": tag})).json() == changed.json()


@pytest.mark.parametrize("kind", KINDS)
async def test_who_has_not_seen_it_changes_nothing(ada: AsyncClient, resources: Resources, kind: str) -> None:
    path, change = resources[kind]
    first = await ada.get(path)
    tag = first.headers["etag"]
    for header in (
        {"If-Match": '"other"'},
        {"If-Match": f"W/{tag}"},
        {"If-Match": ""},
        {"If-None-Match": tag},
        {"If-None-Match": "*"},
    ):
        problem(await ada.patch(path, json=change, headers=header), 412, "precondition_failed")
        problem(await ada.delete(path, headers=header), 412, "precondition_failed")
    problem(await ada.get(path, headers={"If-Match": '"other"'}), 412, "precondition_failed")
    assert (await ada.get(path, headers={"If-Match": tag})).status_code == 200
    assert (await ada.get(path)).json() == first.json()

    changed = await ada.patch(path, json=change, headers={"If-Match": f'"other", {tag}'})
    assert changed.status_code == 200
    problem(await ada.delete(path, headers={"If-Match": tag}), 412)
    again = await ada.patch(path, json={}, headers={"If-Match": "*"})
    assert (again.status_code, again.headers["etag"]) == (200, changed.headers["etag"])
    assert (await ada.delete(path, headers={"If-Match": changed.headers["etag"]})).status_code == 204
    problem(await ada.patch(path, json={}, headers={"If-Match": "*"}), 404)


@pytest.mark.parametrize("kind", KINDS)
async def test_of_many_who_saw_the_same_one_changes_it(ada: AsyncClient, resources: Resources, kind: str) -> None:
    path, change = resources[kind]
    tag = (await ada.get(path)).headers["etag"]
    (field,) = change
    answers = await asyncio.gather(
        *(ada.patch(path, json={field: f"By {number}"}, headers={"If-Match": tag}) for number in range(8))
    )
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 7


async def test_what_a_post_makes_bears_its_tag(ada: AsyncClient, world: World) -> None:
    space = await ada.post("/v1/spaces", json={"name": "Tagged"})
    path = space.headers["location"]
    assert (await ada.get(path)).headers["etag"] == space.headers["etag"]
    for place, body in [
        (f"{path}/threads", {"title": "x"}),
        (f"{path}/customers", {"name": "x"}),
        (f"{path}/artifacts/generate", {"name": "x", "type": "note", "content": "eA=="}),
        ("/v1/organizations", {"name": "x"}),
    ]:
        response = await ada.post(place, json=body)
        shown = await ada.get(response.headers["location"])
        assert (shown.headers["etag"], shown.json()) == (response.headers["etag"], response.json())
    me = await ada.get("/v1/me")
    assert (await ada.get("/v1/me", headers={"If-None-Match": me.headers["etag"]})).status_code == 304
    job = (await world.jobs())[0]
    watched = await ada.get(f"/v1/jobs/{job.id}")
    assert (await ada.get(f"/v1/jobs/{job.id}", headers={"If-None-Match": watched.headers["etag"]})).status_code == 304


async def test_a_tag_tells_callers_apart(v1: Clients, world: World) -> None:
    space = await world.space("ada", viewers=["bob"])
    path = f"/v1/spaces/{space.id}"
    of_ada, of_bob = (await v1("ada").get(path)), (await v1("bob").get(path))
    assert of_ada.json()["role"] != of_bob.json()["role"]
    assert of_ada.headers["etag"] != of_bob.headers["etag"]
