"""Lists of the Spaces API: `limit` and ids as cursors in, `{object, url, count, has_more, data}` out."""

import re
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, Field
from starlette.responses import Response
from typing_extensions import TypedDict

from courtyard.core import customers, hooks, spaces
from courtyard.core.access.roles import Permission, own_role
from courtyard.core.actor import Actor
from courtyard.core.errors import NotFound
from courtyard.core.paging import Page, Slice
from courtyard.core.spaces import Space
from courtyard.web.answer import answer
from courtyard.web.cursors import BadCursor
from courtyard.web.input import whole_number
from courtyard.web.suppliers import Read

T = TypeVar("T")
Limit = Annotated[int, Field(ge=1, le=100), BeforeValidator(whole_number)]
Seek = Callable[[str], Awaitable[str]]
"""The position of the object that a cursor names. Raises NotFound."""
_NUMBER = re.compile(r"[1-9][0-9]{0,15}", re.ASCII)


class Paging(BaseModel):
    """What every list takes. A cursor is the id of an object of that list; `ending_before` is `starting_before`."""

    limit: Limit = 20
    starting_after: str | None = None
    starting_before: str | None = None
    ending_before: str | None = None


class CustomerFilters(Paging):
    """What narrows the list of customers: the number of a space."""

    space: str | None = None


class ListShape(TypedDict, Generic[T]):
    """One page, newest first; `has_more`: there are more beyond it in the direction of travel."""

    object: Literal["list"]
    url: str
    count: int
    has_more: bool
    data: list[T]


def number(value: str) -> int:
    """An id that is a number, as we write it. Raises NotFound for any other spelling."""
    if not _NUMBER.fullmatch(value):
        raise NotFound
    return int(value)


async def asked(paging: Paging, seek: Seek) -> Page:
    """Where the page begins. Raises BadCursor: alike for two cursors and for one that names nothing of this list."""
    given = (paging.starting_after, paging.starting_before, paging.ending_before)
    if sum(cursor is not None for cursor in given) > 1:
        raise BadCursor
    after, before = given[0], given[1] if given[1] is not None else given[2]
    try:
        if before is not None:
            return Page(paging.limit, before=await seek(before))
        return Page(paging.limit, after=None if after is None else await seek(after))
    except NotFound:
        raise BadCursor from None


def page(url: str, found: Slice[T], shape: Callable[[T], Any]) -> Response:
    """A page in its envelope."""
    data = found.map(shape)
    return answer(200, {"object": "list", "url": url, "count": len(data), "has_more": found.more, "data": data})


def customer_positions(tx: Read, actor: Actor, space: Space | None) -> Seek:
    """Customers of one space, or of all in which the caller has a role of their own."""

    async def seek(cursor: str) -> str:
        if space is not None:
            return (await customers.find(tx, actor, space, cursor)).id
        home, customer = await customers.find_anywhere(tx, actor, cursor)
        if own_role(home) is None:
            raise NotFound
        return customer.id

    return seek


def space_positions(tx: Read, actor: Actor) -> Seek:
    """Spaces in which the caller has a role of their own, by their numbers."""

    async def seek(cursor: str) -> str:
        space = await spaces.find_by_number(tx, actor, number(cursor), Permission.LOOK)
        if own_role(space) is None:
            raise NotFound
        return space.id

    return seek


def hook_positions(tx: Read, actor: Actor) -> Seek:
    """The caller's own resource subscriptions."""

    async def seek(cursor: str) -> str:
        return str((await hooks.find(tx, actor, number(cursor))).number)

    return seek


async def nowhere(cursor: str) -> str:
    """Where nothing is, no cursor points at anything."""
    raise NotFound
