"""A file that a client sends, raw or as a form, on its way into the blob store."""

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
from courtyard.web.call import Call
from courtyard.web.input import Malformed
from courtyard.web.upload import Part


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

    Raises Malformed, TooLarge, QuotaExceeded, Full, Down.

    Whoever calls it has checked the right to do so, holds no transaction, and discards the blob if nothing comes of it.
    """
    content_type = call.header(b"content-type") or ""
    most = min(limit, limit if room is None else room)
    kept: list[Blob] = []

    async def store(chunks: AsyncIterator[bytes]) -> Blob:
        try:
            kept.append(await call.services.blobs.put(chunks, limit=most))
        except TooLong:
            raise (TooLarge(f"At most {limit} bytes.") if most == limit else QuotaExceeded()) from None
        return kept[-1]

    async def store_part(part: Part) -> tuple[Blob, Part]:
        return await store(part.chunks), part

    try:
        mark = upload.boundary(content_type)
        if mark is None:
            blob = await store(upload.body(call.receive))
            return Received(blob, content_type.partition(";")[0].strip() or None, "", {})
        form = await upload.form(call.receive, mark, store_part)
    except upload.BadForm as bad:
        await discard(call, kept)
        raise Malformed("body", str(bad)) from None
    except BaseException:
        await discard(call, kept)
        raise
    if form.file is None:
        raise Malformed("file", "The form has no file.")
    blob, part = form.file
    return Received(blob, part.content_type, part.name, form.fields)


def least(call: Call) -> int:
    """How many bytes the file in the body has at least, as far as the head of the request tells."""
    length = int(call.header(b"content-length") or 0)
    if not (call.header(b"content-type") or "").startswith("multipart/"):
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
