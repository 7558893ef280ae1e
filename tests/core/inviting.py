"""What the tests of invitations do again and again, as every dialect does it."""

from typing import Any

import msgspec

from courtyard.core import organizations, spaces
from courtyard.core.access.roles import Permission
from courtyard.core.actor import Actor
from courtyard.core.identity import people
from courtyard.core.membership import invitations, members
from courtyard.core.membership.invitations import Accepted, Invited
from courtyard.core.membership.model import Invitation
from courtyard.core.organizations import Organization
from courtyard.core.paging import Page
from courtyard.core.spaces import Space
from tests.world import ANYBODY, World

NEW = "New.Person@example.com"


async def invite(
    world: World, who: str, place: Space | Organization, email: str, role: str = "viewer", **more: int
) -> Invited:
    actor = await world.actor(who)
    async with world.database.write() as tx:
        found = (
            await spaces.find(tx, actor, place.id, Permission.MANAGE)
            if isinstance(place, Space)
            else await organizations.find(tx, actor, place.handle, "admin")
        )
        return await invitations.invite(tx, actor, found, email, role, **more)


async def mint(world: World, invitation: Invitation) -> str | None:
    """What the sender of mails does."""
    async with world.database.write() as tx:
        return await invitations.mint(tx, invitation.id)


async def token_of(world: World, invited: Invited) -> str:
    token = await mint(world, invited.invitation)
    assert token is not None
    return token


async def accept(world: World, token: str, actor: Actor = ANYBODY, **more: Any) -> Accepted:
    async with world.database.write() as tx:
        return await invitations.accept(tx, actor, token, **more)


async def revoke(world: World, who: str, space: Space, invitation: Invitation) -> None:
    actor = await world.actor(who)
    async with world.database.write() as tx:
        found = await invitations.find(tx, await spaces.find(tx, actor, space.id, Permission.MANAGE), invitation.id)
        await invitations.revoke(tx, actor, found)


async def resend(world: World, who: str, invitation: Invitation) -> Invitation:
    actor = await world.actor(who)
    async with world.database.write() as tx:
        return await invitations.resend(tx, actor, invitation)


async def belonging(world: World, space: Space) -> dict[str, tuple[str, str]]:
    async with world.database.read() as tx:
        listed = await members.page(tx, space, Page(100))
    return {member.username: (member.role, member.state) for member in listed.items}


async def open_ones(world: World, space: Space) -> list[str]:
    async with world.database.read() as tx:
        return [one.email for one in (await invitations.page(tx, space, Page(100))).items]


async def mails(world: World) -> list[tuple[str, str, Any]]:
    async with world.database.read() as tx:
        rows: list[Any] = await tx.all(tuple, "select kind, recipient, payload from mail order by number")
    return [(kind, recipient, msgspec.json.decode(payload)) for kind, recipient, payload in rows]


async def state(world: World, person_id: str) -> str:
    async with world.database.read() as tx:
        return (await people.find(tx, person_id)).state


async def age(world: World, invitation: Invitation, by: int) -> Invitation:
    """Let time pass for an invitation."""
    async with world.database.write() as tx:
        await tx.run(
            "update invitation set created_at = created_at - :by, sent_at = sent_at - :by, expires_at = expires_at - :by"
            " where id = :id",
            by=by,
            id=invitation.id,
        )
    return invitation
