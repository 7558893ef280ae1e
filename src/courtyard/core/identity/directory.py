"""Everybody here, as platform administrators see them."""

from typing import LiteralString

import msgspec

from courtyard.core import text
from courtyard.core.actor import Actor
from courtyard.core.errors import NotFound
from courtyard.core.identity.people import State
from courtyard.core.paging import LAST, Page, Slice, cut
from courtyard.storage.database import Pair, Read


class Account(msgspec.Struct, frozen=True):
    """A person with how their account stands. `last_seen_at` is when a session or key of theirs was used last."""

    number: int
    id: str
    email: str
    username: str
    phone: str | None
    state: State
    is_administrator: int
    created_at: int
    email_verified_at: int | None
    second_factor: int
    last_seen_at: int | None


class Filters(msgspec.Struct, frozen=True):
    """What narrows the list; empty means everybody. `contains` is looked for in usernames and addresses, whatever the case."""

    contains: str = ""
    state: str = ""


# Who stands for the keys of an organization (see `people.serving`) is nobody.
_ACCOUNTS: LiteralString = (
    "select p.number, p.id, p.email, p.username, p.phone, p.state, p.is_administrator, p.created_at, p.email_verified_at,"
    " case when exists (select 1 from totp t where t.person_id = p.id and t.confirmed_at is not null)"
    " or exists (select 1 from passkey k where k.person_id = p.id) then 1 else 0 end as second_factor,"
    " (select max(x.seen) from (select max(s.seen_at) as seen from session s where s.person_id = p.id union all"
    " select max(c.last_used_at) as seen from credential c where c.person_id = p.id) x) as last_seen_at"
    " from person p where p.email_folded not like 'service:%'"
)
_ONE: LiteralString = _ACCOUNTS + " and p.id = :id"
_HELD = Pair(sqlite=_ONE, postgres=_ONE + " for no key update of p")
_PAGE: LiteralString = (
    _ACCOUNTS + " and p.id < :past and (:state = '' or p.state = :state) and (:pattern = ''"
    " or p.username_folded like :pattern escape '\\' or p.email_folded like :pattern escape '\\')"
    " order by p.id desc limit :limit"
)


async def page(tx: Read, actor: Actor, filters: Filters, page: Page) -> Slice[Account]:
    """Everybody whom the filters let through, newest first; for platform administrators. Raises Forbidden."""
    actor.administers()
    actor.privileged.append(("list people", ""))
    rows = await tx.all(
        Account,
        _PAGE,
        state=filters.state,
        pattern=text.pattern(filters.contains) if filters.contains else "",
        past=page.after or LAST,
        limit=page.limit + 1,
    )
    return cut(rows, page.limit)


async def find(tx: Read, actor: Actor, person_id: str, *, hold: bool = False) -> Account:
    """Somebody, for platform administrators; `hold` keeps others from changing the account. Raises NotFound,
    also for everybody else, as of whatever one may not see.
    """
    actor.needs("admin")
    everybody = actor.administrator and actor.spaces is None
    account = await tx.one(Account, _HELD if hold else _ONE, id=person_id) if everybody else None
    if account is None:
        raise NotFound
    actor.privileged.append(("look at person", account.id))
    return account
