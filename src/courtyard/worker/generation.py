"""The job `generate`: a document made from its source, once."""

import msgspec

from courtyard import rendering
from courtyard.core import queue, quota
from courtyard.core.artifacts import generation
from courtyard.core.artifacts.generation import Generation
from courtyard.core.queue import Job
from courtyard.rendering import Order
from courtyard.storage.blobs import Blob
from courtyard.storage.database import Write
from courtyard.worker.reading import kept, whole
from courtyard.worker.work import Failed, Settle, Tools

LARGEST = 64 * 1024 * 1024


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What the request asked for, as it was kept with the source."""

    kind: rendering.Kind
    target: rendering.Format
    name: str
    filled: bool = False
    title: str | None = None
    author: str | None = None
    date: str | None = None


async def generate(tools: Tools, job: Job) -> Settle | None:
    """What is wrong with the document fails job and artifact for good; anything else is tried again."""
    async with tools.database.read() as tx:
        wanted = await generation.seek(tx, job.artifact_id or "")
    if wanted is None:
        raise Failed("There is nothing left to make this from.", final=True)
    async with tools.database.write() as tx:
        if not await generation.begin(tx, job, "Beginning"):
            return _lost
    terms = msgspec.json.decode(wanted.terms, type=Terms)
    try:
        blob = await _made(tools, job, wanted, terms)
        async with tools.database.read() as tx:
            # What is made takes the room of its source.
            await quota.check(tx, job.space_id or "", size=max(0, blob.size - wanted.source_size), count=0)
    except rendering.Missing:
        # Another worker may have what this one lacks.
        raise Failed(f"This worker makes no documents: it lacks the extra `{rendering.EXTRA}`.") from None
    except rendering.Refused as refused:
        return _failed(job, str(refused))
    except quota.QuotaExceeded as full:
        return _failed(job, full.message)

    async def settle(tx: Write) -> bool:
        try:
            return await generation.fulfil(tx, job, blob, rendering.TYPES[terms.target])
        except quota.QuotaExceeded as full:
            # Others took the room since it was looked for. Of this transaction nothing stays; the artifact fails with its job.
            raise Failed(full.message, final=True) from None

    return settle


async def _made(tools: Tools, job: Job, wanted: Generation, terms: Terms) -> Blob:
    """The result, stored. Raises Refused, Missing, Failed."""
    source = await whole(tools.blobs, Blob(wanted.source_key, wanted.source_size, wanted.source_sha256))

    async def tell(progress: int, message: str) -> None:
        async with tools.database.write() as tx:
            await queue.beat(tx, job, progress, message)

    order = Order(**msgspec.structs.asdict(terms))
    made = await rendering.convert(order, source, tell)
    await tell(90, "Storing the result")
    return await kept(tools.blobs, made, limit=LARGEST)


def _failed(job: Job, message: str) -> Settle:
    async def settle(tx: Write) -> bool:
        return await generation.fail(tx, job, message)

    return settle


async def _lost(_tx: Write) -> bool:
    return False
