"""What somebody who wants to go is told before they do."""

import pytest

from courtyard.core import accounts
from courtyard.core.accounts import Outlook, OwnsTogether
from tests.core.test_leaving import leaving
from tests.world import World


async def outlook(world: World) -> Outlook:
    actor = await world.actor("ada")
    async with world.database.read() as tx:
        return await accounts.outlook(tx, actor)


async def test_nothing_stands_in_the_way_of_who_is_alone(world: World) -> None:
    await world.space("ada", "Diary")
    await world.organization("solo", owner="ada")
    found = await outlook(world)
    assert found.free
    assert found == Outlook([], [], ["solo", "Diary"])


async def test_what_others_have_a_part_in_stands_in_the_way(world: World) -> None:
    await world.space("ada", "Diary")
    await world.space("ada", "Library", viewers=["bob"])
    await world.organization("acme", owner="ada", members=["bob"])
    found = await outlook(world)
    assert not found.free
    assert found == Outlook(["acme"], ["Library"], ["Diary"])
    actor = await leaving(world)
    with pytest.raises(OwnsTogether) as refusal:
        async with world.database.write() as tx:
            await accounts.remove(tx, actor)
    assert (refusal.value.organizations, refusal.value.spaces) == (found.organizations, found.spaces)


async def test_another_owner_frees_an_organization(world: World) -> None:
    made = await world.organization("acme", owner="ada")
    await world.enroll(made, "bob", "owner")
    assert await outlook(world) == Outlook([], [], [])
