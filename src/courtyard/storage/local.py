"""The blob store on the local disk: durable before it is named, never overwritten, never half-made."""

import asyncio
import contextlib
import errno
import fcntl
import hashlib
import os
import re
import secrets
import threading
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import ParamSpec, TypeVar

from courtyard.storage.blobs import Blob, Damaged, TooLong, batches
from courtyard.storage.database import Down, Full
from courtyard.storage.local_uploads import Staged

P = ParamSpec("P")
T = TypeVar("T")

KEY = re.compile(r"[0-9a-f]{32}")
# Many stalled uploads may each hold one batch in memory.
BATCH = 1 << 18
# Below this a read from the page cache costs less than the way to a thread and back.
INLINE = 1 << 18
THREADS = 8
DAY = 24 * 3600
NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class LocalBlobs:
    """Files under `root/ab/c/abc…`, written under `root/incoming` first.

    Several processes may share one root. Only a small read touches the disk on the event loop.
    """

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self._root = Path(root).absolute()
        self._incoming = self._root / "incoming"
        self._uploads = self._root / "uploads"
        for folder in (self._incoming, self._uploads):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # A directory is durable once its parent was synced after it was made; that it is there does not say so.
        self._durable: set[str] = set()
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="blobs")
        self._lock = _sweep(self._root, self._incoming)

    async def put(self, chunks: AsyncIterator[bytes], *, limit: int) -> Blob:
        """Store durably under a new key; nothing remains when it fails. Raises TooLong past `limit` bytes, Full, Down."""
        arrival = Arrival(self._incoming)
        batch: list[bytes] = []
        size = waiting = 0
        try:
            async for chunk in chunks:
                size += len(chunk)
                if size > limit:
                    raise TooLong(f"more than {limit} bytes")
                batch.append(chunk)
                waiting += len(chunk)
                if waiting >= BATCH:
                    await self._in_thread(arrival.write, batch)
                    batch, waiting = [], 0
            return await self._in_thread(self._finish, arrival, batch)
        except BaseException as error:
            # Cancelled, a thread may still be at work on the file; `abandon` waits for it.
            self._threads.submit(arrival.abandon)
            if isinstance(error, FileNotFoundError):
                raise Down("a directory of the blob store is gone") from error
            raise

    async def read(self, key: str, start: int, length: int) -> bytes:
        """At most `length` bytes from `start`. Raises FileNotFoundError, Down."""
        if start < 0 or length < 0:
            raise ValueError("a range begins at 0 or later and is not negative")
        path = self._path(key)
        if path is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), key)
        if length <= INLINE:
            return _translated(_read, path, start, length)
        return await self._in_thread(_read, path, start, length)

    async def delete(self, key: str) -> None:
        """Remove; a key that is not there is no error."""
        path = self._path(key)
        if path is not None:
            await self._in_thread(_remove, path)

    async def keys(self, *, older_than: int) -> AsyncIterator[str]:
        """Every key stored before that time (milliseconds UTC)."""
        for first in range(256):
            folder = self._root / f"{first:02x}"
            for key in await self._in_thread(_listed, folder, older_than):
                yield key

    async def adopt(self, blob: Blob, chunks: AsyncIterator[bytes]) -> None:
        """Store the copy of a blob of another store under its own key. Raises Damaged when the bytes are others."""
        if not KEY.fullmatch(blob.key):
            raise Damaged(f"{blob.key!r} is no key")
        if await self.size(blob.key) == blob.size:
            return
        arrival = Arrival(self._incoming)
        try:
            async for batch in batches(chunks, BATCH, limit=blob.size):
                await self._in_thread(arrival.write, batch)
            await self._in_thread(self._finish, arrival, [], blob)
        except BaseException as error:
            self._threads.submit(arrival.abandon)
            if isinstance(error, TooLong):
                raise Damaged(f"{blob.key} has more than {blob.size} bytes") from None
            raise

    async def size(self, key: str) -> int | None:
        """How many bytes a blob has; None when it is not there."""
        path = self._path(key)
        return None if path is None else await self._in_thread(_size, path)

    async def tidy(self, *, now: int) -> int:
        """Remove what nobody has written to for a day."""
        return await self._in_thread(_tidy, self._incoming, now / 1000 - DAY)

    async def check(self) -> None:
        """Write, read and delete a probe."""
        await self.delete((await self.put(_nothing(), limit=0)).key)

    async def ping(self) -> None:
        """The disk answers."""
        if not await self._in_thread(self._incoming.is_dir):
            raise Down("a directory of the blob store is gone")

    async def begin(self) -> str:
        """A new upload, empty: its id."""
        upload = secrets.token_hex(16)
        await self._in_thread(_make_empty, self._uploads / upload)
        return upload

    async def append(
        self, upload: str, offset: int, chunks: AsyncIterator[bytes], *, limit: int, fence: int = 0
    ) -> int:
        """Add to an upload from `offset` on; how many bytes it has now. Raises as the port says."""
        async with self._staged(upload) as staged:
            await self._in_thread(staged.cut, offset)
            async for batch in batches(chunks, BATCH, limit=limit - offset):
                await self._in_thread(staged.write, batch)
            return await self._in_thread(staged.sync)

    async def finish(self, upload: str, size: int) -> Blob:
        """Publish the first `size` bytes of an upload under a new key. Raises as the port says."""
        async with self._staged(upload) as staged:
            await self._in_thread(staged.complete, size)
            # In many hops: whoever has a small blob to write does not wait for a large one to be read.
            while await self._in_thread(staged.digest_more):
                pass
            key = secrets.token_hex(16)
            await self._in_thread(self._publish, staged, key)
            return Blob(key, size, staged.digest())

    async def abandon(self, upload: str) -> None:
        """Remove an upload; one that is not there is no error."""
        if KEY.fullmatch(upload):
            await self._in_thread(_remove, self._uploads / upload)

    async def uploads(self, *, older_than: int) -> AsyncIterator[str]:
        """Every upload that nothing was added to since that time (milliseconds UTC)."""
        for upload in await self._in_thread(_older, self._uploads, older_than):
            yield upload

    async def close(self) -> None:
        """After what runs now; temporary files of others stay theirs."""
        if self._lock < 0:
            return
        lock, self._lock = self._lock, -1
        await asyncio.to_thread(self._threads.shutdown)
        os.close(lock)

    def _path(self, key: str) -> Path | None:
        """Only a key of ours is a path: anything else names nothing here, least of all a file elsewhere."""
        return self._place(key) if KEY.fullmatch(key) else None

    def _place(self, key: str) -> Path:
        # 4,096 directories: few enough that a new object seldom pays for making one, and for making that durable.
        return self._root / key[:2] / key[2] / key

    async def _in_thread(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        def work() -> T:
            return _translated(call, *args, **kwargs)

        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    @contextlib.asynccontextmanager
    async def _staged(self, upload: str) -> AsyncGenerator[Staged]:
        if not KEY.fullmatch(upload):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), upload)
        staged = Staged(self._uploads / upload)
        try:
            await self._in_thread(staged.open)
            yield staged
        finally:
            await asyncio.shield(self._in_thread(staged.close))

    def _publish(self, staged: Staged, key: str) -> None:
        place = self._made(key)
        staged.link(place)
        _sync_folder(place.parent)

    def _finish(self, arrival: "Arrival", batch: list[bytes], expected: Blob | None = None) -> Blob:
        """The end of every upload, in one thread hop: the last bytes, fsync, link, fsync of the directory."""
        arrival.write(batch)
        blob = Blob(secrets.token_hex(16) if expected is None else expected.key, arrival.size, arrival.digest())
        if expected not in (None, blob):
            raise Damaged(f"{blob.key} has other bytes than its row says")
        arrival.settle(self._made(blob.key))
        return blob

    def _made(self, key: str) -> Path:
        """The place of a key, its directories made and durable."""
        place = self._place(key)
        self._make(place.parent.parent)
        self._make(place.parent)
        return place

    def _make(self, folder: Path) -> None:
        name = str(folder)
        if name in self._durable:
            return
        with contextlib.suppress(FileExistsError):
            folder.mkdir(mode=0o700)
        _sync_folder(folder.parent)
        self._durable.add(name)


