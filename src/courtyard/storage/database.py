"""The port under the SQL: three verbs, two kinds of transaction, no noun."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, LiteralString, Protocol, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Pair:
    """One statement in two spellings, for what the engines truly say differently."""

    sqlite: LiteralString
    postgres: LiteralString


Statement = LiteralString | Pair


class Full(Exception):
    """No room is left where the data rests; reads go on."""


class Down(Exception):
    """The database or the blob store does not answer, or refused to make a write durable."""


class Busy(Exception):
    """Another transaction holds what this one needs, for longer than it may wait."""


class Read(Protocol):
    """A series of statements, each of which sees the newest commit. `engine` is for values that only one of them takes."""

    engine: LiteralString

    async def one(self, kind: Callable[..., T], sql: Statement, /, **values: Any) -> T | None:
        """The first row as `kind`, or None.

        A class with fields is built from the columns in their order (names must agree, checked once per statement);
        `int`, `str`, `bytes` take the first column as it is; `tuple` takes the row.
        """
        ...

    async def all(self, kind: Callable[..., T], sql: Statement, /, **values: Any) -> list[T]:
        """Every row as `kind`."""
        ...


class Write(Read, Protocol):
    """A transaction: all of it is durable when the block has been left, or nothing of it."""

    async def run(self, sql: Statement, /, **values: Any) -> int:
        """Change rows; how many."""
        ...

    async def later(self, sql: Statement, /, **values: Any) -> None:
        """Change rows at the very end of the transaction; until then nobody sees it, nor does this block.

        For what is dear to write alone and cheap to write together with what other writers left for the end. It must not
        fail: they would all fail with it.
        """
        ...


class Database(Protocol):
    """Where rows rest. Nothing from the network is awaited inside `write()`."""

    engine: LiteralString

    def read(self) -> AbstractAsyncContextManager[Read]: ...

    def scan(self) -> AbstractAsyncContextManager[Read]:
        """Like `read`, for statements that may take long: never on the event loop."""
        ...

    def write(self) -> AbstractAsyncContextManager[Write]: ...

    async def close(self) -> None: ...
