"""The worker: lanes that claim, run and settle jobs; a heartbeat; the timetable; an orderly end."""

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from courtyard.core import clock, queue
from courtyard.core.bags import imports
from courtyard.core.queue import Job
from courtyard.storage.blobs import Blobs
from courtyard.storage.database import Busy, Database, Down, Full
from courtyard.web.journal import Journal
from courtyard.web.usage import Usage
from courtyard.worker.presence import Presence
from courtyard.worker.tasks import TASKS
from courtyard.worker.timetable import Chore, timetable
from courtyard.worker.work import Failed, Setup, Task, Tools

_log = structlog.stdlib.get_logger("courtyard.worker")
PATIENCE, LONG = 600, {imports.KIND: 2_700}
"""Seconds that one attempt at a job may take. What it stores must have a row before the hour after which it is swept."""
TROUBLE = 2.0
"""Seconds that a lane leaves a database alone that did not answer."""
GLANCE = 0.5
"""Seconds after which a running job that was cancelled is stopped, or less."""
JOURNAL = 5.0
"""Seconds between two batches of the request log."""
LOOK_FOR_LOST = 1.0
"""A job whose worker was lost is taken up again so many seconds after its lease, at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How a worker goes about it: the lease in milliseconds, everything else in seconds.

    A lane without a job looks for one after `shortest`, then less and less often, at last every `longest`. Two lanes that
    look every 0.2 s take 0.3 % of a core and begin a new job after 50 ms (median); every 0.5 s it is 0.2 % and 160 ms.
    """

    lease: int = queue.LEASE
    lanes: int = 2
    shortest: float = 0.05
    longest: float = 0.2
    grace: float = 12.0


