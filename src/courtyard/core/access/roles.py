"""Who may see and do what: the whole table on one page.

| | stranger, public space | viewer | editor | admin | owner |
|---|---|---|---|---|---|
| LOOK: the space and its background | yes, anonymous too | yes | yes | yes | yes |
| READ: its artifacts | with any credential | yes | yes | yes | yes |
| JOIN: threads, customers, members, jobs | | yes | yes | yes | yes |
| REVIEW: see the trash | | | yes | yes | yes |
| OVERSEE: see invitations, and the addresses of members | | | | yes | yes |
| WRITE: artifacts, threads, customers, background | | | yes | yes | yes |
| MANAGE: change the space, its members and invitations | | | | yes | yes |
| OWN: delete, transfer | | | | | yes |

Where a role comes from: membership; `viewer` for every member of the organization of a `shared` space; `admin` for
the owners and admins of its organization; `owner` for a platform administrator, everywhere. The strongest counts.
"""

from enum import Enum
from typing import Literal, LiteralString, Protocol

from courtyard.core.actor import Actor, Scope
from courtyard.core.errors import Forbidden, NotFound, Unauthenticated

Role = Literal["viewer", "editor", "admin", "owner"]
OrganizationRole = Literal["member", "admin", "owner"]
Visibility = Literal["private", "shared", "public"]

ROLES: tuple[Role, ...] = ("viewer", "editor", "admin", "owner")
RANK: dict[str | None, int] = {None: 0, "viewer": 1, "editor": 2, "admin": 3, "owner": 4}


class Permission(Enum):
    """What somebody wants to do: the weakest role that may, and the scope that the credential needs."""

    LOOK = ("viewer", "read", 1)
    READ = ("viewer", "read", 2)
    JOIN = ("viewer", "read", 3)
    REVIEW = ("editor", "read", 4)
    OVERSEE = ("admin", "read", 5)
    WRITE = ("editor", "write", 6)
    MANAGE = ("admin", "write", 7)
    OWN = ("owner", "write", 8)

    def __init__(self, role: Role, scope: Scope, _order: int) -> None:
        self.role = role
        self.rank = RANK[role]
        self.scope: Scope = scope


class Standing(Protocol):
    """What is known of a space and of the person who asks."""

    @property
    def id(self) -> str: ...
    @property
    def visibility(self) -> Visibility: ...
    @property
    def member_role(self) -> Role | None: ...
    @property
    def organization_role(self) -> OrganizationRole | None: ...


def own_role(space: Standing) -> Role | None:
    """The caller's role by membership and organization; None for a stranger."""
    if space.organization_role in ("owner", "admin"):
        return "owner" if space.member_role == "owner" else "admin"
    if space.member_role is None and space.organization_role and space.visibility == "shared":
        return "viewer"
    return space.member_role


def role(actor: Actor, space: Standing) -> Role | None:
    """The role in which the caller acts here."""
    return "owner" if actor.administrator else own_role(space)


def require(actor: Actor, space: Standing, permission: Permission) -> None:
    """Refuse what the table does not allow.

    Raises NotFound for whoever may not see the space (Unauthenticated without a credential, known or not), Forbidden
    for whoever sees it and may not do that.
    """
    if actor.spaces is not None and space.id not in actor.spaces:
        raise NotFound
    own = own_role(space)
    if RANK[own] >= permission.rank:
        return actor.needs(permission.scope)
    if actor.administrator:
        actor.privileged.append((permission.name.lower(), space.id))
        return actor.needs(permission.scope)
    if own is None:
        _require_of_stranger(actor, space, permission)
    else:
        raise Forbidden
    return None


def _require_of_stranger(actor: Actor, space: Standing, permission: Permission) -> None:
    public = space.visibility == "public"
    if public and permission is Permission.LOOK:
        return
    if actor.anonymous:
        raise Unauthenticated
    if not public:
        raise NotFound
    if permission is not Permission.READ:
        raise Forbidden


# The same table for lists. Needs the aliases s (space), m (the caller's member row), g (the caller's organization row).
HAS_ROLE: LiteralString = (
    "(m.role is not null or g.role in ('owner', 'admin') or (g.role is not null and s.visibility = 'shared'))"
)
READABLE: LiteralString = "(s.visibility = 'public' or " + HAS_ROLE + ")"
