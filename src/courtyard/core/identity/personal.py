"""The row of an organization, and the personal one with which every person is born."""

from courtyard.core import clock, ids, text
from courtyard.core.identity import names
from courtyard.storage.database import Write


async def found(tx: Write, name: str, handle: str, owner: str, *, personal: bool = False) -> str | None:
    """Store an organization with its first owner; its id, or None when the handle is taken."""
    organization_id, now = ids.new(), clock.now()
    await names.hold(tx, "handle", handle)
    made = await tx.run(
        "insert into organization (id, handle, token, name, personal_of, created_at, updated_at)"
        " values (:id, :handle, :token, :name, :personal_of, :now, :now) on conflict (handle) do nothing",
        id=organization_id,
        handle=handle,
        token=ids.code(20, ids.UPPER),
        name=name,
        personal_of=owner if personal else None,
        now=now,
    )
    if not made:
        return None
    await tx.run(
        "insert into organization_member (organization_id, person_id, role, created_at)"
        " values (:id, :person, 'owner', :now)",
        id=organization_id,
        person=owner,
        now=now,
    )
    return organization_id


async def found_personal(tx: Write, person_id: str, username: str) -> None:
    """The organization in which a person's spaces live unless they say otherwise."""
    plain = text.slug(username, "person")
    handle = plain if plain not in text.RESERVED else f"{plain}-{ids.code(6, ids.LOWER)}"
    while await found(tx, username, handle, person_id, personal=True) is None:
        handle = f"{plain}-{ids.code(6, ids.LOWER)}"
