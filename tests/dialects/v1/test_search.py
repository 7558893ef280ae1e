"""Search on the wire: everything, one space, and the list of artifacts."""

import pytest
from httpx2 import AsyncClient

from courtyard.core.spaces import Space
from tests.dialects.v1.answers import ARTIFACT, Clients, got, pointers, problem, walk
from tests.world import World

HIT = set("kind id space_id space_name thread_id name content_type url highlights updated_at".split())


@pytest.fixture
async def zoo(world: World) -> Space:
    space = await world.space("ada", "Zoo", viewers=["vera"], visibility="public")
    for number in range(3):
        await world.artifact(space, f"Zebra {number}.txt")
    await world.thread(space, "Which zebra?")
    return space


async def test_a_hit_says_what_and_where_it_is(v1: Clients, zoo: Space) -> None:
    page = await got(v1("ada"), "/v1/search", q="zebra 2")
    (hit,) = page["data"]
    assert (set(hit), page["cursor"]) == (HIT, None)
    assert (hit["kind"], hit["name"], hit["space_id"], hit["space_name"]) == ("artifact", "Zebra 2.txt", zoo.id, "Zoo")
    assert hit["highlights"] == {
        "name": [
            {"text": "Zebra", "marked": True},
            {"text": " ", "marked": False},
            {"text": "2", "marked": True},
            {"text": ".txt", "marked": False},
        ],
        "text": [],
    }
    assert (await got(v1("ada"), hit["url"]))["id"] == hit["id"]
    for kind, question in {"space": "zoo", "thread": "which"}.items():
        (hit,) = (await got(v1("ada"), "/v1/search", q=question, kind=kind))["data"]
        assert (await got(v1("ada"), hit["url"]))["id"] == hit["id"]


async def test_pages_are_walked_without_a_gap_or_a_twin(v1: Clients, zoo: Space, world: World) -> None:
    await world.artifact(zoo, "other", tags=["zebra"])
    everything = ["Which zebra?", "Zebra 2.txt", "Zebra 1.txt", "Zebra 0.txt", "other"]
    for path in ("/v1/search", f"/v1/spaces/{zoo.id}/search"):
        for limit in (1, 2, 100):
            assert [hit["name"] for hit in await walk(v1("ada"), path, limit=limit, q="zebra")] == everything


async def test_the_list_of_artifacts_takes_a_question(v1: Clients, zoo: Space) -> None:
    path = f"/v1/spaces/{zoo.id}/artifacts"
    rows = await walk(v1("ada"), path, limit=2, q="zebr")
    assert [set(row) for row in rows] == [ARTIFACT] * 3
    assert [row["name"] for row in rows] == ["Zebra 2.txt", "Zebra 1.txt", "Zebra 0.txt"]
    assert (await got(v1("ada"), path, q="zebra", document_type="photo"))["data"] == []
    assert len((await got(v1("ada"), path, q=""))["data"]) == 3
    assert (await got(v1("ada"), path, q="?"))["data"] == []
    past = await v1("ada").get(path, params={"q": "zebra", "as_of": "2026-01-01T00:00:00Z"})
    assert pointers(past)


async def test_strangers_find_what_they_may_read(v1: Clients, anonymous: AsyncClient, zoo: Space, world: World) -> None:
    await world.artifact(await world.space("ada", "Secret"), "Zebra secret")
    for name, kinds in {"ada": ["artifact", "thread"] + ["artifact"] * 3, "sam": ["artifact"] * 3}.items():
        found = (await got(v1(name), "/v1/search", q="zebra"))["data"]
        assert [hit["kind"] for hit in found] == kinds
    assert len((await got(v1("sam"), f"/v1/spaces/{zoo.id}/search", q="zebra"))["data"]) == 3
    assert len((await got(v1("vera"), f"/v1/spaces/{zoo.id}/search", q="zebra"))["data"]) == 4
    problem(await anonymous.get("/v1/search?q=zebra"), 401)
    secret = await world.space("ada", "Den")
    problem(await v1("sam").get(f"/v1/spaces/{secret.id}/search?q=zebra"), 404)


async def test_what_administrators_see_of_others_is_written_down(v1: Clients, zoo: Space, world: World) -> None:
    await world.administrator()
    assert len((await got(v1("root"), "/v1/search", q="zebra"))["data"]) == 4
    assert "privileged.read" in await world.events()


@pytest.mark.parametrize("query", ["", "?kind=artifact", "?q=a&kind=planet", "?q=a&limit=0", "?q=a&cursor=MTow"])
async def test_a_question_of_the_wrong_form_is_refused(v1: Clients, query: str) -> None:
    problem(await v1("ada").get(f"/v1/search{query}"), 422)


@pytest.mark.parametrize("q", ['"', "'", "a*", "(", "NEAR(a b)", "{x}:", "\\", "a:b:*", "%25%5F", "--", "é\u0007"])
async def test_no_question_is_an_error(v1: Clients, zoo: Space, q: str) -> None:
    await got(v1("ada"), "/v1/search", q=q)
    await got(v1("ada"), f"/v1/spaces/{zoo.id}/artifacts", q=q)
