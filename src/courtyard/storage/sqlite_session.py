"""One SQLite connection: how it is opened, how it runs a statement, and what its errors mean."""

import contextlib
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import apsw

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
PATIENCE = 2_000
"""Milliseconds that a statement waits for another process, a backup mostly."""
STATEMENTS = 512
ROOM = 1 << 20


# The driver's own types lean on one that Python has from 3.12 on; before, a strict checker knows half of them.
Connection = Any
Cursor = Any


def connect(path: Path, *, reader: bool) -> Connection:
    """Open one connection with every setting that the promises rest on."""
    connection: Connection = apsw.Connection(str(path), statementcachesize=STATEMENTS)
    connection.set_busy_timeout(PATIENCE)
    # A plan goes by the statement alone; one that also went by its values would be made anew for each of them.
    connection.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)
    try:
        for pragma in (*PRAGMAS, *(READER if reader else ())):
            connection.execute(pragma).fetchall()
    except apsw.Error:
        connection.close()
        raise
    return connection


def meaning(error: apsw.Error, path: Path) -> Exception:
    """What an SQLite error says in the words of the port; a mistake of the caller stays as it is."""
    match error:
        case apsw.FullError():
            return Full(str(error))
        case apsw.IOError():
            # The shared index of the log cannot grow on a full disk, and SQLite calls that an I/O error.
            return Full(str(error)) if _no_room(path) else Down(str(error))
        case apsw.BusyError() | apsw.LockedError() | apsw.InterruptError():
            return Busy(str(error))
        case apsw.CantOpenError() | apsw.ReadOnlyError() | apsw.CorruptError() | apsw.NotADBError():
            return Down(str(error))
        case _:
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
        self.connection: Connection = connect(path, reader=reader)
        self._cursor: Cursor = self.connection.cursor()

    def one(self, kind: Callable[..., T], sql: Statement, values: Mapping[str, Any]) -> T | None:
        text = sql if isinstance(sql, str) else sql.sqlite
        try:
            made = self._shapes.get((kind, text)) or self._learn(kind, text, values)
            cursor = self._cursor.execute(text, values)
            row = cursor.fetchone()
            if row is not None and cursor.fetchone() is not None:
                self._abandon()
        except apsw.Error as error:
            self.refuse(error)
        return None if row is None else made.one(row)

    def all(self, kind: Callable[..., T], sql: Statement, values: Mapping[str, Any]) -> list[T]:
        text = sql if isinstance(sql, str) else sql.sqlite
        try:
            made = self._shapes.get((kind, text)) or self._learn(kind, text, values)
            rows = self._cursor.execute(text, values).fetchall()
        except apsw.Error as error:
            self.refuse(error)
        return made.all(rows)

    def run(self, sql: Statement, values: Mapping[str, Any]) -> int:
        try:
            self._cursor.execute(sql if isinstance(sql, str) else sql.sqlite, values).fetchall()
        except apsw.Error as error:
            self.refuse(error)
        return self.connection.changes()

    def control(self, text: str) -> None:
        """Statements without values or rows: begin, savepoint, commit, a whole schema. An open transaction stays open."""
        try:
            self._cursor.execute(text).fetchall()
        except apsw.Error as error:
            self.refuse(error)

    def refuse(self, error: apsw.Error) -> NoReturn:
        meant = meaning(error, self.path)
        if meant is error:
            raise error
        raise meant from error

    def close(self) -> None:
        self.connection.close()

    def _abandon(self) -> None:
        self._cursor.close(force=True)
        self._cursor = self.connection.cursor()

    def _learn(self, kind: Callable[..., Any], text: str, values: Mapping[str, Any]) -> Shape:
        """Prepare the statement, look at its columns, and do not run it."""
        columns: list[str] = []

        def look(cursor: Cursor, _text: str, _values: Any) -> bool:
            columns.extend(name for name, _type in cursor.get_description())
            return False

        looking: Cursor = self.connection.cursor()
        looking.exec_trace = look
        with contextlib.suppress(apsw.ExecTraceAbort):
            looking.execute(text, values)
        looking.close(force=True)
        made = self._shapes[kind, text] = shape(kind, columns)
        return made
