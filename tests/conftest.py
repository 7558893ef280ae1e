"""Fixtures that every test may ask for."""

import pytest

from tests.canary import pytest_runtest_teardown
from tests.engines import (
    address,
    database,
    empty_address,
    engine,
    postgres_server_url,
    postgres_template,
    server,
    sqlite_template,
    template,
)
from tests.seaweed import seaweed, seaweed_store

__all__ = [
    "address",
    "database",
    "empty_address",
    "engine",
    "postgres_server_url",
    "postgres_template",
    "pytest_runtest_teardown",
    "seaweed",
    "seaweed_store",
    "server",
    "sqlite_template",
    "template",
]


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Courtyard runs on asyncio alone."""
    return "asyncio"
