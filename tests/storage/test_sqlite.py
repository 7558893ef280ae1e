"""What SQLite promises beyond the port: one owner, one writer, commits in groups, and a full disk that heals."""

import asyncio
import sys
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import LiteralString, cast

import apsw
import pytest

from courtyard.storage.database import Database, Down, Full
from courtyard.storage.migrate import migrate
from courtyard.storage.sqlite import Owned, Sqlite
from tests.storage.disks import files_no_longer_than, fill, small_disk

ADD = "insert into thing (id, note) values (:id, :note)"


@pytest.fixture(params=["sqlite"])
def engine(request: pytest.FixtureRequest) -> str:
    return request.param


async def add(db: Database, name: str, note: str = "") -> None:
    async with db.write() as tx:
        await tx.run(ADD, id=name, note=note)


async def count(db: Database) -> int | None:
    async with db.read() as tx:
        return await tx.one(int, "select count(*) from thing")


def traced(db: Database) -> list[str]:
    """What the write connection runs from now on."""
    seen: list[str] = []

    def note(_cursor: object, text: str, _values: object) -> bool:
        seen.append(text)
        return True

    cast("Sqlite", db)._line.session.connection.exec_trace = note
    return seen


def beside(address: str) -> list[str]:
    """The file and what lies there because of it."""
    place = Path(address)
    return sorted(path.name for path in place.parent.glob(f"{place.name}*"))


class TestGroupCommit:
    async def test_writers_that_wait_together_share_a_commit(self, db: Database) -> None:
        seen = traced(db)
        await asyncio.gather(*(add(db, str(number)) for number in range(100)))
        assert seen.count("commit") == 1
        assert await count(db) == 100

    async def test_a_batch_has_an_end(self, db: Database) -> None:
        seen = traced(db)
        await asyncio.gather(*(add(db, str(number)) for number in range(300)))
        assert seen.count("commit") == 3

    async def test_one_writer_alone_pays_for_no_savepoint(self, db: Database) -> None:
        seen = traced(db)
        await add(db, "a")
        assert [text.split()[0] for text in seen] == ["begin", "insert", "commit"]

    async def test_no_answer_leaves_before_the_commit_and_reads_go_on_meanwhile(self, db: Database) -> None:
        disk_done, disk_busy = threading.Event(), asyncio.Event()
        loop = asyncio.get_running_loop()

        def slow_disk(_cursor: object, text: str, _values: object) -> bool:
            if text == "commit":
                loop.call_soon_threadsafe(disk_busy.set)
                disk_done.wait(10)
            return True

        cast("Sqlite", db)._line.session.connection.exec_trace = slow_disk
        writers = [asyncio.create_task(add(db, str(number))) for number in range(5)]
        await disk_busy.wait()
        late = asyncio.create_task(add(db, "late"))
        for _ in range(20):
            assert await count(db) == 0
            await asyncio.sleep(0.001)
        assert not any(task.done() for task in [*writers, late])
        disk_done.set()
        await asyncio.gather(*writers, late)
        assert await count(db) == 6

    async def test_writers_come_in_the_order_they_asked(self, db: Database) -> None:
        order: list[int] = []

        async def write(number: int) -> None:
            async with db.write() as tx:
                order.append(number)
                await asyncio.sleep(0)
                await tx.run(ADD, id=str(number), note="")

        await asyncio.gather(*(write(number) for number in range(50)))
        assert order == list(range(50))

    async def test_closing_waits_for_those_in_line(self, db: Database, empty_address: str) -> None:
        writers = [asyncio.create_task(add(db, str(number))) for number in range(20)]
        await asyncio.sleep(0)
        await db.close()
        await asyncio.gather(*writers)
        again = await Sqlite.open(empty_address)
        assert await count(again) == 20
        await again.close()

    async def test_a_transaction_the_engine_gave_up_is_never_acknowledged(self, db: Database) -> None:
        async def betrayed() -> None:
            async with db.write() as tx:
                await tx.run("rollback")

        answers = await asyncio.gather(add(db, "a"), betrayed(), add(db, "b"), return_exceptions=True)
        assert [type(answers[0]), type(answers[1])] == [Down, apsw.SQLError]
        assert await count(db) == sum(answer is None for answer in answers)

    async def test_a_commit_that_is_refused_leaves_the_next_writer_a_clean_connection(self, db: Database) -> None:
        async def refused() -> None:
            async with db.write() as tx:
                await tx.run("pragma defer_foreign_keys = on")
                await tx.run("insert into part (thing_id, name) values ('nobody', 'x')")

        with pytest.raises(Down, match="FOREIGN KEY"):
            await refused()
        await add(db, "next")
        async with db.read() as tx:
            assert await tx.one(int, "select count(*) from part") == 0
        assert await count(db) == 1

    async def test_what_fails_at_the_end_fails_all_who_shared_the_commit_and_the_next_one_heals(
        self, db: Database
    ) -> None:
        async def write(later: LiteralString) -> None:
            async with db.write() as tx:
                await tx.later(later)

        wrong = "insert into part (thing_id, name) values ('nobody', 'x')"
        told = await asyncio.gather(add(db, "beside"), write(wrong), return_exceptions=True)
        assert [type(one) for one in told] == [Down, Down]
        await add(db, "next")
        assert await count(db) == 1


