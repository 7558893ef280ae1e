"""Invitations: an address becomes a member; whoever has no account yet claims one with the mailed token."""

from typing import LiteralString, NamedTuple

import msgspec

from courtyard.core import clock, events, ids, text
from courtyard.core.access.roles import Permission
from courtyard.core.actor import Actor
from courtyard.core.errors import Conflict, Expired, Forbidden, Invalid, NotFound, TooMany
from courtyard.core.identity import people, sessions
from courtyard.core.identity.people import Person
from courtyard.core.membership import holds, members, organization_members
from courtyard.core.membership.model import AlreadyMember, Invitation, Member, OrganizationMember, Place
from courtyard.core.organizations import Personal
from courtyard.core.paging import LAST, Page, Slice, cut
from courtyard.core.spaces import Space
from courtyard.storage.database import Read, Write

DAYS = 7
PAUSE = clock.MINUTE
"""Between two mails of one invitation."""


class OwnAddress(Conflict):
    """This is your own address."""


class InvitationOver(Expired):
    """This invitation is not valid, or no longer."""


class Invited(msgspec.Struct, frozen=True):
    """What became of an address: a member, active or invited, by this invitation."""

    member: Member | OrganizationMember
    invitation: Invitation


class Accepted(msgspec.Struct, frozen=True):
    """Who claimed an account, by which invitation."""

    person: Person
    invitation: Invitation


class Letter(msgspec.Struct, frozen=True):
    """What a mail about an invitation tells; `place` is the name of the space or organization."""

    id: str
    space_id: str | None
    organization_handle: str | None
    place: str
    role: str
    email: str
    username: str
    inviter: str | None
    expires_at: int


COLUMNS: LiteralString = (
    "select number, id, space_id, organization_id, person_id, email, role, state, invited_by, created_at, expires_at,"
    " sent_at from invitation"
)
_LETTERS: LiteralString = (
    "select i.id, i.space_id, o.handle as organization_handle, coalesce(s.name, o.name) as place, i.role, p.email,"
    " p.username, b.username as inviter, i.expires_at from invitation i join person p on p.id = i.person_id"
    " left join space s on s.id = i.space_id left join organization o on o.id = i.organization_id"
    " left join person b on b.id = i.invited_by"
)
_LETTER: LiteralString = _LETTERS + " where i.id = :id"


class Offer(NamedTuple):
    """What somebody is invited to: with which role, for how many days, and how many milliseconds from now by mail."""

    role: str
    days: int = DAYS
    after: int = 0


async def invite(tx: Write, actor: Actor, place: Place, email: str, role: str, days: int = DAYS) -> Invited:
    """Offer a role to whoever has that address, by a mail that leaves at once. Raises what `offer` raises."""
    return await offer(tx, actor, place, email, Offer(role, days))


async def offer(tx: Write, actor: Actor, place: Place, email: str, offer: Offer) -> Invited:
    """Make whoever has that address a member of a space found with MANAGE, or an organization found as admin.

    Who has an account is told by a mail of the kind `added`. An unknown address becomes a pending person, whose mail of
    the kind `invitation` lets them claim the account within so many days (1-30).
    Raises Invalid, OwnAddress, AlreadyMember, Personal; Forbidden where somebody else than an owner invites an owner.
    """
    email = text.email("email", email)
    role, days, after = offer
    if not 1 <= days <= 30:
        raise Invalid("expires_in_days", "Between 1 and 30 days.", code="range")
    place = await _hold(tx, actor, place, role)
    person = await people.seek_by_email(tx, email) or await people.add_pending(tx, actor, email)
    if person.id == actor.person_id:
        raise OwnAddress
    pending = await people.still_pending(tx, person.id)
    await _join(tx, place, person.id, role)
    invitation = await _store(tx, actor, place, person, _terms(role, days, pending=pending))
    kind = "invitation" if pending else "added"
    await events.post(tx, kind, person.email, after=after, invitation_id=invitation.id)
    space_id = place.id if isinstance(place, Space) else None
    await events.record(
        tx, actor, "member.invited" if pending else "member.added", space_id=space_id, object_id=person.id, role=role
    )
    return Invited(await _member(tx, place, person.id), invitation)


async def _hold(tx: Write, actor: Actor, place: Place, role: str) -> Place:
    if isinstance(place, Space):
        if role not in members.ROLES:
            raise Invalid("role", f"One of: {', '.join(members.ROLES)}.", code="choice")
        return await holds.space(tx, actor, place, Permission.MANAGE)
    organization_members.known(role)
    if place.personal_of:
        raise Personal
    organization = await holds.organization(tx, actor, place, "admin")
    if role == "owner":
        organization_members.as_owner(actor, organization)
        await sessions.require_recent_of_session(tx, actor)
    return organization


