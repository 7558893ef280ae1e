"""Bytes of strangers on their way out: whole or in part, never anything that a browser would run."""

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from courtyard.storage.blobs import Readable
from courtyard.storage.database import Busy, Down, Full
from courtyard.web.arrival import BrokenOff
from courtyard.web.names import attachment
from courtyard.web.ranges import Span, Wanted, wanted

PIECE = 1_048_576
TROUBLE = (Busy, Down, Full)
"""What the stores raise; once an answer has begun it can only be broken off."""
OPAQUE = "application/octet-stream"
_OFFICE = "application/vnd.openxmlformats-officedocument"
# What a browser may be told. Anything it could run as a page or a program is opaque bytes.
SHOWN = frozenset(
    (
        "image/png",
        "image/jpeg",
        "image/gif",
        "image/webp",
        "application/pdf",
        "text/plain",
        "text/csv",
        "application/json",
        "application/zip",
        f"{_OFFICE}.wordprocessingml.document",
        f"{_OFFICE}.spreadsheetml.sheet",
        f"{_OFFICE}.presentationml.presentation",
        "application/msword",
        "application/vnd.ms-excel",
        "application/vnd.ms-powerpoint",
        "application/vnd.oasis.opendocument.text",
        "application/vnd.oasis.opendocument.spreadsheet",
        "application/vnd.oasis.opendocument.presentation",
    )
)
ALWAYS = (
    (b"cache-control", b"private, no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"sandbox; default-src 'none'"),
    (b"cross-origin-resource-policy", b"same-origin"),
)


class File(NamedTuple):
    """Stored bytes as a client gets them: the key of the blob, its size and SHA-256 in hex, and what it is called."""

    key: str
    size: int
    sha256: str
    content_type: str | None
    name: str


class Download(Response):
    """Answers GET and HEAD for one file, with `more` headers. A reader that takes nothing for 60 s is cut off by the listener."""

    def __init__(self, blobs: Readable, file: File, more: Sequence[tuple[bytes, bytes]] = ()) -> None:
        # A Response by type, so that a route may return it; what the base class prepares does not fit a stream.
        self.status_code = 200
        self.background = None
        self.body = b""
        self.raw_headers = []
        self._blobs = blobs
        self._file = file
        self._more = more

    def span(self, scope: Scope) -> Span | None:
        """The bytes that go with the answer to this request; None when there are none."""
        return None if scope["method"] == "HEAD" else self._asked(scope).span

    def _asked(self, scope: Scope) -> Wanted:
        head = scope["method"] == "HEAD"
        return wanted(scope["headers"], f'"{self._file.sha256}"'.encode("ascii"), self._file.size, head=head)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Raises FileNotFoundError or Down before anything is sent when there are no bytes; BrokenOff after that."""
        etag = f'"{self._file.sha256}"'.encode("ascii")
        head = scope["method"] == "HEAD"
        asked = self._asked(scope)
        span = asked.span
        # The first piece before the status: bytes that cannot be read must not begin as a success.
        piece = b"" if span is None or head else await self._read(span, 0)
        await send({"type": "http.response.start", "status": asked.status, "headers": self._headers(asked, etag)})
        if span is None or head:
            await send({"type": "http.response.body", "body": b""})
            return
        sent = len(piece)
        while sent < span.length:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            try:
                piece = await self._read(span, sent)
            except Down as error:
                raise BrokenOff(str(error)) from error
            sent += len(piece)
        await send({"type": "http.response.body", "body": piece})

    async def _read(self, span: Span, offset: int) -> bytes:
        length = min(PIECE, span.length - offset)
        piece = await self._blobs.read(self._file.key, span.start + offset, length) if length else b""
        if len(piece) != length:
            raise FileNotFoundError(f"A stored file is shorter than its row says at byte {span.start + offset}.")
        return piece

    def _headers(self, asked: Wanted, etag: bytes) -> list[tuple[bytes, bytes]]:
        size = self._file.size
        headers = [*ALWAYS, *self._more, (b"accept-ranges", b"bytes"), (b"etag", etag)]
        if asked.status == 304:
            return headers
        if asked.span is None:
            # No words, so they are in everybody's language.
            return [*headers, (b"content-length", b"0"), (b"content-range", b"bytes */%d" % size)]
        start, length = asked.span
        if asked.status == 206:
            headers.append((b"content-range", b"bytes %d-%d/%d" % (start, start + length - 1, size)))
        headers.append((b"content-length", b"%d" % length))
        headers.append((b"content-type", shown_type(self._file.content_type).encode("ascii")))
        headers.append((b"content-disposition", attachment(self._file.name)))
        return headers


class Told(Response):
    """A download of which somebody is told, once, how many bytes have left: before the last of them does, or at a break.

    It breaks off by itself after so many `seconds`.
    """

    def __init__(self, download: Download, tell: Callable[[int], Awaitable[None]], seconds: float) -> None:
        self.status_code = 200
        self.background = None
        self.body = b""
        self.raw_headers = []
        self._download = download
        self._tell = tell
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Raises as the download does."""
        sent, told, end = 0, False, time.monotonic() + self._seconds

        async def counted(message: Message) -> None:
            nonlocal sent, told
            if message["type"] == "http.response.body" and not message.get("more_body", False):
                # Told first: who breaks off just before the end has nearly everything.
                told = True
                await self._told(sent + len(message.get("body", b"")))
            await send(message)
            sent += len(message.get("body", b""))
            if time.monotonic() > end and not told:
                raise BrokenOff("it took too long")

        try:
            await self._download(scope, receive, counted)
        finally:
            if not told:
                await self._told(sent)

    async def _told(self, sent: int) -> None:
        try:
            await self._tell(sent)
        except TROUBLE as error:
            raise BrokenOff(str(error)) from error


def shown_type(content_type: str | None) -> str:
    """The type that a download is announced as; what is not on the list is opaque."""
    essence = (content_type or "").partition(";")[0].strip().lower()
    return essence if essence in SHOWN else OPAQUE
