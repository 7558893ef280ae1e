"""Organizations: to whom spaces belong. Everybody has a personal one."""

from typing import Literal, LiteralString

import msgspec

from courtyard.core import clock, events, ids, text
from courtyard.core.access.roles import OrganizationRole
from courtyard.core.actor import Actor
from courtyard.core.errors import Conflict, Forbidden, Invalid, NotFound
from courtyard.core.identity import names, people, personal
from courtyard.core.paging import LAST, Page, Slice, cut
from courtyard.storage.database import Pair, Read, Write

Belonging = Literal["owner", "admin", "member", "guest"]


class HandleTaken(Conflict):
    """This handle is taken."""


class NotEmpty(Conflict):
    """The organization still has spaces."""


class Personal(Conflict):
    """A personal organization belongs to its person alone."""


class Organization(msgspec.Struct, frozen=True):
    """An organization as one caller meets it: `role` is None for a stranger, `guest` counts roles in its spaces."""

    number: int
    id: str
    handle: str
    token: str
    name: str
    personal_of: str | None
    created_at: int
    updated_at: int
    role: OrganizationRole | None
    guest: int

    def belonging(self, actor: Actor) -> Belonging | None:
        """In which capacity the caller belongs here; None for a stranger."""
        return self.role or ("guest" if self.guest else "owner" if actor.administrator else None)


# Whoever has a role here is no guest, and PostgreSQL would join all spaces of the two to find that out.
_SEEN: LiteralString = (
    "select o.number, o.id, o.handle, o.token, o.name, o.personal_of, o.created_at, o.updated_at, g.role,"
    " case when g.role is not null then 0 when exists (select 1 from member m join space s on s.id = m.space_id"
    " where m.person_id = :person and s.organization_id = o.id) then 1 else 0 end as guest"
    " from organization o left join organization_member g on g.organization_id = o.id and g.person_id = :person"
)
_BY_HANDLE: LiteralString = _SEEN + " where o.handle = :handle"
_BY_ID: LiteralString = _SEEN + " where o.id = :id"
_PERSONAL: LiteralString = _SEEN + " where o.personal_of = :person"
# Who serves an organization has no other.
_SERVED: LiteralString = _SEEN + " where g.role is not null limit 1"
_OF_PERSON: LiteralString = (
    " where o.id in (select w.organization_id from organization_member w where w.person_id = :person"
    " union select s.organization_id from member m join space s on s.id = m.space_id where m.person_id = :person)"
)
_MINE: LiteralString = _SEEN + _OF_PERSON + " and o.id < :past order by o.id desc limit :limit"
_ALONE: LiteralString = "select id from organization where id = :id"
# Spaces that are being made in it hold it until they are there, and those that come later find it gone.
_ENDING = Pair(sqlite=_ALONE, postgres=_ALONE + " for update")
_EVERY: LiteralString = _SEEN + " where o.id < :past order by o.id desc limit :limit"
_COUNT: LiteralString = "select count(*) from organization o"
_RANKED: LiteralString = "select o.id from organization o"
_SKIP: LiteralString = " order by o.id desc limit 1 offset :skipped"
RANK: dict[str | None, int] = {None: 0, "guest": 1, "member": 2, "admin": 3, "owner": 4}


async def seek(tx: Read, actor: Actor, handle: str) -> Organization | None:
    """The organization of that handle, without regard to case, whoever asks; None if there is none."""
    return await tx.one(Organization, _BY_HANDLE, handle=text.fold(handle), person=actor.person_id)


async def enter(tx: Read, actor: Actor, handle: str) -> Organization:
    """The organization, for whoever belongs to it in any capacity. Raises NotFound when there is none, else Forbidden."""
    actor.needs("read")
    organization = await seek(tx, actor, handle)
    if organization is None:
        raise NotFound
    if organization.belonging(actor) is None:
        raise Forbidden
    if actor.administrator and organization.role not in ("owner", "admin"):
        actor.privileged.append(("enter organization", organization.id))
    return organization


async def find(tx: Read, actor: Actor, handle: str, needed: Belonging) -> Organization:
    """The organization, for one who belongs to it at least as `needed`. Raises NotFound, Forbidden."""
    actor.needs("read" if needed in ("guest", "member") else "write")
    return _admit(actor, await seek(tx, actor, handle), needed)


async def find_again(tx: Read, actor: Actor, organization: Organization, needed: Belonging) -> Organization:
    """Like `find`, for one that was found before and may have changed. Raises NotFound, Forbidden."""
    return _admit(actor, await tx.one(Organization, _BY_ID, id=organization.id, person=actor.person_id), needed)


