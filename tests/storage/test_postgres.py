"""What PostgreSQL promises beyond the port: limits on everything, and no connection lost for good."""

import asyncio
import re
from typing import Any, cast

import asyncpg
import pytest

from courtyard.storage import postgres, postgres_connections
from courtyard.storage.database import Busy, Database, Down, Full
from courtyard.storage.named_values import compiled
from courtyard.storage.postgres import Postgres

BUMP = "update counter set value = value + 1 where id = :id"


@pytest.fixture(params=["postgres"])
def engine(request: pytest.FixtureRequest) -> str:
    return request.param


async def bump(db: Database, *names: str) -> None:
    async with db.write() as tx:
        for name in names:
            await tx.run(BUMP, id=name)
            await asyncio.sleep(0.1)


async def value(db: Database) -> int | None:
    async with db.read() as tx:
        return await tx.one(int, "select value from counter where id = 'all'")


async def kill_all(address: str) -> None:
    connection: Any = await asyncpg.connect(address)
    await connection.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
    )
    await connection.close()
    await asyncio.sleep(0.1)


class TestConnections:
    async def test_idle_connections_that_were_cut_are_replaced_unnoticed(
        self, db: Database, empty_address: str
    ) -> None:
        await asyncio.gather(*(value(db) for _ in range(20)))
        await kill_all(empty_address)
        assert await asyncio.gather(*(value(db) for _ in range(20))) == [0] * 20

    async def test_a_block_whose_connection_is_cut_keeps_nothing_and_says_down(
        self, db: Database, empty_address: str
    ) -> None:
        async def cut() -> None:
            async with db.write() as tx:
                await tx.run(BUMP, id="all")
                await kill_all(empty_address)

        async def cut_then_run() -> None:
            async with db.write() as tx:
                await kill_all(empty_address)
                await tx.run(BUMP, id="all")

        for broken in (cut, cut_then_run):
            with pytest.raises(Down):
                await broken()
            assert await value(db) == 0

    async def test_a_server_that_is_not_there_is_down(self) -> None:
        with pytest.raises(Down):
            await Postgres.open("postgresql://nobody@127.0.0.1:1/nothing")

    async def test_those_who_find_no_connection_wait_in_line(self, empty_address: str, db: Database) -> None:
        small = await Postgres.open(empty_address, most=2)
        await asyncio.gather(*(bump(small, "all") for _ in range(6)))
        assert await value(small) == 6
        await small.close()

    async def test_those_who_wait_too_long_are_told(
        self, empty_address: str, db: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        small = await Postgres.open(empty_address, most=1)
        monkeypatch.setattr(postgres_connections, "PATIENCE", 0.1)
        async with small.read():
            with pytest.raises(Busy):
                await value(small)
        assert await value(small) == 0
        await small.close()

    async def test_who_is_cancelled_while_being_lent_a_connection_hands_it_on(
        self, empty_address: str, db: Database
    ) -> None:
        small = await Postgres.open(empty_address, most=1)
        async with small.read():
            waiting = [asyncio.create_task(value(small)) for _ in range(2)]
            await asyncio.sleep(0.01)
            asyncio.get_running_loop().call_soon(waiting[0].cancel)
        async with asyncio.timeout(2):
            assert await waiting[1] == 0
        await small.close()

    async def test_no_connection_is_lost_to_those_who_give_up(self, empty_address: str, db: Database) -> None:
        small = await Postgres.open(empty_address, most=3)
        for pause in range(60):
            tasks = [asyncio.create_task(bump(small, "all")) for _ in range(5)]
            await asyncio.sleep(pause / 10_000)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        async with asyncio.timeout(3), small.read() as one, small.read() as two, small.read() as three:
            for tx in (one, two, three):
                assert await tx.one(int, "select value from counter") is not None
        await small.close()

    async def test_a_block_that_was_given_up_holds_no_lock(self, empty_address: str, db: Database) -> None:
        task = asyncio.create_task(bump(db, "all", "all", "all"))
        await asyncio.sleep(0.15)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        async with asyncio.timeout(1):
            await bump(db, "all")
        assert await value(db) == 1


class TestLimits:
    async def test_every_connection_has_the_promised_limits(self, db: Database) -> None:
        expected = {
            "lock_timeout": "2s",
            "idle_in_transaction_session_timeout": "10s",
            "default_transaction_isolation": "read committed",
        }
        async with db.read() as read, db.scan() as scan, db.write() as write:
            for setting, wanted in expected.items():
                for tx in (read, scan, write):
                    assert await tx.one(str, "select current_setting(:setting)", setting=setting) == wanted
            limits = [await tx.one(str, "select current_setting('statement_timeout')") for tx in (read, write, scan)]
        assert limits == ["5s", "5s", "1min"]

    async def test_a_statement_that_runs_too_long_is_ended(
        self, empty_address: str, db: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(postgres, "STATEMENT_SECONDS", 1)
        strict = await Postgres.open(empty_address)
        async with strict.read() as tx:
            with pytest.raises(Busy):
                await tx.one(str, "select cast(pg_sleep(30) as text)")
            assert await tx.one(int, "select 1") == 1
        await strict.close()

    async def test_of_two_that_wait_for_each_other_one_is_told(self, db: Database) -> None:
        async with db.write() as tx:
            await tx.run("insert into counter (id, value) values ('other', 0)")
        answers = await asyncio.gather(bump(db, "all", "other"), bump(db, "other", "all"), return_exceptions=True)
        assert sorted(type(answer).__name__ for answer in answers) == ["Busy", "NoneType"]
        assert await value(db) == 1

    @pytest.mark.parametrize(
        ("state", "meaning"), [("53100", Full), ("40001", Busy), ("55P03", Busy), ("08006", Down), ("53300", Down)]
    )
    async def test_the_servers_refusals_come_in_the_words_of_the_port(
        self, db: Database, state: str, meaning: type[Exception]
    ) -> None:
        async def refused() -> None:
            async with cast("Postgres", db).write() as tx:
                await tx.run(BUMP, id="all")
                await tx.script(f"do $$ begin raise exception 'no' using errcode = '{state}'; end $$")

        with pytest.raises(meaning):
            await refused()
        assert await value(db) == 0


@pytest.mark.parametrize(
    ("written", "numbered", "names"),
    [
        ("select :a, :b, :a", "select $1, $2, $1", ("a", "b")),
        ("select ':a', :b", "select ':a', $1", ("b",)),
        ("select 'it''s :a', :b", "select 'it''s :a', $1", ("b",)),
        ('select ":a", :b', 'select ":a", $1', ("b",)),
        ("select :a::bigint", "select $1::bigint", ("a",)),
        ("select x::text from y -- :a\nwhere :b", "select x::text from y -- :a\nwhere $1", ("b",)),
        ("select /* :a */ :b_2", "select /* :a */ $1", ("b_2",)),
        ("select $$ :a $$, $x$ :a $x$, :b", "select $$ :a $$, $x$ :a $x$, $1", ("b",)),
    ],
)
def test_only_a_value_is_numbered(written: str, numbered: str, names: tuple[str, ...]) -> None:
    assert compiled(written) == (numbered, names)


def test_a_value_that_is_missing_is_named() -> None:
    with pytest.raises(KeyError, match=re.escape("'b'")):
        compiled("select :a, :b").pick({"a": 1})
