"""A ZIP from strangers, read in place: nothing in it is believed, nothing is unpacked that was not announced.

Our own and not the standard library's, which reads the whole list of entries before one can say that it is too long, and
knows what it reads of only as a file. Here each entry lies where the list says, apart from all others, and is as long as it
said, or the reading ends.
"""

import asyncio
import re
import stat
import struct
import unicodedata
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import NamedTuple

from courtyard.bagging.refusals import Unusable

PIECE = 1_048_576
PACKED = 262_144
INLINE = 65_536
ENTRIES = 200_000
LIST_BYTES = 64 * 1024 * 1024
NAME_BYTES = 1_024
DEPTH = 32
RATIO, FREE = 200, 64 * 1024 * 1024
"""Unpacked it is at most so many times as large as packed, beyond what is free for everybody."""
_END = struct.Struct("<4sHHHHIIH")
_END64 = struct.Struct("<4sQHHIIQQQQ")
_LOCATOR = struct.Struct("<4sIQI")
_LISTED = struct.Struct("<4sHHHHHHIIIHHHHHII")
_LOCAL = struct.Struct("<4sHHHHHIIIHH")
_EXTRA = struct.Struct("<HH")
_MOST16, _MOST32 = 0xFFFF, 0xFFFFFFFF
# Encrypted, patched, encrypted strongly, names masked.
_REFUSED_FLAGS = 0x1 | 0x20 | 0x40 | 0x2000
_UTF8 = 0x800
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")

Read = Callable[[int, int], Awaitable[bytes]]


class Entry(NamedTuple):
    """One file in a ZIP; no other begins before `end`."""

    name: str
    raw: bytes
    method: int
    checksum: int
    packed: int
    size: int
    offset: int
    end: int = 0


@dataclass(slots=True)
class _Place:
    """Where the list of entries is."""

    count: int
    size: int
    offset: int


class Archive:
    """The files of a ZIP by their names, and the bytes of each. Raises Unusable; what `read` raises goes through."""

    def __init__(self, read: Read, entries: dict[str, Entry]) -> None:
        self._read = read
        self.entries = entries

    @classmethod
    async def open(cls, read: Read, size: int, *, unpacked: int) -> "Archive":
        """`read(start, length)` gives bytes of a file of that size, whose entries may be so long in all."""
        place = await _find_list(read, size)
        entries = _apart([entry async for entry in _listed(read, place)], place.offset)
        total = sum(entry.size for entry in entries)
        if total > unpacked:
            raise Unusable(f"Unpacked it is larger than {unpacked} bytes.")
        if total > FREE + RATIO * size:
            raise Unusable("Unpacked it is too large for what it is packed.")
        return cls(read, _by_name(entries))

    async def chunks(self, entry: Entry) -> AsyncIterator[bytes]:
        """The bytes of an entry, exactly as many as it said."""
        start = await self._begin(entry)
        checksum, sent = 0, 0
        unpack = _stored if entry.method == 0 else _inflated
        async for chunk in unpack(self._read, start, entry):
            sent += len(chunk)
            if sent > entry.size:
                raise _lying(entry)
            checksum = zlib.crc32(chunk, checksum)
            yield chunk
        if (sent, checksum) != (entry.size, entry.checksum):
            raise _lying(entry)

    async def whole(self, entry: Entry, limit: int) -> bytes:
        """All bytes of a short entry."""
        if entry.size > limit:
            raise Unusable(f"{_told(entry)} is longer than {limit} bytes.")
        return b"".join([chunk async for chunk in self.chunks(entry)])

    async def lines(self, entry: Entry, limit: int) -> AsyncIterator[bytes]:
        """The lines of an entry of any length, without their ends; empty ones are none."""
        rest = b""
        async for chunk in self.chunks(entry):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                if plain := line.rstrip(b"\r"):
                    yield plain
            if len(rest) > limit:
                raise Unusable(f"A line of {_told(entry)} is longer than {limit} bytes.")
        if plain := rest.rstrip(b"\r"):
            yield plain

    async def _begin(self, entry: Entry) -> int:
        """Where the bytes begin: behind a second description, which must not tell anything else."""
        head = await self._read(entry.offset, _LOCAL.size)
        if len(head) < _LOCAL.size:
            raise _lying(entry)
        signature, _, flags, method, _, _, _, _, _, name, extra = _LOCAL.unpack(head)
        start = entry.offset + _LOCAL.size + name + extra
        named = await self._read(entry.offset + _LOCAL.size, name) if name == len(entry.raw) else b""
        if signature != b"PK\x03\x04" or flags & _REFUSED_FLAGS or method != entry.method or named != entry.raw:
            raise _lying(entry)
        if start + entry.packed > entry.end:
            raise _lying(entry)
        return start


