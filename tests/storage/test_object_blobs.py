"""What a bucket promises of blobs beyond what every store does: killed writers, a store that goes away, where it is."""

import asyncio
import json
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from obstore.store import AzureStore, GCSStore, S3Store

from courtyard.storage.blob_opening import Access, WrongStore, open_blobs
from courtyard.storage.database import Down
from courtyard.storage.local import LocalBlobs
from courtyard.storage.moving_blobs import MovingBlobs
from courtyard.storage.object_access import Bucket
from courtyard.storage.object_spool import PART
from courtyard.storage.objects import DAY, ObjectBlobs
from tests.seaweed import Seaweed
from tests.storage.stored import all_keys, now, options, put, stream

WRITER = """
import asyncio, sys
from pathlib import Path
from courtyard.storage.object_access import Bucket
from courtyard.storage.objects import ObjectBlobs

async def slow():
    for number in range(40):
        yield bytes(1 << 20)
    print("under way", flush=True)
    await asyncio.sleep(60)

async def main():
    url, endpoint, key, secret, spool = sys.argv[1:]
    options = dict(endpoint=endpoint, access_key_id=key, secret_access_key=secret, region="us-east-1")
    blobs = ObjectBlobs(Bucket(url, options, allow_http=True), Path(spool))
    await blobs.put(slow(), limit=1 << 30)

asyncio.run(main())
"""


async def paths(place: Bucket, folder: str) -> list[str]:
    return [one.path async for one in place.list(folder)]


class TestParts:
    async def test_a_blob_is_visible_by_its_first_part_which_is_written_last(
        self, objects: ObjectBlobs, place: Bucket
    ) -> None:
        gone_on = asyncio.Event()

        async def two_and_more() -> AsyncIterator[bytes]:
            yield bytes(PART * 3)
            # The third one is sent when the second one is there.
            assert await paths(place, "parts")
            assert await paths(place, "blobs") == []
            gone_on.set()
            yield b"end"

        blob = await objects.put(two_and_more(), limit=1 << 30)
        assert gone_on.is_set()
        assert await paths(place, "blobs") == [f"blobs/{blob.key}"]
        assert await paths(place, "parts") == [f"parts/{blob.key}/{number:06d}" for number in (1, 2, 3)]
        assert await objects.size(blob.key) == PART * 3 + 3

    async def test_delete_takes_every_part(self, objects: ObjectBlobs, place: Bucket) -> None:
        blob = await put(objects, bytes(PART * 2 + 1))
        await objects.delete(blob.key)
        assert await paths(place, "blobs") == await paths(place, "parts") == []

    async def test_a_failed_upload_takes_its_parts_along(self, objects: ObjectBlobs, place: Bucket) -> None:
        async def breaking() -> AsyncIterator[bytes]:
            yield bytes(PART * 3)
            raise ConnectionError("gone")

        with pytest.raises(ConnectionError):
            await objects.put(breaking(), limit=1 << 30)
        await cleared(objects)
        assert await paths(place, "parts") == []

    async def test_whoever_gives_up_at_any_moment_leaves_nothing(self, objects: ObjectBlobs, place: Bucket) -> None:
        for pause in range(15):
            task = asyncio.create_task(objects.put(stream(bytes(PART), bytes(PART), b"x"), limit=1 << 30))
            await asyncio.sleep(pause / 100)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            if not task.cancelled():
                await objects.delete(task.result().key)
        await cleared(objects)
        assert await paths(place, "blobs") == await paths(place, "parts") == []

    async def test_a_missing_part_is_no_short_success(self, objects: ObjectBlobs, place: Bucket) -> None:
        blob = await put(objects, bytes(PART * 2 + 1))
        await place.delete([f"parts/{blob.key}/000001"])
        assert await objects.read(blob.key, PART, 10) == b""
        assert await objects.size(blob.key) == PART + 1


GOOGLE = {
    "type": "service_account",
    "client_email": "courtyard@example.org",
    "private_key_id": "1",
    "private_key": "none that is asked for",
    "gcs_base_url": "http://127.0.0.1:1",
    "disable_oauth": True,
}


