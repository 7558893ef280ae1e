"""Links in mails: promised with their cause, made when the mail is sent, good for one use."""

from typing import Literal, LiteralString

import msgspec

from courtyard.core import clock, ids
from courtyard.core.errors import Expired
from courtyard.core.identity import people
from courtyard.storage.database import Read, Write

Kind = Literal["verify", "reset", "change_email"]
LIFE: dict[str, int] = {"verify": clock.DAY, "reset": clock.HOUR, "change_email": clock.HOUR}
"""From the moment in which the mail is sent."""
WAIT = clock.DAY
"""So long a mail may wait to be sent."""
PAUSE = clock.MINUTE
"""Between two mails of one kind to one person."""


class LinkOver(Expired):
    """This link is not valid, or no longer. Ask for another one."""


class Letter(msgspec.Struct, frozen=True):
    """What the mail of a link tells, and to whom the link belongs. `email` is where it was mailed to."""

    id: str
    person_id: str
    kind: Kind
    email: str
    username: str


_VALID: LiteralString = (
    " from mailed_token t join person p on p.id = t.person_id where t.state = 'open' and t.expires_at > :now"
    " and p.state = 'active'"
)
_LETTER: LiteralString = "select t.id, t.person_id, t.kind, t.email, p.username" + _VALID


async def promise(tx: Write, person_id: str, kind: Kind, email: str | None = None) -> bool:
    """Mail an active person (or their new address `email`) a link; older ones of its kind end.

    False, and nothing is mailed, when the last one is less than a minute old or there is no such person. Every statement
    runs in any case: how long it takes does not say whether somebody has an account.
    """
    token_id, now = ids.new(), clock.now()
    # The person first: of two who ask at once, the second finds the link of the first.
    await tx.run("update person set updated_at = updated_at where id = :person", person=person_id)
    made = await tx.run(
        "insert into mailed_token (id, person_id, kind, email, state, created_at, expires_at)"
        " select :id, p.id, :kind, coalesce(cast(:email as text), p.email), 'open', :now, :expires from person p"
        " where p.id = :person and p.state = 'active' and not exists (select 1 from mailed_token t"
        " where t.person_id = p.id and t.kind = :kind and t.created_at > :latest and t.state = 'open'"
        " and t.email = coalesce(cast(:email as text), p.email))",
        id=token_id,
        person=person_id,
        kind=kind,
        email=email,
        now=now,
        expires=now + WAIT,
        latest=now - PAUSE,
    )
    await tx.run(
        "update mailed_token set state = 'void', hash = null where person_id = :person and kind = :kind"
        " and state = 'open' and number < (select number from mailed_token where id = :id)",
        person=person_id,
        kind=kind,
        id=token_id,
    )
    await tx.run(
        "insert into mail (id, kind, recipient, payload, state, attempt, due_at, created_at)"
        " select :mail, t.kind, t.email, :payload, 'waiting', 0, :now, :now from mailed_token t where t.id = :id",
        mail=ids.new(),
        payload=msgspec.json.encode({"token_id": token_id}).decode(),
        now=now,
        id=token_id,
    )
    return bool(made)


async def remind(tx: Write, person_id: str) -> None:
    """Mail a pending person once more the newest invitation that still holds, as long as it did: it is how they get in.

    Nothing is mailed to anybody else, nor within a minute after the last one. Every statement runs in any case.
    """
    token_id, now = ids.new(), clock.now()
    await tx.run("update person set updated_at = updated_at where id = :person", person=person_id)
    # The token of such a mail is the invitation's own. What is kept here opens nothing: it is when the last one left.
    await tx.run(
        "insert into mailed_token (id, person_id, kind, email, state, created_at, expires_at)"
        " select :id, p.id, 'verify', p.email, 'void', :now, :now from person p where p.id = :person"
        " and p.state = 'invited' and not exists (select 1 from mailed_token t where t.person_id = p.id"
        " and t.created_at > :latest) and not exists (select 1 from invitation i where i.person_id = p.id"
        " and i.state = 'open' and i.sent_at > :latest)",
        id=token_id,
        person=person_id,
        now=now,
        latest=now - PAUSE,
    )
    invitation_id = await tx.one(
        str,
        "select id from invitation where person_id = :person and state = 'open' and expires_at > :now"
        " order by number desc limit 1",
        person=person_id,
        now=now,
    )
    await tx.run(
        "insert into mail (id, kind, recipient, payload, state, attempt, due_at, created_at)"
        " select :mail, 'invitation', t.email, :payload, 'waiting', 0, :now, :now from mailed_token t"
        " where t.id = :id and cast(:invitation as text) is not null",
        mail=ids.new(),
        payload=msgspec.json.encode({"invitation_id": invitation_id}).decode(),
        now=now,
        id=token_id,
        invitation=invitation_id,
    )


async def letter(tx: Read, token_id: str) -> Letter | None:
    """What its mail tells; None when it is over, or when the new address of somebody is somebody else's by now."""
    found = await tx.one(Letter, _LETTER + " and t.id = :id", id=token_id, now=clock.now())
    if found is not None and found.kind == "change_email":
        owner = await people.seek_by_email(tx, found.email)
        return found if owner is None or owner.id == found.person_id else None
    return found


async def mint(tx: Write, letter: Letter) -> str | None:
    """The token for the mail that leaves now, in the place of any before; only its hash is kept. None when it is over."""
    token = ids.secret("cye")
    now = clock.now()
    minted = await tx.run(
        "update mailed_token set hash = :hash, expires_at = :expires where id = :id and state = 'open'"
        " and expires_at > :now",
        hash=ids.digest(token),
        expires=now + LIFE[letter.kind],
        id=letter.id,
        now=now,
    )
    return token if minted else None


async def look(tx: Read, kind: Kind, token: str) -> Letter:
    """To whom this token belongs; it stays what it is. Raises LinkOver."""
    if not token.startswith("cye_") or not ids.plausible(token):
        raise LinkOver
    found = await tx.one(
        Letter, _LETTER + " and t.hash = :hash and t.kind = :kind", hash=ids.digest(token), kind=kind, now=clock.now()
    )
    if found is None:
        raise LinkOver
    return found


async def spend(tx: Write, kind: Kind, token: str) -> Letter:
    """Use a token up; whose it was. Raises LinkOver, alike for a wrong, used, replaced or lapsed one."""
    found = await look(tx, kind, token)
    # The person first, as everywhere: whoever closes the account at this moment is waited for.
    await tx.run("update person set updated_at = updated_at where id = :person", person=found.person_id)
    spent = await tx.run(
        "update mailed_token set state = 'used', hash = null where id = :id and hash = :hash and state = 'open'",
        id=found.id,
        hash=ids.digest(token),
    )
    if not spent:
        raise LinkOver
    return found


async def awaited(tx: Read, person_id: str) -> str | None:
    """The address that somebody asked to have and has not confirmed yet."""
    return await tx.one(
        str,
        "select email from mailed_token where person_id = :person and kind = 'change_email' and state = 'open'"
        " and expires_at > :now order by number desc limit 1",
        person=person_id,
        now=clock.now(),
    )


async def void(tx: Write, person_id: str, kind: Kind | None = None) -> None:
    """End every link (of this kind) that was mailed to a person."""
    await tx.run(
        "update mailed_token set state = 'void', hash = null where person_id = :person and state = 'open'"
        " and kind = coalesce(cast(:kind as text), kind)",
        person=person_id,
        kind=kind,
    )


async def forget(tx: Write) -> int:
    """Remove what is long over; how many."""
    return await tx.run("delete from mailed_token where expires_at < :past", past=clock.now() - WAIT)
