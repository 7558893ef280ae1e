"""A ZIP that leaves while it is made: nothing of it is held but its list of names."""

import asyncio
import zipfile
import zlib
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import IO, cast

from courtyard.core import clock

INLINE = 65_536
_EARLIEST = (1980, 1, 1, 0, 0, 0)
_READABLE = 0o100644 << 16


class Sink:
    """What the ZIP has to say and nobody has taken yet. It cannot be wound back, so the ZIP is written for a stream."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, piece: bytes) -> int:
        self._pieces.append(bytes(piece))
        return len(piece)

    def flush(self) -> None: ...

    def take(self) -> bytes:
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


class ZipStream:
    """Entries one after the other; what goes out is whatever the generators give.

    Every entry may be larger than 4 GiB. Whatever breaks off before `end` leaves no ZIP that anybody can open.
    """

    def __init__(self) -> None:
        self._sink = Sink()
        self._zip = zipfile.ZipFile(cast("IO[bytes]", self._sink), "w", allowZip64=True)

    async def entry(
        self, name: str, chunks: AsyncIterator[bytes], *, at: int, packed: bool, size: int | None = None
    ) -> AsyncIterator[bytes]:
        """One file; `packed` compresses it, `size` is how long it will be if that is known, `at` is its time."""
        info = zipfile.ZipInfo(name, _dated(at))
        info.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
        info.external_attr = _READABLE
        info.file_size = size or 0
        with self._zip.open(info, "w", force_zip64=size is None) as file:
            async for chunk in chunks:
                # Compressing a mebibyte takes tens of milliseconds.
                if len(chunk) <= INLINE:
                    file.write(chunk)
                else:
                    await asyncio.to_thread(file.write, chunk)
                if piece := self._sink.take():
                    yield piece
        yield self._sink.take()

    def end(self) -> bytes:
        """The list of all entries, without which it is no ZIP."""
        self._zip.close()
        return self._sink.take()

    def drop(self) -> None:
        """Give up in the middle."""
        with suppress(ValueError, zipfile.BadZipFile):
            self._zip.close()
        self._sink.take()


class Ledger:
    """Many short lines, held as small as they can be until they are read back once."""

    def __init__(self) -> None:
        self._packer = zlib.compressobj(6)
        self._pieces: list[bytes] = []

    def add(self, line: str) -> None:
        if piece := self._packer.compress(line.encode()):
            self._pieces.append(piece)

    async def chunks(self) -> AsyncIterator[bytes]:
        self._pieces.append(self._packer.flush())
        unpacker = zlib.decompressobj()
        for piece in self._pieces:
            if plain := unpacker.decompress(piece):
                yield plain


def _dated(at: int) -> tuple[int, int, int, int, int, int]:
    """As a ZIP tells times: from 1980 to 2107."""
    told = clock.rfc3339(max(at, 0))
    year, month, day = int(told[:4]), int(told[5:7]), int(told[8:10])
    if not 1980 <= year <= 2107:
        return _EARLIEST
    return year, month, day, int(told[11:13]), int(told[14:16]), int(told[17:19])
