"""Authorization codes: 60 seconds, one use, bound to application, redirect address and PKCE challenge (RFC 7636)."""

from typing import LiteralString

import msgspec

from courtyard.core import clock, ids
from courtyard.core.oauth.applications import Application
from courtyard.storage.database import Pair, Write

LIFE = clock.MINUTE


class NewCode(msgspec.Struct, frozen=True, kw_only=True):
    """What a code is bound to; `challenge` is the S256 one, `scopes` words with a space between."""

    person_id: str
    redirect_uri: str
    scopes: str
    challenge: str
    nonce: str | None
    authenticated_at: int


class Code(msgspec.Struct, frozen=True):
    """A code that was given out."""

    hash: bytes
    application_id: str
    person_id: str
    family: str
    redirect_uri: str
    scopes: str
    challenge: str
    nonce: str | None
    authenticated_at: int
    expires_at: int
    used_at: int | None


_SEEK: LiteralString = (
    "select hash, application_id, person_id, family, redirect_uri, scopes, challenge, nonce, authenticated_at, expires_at,"
    " used_at from authorization_code where hash = :hash"
)
SEEK = Pair(sqlite=_SEEK, postgres=_SEEK + " for update")


async def issue(tx: Write, application: Application, new: NewCode) -> str:
    """Give out a code; the secret `cya_…`."""
    secret, now = ids.secret("cya"), clock.now()
    await tx.run(
        "insert into authorization_code (hash, application_id, person_id, family, redirect_uri, scopes, challenge, nonce,"
        " authenticated_at, expires_at) values (:hash, :application, :person, :family, :redirect_uri, :scopes, :challenge,"
        " :nonce, :authenticated_at, :expires)",
        hash=ids.digest(secret),
        application=application.id,
        person=new.person_id,
        family=ids.new(),
        redirect_uri=new.redirect_uri,
        scopes=new.scopes,
        challenge=new.challenge,
        nonce=new.nonce,
        authenticated_at=new.authenticated_at,
        expires=now + LIFE,
    )
    return secret


async def seek(tx: Write, secret: str) -> Code | None:
    """The code, held until the caller's commit so that two exchanges at once come one after the other."""
    return await tx.one(Code, SEEK, hash=ids.digest(secret))


async def use(tx: Write, code: Code) -> bool:
    """Spend a code; False when it was spent or has lapsed."""
    return bool(
        await tx.run(
            "update authorization_code set used_at = :now where hash = :hash and used_at is null and expires_at > :now",
            hash=code.hash,
            now=clock.now(),
        )
    )


async def forget(tx: Write) -> int:
    """Drop codes a day after they lapsed: until then a second use is known for what it is."""
    return await tx.run("delete from authorization_code where expires_at < :oldest", oldest=clock.now() - clock.DAY)
