"""Whole files in and out of the store, for jobs that hand them to a renderer."""

import asyncio
import hashlib
import io
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO

from courtyard import rendering
from courtyard.storage.blobs import Blob, Blobs
from courtyard.worker.work import Failed

PIECE = 1_048_576


async def whole(blobs: Blobs, blob: Blob) -> bytes:
    """All bytes of a small blob. Raises Failed when they are not there, or not those that were stored."""
    content = io.BytesIO()
    await _copy(blobs, blob, content)
    # The buffer itself, not a copy of it.
    return content.getvalue()


@asynccontextmanager
async def at_hand(blobs: Blobs, blob: Blob) -> AsyncGenerator[Path]:
    """A file with all bytes of a blob, however large, for as long as it is used; none of them stays in memory.

    Raises Failed, as `whole` does.
    """
    with rendering.scratch() as folder:
        path = folder / "whole"
        with path.open("xb", buffering=0) as file:
            await _copy(blobs, blob, file)
        yield path


async def _copy(blobs: Blobs, blob: Blob, to: IO[bytes]) -> None:
    """Piece by piece, in threads, so that requests go on."""
    digest, size = hashlib.sha256(), 0

    def add(piece: bytes) -> None:
        digest.update(piece)
        to.write(piece)

    try:
        while size < blob.size and (piece := await blobs.read(blob.key, size, min(PIECE, blob.size - size))):
            await asyncio.to_thread(add, piece)
            size += len(piece)
    except FileNotFoundError:
        raise Failed("The stored bytes are missing.") from None
    if digest.hexdigest() != blob.sha256:
        raise Failed("The stored bytes are not those that were sent.", final=True)


async def kept(blobs: Blobs, content: bytes, *, limit: int) -> Blob:
    """Stored durably. Should nobody name it, it is swept."""

    async def chunks() -> AsyncIterator[bytes]:
        yield content

    return await blobs.put(chunks(), limit=limit)
