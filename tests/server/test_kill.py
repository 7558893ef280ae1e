"""The server is killed at random moments under mixed writes: what it answered is there, and nothing half-made remains."""

import asyncio
import hashlib
import random
from pathlib import Path
from typing import Any

import pytest
from httpx2 import AsyncClient

from courtyard.storage.database import Database
from courtyard.storage.local import LocalBlobs
from courtyard.storage.opening import open_database
from tests.server.ledger import Writer
from tests.server.running import PATIENCE, Server

KILLS = 20
CLIENTS = 6

ORPHANS = """
select 'artifact' as what, count(*) from artifact where space_id not in (select id from space)
union all select 'customer', count(*) from customer where space_id not in (select id from space)
union all select 'member', count(*) from member where space_id not in (select id from space)
union all select 'job', count(*) from job where artifact_id not in (select id from artifact)
union all select 'space without its owner', count(*) from space where not exists
 (select 1 from member where space_id = space.id and person_id = space.owner_id and role = 'owner')
union all select 'space without its event', count(*) from space where not exists
 (select 1 from event where space_id = space.id and action = 'space.created')
union all select 'artifact without its one job', count(*) from artifact where 1 <>
 (select count(*) from job where artifact_id = artifact.id and kind = 'inspect')
union all select 'name twice', count(*) from
 (select name from space union all select name from artifact union all select name from customer) as made
 having count(*) <> count(distinct name)
"""


@pytest.mark.timeout(450)
async def test_nothing_answered_is_lost_and_nothing_half_made_remains(
    where: dict[str, str], folder: Path, request: pytest.FixtureRequest
) -> None:
    dice = random.Random(random.random())  # noqa: S311 - any moment will do
    writers = [Writer(f"writer{number}", random.Random(dice.random())) for number in range(CLIENTS)]  # noqa: S311
    server, key = Server(folder, **where), ""
    for _ in range(KILLS):
        request.addfinalizer(server.end)
        assert server.worked <= 2
        key = key or server.log_in()
        async with AsyncClient(base_url=server.http, headers={"X-API-Key": key}, timeout=PATIENCE) as client:
            await asyncio.gather(*(writer.settle(client) for writer in writers))
            writing = [asyncio.create_task(writer.write(client)) for writer in writers]
            await asyncio.sleep(dice.uniform(0.02, 0.5))
            server.kill()
            await asyncio.gather(*writing)
        server = Server(folder, **where)
    server.kill()
    assert sum(writer.answers for writer in writers) > KILLS * CLIENTS
    await leases_are_over(address(where, folder))
    server = Server(folder, **where)
    request.addfinalizer(server.end)
    async with AsyncClient(base_url=server.http, headers={"X-API-Key": key}, timeout=PATIENCE) as client:
        for writer in writers:
            await writer.settle(client)
            await writer.check(client)
        artifacts = [place for writer in writers for place, facts in writer.known.items() if facts and "size" in facts]
        await jobs_end(client, artifacts)
    server.terminate()
    assert server.ended() == 0
    database = await open_database(address(where, folder))
    try:
        await whole(database, folder / "data" / "blobs")
    finally:
        await database.close()


def address(where: dict[str, str], folder: Path) -> str:
    return where.get("database_url", str(folder / "data" / "courtyard.db"))


async def leases_are_over(database_address: str) -> None:
    """As if half a minute had passed: what killed workers had begun may be taken by another one."""
    database = await open_database(database_address)
    async with database.write() as tx:
        await tx.run("update job set lease_until = 1 where status = 'processing'")
    await database.close()


async def jobs_end(client: AsyncClient, artifacts: list[str]) -> None:
    """Each artifact that is there has one job, and that comes to a good end."""
    assert artifacts
    end = asyncio.get_running_loop().time() + 150
    for place in artifacts:
        while (told := await statuses(client, place)) != ["completed"]:
            assert asyncio.get_running_loop().time() < end, f"{place}, one of {len(artifacts)}: {told}"
            await asyncio.sleep(0.1)


async def statuses(client: AsyncClient, artifact: str) -> list[str]:
    return [job["status"] for job in (await client.get(f"{artifact}/jobs")).json()["data"]]


async def whole(database: Database, blobs: Path) -> None:
    """Every row has what it stands on, and every artifact its bytes."""
    async with database.read() as tx:
        assert [row for row in await tx.all(tuple, ORPHANS) if row[1]] == []
        rows: list[tuple[Any, ...]] = await tx.all(tuple, "select blob_key, size, sha256 from artifact")
        unfinished = await tx.all(str, "select id from job where status <> 'completed' or completed_at is null")
    assert unfinished == []
    store = LocalBlobs(blobs)
    for key, size, sha256 in rows:
        content = await store.read(key, 0, size + 1)
        assert (len(content), hashlib.sha256(content).hexdigest()) == (size, sha256)
    await store.close()
    assert list((blobs / "incoming").iterdir()) == []
