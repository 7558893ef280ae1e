"""Signing in with an outside provider: accounts known to it by (issuer, subject), new ones, links made and undone."""

from typing import LiteralString

import msgspec

from courtyard.core import clock, events, ids, text
from courtyard.core.accounts.registering import Registration, admit
from courtyard.core.actor import Actor, Origin
from courtyard.core.errors import Conflict, Forbidden, Invalid, NotFound, Refusal
from courtyard.core.identity import entrances, mailed, people, proofs
from courtyard.core.identity.people import Person
from courtyard.storage.database import Read, Write


class EmailNotVerified(Forbidden):
    """The provider does not say that this e-mail address is yours, so no account can be made of it."""


class NotLinked(Conflict):
    """There is an account with this e-mail address already. Sign in to it as you always do, then link the provider there."""


class InvitedByMail(Conflict):
    """You have been invited: make the account by the link in that mail, then link the provider there."""


class AccountDisabled(Forbidden):
    """This account has been closed by an administrator."""


class LinkTaken(Conflict):
    """This account at the provider is linked to another account here."""


class LinkedAlready(Conflict):
    """Your account is linked to another account at this provider. Unlink that one first."""


class Newcomer(msgspec.Struct, frozen=True):
    """Somebody a provider vouches for: who they are there (`issuer`, `subject`), and what it says of them."""

    provider: str
    issuer: str
    subject: str
    email: str | None
    verified: bool
    username: str


class Link(msgspec.Struct, frozen=True):
    """An account at a provider that opens an account here. `email` is what the provider called it by then."""

    id: str
    issuer: str
    subject: str
    person_id: str
    email: str | None
    created_at: int
    used_at: int | None


_SEEN: LiteralString = (
    "select id, provider as issuer, subject, person_id, email, created_at, used_at from provider_link"
)
_OUTSIDE: LiteralString = _SEEN + " where provider = :issuer and subject = :subject"
_OWN: LiteralString = _SEEN + " where person_id = :person order by created_at, id"
TRIES = 20


async def arrive(tx: Write, newcomer: Newcomer, origin: Origin, registration: Registration) -> Person | Refusal:
    """The account of somebody whom a provider just vouched for, made if there is none.

    A refusal is given back instead of raised, for it has been written down and is to be committed: AccountDisabled,
    EmailNotVerified, NotLinked, InvitedByMail, InvitedOnly, RegistrationClosed, Invalid for an address that is none.
    """
    link = await _outside(tx, newcomer)
    try:
        person = await _register(tx, newcomer, origin, registration) if link is None else await _known(tx, link)
    except Refusal as refusal:
        await events.record(
            tx,
            Actor(origin),
            "login.refused",
            result="refused",
            object_id=None if link is None else link.person_id,
            provider=newcomer.provider,
            reason=refusal.code,
        )
        return refusal
    await tx.run(
        "update provider_link set used_at = :now, email = :email where provider = :issuer and subject = :subject",
        now=clock.now(),
        email=newcomer.email,
        issuer=newcomer.issuer,
        subject=newcomer.subject,
    )
    return person


async def link(tx: Write, actor: Actor, newcomer: Newcomer) -> None:
    """Let somebody's account at a provider open the caller's account. Again: nothing.

    Raises ConfirmFirst, LinkTaken, LinkedAlready.
    """
    await proofs.require(tx, actor, None)
    if not await people.still_active(tx, actor.person_id):
        raise NotFound
    known = await _outside(tx, newcomer)
    if known is not None:
        if known.person_id != actor.person_id:
            raise LinkTaken
        return
    if any(one.issuer == newcomer.issuer for one in await links(tx, actor)):
        raise LinkedAlready
    if not await _link(tx, newcomer, actor.person_id):
        raise LinkTaken
    await events.record(tx, actor, "provider.linked", object_id=actor.person_id, provider=newcomer.provider)


async def links(tx: Read, actor: Actor) -> list[Link]:
    """What opens the caller's account from outside, oldest first."""
    actor.needs("admin")
    actor.in_person()
    return await tx.all(Link, _OWN, person=actor.person_id)


async def unlink(tx: Write, actor: Actor, link_id: str, issuers: frozenset[str]) -> None:
    """Undo a link; `issuers` are the providers that still serve. Raises ConfirmFirst, NotFound, LastWayIn."""
    await proofs.require(tx, actor, None)
    await people.still_active(tx, actor.person_id)
    own = await links(tx, actor)
    gone = next((one for one in own if one.id == link_id), None)
    if gone is None:
        raise NotFound
    await tx.run("delete from provider_link where id = :id", id=link_id)
    await entrances.require(tx, actor.person_id, issuers)
    await events.record(tx, actor, "provider.unlinked", object_id=actor.person_id, issuer=gone.issuer)


def registration_by(general: Registration, own: bool | None) -> Registration:
    """Who may make an account by a provider: what holds in general, unless the provider has a word of its own.

    It opens a house where accounts are for invited people; one that is closed it never opens.
    """
    if own is None or general == "closed":
        return general
    return "open" if own else "closed"


async def _known(tx: Write, link: Link) -> Person:
    person = await people.find(tx, link.person_id)
    if person.state != "active":
        raise AccountDisabled
    return person


async def _register(tx: Write, newcomer: Newcomer, origin: Origin, registration: Registration) -> Person:
    if newcomer.email is None or not newcomer.verified:
        raise EmailNotVerified
    email = text.email("email", newcomer.email)
    known = await people.seek_by_email(tx, email)
    if known is not None and known.state == "invited":
        await mailed.remind(tx, known.id)
        raise InvitedByMail
    if known is not None:
        raise NotLinked
    admit(registration)
    actor = Actor(origin)
    person = await _add(tx, actor, email, newcomer.username)
    await people.note_verified(tx, person.id)
    if not await _link(tx, newcomer, person.id):
        # Two first sign-ins at once: the other one has the link, and this address with it.
        raise NotLinked
    await events.record(tx, actor, "provider.linked", object_id=person.id, provider=newcomer.provider)
    return await people.find(tx, person.id)


async def _add(tx: Write, actor: Actor, email: str, username: str) -> Person:
    """An account without a password, its username as near as can be to that at the provider."""
    plain = (username.strip() if _fits(username) else "") or text.slug(email.partition("@")[0], "person")
    for _ in range(TRIES):
        try:
            name = await people.free_username(tx, plain)
        except people.UsernameTaken:
            plain = f"{plain[:50]}-{ids.code(4, ids.LOWER)}"
            continue
        return await people.add(tx, actor, email=email, username=name, password_hash=None)
    raise people.UsernameTaken


def _fits(username: str) -> bool:
    try:
        return len(text.name("username", username, longest=50)) > 0 and username.isprintable() and "@" not in username
    except Invalid:
        return False


async def _outside(tx: Read, newcomer: Newcomer) -> Link | None:
    return await tx.one(Link, _OUTSIDE, issuer=newcomer.issuer, subject=newcomer.subject)


async def _link(tx: Write, newcomer: Newcomer, person_id: str) -> bool:
    return bool(
        await tx.run(
            "insert into provider_link (provider, subject, person_id, created_at, id, email)"
            " values (:issuer, :subject, :person, :now, :id, :email) on conflict (provider, subject) do nothing",
            issuer=newcomer.issuer,
            subject=newcomer.subject,
            person=person_id,
            now=clock.now(),
            id=ids.new(),
            email=newcomer.email,
        )
    )
