"""The seals over the audit trail: what is done to it later is found."""

import asyncio
from collections.abc import Sequence

import pytest

from courtyard.core import audit, clock, events
from courtyard.core.actor import system
from courtyard.storage.database import Database

LATER = clock.now() + clock.HOUR


async def happened(database: Database, actions: Sequence[str]) -> None:
    for action in actions:
        async with database.write() as tx:
            await events.record(tx, system("test"), action, object_id="something", value="ünï")


async def sealed(database: Database) -> int:
    async with database.write() as tx:
        seal = await audit.seal(tx, now=LATER)
    return 0 if seal is None else seal.count


async def broken(database: Database) -> int | None:
    async with database.scan() as tx:
        seal = await audit.verify(tx)
    return None if seal is None else seal.number


async def test_seals_cover_what_has_happened_and_follow_each_other(database: Database) -> None:
    assert await sealed(database) == 0
    await happened(database, ["a.made", "b.made"])
    assert await sealed(database) == 2
    assert await sealed(database) == 0
    await happened(database, ["c.made"])
    assert await sealed(database) == 1
    assert await broken(database) is None


async def test_what_happened_in_the_last_minute_waits(database: Database) -> None:
    await happened(database, ["a.made"])
    async with database.write() as tx:
        assert await audit.seal(tx) is None
        assert await audit.seal(tx, now=clock.now() + audit.REST - clock.SECOND) is None


@pytest.mark.parametrize(
    "change",
    [
        "update event set action = 'nothing' where action = 'b.made'",
        "update event set detail = '{}' where action = 'b.made'",
        "update event set at = at + 1 where action = 'b.made'",
        "delete from event where action = 'b.made'",
        "delete from event where action = 'a.made'",
        "update seal set hash = previous where number = 1",
        "update seal set count = count - 1 where number = 1",
        "delete from seal where number = 1",
    ],
)
async def test_a_change_of_what_is_sealed_is_found(database: Database, change: str) -> None:
    for actions in (["a.made", "b.made"], ["c.made"], ["d.made"]):
        await happened(database, actions)
        await sealed(database)
    assert await broken(database) is None
    async with database.write() as tx:
        assert await tx.run(change) == 1  # pyright: ignore[reportArgumentType] - from the table above
    assert await broken(database) in (1, 2)


async def test_an_event_pushed_in_between_is_found(database: Database) -> None:
    await happened(database, ["a.made", "b.made", "c.made"])
    async with database.write() as tx:
        await tx.run("delete from event where action = 'b.made'")
    await sealed(database)
    assert await broken(database) is None
    async with database.write() as tx:
        await tx.run(
            "insert into event (number, id, at, action, result, privileged, detail)"
            " values (2, 'late', 0, 'b.made', 'done', 0, '{}')"
        )
    assert await broken(database) == 1


async def test_many_sealers_make_one_chain(database: Database) -> None:
    for _ in range(5):
        await happened(database, ["a.made", "b.made"])
        counts = await asyncio.gather(*(sealed(database) for _ in range(8)))
        assert sum(counts) == 2
    assert await broken(database) is None
