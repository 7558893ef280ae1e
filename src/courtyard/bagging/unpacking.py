"""A bag taken apart: its files into the blob store, its records into a file on disk until the space is made of them."""

import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import IO, TypeVar

import msgspec

from courtyard import imaging
from courtyard.bagging.bag_reading import Bag
from courtyard.bagging.refusals import Unusable
from courtyard.core import clock
from courtyard.core.bags import Belonging, Client, Content, Conversation, Document, Edition, Place, Record, Utterance
from courtyard.core.spaces import Background
from courtyard.storage.blobs import Blob, Blobs
from courtyard.web.names import safe_name

RECORD, LINE = 4 * 1024 * 1024, 1024 * 1024
IMAGE = 10 * 1024 * 1024
PACE = 1.0
"""Seconds between two words about how far it is."""
KINDS: dict[str, type[Record]] = {
    kind.__name__: kind for kind in (Client, Conversation, Utterance, Belonging, Document)
}
Tell = Callable[[int, int], Awaitable[None]]
"""Told now and then: so many bytes of so many are stored."""
T = TypeVar("T")


class _Line(msgspec.Struct, frozen=True, array_like=True):
    kind: str
    record: msgspec.Raw


class Spool:
    """Records in their order, on disk."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    @classmethod
    def open(cls, folder: Path) -> "Spool":
        """A file without a name: it is gone with the process, however that ends."""
        return cls(tempfile.TemporaryFile(dir=folder))

    def add(self, record: Record) -> None:
        line = _Line(type(record).__name__, msgspec.Raw(msgspec.json.encode(record)))
        self._file.write(msgspec.json.encode(line) + b"\n")

    def records(self) -> Iterator[Record]:
        self._file.seek(0)
        for line in self._file:
            told = msgspec.json.decode(line, type=_Line)
            yield msgspec.json.decode(told.record, type=KINDS[told.kind])

    def close(self) -> None:
        self._file.close()


class Unpacking:
    """One bag on its way in. What it has stored is in `stored`, for whoever gives it up."""

    def __init__(self, bag: Bag, blobs: Blobs, spool: Spool, tell: Tell) -> None:
        self._bag = bag
        self._blobs = blobs
        self._spool = spool
        self._tell = tell
        self._total = sum(entry.size for entry in bag.files.values())
        self._done = 0
        self._told = time.monotonic()
        self._used: set[str] = set()
        self.stored: list[str] = []
        self.background: Background | None = None

    async def run(self) -> Place:
        """The space itself; all that is in it is in the spool. Raises Unusable, Full, Down."""
        if "space.json" not in self._bag.files:
            return await self._foreign()
        place = _decoded(await self._bag.whole("space.json", RECORD), Place, "space.json")
        if place.background is not None:
            await self._background(place.background)
        await self._lines("members.jsonl", Belonging)
        await self._lines("customers.jsonl", Client)
        for path in self._below("threads/"):
            self._spool.add(_decoded(await self._bag.whole(path, RECORD), Conversation, path))
            await self._lines(f"{path.removesuffix('.json')}.jsonl", Utterance)
        for path in self._below("artifacts/"):
            await self._document(path)
        return place

    def _below(self, folder: str) -> list[str]:
        """The records in a folder: a file beside them that somebody called `x.json` lies one deeper."""
        return sorted(
            path
            for path in self._bag.files
            if path.startswith(folder) and path.endswith(".json") and path.count("/") == 1
        )

    async def _lines(self, path: str, kind: type[Record]) -> None:
        if path in self._bag.files:
            async for line in self._bag.lines(path, LINE):
                self._spool.add(_decoded(line, kind, path))

    async def _document(self, path: str) -> None:
        document = _decoded(await self._bag.whole(path, RECORD), Document, path)
        stored: dict[str, Blob] = {}
        editions: list[Edition] = []
        for edition in document.versions:
            if edition.file not in stored:
                stored[edition.file] = await self._store(edition.file)
            blob = stored[edition.file]
            if (blob.size, blob.sha256) != (edition.size, edition.sha256):
                raise Unusable(f"`{edition.file[-200:]}` is not what `{path}` says.")
            editions.append(msgspec.structs.replace(edition, key=blob.key))
        self._spool.add(msgspec.structs.replace(document, versions=editions))

    async def _foreign(self) -> Place:
        """A bag of somebody else: each file is an artifact, which remembers its path."""
        now = clock.rfc3339(clock.now())
        for path in sorted(self._bag.files):
            name, blob = safe_name(path), await self._store(path)
            edition = Edition(
                version=1,
                name=name,
                file=path,
                content_type="application/octet-stream",
                size=blob.size,
                sha256=blob.sha256,
                key=blob.key,
                created_at=now,
            )
            self._spool.add(
                Document(
                    id=path,
                    name=name,
                    document_type="file",
                    metadata={"path": path},
                    versions=[edition],
                    created_at=now,
                    updated_at=now,
                )
            )
        return Place(id="", name="Imported")

    async def _store(self, path: str) -> Blob:
        """A file of the bag in the store. One file is of one artifact. Raises Unusable, Full, Down."""
        if path not in self._bag.files or path in self._used:
            raise Unusable(f"`data/{path[-200:]}` is not in the bag, or of two artifacts.")
        self._used.add(path)
        size = self._bag.files[path].size
        blob = await self._blobs.put(self._counted(path), limit=size)
        self.stored.append(blob.key)
        return blob

    async def _counted(self, path: str) -> AsyncIterator[bytes]:
        async for chunk in self._bag.chunks(path):
            yield chunk
            self._done += len(chunk)
            if time.monotonic() > self._told + PACE:
                self._told = time.monotonic()
                await self._tell(self._done, self._total)

    async def _background(self, told: Content) -> None:
        """An image of strangers is shown as we drew it anew."""
        if told.file not in self._bag.files:
            raise Unusable("The background is not in the bag.")
        try:
            image, kind = await imaging.reencode(await self._bag.whole(told.file, IMAGE))
        except imaging.NotAnImage:
            raise Unusable("The background is no image.") from None
        blob = await self._blobs.put(_once(image), limit=len(image))
        self.stored.append(blob.key)
        self.background = Background(blob.key, kind, blob.size, blob.sha256)


def _decoded(content: bytes, kind: type[T], path: str) -> T:
    try:
        return msgspec.json.decode(content, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Unusable(f"`data/{path[-200:]}` is not as it should be.") from None


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content