# Who joins later is later, also within one millisecond: lists are in the order of joining.
_JOIN_SPACE: LiteralString = (
    "insert into member (space_id, person_id, role, created_at) select :place, :person, :role,"
    " case when x.last >= :now then x.last + 1 else :now end"
    " from (select coalesce(max(created_at), 0) as last from member where space_id = :place) x where 1 = 1"
    " on conflict (space_id, person_id) do nothing"
)
_JOIN_ORGANIZATION: LiteralString = (
    "insert into organization_member (organization_id, person_id, role, created_at) select :place, :person, :role,"
    " case when x.last >= :now then x.last + 1 else :now end from"
    " (select coalesce(max(created_at), 0) as last from organization_member where organization_id = :place) x where 1 = 1"
    " on conflict (organization_id, person_id) do nothing"
)


async def _join(tx: Write, place: Place, person_id: str, role: str) -> None:
    """Under the lock of the place."""
    sql = _JOIN_SPACE if isinstance(place, Space) else _JOIN_ORGANIZATION
    if not await tx.run(sql, place=place.id, person=person_id, role=role, now=clock.now()):
        raise AlreadyMember


async def _member(tx: Read, place: Place, person_id: str) -> Member | OrganizationMember:
    if isinstance(place, Space):
        return await members.find(tx, place, person_id)
    return await organization_members.find(tx, place, person_id)


def _terms(role: str, days: int, *, pending: bool) -> dict[str, str | int]:
    now = clock.now()
    return {
        "role": role,
        "state": "open" if pending else "accepted",
        "now": now,
        "expires": now + days * clock.DAY,
    }


async def _store(tx: Write, actor: Actor, place: Place, person: Person, terms: dict[str, str | int]) -> Invitation:
    invitation_id = ids.new()
    in_space = isinstance(place, Space)
    await tx.run(
        "insert into invitation (id, space_id, organization_id, person_id, email, role, state, invited_by, created_at,"
        " expires_at, sent_at) values (:id, :space, :organization, :person, :email, :role, :state, :by, :now, :expires,"
        " :now)",
        id=invitation_id,
        space=place.id if in_space else None,
        organization=None if in_space else place.id,
        person=person.id,
        email=person.email,
        by=actor.person_id or None,
        **terms,
    )
    return await _again(tx, invitation_id)


async def page(tx: Read, place: Place, page: Page) -> Slice[Invitation]:
    """Open invitations, newest first; lapsed ones too, which can be sent again."""
    sql: LiteralString = COLUMNS + (
        " where space_id = :place" if isinstance(place, Space) else " where organization_id = :place"
    )
    rows = await tx.all(
        Invitation,
        sql + " and state = 'open' and id < :past order by id desc limit :limit",
        place=place.id,
        past=page.after or LAST,
        limit=page.limit + 1,
    )
    return cut(rows, page.limit)


async def find(tx: Read, place: Place, invitation_id: str) -> Invitation:
    """An open invitation to a space found with MANAGE, or an organization found as admin. Raises NotFound."""
    row = await tx.one(
        Invitation,
        COLUMNS + " where id = :id and coalesce(space_id, organization_id) = :place and state = 'open'",
        id=invitation_id,
        place=place.id,
    )
    if row is None:
        raise NotFound
    return row


