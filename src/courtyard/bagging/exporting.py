"""A space as a BagIt bag (RFC 8493) in a ZIP, streamed while it is read: every checksum known, nothing kept but names."""

import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from importlib.metadata import version
from typing import Any, Protocol

import msgspec

from courtyard.bagging.zip_writing import INLINE, Ledger, ZipStream
from courtyard.core import clock
from courtyard.core.bags import Belonging, Client, Content, Conversation, Document, Edition, Place, Utterance
from courtyard.storage.blobs import Blobs
from courtyard.web.names import safe_name

PIECE = 1_048_576
BAGIT = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
_PACKED = ("text/", "application/json", "application/xml", "application/javascript", "image/svg", "application/sql")


class Broken(Exception):
    """Stored bytes are missing, or not those that their row tells of: the bag must not end as if it were whole."""


class Rows(Protocol):
    """Where the rows of the space come from: the database, or a server that is asked for them."""

    @property
    def space(self) -> Place: ...
    async def members(self, after: str) -> tuple[str, list[Belonging]]: ...
    async def customers(self, after: str) -> list[Client]: ...
    async def conversations(self, after: str) -> list[Conversation]: ...
    async def utterances(self, thread_id: str, after: str) -> list[Utterance]: ...
    async def documents(self, after: str) -> list[str]: ...
    async def document(self, artifact_id: str) -> Document | None: ...


class Export:
    """One bag on its way out."""

    def __init__(self, rows: Rows, blobs: Blobs, folder: str) -> None:
        self._rows = rows
        self._blobs = blobs
        self._folder = folder
        self._zip = ZipStream()
        self._manifest = Ledger()
        self._tags: list[tuple[str, str]] = []
        self._count = self._octets = 0
        self._began = clock.now()

    async def chunks(self) -> AsyncGenerator[bytes]:
        """The ZIP. Raises Broken, Down."""
        try:
            async for piece in self._bytes("bagit.txt", BAGIT):
                yield piece
            for part in (self._place, self._people, self._conversations, self._documents, self._end):
                async for piece in part():
                    yield piece
            yield self._zip.end()
        finally:
            self._zip.drop()

    async def _place(self) -> AsyncIterator[bytes]:
        place = self._rows.space
        if place.background is not None:
            content = msgspec.structs.replace(place.background, file=_background(place.background))
            async for piece in self._content(content, self._began):
                yield piece
            place = msgspec.structs.replace(place, background=_shown(content))
        async for piece in self._bytes("data/space.json", msgspec.json.format(msgspec.json.encode(place), indent=2)):
            yield piece

    async def _people(self) -> AsyncIterator[bytes]:
        async for piece in self._lines("data/members.jsonl", _walk_members(self._rows)):
            yield piece
        async for piece in self._lines("data/customers.jsonl", _walk(self._rows.customers)):
            yield piece

    async def _conversations(self) -> AsyncIterator[bytes]:
        async for thread in _walk(self._rows.conversations):
            path = f"data/threads/{thread.id}"
            async for piece in self._bytes(f"{path}.json", msgspec.json.encode(thread)):
                yield piece

            def said(after: str, thread: Conversation = thread) -> Awaitable[list[Utterance]]:
                return self._rows.utterances(thread.id, after)

            async for piece in self._lines(f"{path}.jsonl", _walk(said)):
                yield piece

    async def _documents(self) -> AsyncIterator[bytes]:
        after = ""
        while ids := await self._rows.documents(after):
            for artifact_id in ids:
                async for piece in self._document(artifact_id):
                    yield piece
            after = ids[-1]

    async def _document(self, artifact_id: str) -> AsyncIterator[bytes]:
        document = await self._rows.document(artifact_id)
        if document is None:
            return
        placed = placed_in(document)
        seen: set[str] = set()
        for edition in placed.versions:
            if edition.file in seen:
                continue
            seen.add(edition.file)
            try:
                async for piece in self._content(edition, clock.parse(edition.created_at)):
                    yield piece
            except Gone:
                if await self._rows.document(artifact_id) is None and len(seen) == 1:
                    # It was purged a moment ago, before its first byte: then it is out whole.
                    return
                raise
        told = msgspec.structs.replace(placed, versions=[_shown(edition) for edition in placed.versions])
        async for piece in self._bytes(f"data/artifacts/{artifact_id}.json", msgspec.json.encode(told)):
            yield piece

    async def _content(self, content: Content, at: int) -> AsyncIterator[bytes]:
        """Stored bytes. Raises Gone before anything of them is in the ZIP, Broken after that."""
        first = await self._first(content)
        packed = content.content_type.startswith(_PACKED)
        chunks = self._read(content, first)
        async for piece in self._file(f"data/{content.file}", chunks, at=at, packed=packed, size=content.size):
            yield piece

    async def _first(self, content: Content) -> bytes:
        try:
            return await self._blobs.read(content.key, 0, min(PIECE, content.size)) if content.size else b""
        except FileNotFoundError:
            raise Gone(f"data/{content.file} is missing") from None

    async def _read(self, content: Content, piece: bytes) -> AsyncIterator[bytes]:
        digest, sent = hashlib.sha256(), 0
        while True:
            digest.update(piece)
            sent += len(piece)
            yield piece
            if sent >= content.size:
                break
            try:
                piece = await self._blobs.read(content.key, sent, min(PIECE, content.size - sent))
            except FileNotFoundError:
                piece = b""
            if not piece:
                raise Broken(f"data/{content.file} is shorter than its row says")
        if (sent, digest.hexdigest()) != (content.size, content.sha256):
            raise Broken(f"data/{content.file} has other bytes than its row says")

    async def _lines(self, path: str, items: AsyncIterator[Any]) -> AsyncIterator[bytes]:
        """JSON Lines; none at all leave no file."""
        first = await anext(items, None)
        if first is None:
            return

        async def chunks() -> AsyncIterator[bytes]:
            batch = bytearray(msgspec.json.encode(first) + b"\n")
            async for item in items:
                batch += msgspec.json.encode(item) + b"\n"
                if len(batch) >= INLINE:
                    yield bytes(batch)
                    batch.clear()
            if batch:
                yield bytes(batch)

        async for piece in self._file(path, chunks(), at=self._began, packed=True):
            yield piece

    async def _bytes(self, path: str, content: bytes) -> AsyncIterator[bytes]:
        async for piece in self._file(path, _once(content), at=self._began, packed=True, size=len(content)):
            yield piece

    async def _file(
        self, path: str, chunks: AsyncIterator[bytes], *, at: int, packed: bool, size: int | None = None
    ) -> AsyncIterator[bytes]:
        """One file of the bag, with its line in a manifest."""
        digest, octets = hashlib.sha256(), 0

        async def counted() -> AsyncIterator[bytes]:
            nonlocal octets
            async for chunk in chunks:
                digest.update(chunk)
                octets += len(chunk)
                yield chunk

        async for piece in self._zip.entry(f"{self._folder}/{path}", counted(), at=at, packed=packed, size=size):
            yield piece
        if path.startswith("data/"):
            self._count += 1
            self._octets += octets
            self._manifest.add(f"{digest.hexdigest()}  {encoded(path)}\n")
        else:
            self._tags.append((path, digest.hexdigest()))

    async def _end(self) -> AsyncIterator[bytes]:
        info = (
            f"Bag-Software-Agent: Courtyard {version('courtyard')}\n"
            f"Bagging-Date: {clock.rfc3339(self._began)[:10]}\n"
            f"External-Identifier: urn:uuid:{self._rows.space.id}\n"
            f"External-Description: {' '.join(self._rows.space.name.split())}\n"
            f"Payload-Oxum: {self._octets}.{self._count}\n"
        )
        async for piece in self._bytes("bag-info.txt", info.encode()):
            yield piece
        chunks = self._manifest.chunks()
        async for piece in self._file("manifest-sha256.txt", chunks, at=self._began, packed=True):
            yield piece
        tags = "".join(f"{sha256}  {path}\n" for path, sha256 in self._tags)
        async for piece in self._bytes("tagmanifest-sha256.txt", tags.encode()):
            yield piece


