"""Fixtures of the tests of bags."""

from pathlib import Path

import pytest

from courtyard.storage.blobs import Blobs
from courtyard.storage.database import Database
from courtyard.worker.work import Tools
from tests.bags.parcels import tools_of
from tests.storage.stored import blobs, local, objects, place, root
from tests.world import World

__all__ = ["blobs", "local", "objects", "place", "root"]


@pytest.fixture
def world(database: Database) -> World:
    """An empty world on a fresh database, once on each engine."""
    return World(database)


@pytest.fixture
def tools(database: Database, local: Blobs, tmp_path: Path) -> Tools:
    """A worker's tools, over the local disk."""
    return tools_of(database, local, tmp_path)


@pytest.fixture
def any_tools(database: Database, blobs: Blobs, tmp_path: Path) -> Tools:
    """A worker's tools, over each store in turn."""
    return tools_of(database, blobs, tmp_path)
