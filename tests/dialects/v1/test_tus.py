"""Uploads that can be resumed: tus 1.0 as a client walks it."""

import asyncio
import hashlib

import pytest
from httpx2 import AsyncClient

from courtyard.core.spaces import Space
from tests.dialects.v1.answers import Clients, got, problem
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


@pytest.fixture
def ada(v1: Clients) -> AsyncClient:
    return v1("ada")


@pytest.fixture
async def space(world: World) -> Space:
    return await world.space("ada", editors=["ed"], viewers=["vi"])


@pytest.fixture
def place(space: Space) -> str:
    return f"/v1/spaces/{space.id}/uploads"


async def test_options_tell_everybody_what_is_spoken(anonymous: AsyncClient, place: str) -> None:
    response = await anonymous.options(place)
    assert (response.status_code, response.headers["tus-version"]) == (204, "1.0.0")
    assert response.headers["tus-max-size"] == str(5 * 1024**3)
    assert "sha1" in response.headers["tus-checksum-algorithm"].split(",")
    assert set(response.headers["tus-extension"].split(",")) == {
        *("creation", "creation-with-upload", "creation-defer-length", "expiration", "checksum", "termination"),
        "concatenation",
    }


async def test_an_upload_comes_in_pieces_and_becomes_an_artifact_once(
    ada: AsyncClient, place: str, space: Space
) -> None:
    address = await begin(ada, place)
    assert await usage(ada, space) == (0, 0, len(HELLO))
    first = await ada.head(address, headers=TUS)
    assert (first.headers["upload-length"], first.headers["upload-offset"]) == (str(len(HELLO)), "0")
    assert first.headers["upload-metadata"] == f"filename {b64('lake.txt')}"
    assert first.headers["upload-expires"].endswith("GMT")
    piece = await patch(ada, address, 0, HELLO[:5])
    assert (piece.status_code, piece.headers["upload-offset"], piece.headers["tus-resumable"]) == (204, "5", "1.0.0")
    assert await artifacts(ada, space) == []
    state = await got(ada, address)
    assert (state["state"], state["offset"], state["artifact_id"]) == ("uploading", 5, None)
    # Sent again, it is not counted twice.
    problem(await patch(ada, address, 0, HELLO[:5]), 409, "wrong_offset")
    assert await offset(ada, address) == 5
    assert (await patch(ada, address, 5, HELLO[5:])).status_code == 204
    assert await artifacts(ada, space) == [("lake.txt", len(HELLO), sha256(HELLO))]
    # The answer was lost: whoever asks hears that it is complete, and sending the end again changes nothing.
    assert await offset(ada, address) == len(HELLO)
    problem(await patch(ada, address, 5, HELLO[5:]), 409)
    assert (await patch(ada, address, len(HELLO), b"")).status_code == 204
    state = await got(ada, address)
    assert state["state"] == "finished"
    whole = await ada.get(f"/v1/spaces/{space.id}/artifacts/{state['artifact_id']}/download")
    assert whole.content == HELLO
    assert len(await artifacts(ada, space)) == 1
    assert await usage(ada, space) == (len(HELLO), 1, 0)


async def test_an_upload_may_bring_its_first_bytes_or_all_of_them(ada: AsyncClient, place: str, space: Space) -> None:
    head = {
        **BYTES,
        "Upload-Length": str(len(HELLO)),
        **described(name="a", type="image", tags="x, y", metadata='{"n": 1}'),
    }
    some = await ada.post(place, content=HELLO[:7], headers=head)
    assert (some.status_code, some.headers["upload-offset"]) == (201, "7")
    everything = await ada.post(place, content=HELLO, headers=head)
    assert (everything.status_code, everything.headers["upload-offset"]) == (201, str(len(HELLO)))
    (row,) = (await got(ada, f"/v1/spaces/{space.id}/artifacts"))["data"]
    assert (row["type"], row["tags"], row["metadata"]) == ("image", ["x", "y"], {"n": 1})
    problem(await ada.post(place, content=HELLO + b"!", headers=head), 413)


