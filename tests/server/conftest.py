"""Fixtures: servers as processes of their own, on each engine, ended with the test."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.engines import made
from tests.server.running import Server

Start = Callable[..., Server]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a server is started; its data directory is `data` in it, and does not exist yet."""
    return tmp_path / "home"


@pytest.fixture
def start(folder: Path) -> Iterator[Start]:
    """Starts servers on SQLite in `folder`; `start("--demo", registration="open")`."""
    with ExitStack() as ending:

        def started(*options: str, **settings: str) -> Server:
            server = Server(folder, *options, **settings)
            ending.callback(server.end)
            return server

        yield started


@pytest.fixture
def where(anyio_backend: Any, engine: str, empty_address: str) -> dict[str, str]:
    """The setting that puts a server on this test's engine, with nothing in the database yet."""
    return {} if engine == "sqlite" else {"database_url": empty_address}


@pytest.fixture
async def postgres_address(postgres_server_url: str) -> AsyncIterator[str]:
    """The address of a PostgreSQL database with nothing in it."""
    async for address in made(postgres_server_url, "template0"):
        yield address
