"""One list of customers over all spaces in which somebody has a role."""

from typing import LiteralString

import msgspec

from courtyard.core.access.roles import HAS_ROLE
from courtyard.core.actor import Actor
from courtyard.core.customers.model import Customer
from courtyard.core.customers.queries import COLUMNS
from courtyard.core.paging import Page, Slice, position, turned
from courtyard.storage.database import Pair, Read

# The spaces of the caller; those of a credential that may touch some only.
_SPACES: LiteralString = (
    "select w.space_id from member w where w.person_id = :person"
    " union select s.id from organization_member g join space s on s.organization_id = g.organization_id"
    " where g.person_id = :person and (g.role <> 'member' or s.visibility = 'shared')"
)
_SOME: LiteralString = (
    "select s.id as space_id from space s left join member m on m.space_id = s.id and m.person_id = :person"
    " left join organization_member g on g.organization_id = s.organization_id and g.person_id = :person where "
    + HAS_ROLE
    + " and s.id in ("
)
_SQLITE_SOME: LiteralString = _SOME + "select value from json_each(:spaces))"
_POSTGRES_SOME: LiteralString = _SOME + "select jsonb_array_elements_text(cast(:spaces as jsonb)))"


def _listing(limited: bool, past: LiteralString, edge: LiteralString, order: LiteralString) -> Pair:
    """First the few spaces whose next customer comes first, then the next customers of these alone.

    Each step is a look into the index of customers by space, so the cost grows with the spaces of the caller, never with
    the customers.
    """
    bound: LiteralString = " from customer c where c.space_id = w.space_id and c.id " + past + " :past"
    nearest: LiteralString = (
        "select w.space_id from (select w.space_id, (select " + edge + "(c.id)" + bound + ") as next from ("
    )
    ranked: LiteralString = ") w) w where w.next is not null order by w.next " + order + " limit :limit"
    rows: LiteralString = "select c.id" + bound + " order by c.id " + order + " limit :limit"
    head: LiteralString = COLUMNS + " from (select x.id from ("
    tail: LiteralString = (
        " x order by x.id " + order + " limit :limit) t join customer c on c.id = t.id"
        " join space s on s.id = c.space_id order by c.id " + order
    )
    sqlite: LiteralString = nearest + (_SQLITE_SOME if limited else _SPACES) + ranked
    postgres: LiteralString = nearest + (_POSTGRES_SOME if limited else _SPACES) + ranked
    # SQLite has no lateral join: there a correlated subquery hands its few ids over as one JSON array.
    return Pair(
        sqlite=head.replace("x.id", "x.value as id", 1)
        + sqlite
        + ") w, json_each((select json_group_array(y.id) from ("
        + rows
        + ") y))"
        + tail.replace("x.id", "x.value", 1),
        postgres=head + postgres + ") w, lateral (" + rows + ")" + tail,
    )


_OPEN = (_listing(False, "<", "max", "desc"), _listing(False, ">", "min", "asc"))
_LIMITED = (_listing(True, "<", "max", "desc"), _listing(True, ">", "min", "asc"))


async def page_everywhere(tx: Read, actor: Actor, page: Page) -> Slice[Customer]:
    """The customers of all spaces in which the caller has a role of their own, newest first, in either direction."""
    actor.needs("read")
    values: dict[str, str] = {}
    if actor.spaces is not None:
        values["spaces"] = msgspec.json.encode(sorted(actor.spaces)).decode()
    statements = _OPEN if actor.spaces is None else _LIMITED
    rows = await tx.all(
        Customer,
        statements[page.before is not None],
        person=actor.person_id,
        past=position(page),
        limit=page.limit + 1,
        **values,
    )
    return turned(rows, page)
