"""The doors of v1: a route names in its signature what it needs to be let in to."""

from typing import TYPE_CHECKING, Annotated, cast

from fastapi import Depends

from courtyard.core import artifacts, customers, organizations, spaces, threads
from courtyard.core.access.roles import Permission
from courtyard.core.artifacts import Artifact
from courtyard.core.customers import Customer
from courtyard.core.errors import NotFound
from courtyard.core.identity import credentials
from courtyard.core.identity.credentials import Credential
from courtyard.core.membership import holds
from courtyard.core.organizations import Belonging, Organization
from courtyard.core.spaces import Space
from courtyard.core.threads import Thread
from courtyard.dialects.v1 import contents, shapes
from courtyard.web.call import Call
from courtyard.web.preconditions import conditional, hold
from courtyard.web.suppliers import Supplier

if TYPE_CHECKING:
    from courtyard.web.suppliers import Read, Write


class SpaceDoor(Supplier):
    """The space in the path, for a caller who may do that.

    `itself`: the route changes the space, which then must be as the client last saw it (`If-Match`).
    """

    def __init__(self, permission: Permission, *, itself: bool = False) -> None:
        self._permission = permission
        self._itself = itself

    def __call__(self, space_id: str) -> None: ...  # pyright: ignore[reportIncompatibleMethodOverride] - see Supplier

    async def supply(self, call: Call) -> Space:
        async with call.reading() as tx:
            space = await spaces.find(tx, call.actor, call.params["space_id"], self._permission)
            if self._itself and conditional(call):
                space = await holds.space(cast("Write", tx), call.actor, space, self._permission)
                hold(call, shapes.space(call.actor, space))
        call.found["space"] = space
        return space


Seen = Annotated[Space, Depends(SpaceDoor(Permission.LOOK))]
Readable = Annotated[Space, Depends(SpaceDoor(Permission.READ))]
Joined = Annotated[Space, Depends(SpaceDoor(Permission.JOIN))]
Reviewed = Annotated[Space, Depends(SpaceDoor(Permission.REVIEW))]
Overseen = Annotated[Space, Depends(SpaceDoor(Permission.OVERSEE))]
Writable = Annotated[Space, Depends(SpaceDoor(Permission.WRITE))]
Managed = Annotated[Space, Depends(SpaceDoor(Permission.MANAGE))]
Owned = Annotated[Space, Depends(SpaceDoor(Permission.OWN))]
Changed = Annotated[Space, Depends(SpaceDoor(Permission.MANAGE, itself=True))]
Ended = Annotated[Space, Depends(SpaceDoor(Permission.OWN, itself=True))]


class InSpace(Supplier):
    """Something in the space that the door before has let in to; before a change, as the client last saw it."""

    def _place(self, call: Call) -> tuple[Space, bool]:
        """The space, and whether the request changes what is in it."""
        return call.found["space"], call.method in ("PATCH", "DELETE", "PUT")


class ArtifactDoor(InSpace):
    """An artifact of the space; `trashed` ones are found by those alone who may see the trash."""

    def __init__(self, *, trashed: bool = False) -> None:
        self._trashed = trashed

    def __call__(self, artifact_id: str) -> None: ...  # pyright: ignore[reportIncompatibleMethodOverride] - see Supplier

    async def supply(self, call: Call) -> Artifact:
        space, changes = self._place(call)
        async with call.reading() as tx:
            artifact = await self._find(tx, call, space, changes)
        if changes:
            hold(call, contents.artifact(call.actor, space, artifact))
        return artifact

    async def _find(self, tx: "Read", call: Call, space: Space, changes: bool) -> Artifact:
        find = artifacts.find_trashed if self._trashed else artifacts.find
        return await find(tx, call.actor, space, call.params["artifact_id"], hold=changes)


class PurgedDoor(ArtifactDoor):
    """An artifact that is to go: with `purge=true` it may lie in the trash already."""

    async def _find(self, tx: "Read", call: Call, space: Space, changes: bool) -> Artifact:
        try:
            return await super()._find(tx, call, space, changes)
        except NotFound:
            if ("purge", "true") not in call.query():
                raise
        return await artifacts.find_trashed(tx, call.actor, space, call.params["artifact_id"], hold=changes)


class ThreadDoor(InSpace):
    """A thread of the space."""

    def __call__(self, thread_id: str) -> None: ...  # pyright: ignore[reportIncompatibleMethodOverride] - see Supplier

    async def supply(self, call: Call) -> Thread:
        space, changes = self._place(call)
        async with call.reading() as tx:
            thread = await threads.find(tx, call.actor, space, call.params["thread_id"], hold=changes)
        if changes:
            hold(call, contents.thread(thread))
        return thread


class CustomerDoor(InSpace):
    """A customer of the space."""

    def __call__(self, customer_id: str) -> None: ...  # pyright: ignore[reportIncompatibleMethodOverride] - see Supplier

    async def supply(self, call: Call) -> Customer:
        space, changes = self._place(call)
        async with call.reading() as tx:
            customer = await customers.find(tx, call.actor, space, call.params["customer_id"], hold=changes)
        if changes:
            hold(call, contents.customer(customer))
        return customer


class OrganizationDoor(Supplier):
    """The organization in the path, for a caller who belongs to it at least as `needed`."""

    def __init__(self, needed: Belonging, *, itself: bool = False) -> None:
        self._needed: Belonging = needed
        self._itself = itself

    def __call__(self, handle: str) -> None: ...  # pyright: ignore[reportIncompatibleMethodOverride] - see Supplier

    async def supply(self, call: Call) -> Organization:
        async with call.reading() as tx:
            organization = await organizations.find(tx, call.actor, call.params["handle"], self._needed)
            if self._itself and conditional(call):
                organization = await holds.organization(cast("Write", tx), call.actor, organization, self._needed)
                hold(call, shapes.organization(call.actor, organization))
        return organization


class KeyDoor(Supplier):
    """One of the caller's own keys."""

    def __call__(self, key_id: str) -> None: ...  # pyright: ignore[reportIncompatibleMethodOverride] - see Supplier

    async def supply(self, call: Call) -> Credential:
        changes = call.method in ("PATCH", "DELETE")
        async with call.reading() as tx:
            key = await credentials.find(tx, call.actor, call.params["key_id"], hold=changes)
        if changes:
            hold(call, shapes.key(key))
        return key


TheArtifact = Annotated[Artifact, Depends(ArtifactDoor())]
EndedArtifact = Annotated[Artifact, Depends(PurgedDoor())]
TrashedArtifact = Annotated[Artifact, Depends(ArtifactDoor(trashed=True))]
TheThread = Annotated[Thread, Depends(ThreadDoor())]
TheCustomer = Annotated[Customer, Depends(CustomerDoor())]
Belonged = Annotated[Organization, Depends(OrganizationDoor("member"))]
Administered = Annotated[Organization, Depends(OrganizationDoor("admin"))]
ChangedOrganization = Annotated[Organization, Depends(OrganizationDoor("admin", itself=True))]
EndedOrganization = Annotated[Organization, Depends(OrganizationDoor("owner", itself=True))]
OwnKey = Annotated[Credential, Depends(KeyDoor())]
