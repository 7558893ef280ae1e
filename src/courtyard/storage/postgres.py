"""The outgrown engine: asyncpg, the same SQL, row locks and a time limit on everything."""

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Any, LiteralString, NoReturn, TypeVar

import asyncpg

from courtyard.storage.database import Down, Statement
from courtyard.storage.named_values import Compiled, compiled
from courtyard.storage.postgres_connections import Connection, Connections, meaning
from courtyard.storage.rows import Shape, Shapes, shape

T = TypeVar("T")

STATEMENT_SECONDS = 5
SCAN_SECONDS = 60
SCANS = 2
MIGRATION_SECONDS = 24 * 3600


class Memory:
    """What is worked out once per statement: its numbered text, and the shape of its rows."""

    __slots__ = ("compiled", "shapes")

    def __init__(self) -> None:
        self.compiled: dict[str, Compiled] = {}
        self.shapes: Shapes = {}

    def statement(self, sql: Statement) -> Compiled:
        text = sql if isinstance(sql, str) else sql.postgres
        known = self.compiled.get(text)
        if known is None:
            known = self.compiled[text] = compiled(text)
        return known

    def shape(self, kind: Callable[..., Any], text: str, row: Any) -> Shape:
        known = self.shapes.get((kind, text))
        if known is None:
            known = self.shapes[kind, text] = shape(kind, list(row.keys()))
        return known


class Reading:
    """A read block: one connection, no transaction, so that every statement sees the newest commit."""

    __slots__ = ("_connection", "_connections", "_memory")

    def __init__(self, connections: Connections, memory: Memory) -> None:
        self._connections = connections
        self._memory = memory
        self._connection: Connection = None

    async def __aenter__(self) -> "Reading":
        self._connection = await self._connections.take()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        connection, self._connection = self._connection, None
        self._connections.give(connection)

    async def one(self, kind: Callable[..., T], sql: Statement, /, **values: Any) -> T | None:
        statement = self._memory.statement(sql)
        try:
            row = await self._connection.fetchrow(statement.text, *statement.pick(values))
        except Exception as error:
            refuse(error)
        return None if row is None else self._memory.shape(kind, statement.text, row).one(row)

    async def all(self, kind: Callable[..., T], sql: Statement, /, **values: Any) -> list[T]:
        statement = self._memory.statement(sql)
        try:
            rows = await self._connection.fetch(statement.text, *statement.pick(values))
        except Exception as error:
            refuse(error)
        return self._memory.shape(kind, statement.text, rows[0]).all(rows) if rows else []


class Writing:
    """A write block: `begin` … `commit`. A statement that failed dooms it; leaving it then raises that failure."""

    __slots__ = ("_database", "_failed", "_reading")

    def __init__(self, database: "Postgres", reading: Reading) -> None:
        self._database = database
        self._reading = reading
        self._failed: Exception | None = None
    ...