class Worker:
    """Lives from `start` to `stop`, or as an async context. Any number of processes may work on one PostgreSQL."""

    def __init__(
        self,
        database: Database,
        blobs: Blobs,
        setup: Setup,
        *,
        usage: Usage | None = None,
        pace: Pace = Pace(),
        tasks: Mapping[str, Task] = TASKS,
    ) -> None:
        self._tools = Tools(database, blobs, setup)
        self._pace = pace
        self._tasks = tasks
        self._chores = [
            *timetable(self._tools),
            Chore("lost jobs", min(pace.lease / 4_000, LOOK_FOR_LOST), self._recover),
        ]
        if usage is not None:
            self._chores.append(Chore("usage", 10, lambda: usage.flush(database)))
        self._presence = Presence(database)
        self._chores.append(Chore("presence", 30, self._presence.appear))
        self._ending = asyncio.Event()
        self._life: set[asyncio.Task[None]] = set()
        self._hearts: list[asyncio.Task[None]] = []
        self._running: dict[str, tuple[Job, asyncio.Task[None]]] = {}

    async def __aenter__(self) -> "Worker":
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Begin; what goes wrong from here on is logged and tried again."""
        lanes = [self._lane() for _ in range(self._pace.lanes)]
        self._life = {asyncio.create_task(each) for each in (*lanes, *map(self._keep, self._chores))}
        self._hearts = [asyncio.create_task(self._beat()), asyncio.create_task(self._glance())]

    async def stop(self) -> None:
        """Take nothing new, let what runs come to its end for `grace` seconds, give the rest back untried."""
        self._ending.set()
        if self._life:
            await asyncio.wait(self._life, timeout=self._pace.grace)
        left = list(self._running.values())
        tasks = [*self._life, *(task for _, task in left), *self._hearts]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for job, _ in left:
            with contextlib.suppress(Down, Busy, Full):
                async with self._tools.database.write() as tx:
                    await queue.release(tx, job)
        with contextlib.suppress(Down, Busy, Full):
            await self._presence.leave()

    async def _lane(self) -> None:
        rest = self._pace.shortest
        while not self._ending.is_set():
            try:
                job, wait = await self._claim()
            except Exception as error:  # noqa: BLE001 - a lane goes on whatever happens to the database
                _tell("claim failed", error)
                job, wait, rest = None, TROUBLE, TROUBLE
            if job is None:
                await self._nap(min(rest, wait))
                rest = min(rest * 1.5, self._pace.longest)
            else:
                rest = self._pace.shortest
                await self._run(job)

    async def _claim(self) -> tuple[Job | None, float]:
        """A job, or for how many seconds there will be none that we know of today."""
        async with self._tools.database.read() as tx:
            due = await queue.next_due(tx)
        if due is None:
            return None, self._pace.longest
        wait = due - clock.now()
        if wait > 0:
            return None, wait / 1_000
        async with self._tools.database.write() as tx:
            return await queue.claim(tx, self._pace.lease), 0.01

    async def _run(self, job: Job) -> None:
        task = asyncio.create_task(self._work(job))
        self._running[job.id] = job, task
        try:
            await asyncio.wait({task})
        finally:
            if task.done():
                del self._running[job.id]

    async def _work(self, job: Job) -> None:
        try:
            async with asyncio.timeout(LONG.get(job.kind, PATIENCE)):
                settle = await self._task(job)(self._tools, job)
                async with self._tools.database.write() as tx:
                    kept = await (queue.complete(tx, job) if settle is None else settle(tx))
            if not kept:
                _log.warning("job was lost", kind=job.kind, job=job.id)
        except Failed as failed:
            await self._fail(job, failed)
        except TimeoutError:
            await self._fail(job, Failed("This took too long."))
        except Exception as error:  # noqa: BLE001 - one job must not end the others
            _tell("job failed", error, kind=job.kind, job=job.id)
            await self._fail(job, Failed("This went wrong; the server's log says how."))

    def _task(self, job: Job) -> Task:
        task = self._tasks.get(job.kind)
        if task is None:
            # A newer process may know it: the next attempt may be theirs.
            raise Failed("This worker does not know such jobs.")
        return task

    async def _fail(self, job: Job, failed: Failed) -> None:
        """Should this fail too, the lease runs out and the job is recovered."""
        try:
            async with self._tools.database.write() as tx:
                await queue.fail(tx, job, failed.message, final=failed.final)
        except Exception as error:  # noqa: BLE001 - as above
            _tell("job not settled", error, kind=job.kind, job=job.id)

    async def _beat(self) -> None:
        """Prolong the leases of what runs here; what is no longer ours (cancelled, taken over) ends."""
        while True:
            await asyncio.sleep(self._pace.lease / 3_000)
            for job, task in list(self._running.values()):
                try:
                    async with self._tools.database.write() as tx:
                        ours = await queue.beat(tx, job, lease=self._pace.lease)
                except Exception as error:  # noqa: BLE001 - the next beat may come through
                    _tell("heartbeat failed", error, job=job.id)
                    continue
                if not ours:
                    task.cancel()

    async def _glance(self) -> None:
        """Stop what somebody cancelled: its task is cancelled, which ends the children that it started."""
        while True:
            await asyncio.sleep(GLANCE)
            running = dict(self._running)
            if not running:
                continue
            try:
                async with self._tools.database.read() as tx:
                    lost = await queue.lost(tx, [job for job, _ in running.values()])
            except Exception as error:  # noqa: BLE001 - the next glance may come through
                _tell("glance failed", error)
                continue
            for job_id in lost:
                running[job_id][1].cancel()

    async def _recover(self) -> None:
        async with self._tools.database.read() as tx:
            if not await queue.any_lost(tx):
                return
        async with self._tools.database.write() as tx:
            lost = await queue.recover(tx)
        if lost:
            _log.warning("jobs of lost workers recovered", jobs=lost)

    async def _keep(self, chore: Chore) -> None:
        await self._nap(chore.first)
        while not self._ending.is_set():
            try:
                await chore.act()
            except Exception as error:  # noqa: BLE001 - the next time may succeed
                _tell("chore failed", error, chore=chore.name)
            await self._nap(chore.every)

    async def _nap(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._ending.wait()


def _tell(event: str, error: Exception, **more: Any) -> None:
    """What the outside world does to us is a warning; a mistake of ours comes with its traceback."""
    if isinstance(error, (Down, Busy, Full)):
        _log.warning(event, reason=str(error), **more)
    else:
        _log.error(event, exc_info=error, **more)


async def note_down(database: Database, usage: Usage, journal: Journal) -> None:
    """Write what requests leave behind, until it is cancelled; also where no worker is inside."""
    while True:
        await asyncio.sleep(JOURNAL)
        for flush in (usage.flush, journal.flush):
            try:
                await flush(database)
            except Exception as error:  # noqa: BLE001 - the next time may succeed
                _tell("notes not written", error)
