"""Proofs: that somebody who is signed in is still the one whose account it is."""

import msgspec

from courtyard.core import events
from courtyard.core.actor import Actor
from courtyard.core.errors import Unauthenticated
from courtyard.core.identity import passwords, people, sessions
from courtyard.core.identity.sessions import ConfirmFirst
from courtyard.storage.database import Database, Read


class WrongPassword(Unauthenticated):
    """The e-mail address or the password is wrong."""


class Proof(msgspec.Struct, frozen=True):
    """That the caller knew the password just now, good while the account keeps it; or showed a code, which is spent."""

    person_id: str
    password_hash: str | None


async def prove(database: Database, actor: Actor, password: str) -> Proof:
    """Check the caller's password, outside of any transaction. Raises WrongPassword, which is noted."""
    actor.needs("admin")
    actor.in_person()
    async with database.read() as tx:
        person = await people.find(tx, actor.person_id)
    if await passwords.verified(person.password_hash, password) and person.password_hash is not None:
        return Proof(person.id, person.password_hash)
    async with database.write() as tx:
        await events.record(tx, actor, "password.refused", result="refused", object_id=person.id)
    raise WrongPassword


async def require(tx: Read, actor: Actor, proof: Proof | None) -> None:
    """Let pass who shows a proof, or has a session that was confirmed within the last ten minutes. Raises ConfirmFirst.

    The one rule for whatever decides who gets into an account. A key or token proves nothing about who holds it now: with
    one, a proof is needed every time.
    """
    actor.needs("admin")
    actor.in_person()
    if proof is None:
        await sessions.require_recent(tx, actor)
        return
    person = await people.find(tx, actor.person_id)
    if proof.person_id != person.id or (
        proof.password_hash is not None and proof.password_hash != person.password_hash
    ):
        raise ConfirmFirst
