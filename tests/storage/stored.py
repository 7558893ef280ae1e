"""Both blob stores for tests, the local disk and a bucket in a real object store, and how to fill them."""

import secrets
import stat
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from courtyard.storage.blobs import Blob, Blobs
from courtyard.storage.local import LocalBlobs
from courtyard.storage.object_access import Bucket
from courtyard.storage.objects import ObjectBlobs
from tests.seaweed import ACCESS_KEY, SECRET, Seaweed


async def stream(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def put(blobs: Blobs, data: bytes) -> Blob:
    return await blobs.put(stream(data), limit=1 << 30)


async def all_keys(blobs: Blobs) -> list[str]:
    return [key async for key in blobs.keys(older_than=now() + 60_000)]


def now() -> int:
    return time.time_ns() // 1_000_000


def files(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file() and path.name != "incoming.lock"]


def modes(root: Path) -> set[tuple[bool, int]]:
    """Which modes directories (True) and files have."""
    return {(path.is_dir(), stat.S_IMODE(path.stat().st_mode)) for path in root.rglob("*")}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "secret").write_text("not a blob")
    return tmp_path / "blobs"


def options(store: Seaweed) -> dict[str, str]:
    """How the object store is reached."""
    return {
        "endpoint": store.endpoint,
        "access_key_id": ACCESS_KEY,
        "secret_access_key": SECRET,
        "region": "us-east-1",
    }


def bucket(store: Seaweed) -> Bucket:
    """A place of its own in the object store, empty."""
    return Bucket(store.url(secrets.token_hex(8)), options(store), allow_http=True)


@pytest.fixture
def place(seaweed: Seaweed) -> Bucket:
    """Where `objects` are, to look behind them."""
    return bucket(seaweed)


@pytest.fixture
async def local(root: Path) -> AsyncIterator[LocalBlobs]:
    """The local disk."""
    opened = LocalBlobs(root)
    yield opened
    await opened.close()


@pytest.fixture
async def objects(root: Path, place: Bucket) -> AsyncIterator[ObjectBlobs]:
    """A bucket."""
    opened = ObjectBlobs(place, root / "spool")
    yield opened
    await opened.close()


@pytest.fixture(params=["local", "objects"])
def blobs(request: pytest.FixtureRequest) -> Blobs:
    """Each blob store in turn, empty."""
    return request.getfixturevalue(request.param)
