"""The line in which SQLite's writers wait, and the commit that they share."""

import asyncio
import contextlib
import itertools
import queue
import threading
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

import apsw

from courtyard.storage.database import Busy, Down, Full, Statement
from courtyard.storage.sqlite_session import Session, meaning

# More writers per commit gain nothing measurable, and every one of them waits for the last.
TOGETHER = 128
# As long as a PostgreSQL statement may run. A writer that waits longer stands behind one that is stuck.
PATIENCE = 5.0
WAITED = "waited too long for another writer"


class GroupCommit:
    """Lets one writer at a time into its block, and commits many blocks at once.

    The first writer begins the transaction; those already waiting are called together and follow, each in a savepoint of
    its own; when they have all come, or the batch is full, one `commit` in a thread makes all of them durable, and only
    then are they answered. While the disk works the loop goes on reading, and the next writers gather. What writers left for the end
    is written right before that commit: a full-text index writes all that it was told to the file at the end of each
    savepoint, which costs it two thirds more than doing so once.
    """

    def __init__(self, open_session: Callable[[], Session]) -> None:
        self._open = open_session
        self.session = open_session()
        self._loop = asyncio.get_running_loop()
        self._line: deque[_Place] = deque()
        self._coming = 0  # how many of the line were called and have not come yet
        self._batch: list[asyncio.Future[None]] = []
        self._left: list[tuple[Statement, Mapping[str, Any]]] = []
        self._kept = 0  # how much of that is of writers whose block has ended well
        self._taken = False  # somebody is in its block, or the commit runs
        self._closed = self._sick = False
        self._idle: asyncio.Future[None] | None = None
        self._commits: queue.SimpleQueue[Session | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._commit_in_thread, name="sqlite-commit", daemon=True)
        self._thread.start()

    async def enter(self) -> None:
        """Wait for this writer's turn and open its savepoint. Raises Busy, Full, Down."""
        if self._closed:
            raise Down("the database is closed")
        if self._taken or self._line:
            await self._turn()
        self._taken = True
        try:
            self._begin()
        except BaseException:
            self._next()
            raise

    def later(self, sql: Statement, values: Mapping[str, Any]) -> None:
        """Leave a statement of the writer who is in its block for the end."""
        self._left.append((sql, values))

    async def keep(self) -> None:
        """The block ended well: let the next one in, and return when the common commit is durable. Raises Full, Down."""
        if self._batch:
            try:
                self.session.control("release writer")
            except Exception as error:
                self.undo(error)
                raise
        self._kept = len(self._left)
        durable: asyncio.Future[None] = self._loop.create_future()
        self._batch.append(durable)
        self._next()
        await durable

    def undo(self, cause: BaseException) -> None:
        """The block failed: take back what it did, and nothing that others did."""
        del self._left[self._kept :]
        try:
            if not self.session.connection.in_transaction:
                # The engine gave up the whole transaction, and with it everybody who waited for its commit.
                self._settle(_refusal(cause, self.session))
            elif self._batch:
                self.session.control("rollback to writer")
                self.session.control("release writer")
            else:
                self.session.control("rollback")
        except Exception as error:  # noqa: BLE001 whatever it was, those who wait for the commit must hear of it
            self._sick = True
            self._settle(_refusal(error, self.session))
        self._next()

    async def close(self) -> None:
        """After the writers who are already in line; later ones are refused with Down."""
        if self._closed:
            return
        self._closed = True
        if self._taken or self._line or self._batch:
            self._idle = self._loop.create_future()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._idle, PATIENCE)
        self._commits.put(None)
        self._thread.join()
        self.session.close()

    async def _turn(self) -> None:
        """Stand in the line until it is one's turn. Raises Busy."""
        place = _Place(self._loop)
        self._line.append(place)
        try:
            while True:
                await place.called
                self._coming -= 1
                if not self._taken:
                    break
                # Somebody called before this one waits for something inside its block.
                place.again()
        except BaseException:
            self._coming -= place.is_called()
            self._line.remove(place)
            if not self._taken:
                self._next()
            raise
        finally:
            place.patience.cancel()
        self._line.remove(place)

    def _begin(self) -> None:
        if self._sick:
            # After a failed commit nothing that the old connection remembers is to be trusted.
            with contextlib.suppress(apsw.Error):
                # Closed alone it would keep its lock as long as somebody holds the error of one of its statements.
                self.session.connection.execute("rollback")
            self.session.close()
            self.session = self._open()
            self._sick = False
        self.session.control("savepoint writer" if self._batch else "begin immediate")

    def _next(self) -> None:
        """Let in who was called. When they all came, commit; when nothing is to be committed, call who stands in the line."""
        self._taken = len(self._batch) >= TOGETHER or bool(self._batch and self._line and not self._coming)
        if self._taken:
            self._finish()
        elif self._coming:
            pass
        elif self._batch:
            # Tasks that are ready now still join: a third more creates per second than committing at once.
            self._loop.call_soon(self._commit)
        elif self._line:
            self._coming = sum(place.call() for place in itertools.islice(self._line, TOGETHER))
        elif self._idle is not None and not self._idle.done():
            self._idle.set_result(None)

    def _commit(self) -> None:
        if self._batch and not self._taken and not self._coming:
            self._taken = True
            self._finish()

    def _finish(self) -> None:
        """Write what was left for the end, and have it all committed."""
        try:
            for sql, values in self._left:
                self.session.run(sql, values)
        except Exception as error:  # noqa: BLE001 whatever it was, those who wait for the commit must hear of it
            self._committed(error)
        else:
            self._commits.put(self.session)

    def _commit_in_thread(self) -> None:
        while (session := self._commits.get()) is not None:
            failure: BaseException | None = None
            try:
                session.connection.execute("commit")
            except BaseException as error:  # noqa: BLE001 it is handed to the loop, a thread has nobody to raise to
                failure = error
            try:
                self._loop.call_soon_threadsafe(self._committed, failure)
            except RuntimeError:
                return  # the loop is gone, and with it everybody who waited for an answer

    def _committed(self, failure: BaseException | None) -> None:
        if failure is None:
            self._settle(None)
        else:
            self._sick = True
            self._settle(_refusal(failure, self.session))
        self._next()

    def _settle(self, refused: Exception | None) -> None:
        batch, self._batch = self._batch, []
        self._left.clear()
        self._kept = 0
        for durable in batch:
            if durable.done():
                continue
            if refused is None:
                durable.set_result(None)
            else:
                durable.set_exception(type(refused)(*refused.args))


def _refusal(cause: BaseException, session: Session) -> Exception:
    """Why nothing was made durable, in the words of the port."""
    meant = meaning(cause, session.path) if isinstance(cause, apsw.Error) else cause
    return meant if isinstance(meant, (Full, Down, Busy)) else Down(str(meant))


class _Place:
    """Of a writer in the line."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._end = loop.time() + PATIENCE
        self.called: asyncio.Future[None] = loop.create_future()
        self.patience = loop.call_later(PATIENCE, self._lose_patience)

    def call(self) -> bool:
        """Whether this one will come: not who has given up."""
        if self.called.done():
            return False
        self.called.set_result(None)
        return True

    def is_called(self) -> bool:
        return self.called.done() and not self.called.cancelled() and self.called.exception() is None

    def again(self) -> None:
        """Wait for another call, at the same place. Raises Busy."""
        self.called = self._loop.create_future()
        if self._loop.time() >= self._end:
            raise Busy(WAITED)

    def _lose_patience(self) -> None:
        if not self.called.done():
            self.called.set_exception(Busy(WAITED))
