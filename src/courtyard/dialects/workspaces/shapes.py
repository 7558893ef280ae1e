"""The wire shapes of workspaces: plain functions from a core fact to what its document prints."""

from typing import Literal

from typing_extensions import TypedDict

from courtyard.core.access.roles import Role, own_role, role
from courtyard.core.actor import Actor
from courtyard.core.clock import rfc3339
from courtyard.core.identity.people import Person, mailable
from courtyard.core.membership.model import Member
from courtyard.core.spaces import Space

Type = Literal["private", "public"]


class WorkspaceShape(TypedDict):
    """A workspace; `rol` is the caller's."""

    id: str
    name: str
    owner: str
    type: Type
    rol: Role


class SharedShape(WorkspaceShape):
    """A workspace that was shared with the caller, who is its `guest`."""

    guest: str


class PublicShape(TypedDict):
    """What everybody may know of a public workspace."""

    id: str
    name: str
    rol: Literal["viewer"]


class ListedShape(TypedDict):
    """A workspace among all there are."""

    id: str
    name: str
    owner: str
    type: Type
    created_at: str


class UserShape(TypedDict):
    uid: str
    email: str
    username: str


class DetailedShape(TypedDict):
    """A workspace with its owner, of whom strangers to a public one learn nothing."""

    id: str
    name: str
    owner: str | None
    type: Type
    rol: Role
    user: UserShape | None


class GuestShape(UserShape):
    """A guest and their role."""

    rol: Role


class AccountShape(TypedDict):
    """An account, as its owner sees it."""

    email: str
    username: str
    phone: str | None
    uid: str
    rol: Literal["admin", "client"]


def _type(fact: Space) -> Type:
    """What the protocol has no word for, shared with an organization, is not public."""
    return "public" if fact.visibility == "public" else "private"


def workspace(caller: Actor, fact: Space) -> WorkspaceShape:
    return {
        "id": fact.id,
        "name": fact.name,
        "owner": fact.owner_id,
        "type": _type(fact),
        "rol": role(caller, fact) or "viewer",
    }


def shared(caller: Actor, fact: Space) -> SharedShape:
    """As what it was shared: who administers the platform is a guest here as well."""
    return {**workspace(caller, fact), "rol": own_role(fact) or "viewer", "guest": caller.person_id}


def public(fact: Space) -> PublicShape:
    return {"id": fact.id, "name": fact.name, "rol": "viewer"}


def listed(fact: Space) -> ListedShape:
    return {
        "id": fact.id,
        "name": fact.name,
        "owner": fact.owner_id,
        "type": _type(fact),
        "created_at": rfc3339(fact.created_at),
    }


def detailed(caller: Actor, fact: Space) -> DetailedShape:
    """A stranger to a public workspace sees no owner."""
    acting = role(caller, fact)
    owner: UserShape = {
        "uid": fact.owner_id,
        "email": mailable(fact.owner_email) or "",
        "username": fact.owner_username,
    }
    return {
        "id": fact.id,
        "name": fact.name,
        "owner": fact.owner_id if acting else None,
        "type": _type(fact),
        "rol": acting or "viewer",
        "user": owner if acting else None,
    }


def guest(fact: Member) -> GuestShape:
    return {"uid": fact.person_id, "email": mailable(fact.email) or "", "username": fact.username, "rol": fact.role}


def account(fact: Person) -> AccountShape:
    return {
        "email": mailable(fact.email) or "",
        "username": fact.username,
        "phone": fact.phone,
        "uid": fact.id,
        "rol": "admin" if fact.is_administrator else "client",
    }