class Arrival:
    """One file on its way in, worked on by one thread at a time. Nothing touches the disk before the first `write`."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / secrets.token_hex(16)
        self._hash = hashlib.sha256()
        self._file = -1
        self._place: Path | None = None
        self._abandoned = False
        self._lock = threading.Lock()
        self.size = 0

    def write(self, batch: list[bytes]) -> None:
        with self._lock:
            self._wanted()
            if self._file < 0:
                self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            for chunk in batch:
                self._hash.update(chunk)
                self.size += len(chunk)
                rest = memoryview(chunk)
                while rest:
                    rest = rest[os.write(self._file, rest) :]

    def settle(self, place: Path) -> None:
        """Make the bytes durable, then the name. A link, because a link overwrites nothing.

        A failed fsync is never tried again: the kernel may call pages clean that it has lost.
        """
        with self._lock:
            self._wanted()
            os.fsync(self._file)
            os.link(self._path, place)
            self._place = place
            _sync_folder(place.parent)
            self._forget()

    def abandon(self) -> None:
        """Nobody waits for it any more: nothing of it remains."""
        with self._lock:
            self._abandoned = True
            if self._place is not None:
                self._place.unlink(missing_ok=True)
            self._forget()

    def digest(self) -> str:
        return self._hash.hexdigest()

    def _wanted(self) -> None:
        if self._abandoned:
            raise Down("the upload was given up")

    def _forget(self) -> None:
        """The temporary name goes. What this leaves behind is swept at a later start."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
            with contextlib.suppress(OSError):
                self._path.unlink()


