"""Migrations: forward only, each whole or not at all, and never on a database that does not fit."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from courtyard.storage.database import Database
from courtyard.storage.migrate import Changed, Misnumbered, Newer, migrate, migrations, pending
from courtyard.storage.opening import open_database

FIRST = "create table first (number {number}, id {text} not null, data {bytes});"
SECOND = "create table second (id {text} primary key); insert into second (id) values ('a;b');"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "migrations"
    folder.mkdir()
    return folder


@pytest.fixture
async def empty(empty_address: str) -> AsyncIterator[Database]:
    opened = await open_database(empty_address)
    yield opened
    await opened.close()


def write(folder: Path, *texts: str) -> None:
    for number, text in enumerate(texts, 1):
        (folder / f"{number:04}_step.sql").write_text(text)


async def tables(db: Database) -> int | None:
    """How many of the tables named here exist."""
    async with db.read() as tx:
        if db.engine == "sqlite":
            return await tx.one(int, "select count(*) from sqlite_schema where name in ('first', 'second')")
        return await tx.one(int, "select count(*) from pg_tables where tablename in ('first', 'second')")


async def test_what_is_missing_is_applied_once_and_named(empty: Database, folder: Path) -> None:
    write(folder, FIRST)
    assert await pending(empty, folder) == ["0001_step"]
    assert await migrate(empty, folder) == ["0001_step"]
    write(folder, FIRST, SECOND)
    assert await pending(empty, folder) == ["0002_step"]
    assert await migrate(empty, folder) == ["0002_step"]
    assert await migrate(empty, folder) == []
    assert await pending(empty, folder) == []
    async with empty.read() as tx:
        assert await tx.one(str, "select id from second") == "a;b"
        assert await tx.all(int, "select number from migration where at > 0 order by number") == [1, 2]


async def test_asking_what_is_pending_changes_nothing(empty: Database, folder: Path) -> None:
    write(folder, FIRST)
    assert await pending(empty, folder) == await pending(empty, folder) == ["0001_step"]
    assert await tables(empty) == 0


async def test_a_file_that_fails_leaves_nothing_of_itself_and_what_came_before(empty: Database, folder: Path) -> None:
    write(folder, FIRST, f"{SECOND} insert into nowhere (id) values (1);")
    with pytest.raises(Exception, match="nowhere"):
        await migrate(empty, folder)
    assert await tables(empty) == 1
    write(folder, FIRST, SECOND)
    assert await migrate(empty, folder) == ["0002_step"]


async def test_a_file_that_changed_after_it_was_applied_is_refused(empty: Database, folder: Path) -> None:
    write(folder, FIRST)
    await migrate(empty, folder)
    write(folder, f"{FIRST} -- only a comment", SECOND)
    for refused in (migrate, pending):
        with pytest.raises(Changed, match="0001_step"):
            await refused(empty, folder)
    assert await tables(empty) == 1


async def test_a_database_of_a_newer_version_is_refused(empty: Database, folder: Path) -> None:
    write(folder, FIRST, SECOND)
    await migrate(empty, folder)
    (folder / "0002_step.sql").unlink()
    for refused in (migrate, pending):
        with pytest.raises(Newer, match="0002_step"):
            await refused(empty, folder)


async def test_many_who_start_at_once_apply_each_file_once(empty: Database, empty_address: str, folder: Path) -> None:
    write(folder, FIRST, SECOND)
    # A file of SQLite has one owner, so there the many are tasks of one process.
    many = [empty] if empty.engine == "sqlite" else [await open_database(empty_address) for _ in range(4)]
    answers = await asyncio.gather(*(migrate(db, folder) for db in (many * 4)[:4]))
    assert sorted(name for names in answers for name in names) == ["0001_step", "0002_step"]
    for db in many:
        await db.close()


async def test_the_schema_of_courtyard_itself_applies(empty: Database) -> None:
    assert await migrate(empty) == [migration.name for migration in migrations(None)]
    assert await pending(empty) == []


@pytest.mark.parametrize(
    "names", [["0002_a.sql"], ["0001_a.sql", "0003_b.sql"], ["0001_a.sql", "0001_b.sql"], ["1_a.sql"]]
)
def test_numbers_have_no_gap_and_no_twin(folder: Path, names: list[str]) -> None:
    for name in names:
        (folder / name).write_text("select 1;")
    with pytest.raises(Misnumbered):
        migrations(folder)


async def test_an_unknown_macro_is_refused(empty: Database, folder: Path) -> None:
    write(folder, "create table first (id {uuid});")
    with pytest.raises(KeyError, match="uuid"):
        await migrate(empty, folder)
    assert await tables(empty) == 0
