"""The doors of v1: a route names in its signature what it needs to be let in to."""

from typing import Annotated

from fastapi import Depends

from courtyard.core import organizations, spaces
from courtyard.core.access.roles import Permission
from courtyard.core.identity import credentials
from courtyard.core.identity.credentials import Credential
from courtyard.core.organizations import Belonging, Organization
from courtyard.core.spaces import Space
from courtyard.dialects.v1 import shapes
from courtyard.web.call import Call
from courtyard.web.preconditions import hold
from courtyard.web.suppliers import Supplier


class SpaceDoor(Supplier):
    """The space in the path, for a caller who may do that.

    `itself`: the route changes the space, which then must be as the client last saw it (`If-Match`).
    """

    def __init__(self, permission: Permission, *, itself: bool = False) -> None:
        self._permission = permission
        self._itself = itself

    def __call__(self, space_id: str) -> None: ...  # pyright: ignore[reportIncompatibleMethodOverride] - see Supplier

    async def supply(self, call: Call) -> Space:
        space = await spaces.find(call.tx, call.actor, call.params["space_id"], self._permission)
        if self._itself:
            hold(call, shapes.space(call.actor, space))
        return space


Seen = Annotated[Space, Depends(SpaceDoor(Permission.LOOK))]
Readable = Annotated[Space, Depends(SpaceDoor(Permission.READ))]
Joined = Annotated[Space, Depends(SpaceDoor(Permission.JOIN))]
Writable = Annotated[Space, Depends(SpaceDoor(Permission.WRITE))]
Managed = Annotated[Space, Depends(SpaceDoor(Permission.MANAGE))]
Owned = Annotated[Space, Depends(SpaceDoor(Permission.OWN))]
Changed = Annotated[Space, Depends(SpaceDoor(Permission.MANAGE, itself=True))]
Ended = Annotated[Space, Depends(SpaceDoor(Permission.OWN, itself=True))]


class OrganizationDoor(Supplier):
    """The organization in the path, for a caller who belongs to it at least as `needed`."""

    def __init__(self, needed: Belonging, *, itself: bool = False) -> None:
        self._needed: Belonging = needed
        self._itself = itself

    def __call__(self, handle: str) -> None: ...  # pyright: ignore[reportIncompatibleMethodOverride] - see Supplier

    async def supply(self, call: Call) -> Organization:
        organization = await organizations.find(call.tx, call.actor, call.params["handle"], self._needed)
        if self._itself:
            hold(call, shapes.organization(call.actor, organization))
        return organization


class KeyDoor(Supplier):
    """One of the caller's own keys."""

    def __call__(self, key_id: str) -> None: ...  # pyright: ignore[reportIncompatibleMethodOverride] - see Supplier

    async def supply(self, call: Call) -> Credential:
        key = await credentials.find(call.tx, call.actor, call.params["key_id"])
        if call.method in ("PATCH", "DELETE"):
            hold(call, shapes.key(key))
        return key


Belonged = Annotated[Organization, Depends(OrganizationDoor("member"))]
Administered = Annotated[Organization, Depends(OrganizationDoor("admin"))]
ChangedOrganization = Annotated[Organization, Depends(OrganizationDoor("admin", itself=True))]
EndedOrganization = Annotated[Organization, Depends(OrganizationDoor("owner", itself=True))]
OwnKey = Annotated[Credential, Depends(KeyDoor())]
