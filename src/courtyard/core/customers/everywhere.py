"""One list of customers over all spaces in which somebody has a role."""

from typing import LiteralString

import msgspec

from courtyard.core.access.roles import HAS_ROLE
from courtyard.core.actor import Actor
from courtyard.core.customers.model import Customer
from courtyard.core.customers.queries import COLUMNS
from courtyard.core.paging import Page, Slice, position, turned
from courtyard.storage.database import Pair, Read

FEW = 50
"""Spaces of one person that are looked into one by one without a second thought: about 20 µs each."""
NEAR = 16
"""Customers of anybody that are looked at for each one wanted, before many spaces are."""

_BY_MEMBER: LiteralString = "select w.space_id from member w where w.person_id = :person union "
_BY_ORGANIZATION: LiteralString = (
    "select s.id from organization_member g join space s on s.organization_id = g.organization_id"
    " where g.person_id = :person and (g.role <> 'member' or s.visibility = 'shared')"
)
_SPACES: LiteralString = _BY_MEMBER + _BY_ORGANIZATION
_COUNT: LiteralString = "select count(*) from (" + _BY_MEMBER + "all " + _BY_ORGANIZATION + " limit :most) w"
_MET: LiteralString = (
    " left join member m on m.space_id = s.id and m.person_id = :person"
    " left join organization_member g on g.organization_id = s.organization_id and g.person_id = :person where "
    + HAS_ROLE
)
_LIMITED: LiteralString = "select s.id as space_id from space s" + _MET + " and s.id in ("
_SQLITE_LIMITED: LiteralString = _LIMITED + "select value from json_each(:spaces))"
_POSTGRES_LIMITED: LiteralString = _LIMITED + "select jsonb_array_elements_text(cast(:spaces as jsonb)))"


def _by_space(sqlite_spaces: LiteralString, postgres_spaces: LiteralString, *, down: bool) -> Pair:
    """First the few spaces whose next customer comes first, then the next customers of these alone.

    Each step is one look into the index of customers by space: the cost grows with the caller's spaces, never with the
    customers.
    """
    past, order, until = ("<", "desc", ">=") if down else (">", "asc", "<=")
    # Bounded and ordered by both columns of the index, lest PostgreSQL walk the ids of everybody's customers.
    rows: LiteralString = (
        " from customer c where (c.space_id, c.id) " + past + " (w.space_id, :past) and c.space_id " + until
    )
    rows += " w.space_id order by c.space_id " + order + ", c.id " + order + " limit "
    nearest: LiteralString = "(select w.space_id from (select w.space_id, (select c.id" + rows + "1) as next from ("
    ranked: LiteralString = ") w) w where w.next is not null order by w.next " + order + " limit :limit) w, "
    first: LiteralString = " order by x.id " + order + " limit :limit)"
    ordered: LiteralString = " order by c.id " + order
    # SQLite has no lateral join: there a correlated subquery hands its few ids over as one JSON array.
    sqlite: LiteralString = COLUMNS + " from (select x.value as id from " + nearest + sqlite_spaces + ranked
    sqlite += "json_each((select json_group_array(y.id) from (select c.id" + rows + ":limit) y)) x"
    sqlite += first.replace("x.id", "x.value") + " t join customer c on c.id = t.id join space s on s.id = c.space_id"
    # On PostgreSQL nothing is joined that could be read whole: how many rows a limit leaves is unknown to a kept plan.
    postgres: LiteralString = COLUMNS + " from (select x.id from " + nearest + postgres_spaces + ranked
    postgres += "lateral (select c.id" + rows + ":limit) x" + first
    postgres += " t, lateral (select c.* from customer c where c.id = t.id limit 1) c"
    postgres += ", lateral (select s.* from space s where s.id = c.space_id limit 1) s"
    return Pair(sqlite=sqlite + ordered, postgres=postgres + ordered)


def _nearby(*, down: bool) -> LiteralString:
    """Those of the caller among the next customers of anybody: all that a page needs, for one who sees a good part of them."""
    past, order = ("<", "desc") if down else (">", "asc")
    ordered: LiteralString = " order by c.id " + order
    window: LiteralString = "select c.id from customer c where c.id " + past + " :past" + ordered + " limit :window"
    whole: LiteralString = COLUMNS + " from (" + window + ") t join customer c on c.id = t.id"
    return whole + " join space s on s.id = c.space_id" + _MET + ordered + " limit :limit"


_ALL = (_by_space(_SPACES, _SPACES, down=True), _by_space(_SPACES, _SPACES, down=False))
_SOME = (
    _by_space(_SQLITE_LIMITED, _POSTGRES_LIMITED, down=True),
    _by_space(_SQLITE_LIMITED, _POSTGRES_LIMITED, down=False),
)
_NEARBY = (_nearby(down=True), _nearby(down=False))


async def page_everywhere(tx: Read, actor: Actor, page: Page) -> Slice[Customer]:
    """The customers of all spaces in which the caller has a role of their own, newest first, in either direction."""
    actor.needs("read")
    back = page.before is not None
    asked = {"person": actor.person_id, "past": position(page), "limit": page.limit + 1}
    if actor.spaces is not None:
        limits = msgspec.json.encode(sorted(actor.spaces)).decode()
        return turned(await tx.all(Customer, _SOME[back], spaces=limits, **asked), page)
    if (await tx.one(int, _COUNT, person=actor.person_id, most=FEW + 1) or 0) > FEW:
        rows = await tx.all(Customer, _NEARBY[back], window=NEAR * (page.limit + 1), **asked)
        if len(rows) > page.limit:
            return turned(rows, page)
    return turned(await tx.all(Customer, _ALL[back], **asked), page)
