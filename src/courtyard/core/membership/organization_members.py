"""Members of an organization. It always has at least one owner."""

from typing import LiteralString

from courtyard.core import events
from courtyard.core.access.roles import OrganizationRole
from courtyard.core.actor import Actor
from courtyard.core.errors import Conflict, Forbidden, Invalid, NotFound
from courtyard.core.identity import credentials, people, sessions
from courtyard.core.membership import holds
from courtyard.core.membership.model import END, LastOwner, OrganizationMember, bound
from courtyard.core.organizations import Organization
from courtyard.core.paging import Page, Slice, cut
from courtyard.storage.database import Read, Write


class NoPerson(Conflict):
    """This member stands for the keys of the organization. It cannot be an owner."""


ROLES: tuple[OrganizationRole, ...] = ("member", "admin", "owner")

_SEEN: LiteralString = (
    "select m.person_id, p.username, p.email, case when p.unclaimed = 1 then 'invited' else 'active' end as state,"
    " m.created_at as since, m.role from organization_member m join person p on p.id = m.person_id"
    " where m.organization_id = :organization"
)
_ONE: LiteralString = _SEEN + " and m.person_id = :person"
_NEWEST: LiteralString = (
    _SEEN + " and (m.created_at, m.person_id) < (:at, :person)"
    " order by m.created_at desc, m.person_id desc limit :limit"
)


async def page(tx: Read, organization: Organization, page: Page) -> Slice[OrganizationMember]:
    """Members of an organization found as member, those who joined last first; `after` is the `position` of one."""
    at, person = bound(page, (END, ""))
    rows = await tx.all(
        OrganizationMember, _NEWEST, organization=organization.id, at=at, person=person, limit=page.limit + 1
    )
    return cut(rows, page.limit)


async def find(tx: Read, organization: Organization, person_id: str) -> OrganizationMember:
    """One member of an organization found as member. Raises NotFound."""
    member = await tx.one(OrganizationMember, _ONE, organization=organization.id, person=person_id)
    if member is None:
        raise NotFound
    return member


async def set_role(
    tx: Write, actor: Actor, organization: Organization, person_id: str, role: str
) -> OrganizationMember:
    """Give a member another role. Takes an organization found as admin.

    Raises Invalid for another word, NotFound, Forbidden where an owner is made or unmade by somebody else than an owner,
    LastOwner, NoPerson.
    """
    known(role)
    organization = await holds.organization(tx, actor, organization, "admin")
    old = await find(tx, organization, person_id)
    if old.role == role:
        return old
    if role == "owner" and people.mailable(old.email) is None:
        raise NoPerson
    if "owner" in (old.role, role):
        as_owner(actor, organization)
        await sessions.require_recent_of_session(tx, actor)
    if old.role == "owner":
        await _another_owner(tx, organization, person_id)
    values = {"role": role, "organization": organization.id, "person": person_id}
    await tx.run(
        "update organization_member set role = :role where organization_id = :organization and person_id = :person",
        **values,
    )
    await tx.run(
        "update invitation set role = :role where organization_id = :organization and person_id = :person"
        " and state = 'open'",
        **values,
    )
    await events.record(
        tx, actor, "organization_member.role_set", object_id=person_id, organization_id=organization.id, role=role
    )
    return await find(tx, organization, person_id)


async def remove(tx: Write, actor: Actor, organization: Organization, person_id: str) -> OrganizationMember:
    """End a membership, one's own too; the member that was. Takes an organization found as member.

    An open invitation of that person ends with it. Raises Forbidden for others than admins, and for an owner's removal
    by others than owners; NotFound, LastOwner.
    """
    leaving = person_id == actor.person_id
    actor.needs("write")
    actor.everywhere()
    organization = await holds.organization(tx, actor, organization, "member" if leaving else "admin")
    member = await find(tx, organization, person_id)
    if member.role == "owner":
        as_owner(actor, organization)
        await sessions.require_recent_of_session(tx, actor)
        await _another_owner(tx, organization, person_id)
    await tx.run(
        "delete from organization_member where organization_id = :organization and person_id = :person",
        organization=organization.id,
        person=person_id,
    )
    await tx.run(
        "update invitation set state = 'revoked', token_hash = null where organization_id = :organization"
        " and person_id = :person and state = 'open'",
        organization=organization.id,
        person=person_id,
    )
    action = "organization_member.left" if leaving else "organization_member.removed"
    await credentials.end_service(tx, organization.id, person_id)
    await events.record(tx, actor, action, object_id=person_id, organization_id=organization.id)
    return member


def known(role: str) -> None:
    """Refuse a word that is no role here. Raises Invalid."""
    if role not in ROLES:
        raise Invalid("role", f"One of: {', '.join(ROLES)}.", code="choice")


def as_owner(actor: Actor, organization: Organization) -> None:
    """Only owners make and unmake owners. Raises Forbidden."""
    if organization.role == "owner":
        return
    if not actor.administrator:
        raise Forbidden("Only an owner can do this.")
    actor.privileged.append(("organization as owner", organization.id))


async def _another_owner(tx: Read, organization: Organization, person_id: str) -> None:
    """Who has not claimed the account yet, or lost it, does not count: they could not let anybody in."""
    other = await tx.one(
        int,
        "select 1 from organization_member m join person p on p.id = m.person_id"
        " where m.organization_id = :organization and m.role = 'owner' and m.person_id <> :person and p.state = 'active'",
        organization=organization.id,
        person=person_id,
    )
    if other is None:
        raise LastOwner
