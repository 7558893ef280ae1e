"""Service keys: keys of an organization. They outlive whoever made them.

Each organization that has some has a member with the role of an admin in whose name they act, so that they are admins in
all of its spaces by the same table as people, appear among its members, and end to open anything when that member is
removed. What a key of an organization makes is owned by that member.
"""

from courtyard.core import clock, organizations
from courtyard.core.actor import Actor
from courtyard.core.errors import Invalid, NotFound
from courtyard.core.identity import credentials, people
from courtyard.core.identity.credentials import COLUMNS, LIVE, Credential, NewKey
from courtyard.core.membership import holds
from courtyard.core.organizations import Personal
from courtyard.core.paging import LAST, Page, Slice, cut
from courtyard.storage.database import Read, Write


async def create(tx: Write, actor: Actor, handle: str, new: NewKey) -> tuple[Credential, str]:
    """Make a key for an organization that the caller administers; the secret is shown here only.

    Raises Invalid for an organization that is unknown or not the caller's, Forbidden, Personal; else as
    `credentials.create`.
    """
    actor.needs("admin")
    try:
        organization = await organizations.find(tx, actor, handle, "admin")
    except NotFound:
        raise Invalid("organization", "There is no such organization, or it is not yours.", code="unknown") from None
    organization = await holds.organization(tx, actor, organization, "admin")
    if organization.personal_of is not None:
        raise Personal
    person_id = await people.serving(tx, actor, organization.id, organization.handle)
    await tx.run(
        "insert into organization_member (organization_id, person_id, role, created_at)"
        " values (:organization, :person, 'admin', :now) on conflict (organization_id, person_id) do nothing",
        organization=organization.id,
        person=person_id,
        now=clock.now(),
    )
    return await credentials.create_for(tx, actor, new, person_id, organization.id)


async def page(tx: Read, actor: Actor, handle: str, page: Page) -> Slice[Credential]:
    """The keys of an organization that the caller administers, newest first. Raises NotFound, Forbidden."""
    actor.needs("admin")
    organization = await organizations.find(tx, actor, handle, "admin")
    rows = await tx.all(
        Credential,
        COLUMNS + " where organization_id = :organization and id < :past" + LIVE + " order by id desc limit :limit",
        organization=organization.id,
        past=page.after or LAST,
        now=clock.now(),
        limit=page.limit + 1,
    )
    return cut(rows, page.limit)
