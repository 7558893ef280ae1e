"""Accounts: registering, logging in, and the first administrator."""

import hashlib
from typing import Literal

from courtyard.core import clock, events, text
from courtyard.core.actor import RANK, SCOPES, Actor, Origin, system
from courtyard.core.errors import Forbidden, Invalid, Unauthenticated
from courtyard.core.identity import credentials, passwords, people
from courtyard.core.identity.credentials import NewKey
from courtyard.core.identity.people import Person
from courtyard.storage.database import Database, Write

Registration = Literal["open", "invited", "closed"]


class WrongPassword(Unauthenticated):
    """The e-mail address or the password is wrong."""


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
    """Make an account for whoever asks. `password_hash` comes from `passwords.hashed`, worked out before the transaction.

    Raises InvitedOnly, RegistrationClosed, Invalid, EmailTaken (for a pending person's address too: only the mail claims
    that account), UsernameTaken.
    """
    admit(registration)
    return await people.add(tx, actor, email=email, username=username, password_hash=password_hash, phone=phone)


async def log_in(database: Database, email: str, password: str, origin: Origin) -> tuple[Person, str]:
    """Whoever has this address and password, and a new credential with all scopes that lives for `LOGIN_LIFE`.

    Opens its own transactions, for the password is checked outside of any. Raises WrongPassword, alike and as slowly for
    an unknown address, a wrong password, and an account that is pending, disabled or without a password.
    """
    person = await _seek(database, email)
    stored = person.password_hash if person is not None and person.state == "active" else None
    fits = await passwords.verified(stored, password)
    async with database.write() as tx:
        # Read again: the account may have changed while the password was checked.
        again = await people.find(tx, person.id) if fits and person is not None else None
        if again is not None and again.state == "active" and again.password_hash == stored:
            return again, await _issue(tx, again, origin)
        await _note_refusal(tx, email, person, origin)
    raise WrongPassword


async def _seek(database: Database, email: str) -> Person | None:
    try:
        email = text.email("email", email)
    except Invalid:
        return None
    async with database.read() as tx:
        return await people.seek_by_email(tx, email)


async def _issue(tx: Write, person: Person, origin: Origin) -> str:
    actor = Actor(origin, person.id, RANK["admin"], bool(person.is_administrator))
    login = NewKey(name="login", scopes=list(SCOPES), expires_at=clock.now() + credentials.LOGIN_LIFE)
    _, secret = await credentials.issue(tx, actor, person.id, "login", login)
    await credentials.trim_logins(tx, person.id)
    return secret


async def _note_refusal(tx: Write, email: str, person: Person | None, origin: Origin) -> None:
    """Of an unknown address only a hash is noted: people type their passwords into the wrong field."""
    if person is None:
        digest = hashlib.sha256(text.fold(email.strip()).encode(errors="replace")).hexdigest()[:16]
        await events.record(tx, Actor(origin), "login.refused", result="refused", address_hash=digest)
    else:
        await events.record(tx, Actor(origin), "login.refused", result="refused", object_id=person.id)


async def first_administrator(tx: Write, email: str, password_hash: str) -> Person | None:
    """Make the platform administrator of an installation that has no people yet; None when there are some. Raises Invalid."""
    if await tx.one(int, "select 1 from person limit 1"):
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