async def test_nothing_at_all_is_an_artifact_too(ada: AsyncClient, place: str, space: Space) -> None:
    address = await begin(ada, place, 0)
    assert await offset(ada, address) == 0
    assert await artifacts(ada, space) == [("lake.txt", 0, sha256(b""))]


async def test_the_length_may_be_said_later(ada: AsyncClient, place: str, space: Space) -> None:
    address = await begin(ada, place, None)
    assert (await ada.head(address, headers=TUS)).headers["upload-defer-length"] == "1"
    assert (await patch(ada, address, 0, HELLO[:9])).status_code == 204
    assert await usage(ada, space) == (0, 0, 9)
    problem(await patch(ada, address, 9, b"", Upload_Length="8"), 422)
    assert (await patch(ada, address, 9, b"", Upload_Length=str(len(HELLO)))).status_code == 204
    assert await usage(ada, space) == (0, 0, len(HELLO))
    problem(await patch(ada, address, 9, b"", Upload_Length="99"), 422)
    assert (await patch(ada, address, 9, HELLO[9:])).status_code == 204
    # Said with the last bytes, or after them.
    for late in (b"", HELLO[9:]):
        address = await begin(ada, place, None)
        assert (await patch(ada, address, 0, HELLO[: len(HELLO) - len(late)])).status_code == 204
        done = await patch(ada, address, len(HELLO) - len(late), late, Upload_Length=str(len(HELLO)))
        assert done.status_code == 204, done.text
    assert await artifacts(ada, space) == [("lake.txt", len(HELLO), sha256(HELLO))] * 3
    assert await usage(ada, space) == (3 * len(HELLO), 3, 0)


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha512"])
async def test_bytes_that_are_not_the_promised_ones_do_not_count(
    ada: AsyncClient, place: str, space: Space, algorithm: str
) -> None:
    address = await begin(ada, place)
    right = f"{algorithm} {b64(hashlib.new(algorithm, HELLO[:5]).digest())}"
    problem(await patch(ada, address, 0, b"jello", Upload_Checksum=right), 460, "checksum_mismatch")
    assert await offset(ada, address) == 0
    assert (await patch(ada, address, 0, HELLO[:5], Upload_Checksum=right)).status_code == 204
    for wrong in ("md5 " + b64(bytes(16)), f"{algorithm} ???", algorithm, f"{algorithm} {b64('short')}"):
        problem(await patch(ada, address, 5, HELLO[5:], Upload_Checksum=wrong), 400, "bad_header")
    assert await offset(ada, address) == 5
    assert (await patch(ada, address, 5, HELLO[5:])).status_code == 204
    assert await artifacts(ada, space) == [("lake.txt", len(HELLO), sha256(HELLO))]
    head = {**BYTES, "Upload-Length": "5", **described(filename="a"), "Upload-Checksum": right}
    before = await usage(ada, space)
    problem(await ada.post(place, content=b"jello", headers=head), 460)
    assert await usage(ada, space) == before


async def test_the_whole_is_checked_before_it_appears(ada: AsyncClient, place: str, space: Space) -> None:
    wrong = await begin(ada, place, len(HELLO), **described(filename="a", sha256=sha256(b"another")))
    problem(await patch(ada, wrong, 0, HELLO), 460)
    assert (await got(ada, wrong))["state"] == "failed"
    assert (await ada.head(wrong, headers=TUS)).status_code == 410
    assert (await artifacts(ada, space), await usage(ada, space)) == ([], (0, 0, 0))
    right = await begin(ada, place, len(HELLO), **described(filename="a", sha256=sha256(HELLO).upper()))
    assert (await patch(ada, right, 0, HELLO)).status_code == 204
    assert await artifacts(ada, space) == [("a", len(HELLO), sha256(HELLO))]


