"""Fixtures that every test may ask for."""

import os
import sys

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


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Name what fails at once: the whole run takes a while, and its summary comes at the end."""
    if report.failed and "PYTEST_XDIST_WORKER" not in os.environ:
        print(f"\n{report.nodeid} failed ({report.when})", file=sys.__stderr__, flush=True)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Courtyard runs on asyncio alone."""
    return "asyncio"
