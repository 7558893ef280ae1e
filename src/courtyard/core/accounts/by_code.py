"""Confirming that it is still the same person by a code: of the authenticator app, or a recovery code."""

from courtyard.core import events
from courtyard.core.accounts.signing_in import WrongSecond
from courtyard.core.actor import Actor
from courtyard.core.identity import second, sessions
from courtyard.core.identity.sessions import Session
from courtyard.storage.database import Database


async def confirm_with_code(database: Database, actor: Actor, code: str) -> tuple[Session, str]:
    """Confirm the caller's session by a code, which is spent; the secret of the session is a new one.

    Tries are limited by the caller, by person. Raises InvalidCredential, WrongSecond, which is noted.
    """
    actor.needs("admin")
    actor.in_person()
    async with database.write() as tx:
        way = await second.use(tx, actor.person_id, code)
        if way is not None:
            if way == "recovery":
                await events.record(tx, actor, "second.recovered", object_id=actor.person_id)
            return await sessions.confirm(tx, actor)
        await events.record(tx, actor, "second.refused", result="refused", object_id=actor.person_id)
    raise WrongSecond
