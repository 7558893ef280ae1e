"""Every request is counted, and what credentials and sessions did is noted: in memory here, written later in batches."""

import asyncio
from collections.abc import Sequence
from time import time
from typing import NamedTuple

import structlog

from courtyard.core import clock, request_log, statistics
from courtyard.core.actor import Actor
from courtyard.core.request_log import Entry
from courtyard.storage.database import Database
from courtyard.web.arrival import Arrival
from courtyard.web.logs import redact

MOST = 2_000
"""So many requests wait to be written; those beyond are counted as not logged."""
TOGETHER = 200
PATH_LENGTH = 500

_log = structlog.stdlib.get_logger("courtyard.journal")


class _Note(NamedTuple):
    at: float
    actor: Actor
    arrival: Arrival
    method: str
    status: int
    seconds: float


class Journal:
    """Bounded, whatever comes; what waits at kill -9 is lost, and nothing depends on it."""

    def __init__(self, *, keeps: bool = True) -> None:
        """`keeps`: whether requests are logged at all; they are counted in any case."""
        self._keeps = keeps
        self._waiting: list[_Note] = []
        self._counted = _nothing()
        self._unlogged = 0

    def note(self, arrival: Arrival, method: str, status: int, seconds: float) -> None:
        """Count a request that came to a dialect, and remember it if it had a credential that was good."""
        if not arrival.dialect:
            return
        self._counted[status // 100] += 1
        actor = arrival.actor
        if actor is None or not self._keeps:
            return
        if len(self._waiting) < MOST:
            self._waiting.append(_Note(time(), actor, arrival, method, status, seconds))
        else:
            self._unlogged += 1

    async def flush(self, database: Database) -> int:
        """Write what came since the last time; how many. What cannot be written now waits, but for what was just tried."""
        await self._flush_counts(database)
        waiting, self._waiting = self._waiting, []
        done = 0
        try:
            while done < len(waiting):
                notes = waiting[done : done + TOGETHER]
                done += len(notes)
                await self._write(database, notes)
                # Others have their turn between two batches.
                await asyncio.sleep(0)
        finally:
            self._waiting = [*waiting[done:], *self._waiting]
        return done

    async def _write(self, database: Database, notes: Sequence[_Note]) -> None:
        try:
            async with database.write() as tx:
                await request_log.write(tx, [_entry(note) for note in notes])
        except Exception:
            # Were it the notes themselves, they would never be written.
            self._unlogged += len(notes)
            raise

    async def _flush_counts(self, database: Database) -> None:
        counted, self._counted = self._counted, _nothing()
        unlogged, self._unlogged = self._unlogged, 0
        if unlogged:
            _log.warning("requests not logged", requests=unlogged)
        counts = {f"requests.{digit}xx": count for digit, count in enumerate(counted) if count}
        if unlogged:
            counts["requests.unlogged"] = unlogged
        if not counts:
            return
        try:
            async with database.write() as tx:
                await statistics.count(tx, clock.now(), counts)
        except Exception:
            self._counted = [old + new for old, new in zip(counted, self._counted, strict=True)]
            self._unlogged += unlogged
            raise


def _nothing() -> list[int]:
    """One counter for each first digit that a status can have."""
    return [0] * 10


def _entry(note: _Note) -> Entry:
    actor, arrival = note.actor, note.arrival
    # A path is what a client sends: no secret of ours, nothing that a database cannot hold, and not without an end.
    path = redact(arrival.path[:PATH_LENGTH].encode("utf-8", "replace").decode().replace("\0", ""))
    return Entry(
        at=int(note.at * 1_000),
        person_id=actor.person_id,
        organization_id=actor.organization_id,
        credential_id=actor.credential_id or actor.session_id,
        application_id=actor.application_id,
        dialect=arrival.dialect,
        method=note.method,
        route=arrival.route,
        path=path,
        status=note.status,
        micros=round(note.seconds * 1_000_000),
        address=arrival.client,
        request_id=arrival.request_id,
    )
