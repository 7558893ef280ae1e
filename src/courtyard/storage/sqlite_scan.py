"""Statements of SQLite that may take long: each on a thread's own connection, never on the event loop."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, LiteralString, TypeVar

from courtyard.storage.database import Down, Statement
from courtyard.storage.rows import Shapes
from courtyard.storage.sqlite_session import Session

T = TypeVar("T")

THREADS = 2
PATIENCE = 60.0


class Ticket:
    """One statement on its way through a thread; giving it up stops it wherever it is."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._session: Session | None = None
        self._given_up = False

    def run(self, session: Session, call: Callable[[Session], T]) -> T:
        with self._lock:
            if self._given_up:
                raise Down("nobody waits for this statement any more")
            self._session = session
        try:
            return call(session)
        finally:
            with self._lock:
                self._session = None

    def give_up(self) -> None:
        with self._lock:
            self._given_up = True
            if self._session is not None:
                self._session.connection.interrupt()


class Scanner:
    """The threads, their connections, and what runs on them now."""

    def __init__(self, path: Path, shapes: Shapes) -> None:
        self._path = path
        self._shapes = shapes
        self._own = threading.local()
        self._sessions: list[Session] = []
        self._tickets: set[Ticket] = set()
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="sqlite-scan")

    async def ask(self, call: Callable[[Session], T]) -> T:
        """Run one statement in a thread. Raises Busy after a minute, Down when closed."""
        ticket = Ticket()
        loop = asyncio.get_running_loop()
        patience = loop.call_later(PATIENCE, ticket.give_up)
        self._tickets.add(ticket)
        try:
            return await loop.run_in_executor(self._threads, self._in_thread, ticket, call)
        except asyncio.CancelledError:
            ticket.give_up()
            raise
        finally:
            patience.cancel()
            self._tickets.discard(ticket)

    def close(self) -> None:
        for ticket in self._tickets:
            ticket.give_up()
        self._threads.shutdown()
        for session in self._sessions:
            session.close()

    def _in_thread(self, ticket: Ticket, call: Callable[[Session], T]) -> T:
        session: Session | None = getattr(self._own, "session", None)
        if session is None:
            session = self._own.session = Session(self._path, self._shapes, reader=True)
            self._sessions.append(session)
        return ticket.run(session, call)


class Scanning:
    """A scan block; it holds nothing."""

    __slots__ = ("_scanner",)
    engine: LiteralString = "sqlite"

    def __init__(self, scanner: Scanner) -> None:
        self._scanner = scanner

    async def __aenter__(self) -> "Scanning":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    async def one(self, kind: Callable[..., T], sql: Statement, /, **values: Any) -> T | None:
        return await self._scanner.ask(lambda session: session.one(kind, sql, values))

    async def all(self, kind: Callable[..., T], sql: Statement, /, **values: Any) -> list[T]:
        return await self._scanner.ask(lambda session: session.all(kind, sql, values))