def _sweep(root: Path, incoming: Path) -> int:
    """Remove what a killed process left, and hold the lock that says we are alive.

    With another process alive, only what nobody has touched for a day is certainly dead.
    """
    lock = os.open(root / "incoming.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        before = float("inf")
    except BlockingIOError:
        before = time.time() - DAY
    _tidy(incoming, before)
    fcntl.flock(lock, fcntl.LOCK_SH)
    return lock


def _tidy(incoming: Path, before: float) -> int:
    removed = 0
    for entry in os.scandir(incoming):
        with contextlib.suppress(FileNotFoundError):
            if entry.stat().st_mtime < before:
                Path(entry.path).unlink()
                removed += 1
    return removed


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return None


async def _nothing() -> AsyncIterator[bytes]:
    for nothing in tuple[bytes, ...]():
        yield nothing


def _translated(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    try:
        return call(*args, **kwargs)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise (Full if error.errno in NO_ROOM else Down)(str(error)) from error


def _read(path: Path, start: int, length: int) -> bytes:
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        found = os.pread(file, length, start)
        if len(found) == length or not found:
            return found
        pieces = [found]
        have = len(found)
        # One call gives less than asked at the end of the file, and past 2 GiB.
        while have < length and (piece := os.pread(file, length - have, start + have)):
            pieces.append(piece)
            have += len(piece)
        return b"".join(pieces)
    finally:
        os.close(file)


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)


def _make_empty(path: Path) -> None:
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    _sync_folder(path.parent)


def _listed(folder: Path, older_than: int) -> list[str]:
    found: list[str] = []
    with contextlib.suppress(FileNotFoundError):
        for leaf in os.scandir(folder):
            found += _older(Path(leaf.path), older_than)
    return found


def _older(folder: Path, than: int) -> list[str]:
    found: list[str] = []
    for entry in os.scandir(folder):
        with contextlib.suppress(FileNotFoundError):
            if KEY.fullmatch(entry.name) and entry.stat().st_mtime_ns < than * 1_000_000:
                found.append(entry.name)
    return found


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
