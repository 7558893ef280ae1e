"""The embedded engine: SQLite on the event loop, one writer, commits in groups."""

import fcntl
import os
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, LiteralString, TypeVar

from courtyard.storage.database import Statement
from courtyard.storage.group_commit import GroupCommit
from courtyard.storage.rows import Shapes
from courtyard.storage.sqlite_scan import Scanner, Scanning
from courtyard.storage.sqlite_session import Session

T = TypeVar("T")


class Owned(Exception):
    """Another process has this database open. One process owns the file; stop the other one first."""


class Reading:
    """A read block. Statements run where they are called, so all blocks share one connection."""

    __slots__ = ("_session",)
    engine: LiteralString = "sqlite"

    def __init__(self, session: Session) -> None:
        self._session = session

    async def __aenter__(self) -> "Reading":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    async def one(self, kind: Callable[..., T], sql: Statement, /, **values: Any) -> T | None:
        return self._session.one(kind, sql, values)

    async def all(self, kind: Callable[..., T], sql: Statement, /, **values: Any) -> list[T]:
        return self._session.all(kind, sql, values)


class Writing:
    """A write block. A statement that failed dooms its block, as it does on PostgreSQL."""

    __slots__ = ("_failed", "_line")
    engine: LiteralString = "sqlite"

    def __init__(self, line: GroupCommit) -> None:
        self._line = line
        self._failed: Exception | None = None

    async def __aenter__(self) -> "Writing":
        await self._line.enter()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        failed, self._failed = self._failed, RuntimeError("this write block has been left")
        if failed is not None:
            self._line.undo(failed)
            if error is None:
                raise failed
        elif error is not None:
            self._line.undo(error)
        else:
            await self._line.keep()

    async def one(self, kind: Callable[..., T], sql: Statement, /, **values: Any) -> T | None:
        if self._failed is not None:
            raise self._failed
        try:
            return self._line.session.one(kind, sql, values)
        except Exception as error:
            self._failed = error
            raise

    async def all(self, kind: Callable[..., T], sql: Statement, /, **values: Any) -> list[T]:
        if self._failed is not None:
            raise self._failed
        try:
            return self._line.session.all(kind, sql, values)
        except Exception as error:
            self._failed = error
            raise

    async def run(self, sql: Statement, /, **values: Any) -> int:
        if self._failed is not None:
            raise self._failed
        try:
            return self._line.session.run(sql, values)
        except Exception as error:
            self._failed = error
            raise

    async def later(self, sql: Statement, /, **values: Any) -> None:
        if self._failed is not None:
            raise self._failed
        self._line.later(sql, values)

    async def script(self, text: str) -> None:
        """Many statements without values, for migrations."""
        if self._failed is not None:
            raise self._failed
        try:
            self._line.session.control(text)
        except Exception as error:
            self._failed = error
            raise


class Sqlite:
    """One file, owned by one process. See docs/decisions/0003-sqlite-single-writer.md."""

    engine: LiteralString = "sqlite"

    def __init__(self, path: Path) -> None:
        shapes: Shapes = {}
        self._line = GroupCommit(lambda: Session(path, shapes, reader=False))
        self._reader = Session(path, shapes, reader=True)
        self._scanner = Scanner(path, shapes)
        self._reading = Reading(self._reader)
        self._scanning = Scanning(self._scanner)
        self._lock = -1

    @classmethod
    async def open(cls, path: str | os.PathLike[str]) -> "Sqlite":
        """Open or create the file, in a directory that exists. Raises Owned, apsw.Error. Umask decides the mode."""
        place = _absolute(path)
        lock = own(place)
        try:
            database = cls(place)
        except BaseException:
            os.close(lock)
            raise
        database._lock = lock
        return database

    def read(self) -> Reading:
        return self._reading

    def scan(self) -> Scanning:
        return self._scanning

    def write(self) -> Writing:
        return Writing(self._line)

    async def close(self) -> None:
        """After the writers in line. The write connection goes last: it alone may move the log into the file."""
        if self._lock < 0:
            return
        lock, self._lock = self._lock, -1
        self._scanner.close()
        self._reader.close()
        await self._line.close()
        os.close(lock)


def own(path: Path) -> int:
    """Take the lock beside the file for the life of this process. Raises Owned."""
    lock = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.read(lock, 20).decode(errors="replace").strip()
        os.close(lock)
        raise Owned(f"{path} is in use by process {holder or 'unknown'}") from None
    os.ftruncate(lock, 0)
    os.write(lock, f"{os.getpid()}\n".encode())
    return lock


def _absolute(path: str | os.PathLike[str]) -> Path:
    """The process may change its directory later; connections are opened again after a failure."""
    return Path(path).absolute()
