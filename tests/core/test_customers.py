"""Customers: one address once in a space, one list over all of somebody's spaces."""

import asyncio
import re
from typing import Any

import msgspec
import pytest

from courtyard.core import customers, spaces
from courtyard.core.access.roles import Permission
from courtyard.core.actor import Actor
from courtyard.core.customers import Changes, Customer, EmailInUse, NewCustomer, everywhere
from courtyard.core.errors import Invalid, NotFound, Unauthenticated
from courtyard.core.paging import Page, Slice
from courtyard.core.spaces import Space
from tests.core.cast import (
    JOINS,
    JOINS_PUBLIC,
    WRITES,
    WRITES_PUBLIC,
    backward,
    cast,
    every_standing,
    forward,
    outcomes,
)
from tests.world import ANYBODY, World

WHOLE = Page(100)


async def change(world: World, by: str, space: Space, customer: Customer, /, **changes: Any) -> Customer:
    actor = await world.actor(by)
    async with world.database.write() as tx:
        return await customers.change(tx, actor, space, customer, Changes(**changes))


async def everybody(world: World, actor: Actor, page: Page = WHOLE) -> list[str]:
    async with world.database.read() as tx:
        return [customer.id for customer in (await customers.page_everywhere(tx, actor, page)).items]


async def test_a_customer_has_an_id_of_its_kind_and_knows_its_space(world: World) -> None:
    space = await world.space("ada", visibility="public")
    customer = await world.customer(space, " Carol ", " Carol@Example.org ")
    assert re.fullmatch(r"cus_[0-9a-f]{32}", customer.id)
    assert (customer.name, customer.email, customer.metadata) == ("Carol", "Carol@Example.org", "{}")
    known = (customer.space_id, customer.space_number, customer.space_slug, customer.space_visibility)
    assert known == (space.id, space.number, space.slug, "public")
    assert customer.space_created_at == space.created_at
    assert (await world.events())[-1] == "customer.created"


@pytest.mark.parametrize(
    ("field", "facts"),
    [
        ("name", {"name": ""}),
        ("name", {"name": "x" * 256}),
        ("email", {"email": "carol"}),
        ("email", {"email": ""}),
        ("email", {"email": "a@b\r\nBcc: c@d"}),
        ("metadata", {"metadata": {"a": "\x00"}}),
    ],
)
async def test_what_breaks_a_rule_is_refused(world: World, field: str, facts: dict[str, Any]) -> None:
    space = await world.space("ada")
    customer = await world.customer(space)
    new: dict[str, Any] = {"name": "Dan", **facts}
    async with world.database.write() as tx:
        with pytest.raises(Invalid) as refused:
            await customers.create(tx, await world.actor("ada"), space, NewCustomer(**new))
    assert refused.value.field == field
    with pytest.raises(Invalid) as refused:
        await change(world, "ada", space, customer, **facts)
    assert refused.value.field == field
    assert await everybody(world, await world.actor("ada")) == [customer.id]


async def test_an_address_is_taken_once_in_a_space_without_regard_to_case(world: World) -> None:
    space, other = await world.space("ada"), await world.space("ada", "Attic")
    carol = await world.customer(space, "Carol", "carol@example.org")
    dan = await world.customer(space, "Dan")
    await world.customer(space, "Nobody")
    await world.customer(other, "Carol", "CAROL@example.org")
    with pytest.raises(EmailInUse):
        await world.customer(space, "Carl", "CAROL@EXAMPLE.ORG")
    with pytest.raises(EmailInUse):
        await change(world, "ada", space, dan, email="Carol@example.org")
    assert (await change(world, "ada", space, carol, email="Carol@Example.org")).email == "Carol@Example.org"
    assert (await change(world, "ada", space, carol, email=None)).email is None
    assert (await change(world, "ada", space, dan, email="carol@example.org")).email == "carol@example.org"


async def test_an_address_is_given_once_whoever_asks_at_the_same_time(world: World) -> None:
    space = await world.space("ada")
    present = [await world.customer(space, f"Customer {number}") for number in range(4)]
    adding = [world.customer(space, f"New {number}", "carol@example.org") for number in range(4)]
    changing = [change(world, "ada", space, customer, email="Carol@example.org") for customer in present]
    done = await asyncio.gather(*adding[:2], *changing, *adding[2:], return_exceptions=True)
    assert all(isinstance(result, Customer | EmailInUse) for result in done), done
    assert len([result for result in done if isinstance(result, Customer)]) == 1
    async with world.database.read() as tx:
        assert await tx.one(int, "select count(*) from customer where email is not null") == 1