async def _find_list(read: Read, size: int) -> _Place:
    length = min(size, _END.size + _MOST16)
    tail = await read(size - length, length) if length else b""
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < _END.size:
        raise Unusable("This is no ZIP.")
    _, disk, first, here, count, listed, offset, comment = _END.unpack_from(tail, at)
    end = size - length + at
    if disk or first or here != count or at + _END.size + comment != len(tail):
        raise Unusable("This is no whole ZIP.")
    place = _Place(count, listed, offset)
    if count == _MOST16 or _MOST32 in (listed, offset):
        place, end = await _find_list64(read, end)
    if place.offset + place.size != end:
        raise Unusable("The ZIP's list of entries is not where it says.")
    if place.count > ENTRIES or place.size > LIST_BYTES:
        raise Unusable(f"The ZIP has more than {ENTRIES} entries.")
    return place


async def _find_list64(read: Read, end: int) -> tuple[_Place, int]:
    where = end - _LOCATOR.size
    if where < _END64.size:
        raise Unusable("This is no whole ZIP.")
    signature, disk, at, disks = _LOCATOR.unpack(await read(where, _LOCATOR.size))
    if signature != b"PK\x06\x07" or disk or disks > 1 or at + _END64.size != where:
        raise Unusable("This is no whole ZIP.")
    signature, length, _, _, disk, first, here, count, listed, offset = _END64.unpack(await read(at, _END64.size))
    if signature != b"PK\x06\x06" or length != _END64.size - 12 or disk or first or here != count:
        raise Unusable("This is no whole ZIP.")
    return _Place(count, listed, offset), at


async def _listed(read: Read, place: _Place) -> AsyncIterator[Entry]:
    """The entries of the list, of which there are exactly as many as was said."""
    data, at, fetched, count = b"", 0, 0, 0
    while at < len(data) or fetched < place.size:
        # Three strings of at most 64 KiB each may follow.
        if len(data) - at < _LISTED.size + 3 * _MOST16 and fetched < place.size:
            piece = await read(place.offset + fetched, min(PIECE, place.size - fetched))
            if not piece:
                raise Unusable("The ZIP's list of entries breaks off.")
            data, at, fetched = data[at:] + piece, 0, fetched + len(piece)
        entry, at = _entry(data, at)
        count += 1
        if count > place.count:
            break
        if entry is not None:
            yield entry
    if count != place.count:
        raise Unusable("The ZIP has another number of entries than it says.")


def _entry(data: bytes, at: int) -> tuple[Entry | None, int]:
    """One of the list, and where the next begins; None for a folder."""
    if len(data) - at < _LISTED.size:
        raise Unusable("The ZIP's list of entries breaks off.")
    parts = _LISTED.unpack_from(data, at)
    signature, _, _, flags, method, _, _, checksum, packed, size, named, extras, noted, disk, _, outside, offset = parts
    start = at + _LISTED.size
    end = start + named + extras + noted
    if signature != b"PK\x01\x02" or end > len(data):
        raise Unusable("The ZIP's list of entries breaks off.")
    raw, extra = data[start : start + named], data[start + named : start + named + extras]
    name = _name(raw, flags)
    _readable(flags, method)
    size, packed, offset = _wide(extra, size, packed, offset)
    if disk not in (0, _MOST16) or (method == 0 and packed != size):
        raise Unusable("An entry of the ZIP does not tell the truth about itself.")
    kind = stat.S_IFMT(outside >> 16)
    if name.endswith("/") or kind == stat.S_IFDIR:
        if size:
            raise Unusable("A folder in the ZIP has bytes.")
        return None, end
    if kind not in (0, stat.S_IFREG):
        raise Unusable("The ZIP has links or devices in it.")
    return Entry(name, raw, method, checksum, packed, size, offset), end


