"""Whole files in and out of the store, for jobs that hand them to a renderer."""

import asyncio
import hashlib
from collections.abc import AsyncIterator

from courtyard.storage.blobs import Blob, Blobs
from courtyard.worker.work import Failed

PIECE = 1_048_576


async def whole(blobs: Blobs, blob: Blob) -> bytes:
    """All bytes of a blob that fits into memory. Raises Failed when they are not there, or not those that were stored."""
    pieces: list[bytes] = []
    size = 0
    try:
        while size < blob.size and (piece := await blobs.read(blob.key, size, min(PIECE, blob.size - size))):
            pieces.append(piece)
            size += len(piece)
    except FileNotFoundError:
        raise Failed("The stored bytes are missing.") from None
    content = b"".join(pieces)
    if (await asyncio.to_thread(hashlib.sha256, content)).hexdigest() != blob.sha256:
        raise Failed("The stored bytes are not those that were sent.", final=True)
    return content


async def kept(blobs: Blobs, content: bytes, *, limit: int) -> Blob:
    """Stored durably. Should nobody name it, it is swept."""

    async def chunks() -> AsyncIterator[bytes]:
        yield content

    return await blobs.put(chunks(), limit=limit)
