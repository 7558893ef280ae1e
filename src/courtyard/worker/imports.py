"""The job `import`: a space made of a ZIP, all of it in one transaction at the end, or nothing."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from courtyard.bagging.bag_reading import Bag
from courtyard.bagging.refusals import Unusable
from courtyard.bagging.unpacking import Spool, Unpacking
from courtyard.bagging.zip_reading import Archive
from courtyard.core import queue, quota
from courtyard.core.actor import Actor
from courtyard.core.bags import Belonging, Import, Place, arriving, imports
from courtyard.core.bags.arriving import Arrival
from courtyard.core.errors import Refusal
from courtyard.core.queue import Job
from courtyard.core.spaces import Background
from courtyard.storage.database import Full, Write
from courtyard.worker.work import Failed, Settle, Tools

MEMBERS = 200
TOGETHER = 50
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
    """How the space appears, once everything for it is stored."""
    async with tools.database.read() as tx:
        wanted = await imports.seek(tx, job)
        actor = None if wanted is None else await imports.importer(tx, wanted)
    if wanted is None or actor is None:
        raise Failed("There is nothing left to make this from.", final=True)
    spool = Spool.open(tools.setup.data_dir)
    async with _taken_apart(tools, job, wanted, spool) as (unpacking, place):
        return _settle(job, wanted, actor, place, unpacking.background, spool)


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
        spool.close()
        # Cancelled or not: what is not removed now is swept within the hour.
        for key in stored:
            await tools.blobs.delete(key)
        raise


async def _fits(tools: Tools, bag: Bag) -> None:
    """Refuse before anything is stored what a space may not hold. Raises QuotaExceeded."""
    files = {path: entry for path, entry in bag.files.items() if path.startswith(("artifacts/", "versions/"))}
    content = [entry.size for path, entry in files.items() if path.count("/") > 1]
    async with tools.database.read() as tx:
        await quota.check(tx, "", size=sum(content), count=len(content))


def _settle(
    job: Job, wanted: Import, actor: Actor, place: Place, background: Background | None, spool: Spool
) -> Settle:
    async def settle(tx: Write) -> bool:
        try:
            if await queue.lost(tx, [job]):
                return False
            arrival = await arriving.begin(
                tx, actor, wanted.organization_id, place, name=wanted.name, visibility=wanted.visibility
            )
            if background is not None:
                await arrival.background(background)
            await _arrive(arrival, spool, invited=bool(wanted.members))
            if not await imports.fulfil(tx, actor, job, wanted, await arrival.end()):
                # It ends the transaction, and with it all of the space.
                raise Failed("The job was lost meanwhile.")
        except Refusal as refusal:
            raise Failed(refusal.message, final=True) from None
        finally:
            spool.close()
        return True

    return settle


async def _arrive(arrival: Arrival, spool: Spool, *, invited: bool) -> None:
    members = 0
    for number, record in enumerate(spool.records()):
        if number % TOGETHER == 0:
            # Whoever only reads goes first.
            await asyncio.sleep(0)
        if isinstance(record, Belonging):
            members += 1
            if invited and members > MEMBERS:
                raise Failed(f"At most {MEMBERS} members are invited; import it without them.", final=True)
        if invited or not isinstance(record, Belonging):
            await arrival.take(record)


def _later(job: Job) -> Settle:
    async def settle(tx: Write) -> bool:
        return await imports.postpone(tx, job)

    return settle
