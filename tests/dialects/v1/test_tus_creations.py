"""Uploads that can be resumed: what a creation promises when it is repeated, refused, or overtaken by others."""

from collections.abc import AsyncIterator

import pytest
from httpx2 import AsyncClient

from courtyard.core import quota
from courtyard.core.spaces import Space
from courtyard.storage.database import Busy, Down, Full
from courtyard.storage.local import LocalBlobs
from courtyard.web import resumable
from courtyard.web.arrival import BodyTooSlow
from tests.dialects.v1.answers import UNKNOWN, Clients, got, problem
from tests.dialects.v1.uploading import (
    BYTES,
    HELLO,
    TUS,
    artifacts,
    b64,
    begin,
    described,
    offset,
    patch,
    sha256,
    usage,
)
from tests.world import World

ONCE = {"Idempotency-Key": "once"}


@pytest.fixture
def ada(v1: Clients) -> AsyncClient:
    return v1("ada")


@pytest.fixture
async def space(world: World) -> Space:
    return await world.space("ada")


@pytest.fixture
def place(space: Space) -> str:
    return f"/v1/spaces/{space.id}/uploads"


async def test_an_upload_outlives_the_thread_that_it_was_for(
    ada: AsyncClient, place: str, space: Space, world: World
) -> None:
    kept, gone = await world.thread(space), await world.thread(space)
    words = [described(filename="lake.txt", thread_id=thread.id) for thread in (kept, gone)]
    addresses = [await begin(ada, place, len(HELLO), **said) for said in words]
    for address in addresses:
        assert (await patch(ada, address, 0, HELLO[:5])).status_code == 204
    assert (await ada.delete(f"/v1/spaces/{space.id}/threads/{gone.id}")).status_code == 204
    for address in addresses:
        assert (await patch(ada, address, 5, HELLO[5:])).status_code == 204
    found = [(await got(ada, address))["artifact_id"] for address in addresses]
    rows = [await got(ada, f"/v1/spaces/{space.id}/artifacts/{artifact_id}") for artifact_id in found]
    assert [(row["thread_ids"], row["checksum"]) for row in rows] == [
        ([kept.id], f"sha256:{sha256(HELLO)}"),
        ([], f"sha256:{sha256(HELLO)}"),
    ]


async def test_a_creation_that_is_repeated_tells_how_far_the_one_upload_is(
    ada: AsyncClient, place: str, space: Space
) -> None:
    head = {**BYTES, **ONCE, "Upload-Length": str(len(HELLO)), **described(filename="a")}
    first = await ada.post(place, content=HELLO[:5], headers=head)
    again = await ada.post(place, content=HELLO[:5], headers=head)
    assert again.headers["idempotent-replayed"] == "true"
    assert [(a.status_code, a.headers["location"], a.headers["upload-offset"]) for a in (first, again)] == [
        (201, first.headers["location"], "5")
    ] * 2
    assert (await patch(ada, first.headers["location"], 5, HELLO[5:])).status_code == 204
    done = await ada.post(place, content=HELLO[:5], headers=head)
    assert (done.status_code, done.headers["upload-offset"]) == (201, str(len(HELLO)))
    assert await artifacts(ada, space) == [("a", len(HELLO), sha256(HELLO))]
    promised = {**head, "Upload-Checksum": f"sha256 {b64(bytes(32))}"}
    problem(await ada.post(place, content=HELLO[:5], headers=promised), 422, "idempotency_key_reused")


async def test_a_creation_whose_upload_is_gone_is_not_answered_as_if_it_were_there(
    ada: AsyncClient, place: str
) -> None:
    head = {**TUS, **ONCE, "Upload-Length": "5", **described(filename="a")}
    address = (await ada.post(place, headers=head)).headers["location"]
    assert (await ada.delete(address, headers=TUS)).status_code == 204
    problem(await ada.post(place, headers=head), 410, "upload_gone")


async def test_a_creation_whose_bytes_were_refused_may_be_sent_again_under_its_key(
    ada: AsyncClient, place: str, space: Space, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = {**BYTES, **ONCE, **described(filename="a", sha256=sha256(HELLO))}
    deferred, whole = {"Upload-Defer-Length": "1"}, {"Upload-Length": str(len(HELLO))}
    async with world.database.write() as tx:
        await quota.limit(tx, bytes=5, artifacts=0)
    problem(await ada.post(place, content=HELLO, headers={**head, **deferred}), 507, "quota_exceeded")
    async with world.database.write() as tx:
        await quota.limit(tx, bytes=0, artifacts=0)
    problem(await ada.post(place, content=HELLO[::-1], headers={**head, **whole}), 460)
    for trouble, status in ((Full("full"), 507), (Down("down"), 503)):
        with monkeypatch.context() as patched:
            patched.setattr(LocalBlobs, "append", failing(trouble))
            problem(await ada.post(place, content=HELLO, headers={**head, **whole}), status)
        assert await usage(ada, space) == (0, 0, 0)
    made = await ada.post(place, content=HELLO, headers={**head, **whole})
    assert (made.status_code, made.headers["upload-offset"]) == (201, str(len(HELLO)))
    assert "idempotent-replayed" not in made.headers
    assert await offset(ada, made.headers["location"]) == len(HELLO)
    assert await artifacts(ada, space) == [("a", len(HELLO), sha256(HELLO))]


async def test_every_answer_names_the_protocol_whatever_went_wrong(
    ada: AsyncClient, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = await begin(ada, place)

    async def slow() -> AsyncIterator[bytes]:
        yield HELLO[:3]
        raise BodyTooSlow

    answers = [await patch(ada, address, 0, slow()), await ada.head(f"{place}/{UNKNOWN}", headers=TUS)]
    for trouble in (Full("full"), Down("down"), Busy("busy"), RuntimeError("a bug")):
        with monkeypatch.context() as patched:
            patched.setattr(resumable.uploads, "seize", failing(trouble))
            answers.append(await patch(ada, address, 3, HELLO[3:]))
    assert [answer.status_code for answer in answers] == [408, 404, 507, 503, 409, 500]
    assert {answer.headers["tus-resumable"] for answer in answers} == {"1.0.0"}
    # A header that stands twice is one value with a comma for most clients, and so another version.
    assert all(answer.headers.get_list("tus-resumable") == ["1.0.0"] for answer in answers)
    # Nobody else's answers name it.
    assert "tus-resumable" not in (await ada.get(address)).headers


def failing(trouble: Exception) -> object:
    """A step that meets this trouble."""

    async def fail(*_: object, **__: object) -> None:
        raise trouble

    return fail
