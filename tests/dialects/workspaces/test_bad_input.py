"""Bad input of any kind is a client error in the words of workspaces."""

from hypothesis import given

from courtyard.dialects.workspaces import ROUTERS
from tests.dialects import fuzz
from tests.dialects.workspaces.answers import Clients, refused
from tests.world import World


@fuzz.bad_input
@given(attack=fuzz.attacks(ROUTERS))
async def test_whatever_is_sent_is_answered_in_the_words_of_workspaces(
    attack: fuzz.Attack, workspaces: Clients, world: World
) -> None:
    space = await world.space("ada", editors=["bob"])
    known = {"id": space.id, "guest": (await world.person("bob")).id}
    await fuzz.bear(workspaces("ada"), attack, known, refused)
