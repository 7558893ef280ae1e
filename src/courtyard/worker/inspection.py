"""The job `inspect`: whether the bytes are those that were sent, what they are, and the text, pages and size in them."""

import asyncio
import hashlib
from dataclasses import dataclass

from courtyard import rendering
from courtyard.core import artifacts, queue
from courtyard.core.artifacts import Artifact, Inspection, previews
from courtyard.core.artifacts.previews import Look
from courtyard.core.queue import Job
from courtyard.storage.blobs import Blob, Blobs
from courtyard.storage.database import Write
from courtyard.worker.media_types import HEAD, READABLE, decoded, recognize
from courtyard.worker.previews import wanted
from courtyard.worker.reading import at_hand
from courtyard.worker.work import Failed, Settle, Tools

PIECE = 1_048_576
INLINE = 65_536


@dataclass(frozen=True, slots=True)
class Seen:
    """What one walk over the bytes leaves."""

    size: int
    sha256: str
    head: bytes
    tail: bytes


async def inspect(tools: Tools, job: Job) -> Settle | None:
    """Raises Failed when the bytes are not there, or not those that were sent."""
    async with tools.database.read() as tx:
        artifact = await artifacts.seek(tx, job.artifact_id or "")
    if artifact is None:
        return None
    try:
        seen = await walk(tools.blobs, artifact.blob_key)
    except FileNotFoundError:
        raise Failed("The stored bytes are missing.") from None
    if (seen.size, seen.sha256) != (artifact.size, artifact.sha256):
        raise Failed("The stored bytes are not those that were sent.", final=True)
    found = conclude(seen, artifact)
    found, look = await look_into(tools, job, artifact, found)

    async def settle(tx: Write) -> bool:
        if not await artifacts.inspected(tx, job, found):
            return False
        await previews.learn(tx, artifact, look)
        if wanted(artifact, found.content_type):
            await queue.enqueue(tx, "preview", space_id=artifact.space_id, artifact_id=artifact.id)
        return True

    return settle


async def look_into(tools: Tools, job: Job, artifact: Artifact, found: Inspection) -> tuple[Inspection, Look]:
    """What a renderer reads in it. A file that it cannot read is a file all the same: then nothing more is known."""
    kind = found.content_type
    if not 0 < artifact.size <= rendering.LARGEST or not rendering.readable(kind):
        return found, Look()
    async with tools.database.write() as tx:
        await queue.beat(tx, job, 50, "Reading the text" if not kind.startswith("image/") else "Measuring the image")
    try:
        async with at_hand(tools.blobs, Blob(artifact.blob_key, artifact.size, artifact.sha256)) as file:
            facts = await rendering.read(kind, file)
    except (rendering.Refused, rendering.Missing):
        return found, Look()
    return Inspection(content_type=kind, text=facts.text), Look(facts.pages, facts.width, facts.height)


async def walk(blobs: Blobs, key: str) -> Seen:
    """Read once, in pieces; what is long is hashed in a thread, so that requests go on. Raises FileNotFoundError, Down."""
    digest = hashlib.sha256()
    head = tail = b""
    size = 0
    while piece := await blobs.read(key, size, PIECE):
        if len(piece) <= INLINE:
            digest.update(piece)
        else:
            await asyncio.to_thread(digest.update, piece)
        if len(head) < HEAD:
            head = (head + piece)[:HEAD]
        tail = (tail + piece)[-HEAD:]
        size += len(piece)
    return Seen(size, digest.hexdigest(), head, tail)


def conclude(seen: Seen, artifact: Artifact) -> Inspection:
    """The media type, and the text of a kind of file whose text is kept."""
    whole = seen.size <= HEAD
    kind = recognize(seen.head, seen.tail, whole=whole, name=artifact.name, claimed=artifact.content_type)
    return Inspection(content_type=kind, text=decoded(seen.head, whole=whole) if kind in READABLE else None)
