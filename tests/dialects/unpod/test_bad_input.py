"""Bad input of any kind is a client error in the words of the platform."""

from httpx2 import Response
from hypothesis import given

from courtyard.dialects.unpod import ROUTERS
from tests.dialects import fuzz
from tests.dialects.unpod.answers import Clients, refused
from tests.world import World


@fuzz.bad_input
@given(attack=fuzz.attacks(ROUTERS))
async def test_whatever_is_sent_is_answered_in_the_words_of_the_platform(
    attack: fuzz.Attack, unpod: Clients, world: World
) -> None:
    space = await world.space("ada")
    await fuzz.bear(unpod("ada", org="ada"), attack, {"space_token": space.token}, speaks)


def speaks(response: Response) -> None:
    refused(response)