async def resend(tx: Write, actor: Actor, invitation: Invitation) -> Invitation:
    """Mail it once more, for as many days as at first; the older link ends now. Raises NotFound, TooMany."""
    now = clock.now()
    sent = await tx.run(
        "update invitation set token_hash = null, expires_at = :now + (expires_at - sent_at), sent_at = :now"
        " where id = :id and state = 'open' and sent_at <= :latest",
        id=invitation.id,
        now=now,
        latest=now - PAUSE,
    )
    again = await _again(tx, invitation.id)
    if not sent:
        if again.state != "open":
            raise NotFound
        raise TooMany(-((now - again.sent_at - PAUSE) // clock.SECOND), "This was sent less than a minute ago.")
    await events.post(tx, "invitation", again.email, invitation_id=again.id)
    await events.record(tx, actor, "invitation.resent", space_id=again.space_id, object_id=again.id)
    return again


async def revoke(tx: Write, actor: Actor, invitation: Invitation) -> None:
    """Take it back, and with it the membership of a person who is still pending. Raises NotFound."""
    if not await _end(tx, invitation):
        raise NotFound
    await events.record(tx, actor, "invitation.revoked", space_id=invitation.space_id, object_id=invitation.id)


async def decline(tx: Write, actor: Actor, token: str) -> None:
    """Refuse what one was invited to, by the token that was mailed: it ends as if it had been taken back.

    Raises InvitationOver, as `accept` does.
    """
    valid: LiteralString = " where token_hash = :hash and state = 'open' and expires_at > :now"
    if not token.startswith("cyi_") or not ids.plausible(token):
        raise InvitationOver
    invitation = await tx.one(Invitation, COLUMNS + valid, hash=ids.digest(token), now=clock.now())
    if invitation is None or not await _end(tx, invitation):
        raise InvitationOver
    await events.record(tx, actor, "invitation.declined", space_id=invitation.space_id, object_id=invitation.id)


async def _end(tx: Write, invitation: Invitation) -> bool:
    """Under the lock of the place; False when it has ended meanwhile."""
    if invitation.space_id is not None:
        await holds.space_row(tx, invitation.space_id)
    elif invitation.organization_id is not None:
        await holds.organization_row(tx, invitation.organization_id)
    if not await tx.run(
        "update invitation set state = 'revoked', token_hash = null where id = :id and state = 'open'", id=invitation.id
    ):
        return False
    pending: LiteralString = (
        " and person_id = :person and exists (select 1 from person p where p.id = :person and p.unclaimed = 1)"
    )
    await tx.run(
        "delete from member where space_id = :space" + pending,
        space=invitation.space_id,
        person=invitation.person_id,
    )
    await tx.run(
        "delete from organization_member where organization_id = :organization" + pending,
        organization=invitation.organization_id,
        person=invitation.person_id,
    )
    return True


async def letter(tx: Read, invitation_id: str) -> Letter | None:
    """What its mail tells; None when the invitation is gone."""
    return await tx.one(Letter, _LETTER, id=invitation_id)


async def look(tx: Read, token: str) -> Letter:
    """What an invitation is to, for whoever holds its token; it stays what it is. Raises InvitationOver."""
    valid: LiteralString = " where i.token_hash = :hash and i.state = 'open' and i.expires_at > :now"
    found = None
    if token.startswith("cyi_") and ids.plausible(token):
        found = await tx.one(Letter, _LETTERS + valid, hash=ids.digest(token), now=clock.now())
    if found is None:
        raise InvitationOver
    return found


async def mint(tx: Write, invitation_id: str) -> str | None:
    """A new token for the mail that leaves now, in the place of any before; None when it is over. Only its hash is kept."""
    token = ids.secret("cyi")
    minted = await tx.run(
        "update invitation set token_hash = :hash where id = :id and state = 'open' and expires_at > :now",
        id=invitation_id,
        hash=ids.digest(token),
        now=clock.now(),
    )
    return token if minted else None


async def accept(
    tx: Write, actor: Actor, token: str, *, username: str | None = None, password_hash: str | None = None
) -> Accepted:
    """Claim the account of whom the token was mailed to; all open invitations of that person are accepted with it.

    Whoever is signed in as somebody else is refused. Raises InvitationOver, alike for a wrong, used, replaced, revoked or
    lapsed token; Forbidden, Invalid, UsernameTaken.
    """
    if not token.startswith("cyi_") or not ids.plausible(token):
        raise InvitationOver
    values = {"hash": ids.digest(token), "now": clock.now()}
    valid: LiteralString = " where token_hash = :hash and state = 'open' and expires_at > :now"
    invitation = await tx.one(Invitation, COLUMNS + valid, **values)
    if invitation is None:
        raise InvitationOver
    if not actor.anonymous and actor.person_id != invitation.person_id:
        raise Forbidden("This invitation is for somebody else.")
    # The person first: two invitations of one person, accepted at once, must not wait for each other.
    person = await people.claim(tx, actor, invitation.person_id, username=username, password_hash=password_hash)
    if person is None or not await tx.run(
        "update invitation set state = 'accepted', token_hash = null" + valid, **values
    ):
        raise InvitationOver
    await tx.run(
        "update invitation set state = 'accepted', token_hash = null where person_id = :person and state = 'open'",
        person=person.id,
    )
    await events.record(tx, actor, "invitation.accepted", space_id=invitation.space_id, object_id=invitation.id)
    return Accepted(person, await _again(tx, invitation.id))


async def _again(tx: Read, invitation_id: str) -> Invitation:
    row = await tx.one(Invitation, COLUMNS + " where id = :id", id=invitation_id)
    if row is None:
        raise NotFound
    return row