async def test_parts_that_came_beside_each_other_become_one_artifact_once(
    ada: AsyncClient, place: str, space: Space
) -> None:
    pieces = [HELLO[:4], HELLO[4:9], HELLO[9:]]
    parts = [await begin(ada, place, len(piece), **{"Upload-Concat": "partial"}) for piece in pieces]
    assert (await ada.head(parts[0], headers=TUS)).headers["upload-concat"] == "partial"
    final = {**TUS, "Upload-Concat": "final;" + " ".join(parts), **described(filename="lake.txt", sha256=sha256(HELLO))}
    await asyncio.gather(*(patch(ada, part, 0, piece) for part, piece in list(zip(parts, pieces, strict=True))[1:]))
    problem(await ada.post(place, headers=final), 409, "parts_in_use")
    await patch(ada, parts[0], 0, pieces[0])
    assert (await artifacts(ada, space), await usage(ada, space)) == ([], (0, 0, len(HELLO)))
    wrong = {**final, **described(filename="lake.txt", sha256=sha256(b""))}
    problem(await ada.post(place, headers=wrong), 460)
    answers = await asyncio.gather(*(ada.post(place, headers=final) for _ in range(3)))
    assert 201 in {answer.status_code for answer in answers} <= {201, 409, 410}
    # Whoever asks again hears the same; the parts are used up.
    again = await ada.post(place, headers=final)
    assert {a.headers["location"] for a in answers if a.status_code == 201} == {again.headers["location"]}
    problem(await ada.post(place, headers={**final, "Upload-Concat": "final;" + parts[0]}), 409)
    head = await ada.head(again.headers["location"], headers=TUS)
    assert (head.headers["upload-concat"], head.headers["upload-offset"]) == (final["Upload-Concat"], str(len(HELLO)))
    problem(await patch(ada, again.headers["location"], len(HELLO), b""), 403)
    assert await artifacts(ada, space) == [("lake.txt", len(HELLO), sha256(HELLO))]
    assert await usage(ada, space) == (len(HELLO), 1, 0)


async def test_an_upload_can_be_given_up(ada: AsyncClient, place: str, space: Space) -> None:
    address = await begin(ada, place)
    await patch(ada, address, 0, HELLO[:5])
    assert (await ada.delete(address, headers=TUS)).status_code == 204
    assert (await ada.head(address, headers=TUS)).status_code == 404
    problem(await patch(ada, address, 5, HELLO[5:]), 404)
    problem(await ada.delete(address, headers=TUS), 404)
    assert await usage(ada, space) == (0, 0, 0)
    # What has become an artifact stays one.
    address = await begin(ada, place)
    await patch(ada, address, 0, HELLO)
    assert (await ada.delete(address, headers=TUS)).status_code == 204
    assert len(await artifacts(ada, space)) == 1


async def test_who_cannot_say_patch_says_it_in_a_header(ada: AsyncClient, place: str, space: Space) -> None:
    address = await begin(ada, place)
    said = {**BYTES, "Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"}
    assert (await ada.post(address, content=HELLO[:3], headers=said)).headers["upload-offset"] == "3"
    head = await ada.post(address, headers={**TUS, "X-HTTP-Method-Override": "HEAD"})
    assert head.headers["upload-offset"] == "3"
    refused = await ada.post(address, headers=TUS)
    assert (refused.status_code, refused.headers["allow"]) == (405, "DELETE, GET, HEAD, PATCH")
    assert (await ada.post(address, headers={**TUS, "X-HTTP-Method-Override": "DELETE"})).status_code == 204


async def test_a_creation_that_is_repeated_makes_one_upload(ada: AsyncClient, place: str) -> None:
    head = {**TUS, "Upload-Length": "5", **described(filename="a"), "Idempotency-Key": "once"}
    first, again = await ada.post(place, headers=head), await ada.post(place, headers=head)
    assert first.headers["location"] == again.headers["location"]
    assert again.headers["idempotent-replayed"] == "true"
    problem(await ada.post(place, headers={**head, "Upload-Length": "6"}), 422, "idempotency_key_reused")
