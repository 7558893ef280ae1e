"""New passwords: by a mailed link, or by whoever is signed in."""

from courtyard.core import clock, events, text
from courtyard.core.accounts import proofs, signing_in
from courtyard.core.accounts.proofs import Proof
from courtyard.core.actor import Actor, Origin
from courtyard.core.errors import TooMany
from courtyard.core.identity import mailed, passwords, people, sessions
from courtyard.core.identity.people import NotActive, Person
from courtyard.storage.database import Database, Write


async def ask_reset(database: Database, email: str, origin: Origin) -> None:
    """Mail a link for a new password to the person of this address, if there is one; who was invited, the invitation.

    Says nothing, and runs the same statements, whether or not there is. Raises Invalid for what is no address at all.
    """
    email = text.email("email", email)
    async with database.write() as tx:
        person = await people.seek_by_email(tx, email)
        await mailed.promise(tx, person.id if person else "", "reset")
        await mailed.remind(tx, person.id if person else "")
        if person is None:
            digest = signing_in.hidden(email)
            await events.record(tx, Actor(origin), "password.reset_asked", result="refused", address_hash=digest)
        else:
            await events.record(tx, Actor(origin), "password.reset_asked", object_id=person.id)


async def ask_reset_of(tx: Write, actor: Actor, person_id: str) -> None:
    """Mail somebody a link for a new password. For platform administrators, who learn nothing by it.

    Raises Forbidden, NotFound, NotActive, TooMany.
    """
    person = await people.as_administrator(tx, actor, "reset the password of", person_id)
    if not await people.still_active(tx, person.id):
        raise NotActive
    if not await mailed.promise(tx, person.id, "reset"):
        raise TooMany(mailed.PAUSE // clock.SECOND, "This was sent less than a minute ago.")
    await events.record(tx, actor, "password.reset_asked", object_id=person.id)


async def reset_password(database: Database, token: str, password: str, origin: Origin) -> Person:
    """Set the password of whom the token was mailed to, and end their sessions and logins; they are told by mail.

    Keys and what applications were allowed go on: programs do not stop because somebody forgot a password. It proves the
    address, and signs nobody in: a second factor stays one. Raises LinkOver, Invalid, CommonPassword.
    """
    async with database.read() as tx:
        await mailed.look(tx, "reset", token)
    password_hash = await passwords.hashed(password)
    async with database.write() as tx:
        letter = await mailed.spend(tx, "reset", token)
        person = await people.find(tx, letter.person_id)
        actor = Actor(origin, person.id)
        await _store(tx, person.id, password_hash)
        if text.fold(letter.email) == text.fold(person.email):
            await people.note_verified(tx, person.id)
        await sessions.end_all(tx, actor, person.id)
        await signing_in.end_logins(tx, person.id)
        await _tell(tx, actor, person, "password.reset")
        return person


async def change_password(
    database: Database, actor: Actor, password: str, *, current: str | None = None, proof: Proof | None = None
) -> str | None:
    """Set the caller's password, by the `current` one, a `proof`, or in a session confirmed within the last ten minutes.

    Their other sessions and logins end, and they are told by mail. The new secret of this session, if it is one.
    Raises WrongPassword, ConfirmFirst, Invalid, CommonPassword.
    """
    actor.needs("admin")
    actor.in_person()
    if current is not None:
        proof = await proofs.prove(database, actor, current)
    async with database.read() as tx:
        # Before the slow hash: whoever has nothing to show hears so at once.
        await proofs.require(tx, actor, proof)
    password_hash = await passwords.hashed(password, field="new_password")
    async with database.write() as tx:
        await people.still_active(tx, actor.person_id)
        await proofs.require(tx, actor, proof)
        person = await people.find(tx, actor.person_id)
        await _store(tx, person.id, password_hash)
        await sessions.end_all(tx, actor, person.id, but=actor.session_id)
        await signing_in.end_logins(tx, person.id, but=actor.credential_id)
        await _tell(tx, actor, person, "password.changed")
        return await sessions.renew(tx, actor) if actor.session_id else None


async def _store(tx: Write, person_id: str, password_hash: str) -> None:
    """Links that were mailed before open nothing any more."""
    await tx.run(
        "update person set password_hash = :hash, updated_at = :now where id = :id",
        hash=password_hash,
        now=clock.now(),
        id=person_id,
    )
    await mailed.void(tx, person_id, "reset")


async def _tell(tx: Write, actor: Actor, person: Person, action: str) -> None:
    await events.record(tx, actor, action, object_id=person.id)
    await events.post(tx, "password_changed", person.email, person_id=person.id, at=clock.now())
