"""An upload on the local disk that comes in pieces: one file, worked on by one process at a time."""

import fcntl
import hashlib
import os
import threading
from pathlib import Path

from courtyard.storage.blobs import Gap, Taken

READ = 1 << 23


class Staged:
    """The file of an upload, open and locked; a killed process lets go of it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = -1
        self._hash = hashlib.sha256()
        self._hashed = self._size = 0
        # Whoever gave up may have left a thread at work; the next one, which closes, waits for it.
        self._lock = threading.Lock()

    def open(self) -> None:
        with self._lock:
            self._file = os.open(self._path, os.O_RDWR | os.O_CLOEXEC)
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Taken from None

    def cut(self, offset: int) -> None:
        """What a writer that died left past `offset` goes."""
        with self._lock:
            state = os.fstat(self._file)
            if state.st_nlink != 1:
                # The same file is a blob already, and a blob never changes. Or it is gone.
                raise Gap("the upload was finished or abandoned")
            if state.st_size < offset:
                raise Gap(f"the upload has {state.st_size} bytes, not {offset}")
            os.ftruncate(self._file, offset)
            os.lseek(self._file, offset, os.SEEK_SET)
            self._size = offset

    def write(self, batch: list[bytes]) -> None:
        with self._lock:
            for chunk in batch:
                self._size += len(chunk)
                rest = memoryview(chunk)
                while rest:
                    rest = rest[os.write(self._file, rest) :]

    def sync(self) -> int:
        """How many bytes it has, now that they are durable."""
        with self._lock:
            os.fsync(self._file)
            return self._size

    def complete(self, size: int) -> None:
        """There are `size` bytes, and there will be no others."""
        with self._lock:
            state = os.fstat(self._file)
            if state.st_size < size or (state.st_size > size and state.st_nlink > 1):
                raise Gap(f"the upload has {state.st_size} bytes, not {size}")
            os.ftruncate(self._file, size)
            self._size = size
            os.fsync(self._file)

    def digest_more(self) -> bool:
        """Read on; False at the end."""
        with self._lock:
            piece = os.pread(self._file, READ, self._hashed)
            self._hash.update(piece)
            self._hashed += len(piece)
            return bool(piece)

    def link(self, place: Path) -> None:
        """Give the bytes a second name, that of a blob."""
        with self._lock:
            os.link(self._path, place)

    def digest(self) -> str:
        return self._hash.hexdigest()

    def close(self) -> None:
        with self._lock:
            if self._file >= 0:
                os.close(self._file)
                self._file = -1
