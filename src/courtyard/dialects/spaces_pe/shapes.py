"""The wire shapes of the Spaces API: plain functions from a core fact to what its document prints."""

from typing import Literal

from typing_extensions import TypedDict

from courtyard.core import clock
from courtyard.core.access.roles import Visibility
from courtyard.core.customers import Customer
from courtyard.core.hooks import Hook
from courtyard.core.identity.people import Person, mailable
from courtyard.core.spaces import Space

API_VERSION = "04-09-2014"
"""What the original says of every resource subscription; it has one version only."""


class SpaceShape(TypedDict):
    """A space; `url` is its public page, null while it is not public."""

    object: Literal["space"]
    id: int
    created: int
    url: str | None


class CustomerShape(TypedDict):
    """A customer, and the space they belong to."""

    object: Literal["customer"]
    id: str
    name: str
    email: str | None
    created: int
    space: SpaceShape


class AccountShape(TypedDict):
    """Whoever holds the access token."""

    object: Literal["account"]
    created: int
    name: str
    email: str
    avatar_image_url: str | None
    referral_code: str


class HookShape(TypedDict):
    """A resource subscription: where to tell of which event."""

    object: Literal["resource_subscription"]
    id: int
    event: str
    target_url: str
    api_version: str
    created: int


class DeletedShape(TypedDict):
    """What is left of something that was removed."""

    object: Literal["resource_subscription"]
    id: int
    deleted: Literal[True]


def space(fact: Space, public_url: str) -> SpaceShape:
    return _space(fact.number, fact.created_at, fact.slug, fact.visibility, public_url)


def customer(fact: Customer, public_url: str) -> CustomerShape:
    return {
        "object": "customer",
        "id": fact.id,
        "name": fact.name,
        "email": fact.email,
        "created": _seconds(fact.created_at),
        "space": _space(fact.space_number, fact.space_created_at, fact.space_slug, fact.space_visibility, public_url),
    }


def account(fact: Person) -> AccountShape:
    return {
        "object": "account",
        "created": _seconds(fact.created_at),
        "name": fact.username,
        "email": mailable(fact.email) or "",
        "avatar_image_url": None,
        "referral_code": fact.referral_code,
    }


def hook(fact: Hook) -> HookShape:
    return {
        "object": "resource_subscription",
        "id": fact.number,
        "event": fact.event,
        "target_url": fact.target_url,
        "api_version": API_VERSION,
        "created": _seconds(fact.created_at),
    }


def deleted(fact: Hook) -> DeletedShape:
    return {"object": "resource_subscription", "id": fact.number, "deleted": True}


def _space(number: int, created_at: int, slug: str, visibility: Visibility, public_url: str) -> SpaceShape:
    url = f"{public_url.rstrip('/')}/p/{slug}" if visibility == "public" else None
    return {"object": "space", "id": number, "created": _seconds(created_at), "url": url}


def _seconds(at: int) -> int:
    return at // clock.SECOND
