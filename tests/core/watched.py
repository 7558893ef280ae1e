"""A real database that writes down what its transactions are asked."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any, LiteralString, TypeVar

from courtyard.storage.database import Database, Statement, Write

T = TypeVar("T")


class Watched:
    """The same database, and the statements of its write transactions in their order."""

    def __init__(self, database: Database) -> None:
        self.engine: LiteralString = database.engine
        self.statements: list[str] = []
        self._database = database

    def read(self) -> Any:
        return self._database.read()

    def scan(self) -> Any:
        return self._database.scan()

    @asynccontextmanager
    async def write(self) -> AsyncGenerator[Write]:
        async with self._database.write() as tx:
            yield _Noted(tx, self.statements)

    async def close(self) -> None:
        await self._database.close()


class _Noted:
    def __init__(self, tx: Write, statements: list[str]) -> None:
        self._tx = tx
        self.engine: LiteralString = tx.engine
        self._statements = statements

    async def one(self, kind: Callable[..., T], sql: Statement, /, **values: Any) -> T | None:
        self._statements.append(str(sql))
        return await self._tx.one(kind, sql, **values)

    async def all(self, kind: Callable[..., T], sql: Statement, /, **values: Any) -> list[T]:
        self._statements.append(str(sql))
        return await self._tx.all(kind, sql, **values)

    async def run(self, sql: Statement, /, **values: Any) -> int:
        self._statements.append(str(sql))
        return await self._tx.run(sql, **values)

    async def later(self, sql: Statement, /, **values: Any) -> None:
        self._statements.append(str(sql))
        await self._tx.later(sql, **values)
