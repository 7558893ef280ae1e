"""Roles that an outside provider decides about: given and taken at each sign-in, in the organizations named for it alone."""

from collections.abc import Iterable, Mapping

from courtyard.core import clock, events, organizations
from courtyard.core.actor import RANK, Actor, Origin
from courtyard.core.identity.people import Person
from courtyard.core.membership import holds, organization_members
from courtyard.core.membership.model import LastOwner
from courtyard.core.organizations import Organization
from courtyard.storage.database import Write


async def settle(
    tx: Write, origin: Origin, person: Person, managed: Iterable[str], wanted: Mapping[str, str]
) -> list[str]:
    """Give a person the `wanted` roles (handle to role), and none in the other `managed` organizations.

    An organization never loses its last owner to this; a personal one, and one that does not exist, is left alone:
    their handles come back, for whoever minds the settings.
    """
    # For the whole installation, as its settings say: nobody here is an admin of those organizations.
    actor = Actor(origin, reach=RANK["admin"], administrator=True)
    strange: list[str] = []
    for handle in sorted(managed):
        found = await organizations.seek(tx, actor, handle)
        if found is None or found.personal_of is not None:
            strange.append(handle)
            continue
        await holds.organization_row(tx, found.id)
        await _one(tx, actor, found, person, wanted.get(handle))
    return strange


async def _one(tx: Write, actor: Actor, organization: Organization, person: Person, role: str | None) -> None:
    held = await tx.one(
        str,
        "select role from organization_member where organization_id = :organization and person_id = :person",
        organization=organization.id,
        person=person.id,
    )
    if role == held:
        return
    try:
        if held is None:
            await _join(tx, actor, organization, person, role or "")
        elif role is None:
            await organization_members.remove(tx, actor, organization, person.id)
        else:
            await organization_members.set_role(tx, actor, organization, person.id, role)
    except LastOwner:
        await events.record(
            tx,
            actor,
            "organization_member.kept",
            object_id=person.id,
            result="refused",
            organization_id=organization.id,
            reason="last owner",
        )


async def _join(tx: Write, actor: Actor, organization: Organization, person: Person, role: str) -> None:
    organization_members.known(role)
    await tx.run(
        "insert into organization_member (organization_id, person_id, role, created_at)"
        " values (:organization, :person, :role, :now) on conflict (organization_id, person_id) do nothing",
        organization=organization.id,
        person=person.id,
        role=role,
        now=clock.now(),
    )
    await events.record(
        tx, actor, "organization_member.added", object_id=person.id, organization_id=organization.id, role=role
    )
