"""What is done now and then, and how often. Each chore is safe in any number of processes at once."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from courtyard import rendering
from courtyard.core import (
    accounts,
    artifacts,
    audit,
    clock,
    garbage,
    idempotency,
    mail,
    news,
    request_log,
    statistics,
    tickets,
    uploads,
)
from courtyard.core.actor import system
from courtyard.core.artifacts import generation, history, thinning
from courtyard.core.bags import imports
from courtyard.core.identity import expiries
from courtyard.core.indexing import backlog, documents
from courtyard.core.oauth import codes, devices, signing_keys, tokens
from courtyard.core.uploads import direct
from courtyard.storage.database import Write
from courtyard.worker.imports import clear_abandoned
from courtyard.worker.postman import Postman
from courtyard.worker.work import Tools

SWEPT = 500
BREATH = 0.01
"""Seconds between two steps of a long chore, so that those who write meanwhile do not wait for the whole of it."""
UNTOUCHED = clock.HOUR
"""A blob is stored before its row commits: younger than this, it may still get one."""


@dataclass(frozen=True, slots=True)
class Chore:
    """Done `first` seconds after the start, and then `every` so many seconds after it was done."""

    name: str
    every: float
    act: Callable[[], Awaitable[object]]
    first: float = 0.0


def timetable(tools: Tools) -> tuple[Chore, ...]:
    """The whole of it, but for what a caller of the worker adds and what depends on its pace."""
    in_one = partial(_in_one, tools)
    return (
        Chore("mails", 1, Postman(tools).empty_outbox),
        Chore("lost mails", 60, in_one(mail.give_up)),
        Chore("seals", 5, lambda: seal_events(tools)),
        Chore("idempotency keys", 60, in_one(idempotency.forget)),
        Chore("sessions and links", 600, in_one(accounts.forget), first=10),
        Chore("codes and tokens", 3_600, lambda: forget_grants(tools), first=20),
        Chore("signing keys", 3_600, lambda: signing_keys.turn(tools.database), first=25),
        Chore("expiring keys", 600, in_one(expiries.warn), first=15),
        Chore("garbage", 2, lambda: collect_garbage(tools)),
        Chore("expired uploads", 60, lambda: expire_uploads(tools), first=5),
        Chore("uploads broken off", 20, lambda: lapse_reservations(tools), first=7),
        Chore("unknown uploads", 3_600, lambda: sweep_uploads(tools), first=6),
        Chore("ended generations", 2, in_one(generation.settle_ended)),
        Chore("downloads given up", 60, lambda: lapse_tickets(tools), first=35),
        Chore("imports", 600, in_one(imports.forget), first=30),
        Chore("imports given up", 20, lambda: clear_abandoned(tools), first=3),
        Chore("sources", 600, in_one(generation.forget), first=30),
        Chore("scratch directories", 3_600, lambda: asyncio.to_thread(rendering.sweep), first=5),
        Chore("trash", 300, lambda: empty_trash(tools), first=30),
        Chore("history", 300, lambda: forget_history(tools), first=35),
        Chore("news", 60, lambda: forget_news(tools), first=40),
        Chore("request log", 600, lambda: forget_requests(tools), first=45),
        Chore("statistics", 300, lambda: measure(tools), first=20),
        Chore("search backlog", 60, lambda: fill_index(tools), first=1),
        Chore("search words", 10, lambda: sweep_words(tools), first=8),
        Chore("versions", 3_600, lambda: thin_versions(tools), first=50),
        # It walks through the whole store: a server that has just started has better things to do.
        Chore("unreferenced blobs", 3_600, lambda: sweep_blobs(tools), first=4),
    )


def _in_one(tools: Tools, act: Callable[[Write], Awaitable[object]]) -> Callable[[], Awaitable[None]]:
    """All of it in a transaction."""

    async def chore() -> None:
        async with tools.database.write() as tx:
            await act(tx)

    return chore


async def forget_grants(tools: Tools) -> None:
    """Drop codes, devices and tokens of applications that are long over."""
    for grants in (codes, devices, tokens):
        async with tools.database.write() as tx:
            await grants.forget(tx)


async def seal_events(tools: Tools) -> int:
    """Seal all that has rested; how many seals."""
    seals = 0
    while True:
        async with tools.database.write() as tx:
            seal = await audit.seal(tx)
        if seal is None:
            return seals
        seals += 1
        if seal.count < audit.BATCH:
            return seals


async def collect_garbage(tools: Tools) -> int:
    """Remove blobs that committed rows have let go of; how many.

    First the bytes, then the note about them: whoever is killed in between leaves nothing but a note to act on again.
    """
    removed = 0
    while True:
        async with tools.database.read() as tx:
            keys = await garbage.waiting(tx)
        if not keys:
            return removed
        for key in keys:
            await tools.blobs.delete(key)
        async with tools.database.write() as tx:
            await garbage.forget(tx, keys)
        removed += len(keys)


async def sweep_blobs(tools: Tools, *, now: int | None = None) -> int:
    """Remove blobs that are older than an hour and in no row, left by whoever was killed before the commit; how many."""
    removed = 0
    now = clock.now() if now is None else now
    await tools.blobs.tidy(now=now)
    before = now - UNTOUCHED
    async for keys in _batches(tools.blobs.keys(older_than=before)):
        async with tools.database.scan() as tx:
            unreferenced = await garbage.unreferenced(tx, keys)
        for key in unreferenced:
            await tools.blobs.delete(key)
        removed += len(unreferenced)
    return removed


async def empty_trash(tools: Tools) -> int:
    """Purge what has been in the trash for longer than the installation keeps it, in steps; how many."""
    days, purged = tools.setup.trash_days, 0
    while days:
        async with tools.database.write() as tx:
            step = await artifacts.purge_expired(tx, system("worker"), days)
        purged += step
        if not step:
            break
        await asyncio.sleep(BREATH)
    return purged


async def forget_history(tools: Tools) -> None:
    """Drop what artifacts were like so long ago that nobody may ask for it any more, in steps."""
    more = bool(tools.setup.history_days)
    while more:
        async with tools.database.write() as tx:
            more = await history.forget(tx, tools.setup.history_days)
        await asyncio.sleep(BREATH)


async def forget_news(tools: Tools) -> None:
    """Drop news that nobody will come back for, in steps."""
    more = True
    while more:
        async with tools.database.write() as tx:
            more = await news.forget(tx)
        await asyncio.sleep(BREATH)


async def lapse_tickets(tools: Tools) -> None:
    """Give back the places of downloads by public links that nobody went on with, one after the other."""
    more = True
    while more:
        async with tools.database.write() as tx:
            more = await tickets.lapse(tx)


async def forget_requests(tools: Tools) -> None:
    """Drop what the request log keeps no longer, in steps."""
    more = True
    while more:
        async with tools.database.write() as tx:
            more = await request_log.forget(tx, tools.setup.request_log_days)
        await asyncio.sleep(BREATH)


async def measure(tools: Tools, *, now: int | None = None) -> None:
    """Put down what happened in the hours that nobody has measured to their end, and what is stored now."""
    at = clock.now() if now is None else now
    async with tools.database.scan() as tx:
        hours = {hour: await statistics.measure(tx, hour) for hour in await statistics.unmeasured(tx, at)}
        stored = await statistics.stored(tx)
    async with tools.database.write() as tx:
        for hour, numbers in hours.items():
            await statistics.put(tx, hour, numbers)
        await statistics.put(tx, at, {"bytes": stored})
        await statistics.forget(tx, at=at)


async def fill_index(tools: Tools) -> None:
    """Let what was there before the search, or before its rules changed, be found too, in steps."""
    async with tools.database.read() as tx:
        more = await backlog.waiting(tx)
    while more:
        async with tools.database.write() as tx:
            more = await backlog.step(tx)
        await asyncio.sleep(BREATH)


async def sweep_words(tools: Tools) -> None:
    """Drop what the index still holds of things that went, in steps."""
    more = True
    while more:
        async with tools.database.write() as tx:
            more = await documents.sweep(tx)
        await asyncio.sleep(BREATH)


async def thin_versions(tools: Tools) -> int:
    """Drop the versions that the installation's policy does not keep, one artifact at a time; how many."""
    policy, past, dropped = thinning.parse(tools.setup.versions_keep), "", 0
    while policy != thinning.Policy():
        async with tools.database.scan() as tx:
            found = await thinning.candidates(tx, policy, past)
        if not found:
            break
        for artifact_id in found:
            async with tools.database.write() as tx:
                dropped += await thinning.thin(tx, policy, artifact_id)
            await asyncio.sleep(BREATH)
        past = found[-1]
    return dropped


