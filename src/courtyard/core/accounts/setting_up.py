"""How an installation gets its first administrator from a browser: by an address that its server prints, good for one use."""

from courtyard.core import clock, events, ids
from courtyard.core.actor import Actor
from courtyard.core.errors import Conflict, Expired
from courtyard.core.identity import people
from courtyard.core.identity.people import Person
from courtyard.storage.database import Read, Write

LIFE = clock.DAY
"""So long a set-up address is good, unless somebody administers the installation before."""


class SetUpAlready(Conflict):
    """This Courtyard is set up already: it has an administrator. Sign in instead."""


class WrongAddress(Expired):
    """This set-up address is not valid, or no longer. The server prints a new one each time it starts."""


async def missing(tx: Read) -> bool:
    """Whether nobody administers this installation, so that it waits to be set up."""
    return not await tx.one(int, "select 1 from person where is_administrator = 1 limit 1")


async def offer(tx: Write) -> str | None:
    """What a new set-up address carries, which is shown here only; None for an installation with an administrator.

    Each replica offers its own and each is good at all of them: they are behind one address.
    """
    # Both are 13 digits: as texts they have the same order.
    await tx.run("delete from installation where name like 'setup:%' and value <= :now", now=str(clock.now()))
    if not await missing(tx):
        return None
    token = ids.secret("cyu")
    await tx.run(
        "insert into installation (name, value) values (:name, :until)",
        name=_name(token),
        until=str(clock.now() + LIFE),
    )
    return token


async def look(tx: Read, token: str) -> None:
    """Refuse what does not set up this installation now. Raises SetUpAlready, WrongAddress."""
    if not await missing(tx):
        raise SetUpAlready
    until = await tx.one(str, "select value from installation where name = :name", name=_name(token))
    if until is None or int(until) <= clock.now():
        raise WrongAddress


async def set_up(tx: Write, actor: Actor, token: str, *, email: str, username: str, password_hash: str) -> Person:
    """Make the first administrator, and end every set-up address.

    Raises SetUpAlready, WrongAddress, Invalid, EmailTaken, UsernameTaken.
    """
    await alone(tx)
    await look(tx, token)
    person = await people.add(
        tx, actor, email=email, username=username, password_hash=password_hash, administrator=True
    )
    await tx.run("delete from installation where name like 'setup:%'")
    await events.record(tx, actor, "installation.set_up", object_id=person.id)
    return person


async def alone(tx: Write) -> None:
    """Let nobody else set anything up until this transaction is over: one row decides, the second waits and then looks."""
    await tx.run(
        "insert into installation (name, value) values ('first_administrator', :now)"
        " on conflict (name) do update set value = excluded.value",
        now=clock.rfc3339(clock.now()),
    )


def _name(token: str) -> str:
    """Under which the address is kept: by its hash alone."""
    return f"setup:{ids.digest(token).hex()}"
