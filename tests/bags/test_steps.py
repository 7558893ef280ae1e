"""A large space is made in steps: nobody sees it before it is whole, others write meanwhile, nothing half-made stays."""

import asyncio
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import asyncpg
import msgspec
import pytest

from courtyard.core import clock, hooks, jobs, quota, search, spaces
from courtyard.core.access.roles import Permission
from courtyard.core.identity import directory
from courtyard.core.paging import Page
from courtyard.core.search import Narrowing
from courtyard.storage.local import LocalBlobs
from courtyard.storage.opening import open_database
from courtyard.worker import Pace, Worker
from courtyard.worker.imports import clear_abandoned, import_space
from courtyard.worker.timetable import collect_garbage, sweep_blobs
from courtyard.worker.work import Failed, Tools
from tests.bags.parcels import bagged, left, promised, taken_in, taken_out, tools_of, worked, zipped
from tests.bags.test_imports import status
from tests.structure.sources import ROOT
from tests.worker.conftest import until
from tests.world import World

MANY = 600
LARGE = zipped(bagged({f"{number:03}.txt": f"lake {number}".encode() for number in range(MANY)}))
VISIBLE = "select s.id from space s join person p on p.id = s.owner_id where p.username = 'ada'"


async def test_a_result_that_comes_too_late_does_not_count(world: World, tools: Tools) -> None:
    job = await promised(world, tools.blobs, "ada", LARGE)
    async with tools.database.write() as tx:
        claimed = await jobs.claim(tx)
    assert claimed is not None
    late = asyncio.create_task(import_space(tools, claimed))
    await half_made(tools)
    async with tools.database.write() as tx:
        await tx.run("update job set fence = fence + 1, status = 'pending' where id = :id", id=job.id)
    with pytest.raises(Failed, match="lost meanwhile"):
        await late
    assert await left(tools) == (0, 1)
    done = await worked(tools)
    assert done.status == "completed"
    await collect_garbage(tools)
    await sweep_blobs(tools, now=clock.now() + 2 * clock.HOUR)
    assert await left(tools) == (1, MANY)


async def artifacts_there(tools: Tools) -> int:
    async with tools.database.read() as tx:
        return await tx.one(int, "select count(*) from artifact") or 0


async def half_made(tools: Tools) -> None:
    """Some of it is there, and not all of it."""
    async with asyncio.timeout(30):
        while not 0 < await artifacts_there(tools) < MANY:  # noqa: ASYNC110 - it is another task's doing
            await asyncio.sleep(0)


async def test_nobody_sees_it_before_all_of_it_is_there(world: World, tools: Tools) -> None:
    ada, root = await world.actor("ada"), await world.administrator()
    await world.organization("lakes", owner="cleo", members=["ada"])
    await promised(world, tools.blobs, "ada", LARGE, organization="lakes", visibility="public", name="Lakes")
    working, looks = asyncio.create_task(worked(tools)), 0
    await half_made(tools)
    while not working.done():
        async with tools.database.read() as tx:
            mine = await spaces.readable(tx, ada, Page(9))
            hers = await spaces.readable(tx, await world.actor("cleo"), Page(9))
            public = await spaces.public(tx, await world.actor("stranger"), Page(9))
            found = await search.everywhere(tx, ada, search.parse("lake"), Page(9), Narrowing())
            shown = [*mine.items, *hers.items, *public.items, *found.items]
            there, whole = await artifacts_there(tools), await tx.one(str, VISIBLE)
        if shown or whole:
            assert there == MANY
        else:
            looks += 1
        await asyncio.sleep(0.001)
    assert looks > 3
    space_id = (await working).space_id or ""
    async with tools.database.read() as tx:
        space = await spaces.find(tx, ada, space_id, Permission.OWN)
        assert (space.organization_handle, space.visibility, space.name) == ("lakes", "public", "Lakes")
        assert await tx.all(str, "select role from member where space_id = :id", id=space_id) == ["owner"]
        told = await tx.all(str, "select action from event where space_id = :id and action like 'space.%'", id=space_id)
        assert sorted(told) == ["space.created", "space.imported"]
        # The one who held it meanwhile is nobody among people and among organizations that count.
        people = await directory.page(tx, root, directory.Filters(), Page(99))
        assert {one.username for one in people.items} == {"ada", "cleo", "root", "stranger"}


async def test_others_write_while_it_is_made(world: World, tools: Tools) -> None:
    """However large it is: between two transactions of it there is room for one of theirs."""
    space = await world.space("cleo")
    await promised(world, tools.blobs, "ada", LARGE)
    working = asyncio.create_task(worked(tools))
    await half_made(tools)
    written: set[int] = set()
    while not working.done():
        await world.thread(space)
        written.add(await artifacts_there(tools))
    assert len(written) > 5
    assert (await working).status == "completed"


