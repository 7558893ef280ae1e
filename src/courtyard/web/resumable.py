"""The bytes of an upload that comes in pieces: from the request into its stage, and from there into an artifact."""

import asyncio
import hashlib
import hmac
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

from courtyard.core import clock, spaces, uploads
from courtyard.core.access.roles import Permission
from courtyard.core.errors import Refusal, TooLarge
from courtyard.core.spaces import Space
from courtyard.core.uploads import ChecksumMismatch, Locked, Upload, UploadGone
from courtyard.storage.blobs import Blob, Gap, Taken, TooLong
from courtyard.storage.database import Busy, Database, Down, Full
from courtyard.web import upload as bodies
from courtyard.web.arrival import BodyRefused, ClientGone
from courtyard.web.call import Call
from courtyard.web.files import discard

PIECE = 8 * 1024 * 1024
"""After so many bytes, or seconds, what came is made durable and counts, whatever becomes of the rest."""
MOMENT = 10.0
READ = 1024 * 1024
REFUSED = (Refusal, Full, Down)
"""What bytes are turned away with while their client still listens."""
BEAT = uploads.LEASE / clock.SECOND / 3


class Checksum(NamedTuple):
    """What the body of one request must have: the name of a hash, and its digest."""

    algorithm: str
    digest: bytes


async def receive(
    call: Call,
    space: Space,
    upload: Upload,
    offset: int,
    *,
    length: int | None = None,
    checksum: Checksum | None = None,
) -> Upload:
    """Add the body to an upload from `offset` on; with its last byte it becomes what it is for. Gives what it is now.

    What came before a body breaks off stays; of a body with a checksum all comes or nothing.
    Raises ChecksumMismatch, TooLarge, Full, Down, and what `uploads.seize` and making an artifact raise.
    """
    body = _Body(call)
    async with _held(call, space, upload, offset, length, body.lost) as seized:
        held = seized
        if held.state == "open":
            held = await (_take(call, held, body) if checksum is None else _take_whole(call, held, body, checksum))
            if held.complete:
                held = await _advance(call, held, held.received)
        if held.state == "full":
            await _close(call, space, held)
    body.mend()
    return await _now(call, space, upload)


async def settle(call: Call, space: Space, upload: Upload) -> Upload:
    """Close one that has every byte, left by whoever was killed before that. Raises as `receive` does."""
    if upload.state == "full":
        async with _held(call, space, upload, upload.received, None, asyncio.Event()) as held:
            await _close(call, space, held)
        return await _now(call, space, upload)
    return upload


async def joined(call: Call, parts: list[Upload], sha256: str | None) -> Blob:
    """The bytes of finished parts, one after the other, as one blob. Raises ChecksumMismatch, UploadGone, Full, Down."""
    blobs, size = call.services.blobs, sum(part.received for part in parts)

    async def chunks() -> AsyncIterator[bytes]:
        for part in parts:
            for start in range(0, part.received, READ):
                yield await blobs.read(part.blob_key or "", start, READ)

    try:
        blob = await blobs.put(chunks(), limit=size)
    except FileNotFoundError:
        # Whoever joined them first has let go of them.
        raise UploadGone from None
    if blob.size != size or sha256 not in (None, blob.sha256):
        await discard(call, [blob])
        raise ChecksumMismatch
    return blob


class _Body:
    """A body that is taken in pieces, and how it broke off, if it did."""

    def __init__(self, call: Call) -> None:
        self._chunks = bodies.body(call.receive)
        self._next: bytes | None = None
        self._broken: Exception | None = None
        self.lost = asyncio.Event()
        """Set when somebody else may add to the upload: not another byte is written then."""

    async def more(self) -> bool:
        """Whether there is another byte. Raises Locked."""
        if self._next is None and self._broken is None:
            try:
                self._next = await anext(self._chunks, None)
            except (ClientGone, BodyRefused) as broken:
                self._broken = broken
        if self.lost.is_set():
            raise Locked
        return self._next is not None

    async def piece(self) -> AsyncIterator[bytes]:
        """Some more of it: what comes in a moment, but not too much."""
        size, since = 0, time.monotonic()
        while size < PIECE and time.monotonic() < since + MOMENT and await self.more():
            chunk, self._next = self._next or b"", None
            size += len(chunk)
            yield chunk

    def mend(self) -> None:
        """Raise what broke it off, now that what came before is safe."""
        if self._broken is not None:
            raise self._broken


