"""The sweep over an object store, and that no table whose rows name blobs is forgotten."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from courtyard.core import clock, garbage
from courtyard.storage.blobs import Blob
from courtyard.storage.migrate import migrations
from courtyard.storage.objects import ObjectBlobs
from courtyard.worker import Setup
from courtyard.worker.timetable import sweep_blobs
from courtyard.worker.work import Tools
from tests.seaweed import Seaweed
from tests.storage.stored import all_keys, bucket, put
from tests.world import World

NAMES_A_BLOB = re.compile(r"^    (blob_key|background_key|source_key) ", re.MULTILINE)
LOOKS_BACK = {"artifact_history"}
"""Says what was; the blob is kept by the version of that time, if at all."""


@pytest.fixture
async def objects(seaweed: Seaweed, tmp_path: Path) -> AsyncIterator[ObjectBlobs]:
    opened = ObjectBlobs(bucket(seaweed), tmp_path / "spool")
    yield opened
    await opened.close()


async def test_only_what_no_row_names_goes(world: World, objects: ObjectBlobs, setup: Setup) -> None:
    tools = Tools(world.database, objects, setup)
    named, lost = await put(objects, bytes(9_000_000)), await put(objects, b"lost")
    await world.artifact(await world.space(), blob=named)
    assert await sweep_blobs(tools) == 0
    assert await sweep_blobs(tools, now=clock.now() + 2 * clock.HOUR) == 1
    assert await all_keys(objects) == [named.key]
    assert await objects.size(named.key) == 9_000_000
    async with world.database.scan() as tx:
        found = await garbage.referenced(tx, "", 10)
        assert [Blob(one.key, one.size, one.sha256 or "") for one in found] == [named]
        assert await garbage.referenced(tx, named.key, 10) == []
        assert await garbage.unreferenced(tx, [named.key, lost.key]) == [lost.key]


def test_every_table_that_names_blobs_is_asked() -> None:
    schema = "\n".join(migration.text for migration in migrations(None))
    naming = {
        found[1]
        for found in re.finditer(r"create table (\w+) \((.*?)\n\);", schema, re.DOTALL)
        if NAMES_A_BLOB.search(found[2])
    }
    assert {"artifact", "space", "upload"} <= naming
    for query in (garbage.UNREFERENCED.sqlite, garbage.REFERENCED):
        assert naming - LOOKS_BACK == set(re.findall(r"from (\w+)(?! [(])", query)) - {"json_each"}
