"""Uploads that can be resumed: what is refused, what happens at the same time, and what comes too late."""

import asyncio
import os
from collections.abc import AsyncIterator

import pytest
from httpx2 import AsyncClient

from courtyard.core import clock, quota, uploads
from courtyard.core.spaces import Space
from courtyard.storage.blobs import Gap
from courtyard.web import resumable
from courtyard.web.arrival import ClientGone
from courtyard.web.dialect import Services
from tests.dialects.conftest import Clients as Everybody
from tests.dialects.v1.answers import UNKNOWN, Clients, problem
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


async def test_who_loses_the_lease_in_the_middle_writes_not_another_byte(
    ada: AsyncClient, place: str, space: Space, world: World, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resumable, "BEAT", 0.02)
    address = await begin(ada, place)

    async def stalled() -> AsyncIterator[bytes]:
        yield HELLO[:5]
        async with world.database.write() as tx:
            await tx.run("update upload set fence = fence + 1")
        await asyncio.sleep(0.5)
        yield HELLO[5:]

    problem(await patch(ada, address, 0, stalled()), 423, "locked")
    await later(world)
    upload = await seized(world, space, address)
    with pytest.raises(Gap):
        await services.blobs.finish(upload.stage or "", len(HELLO))


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
