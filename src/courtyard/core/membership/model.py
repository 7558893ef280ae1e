"""What a member and an invitation are."""

from typing import Literal

import msgspec

from courtyard.core.access.roles import OrganizationRole, Role
from courtyard.core.errors import Conflict, Invalid
from courtyard.core.organizations import Organization
from courtyard.core.paging import Page
from courtyard.core.spaces import Space

Place = Space | Organization
"""What people belong to."""

END = 2**53
"""Later than any time that a row bears."""


class LastOwner(Conflict):
    """There must be an owner. Name another one first."""


class AlreadyMember(Conflict):
    """This person is a member already."""


class Fellow(msgspec.Struct, frozen=True):
    """Somebody who belongs to a space or an organization. `invited` ones have not claimed their account yet.

    The e-mail address is for admins alone; the shape that shows the fact leaves it out for others.
    """

    person_id: str
    username: str
    email: str
    state: Literal["active", "invited"]
    since: int

    @property
    def position(self) -> str:
        """Where this one stands in a list by the time of joining; for `Page.after`."""
        return f"{self.since}~{self.person_id}"


class Member(Fellow, frozen=True):
    """A member of a space."""

    role: Role


class OrganizationMember(Fellow, frozen=True):
    """A member of an organization."""

    role: OrganizationRole


class Invitation(msgspec.Struct, frozen=True):
    """A promise that was mailed. Without any secret: the token is made when the mail is sent, and only its hash is kept.

    Somebody who has an account is a member at once: their invitation was `accepted` from the start.
    """

    number: int
    id: str
    space_id: str | None
    organization_id: str | None
    person_id: str
    email: str
    role: Role | OrganizationRole
    state: Literal["open", "accepted", "revoked"]
    invited_by: str | None
    created_at: int
    expires_at: int
    sent_at: int


def bound(page: Page, first: tuple[int, str]) -> tuple[int, str]:
    """The time and person beyond which a page by joining begins; `first` when it is the first one. Raises Invalid."""
    if page.after is None:
        return first
    at, mark, person_id = page.after.partition("~")
    if not mark or not at.isdecimal() or len(at) > 15:
        raise Invalid("cursor", "This is not a position in this list.")
    return int(at), person_id
