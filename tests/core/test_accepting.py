"""Links in mails: only the owner of the address claims the account, and once."""

import asyncio

import pytest

from courtyard.core import clock, ids, spaces
from courtyard.core.errors import Forbidden, NotFound
from courtyard.core.identity import people, standing
from courtyard.core.identity.people import EmailTaken, UsernameTaken
from courtyard.core.membership import invitations
from courtyard.core.membership.invitations import Accepted, InvitationOver
from tests.core.inviting import (
    NEW,
    accept,
    age,
    belonging,
    invite,
    mint,
    open_ones,
    revoke,
    state,
    token_of,
)
from tests.world import ANYBODY, World


async def test_the_link_claims_the_account(world: World) -> None:
    space = await world.space("ada")
    invited = await invite(world, "ada", space, NEW, "editor")
    token = await token_of(world, invited)
    assert token.startswith("cyi_")
    accepted = await accept(world, token, username="Nell", password_hash="hash")
    assert (accepted.person.id, accepted.person.username, accepted.person.state) == (
        invited.member.person_id,
        "Nell",
        "active",
    )
    assert accepted.person.password_hash == "hash"
    assert accepted.invitation.state == "accepted"
    assert await belonging(world, space) == {"ada": ("owner", "active"), "Nell": ("editor", "active")}
    assert await open_ones(world, space) == []


async def test_a_link_works_once(world: World) -> None:
    space = await world.space("ada")
    token = await token_of(world, await invite(world, "ada", space, NEW))
    await accept(world, token)
    with pytest.raises(InvitationOver):
        await accept(world, token, password_hash="another")


async def test_a_link_used_many_times_at_once_works_once(world: World) -> None:
    space = await world.space("ada")
    token = await token_of(world, await invite(world, "ada", space, NEW))
    results = await asyncio.gather(
        *(accept(world, token, username=f"n{turn}", password_hash=f"hash{turn}") for turn in range(6)),
        return_exceptions=True,
    )
    won = [result for result in results if isinstance(result, Accepted)]
    assert len(won) == 1
    assert sum(isinstance(result, InvitationOver) for result in results) == 5
    async with world.database.read() as tx:
        person = await people.find(tx, won[0].person.id)
    assert person == won[0].person


async def test_every_wrong_token_is_refused_alike(world: World) -> None:
    space = await world.space("ada")
    used = await token_of(world, await invite(world, "ada", space, "used@example.com"))
    await accept(world, used)
    lapsed_one = await invite(world, "ada", space, "lapsed@example.com", days=1)
    lapsed = await token_of(world, lapsed_one)
    await age(world, lapsed_one.invitation, clock.DAY)
    revoked_one = await invite(world, "ada", space, "revoked@example.com")
    revoked = await token_of(world, revoked_one)
    await revoke(world, "ada", space, revoked_one.invitation)
    replaced_one = await invite(world, "ada", space, "replaced@example.com")
    replaced = await token_of(world, replaced_one)
    await token_of(world, replaced_one)
    words: set[tuple[str, str]] = set()
    for token in (
        used,
        lapsed,
        revoked,
        replaced,
        ids.secret("cyi"),
        ids.secret("cyk"),
        "",
        "cyi_",
        "x" * 5000,
        "cyi_\0",
    ):
        with pytest.raises(InvitationOver) as refusal:
            await accept(world, token)
        words.add((refusal.value.code, refusal.value.message))
    assert len(words) == 1


async def test_a_link_is_no_use_to_whoever_is_signed_in_as_another(world: World) -> None:
    space = await world.space("ada")
    invited = await invite(world, "ada", space, NEW)
    token = await token_of(world, invited)
    for name in ("ada", "bob"):
        with pytest.raises(Forbidden):
            await accept(world, token, await world.actor(name))
    assert await state(world, invited.member.person_id) == "invited"
    assert (await accept(world, token)).person.id == invited.member.person_id


async def test_a_taken_username_leaves_the_link_alive(world: World) -> None:
    space = await world.space("ada")
    token = await token_of(world, await invite(world, "ada", space, NEW))
    with pytest.raises(UsernameTaken):
        await accept(world, token, username="ADA")
    assert (await accept(world, token, username="nell")).person.username == "nell"


