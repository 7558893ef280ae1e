"""The doors of the Spaces API: a route names in its signature what it needs to be let in to."""

from typing import Annotated

from fastapi import Depends

from courtyard.core import customers, hooks, spaces
from courtyard.core.access.roles import Permission
from courtyard.core.actor import Actor, Scope
from courtyard.core.customers import Customer
from courtyard.core.errors import Forbidden, NotFound
from courtyard.core.hooks import Hook
from courtyard.core.spaces import Space
from courtyard.dialects.spaces_pe.errors import UnknownSpace
from courtyard.dialects.spaces_pe.pages import number
from courtyard.web.call import Call
from courtyard.web.suppliers import Read, Supplier


class _Writing(Supplier):
    """A credential that may change things, before anything that was sent is looked at.

    `everywhere`: what changes is in no space, so a credential that is limited to some cannot do it.
    """

    def __init__(self, *, everywhere: bool = False) -> None:
        self._everywhere = everywhere

    async def supply(self, call: Call) -> None:
        call.actor.needs("write")
        if self._everywhere:
            call.actor.everywhere()


class SpaceDoor(Supplier):
    """The space of the number in the path, for whoever has a role in it: a stranger's public space is not here."""

    def __call__(self, number: int) -> None: ...  # pyright: ignore[reportIncompatibleMethodOverride] - see Supplier

    async def supply(self, call: Call) -> Space:
        async with call.reading() as tx:
            try:
                return await spaces.find_by_number(tx, call.actor, number(call.params["number"]), Permission.JOIN)
            except Forbidden:
                raise NotFound from None


class CustomerDoor(Supplier):
    """The customer in the path, whichever space they are in."""

    def __call__(self, customer_id: str) -> None: ...  # pyright: ignore[reportIncompatibleMethodOverride] - see Supplier

    async def supply(self, call: Call) -> Customer:
        async with call.reading() as tx:
            _, customer = await customers.find_anywhere(tx, call.actor, call.params["customer_id"])
        return customer


class HookDoor(Supplier):
    """One of the caller's own resource subscriptions."""

    def __init__(self, scope: Scope) -> None:
        self._scope: Scope = scope

    def __call__(self, number: int) -> None: ...  # pyright: ignore[reportIncompatibleMethodOverride] - see Supplier

    async def supply(self, call: Call) -> Hook:
        async with call.reading() as tx:
            return await hooks.find(tx, call.actor, number(call.params["number"]), self._scope)


class NamedSpaceDoor(Supplier):
    """The space that the body names; the route asks for the body first, so its number has been looked at.

    A door, so that a request which is repeated under its Idempotency-Key must still be let in.
    """

    async def supply(self, call: Call) -> Space:
        async with call.reading() as tx:
            return await space_of_number(tx, call.actor, str(call.decoded()["space"]), Permission.WRITE)


async def space_of_number(tx: Read, actor: Actor, value: str, permission: Permission) -> Space:
    """The space that a parameter names. Raises UnknownSpace: alike for unknown, hidden and not permitted."""
    try:
        return await spaces.find_by_number(tx, actor, number(value), permission)
    except (NotFound, Forbidden):
        raise UnknownSpace from None


Writing = Annotated[None, Depends(_Writing())]
WritingEverywhere = Annotated[None, Depends(_Writing(everywhere=True))]
NamedSpace = Annotated[Space, Depends(NamedSpaceDoor())]
Joined = Annotated[Space, Depends(SpaceDoor())]
TheCustomer = Annotated[Customer, Depends(CustomerDoor())]
TheHook = Annotated[Hook, Depends(HookDoor("read"))]
OwnHook = Annotated[Hook, Depends(HookDoor("write"))]
