"""Lists of the Spaces API: limits, cursors in both directions, and walks while rows come and go."""

import pytest
from httpx2 import AsyncClient

from courtyard.core import customers
from tests.dialects.spaces_pe.answers import UNKNOWN, Clients, listed, refused, told, walk
from tests.world import World

CURSORS = ["starting_after", "starting_before", "ending_before"]


async def test_a_limit_is_1_to_100_and_never_bent(spaces_pe: Clients) -> None:
    for path in ("customers", "spaces", "resource_subscriptions", "events"):
        for limit in ("0", "101", "", "-1", "ten", "1.0", "+5", " 5", "1e1", "٣", "9" * 30):
            refused(await spaces_pe("ada").get(f"/api/v1/{path}", params={"limit": limit}), 400, "limit")


async def test_twenty_come_unless_said_otherwise(world: World, spaces_pe: Clients) -> None:
    space = await world.space("ada")
    for _ in range(21):
        await world.customer(space)
    ada = spaces_pe("ada")
    ids, more = await listed(ada, "customers")
    assert (len(ids), more) == (20, True)
    assert await listed(ada, "customers", limit=100) == (
        [*ids, (await listed(ada, "customers", limit=21))[0][-1]],
        False,
    )
    assert await listed(ada, "customers", limit=1) == (ids[:1], True)


async def test_customers_are_walked_in_both_directions(world: World, spaces_pe: Clients) -> None:
    spaces = [await world.space("ada"), await world.space("bob", viewers=["ada"])]
    made = [(await world.customer(spaces[n % 2])).id for n in range(7)]
    newest_first = made[::-1]
    ada = spaces_pe("ada")
    assert await walk(ada, "customers", limit=3) == [newest_first[:3], newest_first[3:6], newest_first[6:]]
    for cursor in ("starting_before", "ending_before"):
        back = await walk(ada, "customers", limit=3, cursor=cursor, start=newest_first[-1])
        assert back == [newest_first[3:6], newest_first[:3]]
    assert await listed(ada, "customers", starting_before=newest_first[0]) == ([], False)
    assert await listed(ada, "customers", starting_after=newest_first[-1]) == ([], False)
    assert await listed(ada, "customers", starting_before=newest_first[2], limit=2) == (newest_first[:2], False)
    in_second = made[1::2][::-1]
    number = spaces[1].number
    assert await walk(ada, "customers", limit=2, space=number) == [in_second[:2], in_second[2:]]
    assert await listed(ada, "customers", space=number, starting_before=in_second[-1], limit=1) == (
        [in_second[1]],
        True,
    )


async def test_spaces_are_walked_in_both_directions_by_their_numbers(world: World, spaces_pe: Clients) -> None:
    numbers = [(await world.space("ada")).number for _ in range(5)][::-1]
    ada = spaces_pe("ada")
    assert await walk(ada, "spaces", limit=2) == [numbers[:2], numbers[2:4], numbers[4:]]
    assert await walk(ada, "spaces", limit=2, cursor="starting_before", start=numbers[-1]) == [
        numbers[2:4],
        numbers[:2],
    ]


async def test_subscriptions_are_walked_in_both_directions(spaces_pe: Clients) -> None:
    ada = spaces_pe("ada")
    wanted = {"event": "customer.created", "target_url": "https://hooks.example.com/"}
    ids = [(await ada.post("/api/v1/resource_subscriptions", json=wanted)).json()["id"] for _ in range(3)][::-1]
    assert await walk(ada, "resource_subscriptions", limit=2) == [ids[:2], ids[2:]]
    back = await walk(ada, "resource_subscriptions", limit=2, cursor="ending_before", start=ids[-1])
    assert back == [ids[:2]]


