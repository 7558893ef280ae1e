"""Invitations that are declined: whoever holds the link ends it, and is no member any more."""

import pytest

from courtyard.core.membership import invitations
from courtyard.core.membership.invitations import InvitationOver
from tests.core.inviting import NEW, accept, belonging, invite, open_ones, state, token_of
from tests.world import ANYBODY, World


async def decline(world: World, token: str) -> None:
    async with world.database.write() as tx:
        await invitations.decline(tx, ANYBODY, token)


async def test_who_declines_is_no_member_and_the_link_is_over(world: World) -> None:
    space = await world.space("ada")
    invited = await invite(world, "ada", space, NEW, "editor")
    token = await token_of(world, invited)
    await decline(world, token)
    assert await belonging(world, space) == {"ada": ("owner", "active")}
    assert await open_ones(world, space) == []
    assert await state(world, invited.member.person_id) == "invited"
    for act in (decline, accept):
        with pytest.raises(InvitationOver):
            await act(world, token)
    async with world.database.read() as tx:
        noted = await tx.all(str, "select object_id from event where action = 'invitation.declined'")
    assert noted == [invited.invitation.id]


async def test_other_invitations_of_the_same_person_go_on(world: World) -> None:
    first, second = await world.space("ada"), await world.space("bob")
    token = await token_of(world, await invite(world, "ada", first, NEW))
    kept = await token_of(world, await invite(world, "bob", second, NEW))
    await decline(world, token)
    await accept(world, kept, username="Nell", password_hash="hash")
    assert (await belonging(world, second))["Nell"] == ("viewer", "active")
    assert "Nell" not in await belonging(world, first)


@pytest.mark.parametrize("token", ["", "cyi_", "nonsense", "cyi_" + "x" * 36])
async def test_what_is_no_link_declines_nothing(world: World, token: str) -> None:
    await invite(world, "ada", await world.space("ada"), NEW)
    with pytest.raises(InvitationOver):
        await decline(world, token)
