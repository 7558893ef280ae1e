"""Counts what a request costs in things that are the same on every machine: statements, calls of functions, bytes."""

import sys
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from types import FrameType
from typing import Any, LiteralString, NamedTuple, TypeVar

import courtyard
from courtyard.storage.database import Database, Pair, Statement
from courtyard.web.guard import Guard

T = TypeVar("T")
OURS = str(Path(courtyard.__file__).parent)
# From Python 3.12 on these are no calls of their own.
INLINED = {"<listcomp>", "<dictcomp>", "<setcomp>"}


class Counted:
    """The same database, and every statement that it is asked."""

    def __init__(self, database: Database) -> None:
        self.engine: LiteralString = database.engine
        self.statements: list[str] = []
        self.values: list[Mapping[str, Any]] = []
        self._database = database

    @asynccontextmanager
    async def read(self) -> AsyncGenerator[Any]:
        async with self._database.read() as tx:
            yield _Noted(tx, self)

    @asynccontextmanager
    async def scan(self) -> AsyncGenerator[Any]:
        async with self._database.scan() as tx:
            yield _Noted(tx, self)

    @asynccontextmanager
    async def write(self) -> AsyncGenerator[Any]:
        async with self._database.write() as tx:
            yield _Noted(tx, self)

    async def close(self) -> None:
        await self._database.close()

    def note(self, sql: Statement, values: Mapping[str, Any]) -> None:
        self.statements.append(sql if isinstance(sql, str) else self._spelt(sql))
        self.values.append(values)

    def forget(self) -> None:
        self.statements.clear()
        self.values.clear()

    def _spelt(self, pair: Pair) -> str:
        return pair.sqlite if self.engine == "sqlite" else pair.postgres


class _Noted:
    def __init__(self, tx: Any, counted: Counted) -> None:
        self._tx, self._counted = tx, counted
        self.engine: LiteralString = counted.engine

    async def one(self, kind: Callable[..., T], sql: Statement, /, **values: Any) -> T | None:
        self._counted.note(sql, values)
        return await self._tx.one(kind, sql, **values)

    async def all(self, kind: Callable[..., T], sql: Statement, /, **values: Any) -> list[T]:
        self._counted.note(sql, values)
        return await self._tx.all(kind, sql, **values)

    async def run(self, sql: Statement, /, **values: Any) -> int:
        self._counted.note(sql, values)
        return await self._tx.run(sql, **values)

    async def later(self, sql: Statement, /, **values: Any) -> None:
        self._counted.note(sql, values)
        await self._tx.later(sql, **values)


class Request(NamedTuple):
    """A request of the test, and the status that it must get."""

    method: str
    path: str
    key: str
    body: bytes = b""
    status: int = 200


class Cost(NamedTuple):
    """What one request cost: the statements in their order, calls of our own functions, bytes of head and body sent."""

    statements: list[str]
    calls: int
    sent: int
    body: bytes


async def cost(site: Guard, counted: Counted, request: Request) -> Cost:
    """Serve the request once and count. What is learnt at the first call of all must have been learnt before."""
    counted.forget()
    calls = 0

    def profile(frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal calls
        code = frame.f_code
        calls += event == "call" and code.co_filename.startswith(OURS) and code.co_name not in INLINED

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        status, sent, body = await _serve(site, request)
    finally:
        sys.setprofile(before)
    assert status == request.status, body
    return Cost(list(counted.statements), calls, sent, body)


async def _serve(site: Guard, request: Request) -> tuple[int, int, bytes]:
    """Through the whole application, as a listener would: the status, the bytes sent, the body."""
    path, _, query = request.path.partition("?")
    headers: Mapping[bytes, bytes] = {
        b"host": b"courtyard.test",
        b"x-api-key": request.key.encode(),
        b"x-request-id": b"counted",
        **(
            {b"content-type": b"application/json", b"content-length": b"%d" % len(request.body)} if request.body else {}
        ),
    }
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": "https",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": list(headers.items()),
        "client": ("192.0.2.1", 50_000),
        "server": ("127.0.0.1", 443),
    }
    messages: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": request.body, "more_body": False}

    async def send(message: Any) -> None:
        messages.append(message)

    await site(scope, receive, send)
    start = messages[0]
    body = b"".join(message.get("body", b"") for message in messages[1:])
    head = sum(len(name) + len(value) + 4 for name, value in start["headers"])
    return start["status"], head + len(body), body
