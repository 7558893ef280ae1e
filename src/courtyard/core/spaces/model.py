"""What a space is."""

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from courtyard.core.access.roles import OrganizationRole, Role, Visibility


class Background(msgspec.Struct, frozen=True):
    """A stored background image, re-encoded by us."""

    key: str
    type: str
    size: int
    sha256: str


class Space(msgspec.Struct, frozen=True):
    """A space as one caller meets it: its five names, its facts, and that caller's two roles.

    `personal`: its organization is its owner's personal one, which bears their name: nothing for strangers.
    """

    number: int
    id: str
    token: str
    slug: str
    name: str
    description: str | None
    visibility: Visibility
    space_type: str
    content_type: str
    logo_url: str | None
    metadata: str
    background_key: str | None
    created_at: int
    updated_at: int
    organization_id: str
    organization_name: str
    organization_handle: str
    personal: int
    owner_id: str
    owner_username: str
    owner_email: str
    member_role: Role | None
    organization_role: OrganizationRole | None


class NewSpace(msgspec.Struct, frozen=True, kw_only=True):
    """What is needed to make one. `metadata` is any JSON object of at most 16 KiB; times and names come from us."""

    name: str
    description: str | None = None
    visibility: Visibility = "private"
    space_type: str = "general"
    content_type: str = "general"
    logo_url: str | None = None
    metadata: dict[str, Any] = msgspec.field(default_factory=dict)


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """A merge patch (RFC 7396): what is not set stays, None clears."""

    name: str | UnsetType = UNSET
    description: str | UnsetType | None = UNSET
    visibility: Visibility | UnsetType = UNSET
    space_type: str | UnsetType | None = UNSET
    content_type: str | UnsetType | None = UNSET
    logo_url: str | UnsetType | None = UNSET
    metadata: dict[str, Any] | UnsetType | None = UNSET
