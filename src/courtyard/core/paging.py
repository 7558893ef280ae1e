"""Keyset pages: a position, a direction and a limit; never an offset."""

from collections.abc import Callable
from typing import Generic, TypeVar

import msgspec

T = TypeVar("T")
W = TypeVar("W")

FIRST = ""
LAST = "~"
"""Bounds before and after every id: a page always carries one, so that its statement never changes."""


class Page(msgspec.Struct, frozen=True):
    """What is asked for: `limit` rows beyond `after` in the list's own order, or right before `before`."""

    limit: int
    after: str | None = None
    before: str | None = None


class Slice(msgspec.Struct, Generic[T], frozen=True):
    """What came: rows in list order, and whether there are more in the direction of travel."""

    items: list[T]
    more: bool

    def map(self, shape: Callable[[T], W]) -> list[W]:
        return [shape(item) for item in self.items]


def cut(rows: list[T], limit: int) -> Slice[T]:
    """A slice of rows that were asked for with `limit + 1`: the one too many tells that there are more."""
    return Slice(rows[:limit], len(rows) > limit)


def position(page: Page) -> str:
    """Where a page of a list that runs from the newest down begins; the statement goes up when `before` is set."""
    return page.before if page.before is not None else page.after or LAST


def turned(rows: list[T], page: Page) -> Slice[T]:
    """The slice of rows asked for in the page's direction of travel, in list order."""
    found = cut(rows, page.limit)
    return found if page.before is None else Slice(found.items[::-1], found.more)
