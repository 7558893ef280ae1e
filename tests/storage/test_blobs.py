"""The promises of a blob store, kept on the local disk and in an object store alike."""

import asyncio
import hashlib
import os
import tracemalloc
from collections.abc import AsyncIterator

import pytest

from courtyard.storage.blobs import Blob, Blobs, Damaged, Gap, TooLong
from courtyard.storage.local import BATCH, LocalBlobs
from courtyard.storage.object_spool import PART
from tests.storage.stored import all_keys, now, put, stream

UNKNOWN = "0" * 32
STRANGE = [
    "",
    ".",
    "..",
    "../secret",
    "/etc/passwd",
    "incoming",
    "A" * 32,
    "0" * 31,
    "0" * 33,
    f"{'0' * 31}/",
    f"{UNKNOWN}\n",
]


class TestPromises:
    @pytest.mark.parametrize(
        "size", [0, 1, BATCH - 1, BATCH, BATCH + 1, 3 * BATCH + 5, PART, PART + 1, 2 * PART, 2 * PART + 9]
    )
    async def test_what_was_put_is_there_with_its_size_and_checksum(self, blobs: Blobs, size: int) -> None:
        data = os.urandom(size)
        pieces = [data[start : start + 70_000] for start in range(0, size, 70_000)]
        blob = await blobs.put(stream(*pieces), limit=size)
        assert (blob.size, blob.sha256) == (size, hashlib.sha256(data).hexdigest())
        assert await blobs.read(blob.key, 0, size + 10) == data

    async def test_any_range_can_be_read(self, blobs: Blobs) -> None:
        data = os.urandom(PART + BATCH * 3)
        key = (await put(blobs, data)).key
        for start, length in [
            (0, 0),
            (0, 1),
            (5, 10),
            (BATCH, BATCH * 2),
            (len(data) - 1, 9),
            (len(data), 9),
            (1 << 40, 9),
            (PART - 5, 10),
            (PART, 7),
        ]:
            assert await blobs.read(key, start, length) == data[start : start + length]

    @pytest.mark.parametrize(("start", "length"), [(-1, 5), (0, -1)])
    async def test_a_range_before_the_beginning_is_refused(self, blobs: Blobs, start: int, length: int) -> None:
        key = (await put(blobs, b"data")).key
        with pytest.raises(ValueError, match="range"):
            await blobs.read(key, start, length)

    @pytest.mark.parametrize("key", [UNKNOWN, *STRANGE])
    async def test_a_key_that_is_not_there_is_not_found_whatever_it_looks_like(self, blobs: Blobs, key: str) -> None:
        for length in (10, BATCH * 8):
            with pytest.raises(FileNotFoundError):
                await blobs.read(key, 0, length)
        await blobs.delete(key)

    async def test_the_same_bytes_twice_are_two_objects(self, blobs: Blobs) -> None:
        first, second = await put(blobs, b"same"), await put(blobs, b"same")
        await blobs.delete(first.key)
        assert await blobs.read(second.key, 0, 10) == b"same"
        with pytest.raises(FileNotFoundError):
            await blobs.read(first.key, 0, 10)

    @pytest.mark.parametrize("limit", [0, 10, BATCH, BATCH * 3, PART * 2])
    async def test_more_than_the_limit_is_refused_and_leaves_nothing(self, blobs: Blobs, limit: int) -> None:
        with pytest.raises(TooLong):
            await blobs.put(stream(bytes(limit), b"x"), limit=limit)
        assert await all_keys(blobs) == []

    async def test_a_stream_that_breaks_leaves_nothing(self, blobs: Blobs) -> None:
        async def breaking() -> AsyncIterator[bytes]:
            yield bytes(BATCH * 2)
            raise ConnectionError("gone")

        with pytest.raises(ConnectionError):
            await blobs.put(breaking(), limit=1 << 30)
        assert await all_keys(blobs) == []

    async def test_many_at_once_do_not_mix(self, blobs: Blobs) -> None:
        contents = [os.urandom(1000 + number * 10_000) for number in range(40)]
        stored = await asyncio.gather(*(put(blobs, data) for data in contents))
        for blob, data in zip(stored, contents, strict=True):
            assert await blobs.read(blob.key, 0, len(data)) == data
        assert sorted(await all_keys(blobs)) == sorted(blob.key for blob in stored)

    async def test_only_older_keys_are_listed_for_the_sweep(self, blobs: Blobs) -> None:
        before = now() - 1000
        await put(blobs, b"new")
        assert [key async for key in blobs.keys(older_than=before)] == []
        assert len(await all_keys(blobs)) == 1

    async def test_a_large_object_needs_little_memory(self, blobs: Blobs) -> None:
        async def large() -> AsyncIterator[bytes]:
            for _ in range(1024):
                yield bytes(1 << 16)

        tracemalloc.start()
        try:
            blob = await blobs.put(large(), limit=1 << 30)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert blob.size == 1 << 26
        # On its way to a bucket one part is whole in memory.
        assert peak < (1 << 22 if isinstance(blobs, LocalBlobs) else PART + (1 << 22))

    async def test_a_copy_with_other_bytes_is_refused(self, blobs: Blobs) -> None:
        right = hashlib.sha256(b"right").hexdigest()
        for data in (b"wrong", b"righ", b"right!"):
            with pytest.raises(Damaged):
                await blobs.adopt(Blob(UNKNOWN, 5, right), stream(data))
        assert await all_keys(blobs) == []
        with pytest.raises(Damaged):
            await blobs.adopt(Blob("../" + "0" * 29, 5, right), stream(b"right"))
        await blobs.adopt(Blob(UNKNOWN, 5, right), stream(b"right"))
        assert await blobs.read(UNKNOWN, 0, 10) == b"right"
        assert (await blobs.size(UNKNOWN), await blobs.size("1" * 32), await blobs.size("..")) == (5, None, None)

    async def test_a_check_leaves_nothing(self, blobs: Blobs) -> None:
        await blobs.check()
        await blobs.ping()
        assert await all_keys(blobs) == []


