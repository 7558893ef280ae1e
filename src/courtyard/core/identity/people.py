"""People: accounts, pending ones too."""

from typing import Literal, LiteralString

import msgspec

from courtyard.core import clock, events, ids, text
from courtyard.core.actor import Actor
from courtyard.core.errors import Conflict, Forbidden, Invalid, NotFound
from courtyard.core.identity import names
from courtyard.core.identity.personal import found_personal
from courtyard.core.paging import LAST, Page, Slice, cut
from courtyard.storage.database import Read, Write

State = Literal["active", "invited", "disabled"]


class EmailTaken(Conflict):
    """This e-mail address is taken."""


class UsernameTaken(Conflict):
    """This username is taken."""


class NotActive(Conflict):
    """This account is not in use: it was not claimed yet, or is disabled."""


class Person(msgspec.Struct, frozen=True):
    """A person. `invited` ones were named by somebody else and cannot sign in until they claim the account."""

    number: int
    id: str
    email: str
    username: str
    phone: str | None
    password_hash: str | None
    state: State
    is_administrator: int
    referral_code: str
    created_at: int
    email_verified_at: int | None


SERVICE = "service:"
"""What stands in place of the address of whoever serves an organization: no address is like it."""
COLUMNS: LiteralString = (
    "select p.number, p.id, p.email, p.username, p.phone, p.password_hash, p.state, p.is_administrator,"
    " p.referral_code, p.created_at, p.email_verified_at from person p"
)
_BY_ID: LiteralString = COLUMNS + " where p.id = :id"
_ADMINISTRATORS: LiteralString = COLUMNS + " where p.is_administrator = 1 and p.state = 'active' order by p.id"
_STILL: LiteralString = "select 1 from person where id = :id and is_administrator = 1 and state = 'active'"
_BY_EMAIL: LiteralString = COLUMNS + " where p.email_folded = :email"


async def seek(tx: Read, person_id: str) -> Person | None:
    """The person, if there is one."""
    return await tx.one(Person, _BY_ID, id=person_id)


async def find(tx: Read, person_id: str) -> Person:
    """The person. Raises NotFound."""
    person = await seek(tx, person_id)
    if person is None:
        raise NotFound
    return person


async def seek_by_email(tx: Read, email: str) -> Person | None:
    """The person with that address, without regard to case."""
    return await tx.one(Person, _BY_EMAIL, email=text.fold(email.strip()))


async def any_yet(tx: Read) -> bool:
    """Whether anybody is here."""
    return await tx.one(int, "select 1 from person limit 1") is not None


async def administrators(tx: Read) -> list[Person]:
    """The active platform administrators, the first one first."""
    return await tx.all(Person, _ADMINISTRATORS)


async def as_administrator(tx: Read, actor: Actor, what: str, person_id: str) -> Person:
    """Somebody of whom a platform administrator wants to `what`; the privilege is noted. Raises Forbidden, NotFound."""
    actor.administers()
    # Looked at again: a request may have been let in, and its body taken its time, before its administrator was one no more.
    if actor.person_id and not await tx.one(int, _STILL, id=actor.person_id):
        raise Forbidden
    person = await find(tx, person_id)
    actor.privileged.append((what, person_id))
    return person


async def page(tx: Read, actor: Actor, page: Page) -> Slice[Person]:
    """Everybody, newest first; for platform administrators. Raises Forbidden."""
    actor.administers()
    actor.privileged.append(("list people", ""))
    rows = await tx.all(
        Person,
        COLUMNS + " where p.id < :past order by p.id desc limit :limit",
        past=page.after or LAST,
        limit=page.limit + 1,
    )
    return cut(rows, page.limit)


async def add(  # noqa: PLR0913 - an account has these
    tx: Write,
    actor: Actor,
    *,
    email: str,
    username: str,
    password_hash: str | None,
    phone: str | None = None,
    administrator: bool = False,
) -> Person:
    """Make an account, with its personal organization.

    Raises Invalid, EmailTaken (also for the address of a pending person: only its owner can claim that account, from the
    mail), UsernameTaken.
    """
    email, username, phone = text.email("email", email), _username(username), _phone(phone)
    person_id = None
    while person_id is None:
        # Looked at again after a failed insert: by then whoever took the name has committed it.
        await _refuse_taken(tx, email, username)
        person_id = await _insert(tx, email, username, "active", password_hash, phone)
    if administrator:
        await tx.run("update person set is_administrator = 1 where id = :id", id=person_id)
    await events.record(tx, actor, "person.created", object_id=person_id)
    return await find(tx, person_id)


async def add_pending(tx: Write, actor: Actor, email: str) -> Person:
    """Make a person whom somebody invited, with a username from the address. Raises Invalid.

    Gives the person of that address if there is one: somebody else may have invited them at the same moment.
    """
    email = text.email("email", email)
    plain = text.slug(email.partition("@")[0], "person")
    username = plain
    while True:
        person_id = await _insert(tx, email, username, "invited", None, None)
        if person_id is not None:
            break
        known = await seek_by_email(tx, email)
        if known is not None:
            return known
        username = f"{plain}-{ids.code(4, ids.LOWER)}"
    await events.record(tx, actor, "person.invited", object_id=person_id)
    return await find(tx, person_id)


async def serving(tx: Write, actor: Actor, organization_id: str, handle: str) -> str:
    """The id of the member in whose name the keys of an organization act, made when it is first asked for.

    It has no password, no personal organization and no address that anybody could claim, mail or invite. Call it under
    the lock of the organization.
    """
    address = f"{SERVICE}{organization_id}"
    known = await seek_by_email(tx, address)
    if known is not None:
        return known.id
    username, person_id = f"{handle[:40]}-service", None
    while person_id is None:
        person_id = await _store(tx, address, username, "active", None, None)
        username = f"{handle[:40]}-service-{ids.code(4, ids.LOWER)}"
    await events.record(tx, actor, "person.created", object_id=person_id, organization_id=organization_id)
    return person_id


