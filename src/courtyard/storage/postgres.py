"""The outgrown engine: asyncpg, the same SQL, row locks and a time limit on everything."""

from collections.abc import Callable
from types import TracebackType
from typing import Any, LiteralString, NoReturn, TypeVar

from courtyard.storage.database import Statement
from courtyard.storage.named_values import Compiled, compiled
from courtyard.storage.postgres_connections import FAILURES, Connection, Connections, meaning
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
    engine: LiteralString = "postgres"

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
        except FAILURES as error:
            refuse(error)
        return None if row is None else self._memory.shape(kind, statement.text, row).one(row)

    async def all(self, kind: Callable[..., T], sql: Statement, /, **values: Any) -> list[T]:
        statement = self._memory.statement(sql)
        try:
            rows = await self._connection.fetch(statement.text, *statement.pick(values))
        except FAILURES as error:
            refuse(error)
        return self._memory.shape(kind, statement.text, rows[0]).all(rows) if rows else []


class Writing(Reading):
    """A write block: `begin` to `commit`. A statement that failed dooms it; leaving it then raises that failure."""

    __slots__ = ("_failed",)

    def __init__(self, connections: Connections, memory: Memory) -> None:
        super().__init__(connections, memory)
        self._failed: Exception | None = None

    async def __aenter__(self) -> "Writing":
        connection = await self._connections.take()
        try:
            await control(connection, "begin")
        except BaseException:
            self._connections.abandon(connection)
            raise
        self._connection = connection
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        failed, self._failed = self._failed, RuntimeError("this write block has been left")
        connection, self._connection = self._connection, None
        if error is not None and not isinstance(error, Exception):
            # Cancelled: every wait in here may be cancelled again, so the rollback happens behind our back.
            self._connections.abandon(connection)
            return
        try:
            await control(connection, "commit" if failed is None and error is None else "rollback")
        except BaseException:
            self._connections.abandon(connection)
            raise
        self._connections.give(connection)
        if failed is not None and error is None:
            raise failed

    async def one(self, kind: Callable[..., T], sql: Statement, /, **values: Any) -> T | None:
        if self._failed is not None:
            raise self._failed
        try:
            return await super().one(kind, sql, **values)
        except Exception as error:
            self._failed = error
            raise

    async def all(self, kind: Callable[..., T], sql: Statement, /, **values: Any) -> list[T]:
        if self._failed is not None:
            raise self._failed
        try:
            return await super().all(kind, sql, **values)
        except Exception as error:
            self._failed = error
            raise

    async def run(self, sql: Statement, /, **values: Any) -> int:
        if self._failed is not None:
            raise self._failed
        try:
            statement = self._memory.statement(sql)
            return affected(await control(self._connection, statement.text, *statement.pick(values)))
        except Exception as error:
            self._failed = error
            raise

    async def later(self, sql: Statement, /, **values: Any) -> None:
        await self.run(sql, **values)

    async def script(self, text: str) -> None:
        """Many statements without values and without a time limit, for migrations."""
        if self._failed is not None:
            raise self._failed
        try:
            await control(self._connection, "set local statement_timeout = 0; set local lock_timeout = 0")
            await control(self._connection, text, timeout=MIGRATION_SECONDS)
        except Exception as error:
            self._failed = error
            raise


class Postgres:
    """A PostgreSQL database, shared by as many processes as wanted."""

    engine: LiteralString = "postgres"

    def __init__(self, url: str, most: int) -> None:
        self._memory = Memory()
        self._connections = Connections(url, most, STATEMENT_SECONDS)
        self._scans = Connections(url, SCANS, SCAN_SECONDS, "auto")

    @classmethod
    async def open(cls, url: str, *, least: int = 1, most: int = 10) -> "Postgres":
        """Connect `least` times now and up to `most` times later, two more for scans. Raises Down."""
        database = cls(url, most)
        try:
            await database._connections.warm(least)
        except BaseException:
            await database.close()
            raise
        return database

    def read(self) -> Reading:
        return Reading(self._connections, self._memory)

    def scan(self) -> Reading:
        return Reading(self._scans, self._memory)

    def write(self) -> Writing:
        return Writing(self._connections, self._memory)

    async def close(self) -> None:
        await self._connections.close()
        await self._scans.close()


async def control(connection: Connection, text: str, *values: Any, timeout: float | None = None) -> str:  # noqa: ASYNC109 it is the driver's
    """A statement of which only the command's tag is wanted."""
    try:
        return await connection.execute(text, *values, timeout=timeout)
    except FAILURES as error:
        refuse(error)


def affected(status: str) -> int:
    """The count at the end of a command's tag: `INSERT 0 3`, `UPDATE 2`, `CREATE TABLE`."""
    count = status.rpartition(" ")[2]
    return int(count) if count.isdecimal() else 0


def refuse(error: Exception) -> NoReturn:
    """Raise what this failure means to the port."""
    meant = meaning(error)
    if meant is error:
        raise error
    raise meant from error
