"""Hooks: who is told of what, and who is not."""

import asyncio
from typing import Any

import msgspec
import pytest

from courtyard.core import customers, hooks
from courtyard.core.actor import Actor
from courtyard.core.errors import Invalid, NotFound
from courtyard.core.hooks import Hook, TooManyHooks
from courtyard.core.paging import Page, Slice
from tests.core.cast import cast, outcomes
from tests.world import World

URL = "https://example.org/hook?secret=1"


async def subscribe(world: World, name: str, event: str = "customer.created", url: str = URL) -> Hook:
    actor = await world.actor(name)
    async with world.database.write() as tx:
        return await hooks.create(tx, actor, event, url)


async def listed(world: World, name: str, page: Page) -> Slice[Hook]:
    actor = await world.actor(name)
    async with world.database.read() as tx:
        return await hooks.page(tx, actor, page)


async def deliveries(world: World) -> list[Any]:
    return [msgspec.json.decode(job.payload) for job in await world.jobs() if job.kind == "hooks.deliver"]


async def test_a_subscription_is_kept_until_it_is_removed(world: World) -> None:
    hook, ada = await subscribe(world, "ada"), await world.actor("ada")
    assert (hook.event, hook.target_url, hook.person_id) == ("customer.created", URL, ada.person_id)
    async with world.database.write() as tx:
        assert await hooks.find(tx, ada, hook.number) == await hooks.seek(tx, hook.id) == hook
        await hooks.remove(tx, ada, hook)
        with pytest.raises(NotFound):
            await hooks.find(tx, ada, hook.number)
        with pytest.raises(NotFound):
            await hooks.remove(tx, ada, hook)
        assert await hooks.seek(tx, hook.id) is None
    assert (await world.events())[-2:] == ["hook.created", "hook.deleted"]
    async with world.database.read() as tx:
        assert "secret" not in "".join(await tx.all(str, "select detail from event"))


@pytest.mark.parametrize(
    ("field", "event", "url"),
    [
        ("event", "person.created", URL),
        ("event", "", URL),
        ("target_url", "space.created", "ftp://example.org"),
        ("target_url", "space.created", "https://a b"),
        ("target_url", "space.created", "https://example.org/" + "x" * 2_048),
        ("target_url", "space.created", ""),
    ],
)
async def test_what_breaks_a_rule_is_refused(world: World, field: str, event: str, url: str) -> None:
    with pytest.raises(Invalid) as refused:
        await subscribe(world, "ada", event, url)
    assert refused.value.field == field
    assert (await listed(world, "ada", Page(10))).items == []


async def test_subscriptions_are_listed_by_number_both_ways_and_are_ones_own(world: World) -> None:
    made = [await subscribe(world, "ada") for _ in range(5)][::-1]
    foreign = await subscribe(world, "bob")
    assert (await listed(world, "ada", Page(10))).items == made
    first = await listed(world, "ada", Page(2))
    assert (first.items, first.more) == (made[:2], True)
    rest = await listed(world, "ada", Page(3, after=str(made[1].number)))
    assert (rest.items, rest.more) == (made[2:], False)
    back = await listed(world, "ada", Page(2, before=str(made[4].number)))
    assert (back.items, back.more) == (made[2:4], True)
    async with world.database.read() as tx:
        with pytest.raises(NotFound):
            await hooks.find(tx, await world.actor("ada"), foreign.number)


async def test_the_fifty_first_subscription_is_refused_whoever_asks_at_the_same_time(world: World) -> None:
    for _ in range(hooks.MOST - 2):
        await subscribe(world, "ada")
    done = await asyncio.gather(*(subscribe(world, "ada") for _ in range(6)), return_exceptions=True)
    assert all(isinstance(result, Hook | TooManyHooks) for result in done), done
    assert len((await listed(world, "ada", Page(100))).items) == hooks.MOST
    await subscribe(world, "bob")


async def test_each_who_has_a_role_in_the_space_is_told_and_nobody_else(world: World) -> None:
    space, actors = await cast(world, "shared")
    await world.space("sam", "Elsewhere")
    told: set[str] = set()
    for name in ("sam", "mia", "vera", "oscar", "ada", "root"):
        hook = await subscribe(world, name)
        await subscribe(world, name, "customer.deleted")
        if name not in ("sam", "root"):
            told.add(hook.id)
    carol = await world.customer(space)
    sent = await deliveries(world)
    assert {delivery["hook"] for delivery in sent} == told
    assert len(sent) == len(told)
    assert {(d["event"], d["space"], d["object"]) for d in sent} == {("customer.created", space.id, carol.id)}
    async with world.database.write() as tx:
        await tx.run("update space set visibility = 'private' where id = :id", id=space.id)
        await customers.remove(tx, actors["owner"], carol)
    gone = [delivery for delivery in await deliveries(world) if delivery["event"] == "customer.deleted"]
    assert len(gone) == len(told) - 1


async def test_whoever_lost_their_role_before_the_delivery_is_not_told(world: World) -> None:
    space = await world.space("ada", viewers=["bob"])
    hook = await subscribe(world, "bob")
    async with world.database.read() as tx:
        assert await hooks.seek_due(tx, hook.id, space.id) == hook
    await world.dismiss(space, "bob")
    async with world.database.read() as tx:
        assert await hooks.seek_due(tx, hook.id, space.id) is None


async def test_who_may_subscribe(world: World) -> None:
    _, actors = await cast(world)
    hook = await subscribe(world, "ada")

    async def subscribe_as(actor: Actor) -> None:
        async with world.database.write() as tx:
            await hooks.create(tx, actor, "space.created", URL)

    async def look(actor: Actor) -> None:
        async with world.database.read() as tx:
            await hooks.page(tx, actor, Page(10))

    async def find(actor: Actor) -> None:
        async with world.database.read() as tx:
            await hooks.find(tx, actor, hook.number)

    # Everybody for themselves; a credential that is limited to a space must not hear of others.
    anybody = dict.fromkeys(actors, "y") | {"anonymous": "?", "limited": "-", "limited elsewhere": "-"}
    assert await outcomes(actors, subscribe_as) == anybody | {"reader": "-"}
    assert await outcomes(actors, look) == anybody
    own = dict.fromkeys(actors, "0") | {"anonymous": "?", "limited": "-", "limited elsewhere": "-"}
    assert await outcomes(actors, find) == own | {"owner": "y", "reader": "y"}
