"""Tokens: access tokens are credentials like any other; refresh tokens turn over, and one used twice ends its family."""

from typing import LiteralString

import msgspec

from courtyard.core import clock, events, ids
from courtyard.core.actor import Actor
from courtyard.core.oauth.applications import Application
from courtyard.storage.database import Pair, Read, Write

ACCESS_LIFE = clock.HOUR
REFRESH_LIFE = 30 * clock.DAY


class Granted(msgspec.Struct, frozen=True):
    """What a person let an application do: `scopes` are words with a space between; `family` joins all tokens of it.

    `renewable` are the scopes of the refresh token, where the access token gets fewer (RFC 6749, section 6).
    `authenticated_at` is when the person proved who they are, where one did; `nonce` is told once, with the first tokens.
    """

    person_id: str
    family: str
    scopes: str
    renewable: str = ""
    authenticated_at: int | None = None
    nonce: str | None = None


class Issued(msgspec.Struct, frozen=True):
    """What a token request gives: the secrets, the seconds until the access token ends, the scopes."""

    access: str
    refresh: str | None
    expires_in: int
    scopes: str
    person_id: str
    client_id: str
    authenticated_at: int | None
    nonce: str | None


class Token(msgspec.Struct, frozen=True):
    """A token of an application, as it rests."""

    id: str
    kind: str
    person_id: str
    username: str
    person_state: str
    application_id: str
    client_id: str
    family: str
    scopes: str
    created_at: int
    expires_at: int | None
    revoked_at: int | None
    successor_id: str | None
    authenticated_at: int | None


_SEEK: LiteralString = (
    "select c.id, c.kind, c.person_id, p.username, p.state as person_state, c.application_id, a.client_id, c.family,"
    " c.scopes, c.created_at, c.expires_at, c.revoked_at, c.successor_id, c.authenticated_at from credential c"
    " join application a on a.id = c.application_id join person p on p.id = c.person_id where c.hash = :hash"
)
_HELD = Pair(sqlite=_SEEK, postgres=_SEEK + " for update of c")


async def issue(tx: Write, actor: Actor, application: Application, granted: Granted, *, refresh: bool = True) -> Issued:
    """Store an access token and, if wanted, the refresh token beside it."""
    access = await _store(tx, application, "access", granted)
    renewal = await _store(tx, application, "refresh", granted) if refresh else None
    await events.record(
        tx, actor, "token.issued", object_id=application.id, family=granted.family, scopes=granted.scopes
    )
    return Issued(
        access=access,
        refresh=renewal,
        expires_in=ACCESS_LIFE // clock.SECOND,
        scopes=granted.scopes,
        person_id=granted.person_id,
        client_id=application.client_id,
        authenticated_at=granted.authenticated_at,
        nonce=granted.nonce,
    )


async def _store(tx: Write, application: Application, kind: str, granted: Granted) -> str:
    secret, now = ids.secret("cyo" if kind == "access" else "cyr"), clock.now()
    await tx.run(
        "insert into credential (id, person_id, kind, name, hash, prefix, last4, scopes, created_at, expires_at,"
        " application_id, family, authenticated_at) values (:id, :person, :kind, :name, :hash, :prefix, :last4, :scopes,"
        " :now, :expires, :application, :family, :authenticated_at)",
        id=ids.new(),
        person=granted.person_id,
        kind=kind,
        name=application.name,
        hash=ids.digest(secret),
        prefix=secret[:8],
        last4=secret[-4:],
        scopes=(granted.renewable if kind == "refresh" else "") or granted.scopes,
        now=now,
        expires=now + (ACCESS_LIFE if kind == "access" else REFRESH_LIFE),
        application=application.id,
        family=granted.family,
        authenticated_at=granted.authenticated_at,
    )
    return secret


async def seek(tx: Read, secret: str) -> Token | None:
    """A token of either kind, spent and lapsed ones too."""
    return await tx.one(Token, _SEEK, hash=ids.digest(secret)) if ids.plausible(secret) else None


async def hold(tx: Write, secret: str) -> Token | None:
    """Like `seek`, held until the caller's commit so that two uses at once come one after the other."""
    return await tx.one(Token, _HELD, hash=ids.digest(secret)) if ids.plausible(secret) else None


async def spend(tx: Write, token: Token) -> bool:
    """Turn a refresh token over, once; False when it was used before, has lapsed, or was revoked."""
    return bool(
        await tx.run(
            "update credential set revoked_at = :now, successor_id = :family where id = :id and kind = 'refresh'"
            " and revoked_at is null and expires_at > :now",
            id=token.id,
            family=token.family,
            now=clock.now(),
        )
    )


def alive(token: Token) -> bool:
    """Whether a token works now."""
    return (
        token.revoked_at is None
        and token.person_state == "active"
        and (token.expires_at is None or token.expires_at > clock.now())
    )


async def revoke_family(tx: Write, actor: Actor, family: str, reason: str, *, person_id: str | None = None) -> None:
    """End every token that came of one consent (RFC 9700, section 4.14.2; RFC 7009, section 2.1).

    `person_id` is whose tokens they were, who is to see it among what happened to their account: when one was stolen.
    """
    ended = False
    # Again until nothing is left: on PostgreSQL the first statement waits for a refresh under way, but does not see the
    # tokens that it leaves behind.
    while await tx.run(
        "update credential set revoked_at = :now where family = :family and revoked_at is null",
        family=family,
        now=clock.now(),
    ):
        ended = True
    if not ended:
        # Whoever sends a dead token again and again does not fill the trail.
        return
    await events.record(
        tx,
        actor,
        "token.family_revoked",
        object_id=person_id or family,
        result="refused" if person_id else "done",
        family=family,
        reason=reason,
    )


async def revoke_all(tx: Write, person_id: str, application_id: str) -> None:
    """End every token of an application for one person, its keys for their organizations, and the codes under way."""
    named = {"person": person_id, "application": application_id}
    for table in ("authorization_code", "device_code"):
        await tx.run(f"delete from {table} where person_id = :person and application_id = :application", **named)
    while await tx.run(
        "update credential set revoked_at = :now where application_id = :application and revoked_at is null"
        " and (person_id = :person or allowed_by = :person)",
        now=clock.now(),
        **named,
    ):
        pass


async def forget(tx: Write) -> int:
    """Drop tokens a day after they lapsed."""
    return await tx.run(
        "delete from credential where kind in ('access', 'refresh') and expires_at < :oldest",
        oldest=clock.now() - clock.DAY,
    )
