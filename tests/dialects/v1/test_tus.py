"""Uploads that can be resumed: tus 1.0 as a client walks it, and what it refuses."""

import asyncio
import base64
import hashlib
import os
from collections.abc import AsyncIterator
from typing import Any

import pytest
from httpx2 import AsyncClient, Response

from courtyard.core import clock, quota, uploads
from courtyard.core.spaces import Space
from courtyard.web.arrival import ClientGone
from courtyard.web.dialect import Services
from tests.dialects.conftest import Clients as Everybody
from tests.dialects.v1.answers import UNKNOWN, Clients, got, problem
from tests.world import World

TUS = {"Tus-Resumable": "1.0.0"}
BYTES = {**TUS, "Content-Type": "application/offset+octet-stream"}
HELLO = b"hello, quiet lake"


@pytest.fixture
def ada(v1: Clients) -> AsyncClient:
    return v1("ada")


@pytest.fixture
async def space(world: World) -> Space:
    return await world.space("ada", editors=["ed"], viewers=["vi"])


@pytest.fixture
def place(space: Space) -> str:
    return f"/v1/spaces/{space.id}/uploads"


def b64(value: str | bytes) -> str:
    return base64.b64encode(value.encode() if isinstance(value, str) else value).decode()


def described(**words: str) -> dict[str, str]:
    return {"Upload-Metadata": ",".join(f"{name} {b64(value)}" for name, value in words.items())}


async def begin(client: AsyncClient, place: str, length: int | None = len(HELLO), **more: Any) -> str:
    """The address of a new upload."""
    size = {"Upload-Defer-Length": "1"} if length is None else {"Upload-Length": str(length)}
    response = await client.post(place, headers={**TUS, **size, **described(filename="lake.txt"), **more})
    assert response.status_code == 201, response.text
    assert response.headers["tus-resumable"] == "1.0.0"
    assert response.headers["location"].startswith(place + "/")
    return response.headers["location"]


async def patch(client: AsyncClient, address: str, offset: int, body: Any, **more: str) -> Response:
    return await client.patch(
        address,
        content=body,
        headers={**BYTES, "Upload-Offset": str(offset), **{k.replace("_", "-"): v for k, v in more.items()}},
    )


async def offset(client: AsyncClient, address: str) -> int:
    response = await client.head(address, headers=TUS)
    assert response.status_code == 200, response.headers
    assert (response.headers["cache-control"], response.content) == ("no-store", b"")
    return int(response.headers["upload-offset"])


async def artifacts(client: AsyncClient, space: Space) -> list[tuple[str, int, str]]:
    rows = (await got(client, f"/v1/spaces/{space.id}/artifacts"))["data"]
    return [(row["name"], row["size"], row["checksum"].removeprefix("sha256:")) for row in rows]


async def usage(client: AsyncClient, space: Space) -> tuple[int, int, int]:
    held = await got(client, f"/v1/spaces/{space.id}/usage")
    return held["bytes"], held["artifacts"], held["reserved"]


def sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


# --- the protocol as its client walks it ---


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


# --- what is refused ---


