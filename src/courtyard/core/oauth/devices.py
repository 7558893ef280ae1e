"""Device codes: a program without a browser waits while its person says yes in another place (RFC 8628)."""

from typing import Literal, LiteralString

import msgspec

from courtyard.core import clock, events, ids
from courtyard.core.actor import Actor
from courtyard.core.oauth.applications import Application
from courtyard.storage.database import Pair, Read, Write

LIFE = 10 * clock.MINUTE
PAUSE = 5
LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
"""No vowels, so that no word comes of it, and nothing that looks like a digit."""


class Device(msgspec.Struct, frozen=True):
    """A device that waits. `pause` is in seconds and grows by five with each poll that comes too soon."""

    hash: bytes
    user_code: str
    application_id: str
    application_name: str
    scopes: str
    state: Literal["waiting", "allowed", "denied", "used"]
    person_id: str | None
    polled_at: int
    pause: int
    expires_at: int
    authenticated_at: int | None


_SEEN: LiteralString = (
    "select d.hash, d.user_code, d.application_id, a.name as application_name, d.scopes, d.state, d.person_id,"
    " d.polled_at, d.pause, d.expires_at, d.authenticated_at from device_code d join application a on a.id = d.application_id"
)
_HOLD: LiteralString = _SEEN + " where d.hash = :hash"
HOLD = Pair(sqlite=_HOLD, postgres=_HOLD + " for update of d")


async def begin(tx: Write, application: Application, scopes: str) -> tuple[str, str]:
    """A device code for the program and a user code (`BCDF-GHJK`) for the person."""
    now = clock.now()
    while True:
        secret, letters = ids.secret("cya"), ids.code(8, LETTERS)
        made = await tx.run(
            "insert into device_code (hash, user_code, application_id, scopes, state, polled_at, pause, expires_at)"
            " values (:hash, :user_code, :application, :scopes, 'waiting', 0, :pause, :expires)"
            " on conflict (user_code) do nothing",
            hash=ids.digest(secret),
            user_code=letters,
            application=application.id,
            scopes=scopes,
            pause=PAUSE,
            expires=now + LIFE,
        )
        if made:
            return secret, f"{letters[:4]}-{letters[4:]}"


async def seek(tx: Read, user_code: str) -> Device | None:
    """The device that waits under a user code, however it was typed."""
    letters = "".join(c for c in user_code.upper() if c in LETTERS)
    device = await tx.one(Device, _SEEN + " where d.user_code = :code", code=letters)
    return device if device is not None and device.state == "waiting" and device.expires_at > clock.now() else None


async def decide(tx: Write, actor: Actor, device: Device, *, allow: bool) -> bool:
    """What the person said; False when it was too late."""
    done = await tx.run(
        "update device_code set state = :state, person_id = :person, authenticated_at = (select s.confirmed_at from session s"
        " where s.id = :session) where hash = :hash and state = 'waiting' and expires_at > :now",
        state="allowed" if allow else "denied",
        person=actor.person_id,
        session=actor.session_id,
        hash=device.hash,
        now=clock.now(),
    )
    action = "device.allowed" if allow else "device.denied"
    await events.record(tx, actor, action, object_id=device.application_id, result="done" if done else "refused")
    return bool(done)


async def hold(tx: Write, secret: str) -> Device | None:
    """The device of a device code, held until the caller's commit."""
    return await tx.one(Device, HOLD, hash=ids.digest(secret))


async def poll(tx: Write, device: Device) -> bool:
    """Note that the program asked again; False (and a longer pause) when it came too soon."""
    now = clock.now()
    soon = now - device.polled_at < device.pause * clock.SECOND
    await tx.run(
        "update device_code set polled_at = :now, pause = :pause where hash = :hash",
        now=now,
        pause=device.pause + PAUSE if soon else device.pause,
        hash=device.hash,
    )
    return not soon


async def use(tx: Write, device: Device) -> bool:
    """Spend an allowed device code; False when it was spent."""
    return bool(
        await tx.run(
            "update device_code set state = 'used' where hash = :hash and state = 'allowed' and expires_at > :now",
            hash=device.hash,
            now=clock.now(),
        )
    )


async def forget(tx: Write) -> int:
    """Drop device codes an hour after they lapsed: until then a program that still asks is told why it gets nothing."""
    return await tx.run("delete from device_code where expires_at < :oldest", oldest=clock.now() - clock.HOUR)
