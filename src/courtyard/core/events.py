"""What happened: audit rows, mails and hooks, written in the transaction of their cause."""

import itertools
from collections.abc import Sequence
from typing import Any, LiteralString

import msgspec

from courtyard.core import clock, ids, news, queue
from courtyard.core.actor import Actor
from courtyard.core.paging import LAST, Page, Slice, cut
from courtyard.storage.database import Read, Write

HOOKED = frozenset({"customer.created", "customer.updated", "customer.deleted", "space.created", "space.deleted"})
"""The events that other programs can subscribe to."""


class Event(msgspec.Struct, frozen=True):
    """What happened to an account. Who did it is known by `credential_id` (or session) and `address`, if it was its person.

    `detail` is JSON. The address of somebody else is told for what was refused alone: an administrator's is theirs.
    """

    id: str
    at: int
    action: str
    result: str
    dialect: str | None
    address: str | None
    own: int
    credential_id: str | None
    application_id: str | None
    object_id: str | None
    detail: str


# There are hooks for few events: whoever writes one down hears at once whether to look for them.
_INSERT: LiteralString = (
    "insert into event (id, at, action, result, privileged, person_id, credential_id, application_id, dialect,"
    " address, request_id, space_id, object_id, detail) values (:id, :at, :action, :result, :privileged, :person_id,"
    " :credential_id, :application_id, :dialect, :address, :request_id, :space_id, :object_id, :detail)"
    " returning (select count(*) from hook where event = :action) as hooks"
)
# What is of no space and no organization is of people: sign-ins, failures, changes, keys, applications.
_ABOUT: LiteralString = (
    "space_id is null and action not like 'organization%' and id < :past order by id desc limit :limit"
)
_COLUMNS: LiteralString = (
    "select id, at, action, result, dialect, address, person_id, credential_id, application_id, object_id, detail"
    " from event where "
)
# Two short walks, each along an index of its own, and what both find once.
_OF_PERSON: LiteralString = (
    "select id, at, action, result, dialect,"
    " case when person_id is null or person_id = :person then address end as address,"
    " case when person_id = :person then 1 else 0 end as own,"
    " case when person_id = :person then credential_id end as credential_id, application_id, object_id, detail from ("
    "select * from (" + _COLUMNS + "person_id = :person and " + _ABOUT + ") a union "
    "select * from (" + _COLUMNS + "object_id = :person and " + _ABOUT + ") b) e order by id desc limit :limit"
)


async def of_person(tx: Read, actor: Actor, page: Page) -> Slice[Event]:
    """The caller's own security events, newest first: what they did and what was done or tried with their account."""
    actor.needs("admin")
    actor.in_person()
    rows = await tx.all(Event, _OF_PERSON, person=actor.person_id, past=page.after or LAST, limit=page.limit + 1)
    return cut(rows, page.limit)


async def record(  # noqa: PLR0913 - an audit row names all of these
    tx: Write,
    actor: Actor,
    action: str,
    *,
    space_id: str | None = None,
    object_id: str | None = None,
    result: str = "done",
    privileged: bool = False,
    **detail: Any,
) -> None:
    """Add an audit row: who did what to which object, from where. Never secrets, never bodies."""
    hooks = await tx.one(
        int,
        _INSERT,
        id=ids.new(),
        at=clock.now(),
        action=action,
        result=result,
        privileged=int(privileged or bool(actor.privileged)),
        person_id=actor.person_id or None,
        # A session is what a browser has for a credential: the trail says which.
        credential_id=actor.credential_id or actor.session_id,
        application_id=actor.application_id,
        dialect=actor.origin.dialect,
        address=actor.origin.address,
        request_id=actor.origin.request_id,
        space_id=space_id,
        object_id=object_id,
        detail=msgspec.json.encode(detail).decode() if detail else "{}",
    )
    if space_id and action in news.TOLD:
        await news.tell(tx, space_id, action, object_id, actor.person_id or None, detail)
    if hooks and action in HOOKED and space_id:
        await tell_hooks(tx, action, space_id, [object_id])


async def post(tx: Write, kind: str, recipient: str, *, after: int = 0, **payload: Any) -> None:
    """Put a mail into the outbox; it leaves after the commit, or `after` so many milliseconds.

    `payload` names rows and plain facts, never a secret.
    """
    now = clock.now()
    await tx.run(
        "insert into mail (id, kind, recipient, payload, state, attempt, due_at, created_at)"
        " values (:id, :kind, :recipient, :payload, 'waiting', 0, :due, :now)",
        id=ids.new(),
        kind=kind,
        recipient=recipient,
        payload=msgspec.json.encode(payload).decode(),
        due=now + after,
        now=now,
    )


async def tell_hooks(tx: Write, action: str, space_id: str, objects: Sequence[str | None]) -> None:
    """One delivery of each object for each hook of a person who holds a role in the space."""
    hooks = await tx.all(
        str,
        "select h.id from hook h where h.event = :event and (exists (select 1 from member m where m.space_id = :space"
        " and m.person_id = h.person_id) or exists (select 1 from organization_member g join space s on"
        " s.organization_id = g.organization_id where s.id = :space and g.person_id = h.person_id"
        " and (g.role <> 'member' or s.visibility = 'shared')))",
        event=action,
        space=space_id,
    )
    if not hooks:
        return
    number = await tx.one(int, "select number from space where id = :id", id=space_id)
    for object_id, hook in itertools.product(objects, hooks):
        # In the payload, not as the job's own space: the news that a space is gone must outlive it, and no member sees it.
        await queue.enqueue(
            tx, "hooks.deliver", hook=hook, event=action, space=space_id, number=number, object=object_id
        )
