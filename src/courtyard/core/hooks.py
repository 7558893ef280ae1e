"""REST hooks: who wants to be told of which event, and at which address."""

from typing import LiteralString

import msgspec

from courtyard.core import clock, events, ids, text
from courtyard.core.access.roles import HAS_ROLE
from courtyard.core.actor import Actor, Scope
from courtyard.core.errors import Conflict, Invalid, NotFound
from courtyard.core.paging import Page, Slice, turned
from courtyard.storage.database import Pair, Read, Write

MOST = 50
EVENTS = events.HOOKED


class TooManyHooks(Conflict):
    """A person may have 50 subscriptions. Remove one first."""


class Hook(msgspec.Struct, frozen=True):
    """A subscription of one person."""

    number: int
    id: str
    person_id: str
    event: str
    target_url: str
    created_at: int


COLUMNS: LiteralString = "select number, id, person_id, event, target_url, created_at from hook"
_OF_PERSON: LiteralString = COLUMNS + " where person_id = :person and number "
_ONE: LiteralString = _OF_PERSON + "= :number"
_PAGE: tuple[LiteralString, LiteralString] = (
    _OF_PERSON + "< :past order by number desc limit :limit",
    _OF_PERSON + "> :past order by number limit :limit",
)
# The news that a space is gone outlives the space: who is told of it had a role in it until then.
_FOR_DELIVERY: LiteralString = (
    "select h.number, h.id, h.person_id, h.event, h.target_url, h.created_at from hook h"
    " join person p on p.id = h.person_id and p.state = 'active' left join space s on s.id = :space"
    " left join member m on m.space_id = s.id and m.person_id = p.id"
    " left join organization_member g on g.organization_id = s.organization_id and g.person_id = p.id"
    " where h.id = :hook and ((s.id is null and h.event = 'space.deleted') or " + HAS_ROLE + ")"
)
_PERSON: LiteralString = "select id from person where id = :person"
# Counting needs the others to wait.
LOCK = Pair(sqlite=_PERSON, postgres=_PERSON + " for no key update")
_LAST = 2**62


async def create(tx: Write, actor: Actor, event: str, target_url: str) -> Hook:
    """Subscribe the caller to an event in all their spaces. The address is stored here and called by the worker alone.

    Raises Invalid, TooManyHooks; Forbidden for a credential that is limited to certain spaces.
    """
    _admit(actor, "write")
    if event not in EVENTS:
        raise Invalid("event", f"One of: {', '.join(sorted(EVENTS))}.", code="choice")
    target_url = text.url("target_url", target_url)
    await tx.one(str, LOCK, person=actor.person_id)
    if (await tx.one(int, "select count(*) from hook where person_id = :person", person=actor.person_id) or 0) >= MOST:
        raise TooManyHooks
    hook_id = ids.new()
    hook = await tx.one(
        Hook,
        "insert into hook (id, person_id, event, target_url, created_at) values (:id, :person, :event, :url, :now)"
        " returning number, id, person_id, event, target_url, created_at",
        id=hook_id,
        person=actor.person_id,
        event=event,
        url=target_url,
        now=clock.now(),
    )
    await events.record(tx, actor, "hook.created", object_id=hook_id, event=event)
    if hook is None:
        raise NotFound
    return hook


async def page(tx: Read, actor: Actor, page: Page) -> Slice[Hook]:
    """The caller's subscriptions, newest first, in either direction; positions are numbers. Raises Forbidden."""
    _admit(actor, "read")
    past = page.before if page.before is not None else page.after
    rows = await tx.all(
        Hook,
        _PAGE[page.before is not None],
        person=actor.person_id,
        past=_LAST if past is None else int(past),
        limit=page.limit + 1,
    )
    return turned(rows, page)


async def find(tx: Read, actor: Actor, number: int, scope: Scope = "read") -> Hook:
    """One of the caller's subscriptions, by its number; `scope` is what they want to do. Raises NotFound, Forbidden."""
    _admit(actor, scope)
    hook = await tx.one(Hook, _ONE, person=actor.person_id, number=number)
    if hook is None:
        raise NotFound
    return hook


async def seek(tx: Read, hook_id: str) -> Hook | None:
    """The subscription; None if it is gone."""
    return await tx.one(Hook, COLUMNS + " where id = :id", id=hook_id)


async def seek_due(tx: Read, hook_id: str, space_id: str) -> Hook | None:
    """The subscription, for a delivery about this space; None if it is gone, or its person has no role there now."""
    return await tx.one(Hook, _FOR_DELIVERY, hook=hook_id, space=space_id)


async def remove(tx: Write, actor: Actor, hook: Hook) -> None:
    """End a subscription of the caller. Raises NotFound."""
    actor.needs("write")
    if not await tx.run("delete from hook where id = :id", id=hook.id):
        raise NotFound
    await events.record(tx, actor, "hook.deleted", object_id=hook.id, event=hook.event)


def _admit(actor: Actor, scope: Scope) -> None:
    actor.needs(scope)
    actor.everywhere()