async def test_two_people_who_claim_one_username_at_once(world: World) -> None:
    space = await world.space("ada")
    tokens = [await token_of(world, await invite(world, "ada", space, f"n{turn}@example.com")) for turn in range(4)]
    results = await asyncio.gather(*(accept(world, token, username="Nell") for token in tokens), return_exceptions=True)
    assert sum(isinstance(result, Accepted) for result in results) == 1
    assert sum(isinstance(result, UsernameTaken) for result in results) == 3


async def test_a_pending_person_cannot_be_registered_by_somebody_else(world: World) -> None:
    space = await world.space("ada")
    await invite(world, "ada", space, NEW)
    async with world.database.write() as tx:
        with pytest.raises(EmailTaken):
            await people.add(tx, ANYBODY, email=NEW.lower(), username="thief", password_hash="hash")


async def test_one_link_of_several_claims_the_account_and_answers_all(world: World) -> None:
    first, second = await world.space("ada"), await world.space("bob")
    one = await invite(world, "ada", first, NEW, "editor")
    two = await invite(world, "bob", second, NEW.upper())
    assert one.member.person_id == two.member.person_id
    other = await token_of(world, one)
    await accept(world, await token_of(world, two))
    assert (await belonging(world, first))["new-person"] == ("editor", "active")
    assert (await belonging(world, second))["new-person"] == ("viewer", "active")
    assert await open_ones(world, first) == []
    with pytest.raises(InvitationOver):
        await accept(world, other)
    assert await mint(world, one.invitation) is None


async def test_two_links_of_one_person_used_at_once(world: World) -> None:
    first, second = await world.space("ada"), await world.space("bob")
    tokens = [
        await token_of(world, await invite(world, "ada", first, NEW)),
        await token_of(world, await invite(world, "bob", second, NEW)),
    ]
    results = await asyncio.gather(*(accept(world, token) for token in tokens), return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["Accepted", "InvitationOver"]


@pytest.mark.parametrize("turn", range(3))
async def test_revoking_and_accepting_at_once_leaves_one_truth(world: World, turn: int) -> None:
    space = await world.space("ada")
    invited = await invite(world, "ada", space, NEW)
    token = await token_of(world, invited)
    results = await asyncio.gather(
        *((revoke(world, "ada", space, invited.invitation), accept(world, token))[:: -1 if turn else 1]),
        return_exceptions=True,
    )
    joined = (await belonging(world, space)).get("new-person")
    if any(isinstance(result, Accepted) for result in results):
        assert joined == ("viewer", "active")
    else:
        assert joined is None
    assert await open_ones(world, space) == []
    assert sum(isinstance(result, (InvitationOver, NotFound)) for result in results) == 1


@pytest.mark.parametrize("turn", range(3))
async def test_inviting_again_while_the_account_is_claimed(world: World, turn: int) -> None:
    """Whatever comes first, no open invitation of a claimed account is left."""
    first, second = await world.space("ada"), await world.space("bob")
    token = await token_of(world, await invite(world, "ada", first, NEW))
    await asyncio.gather(
        *((accept(world, token, username="nell"), invite(world, "bob", second, NEW))[:: -1 if turn else 1])
    )
    assert (await belonging(world, second))["nell"] == ("viewer", "active")
    assert await open_ones(world, second) == []


async def test_a_disabled_person_claims_nothing(world: World) -> None:
    space = await world.space("ada")
    invited = await invite(world, "ada", space, NEW)
    token = await token_of(world, invited)
    root = await world.administrator()
    async with world.database.write() as tx:
        await standing.disable(tx, root, invited.member.person_id)
    with pytest.raises(InvitationOver):
        await accept(world, token)
    assert await state(world, invited.member.person_id) == "disabled"


async def test_a_removed_space_takes_its_invitations_along(world: World) -> None:
    space = await world.space("ada")
    invited = await invite(world, "ada", space, NEW)
    token = await token_of(world, invited)
    ada = await world.actor("ada")
    async with world.database.write() as tx:
        await spaces.remove(tx, ada, space)
    with pytest.raises(InvitationOver):
        await accept(world, token)
    assert await mint(world, invited.invitation) is None
    async with world.database.read() as tx:
        assert await invitations.letter(tx, invited.invitation.id) is None


async def test_no_secret_of_an_invitation_rests_in_the_database(world: World) -> None:
    space = await world.space("ada")
    token = await token_of(world, await invite(world, "ada", space, NEW))
    async with world.database.read() as tx:
        for table in ("select * from invitation", "select * from mail", "select * from event"):
            assert all(token[4:] not in str(row) for row in await tx.all(tuple, table))
