"""How an account ends: with everything that is its person's alone, and not before the rest is in other hands."""

from typing import LiteralString

import msgspec

from courtyard.core import events, request_log, spaces
from courtyard.core.access.roles import Permission
from courtyard.core.accounts import proofs
from courtyard.core.accounts.proofs import Proof
from courtyard.core.actor import Actor, system
from courtyard.core.errors import Conflict, NotFound
from courtyard.core.identity import people, standing
from courtyard.storage.database import Pair, Read, Write

NAMED = 10
"""So many names fit into a refusal."""


class OwnsTogether(Conflict):
    """You own something together with others. Make somebody else the owner, or end it, first."""

    def __init__(self, organizations: list[str], spaces: list[str]) -> None:
        self.organizations = organizations
        self.spaces = spaces
        kinds = (("organizations", organizations), ("spaces", spaces))
        named = "; ".join(f"{kind}: {_list(names)}" for kind, names in kinds if names)
        super().__init__(
            f"Others need an owner where you are the only one. Name another one, or end it, first. {named}."
        )


class _Organization(msgspec.Struct, frozen=True):
    id: str
    name: str
    is_personal: int
    others: int
    owners: int


class _Space(msgspec.Struct, frozen=True):
    id: str
    name: str
    organization_id: str
    shared: int


# Who stands for the keys of an organization (see `people.serving`) is nobody who could miss it.
_HUMAN: LiteralString = "p.email_folded not like 'service:%'"
# Owners who have not claimed their account, or lost it, do not count: they could not let anybody in.
_ORGANIZATIONS: LiteralString = (
    "select o.id, o.name, case when o.personal_of = :person then 1 else 0 end as is_personal,"
    " (select count(*) from organization_member m join person p on p.id = m.person_id where m.organization_id = o.id"
    " and m.person_id <> :person and " + _HUMAN + ") as others,"
    " (select count(*) from organization_member m join person p on p.id = m.person_id where m.organization_id = o.id"
    " and m.person_id <> :person and m.role = 'owner' and p.state = 'active') as owners"
    " from organization o join organization_member w on w.organization_id = o.id and w.person_id = :person"
    " and w.role = 'owner' order by o.id"
)
# In the hands of others: who is a member of it or of its organization. Owners are members, too.
_SPACES: LiteralString = (
    "select s.id, s.name, s.organization_id, case when exists (select 1 from member m join person p"
    " on p.id = m.person_id where m.space_id = s.id and m.person_id <> :person and " + _HUMAN + ")"
    " or exists (select 1 from organization_member m join person p on p.id = m.person_id"
    " where m.organization_id = s.organization_id and m.person_id <> :person and "
    + _HUMAN
    + ") then 1 else 0 end as shared"
    " from space s"
)
_OWN: LiteralString = _SPACES + " where s.owner_id = :person order by s.id"
_WITHIN: LiteralString = _SPACES + " where s.organization_id = :organization and s.owner_id <> :person order by s.id"
_ALONE: LiteralString = "select id from organization where id = :id"
# Who makes a space or becomes a member at this moment is waited for; those that come later find it gone.
_ENDING = Pair(sqlite=_ALONE, postgres=_ALONE + " for update")
_PERSON: LiteralString = "select id from person where id = :id"
_GOING = Pair(sqlite=_PERSON, postgres=_PERSON + " for update")


class Outlook(msgspec.Struct, frozen=True):
    """What would become of an account that ends now, by name: what stands in the way, and what would go with it."""

    organizations: list[str]
    spaces: list[str]
    going: list[str]

    @property
    def free(self) -> bool:
        """Whether nothing stands in the way."""
        return not self.organizations and not self.spaces


async def outlook(tx: Read, actor: Actor) -> Outlook:
    """What `remove` would meet at this moment; it holds nothing, so `remove` looks again."""
    actor.needs("admin")
    actor.in_person()
    owned = await tx.all(_Organization, _ORGANIZATIONS, person=actor.person_id)
    found = await _theirs(tx, actor.person_id, [one for one in owned if not one.others])
    return Outlook(
        [one.name for one in owned if one.others and not one.owners],
        [space.name for space in found if space.shared],
        [one.name for one in owned if not one.others and not one.is_personal]
        + [space.name for space in found if not space.shared],
    )


async def remove(tx: Write, actor: Actor, *, proof: Proof | None = None) -> None:
    """End the caller's account, with their personal organization, those they are alone in, and the spaces there.

    What others made stays and is by nobody; the audit trail stays. The address is told. Raises ConfirmFirst,
    OwnsTogether while others have a part in what they own, LastAdministrator.
    """
    actor.needs("admin")
    actor.in_person()
    await proofs.require(tx, actor, proof)
    await standing.another_administrator(tx, actor.person_id)
    if not await people.still_active(tx, actor.person_id):
        raise NotFound
    person = await people.find(tx, actor.person_id)
    ending = await _ending(tx, person.id)
    for space in await _theirs(tx, person.id, ending):
        # What the keys of an ending organization made is not this person's by the table of access.
        found = await spaces.find(tx, system(actor.origin.dialect), space.id, Permission.OWN)
        await spaces.remove(tx, actor, found)
    for organization in ending:
        await tx.run("delete from organization where id = :id", id=organization.id)
        await people.end_service(tx, organization.id)
        await events.record(tx, actor, "organization.deleted", object_id=organization.id, name=organization.name)
    await standing.let_go(tx, actor, person.id)
    await events.post(tx, "account_removed", person.email, username=person.username)
    await events.record(tx, actor, "person.deleted", object_id=person.id)
    await tx.one(str, _GOING, id=person.id)
    # A space that was given to them just now is somebody's concern.
    _refuse([], await tx.all(_Space, _OWN, person=person.id))
    await tx.run("delete from person where id = :id", id=person.id)
    await request_log.forget_person(tx, person.id)


async def _ending(tx: Write, person_id: str) -> list[_Organization]:
    """The organizations that go with the person, held; refuses while others have a part. Raises OwnsTogether."""
    owned = await tx.all(_Organization, _ORGANIZATIONS, person=person_id)
    for organization in owned:
        await tx.one(str, _ENDING, id=organization.id)
    for space in await tx.all(_Space, _OWN, person=person_id):
        await tx.run("update space set updated_at = updated_at where id = :id", id=space.id)
    # Looked at again: only now do they stay as they are.
    owned = await tx.all(_Organization, _ORGANIZATIONS, person=person_id)
    ending = [organization for organization in owned if not organization.others]
    together = [organization for organization in owned if organization.others and not organization.owners]
    _refuse(together, [space for space in await _theirs(tx, person_id, ending) if space.shared])
    return ending


async def _theirs(tx: Read, person_id: str, ending: list[_Organization]) -> list[_Space]:
    """The spaces that go with the person and with these organizations."""
    found = await tx.all(_Space, _OWN, person=person_id)
    for organization in ending:
        found += await tx.all(_Space, _WITHIN, person=person_id, organization=organization.id)
    return found


def _refuse(organizations: list[_Organization], shared: list[_Space]) -> None:
    if organizations or shared:
        raise OwnsTogether([one.name for one in organizations], [one.name for one in shared])


def _list(names: list[str]) -> str:
    more = len(names) - NAMED
    return ", ".join(f'"{name}"' for name in names[:NAMED]) + (f" and {more} more" if more > 0 else "")
