"""Pages of v1: `limit` and `cursor` in, `{data, cursor}` and a `Link` out."""

from collections.abc import Callable
from functools import lru_cache
from typing import Annotated, Any, Generic, TypeVar
from urllib.parse import quote, urlencode

from pydantic import BaseModel, BeforeValidator, Field
from typing_extensions import TypedDict

from courtyard.core.paging import Page, Slice
from courtyard.web.answer import Answer, answer
from courtyard.web.call import Call
from courtyard.web.input import query, whole_number

T = TypeVar("T")
Limit = Annotated[int, Field(ge=1, le=100), BeforeValidator(whole_number)]


class Paging(BaseModel):
    """What every list takes."""

    limit: Limit = 20
    cursor: str | None = None


class PageShape(TypedDict, Generic[T]):
    """One page, newest first; `cursor` leads to the next one and is null at the end."""

    data: list[T]
    cursor: str | None


def _listing(call: Call) -> str:
    """What a cursor is good for: this path, these filters, this caller."""
    filters = sorted((name, value) for name, value in call.query() if name not in ("limit", "cursor"))
    return f"{call.path.rstrip('/')}?{urlencode(filters)}#{call.actor.person_id}"


@lru_cache(maxsize=1024)
def _filters(query_string: bytes) -> str:
    """Everything but the cursor, as it begins the query of the next page."""
    kept = {name: value for name, value in query(query_string) if name != "cursor"}
    return f"{urlencode(kept)}&" if kept else ""


def asked(call: Call, paging: Paging) -> Page:
    """Where the page begins. Raises BadCursor."""
    return Page(
        paging.limit, None if paging.cursor is None else call.services.cursors.open(_listing(call), paging.cursor)
    )


def page(call: Call, found: Slice[T], shape: Callable[[T], Any], position: Callable[[T], str] | None = None) -> Answer:
    """A page and the way to the next one; rows are told apart by `id` unless `position` says otherwise."""
    cursor, headers = None, None
    if found.more:
        last: Any = found.items[-1]
        cursor = call.services.cursors.seal(_listing(call), position(last) if position else last.id)
        headers = {"Link": f'<{quote(call.path)}?{_filters(call.scope["query_string"])}cursor={cursor}>; rel="next"'}
    return answer(200, {"data": found.map(shape), "cursor": cursor}, headers)
