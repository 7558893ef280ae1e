"""The second factor: codes of an authenticator app (RFC 6238), and recovery codes for the day it is lost."""

import hashlib
import hmac
import os
from typing import Literal, LiteralString

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pyotp import random_base32
from pyotp.hotp import HOTP
from pyotp.totp import TOTP

from courtyard.core import clock, events, ids, installation
from courtyard.core.actor import Actor
from courtyard.core.errors import Conflict, Invalid
from courtyard.core.identity import people, proofs, sessions
from courtyard.core.identity.proofs import Proof
from courtyard.storage.database import Read, Write

STEP = 30 * clock.SECOND
WINDOW = 1
"""So many steps a clock may be ahead or behind (RFC 6238, section 5.2)."""
CODES = 10
LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"
"""32 of them, none like another: 16 make 80 random bits, so that a plain hash suffices."""
KEY = "second_factors"
NONCE = 12

Way = Literal["app", "recovery"]


class AlreadyEnrolled(Conflict):
    """There is an authenticator app already. Remove it first."""


class WrongCode(Invalid):
    """This code is wrong, or was used already."""


class NoSecondFactor(Conflict):
    """There is no second factor yet."""


class Ways(msgspec.Struct, frozen=True):
    """Which second factors a person has: `app` is 0 or 1, the others are counted (recovery codes: unused ones)."""

    app: int
    passkeys: int
    recovery: int

    @property
    def needed(self) -> bool:
        """Whether a password alone does not open this account."""
        return bool(self.app or self.passkeys)


class Enrolment(msgspec.Struct, frozen=True):
    """What an authenticator app needs, shown here only: the secret to type, or its `otpauth:` address as a QR code."""

    secret: str
    uri: str


class _Secret(msgspec.Struct, frozen=True):
    secret: bytes
    confirmed_at: int | None


_WAYS: LiteralString = (
    "select (select count(*) from totp where person_id = :id and confirmed_at is not null) as app,"
    " (select count(*) from passkey where person_id = :id) as passkeys,"
    " (select count(*) from recovery_code where person_id = :id and used_at is null) as recovery"
)


async def ways(tx: Read, person_id: str) -> Ways:
    """Which second factors a person has."""
    return await tx.one(Ways, _WAYS, id=person_id) or Ways(0, 0, 0)


async def own(tx: Read, actor: Actor) -> Ways:
    """Which second factors the caller has."""
    actor.needs("admin")
    actor.in_person()
    return await ways(tx, actor.person_id)


async def enrol(tx: Write, actor: Actor, issuer: str, *, proof: Proof | None = None) -> Enrolment:
    """Make a secret for the caller's authenticator app. It counts from `confirm` on; until then, asking again replaces it.

    Raises ConfirmFirst, AlreadyEnrolled.
    """
    await proofs.require(tx, actor, proof)
    person = await people.find(tx, actor.person_id)
    secret = random_base32()
    made = await tx.run(
        "insert into totp (person_id, secret, last_step) values (:person, :secret, 0) on conflict (person_id)"
        " do update set secret = excluded.secret, last_step = 0 where totp.confirmed_at is null",
        person=person.id,
        secret=await _sealed(tx, person.id, secret),
    )
    if not made:
        raise AlreadyEnrolled
    await events.record(tx, actor, "second.asked", object_id=person.id)
    return Enrolment(secret, TOTP(secret).provisioning_uri(name=person.email, issuer_name=issuer))


async def confirm(tx: Write, actor: Actor, code: str, *, proof: Proof | None = None) -> list[str]:
    """Put the app to use with its first code; recovery codes, if there were none: they are shown here only.

    Raises ConfirmFirst, WrongCode, AlreadyEnrolled, NoSecondFactor.
    """
    await proofs.require(tx, actor, proof)
    await people.still_active(tx, actor.person_id)
    row = await _seek(tx, actor.person_id)
    if row is None:
        raise NoSecondFactor
    if row.confirmed_at is not None:
        raise AlreadyEnrolled
    step = await _step(tx, actor.person_id, row, code)
    if step is None:
        raise WrongCode("code")
    await tx.run(
        "update totp set confirmed_at = :now, last_step = :step where person_id = :person",
        now=clock.now(),
        step=step,
        person=actor.person_id,
    )
    await events.record(tx, actor, "second.added", object_id=actor.person_id)
    return await first_codes(tx, actor)


async def use(tx: Write, person_id: str, code: str) -> Way | None:
    """Spend a code of the app or a recovery code; None when it is wrong or was used already.

    Tries are limited by the caller: by person, for whoever guesses has many addresses.
    """
    plain = "".join(code.split()).casefold()
    if len(plain) == 6 and plain.isascii() and plain.isdigit():
        return "app" if await _use_step(tx, person_id, plain) else None
    spent = await tx.run(
        "update recovery_code set used_at = :now where person_id = :person and hash = :hash and used_at is null",
        now=clock.now(),
        person=person_id,
        hash=_digest(person_id, plain),
    )
    return "recovery" if spent else None


