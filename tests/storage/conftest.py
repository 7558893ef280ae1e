"""A schema of three small tables, so that the promises of storage need no noun of the core."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from courtyard.storage.database import Database
from courtyard.storage.migrate import migrate
from courtyard.storage.opening import open_database
from tests.storage.stored import blobs, local, objects, place, root

__all__ = ["blobs", "db", "local", "objects", "place", "root", "schema"]

THINGS = """
create table thing (number {number}, id {text} not null unique, note {text}, data {bytes}, size bigint not null default 0);
create table part (thing_id {text} not null references thing (id), name {text} not null);
create table counter (id {text} primary key, value bigint not null);
insert into counter (id, value) values ('all', 0);
"""


@pytest.fixture
def schema(tmp_path: Path) -> Path:
    """A folder with one migration."""
    folder = tmp_path / "schema"
    folder.mkdir()
    (folder / "0001_things.sql").write_text(THINGS)
    return folder


@pytest.fixture
async def db(empty_address: str, schema: Path) -> AsyncIterator[Database]:
    """A fresh database with that schema, on each engine."""
    opened = await open_database(empty_address)
    await migrate(opened, schema)
    yield opened
    await opened.close()
