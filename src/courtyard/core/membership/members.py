"""Members of a space. It always has exactly one owner, who changes by `spaces.transfer` alone."""

from typing import LiteralString

from courtyard.core import events
from courtyard.core.access.roles import Permission, Role
from courtyard.core.actor import Actor
from courtyard.core.errors import Conflict, Invalid, NotFound
from courtyard.core.membership import holds
from courtyard.core.membership.model import END, LastOwner, Member, bound
from courtyard.core.paging import Page, Slice, cut
from courtyard.core.spaces import Space
from courtyard.storage.database import Read, Write

ROLES: tuple[Role, ...] = ("viewer", "editor", "admin")
"""The roles that can be given here."""


class OwnerStays(Conflict):
    """The owner's role does not change. Transfer the space first."""


_SEEN: LiteralString = (
    "select m.person_id, p.username, p.email, case when p.unclaimed = 1 then 'invited' else 'active' end as state,"
    " m.created_at as since, m.role from member m join person p on p.id = m.person_id where m.space_id = :space"
)
_ONE: LiteralString = _SEEN + " and m.person_id = :person"
_NEWEST: LiteralString = (
    _SEEN + " and (m.created_at, m.person_id) < (:at, :person)"
    " order by m.created_at desc, m.person_id desc limit :limit"
)
_GUESTS: LiteralString = (
    _SEEN + " and m.role <> 'owner' and (m.created_at, m.person_id) > (:at, :person)"
    " order by m.created_at, m.person_id limit :limit"
)


async def page(tx: Read, space: Space, page: Page) -> Slice[Member]:
    """Members of a space found with JOIN, those who joined last first; `after` is the `position` of one."""
    at, person = bound(page, (END, ""))
    return cut(
        await tx.all(Member, _NEWEST, space=space.id, at=at, person=person, limit=page.limit + 1),
        page.limit,
    )


async def guests(tx: Read, space: Space, page: Page) -> Slice[Member]:
    """All members but the owner, in the order of joining; `after` is the `position` of one."""
    at, person = bound(page, (0, ""))
    return cut(
        await tx.all(Member, _GUESTS, space=space.id, at=at, person=person, limit=page.limit + 1),
        page.limit,
    )


async def find(tx: Read, space: Space, person_id: str) -> Member:
    """One member of a space found with JOIN. Raises NotFound."""
    member = await tx.one(Member, _ONE, space=space.id, person=person_id)
    if member is None:
        raise NotFound
    return member


async def set_role(tx: Write, actor: Actor, space: Space, person_id: str, role: str) -> Member:
    """Give a member another role than owner. Takes a space found with MANAGE.

    Raises Invalid for another word, NotFound, OwnerStays.
    """
    if role not in ROLES:
        raise Invalid("role", f"One of: {', '.join(ROLES)}.", code="choice")
    await holds.space(tx, actor, space, Permission.MANAGE)
    old = await find(tx, space, person_id)
    if old.role == "owner":
        raise OwnerStays
    if old.role != role:
        values = {"role": role, "space": space.id, "person": person_id}
        await tx.run("update member set role = :role where space_id = :space and person_id = :person", **values)
        await tx.run(
            "update invitation set role = :role where space_id = :space and person_id = :person and state = 'open'",
            **values,
        )
        await events.record(
            tx, actor, "member.role_set", space_id=space.id, object_id=person_id, role=role, old_role=old.role
        )
    return await find(tx, space, person_id)


async def remove(tx: Write, actor: Actor, space: Space, person_id: str) -> Member:
    """End a membership, one's own too; the member that was. Takes a space found with JOIN.

    An open invitation of that person to the space ends with it. Raises Forbidden for others than admins, NotFound,
    LastOwner.
    """
    leaving = person_id == actor.person_id
    actor.needs("write")
    await holds.space(tx, actor, space, Permission.JOIN if leaving else Permission.MANAGE)
    member = await find(tx, space, person_id)
    if member.role == "owner":
        raise LastOwner
    await tx.run("delete from member where space_id = :space and person_id = :person", space=space.id, person=person_id)
    await tx.run(
        "update invitation set state = 'revoked', token_hash = null where space_id = :space and person_id = :person"
        " and state = 'open'",
        space=space.id,
        person=person_id,
    )
    await events.record(
        tx, actor, "member.left" if leaving else "member.removed", space_id=space.id, object_id=person_id
    )
    return member
