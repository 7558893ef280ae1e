"""How v1 shows a person to themselves, and the bodies by which they change what they are known by."""

from typing_extensions import TypedDict

from courtyard.core.actor import RANK, SCOPES, Actor
from courtyard.core.clock import rfc3339
from courtyard.core.identity import mailed, people, second
from courtyard.core.identity.sessions import RECENT, Session
from courtyard.dialects.v1.models import Body
from courtyard.web.suppliers import Looking


class MeShape(TypedDict):
    """The person behind the credential, and what the credential may do.

    `pending_email`, `has_password` and `second_factor` are null for a credential without the scope `admin`, or that is not the person's
    own whole one.
    """

    id: str
    username: str
    email: str | None
    email_verified: bool
    pending_email: str | None
    phone: str | None
    has_password: bool | None
    second_factor: bool | None
    administrator: bool
    scopes: list[str]
    created_at: str


async def me(tx: Looking, caller: Actor) -> MeShape:
    """The caller, as they may see themselves by this credential."""
    fact = await people.find(tx, caller.person_id)
    whole = caller.reach >= RANK["admin"] and caller.spaces is None and caller.organization_id is None
    return {
        "id": fact.id,
        "username": fact.username,
        "email": people.mailable(fact.email),
        "email_verified": fact.email_verified_at is not None,
        "pending_email": await mailed.awaited(tx, fact.id) if whole else None,
        "phone": fact.phone,
        "has_password": fact.password_hash is not None if whole else None,
        "second_factor": (await second.ways(tx, fact.id)).needed if whole else None,
        "administrator": bool(fact.is_administrator),
        "scopes": [scope for scope in SCOPES if RANK[scope] <= caller.reach],
        "created_at": rfc3339(fact.created_at),
    }


class ConfirmedShape(TypedDict):
    """Until when this session may change who gets into the account."""

    confirmed_until: str


def confirmed(fact: Session) -> ConfirmedShape:
    return {"confirmed_until": rfc3339(fact.confirmed_at + RECENT)}


class MePatch(Body):
    """What is absent stays."""

    username: str = ""

    def asked(self) -> str | None:
        """The new username; None when it stays."""
        return self.username if self.model_fields_set else None


class PasswordChange(Body):
    """The new password; the current one, unless the session was confirmed within the last ten minutes."""

    new_password: str
    current_password: str | None = None


class EmailChange(Body):
    """The address to have; the password, unless the session was confirmed within the last ten minutes."""

    email: str
    password: str | None = None
