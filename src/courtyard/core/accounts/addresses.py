"""E-mail addresses: verified, and changed by whoever reads the new one."""

from courtyard.core import clock, events, text
from courtyard.core.accounts import proofs
from courtyard.core.accounts.proofs import Proof
from courtyard.core.actor import Actor, Origin
from courtyard.core.errors import Conflict, Invalid, TooMany
from courtyard.core.identity import mailed, names, people
from courtyard.core.identity.people import EmailTaken, Person
from courtyard.storage.database import Write


class AlreadyVerified(Conflict):
    """This address is verified already."""


async def ask_verification(tx: Write, actor: Actor) -> None:
    """Mail the caller a link that verifies their address. Raises AlreadyVerified, TooMany."""
    actor.needs("admin")
    actor.in_person()
    person = await people.find(tx, actor.person_id)
    if person.email_verified_at is not None:
        raise AlreadyVerified
    if not await mailed.promise(tx, person.id, "verify"):
        raise TooMany(mailed.PAUSE // clock.SECOND, "This was sent less than a minute ago.")
    await events.record(tx, actor, "email.verification_asked", object_id=person.id)


async def verify_email(tx: Write, token: str, origin: Origin) -> Person:
    """Note that the address of whom the token was mailed to is theirs. Raises LinkOver, also for an address of before."""
    letter = await mailed.spend(tx, "verify", token)
    person = await people.find(tx, letter.person_id)
    if text.fold(person.email) != text.fold(letter.email):
        raise mailed.LinkOver
    await people.note_verified(tx, person.id)
    await events.record(tx, Actor(origin, person.id), "email.verified", object_id=person.id)
    return await people.find(tx, person.id)


async def ask_email_change(tx: Write, actor: Actor, email: str, *, proof: Proof | None = None) -> None:
    """Mail a link to the address that the caller wants to have, and tell the one they have at once.

    Nothing changes before the link is used, and nothing is said about whether the address is somebody else's: they get no
    mail. Raises ConfirmFirst, Invalid, TooMany.
    """
    actor.needs("admin")
    actor.in_person()
    await proofs.require(tx, actor, proof)
    email = text.email("email", email)
    person = await people.find(tx, actor.person_id)
    if email == person.email:
        raise Invalid("email", "This is your address already.", code="same")
    if not await mailed.promise(tx, person.id, "change_email", email):
        raise TooMany(mailed.PAUSE // clock.SECOND, "This was sent less than a minute ago.")
    await events.post(tx, "email_change_asked", person.email, person_id=person.id, email=email)
    await events.record(tx, actor, "email.change_asked", object_id=person.id)


async def change_email(tx: Write, token: str, origin: Origin) -> Person:
    """Give whom the token belongs to the address that it was mailed to, verified; it is told that this is done.

    Links that were mailed to the old address end. Raises LinkOver, EmailTaken.
    """
    letter = await mailed.spend(tx, "change_email", token)
    folded = text.fold(letter.email)
    await names.hold(tx, "email", folded)
    changed = await tx.run(
        "update person set email = :email, email_folded = :folded, email_verified_at = :now, updated_at = :now"
        " where id = :id and not exists (select 1 from person x where x.email_folded = :folded and x.id <> :id)",
        id=letter.person_id,
        email=letter.email,
        folded=folded,
        now=clock.now(),
    )
    if not changed:
        raise EmailTaken
    await mailed.void(tx, letter.person_id)
    await events.post(tx, "email_changed", letter.email, person_id=letter.person_id)
    await events.record(tx, Actor(origin, letter.person_id), "email.changed", object_id=letter.person_id)
    return await people.find(tx, letter.person_id)
