"""The lock under which belonging changes: the row of the space or organization, on both engines."""

from courtyard.core import organizations, spaces
from courtyard.core.access.roles import Permission
from courtyard.core.actor import Actor
from courtyard.core.organizations import Belonging, Organization
from courtyard.core.spaces import Space
from courtyard.storage.database import Write


async def space(tx: Write, actor: Actor, found: Space, permission: Permission) -> Space:
    """Let nobody else change its members while this transaction lasts, and ask at the door again.

    Whoever waited for the lock may have lost their role to the one who had it. Raises NotFound, Forbidden.
    """
    await space_row(tx, found.id)
    return await spaces.find(tx, actor, found.id, permission)


async def organization(tx: Write, actor: Actor, found: Organization, needed: Belonging) -> Organization:
    """The same for an organization. Raises NotFound, Forbidden."""
    await organization_row(tx, found.id)
    return await organizations.find_again(tx, actor, found, needed)


async def space_row(tx: Write, space_id: str) -> None:
    """The lock alone. The row keeps its time: who belongs to a space is no fact of the space that its readers see."""
    await tx.run("update space set updated_at = updated_at where id = :id", id=space_id)


async def organization_row(tx: Write, organization_id: str) -> None:
    """The lock alone."""
    await tx.run("update organization set updated_at = updated_at where id = :id", id=organization_id)
