"""Names for things: UUIDv7 ids, random codes, and secrets that carry their own checksum."""

import hashlib
import os
import time
import zlib
from functools import cache
from typing import Literal

BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
LOWER = "abcdefghijklmnopqrstuvwxyz0123456789"

Prefix = Literal["cyk", "cyo", "cyr", "cya", "cyc", "cyi", "cys", "cye", "cyl", "cyd", "cyu"]
SECRET_LENGTH = 40

_last = 0


def new() -> str:
    """A UUIDv7 (RFC 9562, section 5.7) in its usual form; within one process each is greater than the one before."""
    global _last  # noqa: PLW0603 - the order of ids is the one thing that outlives a call
    stamp = time.time_ns() * 4096 // 1_000_000
    _last = stamp = max(stamp, _last + 1)
    tail = int.from_bytes(os.urandom(8), "big") & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
    text = f"{stamp >> 12:012x}7{stamp & 0xFFF:03x}{tail:016x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def code(length: int, alphabet: str) -> str:
    """Random letters: a token (24 of `UPPER`), the end of a slug (8 of `LOWER`)."""
    letters, unfair = _letters(alphabet)
    found = b""
    while len(found) < length:
        found += os.urandom(2 * length).translate(letters, unfair)
    return found[:length].decode()


def secret(prefix: Prefix) -> str:
    """`cyk_` + 30 random base62 characters + 6 of their CRC32."""
    body = code(30, BASE62)
    return f"{prefix}_{body}{_checksum(body)}"


def plausible(value: str) -> bool:
    """Whether this could be one of our secrets at all: a mistyped one is known without the database."""
    return (
        len(value) == SECRET_LENGTH
        and value.isascii()
        and value.startswith("cy")
        and value[3] == "_"
        and _checksum(value[4:34]) == value[34:]
    )


def digest(value: str) -> bytes:
    """What is stored of a secret. It has 178 random bits, so a plain SHA-256 suffices."""
    return hashlib.sha256(value.encode()).digest()


@cache
def _letters(alphabet: str) -> tuple[bytes, bytes]:
    """The letter for each byte, and the bytes beyond the last whole multiple of the alphabet: without those each is equally likely."""
    size = len(alphabet)
    return bytes(ord(alphabet[byte % size]) for byte in range(256)), bytes(range(256 - 256 % size, 256))


def _checksum(body: str) -> str:
    rest, text = zlib.crc32(body.encode()), ""
    for _ in range(6):
        rest, digit = divmod(rest, 62)
        text = BASE62[digit] + text
    return text