async def expire_uploads(tools: Tools) -> int:
    """End uploads that nobody went on with, and give back their room; how many."""
    ended = 0
    while True:
        async with tools.database.write() as tx:
            stages = await uploads.expire(tx)
        for stage in stages:
            if stage is not None:
                await tools.blobs.abandon(stage)
        ended += len(stages)
        if not stages:
            return ended


async def lapse_reservations(tools: Tools) -> None:
    """Give back the room of uploads whose process died, in steps."""
    more = True
    while more:
        async with tools.database.write() as tx:
            more = bool(await direct.lapse(tx))


async def sweep_uploads(tools: Tools, *, now: int | None = None) -> int:
    """Remove from the store what was begun there and has no row: of spaces that went, of whoever was killed; how many."""
    removed = 0
    before = (clock.now() if now is None else now) - UNTOUCHED
    async for stages in _batches(tools.blobs.uploads(older_than=before)):
        async with tools.database.scan() as tx:
            unknown = await uploads.unknown(tx, stages)
        for stage in unknown:
            await tools.blobs.abandon(stage)
        removed += len(unknown)
    return removed


async def _batches(keys: AsyncIterator[str]) -> AsyncIterator[list[str]]:
    batch: list[str] = []
    async for key in keys:
        batch.append(key)
        if len(batch) == SWEPT:
            yield batch
            batch = []
    if batch:
        yield batch
