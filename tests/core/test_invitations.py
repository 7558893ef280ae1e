"""Invitations: an address becomes a member, at once or when its owner comes."""

import asyncio

import pytest

from courtyard.core import clock, organizations, spaces
from courtyard.core.errors import Forbidden, Invalid, NotFound, Refusal, TooMany, Unauthenticated
from courtyard.core.identity.people import Person
from courtyard.core.membership import invitations, members, organization_members
from courtyard.core.membership.invitations import InvitationOver, Invited, OwnAddress
from courtyard.core.membership.model import AlreadyMember, LastOwner
from courtyard.core.organizations import Organization, Personal
from courtyard.core.paging import Page
from courtyard.core.spaces.actions import NotAMember
from tests.core.inviting import (
    NEW,
    accept,
    age,
    belonging,
    invite,
    mails,
    mint,
    open_ones,
    resend,
    revoke,
    token_of,
)
from tests.world import ANYBODY, World


async def test_somebody_with_an_account_is_a_member_at_once(world: World) -> None:
    space = await world.space("ada")
    await world.person("bob")
    invited = await invite(world, "ada", space, " BOB@Example.org ", "editor")
    assert (invited.member.username, invited.member.role, invited.member.state) == ("bob", "editor", "active")
    assert invited.invitation.state == "accepted"
    assert (await world.meet(await world.actor("bob"), space)).member_role == "editor"
    assert await mails(world) == [("added", "bob@example.org", {"invitation_id": invited.invitation.id})]
    assert await open_ones(world, space) == []
    assert await mint(world, invited.invitation) is None


async def test_an_unknown_address_becomes_a_pending_person_who_is_a_member_already(world: World) -> None:
    space = await world.space("ada")
    invited = await invite(world, "ada", space, NEW)
    assert await belonging(world, space) == {"ada": ("owner", "active"), "new-person": ("viewer", "invited")}
    assert await open_ones(world, space) == [NEW]
    assert await mails(world) == [("invitation", NEW, {"invitation_id": invited.invitation.id})]
    assert invited.invitation.expires_at - invited.invitation.created_at == 7 * clock.DAY


async def test_nobody_is_invited_twice(world: World) -> None:
    space = await world.space("ada", viewers=["bob"])
    await invite(world, "ada", space, NEW)
    for email in ("bob@example.org", NEW.lower()):
        with pytest.raises(AlreadyMember):
            await invite(world, "ada", space, email, "admin")
    assert (await belonging(world, space))["bob"] == ("viewer", "active")
    assert len(await mails(world)) == 1


async def test_nobody_invites_their_own_address(world: World) -> None:
    space = await world.space("ada")
    with pytest.raises(OwnAddress):
        await invite(world, "ada", space, "ADA@example.org")
    assert await mails(world) == []


async def test_one_unknown_address_invited_to_many_spaces_at_once_is_one_person(world: World) -> None:
    places = [await world.space("ada", f"Space {turn}") for turn in range(5)]
    results = await asyncio.gather(*(invite(world, "ada", place, NEW) for place in places))
    assert len({result.member.person_id for result in results}) == 1
    assert len(await mails(world)) == 5


async def test_one_address_invited_to_one_space_many_times_at_once_is_one_member(world: World) -> None:
    space = await world.space("ada")
    results = await asyncio.gather(*(invite(world, "ada", space, NEW) for _ in range(5)), return_exceptions=True)
    assert sum(isinstance(result, Invited) for result in results) == 1
    assert sum(isinstance(result, AlreadyMember) for result in results) == 4
    assert len(await mails(world)) == 1


async def test_people_whose_addresses_begin_alike_get_different_usernames(world: World) -> None:
    space = await world.space("ada")
    await asyncio.gather(*(invite(world, "ada", space, f"info@{place}.example") for place in ("one", "two", "three")))
    await invite(world, "ada", space, "ÆÐ@four.example")
    assert len(await belonging(world, space)) == 5


@pytest.mark.parametrize(
    ("who", "refusal"),
    [
        ("anybody", Unauthenticated),
        ("stranger", NotFound),
        ("viewer", Forbidden),
        ("editor", Forbidden),
        ("admin", None),
        ("owner", None),
        ("guildmaster", None),
        ("fellow", NotFound),
        ("root", None),
    ],
)
async def test_admins_and_the_owner_invite(world: World, who: str, refusal: type[Refusal] | None) -> None:
    await world.organization("guild", owner="owner", admins=["guildmaster"], members=["fellow"])
    space = await world.space("owner", admins=["admin"], editors=["editor"], viewers=["viewer"], organization="guild")
    if who == "root":
        await world.administrator()
    if refusal is None:
        await invite(world, who, space, NEW)
        assert "new-person" in await belonging(world, space)
        return
    actor = ANYBODY if who == "anybody" else await world.actor(who)
    with pytest.raises(refusal):
        async with world.database.write() as tx:
            # The core asks at the door again: a space found with less is not enough.
            await invitations.invite(tx, actor, space, NEW, "viewer")
    assert "new-person" not in await belonging(world, space)


