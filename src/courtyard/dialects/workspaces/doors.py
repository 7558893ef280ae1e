"""The doors of workspaces: a route names in its signature what it needs to be let in to."""

from typing import Annotated

from fastapi import Depends

from courtyard.core import accounts, spaces
from courtyard.core.access.roles import Permission, own_role
from courtyard.core.actor import Actor, Origin
from courtyard.core.errors import Forbidden, NotFound, Unauthenticated
from courtyard.core.membership import members
from courtyard.core.membership.model import Member
from courtyard.core.spaces import Space
from courtyard.web.call import Call
from courtyard.web.suppliers import Supplier


class _Anybody(Supplier):
    """Nobody in particular, whatever credential was sent."""

    async def supply(self, call: Call) -> Actor:
        call.services.rates.take("anonymous", call.arrival.client)
        call.actor = Actor(Origin(call.speech.name, call.arrival.client, call.arrival.request_id))
        return call.actor


class WorkspaceDoor(Supplier):
    """The workspace in the path, for a caller who may do that.

    Whatever changes a workspace or its guests is for the owner, as this protocol publishes it, also where the core would
    let an admin.
    """

    def __init__(self, permission: Permission) -> None:
        self._permission = permission

    def __call__(self, id: str) -> None: ...  # noqa: A002 # pyright: ignore[reportIncompatibleMethodOverride] - see Supplier

    async def supply(self, call: Call) -> Space:
        async with call.reading() as tx:
            space = await spaces.find(tx, call.actor, call.params["id"], self._permission)
        call.found["workspace"] = space
        return space


class PublicDoor(WorkspaceDoor):
    """A public workspace. No credential would open another one here, so nobody is asked for one."""

    def __init__(self) -> None:
        super().__init__(Permission.LOOK)

    async def supply(self, call: Call) -> Space:
        try:
            return await super().supply(call)
        except Unauthenticated:
            raise NotFound from None


class OwnersView(WorkspaceDoor):
    """The workspace, for its owner who only looks: a credential that may read suffices."""

    def __init__(self) -> None:
        super().__init__(Permission.JOIN)

    async def supply(self, call: Call) -> Space:
        space = await super().supply(call)
        if own_role(space) != "owner":
            if not call.actor.administrator:
                raise Forbidden
            # A stranger's look is noted already, at the door itself.
            if not call.actor.privileged:
                call.actor.privileged.append(("own", space.id))
        return space


class GuestDoor(Supplier):
    """A guest of the workspace that the door before has let in to: any member but the owner."""

    def __call__(self, guest: str) -> None: ...  # pyright: ignore[reportIncompatibleMethodOverride] - see Supplier

    async def supply(self, call: Call) -> Member:
        async with call.reading() as tx:
            member = await members.find(tx, call.found["workspace"], call.params["guest"])
        if member.role == "owner":
            raise NotFound
        return member


class _Registering(Supplier):
    """Leave to register here, before anything that was sent is looked at."""

    async def supply(self, call: Call) -> None:
        accounts.admit(call.services.policy.registration)


Anybody = Annotated[Actor, Depends(_Anybody())]
Seen = Annotated[Space, Depends(WorkspaceDoor(Permission.LOOK))]
Public = Annotated[Space, Depends(PublicDoor())]
Owned = Annotated[Space, Depends(WorkspaceDoor(Permission.OWN))]
OwnerSeen = Annotated[Space, Depends(OwnersView())]
TheGuest = Annotated[Member, Depends(GuestDoor())]
Registering = Annotated[None, Depends(_Registering())]
