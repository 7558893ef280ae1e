"""The blob store in a bucket: objects of at most 8 MiB, written once, a blob visible by its first part, written last."""

import asyncio
import contextlib
import errno
import hashlib
import os
import re
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from courtyard.storage.blobs import Blob, Damaged, Gap, TooLong, batches
from courtyard.storage.database import Down, Full
from courtyard.storage.object_access import Bucket, Exists, Seen
from courtyard.storage.object_spool import KEPT, PART, Parts

P = ParamSpec("P")
T = TypeVar("T")

KEY = re.compile(r"[0-9a-f]{32}")
PIECE_NAME = re.compile(r"([0-9]+)(?:-([0-9]+))?")
"""Where a piece of an upload begins, and the fence of whoever wrote it."""
PIECE = 1 << 20
DAY = 24 * 3600 * 1000
SECOND = 1000
THREADS = 4
UNDER_WAY = 4
"""Parts of all uploads of this process that are in memory on their way to the store."""
NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class ObjectBlobs:
    """`blobs/<key>` is the first part of a blob, `parts/<key>/<number>` are the others, `uploads/<id>/…` come in pieces.

    `spool` is a folder on the local disk for what has come of a part.
    """

    def __init__(self, bucket: Bucket, spool: Path) -> None:
        self._bucket = bucket
        self._spool = spool
        spool.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="objects")
        self._under_way = asyncio.Semaphore(UNDER_WAY)
        self.clearing: set[asyncio.Task[None]] = set()
        """What goes on after an answer."""

    async def check(self) -> None:
        """Write, read and delete a probe. Raises Down with what a person can mend."""
        path = f"probes/{secrets.token_hex(16)}"
        probe = secrets.token_bytes(16)
        try:
            await self._bucket.create(path, probe)
            if await self._bucket.read(path, 0, 100) != probe:
                raise Down("the object store gave other bytes than it was given")
            async for _ in self._bucket.list("probes"):
                break
            await self._bucket.delete([path])
        except (FileNotFoundError, Exists) as error:
            raise Down(f"the object store lost what it was given: {error}") from error

    async def ping(self) -> None:
        """It answers. Raises Down."""
        with contextlib.suppress(FileNotFoundError):
            await self._bucket.size("probes/ping")

    async def put(self, chunks: AsyncIterator[bytes], *, limit: int) -> Blob:
        """Store durably under a new key; nothing is visible when it fails. Raises TooLong past `limit` bytes, Full, Down."""
        return await self._store(secrets.token_hex(16), chunks, limit)

    async def adopt(self, blob: Blob, chunks: AsyncIterator[bytes]) -> None:
        """Store the copy of a blob under its own key. Raises Damaged when the bytes are others."""
        if not KEY.fullmatch(blob.key):
            raise Damaged(f"{blob.key!r} is no key")
        if await self.size(blob.key) == blob.size:
            return
        try:
            await self._store(blob.key, chunks, blob.size, blob)
        except TooLong:
            raise Damaged(f"{blob.key} has more than {blob.size} bytes") from None

    async def _store(self, key: str, chunks: AsyncIterator[bytes], limit: int, expected: Blob | None = None) -> Blob:
        digest = hashlib.sha256()

        def take_in(batch: list[bytes]) -> None:
            for chunk in batch:
                digest.update(chunk)

        # An adopted copy that was broken off may have left parts; a key of its own has none.
        place = self._create if expected is None else self._bucket.write
        parts = self._parts(lambda number, data: place(part_path(key, number), data), first_last=True)
        try:
            async for batch in batches(chunks, KEPT, limit=limit):
                await self._in_thread(take_in, batch)
                await parts.write(batch)
            blob = Blob(key, parts.size, digest.hexdigest())
            if expected not in (None, blob):
                raise Damaged(f"{key} has other bytes than its row says")
            await parts.end()
        except BaseException:
            self._later(self._clear(parts, key if expected is None else None))
            raise
        self._later(parts.close())
        return blob

    async def read(self, key: str, start: int, length: int) -> bytes:
        """At most `length` bytes from `start`. Raises FileNotFoundError, Down."""
        if start < 0 or length < 0:
            raise ValueError("a range begins at 0 or later and is not negative")
        if not KEY.fullmatch(key):
            raise _missing(key)
        pieces: list[bytes] = []
        while length > 0:
            number, offset = divmod(start, PART)
            wanted = min(length, PART - offset)
            piece = await self._read_part(key, number, offset, wanted)
            pieces.append(piece)
            if len(piece) < wanted:
                break
            start, length = start + wanted, length - wanted
        if not pieces:
            await self._bucket.size(part_path(key, 0))
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    async def _read_part(self, key: str, number: int, offset: int, length: int) -> bytes:
        try:
            return await self._bucket.read(part_path(key, number), offset, length)
        except FileNotFoundError:
            if number == 0:
                raise _missing(key) from None
            # Past the end of a blob that is there.
            await self._bucket.size(part_path(key, 0))
            return b""

    async def size(self, key: str) -> int | None:
        """How many bytes a blob has; None when it is not there."""
        if not KEY.fullmatch(key):
            return None
        try:
            first = await self._bucket.size(part_path(key, 0))
        except FileNotFoundError:
            return None
        if first < PART:
            return first
        return first + sum([one.size async for one in self._bucket.list(f"parts/{key}")])

    async def delete(self, key: str) -> None:
        """Remove; a key that is not there is no error."""
        if KEY.fullmatch(key):
            await self._bucket.delete([part_path(key, 0)])
            await self._bucket.delete([one.path async for one in self._bucket.list(f"parts/{key}")])

    async def keys(self, *, older_than: int) -> AsyncIterator[str]:
        """Every key stored before that time (milliseconds UTC)."""
        async for one in self._bucket.list("blobs"):
            key = one.path.rpartition("/")[2]
            # Stores tell time in seconds.
            if KEY.fullmatch(key) and one.at + SECOND < older_than:
                yield key

    async def tidy(self, *, now: int) -> int:
        """Remove parts of blobs that were never completed and that nobody has added to for a day; how many blobs."""
        removed = 0
        async for folder, parts in _folders(self._bucket.list("parts")):
            if max(part.at for part in parts) + DAY < now and await self.size(folder) is None:
                await self._bucket.delete([part.path for part in parts])
                removed += 1
        return removed

    async def begin(self) -> str:
        """A new upload, empty: its id."""
        upload = secrets.token_hex(16)
        await self._create(f"uploads/{upload}/begun", b"")
        return upload

    async def append(
        self, upload: str, offset: int, chunks: AsyncIterator[bytes], *, limit: int, fence: int = 0
    ) -> int:
        """Add to an upload from `offset` on; how many bytes it has now. Raises as the port says."""
        pieces = await self._pieces(upload)
        if covered(pieces) < offset:
            raise Gap(f"the upload has {covered(pieces)} bytes, not {offset}")
        await self._bucket.delete([path for start, _, path in pieces if start >= offset])

        async def place(number: int, data: bytes) -> None:
            # Whoever broke off here may have left another piece of that name.
            await self._bucket.write(f"uploads/{upload}/{offset + number * PART:016d}-{fence}", data)

        parts = self._parts(place, first_last=False)
        try:
            async for batch in batches(chunks, KEPT, limit=limit - offset):
                await parts.write(batch)
            if parts.size:
                await parts.end()
        finally:
            self._later(parts.close())
        return offset + parts.size

    async def finish(self, upload: str, size: int) -> Blob:
        """Publish the first `size` bytes of an upload under a new key. Raises as the port says."""
        pieces = await self._pieces(upload)
        if covered(pieces) < size:
            raise Gap(f"the upload has {covered(pieces)} bytes, not {size}")

        async def composed() -> AsyncIterator[bytes]:
            ends = [start for start, _, _ in pieces[1:]] + [size]
            for (start, length, path), following in zip(pieces, ends, strict=False):
                wanted = min(length, following - start, size - start)
                for offset in range(0, wanted, PIECE):
                    yield await self._bucket.read(path, offset, min(PIECE, wanted - offset))

        try:
            blob = await self.put(composed(), limit=size)
        except FileNotFoundError as error:
            raise Gap("the upload was abandoned") from error
        if blob.size != size:
            self._later(self.delete(blob.key))
            raise Down("the object store gave fewer bytes than it listed")
        return blob

    async def abandon(self, upload: str) -> None:
        """Remove an upload; one that is not there is no error."""
        if KEY.fullmatch(upload):
            await self._bucket.delete([one.path async for one in self._bucket.list(f"uploads/{upload}")])

    async def uploads(self, *, older_than: int) -> AsyncIterator[str]:
        """Every upload that nothing was added to since that time (milliseconds UTC)."""
        async for upload, pieces in _folders(self._bucket.list("uploads")):
            if max(piece.at for piece in pieces) + SECOND < older_than:
                yield upload

    async def _pieces(self, upload: str) -> list[tuple[int, int, str]]:
        """Start, size and path of what there is of an upload, in order. Raises FileNotFoundError."""
        if not KEY.fullmatch(upload):
            raise _missing(upload)
        found = [one async for one in self._bucket.list(f"uploads/{upload}")]
        if not found:
            raise _missing(upload)
        named = ((PIECE_NAME.fullmatch(one.path.rpartition("/")[2]), one) for one in found)
        return counted([(int(name[1]), int(name[2] or 0), one) for name, one in named if name is not None])

    async def close(self) -> None:
        """After what is being cleared away."""
        while self.clearing:
            # What could not be removed is tidied up later.
            await asyncio.gather(*self.clearing, return_exceptions=True)
        await asyncio.to_thread(self._threads.shutdown)
        await self._bucket.close()

    def _parts(self, place: Callable[[int, bytes], Awaitable[None]], *, first_last: bool) -> Parts:
        return Parts(self._spool, self._in_thread, self._under_way, place, first_last=first_last)

    async def _clear(self, parts: Parts, key: str | None) -> None:
        """After a failure: what was written under the key goes, the part under way too. What stays is tidied up later."""
        await parts.close()
        if key is not None:
            with contextlib.suppress(Down, Full):
                await self._bucket.delete([part_path(key, number) for number in range(parts.count)])

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self.clearing.add(task)
        task.add_done_callback(self.clearing.discard)

    async def _create(self, path: str, data: bytes) -> None:
        try:
            await self._bucket.create(path, data)
        except Exists as error:
            # Nobody else has our random names: it was written, and the answer got lost before the next try.
            raise Down(f"the object store did not say whether it has what it was given: {error}") from error

    async def _in_thread(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        def work() -> T:
            try:
                return call(*args, **kwargs)
            except OSError as error:
                raise (Full if error.errno in NO_ROOM else Down)(str(error)) from error

        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


def part_path(key: str, number: int) -> str:
    """Where a part is; a store that is a file system has no room for others below the first."""
    return f"parts/{key}/{number:06d}" if number else f"blobs/{key}"


def counted(pieces: list[tuple[int, int, Seen]]) -> list[tuple[int, int, str]]:
    """Start, size and path of those that count, in order, of pieces with their start and fence.

    What somebody writes after he has lost the upload lies past the beginning of what his successor wrote.
    """
    found: list[tuple[int, int, str]] = []
    newest = 0
    for start, fence, one in sorted(pieces, key=lambda piece: (piece[0], -piece[1])):
        if fence >= newest:
            newest = fence
            found.append((start, one.size, one.path))
    return found


def covered(pieces: list[tuple[int, int, str]]) -> int:
    """How many bytes there are without a gap; where two pieces overlap the one that begins later counts."""
    end = 0
    for start, size, _ in pieces:
        if start > end:
            break
        end = start + size
    return end


async def _folders(found: AsyncIterator[Seen]) -> AsyncIterator[tuple[str, list[Seen]]]:
    """What a list has, by the folder that each is in."""
    name, members = "", list[Seen]()
    async for one in found:
        folder = one.path.rpartition("/")[0].rpartition("/")[2]
        if folder != name and members:
            yield name, members
            members = []
        name = folder
        members.append(one)
    if members:
        yield name, members


def _missing(name: str) -> FileNotFoundError:
    return FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name)