@pytest.mark.parametrize(
    ("email", "role", "days", "field"),
    [
        ("nobody", "viewer", 7, "email"),
        ("a@b\nc.example", "viewer", 7, "email"),
        ("a\0@b.example", "viewer", 7, "email"),
        (NEW, "owner", 7, "role"),
        (NEW, "member", 7, "role"),
        (NEW, "", 7, "role"),
        (NEW, "viewer", 0, "expires_in_days"),
        (NEW, "viewer", 31, "expires_in_days"),
        (NEW, "viewer", -1, "expires_in_days"),
    ],
)
async def test_what_makes_no_sense_is_refused(world: World, email: str, role: str, days: int, field: str) -> None:
    space = await world.space("ada")
    with pytest.raises(Invalid) as refusal:
        await invite(world, "ada", space, email, role, days=days)
    assert refusal.value.field == field
    assert len(await belonging(world, space)) == 1


async def test_resending_kills_the_older_link_and_renews_the_time(world: World) -> None:
    space = await world.space("ada")
    invited = await invite(world, "ada", space, NEW, days=2)
    older = await token_of(world, invited)
    with pytest.raises(TooMany) as refusal:
        await resend(world, "ada", invited.invitation)
    assert 55 <= refusal.value.retry_after <= 60
    await age(world, invited.invitation, 61 * clock.SECOND)
    again = await resend(world, "ada", invited.invitation)
    assert again.expires_at - again.sent_at == 2 * clock.DAY
    assert again.sent_at >= invited.invitation.sent_at
    with pytest.raises(InvitationOver):
        await accept(world, older)
    token = await mint(world, again)
    assert token is not None
    await accept(world, token)
    assert [kind for kind, _, _ in await mails(world)] == ["invitation", "invitation"]


async def test_a_lapsed_invitation_is_listed_and_can_be_sent_again(world: World) -> None:
    space = await world.space("ada")
    invited = await invite(world, "ada", space, NEW, days=1)
    await age(world, invited.invitation, 3 * clock.DAY)
    assert await mint(world, invited.invitation) is None
    assert await open_ones(world, space) == [NEW]
    again = await resend(world, "ada", invited.invitation)
    assert again.expires_at > clock.now()
    assert await mint(world, again) is not None


async def test_many_resendings_at_once_send_one_mail(world: World) -> None:
    space = await world.space("ada")
    invited = await invite(world, "ada", space, NEW)
    await age(world, invited.invitation, clock.HOUR)
    results = await asyncio.gather(
        *(resend(world, "ada", invited.invitation) for _ in range(5)), return_exceptions=True
    )
    assert sum(isinstance(result, TooMany) for result in results) == 4
    assert len(await mails(world)) == 2


async def test_an_invitation_that_is_over_is_neither_resent_nor_revoked(world: World) -> None:
    space = await world.space("ada")
    invited = await invite(world, "ada", space, NEW)
    await accept(world, await token_of(world, invited))
    with pytest.raises(NotFound):
        await revoke(world, "ada", space, invited.invitation)
    with pytest.raises(NotFound):
        await resend(world, "ada", invited.invitation)
    assert "new-person" in await belonging(world, space)


async def test_an_invitation_of_another_space_is_not_there(world: World) -> None:
    space, other = await world.space("ada"), await world.space("ada", "Other")
    invited = await invite(world, "ada", other, NEW)
    with pytest.raises(NotFound):
        await revoke(world, "ada", space, invited.invitation)
    assert await open_ones(world, other) == [NEW]


async def test_revoking_takes_the_pending_membership_of_that_space_only(world: World) -> None:
    space, other = await world.space("ada"), await world.space("ada", "Other")
    invited = await invite(world, "ada", space, NEW)
    token = await token_of(world, await invite(world, "ada", other, NEW))
    await revoke(world, "ada", space, invited.invitation)
    assert "new-person" not in await belonging(world, space)
    assert await open_ones(world, space) == []
    await accept(world, token)
    assert (await belonging(world, other))["new-person"] == ("viewer", "active")
    assert "new-person" not in await belonging(world, space)
    # And they can be invited again.
    assert (await invite(world, "ada", space, NEW)).member.state == "active"


async def test_removing_a_pending_member_revokes_the_invitation(world: World) -> None:
    space = await world.space("ada")
    invited = await invite(world, "ada", space, NEW)
    token = await token_of(world, invited)
    ada = await world.actor("ada")
    async with world.database.write() as tx:
        await members.remove(tx, ada, space, invited.member.person_id)
    assert await open_ones(world, space) == []
    with pytest.raises(InvitationOver):
        await accept(world, token)