def _admit(actor: Actor, organization: Organization | None, needed: Belonging) -> Organization:
    if organization is None or organization.belonging(actor) is None:
        raise NotFound
    if needed in ("admin", "owner"):
        actor.in_person()
    if RANK[organization.role or ("guest" if organization.guest else None)] >= RANK[needed]:
        return organization
    if not actor.administrator:
        raise Forbidden
    actor.privileged.append((f"organization as {needed}", organization.id))
    return organization


async def home(tx: Read, actor: Actor, handle: str | None) -> Organization:
    """Where a new space of the caller goes: the named organization, or the personal one (of a service key: its own).

    Raises Invalid, alike for an unknown handle and for an organization that is not the caller's.
    """
    actor.needs("write")
    if handle is None:
        own = _PERSONAL if actor.organization_id is None else _SERVED
        organization = await tx.one(Organization, own, person=actor.person_id)
    else:
        organization = await seek(tx, actor, handle)
    if organization is None or (organization.role is None and not actor.administrator):
        raise Invalid("organization", "There is no such organization, or it is not yours.", code="unknown")
    return organization


async def page(tx: Read, actor: Actor, page: Page, *, mine: bool = False) -> Slice[Organization]:
    """Those the caller belongs to, newest first; a platform administrator's are all, or with `mine` as anybody's."""
    actor.needs("read")
    every = actor.administrator and not mine
    if every:
        actor.privileged.append(("list organizations", ""))
    rows = await tx.all(
        Organization,
        _EVERY if every else _MINE,
        person=actor.person_id,
        past=page.after or LAST,
        limit=page.limit + 1,
    )
    return cut(rows, page.limit)


async def count(tx: Read, actor: Actor) -> int:
    """How many organizations `page` leads through."""
    if actor.administrator:
        return await tx.one(int, _COUNT) or 0
    return await tx.one(int, _COUNT + _OF_PERSON, person=actor.person_id) or 0


async def ranked(tx: Read, actor: Actor, rank: int) -> str | None:
    """The id of the organization at that rank (from 1) in `page`, for `Page.after`; None beyond its end."""
    if actor.administrator:
        return await tx.one(str, _RANKED + _SKIP, skipped=rank - 1)
    return await tx.one(str, _RANKED + _OF_PERSON + _SKIP, person=actor.person_id, skipped=rank - 1)


async def create(tx: Write, actor: Actor, name: str, handle: str | None = None) -> Organization:
    """Make an organization that the caller owns. Raises Invalid, HandleTaken."""
    actor.needs("write")
    actor.in_person()
    name = text.name("name", name)
    if handle is None:
        handle = f"{text.slug(name, 'organization')}-{ids.code(6, ids.LOWER)}"
    organization_id = await personal.found(tx, name, text.handle("handle", handle), actor.person_id)
    if organization_id is None:
        raise HandleTaken
    await events.record(tx, actor, "organization.created", object_id=organization_id)
    return await _again(tx, actor, organization_id)


async def change(
    tx: Write, actor: Actor, organization: Organization, *, name: str | None = None, handle: str | None = None
) -> Organization:
    """Rename an organization found as admin; None leaves a thing as it is. Raises Invalid, HandleTaken."""
    if name is None and handle is None:
        return organization
    new_name = organization.name if name is None else text.name("name", name)
    new_handle = organization.handle if handle is None else text.handle("handle", handle)
    await names.hold(tx, "handle", new_handle)
    changed = await tx.run(
        "update organization set name = :name, handle = :handle, updated_at = :now where id = :id"
        " and not exists (select 1 from organization x where x.handle = :handle and x.id <> :id)",
        name=new_name,
        handle=new_handle,
        now=max(clock.now(), organization.updated_at + 1),
        id=organization.id,
    )
    if not changed:
        raise HandleTaken
    await events.record(tx, actor, "organization.updated", object_id=organization.id)
    return await _again(tx, actor, organization.id)


async def remove(tx: Write, actor: Actor, organization: Organization) -> None:
    """End an organization found as owner. Raises NotEmpty while it has spaces, Personal."""
    if organization.personal_of:
        raise Personal
    await tx.one(str, _ENDING, id=organization.id)
    gone = await tx.run(
        "delete from organization where id = :id and not exists (select 1 from space where organization_id = :id)",
        id=organization.id,
    )
    if not gone:
        raise NotEmpty
    await people.end_service(tx, organization.id)
    await events.record(tx, actor, "organization.deleted", object_id=organization.id, name=organization.name)


async def _again(tx: Read, actor: Actor, organization_id: str) -> Organization:
    organization = await tx.one(Organization, _BY_ID, id=organization_id, person=actor.person_id)
    if organization is None:
        raise NotFound
    return organization
