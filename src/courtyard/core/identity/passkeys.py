"""Passkeys (WebAuthn, level 3): registered, used as first or second factor and to confirm, listed and removed."""

import struct
from typing import Any, Literal, LiteralString
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
import webauthn
from cryptography.exceptions import UnsupportedAlgorithm
from webauthn.helpers import parse_authentication_credential_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from courtyard.core import clock, events, ids, text
from courtyard.core.actor import Actor, Origin
from courtyard.core.errors import Conflict, Invalid, NotFound, Unauthenticated
from courtyard.core.identity import entrances, people, proofs, second
from courtyard.core.identity.proofs import Proof
from courtyard.core.paging import LAST, Page, Slice, cut
from courtyard.storage.database import Database, Read, Write

LIFE = 5 * clock.MINUTE
"""So long a challenge waits for its answer."""
MOST = 25

Purpose = Literal["register", "sign_in", "second", "confirm"]
ALONE = frozenset(("sign_in", "confirm"))
"""Where nothing but the passkey is asked for: whoever holds it shows it who they are. A stolen one must not suffice."""
Answer = str | dict[str, Any]
"""What the browser made of the options: a `PublicKeyCredential` as JSON."""

# Whatever a stranger may put into CBOR, COSE and base64 comes out of the parsers as one of these.
MALFORMED = (
    WebAuthnException,
    UnsupportedAlgorithm,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    RecursionError,
    struct.error,
)


class WrongPasskey(Unauthenticated):
    """This passkey was not accepted."""


class NotAPasskey(Invalid):
    """This is no new passkey for this site. Try again."""


class PasskeyKnown(Conflict):
    """This passkey is registered already."""


class TooManyPasskeys(Conflict):
    """A person may have 25 passkeys. Remove one first."""


class Site(msgspec.Struct, frozen=True):
    """Where passkeys are for: the host, what it is called, and the origin that browsers say they are at."""

    host: str
    name: str
    origin: str


class Passkey(msgspec.Struct, frozen=True):
    """What is kept of a passkey: its public half."""

    number: int
    id: str
    person_id: str
    credential_id: bytes
    public_key: bytes
    sign_count: int
    name: str
    created_at: int
    last_used_at: int | None


class Challenge(msgspec.Struct, frozen=True):
    """What a browser is asked: `options` is JSON for `navigator.credentials`; its answer comes back with the `id`."""

    id: str
    options: str


class Asked(msgspec.Struct, frozen=True):
    """What a passkey was asked for, and of whom; of nobody in particular to sign in."""

    purpose: Purpose = "sign_in"
    person_id: str | None = None


class _Taken(msgspec.Struct, frozen=True):
    value: bytes
    person_id: str | None


COLUMNS: LiteralString = "number, id, person_id, credential_id, public_key, sign_count, name, created_at, last_used_at"
_ALL: LiteralString = "select " + COLUMNS + " from passkey where person_id = :person"


def site(public_url: str, name: str) -> Site:
    """The site behind the public URL; its origin is written as browsers do, without the usual port."""
    parts = urlsplit(public_url)
    host = parts.hostname or ""
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    port = "" if parts.port in (None, usual) else f":{parts.port}"
    return Site(host, name, f"{parts.scheme}://{host}{port}")


async def ask_to_register(tx: Write, actor: Actor, site: Site, *, proof: Proof | None = None) -> Challenge:
    """Ask the caller's browser for a new passkey. Raises ConfirmFirst, TooManyPasskeys."""
    await proofs.require(tx, actor, proof)
    person = await people.find(tx, actor.person_id)
    known = await tx.all(Passkey, _ALL, person=person.id)
    if len(known) >= MOST:
        raise TooManyPasskeys
    options = webauthn.generate_registration_options(
        rp_id=site.host,
        rp_name=site.name,
        user_id=handle(person.id),
        user_name=person.email,
        user_display_name=person.username,
        timeout=LIFE,
        exclude_credentials=_described(known),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED, user_verification=UserVerificationRequirement.PREFERRED
        ),
    )
    return Challenge(await _keep(tx, "register", options.challenge, person.id), webauthn.options_to_json(options))


