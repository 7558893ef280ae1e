"""Sessions of browsers: begun, recognized, confirmed, listed and ended."""

from typing import Literal, LiteralString

import msgspec

from courtyard.core import clock, events, ids
from courtyard.core.actor import RANK, Actor, Origin
from courtyard.core.errors import ExpiredCredential, Forbidden, InvalidCredential, NotFound, Unauthenticated
from courtyard.core.identity import people
from courtyard.core.identity.people import Person
from courtyard.core.paging import LAST, Page, Slice, cut
from courtyard.storage.database import Read, Write

IDLE = 8 * clock.HOUR
LIFE = 7 * clock.DAY
HALFWAY = 10 * clock.MINUTE
"""So long the second factor is waited for."""
RECENT = 10 * clock.MINUTE
"""So long after somebody proved who they are, they may change how they do that."""
MOST = 50
"""So many sessions of one person live at once, and so many more wait for their second factor."""
KEPT = clock.DAY
"""So long it is told that a session has expired; then it is unknown."""


class SecondMissing(Unauthenticated):
    """Your second factor is missing."""


class ConfirmFirst(Forbidden):
    """Confirm first that it is you: with your password, or by a sign-in of the last ten minutes."""

    code = "confirmation_required"


class NoSession(Forbidden):
    """A browser that is signed in is confirmed. With a key, send the password along with the call."""


class Session(msgspec.Struct, frozen=True):
    """What is kept of a session: never the secret. `second` ones wait for the second factor and open nothing."""

    number: int
    id: str
    person_id: str
    state: Literal["second", "open", "ended"]
    address: str | None
    agent: str | None
    created_at: int
    seen_at: int
    confirmed_at: int
    expires_at: int


class _Found(Session, frozen=True):
    is_administrator: int
    person_state: str


COLUMNS: LiteralString = (
    "s.number, s.id, s.person_id, s.state, s.address, s.agent, s.created_at, s.seen_at, s.confirmed_at, s.expires_at"
)
_RETURNED: LiteralString = (
    " returning number, id, person_id, state, address, agent, created_at, seen_at, confirmed_at, expires_at"
)
_LOOKUP: LiteralString = (
    "select " + COLUMNS + ", p.is_administrator, p.state as person_state"
    " from session s join person p on p.id = s.person_id where s.hash = :hash"
)
_ALIVE: LiteralString = (
    "select " + COLUMNS + " from session s where s.person_id = :person and s.state = 'open' and s.expires_at > :now"
    " and s.seen_at > :idle"
)


async def begin(tx: Write, person: Person, origin: Origin, agent: str, *, second: bool) -> tuple[Session, str]:
    """A new session of a person who proved who they are, and its secret, which is shown here only.

    With `second` it waits for the second factor (see `complete`). Raises InvalidCredential for an account that is not active.
    """
    # Under the lock of the person: whoever disables the account finds this session too.
    if not await people.still_active(tx, person.id):
        raise InvalidCredential
    state = "second" if second else "open"
    await _trim(tx, person.id, state)
    secret, now = ids.secret("cys"), clock.now()
    session = await tx.one(
        Session,
        "insert into session (id, person_id, hash, state, address, agent, created_at, seen_at, confirmed_at, expires_at)"
        " values (:id, :person, :hash, :state, :address, :agent, :now, :now, :now, :expires)" + _RETURNED,
        id=ids.new(),
        person=person.id,
        hash=ids.digest(secret),
        state=state,
        address=origin.address,
        agent=_plain(agent),
        now=now,
        expires=now + (HALFWAY if second else LIFE),
    )
    session = _there(session)
    await events.record(
        tx,
        _actor(session, origin),
        "session.halfway" if second else "session.started",
        object_id=session.id,
    )
    return session, secret


async def authenticate(tx: Read, secret: str, origin: Origin) -> tuple[Actor, Session]:
    """Whoever holds this secret, with all scopes. Raises InvalidCredential, ExpiredCredential, SecondMissing."""
    session, administrator = await _recognize(tx, secret)
    if session.state != "open":
        raise SecondMissing
    return _actor(session, origin, administrator=administrator), session


async def halfway(tx: Read, secret: str) -> Session:
    """The session of this secret, while it waits for the second factor. Raises InvalidCredential, ExpiredCredential."""
    session, _ = await _recognize(tx, secret)
    if session.state != "second":
        raise InvalidCredential
    return session


async def _recognize(tx: Read, secret: str) -> tuple[Session, bool]:
    if not secret.startswith("cys_") or not ids.plausible(secret):
        raise InvalidCredential
    found = await tx.one(_Found, _LOOKUP, hash=ids.digest(secret))
    if found is None or found.state == "ended" or found.person_state != "active":
        raise InvalidCredential
    now = clock.now()
    if found.expires_at <= now or found.seen_at + IDLE <= now:
        raise ExpiredCredential
    return found, bool(found.is_administrator)


async def complete(tx: Write, session: Session, origin: Origin) -> tuple[Session, str]:
    """Open a session that waited for the second factor, with a new secret. Raises InvalidCredential when it is over."""
    await _trim(tx, session.person_id, "open")
    secret, now = ids.secret("cys"), clock.now()
    opened = await tx.one(
        Session,
        "update session set state = 'open', hash = :hash, seen_at = :now, confirmed_at = :now, expires_at = :expires"
        " where id = :id and state = 'second' and expires_at > :now" + _RETURNED,
        id=session.id,
        hash=ids.digest(secret),
        now=now,
        expires=now + LIFE,
    )
    opened = _there(opened)
    await events.record(tx, _actor(opened, origin), "session.started", object_id=opened.id, second=True)
    return opened, secret