class TestUploads:
    async def test_what_is_written_by_who_has_lost_the_upload_does_not_count(
        self, objects: ObjectBlobs, place: Bucket
    ) -> None:
        upload = await objects.begin()
        assert await objects.append(upload, 0, stream(b"same "), limit=100, fence=1) == 5
        begun, going_on = asyncio.Event(), asyncio.Event()

        async def late() -> AsyncIterator[bytes]:
            begun.set()
            await going_on.wait()
            yield b"late and longer"

        zombie = asyncio.create_task(objects.append(upload, 5, late(), limit=100, fence=2))
        await begun.wait()
        assert await objects.append(upload, 5, stream(b"right"), limit=100, fence=3) == 10
        going_on.set()
        await zombie
        assert len(await paths(place, f"uploads/{upload}")) == 4
        assert await objects.append(upload, 10, stream(b" on"), limit=100, fence=4) == 13
        assert await objects.read((await objects.finish(upload, 13)).key, 0, 100) == b"same right on"

    async def test_pieces_of_an_older_version_go_on(self, objects: ObjectBlobs, place: Bucket) -> None:
        upload = await objects.begin()
        await place.write(f"uploads/{upload}/{0:016d}", b"old ")
        assert await objects.append(upload, 4, stream(b"new"), limit=100, fence=7) == 7
        assert await objects.read((await objects.finish(upload, 7)).key, 0, 100) == b"old new"


class TestKilledWriters:
    async def test_nothing_of_it_is_visible_and_its_parts_are_tidied_after_a_day(
        self, objects: ObjectBlobs, place: Bucket, seaweed: Seaweed, tmp_path: Path
    ) -> None:
        kept = await put(objects, bytes(PART + 1))
        given = options(seaweed)
        command = [
            sys.executable,
            "-c",
            WRITER,
            place.url,
            given["endpoint"],
            given["access_key_id"],
            given["secret_access_key"],
            str(tmp_path / "other"),
        ]
        writer = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        assert writer.stdout is not None
        assert await writer.stdout.readline() == b"under way\n"
        writer.kill()
        assert await writer.wait() == -signal.SIGKILL
        assert await all_keys(objects) == [kept.key]
        left = [path for path in await paths(place, "parts") if kept.key not in path]
        assert left
        assert not list((tmp_path / "other").iterdir())
        assert await objects.tidy(now=now()) == 0
        assert await objects.tidy(now=now() + DAY + 60_000) == 1
        assert await paths(place, "parts") == [f"parts/{kept.key}/000001"]


