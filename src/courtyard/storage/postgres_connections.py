"""PostgreSQL connections: how they are opened, lent and taken back, and what their errors mean."""

import asyncio
from collections import deque
from typing import Any, Literal, cast

import asyncpg

from courtyard.storage.database import Busy, Down, Full

Connection = Any  # asyncpg comes without types; its values get theirs where they leave the engine

PATIENCE = 5.0
SETTINGS = {
    "application_name": "courtyard",
    "default_transaction_isolation": "read committed",
    "lock_timeout": "2s",
    # A transaction that waits for anything but the database is a mistake, and holds locks meanwhile.
    "idle_in_transaction_session_timeout": "10s",
    # Our statements are short; compiling one costs more than running it.
    "jit": "off",
    "timezone": "UTC",
}
Plans = Literal["force_generic_plan", "auto"]
"""Whether a prepared statement is planned once, or anew for each set of values when the planner hopes to gain by it.

Ours find rows by index whatever the values are, and planning a page of spaces takes five times as long as running it:
254 against 1,800 to 2,800 µs among 10,000 spaces. What scans has conditions that depend on the values.
"""
BUSY = frozenset({"40001", "40P01", "55P03", "57014"})
DOWN = frozenset({"57P01", "57P02", "57P03", "57P05", "53300", "53400", "25P03", "25006", "53200", "58030"})
FAILURES = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, TimeoutError)


def meaning(error: Exception) -> Exception:
    """What a driver's error says in the words of the port; a mistake of the caller stays as it is."""
    if isinstance(error, asyncpg.PostgresError):
        state: str = getattr(error, "sqlstate", None) or ""
        if state == "53100":
            return Full(str(error))
        if state in BUSY:
            return Busy(str(error))
        return Down(str(error)) if state in DOWN or state.startswith("08") else error
    if isinstance(error, (OSError, TimeoutError, asyncpg.InternalClientError)):
        return Down(str(error) or type(error).__name__)
    if isinstance(error, asyncpg.InterfaceError) and "closed" in str(error):
        return Down(str(error))
    return error


class Connections:
    """A bounded set of connections, the last used lent first.

    The driver's own pool wraps every connection and every return in a task: 80 to 130 µs for each use of 90 µs.
    """

    def __init__(self, url: str, most: int, statement_seconds: int, plans: Plans = "force_generic_plan") -> None:
        self._url = url
        self._most = most
        self._settings = {**SETTINGS, "statement_timeout": f"{statement_seconds}s", "plan_cache_mode": plans}
        self._seconds = statement_seconds
        self._open = 0
        self._idle: list[Connection] = []
        self._lent: set[Connection] = set()
        self._waiting: deque[asyncio.Future[Connection | None]] = deque()
        self._background: set[asyncio.Task[Any]] = set()
        self._closed = False

    async def warm(self, count: int) -> None:
        """Open that many now, so that a wrong address is known at the start. Raises Down."""
        for connection in [await self.take() for _ in range(count)]:
            self.give(connection)

    async def take(self) -> Connection:
        """Lend one; it must be given back. Raises Busy when none gets free in time, Down."""
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                self._lent.add(connection)
                return connection
            self._open -= 1
        if self._open < self._most:
            self._open += 1
            return await self._connected()
        handed = await self._wait()
        return await self._connected() if handed is None else handed

    def give(self, connection: Connection) -> None:
        """Take one back, in whatever state; a closed one makes room for a new one."""
        self._lent.discard(connection)
        if self._closed:
            connection.terminate()
        if connection.is_closed():
            self._make_room()
        elif not self._offer(connection):
            self._idle.append(connection)

    def abandon(self, connection: Connection) -> None:
        """Take one back in the middle of a transaction; it is lent again once rolled back."""
        task = asyncio.get_running_loop().create_task(self._clean(connection))
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def close(self) -> None:
        """Close what is idle and break what is still lent."""
        self._closed = True
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_exception(Down("the database is closed"))
        idle, self._idle = self._idle, []
        for connection in idle:
            await _leave(connection)
        for connection in list(self._lent):
            connection.terminate()
        await asyncio.gather(*self._background, return_exceptions=True)

    async def _clean(self, connection: Connection) -> None:
        try:
            await connection.execute("rollback", timeout=PATIENCE)
        except BaseException:  # noqa: BLE001 whatever state it is in, nobody may be lent it
            connection.terminate()
        self.give(connection)

    def _offer(self, connection: Connection | None) -> bool:
        """Hand a connection, or the room for one, to the first who still waits."""
        while self._waiting:
            waiter = self._waiting.popleft()
            if waiter.done():
                continue
            if connection is not None:
                self._lent.add(connection)
            waiter.set_result(connection)
            return True
        return False

    async def _wait(self) -> Connection | None:
        waiter: asyncio.Future[Connection | None] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        patience = asyncio.get_running_loop().call_later(PATIENCE, _lose_patience, waiter)
        try:
            return await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                self._return(waiter.result())
            raise
        finally:
            patience.cancel()

    def _return(self, handed: Connection | None) -> None:
        if handed is None:
            self._make_room()
        else:
            self.give(handed)

    def _make_room(self) -> None:
        """One connection less; the room goes to the first who waits, still counted."""
        if not self._offer(None):
            self._open -= 1

    async def _connected(self) -> Connection:
        """Connect to the end even when the caller gives up: the driver cannot be stopped half-way, and others wait."""
        task = asyncio.get_running_loop().create_task(self._connect())
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            self._background.add(task)
            task.add_done_callback(self._unwanted)
            raise

    def _unwanted(self, task: "asyncio.Task[Connection]") -> None:
        self._background.discard(task)
        if not task.cancelled() and task.exception() is None:
            self.give(task.result())

    async def _connect(self) -> Connection:
        """Fill the room that the caller holds."""
        try:
            if self._closed:
                raise Down("the database is closed")
            connection: Connection = await cast("Any", asyncpg).connect(
                self._url,
                timeout=PATIENCE,
                # The server ends a statement first; this one is for a network that has fallen silent.
                command_timeout=self._seconds * 2,
                statement_cache_size=1024,
                max_cached_statement_lifetime=0,
                server_settings=self._settings,
            )
        except BaseException as error:
            self._make_room()
            if isinstance(error, (OSError, TimeoutError, asyncpg.PostgresError)):
                raise Down(str(error) or type(error).__name__) from error
            raise
        self._lent.add(connection)
        return connection


def _lose_patience(waiter: "asyncio.Future[Connection | None]") -> None:
    if not waiter.done():
        waiter.set_exception(Busy("no connection got free in time"))


async def _leave(connection: Connection) -> None:
    try:
        await connection.close(timeout=PATIENCE)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        connection.terminate()
