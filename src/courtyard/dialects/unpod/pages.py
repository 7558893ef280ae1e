"""Lists of the platform: `page` and `page_size` in, the total and the rows of that page out."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, BeforeValidator, Field
from starlette.responses import Response
from typing_extensions import TypedDict

from courtyard.core.paging import Page, Slice
from courtyard.web.answer import answer
from courtyard.web.input import whole_number

T = TypeVar("T")
MOST = 1_000
"""Rows of a list that was asked for without a page: what lies beyond comes by pages only."""
Number = Annotated[int, Field(ge=1), BeforeValidator(whole_number)]
Size = Annotated[int, Field(ge=1, le=100), BeforeValidator(whole_number)]
Ranked = Callable[[int], Awaitable[str | None]]


class Paging(BaseModel):
    """What every list takes."""

    page: Number = 1
    page_size: Size = 20


class ListShape(TypedDict, Generic[T]):
    """Rows, newest first; `count` is how many there are for the caller, on whatever page."""

    count: int
    status_code: int
    message: str
    data: list[T]


class OneShape(TypedDict, Generic[T]):
    """One thing."""

    status_code: int
    message: str
    data: T


async def numbered(
    size: int, skipped: int, ranked: Ranked, listing: Callable[[Page], Awaitable[tuple[int, Slice[T]]]]
) -> tuple[int, list[T]]:
    """The total, and `size` rows after the first `skipped` ones; none beyond the end.

    `ranked` gives the id of the row at a rank, `listing` the total and a page.
    """
    after = await ranked(skipped) if skipped else None
    total, found = await listing(Page(size, after=after))
    return total, [] if skipped and after is None else found.items


def bounds(paging: Paging, *, whole: bool) -> tuple[int, int]:
    """How many rows, and after how many; `whole`: all of them (at most MOST) when no page was asked for."""
    if whole and not paging.model_fields_set:
        return MOST, 0
    return paging.page_size, (paging.page - 1) * paging.page_size


def many(message: str, total: int, rows: list[T], shape: Callable[[T], Any]) -> Response:
    """A list in its envelope."""
    return answer(200, {"count": total, "status_code": 200, "message": message, "data": [shape(row) for row in rows]})


def one(message: str, data: Any) -> Response:
    """A single thing in its envelope."""
    return answer(200, {"status_code": 200, "message": message, "data": data})
