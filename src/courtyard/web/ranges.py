"""Which bytes of a download a client asks for (RFC 9110, sections 13 and 14)."""

import re
from collections.abc import Iterable
from typing import NamedTuple

_ONE = re.compile(rb"bytes=[ \t]*([0-9]{0,18})-([0-9]{0,18})[ \t]*")
_ASKED = frozenset((b"range", b"if-range", b"if-none-match"))


class Span(NamedTuple):
    """A part of a file: the first byte, and how many."""

    start: int
    length: int


class Wanted(NamedTuple):
    """What to answer: the status, and the bytes that go with it (no span: none)."""

    status: int
    span: Span | None


def wanted(headers: Iterable[tuple[bytes, bytes]], etag: bytes, size: int, *, head: bool) -> Wanted:
    """Judge `If-None-Match`, `If-Range` and `Range`, in this order.

    Several ranges in one request are answered with the whole: a server may, no client that we know asks for them, and
    a list of a thousand overlapping ones is a known attack. A date in `If-Range` is no strong validator: the whole.
    """
    asked: dict[bytes, bytes] = {}
    for name, value in headers:
        if name in _ASKED:
            asked[name] = asked[name] + b", " + value if name in asked else value
    if b"if-none-match" in asked and _knows(asked[b"if-none-match"], etag):
        return Wanted(304, None)
    whole = Wanted(200, Span(0, size))
    # A range of a HEAD request means nothing: there are no bytes to choose from.
    if head or b"range" not in asked or asked.get(b"if-range", etag) != etag:
        return whole
    return _part(asked[b"range"], size) or whole


def _part(value: bytes, size: int) -> Wanted | None:
    """A single range; None when it is none that we can read, which RFC 9110 lets us ignore."""
    match = _ONE.fullmatch(value.lower())
    if match is None or match.groups() == (b"", b""):
        return None
    first, last = match.groups()
    if not first:
        length = min(int(last), size)
        return Wanted(206, Span(size - length, length)) if length else Wanted(416, None)
    start = int(first)
    if last and int(last) < start:
        return None
    if start >= size:
        return Wanted(416, None)
    end = min(int(last), size - 1) if last else size - 1
    return Wanted(206, Span(start, end - start + 1))


def _knows(header: bytes, etag: bytes) -> bool:
    """A weak comparison: `W/` does not matter here."""
    return any(part.strip().removeprefix(b"W/") in (etag, b"*") for part in header.split(b","))
