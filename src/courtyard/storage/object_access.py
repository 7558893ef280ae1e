"""One bucket as we speak to it: every call ends in time, and whatever goes wrong there is Down, Full or not found."""

import asyncio
import gc
import re
from collections.abc import AsyncIterator, Awaitable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import from_url

from courtyard.storage.database import Down, Full

if TYPE_CHECKING:
    # A name for types alone: at runtime the library has none.
    from obstore.store import ObjectStore

T = TypeVar("T")

PATIENCE = 30.0
"""Seconds until a call is given up, tries and pauses and all; a part of 8 MiB gets through at 2.2 Mbit/s."""
PAGE = 1000
_CLIENT: dict[str, Any] = {"connect_timeout": timedelta(seconds=3), "timeout": timedelta(seconds=28)}
_RETRIES: dict[str, Any] = {
    "max_retries": 3,
    "retry_timeout": timedelta(seconds=10),
    "backoff": {"init_backoff": timedelta(milliseconds=100), "max_backoff": timedelta(seconds=2), "base": 2},
}
_NO_ROOM = re.compile(r"\b507 Insufficient Storage\b|StorageFull|QuotaExceeded|InsufficientStorage|NoSpace")
_PAST_THE_END = re.compile(r"\b416 Range Not Satisfiable\b|<Code>InvalidRange</Code>")
_REASON = re.compile(r"<Code>(.*?)</Code>(?:.*?<Message>(.*?)</Message>)?", re.DOTALL)


class Exists(Exception):
    """There is an object of that name."""


class Seen(NamedTuple):
    """An object in a list: its path, its size, and when it was written, in milliseconds UTC."""

    path: str
    size: int
    at: int


class Bucket:
    """Objects by their paths under the prefix of the URL."""

    def __init__(self, url: str, options: dict[str, Any], *, allow_http: bool) -> None:
        config: Any = {"checksum_algorithm": "SHA256", **options} if url.startswith("s3:") else options
        self.url = url
        client: Any = {**_CLIENT, "allow_http": allow_http}
        retries: Any = _RETRIES
        self._store: ObjectStore | None = None
        try:
            self._store = from_url(url, config=config, client_options=client, retry_config=retries)
        except (BaseError, ValueError) as error:
            raise Down(f"the settings of the object store cannot be used: {reason(error)}") from None

    async def create(self, path: str, data: bytes) -> None:
        """Write where nothing is. Raises Exists."""
        try:
            await _asked(obstore.put_async(self._open(), path, data, mode="create", use_multipart=False))
        except FileNotFoundError as error:
            raise Down("the bucket is gone") from error

    async def write(self, path: str, data: bytes) -> None:
        """Write, in place of what is there."""
        try:
            await _asked(obstore.put_async(self._open(), path, data, mode="overwrite", use_multipart=False))
        except FileNotFoundError as error:
            raise Down("the bucket is gone") from error

    async def read(self, path: str, start: int, length: int) -> bytes:
        """At most `length` bytes, at least one asked for. Raises FileNotFoundError."""
        try:
            found = await _asked(obstore.get_range_async(self._open(), path, start=start, length=length))
        except _PastTheEnd:
            return b""
        return found.to_bytes()

    async def size(self, path: str) -> int:
        """Raises FileNotFoundError."""
        return (await _asked(obstore.head_async(self._open(), path)))["size"]

    async def delete(self, paths: Sequence[str]) -> None:
        """Remove; what is not there is no error."""
        for path in paths:
            try:
                await _asked(obstore.delete_async(self._open(), path))
            except FileNotFoundError:
                continue

    async def list(self, folder: str) -> AsyncIterator[Seen]:
        """All under a folder, in the order of their paths where the store has one."""
        # One of its overloads needs a library that we do not have.
        pages = obstore.list(self._open(), prefix=folder, chunk_size=PAGE)  # pyright: ignore[reportUnknownMemberType]
        while True:
            try:
                page = await _asked(_next(pages))
            except FileNotFoundError as error:
                raise Down("the bucket is gone") from error
            if page is None:
                return
            for one in page:
                yield Seen(one["path"], one["size"], int(one["last_modified"].timestamp() * 1000))

    async def close(self) -> None:
        """Let go of connections while the loop still runs: later, the library may take the process down with it."""
        self._store = None
        gc.collect()

    def _open(self) -> "ObjectStore":
        if self._store is None:
            raise Down("the blob store is closed")
        return self._store


class _PastTheEnd(Exception):
    pass


async def _next(pages: Any) -> Any:
    return await anext(pages, None)


async def _asked(call: Awaitable[T]) -> T:
    """What the store answers. Raises FileNotFoundError, Exists, Full, Down."""
    try:
        async with asyncio.timeout(PATIENCE):
            return await call
    except FileNotFoundError:
        raise
    except AlreadyExistsError as error:
        raise Exists(reason(error)) from None
    except TimeoutError:
        raise Down(f"the object store did not answer within {PATIENCE:.0f} seconds") from None
    except (BaseError, OSError, RuntimeError) as error:
        text = str(error)
        if _PAST_THE_END.search(text):
            raise _PastTheEnd from None
        raise (Full if _NO_ROOM.search(text) else Down)(reason(error)) from None


def reason(error: BaseException) -> str:
    """What a person needs of an error of the library, which prints its own insides too."""
    text = str(error)
    if found := _REASON.search(text):
        return f"the object store says {': '.join(part for part in found.groups() if part)}"
    return " ".join(text.partition("\n")[0].split())[:300]