class TestUploads:
    """Uploads that come in pieces; `size` is what a row says about how far one has come."""

    async def test_pieces_become_one_blob_with_the_checksum_of_all(self, blobs: Blobs) -> None:
        data = os.urandom(BATCH * 2 + 7)
        upload, size = await blobs.begin(), 0
        for end in (0, 5, BATCH + 1, len(data)):
            size = await blobs.append(upload, size, stream(data[size:end]), limit=len(data))
            assert size == end
        assert await all_keys(blobs) == []
        blob = await blobs.finish(upload, size)
        assert (blob.size, blob.sha256) == (len(data), hashlib.sha256(data).hexdigest())
        assert await blobs.read(blob.key, 0, len(data) + 1) == data
        await blobs.abandon(upload)
        assert await blobs.read(blob.key, 0, len(data) + 1) == data

    async def test_an_upload_of_nothing_is_an_empty_blob(self, blobs: Blobs) -> None:
        blob = await blobs.finish(await blobs.begin(), 0)
        assert (blob.size, blob.sha256) == (0, hashlib.sha256().hexdigest())
        assert await blobs.read(blob.key, 0, 1) == b""

    async def test_what_a_died_writer_left_past_the_offset_does_not_count(self, blobs: Blobs) -> None:
        upload = await blobs.begin()
        await blobs.append(upload, 0, stream(b"kept"), limit=100)
        await blobs.append(upload, 4, stream(b"not recorded, long"), limit=100)
        await blobs.append(upload, 22, stream(b"nor this"), limit=100)
        assert await blobs.append(upload, 4, stream(b" and"), limit=100) == 8
        assert await blobs.append(upload, 8, stream(b" on"), limit=100) == 11
        with pytest.raises(Gap):
            await blobs.finish(upload, 12)
        blob = await blobs.finish(upload, 11)
        assert await blobs.read(blob.key, 0, 100) == b"kept and on"

    async def test_an_offset_in_the_middle_of_a_piece_cuts_it(self, blobs: Blobs) -> None:
        upload = await blobs.begin()
        await blobs.append(upload, 0, stream(b"0123456789"), limit=100)
        assert await blobs.append(upload, 3, stream(b"abc"), limit=100) == 6
        blob = await blobs.finish(upload, 6)
        assert await blobs.read(blob.key, 0, 100) == b"012abc"

    async def test_only_what_counts_is_published(self, blobs: Blobs) -> None:
        upload = await blobs.begin()
        await blobs.append(upload, 0, stream(b"0123456789"), limit=100)
        blob = await blobs.finish(upload, 4)
        assert (blob.size, await blobs.read(blob.key, 0, 100)) == (4, b"0123")

    async def test_bytes_may_not_be_left_out(self, blobs: Blobs) -> None:
        upload = await blobs.begin()
        with pytest.raises(Gap):
            await blobs.append(upload, 1, stream(b"x"), limit=100)
        with pytest.raises(Gap):
            await blobs.finish(upload, 1)

    async def test_more_than_the_limit_is_refused_and_does_not_count(self, blobs: Blobs) -> None:
        upload = await blobs.begin()
        size = await blobs.append(upload, 0, stream(b"12345"), limit=8)
        with pytest.raises(TooLong):
            await blobs.append(upload, size, stream(b"678", b"9"), limit=8)
        assert await blobs.append(upload, size, stream(b"678"), limit=8) == 8
        blob = await blobs.finish(upload, 8)
        assert await blobs.read(blob.key, 0, 100) == b"12345678"

    async def test_a_stream_that_breaks_is_gone_on_with_from_its_offset(self, blobs: Blobs) -> None:
        async def breaking() -> AsyncIterator[bytes]:
            yield bytes(BATCH * 2)
            raise ConnectionError("gone")

        upload = await blobs.begin()
        with pytest.raises(ConnectionError):
            await blobs.append(upload, 0, breaking(), limit=1 << 30)
        assert await blobs.append(upload, 0, stream(b"again"), limit=100) == 5
        blob = await blobs.finish(upload, 5)
        assert await blobs.read(blob.key, 0, 100) == b"again"

    async def test_whoever_was_killed_before_the_row_finishes_again(self, blobs: Blobs) -> None:
        upload = await blobs.begin()
        await blobs.append(upload, 0, stream(b"data"), limit=100)
        first, second = await blobs.finish(upload, 4), await blobs.finish(upload, 4)
        assert first.key != second.key
        await blobs.delete(first.key)
        await blobs.abandon(upload)
        assert await blobs.read(second.key, 0, 100) == b"data"

    async def test_an_abandoned_upload_is_not_there(self, blobs: Blobs) -> None:
        upload = await blobs.begin()
        await blobs.append(upload, 0, stream(b"data"), limit=100)
        for _ in range(2):
            await blobs.abandon(upload)
        with pytest.raises(FileNotFoundError):
            await blobs.append(upload, 4, stream(b"more"), limit=100)
        with pytest.raises(FileNotFoundError):
            await blobs.finish(upload, 4)
        assert [found async for found in blobs.uploads(older_than=now() + 60_000)] == []

    @pytest.mark.parametrize("upload", [UNKNOWN, *STRANGE])
    async def test_an_upload_that_is_not_there_is_not_found_whatever_it_looks_like(
        self, blobs: Blobs, upload: str
    ) -> None:
        with pytest.raises(FileNotFoundError):
            await blobs.append(upload, 0, stream(b"x"), limit=100)
        with pytest.raises(FileNotFoundError):
            await blobs.finish(upload, 0)
        await blobs.abandon(upload)

    async def test_only_uploads_that_rest_are_listed_for_the_sweep(self, blobs: Blobs) -> None:
        before = now() - 1000
        upload = await blobs.begin()
        await blobs.append(upload, 0, stream(b"data"), limit=100)
        assert [found async for found in blobs.uploads(older_than=before)] == []
        assert [found async for found in blobs.uploads(older_than=now() + 60_000)] == [upload]