async def register(  # noqa: PLR0913 - a registration has these
    database: Database,
    actor: Actor,
    site: Site,
    challenge_id: str,
    answer: Answer,
    name: str,
    *,
    proof: Proof | None = None,
) -> tuple[Passkey, list[str]]:
    """Store the caller's new passkey; recovery codes, if there were none: they are shown here only.

    Raises ConfirmFirst, Invalid, NotAPasskey, PasskeyKnown, TooManyPasskeys.
    """
    name = text.name("name", name, longest=64)
    async with database.write() as tx:
        await proofs.require(tx, actor, proof)
        taken = await _take(tx, "register", challenge_id)
    if taken is None or taken.person_id != actor.person_id:
        raise NotAPasskey("answer")
    try:
        verified = webauthn.verify_registration_response(
            credential=answer,
            expected_challenge=taken.value,
            expected_rp_id=site.host,
            expected_origin=site.origin,
        )
    except MALFORMED:
        raise NotAPasskey("answer") from None
    async with database.write() as tx:
        await people.still_active(tx, actor.person_id)
        passkey = await _store(
            tx, actor, name, (verified.credential_id, verified.credential_public_key, verified.sign_count)
        )
        return passkey, await second.first_codes(tx, actor)


async def _store(tx: Write, actor: Actor, name: str, facts: tuple[bytes, bytes, int]) -> Passkey:
    """Under the lock of the person."""
    if (await second.ways(tx, actor.person_id)).passkeys >= MOST:
        raise TooManyPasskeys
    credential_id, public_key, sign_count = facts
    passkey = await tx.one(
        Passkey,
        "insert into passkey (id, person_id, credential_id, public_key, sign_count, name, created_at)"
        " values (:id, :person, :credential, :key, :count, :name, :now) on conflict do nothing returning " + COLUMNS,
        id=ids.new(),
        person=actor.person_id,
        credential=credential_id,
        key=public_key,
        count=sign_count,
        name=name,
        now=clock.now(),
    )
    if passkey is None:
        raise PasskeyKnown
    await events.record(tx, actor, "passkey.added", object_id=passkey.id)
    return passkey


async def ask_to_sign_in(tx: Write, site: Site) -> Challenge:
    """Ask whoever is there for a passkey of theirs that verifies its user: it is both factors in one."""
    return await _ask(tx, site, Asked(), None)


async def ask_for_second(tx: Write, site: Site, person_id: str) -> Challenge:
    """Ask for a passkey of this person as their second factor. Raises NoSecondFactor."""
    return await _ask(tx, site, Asked("second", person_id), await _own(tx, person_id))


async def ask_to_confirm(tx: Write, site: Site, person_id: str) -> Challenge:
    """Ask for a passkey of this person that verifies its user: it stands in for the password. Raises NoSecondFactor."""
    return await _ask(tx, site, Asked("confirm", person_id), await _own(tx, person_id))


async def _own(tx: Read, person_id: str) -> list[PublicKeyCredentialDescriptor]:
    known = await tx.all(Passkey, _ALL, person=person_id)
    if not known:
        raise second.NoSecondFactor
    return _described(known)


async def _ask(tx: Write, site: Site, asked: Asked, allowed: list[PublicKeyCredentialDescriptor] | None) -> Challenge:
    verified = UserVerificationRequirement.REQUIRED if asked.purpose in ALONE else UserVerificationRequirement.PREFERRED
    options = webauthn.generate_authentication_options(
        rp_id=site.host, timeout=LIFE, allow_credentials=allowed, user_verification=verified
    )
    challenge_id = await _keep(tx, asked.purpose, options.challenge, asked.person_id)
    return Challenge(challenge_id, webauthn.options_to_json(options))


async def verify(
    database: Database, site: Site, challenge_id: str, answer: Answer, origin: Origin, asked: Asked
) -> Passkey:
    """The passkey that answered what was asked by `ask_to_sign_in`, `ask_for_second` or `ask_to_confirm`.

    The challenge is spent whatever the answer is. Raises WrongPasskey, which is noted.
    """
    async with database.write() as tx:
        taken = await _take(tx, asked.purpose, challenge_id)
        passkey = await _seek_answering(tx, answer)
    if taken is not None and passkey is not None and taken.person_id == asked.person_id:
        count = _count(site, taken, passkey, answer, asked.purpose)
        if count is not None and asked.person_id in (None, passkey.person_id):
            async with database.write() as tx:
                if await _use(tx, passkey, count):
                    return passkey
    async with database.write() as tx:
        whose = asked.person_id or (passkey.person_id if passkey else None)
        await events.record(tx, Actor(origin), "passkey.refused", result="refused", object_id=whose)
    raise WrongPasskey


