"""What a customer is."""

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from courtyard.core.access.roles import Visibility


class Customer(msgspec.Struct, frozen=True):
    """A customer with what a list needs to say of their space; `metadata` is JSON."""

    number: int
    id: str
    space_id: str
    name: str
    email: str | None
    metadata: str
    created_at: int
    updated_at: int
    space_number: int
    space_slug: str
    space_visibility: Visibility
    space_created_at: int


class NewCustomer(msgspec.Struct, frozen=True, kw_only=True):
    """What is needed to make one."""

    name: str
    email: str | None = None
    metadata: dict[str, Any] = msgspec.field(default_factory=dict)


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """A merge patch (RFC 7396): what is not set stays, None clears."""

    name: str | UnsetType = UNSET
    email: str | UnsetType | None = UNSET
    metadata: dict[str, Any] | UnsetType | None = UNSET
