"""What clients of v1 send. Unknown members are ignored, a member of the wrong type is refused."""

from typing import Any, Literal

from msgspec import UNSET, UnsetType
from pydantic import BaseModel, ConfigDict

from courtyard.core import artifacts, clock, customers, spaces, threads
from courtyard.core.access.roles import Visibility
from courtyard.core.actor import Scope
from courtyard.core.errors import Invalid
from courtyard.core.identity import credentials, rotation
from courtyard.dialects.v1.pages import Paging


class Body(BaseModel):
    """A request body."""

    model_config = ConfigDict(strict=True, extra="ignore")


class NewSpace(Body):
    """A space to be made; only the name is needed."""

    name: str
    description: str | None = None
    visibility: Visibility = "private"
    organization: str | None = None
    space_type: str = "general"
    content_type: str = "general"
    logo_url: str | None = None
    metadata: dict[str, Any] = {}

    def core(self) -> spaces.NewSpace:
        return spaces.NewSpace(**self.model_dump(exclude={"organization"}))


class SpacePatch(Body):
    """A merge patch (RFC 7396): what is absent stays, null clears."""

    name: str | None = None
    description: str | None = None
    visibility: Visibility | None = None
    space_type: str | None = None
    content_type: str | None = None
    logo_url: str | None = None
    metadata: dict[str, Any] | None = None

    def core(self) -> spaces.Changes:
        return spaces.Changes(**self.model_dump(exclude_unset=True))


class SpaceFilters(Paging):
    """What narrows the list of spaces."""

    mine: Literal["true", "false"] = "false"
    owner: Literal["", "me", "others"] = ""
    organization: str = ""
    visibility: str = ""
    q: str = ""

    def core(self) -> spaces.Filters:
        return spaces.Filters(
            mine=self.mine == "true",
            owner=self.owner,
            organization=self.organization.lower(),
            visibility=self.visibility,
            contains=self.q,
        )


class NewOrganization(Body):
    """An organization to be made; without a handle it gets one from its name."""

    name: str
    handle: str | None = None


class OrganizationPatch(Body):
    """What is absent stays."""

    name: str = ""
    handle: str = ""

    def asked(self) -> dict[str, str]:
        return self.model_dump(exclude_unset=True)


class NewKey(Body):
    """A key to be made: `spaces` and `networks` limit where it works, `organization` is the handle of whose it is to be.

    `expires_at` is RFC 3339; absent it is in a year, with null the key lives until it is revoked.
    """

    name: str
    scopes: list[Scope]
    expires_at: str | None = None
    spaces: list[str] | None = None
    networks: list[str] | None = None
    organization: str | None = None

    def core(self) -> credentials.NewKey:
        return credentials.NewKey(
            name=self.name,
            scopes=self.scopes,
            expires_at=end(self, self.expires_at),
            spaces=self.spaces,
            networks=self.networks,
        )


class KeyFilters(Paging):
    """Whose keys: one's own, or those of an organization."""

    organization: str | None = None


class Rotation(Body):
    """For how many hours the old key goes on working, and when the new one ends; absent: when the old one would have."""

    grace_hours: int = rotation.GRACE
    expires_at: str | None = None

    def core(self) -> dict[str, Any]:
        return {"hours": self.grace_hours, "expires_at": end(self, self.expires_at)}


class KeyPatch(Body):
    """The name is all that can change; rotate a key for another secret, make a new one for other rights."""

    name: str = ""

    def asked(self) -> str | None:
        """The new name; None when it stays."""
        return self.name if self.model_fields_set else None


def end(body: Body, value: str | None) -> int | UnsetType | None:
    """`expires_at` of a body: absent and null are two things. Raises Invalid."""
    if "expires_at" not in body.model_fields_set:
        return UNSET
    return None if value is None else time("expires_at", value)


def time(field: str, value: str) -> int:
    """Milliseconds of an RFC 3339 time. Raises Invalid."""
    try:
        return clock.parse(value)
    except (ValueError, OverflowError):
        raise Invalid(field, "This is not an RFC 3339 time.", code="time") from None


class ArtifactFilters(Paging):
    """What narrows the list of artifacts; a value that nothing has gives an empty page."""

    thread_id: str | None = None
    document_type: str | None = None
    status: str | None = None

    def core(self) -> artifacts.Filters:
        return artifacts.Filters(thread_id=self.thread_id, document_type=self.document_type, status=self.status)


class ArtifactPatch(Body):
    """A merge patch (RFC 7396): what is absent stays, null clears."""

    name: str | None = None
    document_type: str | None = None
    thread_ids: list[str] | None = None
    metadata: dict[str, Any] | None = None
    tags: list[str] | None = None

    def core(self) -> artifacts.Changes:
        return artifacts.Changes(**self.model_dump(exclude_unset=True))


class NewThread(Body):
    """A thread to be opened."""

    title: str
    metadata: dict[str, Any] = {}

    def core(self) -> threads.NewThread:
        return threads.NewThread(title=self.title, metadata=self.metadata)


class ThreadPatch(Body):
    """A merge patch (RFC 7396): what is absent stays."""

    title: str | None = None
    status: threads.Status | None = None
    metadata: dict[str, Any] | None = None

    def core(self) -> threads.Changes:
        return threads.Changes(**self.model_dump(exclude_unset=True))


class NewMessage(Body):
    """What is to be said."""

    content: str
    role: threads.Speaker = "user"
    metadata: dict[str, Any] = {}

    def core(self) -> threads.NewMessage:
        return threads.NewMessage(content=self.content, role=self.role, metadata=self.metadata)


class RoleChange(Body):
    """A member's new role."""

    role: str


class NewInvitation(Body):
    """Whom to invite, as what, and for how many days the mailed link works."""

    email: str
    role: str
    expires_in_days: int = 7


class Acceptance(Body):
    """The token of an invitation mail; who has no account yet chooses a username and a password."""

    token: str
    username: str | None = None
    password: str | None = None


class Transfer(Body):
    """Who is to own the space."""

    user_id: str


class NewCustomer(Body):
    """A customer to be added; the e-mail address is unique within the space."""

    name: str
    email: str | None = None
    metadata: dict[str, Any] = {}

    def core(self) -> customers.NewCustomer:
        return customers.NewCustomer(name=self.name, email=self.email, metadata=self.metadata)


class CustomerPatch(Body):
    """A merge patch (RFC 7396): what is absent stays, null clears."""

    name: str | None = None
    email: str | None = None
    metadata: dict[str, Any] | None = None

    def core(self) -> customers.Changes:
        return customers.Changes(**self.model_dump(exclude_unset=True))