async def test_a_patch_changes_what_it_names_and_clears_what_is_null(world: World) -> None:
    space = await world.space("ada")
    carol = await world.customer(space, "Carol", "carol@example.org")
    changed = await change(world, "ada", space, carol, name="Caroline", metadata={"a": 1, "b": {"c": 2}})
    assert (changed.name, changed.email) == ("Caroline", "carol@example.org")
    merged = await change(world, "ada", space, changed, metadata={"a": None, "b": {"d": 3}})
    assert msgspec.json.decode(merged.metadata) == {"b": {"c": 2, "d": 3}}
    cleared = await change(world, "ada", space, merged, metadata=None, email=None)
    assert (cleared.metadata, cleared.email, cleared.name) == ("{}", None, "Caroline")
    assert carol.updated_at < changed.updated_at < merged.updated_at < cleared.updated_at
    assert await change(world, "ada", space, cleared) == cleared
    with pytest.raises(Invalid):
        await change(world, "ada", space, carol, name=None)


async def test_changes_of_different_things_at_the_same_time_are_all_kept(world: World) -> None:
    space = await world.space("ada")
    carol = await world.customer(space)
    await asyncio.gather(
        change(world, "ada", space, carol, name="Caroline"),
        change(world, "ada", space, carol, email="carol@example.org"),
        change(world, "ada", space, carol, metadata={"a": 1}),
        change(world, "ada", space, carol, metadata={"b": 2}),
    )
    async with world.database.read() as tx:
        now = await customers.find(tx, await world.actor("ada"), space, carol.id)
    assert (now.name, now.email) == ("Caroline", "carol@example.org")
    assert msgspec.json.decode(now.metadata) == {"a": 1, "b": 2}


async def test_a_removed_customer_is_gone(world: World) -> None:
    space, ada = await world.space("ada"), await world.actor("ada")
    carol = await world.customer(space)
    async with world.database.write() as tx:
        await customers.remove(tx, ada, carol)
    with pytest.raises(NotFound):
        await change(world, "ada", space, carol, name="Ghost")
    with pytest.raises(NotFound):
        await change(world, "ada", space, carol, email="ghost@example.org")
    async with world.database.write() as tx:
        with pytest.raises(NotFound):
            await customers.remove(tx, ada, carol)
        with pytest.raises(NotFound):
            await customers.find_anywhere(tx, ada, carol.id)
    assert (await world.events())[-1] == "customer.deleted"


async def test_a_customer_found_anywhere_comes_with_the_space_or_not_at_all(world: World) -> None:
    space, actors = await cast(world, "private")
    carol = await world.customer(space)

    async def look(actor: Actor) -> None:
        async with world.database.read() as tx:
            found, customer = await customers.find_anywhere(tx, actor, carol.id)
            assert (found.id, customer) == (space.id, carol)

    async def write(actor: Actor) -> None:
        async with world.database.read() as tx:
            await customers.find_anywhere(tx, actor, carol.id, Permission.WRITE)

    assert await outcomes(actors, look) == JOINS
    assert await outcomes(actors, write) == WRITES
    async with world.database.write() as tx:
        await tx.run("update space set visibility = 'public'")
    # Strangers see the space now, but must not hear that it has this customer.
    async with world.database.read() as tx:
        carol = await customers.find(tx, actors["owner"], space, carol.id)
    assert await outcomes(actors, look) == JOINS
    assert await outcomes(actors, write) == WRITES