async def _use_step(tx: Write, person_id: str, code: str) -> bool:
    row = await _seek(tx, person_id)
    if row is None or row.confirmed_at is None:
        return False
    step = await _step(tx, person_id, row, code)
    # By condition: of two who send the same code at once, the second finds the step used.
    return step is not None and bool(
        await tx.run(
            "update totp set last_step = :step where person_id = :person and last_step < :step"
            " and confirmed_at is not null and secret = :secret",
            step=step,
            person=person_id,
            secret=row.secret,
        )
    )


async def remove(tx: Write, actor: Actor, *, proof: Proof | None = None) -> None:
    """Take the caller's app out of use; the recovery codes go with the last second factor.

    Raises ConfirmFirst, NoSecondFactor.
    """
    await proofs.require(tx, actor, proof)
    await people.still_active(tx, actor.person_id)
    if not await tx.run("delete from totp where person_id = :person", person=actor.person_id):
        raise NoSecondFactor
    await drop_idle_codes(tx, actor.person_id)
    await events.record(tx, actor, "second.removed", object_id=actor.person_id)


async def regenerate(tx: Write, actor: Actor, *, proof: Proof | None = None) -> list[str]:
    """New recovery codes in the place of all before, shown here only. Raises ConfirmFirst, NoSecondFactor."""
    await proofs.require(tx, actor, proof)
    await people.still_active(tx, actor.person_id)
    if not (await ways(tx, actor.person_id)).needed:
        raise NoSecondFactor
    return await _new_codes(tx, actor)


async def clear(tx: Write, actor: Actor, person_id: str) -> None:
    """Take every second factor from somebody who lost them all. For platform administrators.

    Raises ConfirmFirst, Forbidden, NotFound.
    """
    await people.as_administrator(tx, actor, "clear the second factor of", person_id)
    if person_id == actor.person_id:
        # One's own account changes by the one rule for it, whoever one is.
        await proofs.require(tx, actor, None)
    else:
        await sessions.require_recent_of_session(tx, actor)
    await tx.run("delete from totp where person_id = :person", person=person_id)
    await tx.run("delete from passkey where person_id = :person", person=person_id)
    await drop_idle_codes(tx, person_id)
    await events.record(tx, actor, "second.cleared", object_id=person_id)


async def first_codes(tx: Write, actor: Actor) -> list[str]:
    """Recovery codes for the caller's first second factor; none if there are some. Under the lock of the person."""
    known = await tx.one(int, "select 1 from recovery_code where person_id = :id limit 1", id=actor.person_id)
    return [] if known else await _new_codes(tx, actor)


async def drop_idle_codes(tx: Write, person_id: str) -> None:
    """Without a second factor, recovery codes recover nothing."""
    if not (await ways(tx, person_id)).needed:
        await tx.run("delete from recovery_code where person_id = :person", person=person_id)


async def _new_codes(tx: Write, actor: Actor) -> list[str]:
    await tx.run("delete from recovery_code where person_id = :person", person=actor.person_id)
    codes = [ids.code(16, LETTERS) for _ in range(CODES)]
    for code in codes:
        await tx.run(
            "insert into recovery_code (person_id, hash) values (:person, :hash)",
            person=actor.person_id,
            hash=_digest(actor.person_id, code),
        )
    await events.record(tx, actor, "second.codes_made", object_id=actor.person_id)
    return ["-".join(code[at : at + 4] for at in range(0, 16, 4)) for code in codes]


async def _seek(tx: Read, person_id: str) -> _Secret | None:
    return await tx.one(_Secret, "select secret, confirmed_at from totp where person_id = :id", id=person_id)


async def _step(tx: Write, person_id: str, row: _Secret, code: str) -> int | None:
    """The time step of which this is the code, among those that count now."""
    sealed = AESGCM(await installation.key(tx, KEY))
    secret = sealed.decrypt(row.secret[:NONCE], row.secret[NONCE:], person_id.encode()).decode()
    counter, plain = HOTP(secret), "".join(code.split()).encode()
    now = clock.now() // STEP
    for step in range(now - WINDOW, now + WINDOW + 1):
        if hmac.compare_digest(counter.at(step).encode(), plain):
            return step
    return None


async def _sealed(tx: Write, person_id: str, secret: str) -> bytes:
    """Encrypted for this person's row alone: moved to another one it is unreadable."""
    nonce = os.urandom(NONCE)
    return nonce + AESGCM(await installation.key(tx, KEY)).encrypt(nonce, secret.encode(), person_id.encode())


def _digest(person_id: str, code: str) -> bytes:
    return hashlib.sha256(f"{person_id} {code.replace('-', '')}".encode(errors="replace")).digest()
