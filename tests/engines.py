"""Fixtures: every test that asks for `database` runs on SQLite and on a real PostgreSQL, each time on a fresh one."""

import asyncio
import hashlib
import os
import secrets
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from courtyard.storage.database import Database
from courtyard.storage.migrate import migrate, migrations
from courtyard.storage.opening import open_database
from tests import canary, postgres_server

ENGINES = ["sqlite", "postgres"]


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """The engine of this test: `sqlite` or `postgres`."""
    return request.param


@pytest.fixture
def server(engine: str, request: pytest.FixtureRequest) -> str:
    """Where databases are made; a file needs no server."""
    return "" if engine == "sqlite" else request.getfixturevalue("postgres_server_url")


@pytest.fixture
def template(engine: str, request: pytest.FixtureRequest) -> Any:
    """What a fresh database with the whole schema is copied from."""
    return request.getfixturevalue(f"{engine}_template")


@pytest.fixture
async def address(server: str, template: Any, tmp_path: Path) -> AsyncIterator[str]:
    """The address of a fresh database with the whole schema, as `open_database` and `courtyard serve` take it."""
    if server:
        async for url in made(server, template):
            yield url
    else:
        place = tmp_path / "courtyard.db"
        place.write_bytes(template)
        yield str(place)


@pytest.fixture
async def empty_address(server: str, tmp_path: Path) -> AsyncIterator[str]:
    """The address of a fresh database with nothing in it."""
    if server:
        async for url in made(server, "template0"):
            yield url
    else:
        yield str(tmp_path / "empty.db")


@pytest.fixture
async def database(address: str) -> AsyncIterator[Database]:
    """A fresh database with the whole schema, open; closed after the test."""
    opened = await open_database(address)
    yield opened
    try:
        await canary.look_at_rows(opened)
    finally:
        await opened.close()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The file that a migration of nothing leaves behind; copying it is faster than migrating for every test."""
    place = tmp_path_factory.mktemp("template") / "courtyard.db"
    asyncio.run(_migrated(str(place)))
    content = place.read_bytes()
    canary.know(content)
    return content


@pytest.fixture(scope="session")
def postgres_server_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """COURTYARD_TEST_POSTGRES, or a server of our own that all workers of this run share."""
    named = os.environ.get("COURTYARD_TEST_POSTGRES")
    return named or postgres_server.share(_shared_by_workers(tmp_path_factory))


@pytest.fixture(scope="session")
def postgres_template(postgres_server_url: str) -> Iterator[str]:
    """A database with the whole schema to copy from; the workers of one run make one each."""
    schema = hashlib.sha256("".join(migration.checksum for migration in migrations(None)).encode()).hexdigest()[:8]
    name = f"courtyard_template_{schema}_{secrets.token_hex(4)}"
    asyncio.run(_command(postgres_server_url, f'create database "{name}" template template0'))
    asyncio.run(_migrated(renamed(postgres_server_url, name)))
    yield name
    asyncio.run(_command(postgres_server_url, f'drop database "{name}" with (force)'))


async def made(server: str, template: str) -> AsyncIterator[str]:
    """A database of its own for one test, dropped after."""
    name = f"courtyard_test_{secrets.token_hex(6)}"
    await _command(server, f'create database "{name}" template "{template}"')
    try:
        yield renamed(server, name)
    finally:
        await _command(server, f'drop database "{name}" with (force)')


def renamed(url: str, name: str) -> str:
    """The same server, another database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def _shared_by_workers(factory: pytest.TempPathFactory) -> Path:
    base = factory.getbasetemp()
    return base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base


async def _command(server: str, text: str) -> None:
    connection: Any = await asyncpg.connect(server)
    try:
        await connection.execute(text)
    finally:
        await connection.close()


async def _migrated(address: str) -> None:
    database = await open_database(address)
    await migrate(database)
    await database.close()
