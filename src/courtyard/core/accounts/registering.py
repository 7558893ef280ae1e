"""How an account begins: somebody registers, or an installation makes its first administrator."""

from typing import Literal

from courtyard.core import clock, events, text
from courtyard.core.actor import Actor, Origin, system
from courtyard.core.errors import Forbidden
from courtyard.core.identity import mailed, passwords, people
from courtyard.core.identity.people import Person
from courtyard.storage.database import Database, Write

Registration = Literal["open", "invited", "closed"]


class InvitedOnly(Forbidden):
    """Accounts here are for invited people. Ask somebody to invite your address."""


class RegistrationClosed(Forbidden):
    """No new accounts are made here."""


def admit(registration: Registration) -> None:
    """Refuse strangers where they cannot register: before their password is hashed. Raises InvitedOnly, RegistrationClosed."""
    if registration == "invited":
        raise InvitedOnly
    if registration != "open":
        raise RegistrationClosed


async def register(  # noqa: PLR0913 - an account has these
    tx: Write,
    actor: Actor,
    registration: Registration,
    *,
    email: str,
    username: str,
    password_hash: str,
    phone: str | None = None,
) -> Person:
    """Make an account for whoever asks, and mail its address a link that verifies it.

    `password_hash` comes from `passwords.hashed`, worked out before the transaction. Raises InvitedOnly,
    RegistrationClosed, Invalid, EmailTaken (for a pending person's address too: only the mail claims that account),
    UsernameTaken.
    """
    admit(registration)
    person = await people.add(tx, actor, email=email, username=username, password_hash=password_hash, phone=phone)
    await mailed.promise(tx, person.id, "verify")
    return person


async def sign_up(
    database: Database, registration: Registration, *, email: str, username: str, password: str, origin: Origin
) -> None:
    """Like `register`, for whoever must not learn whether the address is known: the mail alone tells.

    A new address is mailed a link that verifies it; a known one is mailed a link for a new password, or the invitation by
    which its account is claimed. Raises InvitedOnly, RegistrationClosed, Invalid, UsernameTaken, in any case.
    """
    admit(registration)
    password_hash = await passwords.hashed(password)
    actor = Actor(origin)
    async with database.write() as tx:
        await people.free_username(tx, username)
        known = await people.seek_by_email(tx, text.email("email", email))
        if known is None:
            await register(tx, actor, registration, email=email, username=username, password_hash=password_hash)
        else:
            await mailed.promise(tx, known.id, "reset")
            await mailed.remind(tx, known.id)
            await events.record(tx, actor, "person.known", result="refused", object_id=known.id)


async def remind(database: Database, email: str, origin: Origin) -> None:
    """Mail the invitation once more to whoever was refused by `register` because they are pending; nothing to others.

    Says nothing, and runs the same statements, whatever the account is.
    """
    async with database.write() as tx:
        known = await people.seek_by_email(tx, text.email("email", email))
        await mailed.remind(tx, known.id if known else "")
        if known is not None:
            await events.record(tx, Actor(origin), "person.known", result="refused", object_id=known.id)


async def first_administrator(tx: Write, email: str, password_hash: str) -> Person | None:
    """Make the platform administrator of an installation that has no people yet; None when there are some. Raises Invalid."""
    if await people.any_yet(tx):
        return None
    # One row decides between two processes that start at once.
    first = await tx.run(
        "insert into installation (name, value) values ('first_administrator', :now) on conflict (name) do nothing",
        now=clock.rfc3339(clock.now()),
    )
    if not first:
        return None
    return await people.add(
        tx, system("start"), email=email, username="admin", password_hash=password_hash, administrator=True
    )
