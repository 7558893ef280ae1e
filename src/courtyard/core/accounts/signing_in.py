"""Signing in: by password, with a second factor, again to confirm; and signing out everywhere."""

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from courtyard.core import clock, events, text
from courtyard.core.accounts import proofs
from courtyard.core.accounts.proofs import WrongPassword
from courtyard.core.actor import RANK, SCOPES, Actor, Origin
from courtyard.core.errors import Forbidden, Invalid, Unauthenticated
from courtyard.core.identity import credentials, passwords, people, second, sessions
from courtyard.core.identity.credentials import NewKey
from courtyard.core.identity.people import Person
from courtyard.core.identity.sessions import Session
from courtyard.storage.database import Database, Write

T = TypeVar("T")


class SecondFactorNeeded(Forbidden):
    """This account has a second factor: sign in with a browser, and make a key there."""


class WrongSecond(Unauthenticated):
    """This code is wrong, or was used already."""


async def sign_in(database: Database, email: str, password: str, origin: Origin, agent: str) -> tuple[Session, str]:
    """A session of whoever has this address and password, and its secret; its state says whether a second factor is missing.

    Opens its own transactions, for the password is checked outside of any. Raises WrongPassword, alike and as slowly for
    an unknown address, a wrong password, and an account that is pending, disabled or without a password.
    """

    async def begin(tx: Write, person: Person) -> tuple[Session, str]:
        return await enter(tx, person, origin, agent)

    return await _by_password(database, email, password, origin, begin)


async def enter(tx: Write, person: Person, origin: Origin, agent: str) -> tuple[Session, str]:
    """A session of an active person whose first factor was checked elsewhere (by a provider); the second may be missing."""
    needed = (await second.ways(tx, person.id)).needed
    return await sessions.begin(tx, person, origin, agent, second=needed)


async def log_in(database: Database, email: str, password: str, origin: Origin) -> tuple[Person, str]:
    """Whoever has this address and password, and a new credential with all scopes that lives for `LOGIN_LIFE`.

    Refuses and takes time like `sign_in`; also raises SecondFactorNeeded, after the right password alone.
    """

    async def issue(tx: Write, person: Person) -> str | None:
        return None if (await second.ways(tx, person.id)).needed else await _issue(tx, person, origin)

    secret = None
    person, secret = await _by_password(database, email, password, origin, _with_person(issue))
    if secret is None:
        raise SecondFactorNeeded
    return person, secret


async def pass_second(database: Database, secret: str, code: str, origin: Origin) -> tuple[Session, str]:
    """Open a session that waits for the second factor, by a code of the app or a recovery code; its new secret.

    Tries are limited by the caller (`sessions.halfway` says whose they are). Raises InvalidCredential,
    ExpiredCredential, WrongSecond.
    """
    async with database.write() as tx:
        session = await sessions.halfway(tx, secret)
        way = await second.use(tx, session.person_id, code)
        if way is not None:
            opened, newer = await sessions.complete(tx, session, origin)
            if way == "recovery":
                actor = Actor(origin, session.person_id, RANK["admin"], session_id=session.id)
                await events.record(tx, actor, "second.recovered", object_id=session.person_id)
            return opened, newer
        await events.record(tx, Actor(origin), "second.refused", result="refused", object_id=session.person_id)
    raise WrongSecond


async def confirm(database: Database, actor: Actor, password: str) -> tuple[Session, str]:
    """Confirm the caller's session by their password; its secret is a new one. Raises WrongPassword, InvalidCredential."""
    proof = await proofs.prove(database, actor, password)
    async with database.write() as tx:
        await proofs.require(tx, actor, proof)
        return await sessions.confirm(tx, actor)


async def sign_out_everywhere(tx: Write, actor: Actor, *, but_here: bool = False) -> None:
    """End all sessions and logins of the caller, this one too unless `but_here`; keys and applications go on."""
    actor.needs("admin")
    actor.in_person()
    await sessions.end_all(tx, actor, actor.person_id, but=actor.session_id if but_here else None)
    await end_logins(tx, actor.person_id, but=actor.credential_id if but_here else None)
    await events.record(tx, actor, "login.all_ended", object_id=actor.person_id)


async def end_logins(tx: Write, person_id: str, *, but: str | None = None) -> None:
    """End every credential that came of a password (`but` one)."""
    await tx.run(
        "update credential set revoked_at = :now where person_id = :person and kind = 'login' and revoked_at is null"
        " and id <> :but",
        now=clock.now(),
        person=person_id,
        but=but or "",
    )


async def note_locked(tx: Write, origin: Origin, policy: str, who: Sequence[str]) -> None:
    """Write down that guesses are refused for a while, in the trail of the person whose account they were at, if any.

    `who` was counted: the id of a person, or an address of the network and the e-mail address that was tried.
    """
    # Both are asked for, known or not: the time must not tell.
    person = await people.seek(tx, who[0])
    named = await people.seek_by_email(tx, who[-1])
    about = person or named
    detail: dict[str, Any] = {"address_hash": hidden(who[-1])} if about is None and "@" in who[-1] else {}
    await events.record(
        tx, Actor(origin), "login.locked", result="refused", object_id=about and about.id, policy=policy, **detail
    )


def _with_person(
    issue: Callable[[Write, Person], Awaitable[T]],
) -> Callable[[Write, Person], Awaitable[tuple[Person, T]]]:
    async def both(tx: Write, person: Person) -> tuple[Person, T]:
        return person, await issue(tx, person)

    return both


async def _by_password(
    database: Database, email: str, password: str, origin: Origin, then: Callable[[Write, Person], Awaitable[T]]
) -> T:
    person = await _seek(database, email)
    stored = person.password_hash if person is not None and person.state == "active" else None
    fits = await passwords.verified(stored, password)
    async with database.write() as tx:
        # Read again, under the lock of the person: the account may have changed while the password was checked.
        if fits and person is not None and await people.still_active(tx, person.id):
            again = await people.find(tx, person.id)
            if again.password_hash == stored:
                return await then(tx, again)
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
        await events.record(tx, Actor(origin), "login.refused", result="refused", address_hash=hidden(email))
    else:
        await events.record(tx, Actor(origin), "login.refused", result="refused", object_id=person.id)


def hidden(email: str) -> str:
    """What may be noted of an address that is nobody's."""
    return hashlib.sha256(text.fold(email.strip()).encode(errors="replace")).hexdigest()[:16]
