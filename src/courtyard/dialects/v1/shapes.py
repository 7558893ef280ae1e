"""The wire shapes of v1: plain functions from a core fact to what its document prints."""

from typing import Any, Literal

import msgspec
from typing_extensions import TypedDict

from courtyard.core.access.roles import OrganizationRole, Role, Visibility
from courtyard.core.access.roles import role as acting_role
from courtyard.core.actor import Actor
from courtyard.core.clock import rfc3339
from courtyard.core.identity.credentials import Credential
from courtyard.core.identity.people import mailable
from courtyard.core.membership.invitations import Accepted
from courtyard.core.membership.model import Invitation, Member, OrganizationMember
from courtyard.core.organizations import Belonging, Organization
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


NOBODYS: OrganizationName = {"name": "Personal", "handle": "personal"}
"""What strangers are shown of a personal organization, which is named for its person; nobody can have this handle."""


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
        "organization": {"name": fact.organization_name, "handle": fact.organization_handle}
        if role or not fact.personal
        else NOBODYS,
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


class OrganizationShape(TypedDict):
    """An organization; `role` is the caller's (`guest`: a role in one of its spaces only)."""

    id: str
    handle: str
    name: str
    token: str
    personal: bool
    role: Belonging | None
    created_at: str
    updated_at: str


def organization(caller: Actor, fact: Organization) -> OrganizationShape:
    return {
        "id": fact.id,
        "handle": fact.handle,
        "name": fact.name,
        "token": fact.token,
        "personal": fact.personal_of is not None,
        "role": fact.belonging(caller),
        "created_at": rfc3339(fact.created_at),
        "updated_at": rfc3339(fact.updated_at),
    }


class KeyShape(TypedDict):
    """A key without its secret."""

    id: str
    name: str
    prefix: str
    last4: str
    scopes: list[str]
    spaces: list[str] | None
    networks: list[str] | None
    created_at: str
    expires_at: str | None
    last_used_at: str | None
    last_used_address: str | None
    last_used_dialect: str | None
    organization: str | None
    successor_id: str | None
    grace_until: str | None


class NewKeyShape(KeyShape):
    """A key just made: `key` is the secret, shown here only."""

    key: str


def key(fact: Credential) -> KeyShape:
    return {
        "id": fact.id,
        "name": fact.name,
        "prefix": fact.prefix,
        "last4": fact.last4,
        "scopes": fact.scopes.split(),
        "spaces": None if fact.spaces is None else msgspec.json.decode(fact.spaces, type=list[str]),
        "networks": None if fact.networks is None else msgspec.json.decode(fact.networks, type=list[str]),
        "created_at": rfc3339(fact.created_at),
        "expires_at": time(fact.expires_at),
        "last_used_at": time(fact.last_used_at),
        "last_used_address": fact.last_used_address,
        "last_used_dialect": fact.last_used_dialect,
        "organization": fact.organization,
        "successor_id": fact.successor_id,
        "grace_until": time(fact.grace_until),
    }


class MemberPerson(TypedDict):
    id: str
    username: str
    email: str | None


class MemberShape(TypedDict):
    """Somebody who belongs to a space or organization; the e-mail address is for admins alone."""

    user: MemberPerson
    role: Role | OrganizationRole
    state: Literal["active", "invited"]
    since: str


def member(fact: Member | OrganizationMember, *, with_email: bool) -> MemberShape:
    return {
        "user": {
            "id": fact.person_id,
            "username": fact.username,
            "email": mailable(fact.email) if with_email else None,
        },
        "role": fact.role,
        "state": fact.state,
        "since": rfc3339(fact.since),
    }


class InvitationShape(TypedDict):
    """An invitation; `accepted` from the start for somebody who has an account."""

    id: str
    email: str
    user_id: str
    role: Role | OrganizationRole
    state: Literal["open", "accepted", "revoked"]
    created_at: str
    expires_at: str
    sent_at: str


def invitation(fact: Invitation) -> InvitationShape:
    return {
        "id": fact.id,
        "email": fact.email,
        "user_id": fact.person_id,
        "role": fact.role,
        "state": fact.state,
        "created_at": rfc3339(fact.created_at),
        "expires_at": rfc3339(fact.expires_at),
        "sent_at": rfc3339(fact.sent_at),
    }


class AcceptedShape(TypedDict):
    """Whose account was claimed, and to what the invitation was."""

    user: PersonName
    invitation: InvitationShape
    space_id: str | None


def accepted(fact: Accepted) -> AcceptedShape:
    return {
        "user": {"id": fact.person.id, "username": fact.person.username},
        "invitation": invitation(fact.invitation),
        "space_id": fact.invitation.space_id,
    }


def time(at: int | None) -> str | None:
    return None if at is None else rfc3339(at)
