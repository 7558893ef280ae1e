"""What lets a person into their account: a password, passkeys, providers outside. One of them always stays."""

from typing import LiteralString

from courtyard.core.errors import Conflict
from courtyard.storage.database import Read


class LastWayIn(Conflict):
    """This is the only way to sign in to your account. Set a password or add a passkey first."""


_OWN: LiteralString = (
    "select (select count(*) from person where id = :person and password_hash is not null)"
    " + (select count(*) from passkey where person_id = :person)"
)


async def require(tx: Read, person_id: str, issuers: frozenset[str]) -> None:
    """Refuse, and so undo, what a transaction has just removed if nothing else lets its person in. Raises LastWayIn.

    `issuers` are the providers that still serve. The caller holds the row of the person: of two ways that go at once, one
    may be the last.
    """
    outside = await tx.all(str, "select provider from provider_link where person_id = :person", person=person_id)
    if issuers.isdisjoint(outside) and not await tx.one(int, _OWN, person=person_id):
        raise LastWayIn