class TestConnections:
    async def test_every_connection_is_as_durable_and_strict_as_promised(self, db: Database) -> None:
        expected: dict[LiteralString, str | int] = {
            "pragma journal_mode": "wal",
            "pragma synchronous": 2,  # full
            "pragma foreign_keys": 1,
            "pragma trusted_schema": 0,
            "pragma temp_store": 2,  # memory
        }
        async with db.read() as read, db.scan() as scan, db.write() as write:
            for pragma, value in expected.items():
                for tx in (read, scan, write):
                    assert await tx.one(tuple, pragma) == (value,)

    async def test_only_the_writer_writes(self, db: Database) -> None:
        for block in (db.read(), db.scan()):
            async with block as tx:
                with pytest.raises(Down, match="readonly"):
                    await tx.all(tuple, "delete from thing returning id")

    async def test_a_second_owner_is_refused_in_this_process_and_in_another(
        self, db: Database, empty_address: str
    ) -> None:
        with pytest.raises(Owned, match="in use by process"):
            await Sqlite.open(empty_address)
        program = (
            "import asyncio, sys; from courtyard.storage.sqlite import Sqlite; asyncio.run(Sqlite.open(sys.argv[1]))"
        )
        other = await asyncio.create_subprocess_exec(
            sys.executable, "-c", program, empty_address, stderr=asyncio.subprocess.PIPE
        )
        _, said = await other.communicate()
        assert b"Owned" in said
        await db.close()
        await (await Sqlite.open(empty_address)).close()

    async def test_a_clean_close_leaves_everything_in_one_file(self, db: Database, empty_address: str) -> None:
        await add(db, "a")
        await db.close()
        assert beside(empty_address) == ["empty.db", "empty.db.lock"]

    async def test_a_reader_who_takes_one_row_of_many_does_not_keep_the_log_from_beginning_anew(
        self, db: Database
    ) -> None:
        for name in "abc":
            await add(db, name)
        async with db.read() as tx:
            assert await tx.one(str, "select id from thing order by id") == "a"
        await add(db, "d")
        connection = cast("Sqlite", db)._line.session.connection
        connection.execute("pragma busy_timeout = 0")
        assert connection.execute("pragma wal_checkpoint(restart)").fetchall()[0][0] == 0

    async def test_a_change_that_begins_with_a_comment_or_a_with_is_counted(self, db: Database) -> None:
        await add(db, "a")
        async with db.write() as tx:
            assert await tx.run("-- why\nupdate thing set note = 'x'") == 1
            assert await tx.run("-- why\nwith w as (select 1) update thing set note = 'x'") == 1


class TestFullDisk:
    @pytest.fixture
    async def full(self, tmp_path: Path, schema: Path) -> AsyncIterator[tuple[Sqlite, Path]]:
        """A database on a disk without room, and the file whose removal makes some."""
        with small_disk(tmp_path / "disk", "4m") as disk:
            db = await Sqlite.open(disk / "small.db")
            await migrate(db, schema)
            await add(db, "before")
            yield db, fill(disk)
            await db.close()

    async def test_writers_are_told_reads_go_on_and_it_heals(self, full: tuple[Sqlite, Path]) -> None:
        db, filler = full
        note = "x" * 20_000
        answers = await asyncio.gather(*(add(db, str(number), note) for number in range(10)), return_exceptions=True)
        assert [type(answer) for answer in answers] == [Full] * 10
        assert await count(db) == 1
        filler.unlink()
        await add(db, "after", note)
        assert await count(db) == 2

    async def test_when_the_engine_gives_up_a_transaction_all_who_shared_it_are_told(self, db: Database) -> None:
        connection = cast("Sqlite", db)._line.session.connection
        [(pages,)] = connection.execute("pragma page_count")
        connection.execute(f"pragma max_page_count = {pages + 4}").fetchall()
        small, large = "x", "x" * 100_000
        answers = await asyncio.gather(
            add(db, "a", small), add(db, "b", large), add(db, "c", small), return_exceptions=True
        )
        assert [type(answer) for answer in answers] == [Full, Full, type(None)]
        async with db.read() as tx:
            assert await tx.all(str, "select id from thing") == ["c"]

    async def test_a_commit_that_fails_fails_all_who_shared_it_and_the_next_one_heals(self, db: Database) -> None:
        await add(db, "before")
        with files_no_longer_than(200_000):
            answers = await asyncio.gather(
                *(add(db, str(number), "x" * 40_000) for number in range(20)), return_exceptions=True
            )
            assert [type(answer) for answer in answers] == [Down] * 20
            assert await count(db) == 1
        await add(db, "after", "x" * 400_000)
        assert await count(db) == 2
