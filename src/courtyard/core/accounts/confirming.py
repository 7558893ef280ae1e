"""Confirming: what else shows that somebody is still there, and who can note it on a session."""

from courtyard.core import events
from courtyard.core.accounts import proofs
from courtyard.core.accounts.proofs import Proof
from courtyard.core.accounts.signing_in import WrongSecond
from courtyard.core.actor import Actor
from courtyard.core.identity import passkeys, second, sessions
from courtyard.core.identity.passkeys import Challenge, Site
from courtyard.core.identity.sessions import NoSession, Session
from courtyard.storage.database import Database, Write


async def prove_by_code(database: Database, actor: Actor, code: str) -> Proof:
    """Spend a code of the caller's app, or a recovery code. Raises WrongSecond, which is noted.

    Tries are limited by the caller, by person. The code is spent even when what it was shown for is refused.
    """
    actor.needs("admin")
    actor.in_person()
    async with database.write() as tx:
        way = await second.use(tx, actor.person_id, code)
        if way == "recovery":
            await events.record(tx, actor, "second.recovered", object_id=actor.person_id)
        if way is not None:
            return Proof(actor.person_id, None)
        await events.record(tx, actor, "second.refused", result="refused", object_id=actor.person_id)
    raise WrongSecond


async def confirm_with_code(database: Database, actor: Actor, code: str) -> tuple[Session, str]:
    """Confirm the caller's session by a code, as `prove_by_code` takes it; its secret is a new one.

    Raises NoSession, InvalidCredential, WrongSecond.
    """
    needs_session(actor)
    proof = await prove_by_code(database, actor, code)
    async with database.write() as tx:
        await proofs.require(tx, actor, proof)
        return await sessions.confirm(tx, actor)


def needs_session(actor: Actor) -> None:
    """Refuse whoever came by a credential, before what they show is looked at. Raises NoSession."""
    actor.needs("admin")
    actor.in_person()
    if actor.session_id is None:
        raise NoSession


async def ask_for_passkey(tx: Write, actor: Actor, site: Site) -> Challenge:
    """Ask the caller for a passkey of theirs, to confirm their session by it. Raises NoSession, NoSecondFactor."""
    needs_session(actor)
    return await passkeys.ask_to_confirm(tx, site, actor.person_id)
