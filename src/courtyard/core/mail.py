"""Mails: the outbox rows that `events.post` writes, claimed one by one, and the text of each kind.

At most one mail per row. A row is claimed and, should its worker be lost, due again after five minutes. Everything that
can go wrong without a mail leaving comes first: connection, credentials, sender, recipient. Only then, with a fence and
in a commit of its own, the row becomes `handed`, and the text goes over. A server that refuses the text makes the row
wait again. When nobody can say what became of it (the connection or the worker was lost meanwhile) the row is dropped: a
mail too few is asked for again, a mail too many cannot be taken back. Its link is made in that same commit, so the one
that was sent is always the one that works.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Literal, LiteralString

import msgspec

from courtyard.core import clock, events
from courtyard.core.actor import system
from courtyard.core.identity import expiries, mailed, people
from courtyard.core.membership import invitations
from courtyard.core.membership.invitations import Letter
from courtyard.storage.database import Pair, Read, Write

LIFE = 24 * clock.HOUR
LOST = 5 * clock.MINUTE
"""After this a mail that was claimed and not handed over is claimed again."""
HANDOVER = 15 * clock.MINUTE
"""After this a mail that was being handed over is nobody's any more."""
LONGEST_PAUSE = 4 * clock.HOUR

Reason = Literal["refused", "unreachable", "over", "unknown", "address"]


class Mail(msgspec.Struct, frozen=True):
    """A claimed row of the outbox. `attempt` counts claims, this one too."""

    number: int
    id: str
    kind: str
    recipient: str
    payload: str
    attempt: int
    fence: int
    created_at: int


class Text(msgspec.Struct, frozen=True):
    """What a mail says: a subject of one line, and plain text."""

    subject: str
    body: str


_CLAIM: LiteralString = (
    "update mail set attempt = attempt + 1, fence = fence + 1, due_at = :lost where id = (select id from mail"
    " where state = 'waiting' and due_at <= :now order by due_at, number limit 1"
)
COLUMNS: LiteralString = "number, id, kind, recipient, payload, attempt, fence, created_at"
_RETURNING: LiteralString = ") returning " + COLUMNS
CLAIM = Pair(sqlite=_CLAIM + _RETURNING, postgres=_CLAIM + " for update skip locked" + _RETURNING)
GIVE_UP: LiteralString = (
    "update mail set state = 'dropped', fence = fence + 1 where state = 'handed' and due_at <= :now returning "
    + COLUMNS
)
_MINE: LiteralString = " where id = :id and fence = :fence and state = "


async def due(tx: Read) -> bool:
    """Whether a mail waits to be sent."""
    sql: LiteralString = "select 1 from mail where state in ('waiting', 'handed') and due_at <= :now limit 1"
    return bool(await tx.one(int, sql, now=clock.now()))


async def claim(tx: Write) -> Mail | None:
    """Take the mail that has been due longest; None when nothing is due."""
    now = clock.now()
    return await tx.one(Mail, CLAIM, now=now, lost=now + LOST)


async def hand(tx: Write, mail: Mail, public_url: str) -> Text | None:
    """Mark it as being handed over, once and for all, and say what it says.

    None, and nothing must be sent, when the claim was lost or its reason is over.
    """
    handed = await tx.run(
        "update mail set state = 'handed', due_at = :due" + _MINE + "'waiting'",
        due=clock.now() + HANDOVER,
        id=mail.id,
        fence=mail.fence,
    )
    if not handed:
        return None
    text = await KINDS[mail.kind](tx, msgspec.json.decode(mail.payload, type=dict[str, Any]), public_url.rstrip("/"))
    if text is None:
        await drop(tx, mail, "over")
    return text


async def sent(tx: Write, mail: Mail) -> None:
    """The server took it."""
    await tx.run(
        "update mail set state = 'sent', sent_at = :now" + _MINE + "'handed'",
        now=clock.now(),
        id=mail.id,
        fence=mail.fence,
    )