async def test_what_goes_wrong_in_the_middle_leaves_nothing(world: World, tools: Tools) -> None:
    space = await world.space("ada")
    async with tools.database.write() as tx:
        await quota.limit(tx, bytes=0, artifacts=MANY)
    job = await promised(world, tools.blobs, "ada", LARGE)
    working = asyncio.create_task(worked(tools))
    await half_made(tools)
    async with tools.database.write() as tx:
        await quota.limit(tx, bytes=0, artifacts=MANY // 2)
    with pytest.raises(Failed, match="holds as much as it may"):
        await working
    async with tools.database.read() as tx:
        assert await tx.all(str, "select id from space") == [space.id]
        for table in ("artifact", "search_document", "space_usage"):
            rows = await tx.one(int, f"select count(*) from {table}")
            assert rows == (1 if table == "search_document" else 0), table
    await collect_garbage(tools)
    await sweep_blobs(tools, now=clock.now() + 2 * clock.HOUR)
    assert await left(tools) == (1, 1)
    assert (await status(tools, job.id))[0] == "processing"


async def test_other_programs_hear_of_the_space_and_of_each_customer_once(world: World, tools: Tools) -> None:
    space, bob = await world.space("ada"), await world.actor("bob")
    for name in ("Lake Board", "Mill"):
        await world.customer(space, name)
    parcel = await taken_out(tools.database, tools.blobs, space)
    async with tools.database.write() as tx:
        for event in ("space.created", "customer.created"):
            await hooks.create(tx, bob, event, f"https://example.org/{event}")
    await taken_in(world, tools, "bob", parcel)
    async with tools.database.read() as tx:
        told = await tx.all(str, "select payload from job where kind = 'hooks.deliver' order by number")
    assert [msgspec.json.decode(one)["event"] for one in told] == ["space.created", *["customer.created"] * 2]
    assert len({msgspec.json.decode(one)["object"] for one in told}) == 3


SCRIPT = """
import asyncio, sys
from pathlib import Path
from courtyard.storage.local import LocalBlobs
from courtyard.storage.opening import open_database
from courtyard.worker import Pace, Setup, Worker

async def main():
    database = await open_database(sys.argv[1])
    folder = Path(sys.argv[2])
    setup = Setup(data_dir=folder, public_url="")
    async with Worker(database, LocalBlobs(folder / "blobs"), setup, pace=Pace(lease=700, lanes=1, longest=0.05)):
        print("ready", flush=True)
        await asyncio.sleep(300)

asyncio.run(main())
"""


@pytest.mark.timeout(240)
async def test_killed_in_the_middle_it_is_made_once_and_of_what_is_given_up_nothing_stays(
    address: str, tmp_path: Path
) -> None:
    blobs = LocalBlobs(tmp_path / "blobs")
    database = await open_database(address)
    world = World(database)
    kept = await promised(world, blobs, "ada", LARGE)
    await database.close()
    await killed_when_half_made(address, tmp_path)
    # The one that was killed is tried again, beside another that is cancelled after it was killed.
    world.database = database = await open_database(address)
    async with database.read() as tx:
        (begun,) = await tx.all(str, "select id from space")
    async with database.write() as tx:
        await tx.run("update job set lease_until = 1 where status = 'processing'")
    tools = tools_of(database, blobs, tmp_path)
    await clear_abandoned(tools)
    async with database.read() as tx:
        # It is not abandoned as long as somebody may go on.
        assert await tx.all(str, "select id from space") == [begun]
    async with Worker(database, blobs, tools.setup, pace=Pace(lanes=1, longest=0.05)):

        async def made() -> bool:
            return (await status(tools, kept.id))[0] == "completed"

        await until(made)
    async with database.read() as tx:
        assert await tx.all(str, "select id from space") != [begun]
        assert (await tx.one(int, "select count(*) from space"), await artifacts_there(tools)) == (1, MANY)
    async with database.write() as tx:
        await tx.run("delete from job")
        await tx.run("delete from artifact")
    given_up = await promised(world, blobs, "ada", LARGE)
    await database.close()
    await killed_when_half_made(address, tmp_path)
    database = await open_database(address)
    tools = tools_of(database, blobs, tmp_path)
    async with database.write() as tx:
        await tx.run("update job set status = 'failed', completed_at = 1 where id = :id", id=given_up.id)
    await clear_abandoned(tools)
    assert (await left(tools))[0] == 1
    assert await artifacts_there(tools) == 0
    await database.close()


async def killed_when_half_made(address: str, folder: Path) -> None:
    command = [sys.executable, "-c", SCRIPT, address, str(folder)]
    process = await asyncio.create_subprocess_exec(
        *command, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT / "src")}
    )
    assert process.stdout is not None
    try:
        assert await asyncio.wait_for(process.stdout.readline(), 30) == b"ready\n"
        async with asyncio.timeout(60):
            while not await seen_from_outside(address):  # noqa: ASYNC110 - it is another process's doing
                await asyncio.sleep(0.002)
    finally:
        process.kill()
        await process.wait()


async def seen_from_outside(address: str) -> bool:
    """Whether there is some of it; a SQLite file that another process has is only read."""
    if "://" in address:
        connection = await asyncpg.connect(address)
        try:
            return 0 < await connection.fetchval("select count(*) from artifact") < MANY
        finally:
            await connection.close()
    with closing(sqlite3.connect(f"file:{address}?mode=ro", uri=True)) as reader:
        return 0 < reader.execute("select count(*) from artifact").fetchone()[0] < MANY
