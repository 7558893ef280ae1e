"""Quotas as v1 tells them: usage for members, 507 before the body is read."""

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator

import pytest

from courtyard.core import clock, quota
from courtyard.core.uploads import direct
from courtyard.web import room
from courtyard.web.arrival import ClientGone
from tests.dialects.v1.answers import REPORT, UNKNOWN, Clients, got, pointers, problem
from tests.worker.conftest import until
from tests.world import World


async def allow(world: World, bytes: int, artifacts: int = 0) -> None:  # noqa: A002
    async with world.database.write() as tx:
        await quota.limit(tx, bytes=bytes, artifacts=artifacts)


async def test_members_see_what_a_space_holds(v1: Clients, world: World) -> None:
    space = await world.space("ada", viewers=["bob"], visibility="public")
    path = f"/v1/spaces/{space.id}"
    nothing = {"bytes": 0, "artifacts": 0, "reserved": 0, "limits": {"bytes": None, "artifacts": None}}
    assert await got(v1("bob"), f"{path}/usage") == nothing
    await allow(world, 100, 3)
    assert (await v1("ada").post(f"{path}/artifacts?name=a", content=b"x" * 60)).status_code == 201
    held = {"bytes": 60, "artifacts": 1, "reserved": 0, "limits": {"bytes": 100, "artifacts": 3}}
    assert await got(v1("bob"), f"{path}/usage") == held
    problem(await v1("eve").get(f"{path}/usage"), 403)


async def test_what_does_not_fit_is_refused_before_it_is_read(v1: Clients, world: World) -> None:
    space = await world.space("ada")
    path = f"/v1/spaces/{space.id}"
    await allow(world, 50)
    read = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal read
        for _ in range(60):
            read += 1
            yield b"x"

    async def unending() -> AsyncIterator[bytes]:
        """Whoever reads on waits in vain."""
        yield b"x" * 51
        await asyncio.sleep(60)

    ada = v1("ada")
    problem(await ada.post(f"{path}/artifacts?name=a", content=body(), headers={"Content-Length": "60"}), 507)
    assert read <= 1
    # Of unknown length, it is refused with the first byte that does not fit; as a form, by what its file can have at least.
    problem(await ada.post(f"{path}/artifacts?name=a", content=unending()), 507, "quota_exceeded")
    kept = (await ada.post(f"{path}/artifacts?name=kept", content=b"k")).json()
    problem(await ada.put(f"{path}/artifacts/{kept['id']}/content", content=unending()), 507, "quota_exceeded")
    assert (await ada.delete(f"{path}/artifacts/{kept['id']}?purge=true")).status_code == 204
    problem(await ada.post(f"{path}/artifacts", files={"file": ("a", b"x" * 60)}), 507, "quota_exceeded")
    fits = await ada.post(f"{path}/artifacts", files={"file": ("a", b"x" * 45)})
    assert fits.status_code == 201
    problem(await ada.post(f"{path}/artifacts/generate", json=REPORT), 507, "quota_exceeded")
    assert (await got(ada, f"{path}/usage"))["bytes"] == 45
    assert [row["size"] for row in (await got(ada, f"{path}/artifacts"))["data"]] == [45]


async def test_room_is_kept_for_what_is_under_way_and_given_back_if_nothing_comes_of_it(
    v1: Clients, world: World
) -> None:
    space, ada = await world.space("ada"), v1("ada")
    path = f"/v1/spaces/{space.id}"
    await allow(world, 100, 9)
    seen: list[tuple[int, int]] = []

    async def body(*, breaks: bool = False) -> AsyncIterator[bytes]:
        yield b"x" * 30
        held = await got(ada, f"{path}/usage")
        seen.append((held["bytes"], held["reserved"]))
        # What others send meanwhile has to fit beside it.
        problem(await ada.post(f"{path}/artifacts?name=b", content=b"y" * (101 - held["bytes"] - 60)), 507)
        if breaks:
            raise ClientGone
        yield b"x" * 30

    said = {"Content-Length": "60"}
    with pytest.raises((AssertionError, ClientGone)):
        await ada.post(f"{path}/artifacts?name=a", content=body(breaks=True), headers=said)
    assert await reserved(world) == (0, 0, 0)
    made = await ada.post(f"{path}/artifacts?name=a", content=body(), headers=said)
    assert made.status_code == 201
    assert seen == [(0, 60), (0, 60)]
    assert await reserved(world) == (60, 0, 0)
    # The same bytes again are no version and take no room; refused ones and other ones neither.
    content = f"{path}/artifacts/{made.json()['id']}/content"
    await allow(world, 200, 9)
    for status, name, value in ((200, "If-Match", "*"), (412, "If-Match", '"other"')):
        answer = await ada.put(content, content=b"x" * 60, headers={name: value})
        assert answer.status_code == status, answer.text
    once = {"Idempotency-Key": "1"}
    for _ in range(2):
        assert (await ada.post(f"{path}/artifacts?name=c", content=b"z", headers=once)).status_code == 201
    assert (await ada.put(content, content=b"z" * 70)).status_code == 200
    assert (await ada.post(f"{path}/artifacts", files={"file": ("d", b"d" * 9)})).status_code == 201
    assert await reserved(world) == (60 + 1 + 70 + 9, 0, 0)


