"""Bad input of any kind is a client error in the words of v1."""

from httpx2 import Response
from hypothesis import given

from courtyard.dialects.v1 import ROUTERS
from tests.dialects import fuzz
from tests.dialects.v1.answers import REPORT, Clients, made, problem
from tests.world import World


@fuzz.bad_input
@given(attack=fuzz.attacks(ROUTERS))
async def test_whatever_is_sent_is_answered_in_the_words_of_v1(attack: fuzz.Attack, v1: Clients, world: World) -> None:
    space = await world.space("ada")
    ada = v1("ada")
    artifact = await made(ada, f"/v1/spaces/{space.id}/artifacts/generate", REPORT)
    thread = await made(ada, f"/v1/spaces/{space.id}/threads", {"title": "Weekly"})
    customer = await made(ada, f"/v1/spaces/{space.id}/customers", {"name": "Board"})
    known = {
        "space_id": space.id,
        "artifact_id": artifact["id"],
        "thread_id": thread["id"],
        "customer_id": customer["id"],
        "user_id": space.owner_id,
        "handle": "ada",
    }
    await fuzz.bear(ada, attack, known, speaks)


def speaks(response: Response) -> None:
    problem(response, response.status_code)