async def _seek_answering(tx: Read, answer: Answer) -> Passkey | None:
    try:
        credential_id = parse_authentication_credential_json(answer).raw_id
    except MALFORMED:
        return None
    return await tx.one(
        Passkey, "select " + COLUMNS + " from passkey where credential_id = :credential", credential=credential_id
    )


def _count(site: Site, taken: _Taken, passkey: Passkey, answer: Answer, purpose: Purpose) -> int | None:
    """The new sign count of a right answer; None for a wrong one."""
    try:
        named = parse_authentication_credential_json(answer).response.user_handle
        verified = webauthn.verify_authentication_response(
            credential=answer,
            expected_challenge=taken.value,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=purpose in ALONE,
        )
    except MALFORMED:
        return None
    # Section 7.2, step 6: without a name typed before, the passkey itself says whose it is.
    whose = handle(passkey.person_id)
    return verified.new_sign_count if named == whose or (named is None and purpose != "sign_in") else None


async def _use(tx: Write, passkey: Passkey, count: int) -> bool:
    """Note the use. A count that does not grow comes from a copy; those that never count stay at 0."""
    return bool(
        await tx.run(
            "update passkey set sign_count = :count, last_used_at = :now where id = :id"
            " and (sign_count < :count or (sign_count = 0 and :count = 0))",
            count=count,
            now=clock.now(),
            id=passkey.id,
        )
    )


async def page(tx: Read, actor: Actor, page: Page) -> Slice[Passkey]:
    """The caller's passkeys, newest first."""
    actor.needs("admin")
    actor.in_person()
    rows = await tx.all(
        Passkey,
        _ALL + " and id < :past order by id desc limit :limit",
        person=actor.person_id,
        past=page.after or LAST,
        limit=page.limit + 1,
    )
    return cut(rows, page.limit)


async def find(tx: Read, actor: Actor, passkey_id: str) -> Passkey:
    """One of the caller's passkeys. Raises NotFound."""
    actor.needs("admin")
    actor.in_person()
    passkey = await tx.one(Passkey, _ALL + " and id = :id", person=actor.person_id, id=passkey_id)
    if passkey is None:
        raise NotFound
    return passkey


async def rename(tx: Write, actor: Actor, passkey: Passkey, name: str) -> Passkey:
    """Give a passkey another name. Raises Invalid, NotFound."""
    name = text.name("name", name, longest=64)
    await tx.run("update passkey set name = :name where id = :id", name=name, id=passkey.id)
    await events.record(tx, actor, "passkey.renamed", object_id=passkey.id)
    return await find(tx, actor, passkey.id)


async def remove(
    tx: Write, actor: Actor, passkey: Passkey, issuers: frozenset[str], *, proof: Proof | None = None
) -> None:
    """End a passkey; the recovery codes go with the last second factor. `issuers` are the providers that serve.

    Raises ConfirmFirst, NotFound, LastWayIn.
    """
    await proofs.require(tx, actor, proof)
    await people.still_active(tx, actor.person_id)
    if not await tx.run("delete from passkey where id = :id", id=passkey.id):
        raise NotFound
    await entrances.require(tx, actor.person_id, issuers)
    await second.drop_idle_codes(tx, actor.person_id)
    await events.record(tx, actor, "passkey.removed", object_id=passkey.id)


async def forget(tx: Write) -> int:
    """Remove challenges that were never answered; how many."""
    return await tx.run("delete from challenge where expires_at <= :now", now=clock.now())


def handle(person_id: str) -> bytes:
    """How a passkey names its person."""
    return UUID(person_id).bytes


async def _keep(tx: Write, purpose: Purpose, value: bytes, person_id: str | None) -> str:
    challenge_id = ids.new()
    await tx.run(
        "insert into challenge (id, kind, value, person_id, expires_at) values (:id, :kind, :value, :person, :expires)",
        id=challenge_id,
        kind=purpose,
        value=value,
        person=person_id,
        expires=clock.now() + LIFE,
    )
    return challenge_id


async def _take(tx: Write, purpose: Purpose, challenge_id: str) -> _Taken | None:
    """Spend a challenge: of two answers at once, the second finds none."""
    return await tx.one(
        _Taken,
        "delete from challenge where id = :id and kind = :kind and expires_at > :now returning value, person_id",
        id=challenge_id,
        kind=purpose,
        now=clock.now(),
    )


def _described(passkeys: list[Passkey]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=passkey.credential_id) for passkey in passkeys]