@pytest.mark.parametrize("cursor", ["starting_after", "starting_before"])
async def test_a_walk_meets_each_row_that_stayed_once(world: World, spaces_pe: Clients, cursor: str) -> None:
    space = await world.space("ada")
    actor = await world.actor("ada")
    made = [await world.customer(space) for _ in range(12)]
    stable, passing = made[::2], made[1::2]
    ada = spaces_pe("ada")
    forwards = cursor == "starting_after"
    met, more, at = [], True, {} if forwards else {cursor: made[0].id}
    while more:
        ids, more = await listed(ada, "customers", limit=3, **at)
        met += ids if forwards else ids[::-1]
        at = {cursor: met[-1]}
        await world.customer(space)
        gone = next((customer for customer in passing if customer.id != met[-1]), None)
        if gone is not None:
            passing.remove(gone)
            async with world.database.write() as tx:
                await customers.remove(tx, actor, gone)
        # New ones are always newer: a walk towards them would never end.
        more = more and len(met) < 30
    wanted = [customer.id for customer in (stable if forwards else stable[1:])]
    assert [met.count(customer) for customer in wanted] == [1] * len(wanted)
    assert len(met) == len(set(met))


async def test_a_cursor_that_names_nothing_of_the_list_is_always_the_same_refusal(
    world: World, spaces_pe: Clients
) -> None:
    await world.administrator("root")
    space, other = await world.space("ada"), await world.space("ada")
    mine = [await world.customer(space) for _ in range(2)]
    elsewhere = await world.customer(other)
    await world.space("bob", viewers=["carol"])
    foreign = await world.customer(await world.space("bob", visibility="public"))
    asked = [
        *[{cursor: value} for cursor in CURSORS for value in (UNKNOWN, foreign.id, "", "1", "x", space.id)],
        {"starting_after": mine[0].id, "starting_before": mine[1].id},
        {"starting_after": mine[0].id, "ending_before": mine[0].id},
        {"starting_before": mine[0].id, "ending_before": mine[0].id},
        {"starting_after": elsewhere.id, "space": str(space.number)},
        {"starting_before": foreign.id, "space": str(space.number)},
        {"starting_after": mine[0].id.upper()},
    ]
    answers = [told(await spaces_pe("ada").get("/api/v1/customers", params=params)) for params in asked]
    assert answers == [answers[0]] * len(answers)
    refused(await spaces_pe("ada").get("/api/v1/customers", params=asked[0]), 400, None)
    root = await spaces_pe("root").get("/api/v1/customers", params={"starting_after": mine[0].id})
    assert told(root) == answers[0]


async def test_a_space_or_subscription_of_others_is_no_cursor(world: World, spaces_pe: Clients) -> None:
    mine = await world.space("ada")
    foreign = await world.space("bob", visibility="public")
    wanted = {"event": "customer.created", "target_url": "https://hooks.example.com/"}
    hook = (await spaces_pe("bob").post("/api/v1/resource_subscriptions", json=wanted)).json()["id"]
    ada = spaces_pe("ada")
    values = [foreign.number, 999_999, f"0{mine.number}", f"{mine.number}.0", "x", "", "-1", "9" * 40, mine.id]
    answers = [told(await ada.get("/api/v1/spaces", params={c: value})) for c in CURSORS for value in values]
    answers += [
        told(await ada.get("/api/v1/resource_subscriptions", params={c: value}))
        for c in CURSORS
        for value in (hook, 999_999, "x", "")
    ]
    answers.append(told(await ada.get("/api/v1/events", params={"starting_after": mine.number})))
    assert answers == [answers[0]] * len(answers)
    assert answers[0][0] == 400


async def test_a_space_that_is_unknown_or_hidden_narrows_nothing(world: World, spaces_pe: Clients) -> None:
    hidden = await world.space("bob")
    public = await world.space("bob", visibility="public")
    ada: AsyncClient = spaces_pe("ada")
    asked = [hidden.number, public.number, 999_999, 0, -1, "", "x", "1.0", "9" * 40, public.id]
    answers = [told(await ada.get("/api/v1/customers", params={"space": value})) for value in asked]
    assert answers == [answers[0]] * len(answers)
    refused(await ada.get("/api/v1/customers", params={"space": hidden.number}), 400, "space")