async def confirm(tx: Write, actor: Actor) -> tuple[Session, str]:
    """Note that the caller proved once more who they are; the secret is a new one. Raises InvalidCredential.

    The proof is the caller's business: a password, a passkey (see `accounts.confirm`). Raises NoSession.
    """
    if actor.session_id is None:
        raise NoSession
    session, secret = await _renew(tx, actor, clock.now())
    await events.record(tx, actor, "session.confirmed", object_id=session.id)
    return session, secret


async def renew(tx: Write, actor: Actor) -> str:
    """A new secret for the caller's session, when what it opens has changed; the old one is refused from now on.

    Raises InvalidCredential.
    """
    return (await _renew(tx, actor, 0))[1]


async def _renew(tx: Write, actor: Actor, confirmed_at: int) -> tuple[Session, str]:
    secret = ids.secret("cys")
    session = await tx.one(
        Session,
        "update session set hash = :hash, seen_at = :now,"
        " confirmed_at = case when confirmed_at < :confirmed then :confirmed else confirmed_at end"
        " where id = :id and state = 'open'" + _RETURNED,
        id=actor.session_id,
        hash=ids.digest(secret),
        now=clock.now(),
        confirmed=confirmed_at,
    )
    return _there(session), secret


async def require_recent(tx: Read, actor: Actor) -> None:
    """Let pass who proved within the last ten minutes who they are, in a session. Raises ConfirmFirst.

    A key proves nothing about who holds it now: it never passes.
    """
    at = await tx.one(
        int, "select confirmed_at from session where id = :id and state = 'open'", id=actor.session_id or ""
    )
    if at is None or at + RECENT <= clock.now():
        raise ConfirmFirst


async def require_recent_of_session(tx: Read, actor: Actor) -> None:
    """Like `require_recent`, for what a credential may do by its scope alone: keys, and who owns what. Raises ConfirmFirst."""
    if actor.session_id is not None:
        await require_recent(tx, actor)


async def touch(tx: Write, session_id: str, origin: Origin) -> None:
    """Note a use: at most once a minute, off the request path."""
    now = clock.now()
    await tx.run(
        "update session set seen_at = :now, address = :address where id = :id and state <> 'ended' and seen_at <= :latest",
        id=session_id,
        now=now,
        address=origin.address,
        latest=now - clock.MINUTE,
    )


async def page(tx: Read, actor: Actor, page: Page) -> Slice[Session]:
    """The caller's open sessions, newest first."""
    actor.needs("admin")
    actor.in_person()
    now = clock.now()
    rows = await tx.all(
        Session,
        _ALIVE + " and s.id < :past order by s.id desc limit :limit",
        person=actor.person_id,
        now=now,
        idle=now - IDLE,
        past=page.after or LAST,
        limit=page.limit + 1,
    )
    return cut(rows, page.limit)


async def find(tx: Read, actor: Actor, session_id: str) -> Session:
    """One of the caller's open sessions. Raises NotFound."""
    actor.needs("admin")
    actor.in_person()
    now = clock.now()
    session = await tx.one(
        Session, _ALIVE + " and s.id = :id", person=actor.person_id, now=now, idle=now - IDLE, id=session_id
    )
    if session is None:
        raise NotFound
    return session


async def end(tx: Write, actor: Actor, session: Session) -> None:
    """End a session; it is refused from the next request on. Raises NotFound when it has ended meanwhile."""
    if not await tx.run("update session set state = 'ended' where id = :id and state <> 'ended'", id=session.id):
        raise NotFound
    await events.record(tx, actor, "session.ended", object_id=session.id)


async def end_all(tx: Write, actor: Actor, person_id: str, *, but: str | None = None) -> int:
    """End every session of a person (`but` one); how many."""
    ended = await tx.run(
        "update session set state = 'ended' where person_id = :person and state <> 'ended' and id <> :but",
        person=person_id,
        but=but or "",
    )
    if ended:
        await events.record(tx, actor, "session.all_ended", object_id=person_id, sessions=ended)
    return ended


async def forget(tx: Write) -> int:
    """Remove sessions that have ended, and those that expired a day ago; how many."""
    now = clock.now()
    return await tx.run(
        "delete from session where state = 'ended' or expires_at < :past or seen_at < :idle",
        past=now - KEPT,
        idle=now - KEPT - IDLE,
    )


async def _trim(tx: Write, person_id: str, state: str) -> None:
    """Make room for one more: the oldest in that state ends.

    Each state has room of its own: whoever has the password alone must not end what two factors opened.
    """
    await tx.run(
        "update session set state = 'ended' where person_id = :person and state = :state and number <= ("
        "select number from session where person_id = :person and state = :state order by number desc limit 1"
        " offset :kept)",
        person=person_id,
        state=state,
        kept=MOST - 1,
    )


def _actor(session: Session, origin: Origin, *, administrator: bool = False) -> Actor:
    return Actor(origin, session.person_id, RANK["admin"], administrator, session_id=session.id)


def _there(session: Session | None) -> Session:
    if session is None:
        raise InvalidCredential
    return session


def _plain(agent: str) -> str | None:
    """What a browser says of itself, in one line."""
    return "".join(letter for letter in agent if letter.isprintable())[:255] or None
