"""Rotation: a new key in the place of an old one, both working until the grace is over."""

import msgspec
from msgspec import UNSET, UnsetType

from courtyard.core import clock, events
from courtyard.core.actor import SCOPES, Actor
from courtyard.core.errors import Conflict, Invalid
from courtyard.core.identity import credentials
from courtyard.core.identity.credentials import Credential, KeyOver, NewKey
from courtyard.storage.database import Write

GRACE = 24
"""So many hours both work unless its owner says otherwise."""
LONGEST = 168


class KeyReplaced(Conflict):
    """This key was rotated already. Rotate the one that took its place."""


async def rotate(
    tx: Write, actor: Actor, key: Credential, *, hours: int = GRACE, expires_at: int | UnsetType | None = UNSET
) -> tuple[Credential, str]:
    """Put a new key with the same rights in the place of an old one, which goes on working for so many `hours` (0-168).

    The new one expires when the old one would have, or at `expires_at` (milliseconds UTC). Raises Invalid, Forbidden for
    what is stronger than the caller's credential, KeyOver, KeyReplaced.
    """
    if not 0 <= hours <= LONGEST:
        raise Invalid("grace_hours", f"Between 0 and {LONGEST} hours.", code="range")
    now = clock.now()
    if key.expires_at is not None and key.expires_at <= now:
        raise KeyOver
    # The old one first: of two rotations at once, the second finds nothing to rotate.
    if not await tx.run(
        "update credential set successor_id = '' where id = :id and revoked_at is null and successor_id is null",
        id=key.id,
    ):
        raise KeyReplaced
    new = NewKey(
        name=key.name,
        scopes=[scope for scope in SCOPES if scope in key.scopes.split()],
        expires_at=key.expires_at if expires_at is UNSET else expires_at,
        spaces=_decoded(key.spaces),
        networks=_decoded(key.networks),
    )
    made, secret = await credentials.create_for(tx, actor, new, key.person_id, key.organization_id)
    usual = now + hours * clock.HOUR
    until = usual if key.expires_at is None else min(usual, key.expires_at)
    # Its end is an expiry like any other, so no request has to look at more than that.
    await tx.run(
        "update credential set successor_id = :successor, grace_until = :until, expires_at = :until,"
        " revoked_at = :revoked where id = :id",
        successor=made.id,
        until=until,
        revoked=None if hours else now,
        id=key.id,
    )
    await events.record(tx, actor, "key.rotated", object_id=key.id, successor=made.id, grace_hours=hours)
    return made, secret


def _decoded(names: str | None) -> list[str] | None:
    return None if names is None else msgspec.json.decode(names, type=list[str])
