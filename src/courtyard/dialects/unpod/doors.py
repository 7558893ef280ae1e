"""The doors of the platform: first the organization of the header, then the space of the path within it."""

from typing import Annotated

from fastapi import Depends, Header

from courtyard.core import organizations, spaces
from courtyard.core.access.roles import Permission, role
from courtyard.core.errors import Forbidden, NotFound
from courtyard.core.organizations import Organization
from courtyard.core.spaces import Space
from courtyard.dialects.unpod.errors import HandleMissing, UnknownOrganization
from courtyard.web.call import Call
from courtyard.web.suppliers import Supplier


class OrganizationDoor(Supplier):
    """The organization of the `Org-Handle` header, for whoever belongs to it, be it as guest of one of its spaces.

    Whether it exists is no secret here: unknown is 404, not the caller's is 403.
    """

    def __call__(  # pyright: ignore[reportIncompatibleMethodOverride] - see Supplier
        self, org_handle: Annotated[str, Header(alias="Org-Handle", description="Organization domain handle")]
    ) -> None: ...

    async def supply(self, call: Call) -> Organization:
        handle = (call.header(b"org-handle") or "").strip()
        if not handle:
            raise HandleMissing
        async with call.reading() as tx:
            try:
                organization = await organizations.enter(tx, call.actor, handle)
            except NotFound:
                raise UnknownOrganization from None
        call.found["organization"] = organization
        return organization


class SpaceDoor(Supplier):
    """The space of the token in the path; one of another organization is as unknown as one that does not exist.

    `members_only`: a public space is seen by everybody, but what is done in it is not.
    """

    def __init__(self, *, members_only: bool = False) -> None:
        self._members_only = members_only

    def __call__(self, space_token: str) -> None: ...  # pyright: ignore[reportIncompatibleMethodOverride] - see Supplier

    async def supply(self, call: Call) -> Space:
        organization: Organization = call.found["organization"]
        async with call.reading() as tx:
            space = await spaces.find_by_token(tx, call.actor, call.params["space_token"], Permission.READ)
        if space.organization_id != organization.id:
            raise NotFound
        if self._members_only and role(call.actor, space) is None:
            raise Forbidden
        return space


Belonged = Annotated[Organization, Depends(OrganizationDoor())]
Readable = Annotated[Space, Depends(SpaceDoor())]
Joined = Annotated[Space, Depends(SpaceDoor(members_only=True))]