async def test_the_room_of_an_upload_whose_process_died_is_given_back(v1: Clients, world: World) -> None:
    space, ada = await world.space("ada"), await world.actor("ada")
    await allow(world, 100)
    async with world.database.write() as tx:
        held = await direct.hold(tx, await world.meet(ada, space), 60)
        assert await direct.lapse(tx) == 0
    assert await reserved(world) == (0, 60, 1)
    async with world.database.write() as tx:
        await tx.run("update reservation set lease_until = :past", past=clock.now() - 1)
        assert await direct.lapse(tx) == 1
        assert not await direct.beat(tx, held)
    assert await reserved(world) == (0, 0, 0)
    assert (await v1("ada").post(f"/v1/spaces/{space.id}/artifacts?name=a", content=b"x" * 100)).status_code == 201


async def test_a_lease_is_kept_while_the_body_comes_and_what_lost_it_is_counted_all_the_same(
    v1: Clients, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    space = await world.space("ada")
    await allow(world, 100)
    monkeypatch.setattr(room, "BEAT", 0.01)

    async def body(*, dies: bool) -> AsyncIterator[bytes]:
        yield b"x"
        async with world.database.write() as tx:
            await tx.run("update reservation set lease_until = :past", past=clock.now() - 1)
            if dies:
                await direct.lapse(tx)
        if not dies:
            await until(lambda: alive(world))
        yield b"x"

    for dies, held in ((False, 2), (True, 4)):
        path = f"/v1/spaces/{space.id}/artifacts?name=a"
        answer = await v1("ada").post(path, content=body(dies=dies), headers={"Content-Length": "2"})
        assert answer.status_code == 201, answer.text
        assert await reserved(world) == (held, 0, 0)


async def test_what_the_head_of_an_upload_has_wrong_is_refused_before_its_body(v1: Clients, world: World) -> None:
    space, ada = await world.space("ada"), v1("ada")
    path = f"/v1/spaces/{space.id}/artifacts"
    kept = (await ada.post(f"{path}?name=a", content=b"x")).json()

    async def unread() -> AsyncIterator[bytes]:
        """Whoever wants all of it before the answer waits in vain."""
        yield b"x"
        await asyncio.sleep(60)

    for query, pointer in (
        ("", "/name"),
        ("?name=a&metadata=[]", "/metadata"),
        ("?name=a&type=" + "x" * 65, "/type"),
        (f"?name=a&thread_id={UNKNOWN}", "/thread_id"),
    ):
        assert pointers(await ada.post(path + query, content=unread())) == {pointer}
    typed = {"Content-Type": "nonsense"}
    assert pointers(await ada.post(f"{path}?name=a", content=unread(), headers=typed)) == {"/content_type"}
    refused = await ada.put(f"{path}/{kept['id']}/content", content=unread(), headers=typed)
    assert pointers(refused) == {"/content_type"}


@pytest.mark.parametrize("header", ["Content-Digest", "Repr-Digest"])
async def test_bytes_that_are_not_those_of_a_promised_digest_become_nothing(
    v1: Clients, world: World, header: str
) -> None:
    space, ada = await world.space("ada"), v1("ada")
    path = f"/v1/spaces/{space.id}/artifacts"

    def promise(body: bytes) -> dict[str, str]:
        return {header: f"sha-512=:AAAA:, sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"}

    wrong = await ada.post(f"{path}?name=a", content=b"jello", headers=promise(b"hello"))
    problem(wrong, 422, "digest_mismatch")
    right = await ada.post(f"{path}?name=a", content=b"hello", headers=promise(b"hello"))
    assert right.status_code == 201
    content = f"{path}/{right.json()['id']}/content"
    problem(await ada.put(content, content=b"jello", headers=promise(b"hello")), 422, "digest_mismatch")
    assert (await ada.put(content, content=b"jello", headers=promise(b"jello"))).status_code == 200
    # Of a form it is the digest of the whole body.
    form = b'--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\nbytes\r\n--b--\r\n'
    kind = {"Content-Type": "multipart/form-data; boundary=b"}
    problem(await ada.post(path, content=form, headers={**kind, **promise(b"bytes")}), 422, "digest_mismatch")
    assert (await ada.post(path, content=form, headers={**kind, **promise(form)})).status_code == 201
    for said in ("sha-256", "sha-256=:AAAA:", "sha-256=AAAA", "sha-256=:???:", "="):
        problem(await ada.post(f"{path}?name=a", content=b"x", headers={header: said}), 422)
    # One that we do not know promises nothing.
    assert (await ada.post(f"{path}?name=b", content=b"x", headers={header: "md5=:AAAA:"})).status_code == 201
    assert [row["name"] for row in (await got(ada, path))["data"]] == ["b", "x", "a"]


async def reserved(world: World) -> tuple[object, ...]:
    """Bytes that are held, bytes and artifacts that are reserved; no reservation is left without its room."""
    async with world.database.read() as tx:
        held = await tx.one(tuple, "select bytes, reserved_bytes, reserved_artifacts from space_usage")
        rows = await tx.one(int, "select count(*) from reservation")
    assert held is not None
    assert rows == held[2]
    return tuple(held)


async def alive(world: World) -> bool:
    async with world.database.read() as tx:
        return await tx.one(int, "select 1 from reservation where lease_until > :now", now=clock.now()) is not None
