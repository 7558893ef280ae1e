"""Pages of workspaces: `limit` and `index` in, `next_index` out, oldest first; and the list that has no pages."""

import base64
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated

import msgspec
from pydantic import BaseModel, BeforeValidator, Field
from pydantic_core import PydanticKnownError
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from courtyard.core import spaces
from courtyard.core.actor import Actor
from courtyard.core.paging import Page, Slice
from courtyard.core.spaces import Space
from courtyard.dialects.workspaces import shapes
from courtyard.web.call import Call
from courtyard.web.cursors import BadCursor
from courtyard.web.input import whole_number
from courtyard.web.suppliers import Read

Listing = Callable[[Read, Actor, Page], Awaitable[Slice[Space]]]
BATCH = 200
"""Rows of the whole list that are read together: few enough that no other request waits for them."""
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def _whole(value: object) -> object:
    try:
        return whole_number(value)
    except ValueError:
        raise PydanticKnownError("int_parsing") from None


Limit = Annotated[int, Field(ge=1, le=100), BeforeValidator(_whole)]


class Paging(BaseModel):
    """What every list takes."""

    limit: Limit = 10
    index: str | None = None


class WholePaging(BaseModel):
    """What the list of everything takes: pages when one of these is sent, else all of it."""

    limit: Limit | None = None
    index: str | None = None

    def paging(self) -> Paging | None:
        """None when no page was asked for."""
        asked = self.model_dump(exclude_none=True)
        return Paging(**asked) if asked else None


class _Index(msgspec.Struct, forbid_unknown_fields=True):
    """What is in an index: where the page before ended, signed for this list."""

    id: str


async def fetch(call: Call, tx: Read, paging: Paging, listing: Listing) -> tuple[Slice[Space], str | None]:
    """A page of a list and the index of the next one, None at the end. Raises BadCursor."""
    after = None if paging.index is None else await _after(call, tx, paging.index, listing)
    found = await listing(tx, call.actor, Page(paging.limit, after=after))
    if not found.more:
        return found, None
    index = _Index(call.services.cursors.seal(_name(call), found.items[-1].id))
    return found, base64.b64encode(msgspec.json.encode(index)).decode()


def _name(call: Call) -> str:
    """What an index is good for: this list, this caller."""
    return f"{call.path.rstrip('/')}#{call.actor.person_id}"


async def _after(call: Call, tx: Read, index: str, listing: Listing) -> str:
    """The id behind which a page begins: of an index that we gave, or the bare id of a workspace in this very list."""
    if _ID.fullmatch(index):
        # No id lies between this one and itself with a tilde behind it: the last row before that is this one, or none.
        found = await listing(tx, call.actor, Page(1, before=index + "~"))
        if [space.id for space in found.items] != [index]:
            raise BadCursor("index")
        return index
    try:
        position = msgspec.json.decode(base64.b64decode(index, validate=True), type=_Index)
    except (ValueError, msgspec.MsgspecError):
        raise BadCursor("index") from None
    return call.services.cursors.open(_name(call), position.id, "index")


class Everything(Response):
    """All workspaces there are as one JSON document, read page by page while it is sent: no transaction stays open."""

    def __init__(self, call: Call, first: Slice[Space], message: str) -> None:
        # A Response by type, so that a route may return it; what the base class prepares does not fit a stream.
        self.status_code = 200
        self.background = None
        self.body = b""
        self.raw_headers = [(b"content-type", b"application/json")]
        self._call = call
        self._first = first
        self._head = msgspec.json.encode({"message": message, "workspaces": []})[:-2]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        if scope["method"] != "HEAD":
            await send({"type": "http.response.body", "body": self._head, "more_body": True})
            async for piece in self._pieces():
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else b"]}"})

    async def _pieces(self) -> AsyncIterator[bytes]:
        found, mark = self._first, b""
        while found.items:
            yield mark + msgspec.json.encode(found.map(shapes.listed))[1:-1]
            if not found.more:
                return
            page, mark = Page(BATCH, after=found.items[-1].id), b","
            async with self._call.services.database.read() as tx:
                found = await spaces.everything(tx, self._call.actor, page)