async def test_another_protocol_hears_so_first(ada: AsyncClient, anonymous: AsyncClient, place: str) -> None:
    for version in ({}, {"Tus-Resumable": "0.2.2"}):
        response = await anonymous.post(place, headers=version)
        problem(response, 412, "other_version")
        assert (response.headers["tus-version"], response.headers["tus-resumable"]) == ("1.0.0", "1.0.0")
    response = await anonymous.post(place, headers=TUS)
    assert (response.status_code, response.headers["tus-resumable"]) == (401, "1.0.0")
    response = await ada.head(f"{place}/{UNKNOWN}", headers=TUS)
    assert (response.status_code, response.headers["tus-resumable"]) == (404, "1.0.0")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 400),
        ({"Upload-Length": "-1"}, 400),
        ({"Upload-Length": "1e3"}, 400),
        ({"Upload-Length": "9" * 18}, 413),
        ({"Upload-Length": "5", "Upload-Defer-Length": "1"}, 400),
        ({"Upload-Defer-Length": "2"}, 400),
        ({"Upload-Length": "5", "Upload-Metadata": ""}, 422),
        ({"Upload-Length": "5", "Upload-Metadata": "filename ???"}, 400),
        ({"Upload-Length": "5", "Upload-Metadata": f"filename {b64(bytes([255]))}"}, 400),
        ({"Upload-Length": "5", "Upload-Metadata": f"filename {b64('a')},filename {b64('b')}"}, 400),
        ({"Upload-Length": "5", **described(filename="a", thread_id=UNKNOWN)}, 422),
        ({"Upload-Length": "5", **described(filename="a", metadata="[")}, 422),
        ({"Upload-Length": "5", **described(filename="a", metadata="[]")}, 422),
        ({"Upload-Length": "5", **described(filename="a", filetype="text")}, 422),
        ({"Upload-Length": "5", **described(filename="a", sha256="12")}, 422),
        ({"Upload-Concat": "final;"}, 400),
        ({"Upload-Concat": "final;/elsewhere"}, 400),
        ({"Upload-Concat": f"final;/v1/spaces/{UNKNOWN}/uploads/{UNKNOWN}"}, 400),
        ({"Upload-Concat": "whole", "Upload-Length": "5"}, 400),
    ],
)
async def test_a_creation_that_is_wrong_makes_nothing(
    ada: AsyncClient, place: str, space: Space, world: World, headers: dict[str, str], status: int
) -> None:
    problem(await ada.post(place, headers={**TUS, **headers}), status)
    assert await usage(ada, space) == (0, 0, 0)
    assert "upload.created" not in await world.events()


async def test_bytes_that_do_not_fit_are_refused(ada: AsyncClient, place: str) -> None:
    address = await begin(ada, place)
    problem(await ada.patch(address, content=b"x", headers={**BYTES, "Upload-Offset": "x"}), 400)
    problem(await ada.patch(address, content=b"x", headers=BYTES), 400)
    problem(await ada.patch(address, content=b"x", headers={**TUS, "Upload-Offset": "0"}), 415)
    problem(await patch(ada, address, 1, b"x"), 409)
    problem(await patch(ada, address, 0, HELLO + b"!"), 413)

    async def unannounced() -> AsyncIterator[bytes]:
        yield HELLO
        yield b"!"

    problem(await patch(ada, address, 0, unannounced()), 413)
    assert await offset(ada, address) == 0


async def test_only_who_may_write_uploads(
    v1: Clients, clients: Everybody, place: str, space: Space, world: World
) -> None:
    address = await begin(v1("ada"), place)
    for name, status in (("vi", 403), ("eve", 404)):
        assert (await v1(name).head(address, headers=TUS)).status_code == status
        problem(await v1(name).get(address), status)
        problem(await patch(v1(name), address, 0, HELLO), status)
        problem(await v1(name).delete(address, headers=TUS), status)
        problem(await v1(name).post(place, headers={**TUS, "Upload-Length": "5", **described(filename="a")}), status)
    problem(await patch(clients.of(None), address, 0, HELLO), 401)
    other = await world.space("eve")
    problem(await v1("eve").get(f"/v1/spaces/{other.id}/uploads/{address.rpartition('/')[2]}"), 404)
    # Every request is asked again.
    assert (await patch(v1("ed"), address, 0, HELLO[:5])).status_code == 204
    await world.dismiss(space, "ed")
    problem(await patch(v1("ed"), address, 5, HELLO[5:]), 404)


async def test_room_is_reserved_when_an_upload_begins(ada: AsyncClient, place: str, world: World, space: Space) -> None:
    async with world.database.write() as tx:
        await quota.limit(tx, bytes=30, artifacts=2)
    head = {**TUS, **described(filename="a")}
    first = await begin(ada, place, 20)
    problem(await ada.post(place, headers={**head, "Upload-Length": "11"}), 507, "quota_exceeded")
    late = await begin(ada, place, None)
    problem(await patch(ada, late, 0, b"x" * 11), 507, "quota_exceeded")
    assert await offset(ada, late) == 0
    problem(await ada.post(place, headers={**head, "Upload-Length": "1"}), 507, "quota_exceeded")
    assert (await patch(ada, late, 0, b"x" * 10, Upload_Length="10")).status_code == 204
    await ada.delete(first, headers=TUS)
    assert await usage(ada, space) == (10, 1, 0)


# --- at the same time, and too late ---