async def test_a_pending_member_can_be_given_another_role_and_the_mail_tells_it(world: World) -> None:
    space = await world.space("ada")
    invited = await invite(world, "ada", space, NEW)
    ada = await world.actor("ada")
    async with world.database.write() as tx:
        await members.set_role(tx, ada, space, invited.member.person_id, "admin")
        letter = await invitations.letter(tx, invited.invitation.id)
    assert letter is not None
    assert (letter.place, letter.role, letter.inviter, letter.email) == ("Library", "admin", "ada", NEW)
    assert (letter.space_id, letter.organization_handle) == (space.id, None)


async def test_a_pending_person_does_not_become_the_owner(world: World) -> None:
    space = await world.space("ada")
    invited = await invite(world, "ada", space, NEW, "admin")
    ada = await world.actor("ada")
    async with world.database.write() as tx:
        with pytest.raises(NotAMember):
            await spaces.transfer(tx, ada, space, invited.member.person_id)


async def test_invitations_are_listed_newest_first_in_pages(world: World) -> None:
    space = await world.space("ada")
    emails = [f"n{turn}@example.com" for turn in range(5)]
    for email in emails:
        await invite(world, "ada", space, email)
    seen: list[str] = []
    after = None
    for _ in emails:
        async with world.database.read() as tx:
            part = await invitations.page(tx, space, Page(2, after=after))
        seen += [one.email for one in part.items]
        after = part.items[-1].id
        if not part.more:
            break
    assert seen == emails[::-1]


async def guild_roles(world: World, guild: Organization) -> dict[str, tuple[str, str]]:
    async with world.database.read() as tx:
        listed = await organization_members.page(tx, guild, Page(100))
    return {member.username: (member.role, member.state) for member in listed.items}


async def test_an_organization_invites_alike(world: World) -> None:
    guild = await world.organization("guild", owner="ada", admins=["bob"])
    await world.person("cem")
    assert (await invite(world, "bob", guild, "cem@example.org", "admin")).member.state == "active"
    invited = await invite(world, "bob", guild, NEW, "member")
    with pytest.raises(AlreadyMember):
        await invite(world, "ada", guild, NEW, "member")
    async with world.database.read() as tx:
        letter = await invitations.letter(tx, invited.invitation.id)
        assert [one.email for one in (await invitations.page(tx, guild, Page(9))).items] == [NEW]
    assert letter is not None
    assert (letter.place, letter.organization_handle, letter.role) == ("guild", "guild", "member")
    await accept(world, await token_of(world, invited), username="nell")
    assert await guild_roles(world, guild) == {
        "ada": ("owner", "active"),
        "bob": ("admin", "active"),
        "cem": ("admin", "active"),
        "nell": ("member", "active"),
    }


async def test_only_owners_invite_owners_and_a_pending_one_does_not_count(world: World) -> None:
    guild = await world.organization("guild", owner="ada", admins=["bob"])
    with pytest.raises(Forbidden):
        await invite(world, "bob", guild, NEW, "owner")
    invited = await invite(world, "ada", guild, NEW, "owner")
    ada = await world.actor("ada")
    async with world.database.write() as tx:
        with pytest.raises(LastOwner):
            await organization_members.remove(tx, ada, guild, ada.person_id)
    await accept(world, await token_of(world, invited))
    async with world.database.write() as tx:
        await organization_members.remove(tx, ada, guild, ada.person_id)


async def test_members_of_an_organization_invite_nobody(world: World) -> None:
    guild = await world.organization("guild", owner="ada", members=["bob"])
    with pytest.raises(Forbidden):
        await invite(world, "bob", guild, NEW, "member")
    with pytest.raises(Invalid):
        await invite(world, "ada", guild, NEW, "viewer")


async def test_a_personal_organization_takes_no_members(world: World) -> None:
    ada = await world.actor("ada")
    async with world.database.read() as tx:
        home = await organizations.home(tx, ada, None)
    with pytest.raises(Personal):
        await invite(world, "ada", home, NEW, "member")


async def test_revoking_ends_a_pending_membership_of_an_organization(world: World) -> None:
    guild = await world.organization("guild", owner="ada")
    space = await world.space("ada", organization="guild")
    invited = await invite(world, "ada", guild, NEW, "member")
    token = await token_of(world, await invite(world, "ada", space, NEW))
    ada = await world.actor("ada")
    async with world.database.write() as tx:
        await invitations.revoke(tx, ada, await invitations.find(tx, guild, invited.invitation.id))
    assert list(await guild_roles(world, guild)) == ["ada"]
    person: Person = (await accept(world, token)).person
    assert "new-person" in await belonging(world, space)
    assert person.username == "new-person"
