"""The port under the bytes: immutable objects under random keys."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Blob:
    """Stored bytes: where, how many, and their SHA-256 in hex."""

    key: str
    size: int
    sha256: str


class TooLong(Exception):
    """More bytes came than the caller allowed."""


class Damaged(Exception):
    """The bytes are not those of the blob; the message says of which."""


class Gap(ValueError):
    """An append or a finish past the bytes that an upload has, or an append to one that was finished."""


class Taken(Exception):
    """Somebody else is at this upload at this moment. Not every store can tell; who appends keeps others away himself."""


class Readable(Protocol):
    """What a download needs of a store."""

    async def read(self, key: str, start: int, length: int) -> bytes:
        """At most `length` bytes from `start`. Raises FileNotFoundError."""
        ...


class Blobs(Readable, Protocol):
    """Objects that come whole (`put`), and uploads that come in pieces (`begin`, `append`…, `finish`, `abandon`).

    All there is to an upload is in the store: any process may go on with it, also after the one before was killed. What
    of it counts is said by whoever keeps its offset: bytes that a store has past that are overwritten by the next append.
    """

    async def put(self, chunks: AsyncIterator[bytes], *, limit: int) -> Blob:
        """Store durably under a new key; nothing remains when it fails. Raises TooLong past `limit` bytes, Full, Down."""
        ...

    async def delete(self, key: str) -> None:
        """Remove; a key that is not there is no error."""
        ...

    def keys(self, *, older_than: int) -> AsyncIterator[str]:
        """Every key stored before that time (milliseconds UTC), for the sweep of unreferenced blobs."""
        ...

    async def adopt(self, blob: Blob, chunks: AsyncIterator[bytes]) -> None:
        """Store the copy of a blob of another store under its own key, unless it is there. Raises Damaged, Full, Down."""
        ...

    async def size(self, key: str) -> int | None:
        """How many bytes a blob has; None when it is not there."""
        ...

    async def tidy(self, *, now: int) -> int:
        """Remove what killed writers left and nobody sees, once it is a day old; how many pieces."""
        ...

    async def check(self) -> None:
        """Write, read and delete a probe. Raises Full or Down with what a person can mend."""
        ...

    async def ping(self) -> None:
        """It answers now. Raises Down."""
        ...

    async def begin(self) -> str:
        """A new upload, empty: its id, for a row to keep."""
        ...

    async def append(
        self, upload: str, offset: int, chunks: AsyncIterator[bytes], *, limit: int, fence: int = 0
    ) -> int:
        """Add to an upload from `offset` on, in place of all it has there; how many bytes it has now, durably.

        A stream that breaks raises and may leave bytes past `offset`, which do not count. To keep what came before the
        break, end the stream there. A long stream is better given in pieces of 8 MiB or more, each offset recorded: what
        is being appended when the process is killed is lost. `fence` grows with whoever adds to it: what somebody with a
        lower one still writes afterwards does not count. Raises FileNotFoundError for an upload that is not there,
        Gap when it has fewer than `offset` bytes, TooLong when it would have more than `limit`, Taken, Full, Down.
        """
        ...

    async def finish(self, upload: str, size: int) -> Blob:
        """Publish the first `size` bytes of an upload as a blob under a new key.

        The upload stays until `abandon`: whoever is killed before the row commits finishes it again, and the first blob
        is swept. Nothing is appended to it any more. Raises FileNotFoundError, Gap, Taken, Full, Down.
        """
        ...

    async def abandon(self, upload: str) -> None:
        """Remove an upload, finished or not; one that is not there is no error."""
        ...

    def uploads(self, *, older_than: int) -> AsyncIterator[str]:
        """Every upload that nothing was added to since that time (milliseconds UTC), for the sweep."""
        ...

    async def close(self) -> None: ...


async def batches(chunks: AsyncIterator[bytes], size: int, *, limit: int) -> AsyncIterator[list[bytes]]:
    """The chunks in lists of `size` bytes or little more, the last one of what is left. Raises TooLong past `limit` bytes."""
    batch: list[bytes] = []
    total = waiting = 0
    async for chunk in chunks:
        total += len(chunk)
        if total > limit:
            raise TooLong(f"more than {limit} bytes")
        batch.append(chunk)
        waiting += len(chunk)
        if waiting >= size:
            yield batch
            batch, waiting = [], 0
    if batch:
        yield batch
