"""What a route may ask for in its signature besides path, query and body."""

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends

from courtyard.core.actor import Actor
from courtyard.storage import database

if TYPE_CHECKING:
    from courtyard.web.call import Call


class Supplier:
    """Gives a route one of its arguments.

    `__call__` is never called: its signature tells the OpenAPI document which parameters it takes from the path.
    """

    def __call__(self) -> None: ...

    async def supply(self, call: "Call") -> Any:
        raise AssertionError("a supplier says what it supplies")


class _Transaction(Supplier):
    async def supply(self, call: "Call") -> Any:
        return call.tx


class _Caller(Supplier):
    async def supply(self, call: "Call") -> Actor:
        return call.actor


class _Whole(Supplier):
    async def supply(self, call: "Call") -> Any:
        return call


Looking = database.Read
"""A transaction by which one looks, for functions that routes hand theirs to."""
Changing = database.Write
"""The same for one that changes something."""

READING, WRITING, CALLER, VISITOR, WHOLE = _Transaction(), _Transaction(), _Caller(), _Caller(), _Whole()

Read = Annotated[database.Read, Depends(READING)]
"""The route only looks."""
Write = Annotated[database.Write, Depends(WRITING)]
"""The route is one transaction, committed before the answer leaves and rolled back by any refusal."""
Caller = Annotated[Actor, Depends(CALLER)]
"""Whoever holds the credential; without one the request is refused."""
Visitor = Annotated[Actor, Depends(VISITOR)]
"""Whoever holds the credential, or anybody; a wrong credential is refused all the same."""
Whole = Annotated[Any, Depends(WHOLE)]
"""The `Call` itself, for routes that stream or open their own transactions."""
