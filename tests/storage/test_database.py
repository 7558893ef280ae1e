"""The promises of the port, kept by every engine."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import anyio
import msgspec
import pytest

from courtyard.storage import group_commit
from courtyard.storage.database import Busy, Database, Down, Pair
from courtyard.storage.opening import open_database
from courtyard.storage.rows import ColumnsDiffer

ADD = "insert into thing (id, note, data, size) values (:id, :note, :data, :size)"
BUMP = "update counter set value = value + 1 where id = 'all'"
COUNTED = "select value from counter where id = 'all'"
COUNT = "select count(*) as things from thing"


class Thing(msgspec.Struct, frozen=True):
    id: str
    size: int


@dataclass(frozen=True)
class Sized:
    id: str
    size: int


class Named(NamedTuple):
    id: str
    size: int


class Refused(Exception):
    """Somebody inside the block said no."""


async def add(db: Database, name: str, **values: Any) -> None:
    async with db.write() as tx:
        await tx.run(ADD, **{"id": name, "note": None, "data": None, "size": 0} | values)


async def ids(db: Database) -> list[str]:
    async with db.read() as tx:
        return await tx.all(str, "select id from thing order by id")


async def value(db: Database) -> int | None:
    async with db.read() as tx:
        return await tx.one(int, COUNTED)


class TestTransactions:
    async def test_what_was_committed_is_there_after_a_reopening(self, db: Database, empty_address: str) -> None:
        await add(db, "kept")
        await db.close()
        again = await open_database(empty_address)
        assert await ids(again) == ["kept"]
        await again.close()

    async def test_a_block_that_fails_leaves_nothing(self, db: Database) -> None:
        async def fail() -> None:
            async with db.write() as tx:
                await tx.run(ADD, id="a", note=None, data=None, size=0)
                raise Refused

        with pytest.raises(Refused):
            await fail()
        assert await ids(db) == []

    async def test_a_failing_writer_takes_nothing_from_those_beside_it(self, db: Database) -> None:
        async def write(number: int) -> None:
            async with db.write() as tx:
                await tx.run(ADD, id=f"{number:02}", note=None, data=None, size=0)
                await asyncio.sleep(0)
                if number % 3 == 0:
                    raise Refused
                if number % 3 == 1:
                    await tx.run("insert into part (thing_id, name) values ('nobody', 'x')")

        answers = await asyncio.gather(*(write(number) for number in range(30)), return_exceptions=True)
        assert [number for number, answer in enumerate(answers) if answer is None] == list(range(2, 30, 3))
        assert await ids(db) == [f"{number:02}" for number in range(2, 30, 3)]

    async def test_what_is_left_for_the_end_is_part_of_its_block(self, db: Database) -> None:
        async def write(name: str, *, refused: bool = False) -> None:
            async with db.write() as tx:
                await tx.later(ADD, id=f"{name} later", note=None, data=None, size=0)
                await tx.run(ADD, id=name, note=None, data=None, size=0)
                if refused:
                    raise Refused

        await asyncio.gather(
            write("a"), write("b", refused=True), write("c"), write("d", refused=True), return_exceptions=True
        )
        assert await ids(db) == ["a", "a later", "c", "c later"]
        await write("e")
        assert await ids(db) == ["a", "a later", "c", "c later", "e", "e later"]

    async def test_no_update_is_lost(self, db: Database) -> None:
        async def bump() -> None:
            async with db.write() as tx:
                assert await tx.run(BUMP) == 1

        await asyncio.gather(*(bump() for _ in range(40)))
        assert await value(db) == 40

    async def test_only_one_of_many_wins_a_change_by_condition(self, db: Database) -> None:
        async def claim() -> int:
            async with db.write() as tx:
                return await tx.run("update counter set value = 1 where id = 'all' and value = 0")

        assert sorted(await asyncio.gather(*(claim() for _ in range(20)))) == [0] * 19 + [1]

    async def test_a_writer_sees_its_own_change_and_nobody_else_does(self, db: Database) -> None:
        async with db.write() as tx:
            await tx.run(BUMP)
            assert await tx.one(int, COUNTED) == 1
            assert await value(db) == 0
        assert await value(db) == 1

    async def test_each_statement_of_a_read_block_sees_the_newest_commit(self, db: Database) -> None:
        async with db.read() as tx:
            assert await tx.one(int, COUNT) == 0
            for number in range(3):
                await add(db, str(number))
                # An abandoned rest of rows must not pin the past either.
                await tx.one(str, "select id from thing order by id")
                assert await tx.one(int, COUNT) == number + 1

    @pytest.mark.parametrize("verb", ["run", "one", "all"])
    async def test_a_failed_statement_dooms_its_block_even_when_swallowed(self, db: Database, verb: str) -> None:
        async def swallow() -> None:
            async with db.write() as tx:
                await tx.run(ADD, id="new", note=None, data=None, size=0)
                arguments = [] if verb == "run" else [str]
                with pytest.raises(Exception, match=r"(?i)unique"):
                    await getattr(tx, verb)(*arguments, "insert into thing (id) values ('taken') returning id")

        await add(db, "taken")
        with pytest.raises(Exception, match=r"(?i)unique"):
            await swallow()
        assert await ids(db) == ["taken"]

    async def test_a_doomed_block_runs_nothing_more(self, db: Database) -> None:
        async def go_on() -> None:
            async with db.write() as tx:
                with pytest.raises(Exception, match="no_such_table"):
                    await tx.run("delete from no_such_table")
                await tx.run(BUMP)

        with pytest.raises(Exception, match="no_such_table"):
            await go_on()
        assert await value(db) == 0

    async def test_a_block_that_was_left_cannot_be_used(self, db: Database) -> None:
        async with db.write() as tx:
            await tx.run(BUMP)
        with pytest.raises(RuntimeError, match="left"):
            await tx.run(BUMP)

    async def test_foreign_keys_hold(self, db: Database) -> None:
        with pytest.raises(Exception, match=r"(?i)foreign key"):
            async with db.write() as tx:
                await tx.run("insert into part (thing_id, name) values ('nobody', 'x')")

    async def test_a_closed_database_says_so(self, db: Database) -> None:
        await db.close()
        with pytest.raises(Down):
            await add(db, "late")


class TestCancellation:
    async def test_a_cancelled_block_leaves_nothing_and_the_next_writer_goes_on(self, db: Database) -> None:
        inside = asyncio.Event()

        async def stuck() -> None:
            async with db.write() as tx:
                await tx.run(ADD, id="stuck", note=None, data=None, size=0)
                inside.set()
                await asyncio.sleep(60)

        task = asyncio.create_task(stuck())
        await inside.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        async with asyncio.timeout(2):
            await add(db, "next")
        assert await ids(db) == ["next"]

    async def test_a_scope_that_cancels_every_wait_leaves_nothing_either(self, db: Database) -> None:
        with anyio.move_on_after(0.05):
            async with db.write() as tx:
                await tx.run(ADD, id="stuck", note=None, data=None, size=0)
                await anyio.sleep(60)
        async with asyncio.timeout(2):
            await add(db, "next")
        assert await ids(db) == ["next"]

    async def test_who_is_cancelled_while_being_let_in_lets_the_next_one_in(self, db: Database) -> None:
        async with db.write() as tx:
            await tx.run(BUMP)
            waiting = [asyncio.create_task(add(db, name)) for name in "ab"]
            await asyncio.sleep(0.05)
            # The cancellation comes after the turn was given and before its owner wakes up.
            asyncio.get_running_loop().call_soon(waiting[0].cancel)
        async with asyncio.timeout(2):
            await waiting[1]
        assert "b" in await ids(db)

    async def test_giving_up_at_any_moment_harms_nobody_else(self, db: Database) -> None:
        async def write(number: int) -> None:
            async with db.write() as tx:
                await tx.run(ADD, id=f"{number:03}", note=None, data=None, size=0)
                await asyncio.sleep(0)
                await tx.run(BUMP)

        tasks = [asyncio.create_task(write(number)) for number in range(120)]
        for number, task in enumerate(tasks):
            if number % 2:
                await asyncio.sleep(0.0005)
                task.cancel()
        answers = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(answers[number] is None for number in range(0, 120, 2))
        there = await ids(db)
        # A cancelled writer may have been committed, but whole; an answered one certainly was.
        assert {f"{number:03}" for number, answer in enumerate(answers) if answer is None} <= set(there)
        assert await value(db) == len(there)


class TestBusy:
    async def test_a_writer_that_waits_too_long_is_told(self, db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        # PostgreSQL has its own limit of two seconds for a lock.
        monkeypatch.setattr(group_commit, "PATIENCE", 0.2)

        async def bump() -> None:
            async with db.write() as tx:
                await tx.run(BUMP)

        async with db.write() as tx:
            await tx.run(BUMP)
            with pytest.raises(Busy):
                await bump()
        await bump()
        assert await value(db) == 2


class TestValues:
    @pytest.mark.parametrize(
        "note", [None, "", "äöü 東京 🏛", 'it\'s :id; -- "x" $1 ::y', "line\nline\ttab", "x" * 100_000]
    )
    async def test_text_comes_back_as_it_was(self, db: Database, note: str | None) -> None:
        await add(db, "a", note=note)
        async with db.read() as tx:
            assert await tx.one(tuple, "select note from thing where id = :id", id="a") == (note,)

    @pytest.mark.parametrize("data", [None, b"", b"\x00\xff'", bytes(range(256)) * 400])
    async def test_bytes_come_back_as_they_were(self, db: Database, data: bytes | None) -> None:
        await add(db, "a", data=data)
        async with db.read() as tx:
            assert await tx.one(bytes, "select data from thing where id = :id", id="a") == data

    @pytest.mark.parametrize("size", [0, -1, 2**53, 2**53 + 1, 2**63 - 1, -(2**63)])
    async def test_whole_numbers_come_back_exactly(self, db: Database, size: int) -> None:
        await add(db, "a", size=size)
        async with db.read() as tx:
            assert await tx.one(int, "select size from thing where size = :size", size=size) == size

    async def test_text_is_ordered_by_code_point(self, db: Database) -> None:
        for name in ["b", "B", "a", "é", "_", "1", "Z"]:
            await add(db, name)
        assert await ids(db) == ["1", "B", "Z", "_", "a", "b", "é"]

    async def test_numbers_of_rows_only_grow(self, db: Database) -> None:
        async with db.write() as tx:
            insert = "insert into thing (id) values (:id) returning number"
            first = await tx.one(int, insert, id="a")
            await tx.run("delete from thing")
            second = await tx.one(int, insert, id="b")
        assert first is not None
        assert second is not None
        assert second > first


class TestStatements:
    @pytest.mark.parametrize("kind", [Thing, Sized, Named])
    async def test_a_row_becomes_a_fact(self, db: Database, kind: type[Any]) -> None:
        await add(db, "a", size=7)
        await add(db, "b", size=8)
        async with db.read() as tx:
            assert await tx.one(kind, "select id, size from thing where id = :id", id="a") == kind("a", 7)
            assert await tx.all(kind, "select id, size from thing order by id") == [kind("a", 7), kind("b", 8)]
            assert await tx.one(kind, "select id, size from thing where id = :id", id="c") is None
            assert await tx.all(kind, "select id, size from thing where id = :id", id="c") == []

    async def test_a_scalar_takes_the_first_column_and_a_tuple_the_row(self, db: Database) -> None:
        await add(db, "a", size=7)
        async with db.read() as tx:
            assert await tx.one(str, "select id, size from thing") == "a"
            assert await tx.one(tuple, "select id, size from thing") == ("a", 7)
            assert await tx.all(int, "select size, id from thing") == [7]

    @pytest.mark.parametrize("kind", [Thing, Sized, Named])
    async def test_columns_that_are_not_the_fields_are_refused(self, db: Database, kind: type[Any]) -> None:
        await add(db, "a")
        async with db.read() as tx:
            for statement in ("select size, id from thing", "select id from thing", "select id, size as s from thing"):
                with pytest.raises(ColumnsDiffer, match="id, size"):
                    await tx.all(kind, statement)

    async def test_a_kind_without_fields_is_refused(self, db: Database) -> None:
        await add(db, "a")
        async with db.read() as tx:
            with pytest.raises(TypeError, match="no fields"):
                await tx.one(Path, "select id from thing")

    async def test_one_takes_the_first_of_many(self, db: Database) -> None:
        for name in "cab":
            await add(db, name)
        async with db.read() as tx:
            assert await tx.one(str, "select id from thing order by id") == "a"

    async def test_what_looks_like_a_value_is_left_alone(self, db: Database) -> None:
        await add(db, "a", size=3)
        async with db.read() as tx:
            statement = """
                select ':id' as x, ' it''s :id' as ":id", /* :id */ size -- :id
                from thing where id = :id and size = cast(:size as bigint) and (:size) = size
            """
            assert await tx.one(tuple, statement, id="a", size=3) == (":id", " it's :id", 3)

    async def test_a_pair_speaks_each_engine_its_own_words(self, db: Database) -> None:
        async with db.read() as tx:
            pair = Pair(sqlite="select 'sqlite' as engine", postgres="select 'postgres'::text as engine")
            assert await tx.one(str, pair) == db.engine

    async def test_run_counts_the_rows_it_changed(self, db: Database) -> None:
        async with db.write() as tx:
            add_two = "insert into thing (id) values ('a'), ('b')"
            assert await tx.run(add_two) == 2
            assert await tx.run(f"{add_two} on conflict (id) do nothing") == 0
            assert await tx.run("update thing set size = 1 where id = 'x'") == 0
            assert await tx.run("update thing set size = 1") == 2
            assert (
                await tx.run("with w as (select 'a' as id) update thing set size = 2 where id in (select id from w)")
                == 1
            )
            assert await tx.run("insert into thing (id) select id || '2' from thing") == 2
            assert await tx.run("delete from thing where size < 2") == 3
            assert await tx.run("delete from thing returning id") == 1

    async def test_a_change_may_give_rows(self, db: Database) -> None:
        async with db.write() as tx:
            assert await tx.one(Thing, "insert into thing (id, size) values ('a', 1) returning id, size") == Thing(
                "a", 1
            )
            assert (
                await tx.one(str, "insert into thing (id) values ('a') on conflict (id) do nothing returning id")
                is None
            )
            await tx.run("insert into thing (id) values ('b')")
            assert sorted(await tx.all(str, "update thing set size = 5 returning id")) == ["a", "b"]
        async with db.read() as tx:
            assert await tx.all(int, "select size from thing") == [5, 5]


class TestScan:
    LONG = "with recursive n (i) as (select 1 union all select i + 1 from n where i < 300000000) select max(i) as top from n"

    async def test_a_scan_sees_the_newest_commit(self, db: Database) -> None:
        async with db.scan() as tx:
            for number in range(3):
                await add(db, str(number))
                assert await tx.one(int, COUNT) == number + 1
                assert len(await tx.all(Thing, "select id, size from thing")) == number + 1

    async def test_the_loop_goes_on_while_a_scan_works_and_giving_up_ends_it(self, db: Database) -> None:
        turns = 0
        with anyio.move_on_after(0.3):
            async with db.scan() as tx, asyncio.TaskGroup() as group:
                scan = group.create_task(tx.one(int, self.LONG))
                while not scan.done():
                    turns += 1
                    await asyncio.sleep(0.01)
        assert turns >= 10
        async with asyncio.timeout(5):
            for _ in range(4):
                async with db.scan() as tx:
                    assert await tx.one(int, COUNT) == 0
