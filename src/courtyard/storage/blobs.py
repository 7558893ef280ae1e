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


class Blobs(Protocol):
    async def put(self, chunks: AsyncIterator[bytes], *, limit: int) -> Blob:
        """Store durably under a new key; nothing remains when it fails. Raises TooLong past `limit` bytes, Full, Down."""
        ...

    async def read(self, key: str, start: int, length: int) -> bytes:
        """At most `length` bytes from `start`. Raises FileNotFoundError."""
        ...

    async def delete(self, key: str) -> None:
        """Remove; a key that is not there is no error."""
        ...

    def keys(self, *, older_than: int) -> AsyncIterator[str]:
        """Every key stored before that time (milliseconds UTC), for the sweep of unreferenced blobs."""
        ...

    async def close(self) -> None: ...
