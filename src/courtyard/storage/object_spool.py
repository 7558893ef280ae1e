"""What has come of a part that is not yet full: little of it in memory, the rest in a file without a name."""

import asyncio
import os
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

KEPT = 1 << 18
"""Many stalled uploads may each hold so much in memory, and no more."""
PART = 8 * 1024 * 1024


class Spool:
    """Bytes in, one part out. Worked on by one thread at a time; nothing touches the disk before `KEPT` bytes came."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._memory: list[bytes] = []
        self._file = -1
        self.size = 0

    def write(self, batch: list[bytes]) -> None:
        coming = sum(map(len, batch))
        if self._file < 0 and self.size + coming <= KEPT:
            self._memory += batch
        else:
            if self._file < 0:
                self._file, name = tempfile.mkstemp(dir=self._folder)
                Path(name).unlink()
            self._put([*self._memory, *batch])
            self._memory = []
        self.size += coming

    def take(self) -> bytes:
        """All of it; empty after."""
        taken = b"".join(self._memory) if self._memory or self._file < 0 else os.pread(self._file, self.size, 0)
        self._memory = []
        self.size = 0
        return taken

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
        self._memory = []

    def _put(self, batch: list[bytes]) -> None:
        offset = self.size - sum(map(len, self._memory))
        for chunk in batch:
            rest = memoryview(chunk)
            while rest:
                written = os.pwrite(self._file, rest, offset)
                offset += written
                rest = rest[written:]


class Parts:
    """Bytes in, full parts to their places, one of them on its way while the next one fills.

    `place` stores a part by its number; with `first_last` the first one is kept back until `end`.
    """

    def __init__(
        self,
        folder: Path,
        in_thread: Callable[..., Awaitable[Any]],
        under_way: asyncio.Semaphore,
        place: Callable[[int, bytes], Awaitable[None]],
        *,
        first_last: bool,
    ) -> None:
        self._in_thread = in_thread
        self._under_way = under_way
        self._place = place
        self._kept = Spool(folder) if first_last else None
        self._spool = Spool(folder)
        self._sending: asyncio.Task[None] | None = None
        self.count = 1 if first_last else 0
        self.size = 0

    async def write(self, batch: list[bytes]) -> None:
        """Add; the disk and the store set the pace."""
        while batch:
            kept = self._kept
            spool = kept if kept is not None and kept.size < PART else self._spool
            batch, rest = divided(batch, PART - spool.size)
            await self._in_thread(spool.write, batch)
            self.size += sum(map(len, batch))
            if self._spool.size == PART:
                await self._send(self._spool, self.count)
            batch = rest

    async def end(self) -> None:
        """All of it is in the store after this."""
        if self._spool.size:
            await self._send(self._spool, self.count)
        await self._sent()
        if self._kept is not None:
            await self._send(self._kept, 0)
            await self._sent()

    async def settled(self) -> None:
        """Nothing is on its way any more, arrived or not."""
        if self._sending is not None:
            await asyncio.wait([self._sending])
            # Why it failed was told to whoever sent it, or nobody asks any more.
            if not self._sending.cancelled():
                self._sending.exception()

    async def close(self) -> None:
        """The files go, once nobody works on them."""
        await self.settled()
        for spool in (self._kept, self._spool):
            if spool is not None:
                await self._in_thread(spool.close)

    async def _send(self, spool: Spool, number: int) -> None:
        # A task of its own: the store may take what somebody gave up in its middle, so it is waited for before it is removed.
        await self._sent()
        await self._under_way.acquire()
        try:
            data = await self._in_thread(spool.take)
            self._sending = asyncio.create_task(self._delivered(number, data))
        except BaseException:
            self._under_way.release()
            raise
        self.count = max(self.count, number + 1)

    async def _delivered(self, number: int, data: bytes) -> None:
        try:
            await self._place(number, data)
        finally:
            self._under_way.release()

    async def _sent(self) -> None:
        if self._sending is not None:
            await asyncio.shield(self._sending)
            self._sending = None


def divided(batch: list[bytes], room: int) -> tuple[list[bytes], list[bytes]]:
    """What fits in, and the rest."""
    for index, chunk in enumerate(batch):
        if len(chunk) > room:
            return [*batch[:index], chunk[:room]], [chunk[room:], *batch[index + 1 :]]
        room -= len(chunk)
    return batch, []
