"""The wire shapes of v1: plain functions from a core fact to what its document prints."""

from typing import Any

from typing_extensions import TypedDict

from courtyard.core.access.roles import Role, Visibility
from courtyard.core.access.roles import role as acting_role
from courtyard.core.actor import Actor
from courtyard.core.clock import rfc3339
from courtyard.core.spaces import Space
from courtyard.web.answer import raw


class OrganizationName(TypedDict):
    name: str
    handle: str


class PersonName(TypedDict):
    id: str
    username: str


class SpaceShape(TypedDict):
    """A space, as its caller may see it."""

    id: str
    space_id: str
    number: int
    token: str
    slug: str
    name: str
    description: str | None
    visibility: Visibility
    organization: OrganizationName
    owner: PersonName | None
    role: Role | None
    space_type: str
    content_type: str
    logo_url: str | None
    background_url: str | None
    metadata: dict[str, Any]
    created_at: str
    updated_at: str


def space(caller: Actor, fact: Space) -> SpaceShape:
    """A stranger to a public space sees no owner."""
    role = acting_role(caller, fact)
    return {
        "id": fact.id,
        "space_id": fact.id,
        "number": fact.number,
        "token": fact.token,
        "slug": fact.slug,
        "name": fact.name,
        "description": fact.description,
        "visibility": fact.visibility,
        "organization": {"name": fact.organization_name, "handle": fact.organization_handle},
        "owner": {"id": fact.owner_id, "username": fact.owner_username} if role else None,
        "role": role,
        "space_type": fact.space_type,
        "content_type": fact.content_type,
        "logo_url": fact.logo_url,
        "background_url": f"/v1/spaces/{fact.id}/background" if fact.background_key else None,
        "metadata": raw(fact.metadata),  # pyright: ignore[reportReturnType] - JSON text goes out as it rests
        "created_at": rfc3339(fact.created_at),
        "updated_at": rfc3339(fact.updated_at),
    }
