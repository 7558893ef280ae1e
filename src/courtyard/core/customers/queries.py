"""The door to customers, and the lists of one space."""

from typing import LiteralString

from courtyard.core import spaces
from courtyard.core.access.roles import Permission
from courtyard.core.actor import Actor
from courtyard.core.customers.model import Customer
from courtyard.core.errors import NotFound
from courtyard.core.paging import Page, Slice, position, turned
from courtyard.core.spaces import Space
from courtyard.storage.database import Pair, Read

COLUMNS: LiteralString = (
    "select c.number, c.id, c.space_id, c.name, c.email, c.metadata, c.created_at, c.updated_at,"
    " s.number as space_number, s.slug as space_slug, s.visibility as space_visibility,"
    " s.created_at as space_created_at"
)
_ALL: LiteralString = COLUMNS + " from customer c join space s on s.id = c.space_id where "
_ONE: LiteralString = _ALL + "c.id = :id and c.space_id = :space"
_HELD = Pair(sqlite=_ONE, postgres=_ONE + " for no key update of c")
# Bounded and ordered by both columns of the index, lest PostgreSQL walk the ids of everybody's customers.
_PAGE: tuple[LiteralString, LiteralString] = (
    _ALL + "(c.space_id, c.id) < (:space, :past) and c.space_id >= :space"
    " order by c.space_id desc, c.id desc limit :limit",
    _ALL + "(c.space_id, c.id) > (:space, :past) and c.space_id <= :space order by c.space_id, c.id limit :limit",
)


async def find(tx: Read, actor: Actor, space: Space, customer_id: str, *, hold: bool = False) -> Customer:
    """The customer in a space found with JOIN (WRITE to change them). Raises NotFound.

    `hold` keeps others from changing the customer until the caller's commit, so that a precondition stays true.
    """
    customer = await tx.one(Customer, _HELD if hold else _ONE, id=customer_id, space=space.id)
    if customer is None:
        raise NotFound
    return customer


async def find_anywhere(
    tx: Read, actor: Actor, customer_id: str, permission: Permission = Permission.JOIN
) -> tuple[Space, Customer]:
    """The customer and their space, for a member of it. Raises NotFound, Unauthenticated, Forbidden."""
    space_id = await tx.one(str, "select space_id from customer where id = :id", id=customer_id)
    space = await spaces.find_around(tx, actor, space_id, permission)
    return space, await find(tx, actor, space, customer_id)


async def page(tx: Read, space: Space, page: Page) -> Slice[Customer]:
    """The customers of a space found with JOIN, newest first, in either direction."""
    rows = await tx.all(
        Customer, _PAGE[page.before is not None], space=space.id, past=position(page), limit=page.limit + 1
    )
    return turned(rows, page)
