"""A file that a client sends, raw or as a form, on its way into the blob store."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import NamedTuple

import msgspec
from starlette.responses import Response

from courtyard.core.actor import Actor
from courtyard.core.errors import Refusal, TooLarge
from courtyard.core.quota import QuotaExceeded
from courtyard.storage.blobs import Blob, TooLong
from courtyard.storage.database import Write as Transaction
from courtyard.web import upload
from courtyard.web.arrival import BodyTooSlow
from courtyard.web.call import Call
from courtyard.web.digests import Promise
from courtyard.web.input import Malformed
from courtyard.web.upload import Part

UNNAMED = 1_800.0
"""So many seconds after its file was stored a form may still come in: the sweep takes what no row names after an hour."""


class Received(NamedTuple):
    """What came: the stored bytes, the type and name the client claims, and the other fields of the form."""

    blob: Blob
    content_type: str | None
    name: str
    fields: dict[str, str]

    def canonical(self) -> bytes:
        """What makes two uploads the same, for an Idempotency-Key: the content, not the form around it."""
        return msgspec.json.encode(
            [self.blob.sha256, self.blob.size, self.content_type, self.name, sorted(self.fields.items())]
        )


async def receive(call: Call, limit: int, room: int | None = None) -> Received:
    """Store the body, or the field `file` of a multipart form, while it is no longer than `limit` and fits into `room`.

    Raises Malformed, TooLarge, QuotaExceeded, Full, Down, DigestMismatch for other bytes than the head of the request
    promised, and BodyTooSlow when a form goes on too long after its file.

    Whoever calls it has checked the right to do so, holds no transaction, and discards the blob if nothing comes of it.
    """
    keeper, promise = _Keeper(call, limit, limit if room is None else room), Promise(call)
    try:
        mark = upload.boundary(call.header(b"content-type") or "")
        return await (_raw(call, keeper, promise) if mark is None else _form(call, mark, keeper, promise))
    except BaseException as broken:
        await discard(call, keeper.kept)
        if isinstance(broken, upload.BadForm):
            raise Malformed("body", str(broken)) from None
        raise


class _Keeper:
    """Stores the file of one request."""

    def __init__(self, call: Call, limit: int, room: int) -> None:
        self._blobs, self._limit, self._room = call.services.blobs, limit, room
        self._since = 0.0
        self.kept: list[Blob] = []

    async def store(self, chunks: AsyncIterator[bytes]) -> Blob:
        """Raises TooLarge, QuotaExceeded, Full, Down."""
        try:
            self.kept.append(await self._blobs.put(chunks, limit=min(self._limit, self._room)))
        except TooLong:
            raise (
                TooLarge(f"At most {self._limit} bytes.") if self._limit <= self._room else QuotaExceeded()
            ) from None
        self._since = time.monotonic()
        return self.kept[-1]

    async def store_part(self, part: Part) -> tuple[Blob, Part]:
        """The file of a form."""
        return await self.store(part.chunks), part

    def in_time(self) -> None:
        """Refuse what the sweep may take before it has a name. Raises BodyTooSlow."""
        if self.kept and time.monotonic() >= self._since + UNNAMED:
            raise BodyTooSlow


async def _raw(call: Call, keeper: _Keeper, promise: Promise) -> Received:
    blob = await keeper.store(upload.body(call.receive))
    promise.hold(blob.sha256)
    return Received(blob, raw_type(call), "", {})


async def _form(call: Call, mark: bytes, keeper: _Keeper, promise: Promise) -> Received:
    form = await upload.form(promise.watched(call.receive), mark, keeper.store_part)
    promise.hold()
    keeper.in_time()
    if form.file is None:
        raise Malformed("file", "The form has no file.")
    blob, part = form.file
    return Received(blob, part.content_type, part.name, form.fields)


def raw(call: Call) -> bool:
    """Whether the body is the file itself, and no form with the file in it."""
    return not (call.header(b"content-type") or "").lower().startswith("multipart/form-data")


def raw_type(call: Call) -> str | None:
    """What the client says that a raw body is."""
    return (call.header(b"content-type") or "").partition(";")[0].strip() or None


def least(call: Call) -> int:
    """How many bytes the file in the body has at least, as far as the head of the request tells."""
    length = int(call.header(b"content-length") or 0)
    if raw(call):
        return length
    # What a form may have around its file.
    return max(0, length - upload.FIELDS * (upload.FIELD_BYTES + 1024))


async def discard(call: Call, blobs: list[Blob]) -> None:
    """Remove bytes that no row names."""
    for blob in blobs:
        await call.services.blobs.delete(blob.key)


async def whole(call: Call, blob: Blob) -> bytes:
    """All bytes of a small blob."""
    return await call.services.blobs.read(blob.key, 0, blob.size)


async def named(
    call: Call, blob: Blob, act: Callable[[Transaction, Actor], Awaitable[Response]], canonical: bytes | None = None
) -> Response:
    """Let `act` name stored bytes in one transaction, once for each Idempotency-Key.

    A replayed or refused request leaves no bytes behind. `canonical` is the request's body for the key.
    """
    try:
        once = call.once(canonical)
        async with call.services.database.write() as tx:
            replayed = None if once is None else await once.claim(tx)
            if replayed is None:
                response = await act(tx, call.actor)
                if once is not None:
                    await once.keep(tx, response)
                return response
    except Refusal:
        await discard(call, [blob])
        raise
    await discard(call, [blob])
    return replayed