async def test_one_list_runs_over_all_spaces_with_a_role_and_no_others(world: World) -> None:
    rooms = await every_standing(world, "pia")
    pia = await world.actor("pia")
    served = {room.id: (await world.customer(room, by="filler")).id for room in rooms}
    async with world.database.read() as tx:
        mine = {space.id for space in (await spaces.with_role(tx, pia, WHOLE)).items}
    wanted = [customer for room, customer in reversed(served.items()) if room in mine]
    assert len(wanted) == 55
    assert await everybody(world, pia) == wanted
    listing = _everywhere(world, pia)
    for limit in (7, 20):
        assert await forward(listing, limit) == wanted
        assert await backward(listing, limit, wanted[-1]) == wanted[:-1]
    assert await everybody(world, await world.administrator("root")) == []
    assert await everybody(world, await world.actor("sam")) == []
    limited = await world.actor("pia", spaces=rooms[:20])
    some = [served[room.id] for room in reversed(rooms[:20]) if room.id in mine]
    assert await everybody(world, limited) == some
    assert await backward(_everywhere(world, limited), 3, some[-1]) == some[:-1]


# Somebody with few spaces and somebody with many are served by different statements.
@pytest.mark.parametrize("rooms", [3, everywhere.FEW + 1])
async def test_a_walk_over_all_spaces_meets_every_stable_customer_once_either_way(world: World, rooms: int) -> None:
    ada = await world.actor("ada")
    mine = [await world.space("ada", f"Room {number}") for number in range(rooms)]
    foreign = await world.space("bob")
    stable: list[str] = []
    passing: list[Customer] = []
    for number in range(12):
        stable.append((await world.customer(mine[number % 3])).id)
        passing.append(await world.customer(mine[number % 2]))
        await world.customer(foreign)

    async def come_and_go(_: list[str]) -> None:
        await world.customer(mine[0])
        if passing:
            async with world.database.write() as tx:
                await customers.remove(tx, ada, passing.pop(0))

    listing = _everywhere(world, ada)
    down = await forward(listing, 3, come_and_go)
    assert [row for row in down if row in stable] == stable[::-1]
    assert len(down) == len(set(down))
    up = await backward(listing, 3, stable[0], come_and_go)
    assert [row for row in up if row in stable] == stable[:0:-1]
    assert len(up) == len(set(up))


async def test_the_list_of_one_space_goes_both_ways(world: World) -> None:
    space = await world.space("ada")
    made = [(await world.customer(space, f"Customer {number}")).id for number in range(7)][::-1]
    await world.customer(await world.space("ada", "Attic"))

    async def listing(page: Page) -> Slice[Customer]:
        async with world.database.read() as tx:
            return await customers.page(tx, space, page)

    assert await forward(listing, 3) == made
    assert await backward(listing, 3, made[-1]) == made[:-1]
    found = await listing(Page(2, before=made[4]))
    assert ([row.id for row in found.items], found.more) == (made[2:4], True)


async def test_without_a_credential_there_is_no_list(world: World) -> None:
    with pytest.raises(Unauthenticated):
        await everybody(world, ANYBODY)


VERBS: dict[str, tuple[Permission, dict[str, str], dict[str, str]]] = {
    "list": (Permission.JOIN, JOINS, JOINS_PUBLIC),
    "create": (Permission.WRITE, WRITES, WRITES_PUBLIC),
    "change": (Permission.WRITE, WRITES, WRITES_PUBLIC),
    "remove": (Permission.WRITE, WRITES, WRITES_PUBLIC),
}


@pytest.mark.parametrize("verb", VERBS)
async def test_who_may_do_what_with_customers(world: World, verb: str) -> None:
    permission, private, public = VERBS[verb]
    space, actors = await cast(world, "private")

    async def attempt(actor: Actor) -> None:
        carol = await world.customer(space)
        async with world.database.write() as tx:
            found = await spaces.find(tx, actor, space.id, permission)
            if verb == "create":
                await customers.create(tx, actor, found, NewCustomer(name="Dan"))
            elif verb == "list":
                assert carol.id in [row.id for row in (await customers.page(tx, found, WHOLE)).items]
            elif verb == "change":
                await customers.change(tx, actor, found, carol, Changes(name="Caroline"))
            else:
                await customers.remove(tx, actor, await customers.find(tx, actor, found, carol.id))

    assert await outcomes(actors, attempt) == private
    async with world.database.write() as tx:
        await tx.run("update space set visibility = 'public'")
    assert await outcomes(actors, attempt) == public


def _everywhere(world: World, actor: Actor) -> Any:
    async def listing(page: Page) -> Slice[Customer]:
        async with world.database.read() as tx:
            return await customers.page_everywhere(tx, actor, page)

    return listing
