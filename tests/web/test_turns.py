"""Requests that come together begin a few in each turn of the loop, in their order."""

import asyncio
from itertools import pairwise

from courtyard.web.turns import AT_ONCE, Turns


async def test_what_is_under_way_goes_on_between_those_that_begin() -> None:
    loop, seen = asyncio.get_running_loop(), list[int | str]()

    def step(left: int) -> None:
        seen.append("step")
        if left:
            loop.call_soon(step, left - 1)

    turns = Turns(loop)
    loop.call_soon(step, 3)
    for number in range(AT_ONCE * 3 + 1):
        turns.begin(lambda number=number: seen.append(number))
    for _ in range(10):
        await asyncio.sleep(0)
    assert [one for one in seen if one != "step"] == list(range(AT_ONCE * 3 + 1))
    between = [index for index, one in enumerate(seen) if one == "step"]
    assert all(later - earlier <= AT_ONCE + 1 for earlier, later in pairwise(between))


async def test_one_that_comes_alone_begins_at_once() -> None:
    turns, seen = Turns(asyncio.get_running_loop()), list[int]()
    for number in range(3):
        turns.begin(lambda number=number: seen.append(number))
        assert seen == list(range(number + 1))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
