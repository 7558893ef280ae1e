"""Fixtures of the worker's tests."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from courtyard.storage.blobs import Blob
from courtyard.storage.database import Database
from courtyard.storage.local import LocalBlobs
from courtyard.worker import Setup
from courtyard.worker.work import Tools
from tests.world import World


@pytest.fixture
def world(database: Database) -> World:
    """An empty world on a fresh database, once on each engine."""
    return World(database)


@pytest.fixture
async def blobs(tmp_path: Path) -> AsyncGenerator[LocalBlobs]:
    """An empty blob store."""
    store = LocalBlobs(tmp_path / "blobs")
    yield store
    await store.close()


@pytest.fixture
def setup(tmp_path: Path) -> Setup:
    """Settings as they are without any, but for the address of the installation."""
    return Setup(
        data_dir=tmp_path / "data", public_url="https://courtyard.example", mail_from="Courtyard <yard@example.org>"
    )


@pytest.fixture
def tools(database: Database, blobs: LocalBlobs, setup: Setup) -> Tools:
    return Tools(database, blobs, setup)


async def stored(blobs: LocalBlobs, content: bytes) -> Blob:
    """Some bytes, stored."""

    async def chunks() -> AsyncIterator[bytes]:
        yield content

    return await blobs.put(chunks(), limit=1 << 30)


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    """Ask again and again, for fifteen seconds at most."""
    async with asyncio.timeout(15):
        while not await true():  # noqa: ASYNC110 - what it waits for is in the database
            await asyncio.sleep(0.02)
