"""The job `import`: a space made of a ZIP, out of sight and in steps; it appears at once with all of it, or not at all."""

import asyncio
import itertools
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from courtyard.bagging.bag_reading import Bag
from courtyard.bagging.refusals import Unusable
from courtyard.bagging.unpacking import Spool, Unpacking
from courtyard.bagging.zip_reading import Archive
from courtyard.core import queue, quota
from courtyard.core.actor import Actor
from courtyard.core.bags import Belonging, Import, Place, imports, nursery
from courtyard.core.bags.arriving import Arrival
from courtyard.core.errors import NotFound, Refusal
from courtyard.core.queue import Job
from courtyard.storage.database import Full, Write
from courtyard.worker.work import Failed, Settle, Tools

MEMBERS = 200
LOST = "The job was lost meanwhile."
TOGETHER, PAUSE = 25, 0.1
"""So many records are of one transaction; seconds until another try beside somebody else."""
_AT_WORK: set[str] = set()
"""One at a time in a process: the other lanes are for everybody else's jobs."""


async def import_space(tools: Tools, job: Job) -> Settle | None:
    """What is wrong with the ZIP fails the job for good; anything else is tried again, from its beginning."""
    if _AT_WORK:
        return _later(job)
    # At once, before anything is awaited: the other lanes look here too.
    _AT_WORK.add(job.id)
    try:
        return await _made(tools, job)
    except Unusable as unusable:
        raise Failed(str(unusable), final=True) from None
    except Refusal as refusal:
        raise Failed(refusal.message, final=True) from None
    except FileNotFoundError:
        raise Failed("The stored ZIP is missing.") from None
    except Full:
        raise Failed("There is no room left to store this.") from None
    finally:
        _AT_WORK.discard(job.id)


async def _made(tools: Tools, job: Job) -> Settle:
    """The space, once everything for it is stored. It is settled when it appears: nothing is left to be done after that."""
    async with tools.database.read() as tx:
        wanted = await imports.seek(tx, job)
        actor = None if wanted is None else await imports.importer(tx, wanted)
    if wanted is None or actor is None:
        raise Failed("There is nothing left to make this from.", final=True)
    if wanted.space_id is not None:
        await clear(tools, wanted.space_id)
    spool = Spool.open(tools.setup.data_dir)
    async with _taken_apart(tools, job, wanted, spool) as (unpacking, place):
        await _in_steps(tools, job, wanted, actor, _Parts(place, unpacking, spool))
    return _settled


