"""Where in a text the words were found: pieces of it, marked or not. No markup: whoever shows it knows what theirs is."""

from bisect import bisect_right
from itertools import accumulate

import msgspec

from courtyard.core.indexing.folding import FOLDED, composed, folded
from courtyard.core.search.wording import Query

BEFORE, SHOWN = 60, 240


class Piece(msgspec.Struct, frozen=True):
    """A part of a text; `marked`: it was looked for."""

    text: str
    marked: bool


def whole(query: Query, text: str) -> list[Piece]:
    """All of a short text, in pieces."""
    text = composed(text)
    return _pieces(text, _marks(query, text), 0, len(text))


def around(query: Query, text: str) -> list[Piece]:
    """The first place of a long text in which something was found, about 240 letters, in pieces; none without such a place."""
    text = composed(text)
    marks = _marks(query, text, most=100)
    if not marks:
        return []
    start = max(0, marks[0][0] - BEFORE)
    # From the next word on, unless that is the one.
    start = min(text.find(" ", start, marks[0][0]) + 1 or start, marks[0][0]) if start else 0
    end = min(len(text), max(start + SHOWN, marks[0][1]))
    cut = text.rfind(" ", marks[0][1], end) if end < len(text) else -1
    return _pieces(text, marks, start, end if cut < 0 else cut)


def _marks(query: Query, text: str, most: int = 1_000) -> list[tuple[int, int]]:
    """Beginnings and ends in the text itself, which may have more letters than its folded form, or fewer."""
    found: list[tuple[int, int]] = []
    for match in query.pattern().finditer(folded(text)):
        found.append(match.span())
        if len(found) == most:
            break
    if not found or text.isascii():
        return found
    ends = list(accumulate(len(FOLDED[ord(letter)]) for letter in text))
    # The letter that gave what stands at a place is the first whose end lies beyond it.
    return [(bisect_right(ends, start), bisect_right(ends, end - 1) + 1) for start, end in found]


def _pieces(text: str, marks: list[tuple[int, int]], start: int, end: int) -> list[Piece]:
    pieces: list[Piece] = []
    at = start
    for first, last in marks:
        if first >= end:
            break
        if first > at:
            pieces.append(Piece(text[at:first], marked=False))
        pieces.append(Piece(text[max(at, first) : min(last, end)], marked=True))
        at = min(last, end)
    if at < end:
        pieces.append(Piece(text[at:end], marked=False))
    return pieces