async def end_service(tx: Write, organization_id: str) -> None:
    """The organization is gone: nobody serves it any more."""
    await tx.run("delete from person where email_folded = :address", address=f"{SERVICE}{organization_id}")


def mailable(email: str) -> str | None:
    """The address; None of whom has none because nobody reads it (see `serving`)."""
    return None if email.startswith(SERVICE) else email


async def rename(tx: Write, actor: Actor, username: str) -> Person:
    """Give the caller another username; their personal organization is called by it too. Raises Invalid, UsernameTaken."""
    actor.needs("admin")
    actor.in_person()
    name = await free_username(tx, username, actor.person_id)
    await tx.run(
        "update person set username = :name, username_folded = :folded, updated_at = :now where id = :id",
        id=actor.person_id,
        name=name,
        folded=text.fold(name),
        now=clock.now(),
    )
    await tx.run("update organization set name = :name where personal_of = :id", name=name, id=actor.person_id)
    await events.record(tx, actor, "person.renamed", object_id=actor.person_id)
    return await find(tx, actor.person_id)


async def note_verified(tx: Write, person_id: str) -> None:
    """The address is theirs: they read a mail that went there."""
    await tx.run(
        "update person set email_verified_at = coalesce(email_verified_at, :now), updated_at = :now where id = :id",
        now=clock.now(),
        id=person_id,
    )


async def free_username(tx: Write, value: str, person_id: str = "") -> str:
    """A username that nobody else has, and nobody takes while this transaction lasts. Raises Invalid, UsernameTaken."""
    name = _username(value)
    folded = text.fold(name)
    await names.hold(tx, "username", folded)
    if await tx.one(int, "select 1 from person where username_folded = :f and id <> :id", f=folded, id=person_id):
        raise UsernameTaken
    return name


def _username(value: str) -> str:
    value = text.name("username", value, longest=64)
    if "\n" in value or "\t" in value:
        # Mails put usernames into one line.
        raise Invalid("username", "Control characters are not allowed.", code="control_characters")
    return value


def _phone(value: str | None) -> str | None:
    """As written, but short and in one line; empty is none."""
    if value is None or not value.strip():
        return None
    value = text.name("phone", value, longest=32)
    if "\n" in value or "\t" in value:
        raise Invalid("phone", "Control characters are not allowed.", code="control_characters")
    return value


async def _refuse_taken(tx: Write, email: str, username: str) -> None:
    if await tx.one(int, "select 1 from person where email_folded = :email", email=text.fold(email)):
        raise EmailTaken
    if await tx.one(int, "select 1 from person where username_folded = :name", name=text.fold(username)):
        raise UsernameTaken


async def _insert(
    tx: Write, email: str, username: str, state: State, password_hash: str | None, phone: str | None
) -> str | None:
    """Store a person and their organization; the id, or None when address or username is taken."""
    person_id = await _store(tx, email, username, state, password_hash, phone)
    if person_id is not None:
        await found_personal(tx, person_id, username)
    return person_id


async def _store(
    tx: Write, email: str, username: str, state: State, password_hash: str | None, phone: str | None
) -> str | None:
    person_id, now = ids.new(), clock.now()
    await names.hold(tx, "email", text.fold(email))
    await names.hold(tx, "username", text.fold(username))
    made = await tx.run(
        "insert into person (id, email, email_folded, username, username_folded, phone, password_hash, state,"
        " unclaimed, referral_code, created_at, updated_at) values (:id, :email, :email_folded, :username,"
        " :username_folded, :phone, :password_hash, :state, :unclaimed, :referral_code, :now, :now)"
        " on conflict do nothing",
        id=person_id,
        email=email,
        email_folded=text.fold(email),
        username=username,
        username_folded=text.fold(username),
        phone=phone,
        password_hash=password_hash,
        state=state,
        unclaimed=int(state == "invited"),
        referral_code=ids.code(8, ids.UPPER),
        now=now,
    )
    return person_id if made else None


async def still_pending(tx: Write, person_id: str) -> bool:
    """Whether the account is yet to be claimed, also when it is closed; while this transaction lasts, nobody claims it."""
    return bool(
        await tx.run("update person set updated_at = updated_at where id = :id and unclaimed = 1", id=person_id)
    )


async def still_active(tx: Write, person_id: str) -> bool:
    """Whether the account is in use; while this transaction lasts, nobody disables or removes it."""
    return bool(
        await tx.run("update person set updated_at = updated_at where id = :id and state = 'active'", id=person_id)
    )


async def claim(
    tx: Write, actor: Actor, person_id: str, *, username: str | None = None, password_hash: str | None = None
) -> Person | None:
    """Turn a pending person into an account, for whoever proved to own the address; None when it is none any more.

    Raises Invalid, UsernameTaken.
    """
    person = await find(tx, person_id)
    name = await free_username(tx, person.username if username is None else username, person_id)
    changed = await tx.run(
        "update person set state = 'active', unclaimed = 0, username = :name, username_folded = :folded,"
        " password_hash = cast(:hash as text), email_verified_at = :now, updated_at = :now"
        " where id = :id and state = 'invited'",
        id=person_id,
        name=name,
        folded=text.fold(name),
        hash=password_hash,
        now=clock.now(),
    )
    if not changed:
        return None
    await tx.run("update organization set name = :name where personal_of = :id", name=name, id=person_id)
    await events.record(tx, actor, "person.claimed", object_id=person_id)
    return await find(tx, person_id)