@asynccontextmanager
async def _taken_apart(tools: Tools, job: Job, wanted: Import, spool: Spool) -> AsyncGenerator[tuple[Unpacking, Place]]:
    """All files stored, all records in the spool; when this goes wrong, nothing of it stays."""

    async def read(start: int, length: int) -> bytes:
        return await tools.blobs.read(wanted.blob_key, start, length)

    async def tell(done: int, total: int) -> None:
        async with tools.database.write() as tx:
            await queue.beat(tx, job, 5 + done * 85 // max(1, total), f"{done} of {total} bytes")

    stored: list[str] = []
    try:
        async with tools.database.write() as tx:
            await queue.beat(tx, job, 5, "Reading the list of files")
        bag = await Bag.open(await Archive.open(read, wanted.size, unpacked=tools.setup.import_limit))
        await _fits(tools, bag)
        unpacking = Unpacking(bag, tools.blobs, spool, tell)
        stored = unpacking.stored
        place = await unpacking.run()
        async with tools.database.write() as tx:
            await queue.beat(tx, job, 95, "Making the space")
        yield unpacking, place
    except BaseException:
        # Cancelled or not: what is not removed now is swept within the hour.
        for key in stored:
            await tools.blobs.delete(key)
        raise
    finally:
        spool.close()


async def _fits(tools: Tools, bag: Bag) -> None:
    """Refuse before anything is stored what a space may not hold. Raises QuotaExceeded."""
    files = {path: entry for path, entry in bag.files.items() if path.startswith(("artifacts/", "versions/"))}
    content = [entry.size for path, entry in files.items() if path.count("/") > 1]
    async with tools.database.read() as tx:
        await quota.check(tx, "", size=sum(content), count=len(content))


@dataclass(frozen=True, slots=True)
class _Parts:
    """What a ZIP was taken apart to."""

    place: Place
    unpacking: Unpacking
    spool: Spool


async def _in_steps(tools: Tools, job: Job, wanted: Import, actor: Actor, parts: _Parts) -> None:
    """Make the space out of sight, some of it in each transaction, and let it appear in the last.

    When this goes wrong, or the job was lost meanwhile, nothing of it stays.
    """
    async with tools.database.write() as tx:
        await _still_ours(tx, job)
        arrival = Arrival(actor, await nursery.begin(tx, actor, job, wanted, parts.place))
    # From now on there are rows that name these bytes: they go after them.
    stored = list(parts.unpacking.stored)
    parts.unpacking.stored.clear()
    try:
        await _arrived(tools, job, arrival, parts.spool)
        await _shown(tools, job, wanted, arrival, parts)
    except BaseException:
        await _given_up(tools, arrival.space.id, stored)
        raise


async def _still_ours(tx: Write, job: Job) -> None:
    if await queue.lost(tx, [job]):
        raise Failed(LOST)


async def _arrived(tools: Tools, job: Job, arrival: Arrival, spool: Spool) -> None:
    """All that is in it but its members."""
    records = (record for record in spool.records() if not isinstance(record, Belonging))
    while some := list(itertools.islice(records, TOGETHER)):
        async with tools.database.write() as tx:
            await _still_ours(tx, job)
            arrival.within(tx)
            for record in some:
                await arrival.take(record)


async def _shown(tools: Tools, job: Job, wanted: Import, arrival: Arrival, parts: _Parts) -> None:
    """The space with its members and its background, where it belongs."""
    members = list(itertools.islice(_members(parts.spool) if wanted.members else (), MEMBERS + 1))
    if len(members) > MEMBERS:
        raise Failed(f"At most {MEMBERS} members are invited; import it without them.", final=True)
    async with tools.database.write() as tx:
        arrival.within(tx)
        await arrival.end()
        arrival.space = await nursery.leave(tx, arrival.actor, wanted, arrival.space)
        if parts.unpacking.background is not None:
            await arrival.background(parts.unpacking.background)
        for member in members:
            await arrival.member(member)
        if not await imports.fulfil(tx, arrival.actor, job, wanted, arrival.space):
            # It ends the transaction, and with it the appearance.
            raise Failed(LOST)


def _members(spool: Spool) -> Iterator[Belonging]:
    return (record for record in spool.records() if isinstance(record, Belonging))


async def _given_up(tools: Tools, space_id: str, stored: list[str]) -> None:
    """Nothing of it stays, unless it has appeared after all: a commit may come through whose answer was lost."""
    if await clear(tools, space_id):
        for key in stored:
            await tools.blobs.delete(key)


async def clear(tools: Tools, space_id: str) -> bool:
    """End a space that was begun, in steps; False when it is not among those any more."""
    async with tools.database.read() as tx:
        if await nursery.held(tx, space_id) is None:
            return False
    while True:
        try:
            async with tools.database.write() as tx:
                if not await nursery.clear(tx, space_id):
                    return True
        except NotFound:
            # Somebody else clears it too, and was faster.
            await asyncio.sleep(PAUSE)


async def clear_abandoned(tools: Tools) -> None:
    """End what killed workers have begun, and nobody goes on with."""
    async with tools.database.read() as tx:
        left = await nursery.abandoned(tx)
    for space_id in left:
        await clear(tools, space_id)


async def _settled(_tx: Write) -> bool:
    return True


def _later(job: Job) -> Settle:
    async def settle(tx: Write) -> bool:
        return await imports.postpone(tx, job)

    return settle