async def postpone(tx: Write, mail: Mail) -> bool:
    """Try again later: after 1, 2, 4 … minutes, for a day; False when the day is over and the mail was dropped."""
    at = clock.now() + pause(mail.attempt)
    if at > mail.created_at + LIFE:
        await drop(tx, mail, "unreachable")
        return False
    await tx.run(
        "update mail set state = 'waiting', due_at = :at where id = :id and fence = :fence"
        " and state in ('waiting', 'handed')",
        at=at,
        id=mail.id,
        fence=mail.fence,
    )
    return True


async def drop(tx: Write, mail: Mail, reason: Reason) -> None:
    """Give it up, and say so in the audit trail."""
    dropped = await tx.run(
        "update mail set state = 'dropped' where id = :id and fence = :fence and state in ('waiting', 'handed')",
        id=mail.id,
        fence=mail.fence,
    )
    if dropped:
        await _tell(tx, mail, reason)


async def give_up(tx: Write) -> int:
    """Drop what was being handed over by a worker that was lost; how many."""
    lost = await tx.all(Mail, GIVE_UP, now=clock.now())
    for mail in lost:
        await _tell(tx, mail, "unknown")
    return len(lost)


def pause(attempt: int) -> int:
    """Milliseconds until the next attempt."""
    return min(clock.MINUTE << min(attempt - 1, 20), LONGEST_PAUSE)


async def _tell(tx: Write, mail: Mail, reason: Reason) -> None:
    await events.record(tx, system("worker"), "mail.dropped", object_id=mail.id, kind=mail.kind, reason=reason)


async def _invitation(tx: Write, payload: dict[str, Any], public_url: str) -> Text | None:
    letter = await invitations.letter(tx, payload["invitation_id"])
    token = letter and await invitations.mint(tx, letter.id)
    if letter is None or token is None:
        return None
    return Text(
        _line(f"{_inviter(letter)} invites you to {_place(letter)}"),
        f"Hello,\n\n{_inviter(letter)} invites you to {_place(letter)} at {public_url} as {letter.role}.\n"
        f"This invitation is for {letter.email} alone, and for one use until {_day(letter.expires_at)}.\n\n"
        f"Accept it here:\n\n{public_url}/invite/{token}\n\n"
        f"Or by the API, with a user name and a password of your choice:\n\n"
        f"POST {public_url}/v1/invitations/accept\n"
        f'{{"token": "{token}", "username": "{letter.username}", "password": "..."}}\n\n'
        "If you did not expect this, you need do nothing.\n",
    )


async def _added(tx: Write, payload: dict[str, Any], public_url: str) -> Text | None:
    letter = await invitations.letter(tx, payload["invitation_id"])
    if letter is None:
        return None
    return Text(
        _line(f"You were added to {_place(letter)}"),
        f"Hello {letter.username},\n\n{_inviter(letter)} added you to {_place(letter)} at {public_url} as {letter.role}.\n"
        "You can use it at once, with the account that you have.\n\n"
        "If you do not want to be there, leave it like any other place that you are a member of.\n",
    )


async def _verify(tx: Write, payload: dict[str, Any], public_url: str) -> Text | None:
    return await _linked(
        tx,
        payload,
        "Is this your address?",
        f"Somebody, probably you, gave this address to an account at {public_url}.\n"
        f"Say that it is yours (within a day):\n\n{public_url}/verify/",
        "If it was not you, you need do nothing.",
    )


async def _reset(tx: Write, payload: dict[str, Any], public_url: str) -> Text | None:
    return await _linked(
        tx,
        payload,
        "A new password",
        f"Somebody, probably you, asked for a new password at {public_url}, or wanted to register this address, which\n"
        f"has an account already. Choose a new password (within an hour):\n\n{public_url}/reset/",
        "If it was not you, you need do nothing: your password stays as it is.",
    )


async def _change_email(tx: Write, payload: dict[str, Any], public_url: str) -> Text | None:
    return await _linked(
        tx,
        payload,
        "Your new address",
        f"Somebody, probably you, wants to use this address for an account at {public_url}.\n"
        f"Say that this is right (within an hour):\n\n{public_url}/email/",
        "If it was not you, you need do nothing.",
    )


