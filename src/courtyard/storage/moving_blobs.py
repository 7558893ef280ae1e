"""Two blob stores while an installation moves: everything new goes to the one, what it lacks is read from the other."""

from collections.abc import AsyncIterator

from courtyard.storage.blobs import Blob, Blobs


class MovingBlobs:
    """`new` with `old` behind it. A key means the same blob in both."""

    def __init__(self, new: Blobs, old: Blobs) -> None:
        self._new = new
        self._old = old

    async def put(self, chunks: AsyncIterator[bytes], *, limit: int) -> Blob:
        return await self._new.put(chunks, limit=limit)

    async def adopt(self, blob: Blob, chunks: AsyncIterator[bytes]) -> None:
        await self._new.adopt(blob, chunks)

    async def read(self, key: str, start: int, length: int) -> bytes:
        try:
            return await self._new.read(key, start, length)
        except FileNotFoundError:
            return await self._old.read(key, start, length)

    async def size(self, key: str) -> int | None:
        size = await self._new.size(key)
        return await self._old.size(key) if size is None else size

    async def delete(self, key: str) -> None:
        # The old one first: what is still in the new one is named by a row and deleted again.
        await self._old.delete(key)
        await self._new.delete(key)

    async def keys(self, *, older_than: int) -> AsyncIterator[str]:
        for store in (self._new, self._old):
            async for key in store.keys(older_than=older_than):
                yield key

    async def tidy(self, *, now: int) -> int:
        return await self._new.tidy(now=now) + await self._old.tidy(now=now)

    async def check(self) -> None:
        await self._new.check()

    async def ping(self) -> None:
        await self._new.ping()
        await self._old.ping()

    async def begin(self) -> str:
        return await self._new.begin()

    async def append(
        self, upload: str, offset: int, chunks: AsyncIterator[bytes], *, limit: int, fence: int = 0
    ) -> int:
        # An upload that began in the old store ends there. A store that lacks it has not touched the stream.
        try:
            return await self._new.append(upload, offset, chunks, limit=limit, fence=fence)
        except FileNotFoundError:
            return await self._old.append(upload, offset, chunks, limit=limit, fence=fence)

    async def finish(self, upload: str, size: int) -> Blob:
        try:
            return await self._new.finish(upload, size)
        except FileNotFoundError:
            return await self._old.finish(upload, size)

    async def abandon(self, upload: str) -> None:
        await self._new.abandon(upload)
        await self._old.abandon(upload)

    async def uploads(self, *, older_than: int) -> AsyncIterator[str]:
        for store in (self._new, self._old):
            async for upload in store.uploads(older_than=older_than):
                yield upload

    async def close(self) -> None:
        await self._new.close()
        await self._old.close()