def _readable(flags: int, method: int) -> None:
    if flags & _REFUSED_FLAGS:
        raise Unusable("The ZIP is encrypted.")
    if method not in (0, 8):
        raise Unusable("The ZIP is packed in a way that is not known here; use `deflate`.")


def _wide(extra: bytes, size: int, packed: int, offset: int) -> tuple[int, int, int]:
    """The three numbers, each from the wide field where the narrow one says so (APPNOTE 4.5.3)."""
    values = [size, packed, offset]
    if _MOST32 not in values:
        return size, packed, offset
    at, wide = 0, b""
    while at + _EXTRA.size <= len(extra):
        kind, length = _EXTRA.unpack_from(extra, at)
        if kind == 1:
            wide = extra[at + _EXTRA.size : at + _EXTRA.size + length]
            break
        at += _EXTRA.size + length
    for index, value in enumerate(values):
        if value == _MOST32:
            if len(wide) < 8:
                raise Unusable("An entry of the ZIP does not say how long it is.")
            values[index], wide = int.from_bytes(wide[:8], "little"), wide[8:]
    return values[0], values[1], values[2]


def _name(raw: bytes, flags: int) -> str:
    """A path that leads down, and nowhere else."""
    if not 0 < len(raw) <= NAME_BYTES:
        raise Unusable("A name in the ZIP is too long.")
    try:
        name = raw.decode()
    except UnicodeDecodeError:
        if flags & _UTF8:
            raise Unusable("A name in the ZIP is no text.") from None
        name = raw.decode("cp437")
    name = unicodedata.normalize("NFC", name)
    parts = name.removesuffix("/").split("/")
    if _CONTROL.search(name) or "\\" in name or len(parts) > DEPTH or {"", ".", ".."} & set(parts):
        raise Unusable("A name in the ZIP is no path within it.")
    return name


def _apart(entries: list[Entry], end: int) -> list[Entry]:
    """Each with the place where the next one begins, which it must not reach into."""
    found: list[Entry] = []
    for entry in sorted(entries, key=lambda entry: entry.offset, reverse=True):
        if entry.offset + _LOCAL.size + len(entry.raw) + entry.packed > end:
            raise Unusable("Entries of the ZIP lie one over the other.")
        found.append(entry._replace(end=end))
        end = entry.offset
    return found[::-1]


def _by_name(entries: list[Entry]) -> dict[str, Entry]:
    named = {entry.name: entry for entry in entries}
    if len(named) < len(entries):
        raise Unusable("The ZIP has a name twice.")
    return named


async def _stored(read: Read, start: int, entry: Entry) -> AsyncIterator[bytes]:
    for at in range(0, entry.packed, PIECE):
        length = min(PIECE, entry.packed - at)
        piece = await read(start + at, length)
        if len(piece) != length:
            raise _lying(entry)
        yield piece


async def _inflated(read: Read, start: int, entry: Entry) -> AsyncIterator[bytes]:
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    fetched = 0
    while not unpacker.eof:
        waiting = unpacker.unconsumed_tail
        if not waiting and fetched < entry.packed:
            waiting = await read(start + fetched, min(PACKED, entry.packed - fetched))
            fetched += len(waiting)
        if not waiting:
            raise _lying(entry)
        try:
            # What a few bytes become can be a mebibyte, and take its time.
            plain = (
                unpacker.decompress(waiting, PIECE)
                if len(waiting) <= INLINE and entry.size <= INLINE
                else await asyncio.to_thread(unpacker.decompress, waiting, PIECE)
            )
        except zlib.error:
            raise _lying(entry) from None
        if plain:
            yield plain
    if unpacker.unused_data or unpacker.unconsumed_tail or fetched != entry.packed:
        raise _lying(entry)


def _lying(entry: Entry) -> Unusable:
    return Unusable(f"{_told(entry)} is damaged, or not what the ZIP's list says.")


def _told(entry: Entry) -> str:
    return f"`{entry.name[-200:]}`"