async def test_of_two_who_send_the_same_bytes_at_once_one_wins(ada: AsyncClient, place: str, space: Space) -> None:
    body = os.urandom(300_000)
    address = await begin(ada, place, len(body))

    async def slowly(piece: bytes) -> AsyncIterator[bytes]:
        for start in range(0, len(piece), 10_000):
            await asyncio.sleep(0)
            yield piece[start : start + 10_000]

    for start in (0, 150_000):
        answers = await asyncio.gather(
            *(patch(ada, address, start, slowly(body[start : start + 150_000])) for _ in range(4))
        )
        statuses = sorted(answer.status_code for answer in answers)
        assert statuses[0] == 204
        assert set(statuses[1:]) <= {409, 423}
    assert await artifacts(ada, space) == [("lake.txt", len(body), sha256(body))]


async def test_what_came_before_a_connection_broke_stays(ada: AsyncClient, place: str) -> None:
    address = await begin(ada, place)

    async def broken() -> AsyncIterator[bytes]:
        yield HELLO[:6]
        raise ClientGone

    # Nobody is answered any more.
    with pytest.raises((AssertionError, ClientGone)):
        await patch(ada, address, 0, broken())
    assert await offset(ada, address) == 6


async def test_the_lease_of_whoever_was_killed_runs_out(
    ada: AsyncClient, place: str, space: Space, world: World
) -> None:
    address = await begin(ada, place)
    upload = await seized(world, space, address)
    problem(await patch(ada, address, 0, HELLO), 423, "locked")
    problem(await ada.delete(address, headers=TUS), 423)
    await later(world)
    assert (await patch(ada, address, 0, HELLO[:5])).status_code == 204
    # Who has lost it changes nothing any more.
    async with world.database.write() as tx:
        assert not await uploads.beat(tx, upload)
        with pytest.raises(uploads.Locked):
            await uploads.advance(tx, upload, 3)
    assert await offset(ada, address) == 5


async def test_what_was_complete_when_the_process_was_killed_is_closed_by_whoever_asks(
    ada: AsyncClient, place: str, space: Space, world: World, services: Services
) -> None:
    async def bytes_() -> AsyncIterator[bytes]:
        yield HELLO

    for finished in (False, True):
        address = await begin(ada, place)
        upload = await seized(world, space, address)
        assert upload.stage is not None
        assert await services.blobs.append(upload.stage, 0, bytes_(), limit=100) == len(HELLO)
        async with world.database.write() as tx:
            await uploads.advance(tx, upload, len(HELLO))
        if finished:
            await services.blobs.finish(upload.stage, len(HELLO))
        assert (await ada.head(address, headers=TUS)).status_code == 423
        await later(world)
        answers = await asyncio.gather(*(ada.head(address, headers=TUS) for _ in range(3)))
        assert 200 in {answer.status_code for answer in answers} <= {200, 409, 423}
        assert await offset(ada, address) == len(HELLO)
    assert await artifacts(ada, space) == [("lake.txt", len(HELLO), sha256(HELLO))] * 2
    assert await usage(ada, space) == (2 * len(HELLO), 2, 0)


async def test_an_upload_that_nobody_goes_on_with_expires(
    ada: AsyncClient, place: str, space: Space, world: World
) -> None:
    address, part = await begin(ada, place), await begin(ada, place, 5, **{"Upload-Concat": "partial"})
    await patch(ada, address, 0, HELLO[:5])
    await patch(ada, part, 0, HELLO[:5])
    async with world.database.write() as tx:
        assert await uploads.expire(tx) == []
        await tx.run("update upload set expires_at = :now", now=clock.now() - 1)
    problem(await patch(ada, address, 5, HELLO[5:]), 410, "upload_gone")
    async with world.database.write() as tx:
        stages = await uploads.expire(tx)
        garbage = await tx.all(str, "select key from blob_garbage")
    assert (len([stage for stage in stages if stage]), len(garbage)) == (1, 1)
    assert (await ada.head(address, headers=TUS)).status_code == 404
    assert await usage(ada, space) == (0, 0, 0)


async def seized(world: World, space: Space, address: str) -> uploads.Upload:
    """The upload, as another process has it that will be killed."""
    async with world.database.write() as tx:
        upload = await uploads.find(tx, space, address.rpartition("/")[2])
        return await uploads.seize(tx, space, upload, upload.received, life=clock.HOUR)


async def later(world: World) -> None:
    """Every lease is over."""
    async with world.database.write() as tx:
        await tx.run("update upload set lease_until = :now where lease_until is not null", now=clock.now() - 1)
