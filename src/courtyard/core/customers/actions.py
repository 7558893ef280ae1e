"""Adding, changing and removing customers."""

import uuid
from typing import LiteralString

import msgspec
from msgspec import UNSET

from courtyard.core import clock, events, ids, text
from courtyard.core.actor import Actor
from courtyard.core.customers.model import Changes, Customer, NewCustomer
from courtyard.core.customers.queries import find
from courtyard.core.errors import Conflict, Invalid, NotFound
from courtyard.core.spaces import Space
from courtyard.storage.database import Pair, Write


class EmailInUse(Conflict):
    """Another customer of this space has this e-mail address."""


_INSERT: LiteralString = (
    "insert into customer (id, space_id, name, email, email_folded, metadata, created_at, updated_at)"
    " select :id, s.id, :name, :email, :folded, :metadata, :now, :now from space s where s.id = :space"
)
_ONCE: LiteralString = " on conflict (space_id, email_folded) do nothing"
INSERT = Pair(sqlite=_INSERT + _ONCE, postgres=_INSERT + " for key share" + _ONCE)
_SPACE: LiteralString = "select id from space where id = :space"
# Who makes a customer holds a share of the space's row: whoever gives one another address waits for them, and they for him.
LOCK = Pair(sqlite=_SPACE, postgres=_SPACE + " for update")
_CHANGE: LiteralString = (
    "update customer set name = coalesce(cast(:name as text), name),"
    " email = case when :readdressed = 1 then cast(:email as text) else email end,"
    " email_folded = case when :readdressed = 1 then cast(:folded as text) else email_folded end,"
    " metadata = coalesce(cast(:metadata as text), metadata),"
    " updated_at = case when updated_at < :now then :now else updated_at + 1 end where id = :id"
    " and (:readdressed = 0 or not exists (select 1 from customer x where x.space_id = :space"
    " and x.email_folded = cast(:folded as text) and x.id <> :id))"
)


async def create(tx: Write, actor: Actor, space: Space, new: NewCustomer) -> Customer:
    """Add a customer to a space found with WRITE. Raises Invalid, TooLarge, EmailInUse, NotFound."""
    email = _email(new.email)
    customer_id = f"cus_{uuid.UUID(ids.new()).hex}"
    made = await tx.run(
        INSERT,
        id=customer_id,
        space=space.id,
        name=text.name("name", new.name),
        email=email,
        folded=email and text.fold(email),
        metadata=text.metadata("metadata", new.metadata),
        now=clock.now(),
    )
    if not made:
        raise EmailInUse if await tx.one(str, _SPACE, space=space.id) else NotFound
    await events.record(tx, actor, "customer.created", space_id=space.id, object_id=customer_id)
    return await find(tx, actor, space, customer_id)


async def change(tx: Write, actor: Actor, space: Space, customer: Customer, changes: Changes) -> Customer:
    """Apply a merge patch to a customer of a space found with WRITE. Raises Invalid, TooLarge, EmailInUse, NotFound."""
    asked = {key: value for key, value in msgspec.structs.asdict(changes).items() if value is not UNSET}
    if not asked:
        return customer
    if asked.get("name", "") is None:
        raise Invalid("name", "A customer needs a name.", code="required")
    email = _email(asked.get("email"))
    if email is not None:
        await tx.one(str, LOCK, space=space.id)
    if "metadata" in asked:
        customer = await find(tx, actor, space, customer.id, hold=True)
        asked["metadata"] = text.metadata("metadata", text.patched(customer.metadata, asked["metadata"]))
    changed = await tx.run(
        _CHANGE,
        id=customer.id,
        space=space.id,
        name=text.name("name", asked["name"]) if "name" in asked else None,
        readdressed=int("email" in asked),
        email=email,
        folded=email and text.fold(email),
        metadata=asked.get("metadata"),
        now=clock.now(),
    )
    if not changed:
        await find(tx, actor, space, customer.id)
        raise EmailInUse
    await events.record(tx, actor, "customer.updated", space_id=space.id, object_id=customer.id, fields=sorted(asked))
    return await find(tx, actor, space, customer.id)


async def remove(tx: Write, actor: Actor, customer: Customer) -> None:
    """End a customer of a space found with WRITE. Raises NotFound."""
    if not await tx.run("delete from customer where id = :id", id=customer.id):
        raise NotFound
    await events.record(tx, actor, "customer.deleted", space_id=customer.space_id, object_id=customer.id)


def _email(value: str | None) -> str | None:
    return None if value is None else text.email("email", value)
