"""Consents: which applications a person has let in, for which scopes; and how to take it back."""

from typing import LiteralString

import msgspec

from courtyard.core import clock, events, ids
from courtyard.core.actor import Actor
from courtyard.core.errors import NotFound
from courtyard.core.oauth import tokens
from courtyard.core.oauth.applications import Application
from courtyard.core.oauth.scopes import WORDS
from courtyard.core.paging import LAST, Page, Slice, cut
from courtyard.storage.database import Pair, Read, Write


class Consent(msgspec.Struct, frozen=True):
    """An application that a person has let in. `scopes` are words with a space between."""

    number: int
    id: str
    application_id: str
    application_name: str
    client_id: str
    scopes: str
    created_at: int
    updated_at: int


_SEEN: LiteralString = (
    "select c.number, c.id, c.application_id, a.name as application_name, a.client_id, c.scopes, c.created_at,"
    " c.updated_at from consent c join application a on a.id = c.application_id where c.person_id = :person"
)
_PAGE: LiteralString = _SEEN + " and c.id < :past order by c.id desc limit :limit"
_ONE: LiteralString = _SEEN + " and c.id = :id"
_HELD = Pair(sqlite=_ONE, postgres=_ONE + " for update of c")
_OF: LiteralString = _SEEN + " and c.application_id = :application"


async def page(tx: Read, actor: Actor, page: Page) -> Slice[Consent]:
    """What the caller has let in, newest first."""
    actor.needs("admin")
    rows = await tx.all(Consent, _PAGE, person=actor.person_id, past=page.after or LAST, limit=page.limit + 1)
    return cut(rows, page.limit)


async def find(tx: Read, actor: Actor, consent_id: str, *, hold: bool = False) -> Consent:
    """One of the caller's consents; with `hold` kept from others until the caller's commit. Raises NotFound."""
    actor.needs("admin")
    consent = await tx.one(Consent, _HELD if hold else _ONE, id=consent_id, person=actor.person_id)
    if consent is None:
        raise NotFound
    return consent


async def seek(tx: Read, person_id: str, application: Application) -> Consent | None:
    """What a person has let this application do."""
    return await tx.one(Consent, _OF, person=person_id, application=application.id)


async def count(tx: Read, application: Application) -> int:
    """How many people let it in."""
    return await tx.one(int, "select count(*) from consent where application_id = :id", id=application.id) or 0


async def grant(tx: Write, actor: Actor, application: Application, scopes: list[str]) -> None:
    """Let an application in for these scopes, in addition to those that it has."""
    known = await seek(tx, actor.person_id, application)
    held = set(scopes) | set(known.scopes.split() if known else ())
    await tx.run(
        "insert into consent (id, person_id, application_id, scopes, created_at, updated_at)"
        " values (:id, :person, :application, :scopes, :now, :now)"
        " on conflict (person_id, application_id) do update set scopes = excluded.scopes, updated_at = excluded.updated_at",
        id=ids.new(),
        person=actor.person_id,
        application=application.id,
        scopes=" ".join(scope for scope in WORDS if scope in held),
        now=clock.now(),
    )
    await events.record(tx, actor, "consent.granted", object_id=application.id, scopes=sorted(scopes))


async def withdraw(tx: Write, actor: Actor, consent: Consent) -> None:
    """Take it back: every token of the application for this person ends at once. Raises Forbidden."""
    actor.everywhere()
    await tx.run("delete from consent where id = :id", id=consent.id)
    await tokens.revoke_all(tx, actor.person_id, consent.application_id)
    await events.record(tx, actor, "consent.withdrawn", object_id=consent.application_id)
