"""One SQLite connection: how it is opened, how it runs a statement, and what its errors mean."""

import os
import re
import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from courtyard.storage.database import Busy, Down, Full, Statement
from courtyard.storage.rows import Shape, Shapes, shape

T = TypeVar("T")

PRAGMAS = (
    "pragma journal_mode = wal",
    # Every commit waits for the disk: an answer that has left must survive a power cut.
    "pragma synchronous = full",
    "pragma foreign_keys = on",
    "pragma trusted_schema = off",
    "pragma temp_store = memory",
    "pragma cache_size = -32000",
    # After a burst the log shrinks to this at the next checkpoint.
    "pragma journal_size_limit = 67108864",
)
READER = ("pragma query_only = on", "pragma wal_autocheckpoint = 0")
ROOM = 1 << 20
WITH = re.compile(r"(?:\s|--[^\n]*\n|/\*.*?\*/)*with\b", re.IGNORECASE | re.DOTALL)


def connect(path: Path, *, reader: bool) -> sqlite3.Connection:
    """Open one connection with every setting that the promises rest on."""
    connection = sqlite3.connect(path, timeout=2, isolation_level=None, check_same_thread=False, cached_statements=1024)
    try:
        for pragma in (*PRAGMAS, *(READER if reader else ())):
            connection.execute(pragma).fetchall()
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def meaning(error: sqlite3.Error, path: Path) -> Exception:
    """What an SQLite error says in the words of the port; a mistake of the caller stays as it is."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return Full(str(error))
    if code == sqlite3.SQLITE_IOERR:
        # The shared index of the log cannot grow on a full disk, and SQLite calls that an I/O error.
        return Full(str(error)) if _no_room(path) else Down(str(error))
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_INTERRUPT):
        return Busy(str(error))
    if code in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return Down(str(error))
    return error


def _no_room(path: Path) -> bool:
    try:
        left = os.statvfs(path.parent)
    except OSError:
        return False
    return left.f_bavail * left.f_frsize < ROOM


class Session:
    """A connection and its statements, run to the end where they are called.

    No statement stays open between two calls: an open one holds its snapshot, and the log could not begin anew.
    """

    __slots__ = ("_cursor", "_shapes", "connection", "path")

    def __init__(self, path: Path, shapes: Shapes, *, reader: bool) -> None:
        self.path = path
        self._shapes = shapes
        self.connection = connect(path, reader=reader)
        self._cursor = self.connection.cursor()

    def one(self, kind: Callable[..., T], sql: Statement, values: Mapping[str, Any]) -> T | None:
        text = sql if isinstance(sql, str) else sql.sqlite
        cursor = self._cursor
        try:
            cursor.execute(text, values)
            row = cursor.fetchone()
            if row is not None and cursor.fetchone() is not None:
                self._abandon()
        except sqlite3.Error as error:
            self.refuse(error)
        made = self._shapes.get((kind, text)) or self._learn(kind, text, cursor)
        return None if row is None else made.one(row)

    def all(self, kind: Callable[..., T], sql: Statement, values: Mapping[str, Any]) -> list[T]:
        text = sql if isinstance(sql, str) else sql.sqlite
        cursor = self._cursor
        try:
            rows = cursor.execute(text, values).fetchall()
        except sqlite3.Error as error:
            self.refuse(error)
        made = self._shapes.get((kind, text)) or self._learn(kind, text, cursor)
        return made.all(rows)

    def run(self, sql: Statement, values: Mapping[str, Any]) -> int:
        text = sql if isinstance(sql, str) else sql.sqlite
        cursor = self._cursor
        try:
            cursor.execute(text, values).fetchall()
            if cursor.rowcount >= 0:
                return cursor.rowcount
            # The driver counts only what begins with insert, update, delete or replace; a change may begin with `with`.
            if WITH.match(text):
                return cursor.execute("select changes()").fetchall()[0][0]
        except sqlite3.Error as error:
            self.refuse(error)
        return 0

    def script(self, text: str) -> None:
        """Every statement of a text inside the open transaction (the driver's own `executescript` would commit it)."""
        for statement in statements(text):
            self.control(statement)

    def control(self, text: str) -> None:
        """A statement without values or rows: begin, savepoint, commit, schema."""
        try:
            self.connection.execute(text).close()
        except sqlite3.Error as error:
            self.refuse(error)

    def refuse(self, error: sqlite3.Error) -> NoReturn:
        meant = meaning(error, self.path)
        if meant is error:
            raise error
        raise meant from error

    def close(self) -> None:
        self.connection.close()

    def _abandon(self) -> None:
        self._cursor.close()
        self._cursor = self.connection.cursor()

    def _learn(self, kind: Callable[..., Any], text: str, cursor: sqlite3.Cursor) -> Shape:
        columns = [column[0] for column in cursor.description or ()]
        made = self._shapes[kind, text] = shape(kind, columns)
        return made


def statements(text: str) -> list[str]:
    """Cut a script where SQLite itself says that a statement is complete, so that a trigger's body stays whole."""
    found: list[str] = []
    pending = ""
    for piece in re.findall(r"[^;]*;|[^;]+$", text):
        pending += piece
        if sqlite3.complete_statement(pending):
            found.append(pending)
            pending = ""
    if pending.strip():
        found.append(pending)
    return found
