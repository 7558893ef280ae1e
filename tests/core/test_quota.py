"""Quotas: what a space is said to hold is what it holds, whatever happens, and never more than it may."""

import asyncio
import random
from collections.abc import Coroutine, Sequence
from typing import Any

import pytest

from courtyard.core import artifacts, quota, spaces
from courtyard.core.access.roles import Permission
from courtyard.core.actor import Actor
from courtyard.core.artifacts import NewArtifact
from courtyard.core.errors import NotFound
from courtyard.core.quota import QuotaExceeded, Usage
from courtyard.core.spaces import Space
from tests.world import World, nothing

NEW = NewArtifact(name="a", document_type="b")


class Stop(Exception):
    """Something else went wrong in the same transaction."""


async def held(world: World, space: Space) -> Usage:
    async with world.database.read() as tx:
        return await quota.usage(tx, space.id)


async def summed(world: World, space: Space) -> tuple[int, int]:
    """What the rows themselves say."""
    async with world.database.read() as tx:
        sizes = await tx.all(int, "select size from artifact where space_id = :id", id=space.id)
    return sum(sizes), len(sizes)


async def allow(world: World, bytes: int, artifacts: int) -> None:  # noqa: A002
    async with world.database.write() as tx:
        await quota.limit(tx, bytes=bytes, artifacts=artifacts)


async def test_nothing_is_limited_unless_somebody_says_so(world: World) -> None:
    space = await world.space("ada")
    assert await held(world, space) == Usage()
    await world.artifact(space, blob=nothing(10**15))
    assert await held(world, space) == Usage(bytes=10**15, artifacts=1)


@pytest.mark.parametrize("limits", [(30, 0), (0, 3)])
async def test_what_would_pass_a_limit_is_refused_and_leaves_nothing(world: World, limits: tuple[int, int]) -> None:
    space = await world.space("ada")
    await allow(world, *limits)
    kept = [await world.artifact(space, blob=nothing(10)) for _ in range(3)]
    before = (await world.events(), await world.jobs())
    with pytest.raises(QuotaExceeded):
        await world.artifact(space, blob=nothing(1))
    async with world.database.write() as tx:
        with pytest.raises(QuotaExceeded):
            await quota.check(tx, space.id, size=1)
        with pytest.raises(QuotaExceeded):
            await quota.reserve(tx, space.id, size=1)
    assert (await world.events(), await world.jobs()) == before
    # The trash counts, what is purged does not; another space has limits of its own.
    ada = await world.actor("ada")
    async with world.database.write() as tx:
        await artifacts.trash(tx, ada, kept[0])
    with pytest.raises(QuotaExceeded):
        await world.artifact(space, blob=nothing(1))
    async with world.database.write() as tx:
        await artifacts.purge(tx, ada, kept[0])
    await world.artifact(space, blob=nothing(10))
    await world.artifact(await world.space("bob"), blob=nothing(10))


async def test_room_that_is_promised_to_an_upload_is_nobody_elses(world: World) -> None:
    space, ada = await world.space("ada"), await world.actor("ada")
    await allow(world, 100, 2)
    async with world.database.write() as tx:
        await quota.reserve(tx, space.id, size=60)
    with pytest.raises(QuotaExceeded):
        await world.artifact(space, blob=nothing(41))
    await world.artifact(space, blob=nothing(40))
    with pytest.raises(QuotaExceeded):
        await world.artifact(space, blob=nothing(0))
    # Whoever was promised room gets it, also when the limit has come down since.
    await allow(world, 1, 1)
    async with world.database.write() as tx:
        await artifacts.create(tx, ada, space, NEW, nothing(60), reserved=60)
    assert await held(world, space) == Usage(100, 2, 0, 0, 1, 1)


async def test_a_space_that_goes_takes_its_numbers_along(world: World) -> None:
    space, ada = await world.space("ada"), await world.actor("ada")
    await world.artifact(space)
    async with world.database.write() as tx:
        await spaces.remove(tx, ada, await spaces.find(tx, ada, space.id, Permission.OWN))
    assert await held(world, space) == Usage()


class Story:
    """One space to which everything happens, and what is promised to uploads in it."""

    def __init__(self, world: World, space: Space, ada: Actor, chance: random.Random) -> None:
        self.world, self.space, self.ada, self.chance = world, space, ada, chance
        self.reserved: list[int] = []

    async def store(self, size: int, *, fails: bool) -> None:
        async with self.world.database.write() as tx:
            await artifacts.create(tx, self.ada, self.space, NEW, nothing(size))
            if fails:
                raise Stop

    async def promise(self, size: int) -> None:
        async with self.world.database.write() as tx:
            await quota.reserve(tx, self.space.id, size=size)
        self.reserved.append(size)

    async def keep(self, size: int, *, comes: bool) -> None:
        async with self.world.database.write() as tx:
            if comes:
                await artifacts.create(tx, self.ada, self.space, NEW, nothing(size), reserved=size)
            else:
                await quota.release(tx, self.space.id, size=size)

    async def end(self, number: int) -> None:
        async with self.world.database.write() as tx:
            ids = await tx.all(str, "select id from artifact where space_id = :id order by id", id=self.space.id)
            if ids:
                found = await artifacts.find(tx, self.ada, self.space, ids[number % len(ids)])
                await artifacts.purge(tx, self.ada, found)

    def steps(self) -> Sequence[Coroutine[Any, Any, None]]:
        """What happens next, all of it at once."""
        chance = self.chance
        steps = [
            *(self.store(chance.randrange(80), fails=chance.random() < 0.2) for _ in range(chance.randrange(4))),
            *(self.promise(chance.randrange(80)) for _ in range(chance.randrange(2))),
            *(self.keep(self.reserved.pop(), comes=chance.random() < 0.6) for _ in range(min(len(self.reserved), 2))),
            *(self.end(chance.randrange(20)) for _ in range(chance.randrange(4))),
        ]
        chance.shuffle(steps)
        return steps


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_happens_at_the_same_time_the_numbers_are_the_sums(world: World, seed: int) -> None:
    space = await world.space("ada")
    # The same every time.
    story = Story(world, space, await world.actor("ada"), random.Random(seed))  # noqa: S311
    most, many = 400, 12
    await allow(world, most, many)
    for _ in range(25):
        for outcome in await asyncio.gather(*story.steps(), return_exceptions=True):
            assert outcome is None or isinstance(outcome, QuotaExceeded | Stop | NotFound), outcome
        now = await held(world, space)
        assert (now.bytes, now.artifacts) == await summed(world, space)
        assert (now.reserved_bytes, now.reserved_artifacts) == (sum(story.reserved), len(story.reserved))
        assert now.bytes + now.reserved_bytes <= most
        assert now.artifacts + now.reserved_artifacts <= many
