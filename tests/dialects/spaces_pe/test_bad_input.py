"""Bad input of any kind is a client error in the words of the Spaces API."""

from httpx2 import Response
from hypothesis import given

from courtyard.dialects.spaces_pe import ROUTERS
from tests.dialects import fuzz
from tests.dialects.spaces_pe.answers import Clients, refused
from tests.world import World


@fuzz.bad_input
@given(attack=fuzz.attacks(ROUTERS))
async def test_whatever_is_sent_is_answered_in_the_words_of_the_spaces_api(
    attack: fuzz.Attack, spaces_pe: Clients, world: World
) -> None:
    space = await world.space("ada")
    known = {"customer_id": (await world.customer(space)).id, "number": str(space.number)}
    await fuzz.bear(spaces_pe("ada"), attack, known, speaks)


def speaks(response: Response) -> None:
    refused(response)