class Gone(Broken):
    """There are no bytes at all."""


def placed_in(document: Document) -> Document:
    """The artifact with a place for the bytes of each version; the same bytes have one place."""
    places: dict[str, str] = {}
    editions: list[Edition] = []
    for edition in reversed(document.versions):
        folder = f"versions/{document.id}/{edition.version}" if places else f"artifacts/{document.id}"
        name = document.name if not places else edition.name
        place = places.setdefault(edition.key, f"{folder}/{safe_name(name)}")
        editions.append(msgspec.structs.replace(edition, file=place))
    return msgspec.structs.replace(document, versions=editions[::-1])


def encoded(path: str) -> str:
    """A path in a manifest (RFC 8493, section 2.1.3)."""
    return path.replace("%", "%25").replace("\n", "%0A").replace("\r", "%0D")


def _background(content: Content) -> str:
    return f"background.{content.content_type.rpartition('/')[2]}"


def _shown(content: Any) -> Any:
    return msgspec.structs.replace(content, key="")


async def _walk(ask: Callable[[str], Awaitable[list[Any]]]) -> AsyncIterator[Any]:
    after = ""
    while items := await ask(after):
        for item in items:
            yield item
        after = items[-1].id


async def _walk_members(rows: Rows) -> AsyncIterator[Belonging]:
    after, items = await rows.members("")
    while items:
        for item in items:
            yield item
        after, items = await rows.members(after)


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content
