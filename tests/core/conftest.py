"""Fixtures of the core's tests."""

import pytest

from courtyard.storage.database import Database
from tests.world import World


@pytest.fixture
def world(database: Database) -> World:
    """An empty world on a fresh database, once on each engine."""
    return World(database)