@asynccontextmanager
async def _held(
    call: Call, space: Space, upload: Upload, offset: int, length: int | None, lost: asyncio.Event
) -> AsyncGenerator[Upload]:
    """The upload, ours alone until the end of the block; the lease of whoever is killed runs out by itself."""
    database = call.services.database
    async with database.write() as tx:
        life = call.services.policy.upload_life
        held = await uploads.seize(tx, space, upload, offset, length=length, life=life)
    done = asyncio.Event()
    beating = asyncio.create_task(_beat(database, held, done, lost))
    try:
        yield held
    except (FileNotFoundError, Gap):
        raise UploadGone from None
    except Taken:
        raise Locked from None
    except TooLong:
        raise TooLarge("The upload has no room for so many bytes.") from None
    finally:
        done.set()
        # What it met there, whoever writes next meets too.
        await asyncio.gather(beating, return_exceptions=True)
        async with database.write() as tx:
            await uploads.let_go(tx, held)


async def _beat(database: Database, held: Upload, done: asyncio.Event, lost: asyncio.Event) -> None:
    """Prolong the lease until all is done. Whoever cannot is taken for dead by the others, and so must stop."""
    prolonged = time.monotonic()
    try:
        while True:
            try:
                async with asyncio.timeout(BEAT):
                    await done.wait()
                return
            except TimeoutError:
                now = time.monotonic()
            try:
                async with database.write() as tx:
                    if not await uploads.beat(tx, held):
                        return
                prolonged = now
            except (Busy, Down, Full):
                if time.monotonic() > prolonged + uploads.LEASE / clock.SECOND:
                    raise
    finally:
        lost.set()


async def _take(call: Call, held: Upload, body: _Body) -> Upload:
    while await body.more():
        received = await _append(call, held, body.piece())
        if received == held.received:
            continue
        held = await _advance(call, held, received)
    return held


async def _take_whole(call: Call, held: Upload, body: _Body, checksum: Checksum) -> Upload:
    """Nothing of it counts before all of it does."""
    digest = hashlib.new(checksum.algorithm, usedforsecurity=False)

    async def chunks() -> AsyncIterator[bytes]:
        while await body.more():
            async for chunk in body.piece():
                digest.update(chunk)
                yield chunk

    received = await _append(call, held, chunks())
    body.mend()
    if not hmac.compare_digest(digest.digest(), checksum.digest):
        raise ChecksumMismatch
    return await _advance(call, held, received)


async def _append(call: Call, held: Upload, chunks: AsyncIterator[bytes]) -> int:
    most = call.services.policy.tus_limit if held.length is None else held.length
    blobs, stage = call.services.blobs, held.stage or ""
    return await blobs.append(stage, held.received, chunks, limit=most, fence=held.fence)


async def _advance(call: Call, held: Upload, received: int) -> Upload:
    if held.state == "full":
        return held
    async with call.services.database.write() as tx:
        return await uploads.advance(tx, held, received)


async def _close(call: Call, space: Space, held: Upload) -> None:
    """Every byte is here: check them, give them a name, and make of them what they are for, once."""
    blobs, database, stage = call.services.blobs, call.services.database, held.stage or ""
    blob = await blobs.finish(stage, held.received)
    promised = held.sha256 in (None, blob.sha256)
    try:
        async with database.write() as tx:
            place = await spaces.find(tx, call.actor, space.id, Permission.WRITE)
            await (uploads.finish(tx, call.actor, place, held, blob) if promised else uploads.fail(tx, held))
    except Refusal:
        await discard(call, [blob])
        raise
    if not promised:
        await discard(call, [blob])
    await blobs.abandon(stage)
    if not promised:
        raise ChecksumMismatch


async def _now(call: Call, space: Space, upload: Upload) -> Upload:
    async with call.reading() as tx:
        return await uploads.find(tx, space, upload.id)
