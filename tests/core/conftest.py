"""Fixtures of the core's tests."""

import pytest

from courtyard.storage.database import Database
from tests.core.moments import moment
from tests.world import World

__all__ = ["moment", "world"]


@pytest.fixture
def world(database: Database) -> World:
    """An empty world on a fresh database, once on each engine."""
    return World(database)
