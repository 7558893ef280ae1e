"""What clients of v1 send. Unknown members are ignored, a member of the wrong type is refused."""

from typing import Any, Literal

import msgspec

from pydantic import BaseModel, ConfigDict

from courtyard.core import spaces
from courtyard.core.access.roles import Visibility
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
            mine=self.mine == "true", organization=self.organization.lower(), visibility=self.visibility, contains=self.q
        )


