"""What clients of v1 send. Unknown members are ignored, a member of the wrong type is refused."""

from typing import Any, Literal

import msgspec

from pydantic import BaseModel, ConfigDict

from courtyard.core import clock, spaces
from courtyard.core.access.roles import Visibility
from courtyard.core.actor import Scope
from courtyard.core.errors import Invalid
from courtyard.core.identity import credentials
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
        return msgspec.convert(self.model_dump(exclude_unset=True), spaces.Changes, strict=False)


class SpaceFilters(Paging):
    """What narrows the list of spaces."""

    mine: Literal["true", "false"] = "false"
    organization: str = ""
    visibility: str = ""
    q: str = ""

    def core(self) -> spaces.Filters:
        return spaces.Filters(
            mine=self.mine == "true",
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
    """A key to be made: `expires_at` is RFC 3339 or null, `spaces` and `networks` limit where it works."""

    name: str
    scopes: list[Scope]
    expires_at: str | None = None
    spaces: list[str] | None = None
    networks: list[str] | None = None
    organization: str | None = None

    def core(self) -> credentials.NewKey:
        if self.organization is not None:
            raise Invalid("organization", "Keys of organizations are not offered.", code="unsupported")
        return credentials.NewKey(
            name=self.name,
            scopes=self.scopes,
            expires_at=None if self.expires_at is None else time("expires_at", self.expires_at),
            spaces=self.spaces,
            networks=self.networks,
        )


class KeyPatch(Body):
    """The name is all that can change; rotate a key for another secret, make a new one for other rights."""

    name: str


def time(field: str, value: str) -> int:
    """Milliseconds of an RFC 3339 time. Raises Invalid."""
    try:
        return clock.parse(value)
    except (ValueError, OverflowError):
        raise Invalid(field, "This is not an RFC 3339 time.", code="time") from None