class TestAway:
    async def test_a_store_that_stops_is_down_and_heals(self, objects: ObjectBlobs, seaweed: Seaweed) -> None:
        kept = await put(objects, b"kept")
        stopped = asyncio.Event()

        async def slow() -> AsyncIterator[bytes]:
            yield bytes(PART * 2)
            await asyncio.to_thread(seaweed.stop)
            stopped.set()
            yield bytes(PART * 2)

        began = time.monotonic()
        with pytest.raises(Down):
            await objects.put(slow(), limit=1 << 30)
        assert stopped.is_set()
        for call in (objects.read(kept.key, 0, 10), objects.ping(), objects.check(), objects.delete(kept.key)):
            with pytest.raises(Down):
                await call
        assert time.monotonic() - began < 60
        await asyncio.to_thread(seaweed.start)
        assert await objects.read(kept.key, 0, 10) == b"kept"
        await objects.check()
        again = await put(objects, bytes(PART + 1))
        assert sorted(await all_keys(objects)) == sorted((kept.key, again.key))

    async def test_a_store_that_takes_connections_and_says_nothing_is_down(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("courtyard.storage.object_access.PATIENCE", 1.0)
        with socket.create_server(("127.0.0.1", 0)) as silent:
            access = Access(f"http://127.0.0.1:{silent.getsockname()[1]}", "us-east-1", "key", "secret")
            blobs = open_blobs("s3://bucket/prefix", tmp_path, access)
            with pytest.raises(Down, match="did not answer"):
                await put(blobs, b"data")
            await blobs.close()


class TestMoving:
    async def test_an_adopted_blob_has_its_key_and_its_bytes(self, objects: ObjectBlobs, local: LocalBlobs) -> None:
        data = os.urandom(PART + 9)
        blob = await put(local, data)
        for _ in range(2):
            await objects.adopt(blob, stream(data))
        assert await objects.read(blob.key, PART - 1, 100) == data[PART - 1 :]

    async def test_new_goes_to_the_one_and_old_is_read_from_the_other(
        self, objects: ObjectBlobs, local: LocalBlobs
    ) -> None:
        old = await put(local, b"old")
        begun = await local.begin()
        await local.append(begun, 0, stream(b"beg"), limit=10)
        both = MovingBlobs(objects, local)
        new = await put(both, b"new")
        assert await both.read(old.key, 0, 10) == b"old"
        assert await objects.read(new.key, 0, 10) == b"new"
        assert sorted(await all_keys(both)) == sorted((old.key, new.key))
        assert await both.append(begun, 3, stream(b"un"), limit=10) == 5
        done = await both.finish(begun, 5)
        assert await both.read(done.key, 0, 10) == b"begun"
        await both.delete(old.key)
        assert await both.size(old.key) is None


class TestWhere:
    @pytest.mark.parametrize("url", ["s3://", "s3:///", "https://bucket", "s3:bucket", "s3://a:b@c/d", "file:///tmp"])
    def test_what_is_no_store_is_refused(self, url: str, tmp_path: Path) -> None:
        with pytest.raises(WrongStore, match="none of"):
            open_blobs(url, tmp_path, Access())

    def test_what_is_missing_is_said(self, tmp_path: Path) -> None:
        with pytest.raises(Down, match="Account must be specified"):
            open_blobs("az://container/prefix", tmp_path, Access())

    @pytest.mark.parametrize(
        ("url", "access", "kind"),
        [
            ("gs://bucket/prefix", Access(secret_access_key=json.dumps(GOOGLE)), GCSStore),
            ("az://container/prefix", Access(access_key_id="account", secret_access_key="a2V5"), AzureStore),
            ("s3://bucket/prefix", Access(region="eu-central-1"), S3Store),
        ],
    )
    async def test_each_scheme_is_read_as_the_store_that_it_names(
        self, url: str, access: Access, kind: type, tmp_path: Path
    ) -> None:
        opened = open_blobs(url, tmp_path, access)
        assert isinstance(opened, ObjectBlobs)
        store: Any = opened._bucket._open()
        assert (type(store), store.prefix) == (kind, "prefix")
        assert ("container_name" if kind is AzureStore else "bucket") in store.config
        await opened.close()

    def test_plain_http_stays_on_this_machine(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        with pytest.raises(WrongStore, match="plain http"):
            open_blobs("s3://bucket", tmp_path, Access("http://192.0.2.1:8333"))
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://store.example")
        with pytest.raises(WrongStore, match="plain http"):
            open_blobs("s3://bucket", tmp_path, Access())
        assert open_blobs("s3://bucket", tmp_path, Access(plain_http=True))

    async def test_wrong_keys_and_buckets_are_said_at_the_check(self, seaweed: Seaweed, tmp_path: Path) -> None:
        wrong = {**options(seaweed), "secret_access_key": "wrong"}
        blobs = ObjectBlobs(Bucket(seaweed.url("x"), wrong, allow_http=True), tmp_path / "spool")
        with pytest.raises(Down, match="SignatureDoesNotMatch"):
            await blobs.check()
        await blobs.close()

    async def test_the_usual_variables_are_read(
        self, seaweed: Seaweed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        given = options(seaweed)
        monkeypatch.setenv("AWS_ENDPOINT_URL", given["endpoint"])
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", given["access_key_id"])
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", given["secret_access_key"])
        monkeypatch.setenv("AWS_REGION", "us-east-1")
        blobs = open_blobs(seaweed.url("usual"), tmp_path, Access())
        await blobs.check()
        await blobs.close()


async def cleared(objects: ObjectBlobs) -> None:
    """What goes after a failure has gone."""
    for _ in range(500):
        if not objects.clearing:
            return
        await asyncio.sleep(0.02)
    raise AssertionError("still clearing")
