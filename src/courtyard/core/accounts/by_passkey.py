"""Signing in with a passkey: as both factors, as the second one, or again to confirm."""

from courtyard.core.accounts.confirming import needs_session
from courtyard.core.actor import Actor, Origin
from courtyard.core.errors import InvalidCredential, NotFound
from courtyard.core.identity import passkeys, people, sessions
from courtyard.core.identity.passkeys import Answer, Asked, Site, WrongPasskey
from courtyard.core.identity.sessions import Session
from courtyard.storage.database import Database


async def sign_in_with_passkey(
    database: Database, site: Site, challenge_id: str, answer: Answer, origin: Origin, agent: str
) -> tuple[Session, str]:
    """A session of whoever answered `passkeys.ask_to_sign_in`, and its secret. Raises WrongPasskey.

    The passkey verified its user: it is a first and a second factor.
    """
    passkey = await passkeys.verify(database, site, challenge_id, answer, origin, Asked())
    try:
        async with database.write() as tx:
            person = await people.find(tx, passkey.person_id)
            return await sessions.begin(tx, person, origin, agent, second=False)
    except (InvalidCredential, NotFound):
        raise WrongPasskey from None


async def pass_second_with_passkey(
    database: Database, secret: str, site: Site, challenge_id: str, answer: Answer, origin: Origin
) -> tuple[Session, str]:
    """Open a session that waits for the second factor, by an answer to `passkeys.ask_for_second`; its new secret.

    Raises InvalidCredential, ExpiredCredential, WrongPasskey.
    """
    async with database.read() as tx:
        session = await sessions.halfway(tx, secret)
    await passkeys.verify(database, site, challenge_id, answer, origin, Asked("second", session.person_id))
    async with database.write() as tx:
        return await sessions.complete(tx, session, origin)


async def confirm_with_passkey(
    database: Database, actor: Actor, site: Site, challenge_id: str, answer: Answer
) -> tuple[Session, str]:
    """Confirm the caller's session by an answer to `passkeys.ask_to_confirm`; its secret is a new one.

    Raises NoSession, InvalidCredential, WrongPasskey.
    """
    needs_session(actor)
    await passkeys.verify(database, site, challenge_id, answer, actor.origin, Asked("confirm", actor.person_id))
    async with database.write() as tx:
        return await sessions.confirm(tx, actor)