async def _linked(tx: Write, payload: dict[str, Any], subject: str, before: str, after: str) -> Text | None:
    """A mail with a link: its token is made here, in the commit after which it is handed over."""
    letter = await mailed.letter(tx, payload["token_id"])
    token = letter and await mailed.mint(tx, letter)
    if letter is None or token is None:
        return None
    return Text(subject, f"Hello {letter.username},\n\n{before}{token}\n\n{after}\n")


async def _password_changed(tx: Write, payload: dict[str, Any], public_url: str) -> Text | None:
    return await _told(
        tx,
        payload,
        "Your password was changed",
        f"The password of your account at {public_url} was changed on {_day(payload['at'])}. Other sessions have ended;\n"
        "keys, and applications that you let in, go on working.\n\n"
        f"If it was not you, ask for a new password at {public_url}/reset and look through your keys.",
    )


async def _email_change_asked(tx: Write, payload: dict[str, Any], public_url: str) -> Text | None:
    return await _told(
        tx,
        payload,
        "Your address is about to change",
        f"Somebody, probably you, asked that your account at {public_url} use the address {payload['email']}.\n"
        "This happens as soon as the link that was mailed there is used.\n\n"
        f"If it was not you, change your password at once: {public_url}/reset",
    )


async def _email_changed(tx: Write, payload: dict[str, Any], public_url: str) -> Text | None:
    return await _told(
        tx, payload, "Your address was changed", f"Your account at {public_url} uses this address from now on."
    )


async def _key_expiring(tx: Write, payload: dict[str, Any], public_url: str) -> Text | None:
    key = await expiries.seek(tx, payload["key_id"])
    if key is None:
        return None
    whose = f"The service key of {_line(key.organization)}" if key.organization else "Your key"
    return await _told(
        tx,
        payload,
        f'The key "{_line(key.name)}" is about to expire',
        f'{whose} "{_line(key.name)}" ({key.prefix}…{key.last4}) at {public_url} works until {_day(key.expires_at)}.\n\n'
        "If it is still needed, put another one in its place before then; both work for a while:\n\n"
        f"POST {public_url}/v1/keys/{key.id}/rotate\n"
        '{"expires_at": "..."}\n\n'
        "If not, you need do nothing.",
    )


async def _told(tx: Write, payload: dict[str, Any], subject: str, body: str) -> Text | None:
    """A mail that says what happened; None when the account is gone."""
    person = await people.seek(tx, payload["person_id"])
    return person and Text(subject, f"Hello {person.username},\n\n{body}\n")


async def _account_removed(_tx: Write, payload: dict[str, Any], public_url: str) -> Text | None:
    return Text(
        "Your account was removed",
        f"Hello {payload['username']},\n\nyour account at {public_url} was removed as you asked, with all that was yours"
        " alone.\n",
    )


Kind = Callable[[Write, dict[str, Any], str], Awaitable[Text | None]]
KINDS: dict[str, Kind] = {
    "invitation": _invitation,
    "added": _added,
    "verify": _verify,
    "reset": _reset,
    "change_email": _change_email,
    "password_changed": _password_changed,
    "email_change_asked": _email_change_asked,
    "email_changed": _email_changed,
    "key_expiring": _key_expiring,
    "account_removed": _account_removed,
}
"""What each kind says, from the payload that `events.post` stored; None when its reason is over."""


def _inviter(letter: Letter) -> str:
    return letter.inviter or "Somebody"


def _place(letter: Letter) -> str:
    return f'"{_line(letter.place)}"'


def _line(text: str) -> str:
    """One line, and not a long one: names may have line breaks, headers must not."""
    line = " ".join(text.split())
    return line if len(line) <= 150 else line[:149] + "…"


def _day(at: int) -> str:
    return clock.rfc3339(at)[:16].replace("T", " ") + " UTC"
