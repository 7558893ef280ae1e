"""The job that makes a space of a ZIP: once, whole or not at all, whatever happens meanwhile."""

import asyncio
import os
from collections.abc import AsyncIterator
from typing import Any

import pytest

from courtyard.core import clock, jobs, quota
from courtyard.core.access.roles import Permission
from courtyard.core.bags import imports
from courtyard.core.errors import Invalid, NotFound
from courtyard.core.paging import Page
from courtyard.storage.blobs import Blob
from courtyard.storage.local import LocalBlobs
from courtyard.web.rates import POLICIES
from courtyard.worker import Pace, Worker
from courtyard.worker.timetable import collect_garbage, sweep_blobs
from courtyard.worker.work import Failed, Tools
from tests.bags.parcels import bagged, left, promised, read, refused, taken_in, taken_out, tools_of, worked, zipped
from tests.storage.stored import put
from tests.worker.conftest import until
from tests.world import World

PARCEL = zipped(bagged({f"{number}.txt": f"lake {number}".encode() for number in range(20)}))


async def status(tools: Tools, job_id: str) -> tuple[str, int, int]:
    """How a job is: status, attempts, progress."""
    async with tools.database.read() as tx:
        rows: list[Any] = await tx.all(tuple, "select status, attempt, progress from job where id = :id", id=job_id)
    return rows[0]


async def test_the_zip_goes_when_the_space_is_there(world: World, tools: Tools) -> None:
    space = await taken_in(world, tools, "ada", PARCEL)
    await collect_garbage(tools)
    assert await left(tools) == (1, 20)
    # And nothing of what is there is taken for garbage.
    await sweep_blobs(tools, now=clock.now() + 2 * clock.HOUR)
    assert await left(tools) == (1, 20)
    async with tools.database.read() as tx:
        assert await tx.one(int, "select count(*) from artifact where space_id = :id", id=space.id) == 20


async def test_a_zip_that_waits_is_not_garbage_and_one_that_failed_stays_a_day(world: World, tools: Tools) -> None:
    await promised(world, tools.blobs, "ada", zipped({"x": b"y"}))
    await sweep_blobs(tools, now=clock.now() + 2 * clock.HOUR)
    with pytest.raises(Failed):
        await worked(tools)
    async with tools.database.write() as tx:
        await tx.run("update job set status = 'failed', completed_at = :now", now=clock.now())
    async with tools.database.write() as tx:
        assert await imports.forget(tx) == 0
        await tx.run("update job set completed_at = completed_at - :day", day=clock.DAY + 1)
        assert await imports.forget(tx) == 1
    await collect_garbage(tools)
    assert await left(tools) == (0, 0)


async def test_the_job_is_seen_by_whoever_asked_and_then_by_the_members(world: World, tools: Tools) -> None:
    job = await promised(world, tools.blobs, "ada", PARCEL)
    ada, bob = await world.actor("ada"), await world.actor("bob")
    limited = await world.actor("ada", spaces=[])
    async with tools.database.read() as tx:
        assert (await jobs.find(tx, ada, job.id, Permission.WRITE)).kind == "import"
        for stranger in (bob, limited):
            with pytest.raises(NotFound):
                await jobs.find(tx, stranger, job.id)
    done = await worked(tools)
    assert (done.status, done.progress) == ("completed", 100)
    async with tools.database.read() as tx:
        assert (await jobs.find(tx, ada, job.id)).space_id == done.space_id
        mine = await jobs.of_caller(tx, ada, Page(100), jobs.Filters(kind="import"))
        assert [one.id for one in mine.items] == [job.id]
        with pytest.raises(NotFound):
            await jobs.find(tx, bob, job.id)


async def test_one_that_is_cancelled_in_the_middle_leaves_nothing(world: World, tools: Tools) -> None:
    class Slow(LocalBlobs):
        async def put(self, chunks: AsyncIterator[bytes], *, limit: int) -> Blob:
            await asyncio.sleep(0.05)
            return await super().put(chunks, limit=limit)

    slow = Slow(tools.setup.data_dir / "blobs")
    job = await promised(world, slow, "ada", PARCEL)
    async with Worker(tools.database, slow, tools.setup, pace=Pace(lanes=1)):

        async def half() -> bool:
            return (await left(tools))[1] > 3

        await until(half)
        async with tools.database.write() as tx:
            await jobs.cancel(tx, await world.actor("ada"), await jobs.find(tx, await world.actor("ada"), job.id))

        async def gone() -> bool:
            return await left(tools) == (0, 1)

        await until(gone)
    assert (await status(tools, job.id))[0] == "cancelled"
    await slow.close()


async def test_one_at_a_time_and_the_other_waits_untried(world: World, tools: Tools) -> None:
    class Held(LocalBlobs):
        free = asyncio.Event()

        async def put(self, chunks: AsyncIterator[bytes], *, limit: int) -> Blob:
            await self.free.wait()
            return await super().put(chunks, limit=limit)

    held = Held(tools.setup.data_dir / "blobs")
    first = await promised(world, tools.blobs, "ada", PARCEL)
    second = await promised(world, tools.blobs, "bob", PARCEL)
    async with Worker(tools.database, held, tools.setup, pace=Pace(lanes=2)):

        async def postponed() -> bool:
            waiting = await status(tools, second.id), await status(tools, first.id)
            return sorted(one[0] for one in waiting) == ["pending", "processing"]

        await until(postponed)
        # Everybody else's jobs go on meanwhile.
        await world.artifact(await world.space("cleo"), blob=await put(tools.blobs, b"lake"))

        async def inspected() -> bool:
            return [job.status for job in await world.jobs() if job.kind == "inspect"] == ["completed"]

        await until(inspected)
        held.free.set()

        async def both() -> bool:
            return [(await status(tools, one.id))[:2] for one in (first, second)] == [("completed", 1)] * 2

        await until(both)
    await held.close()


async def test_the_quota_holds_before_anything_is_stored(world: World, tools: Tools) -> None:
    space = await world.space("ada")
    for number in range(3):
        await world.artifact(space, f"{number}", blob=await put(tools.blobs, os.urandom(1_000)))
    parcel = await taken_out(tools.database, tools.blobs, space)
    async with tools.database.write() as tx:
        await tx.run("delete from job")
        await quota.limit(tx, bytes=2_500, artifacts=0)
    assert "holds as much as it may" in await refused(world, tools, parcel)
    async with tools.database.write() as tx:
        await tx.run("delete from job")
        await quota.limit(tx, bytes=0, artifacts=2)
    assert "holds as much as it may" in await refused(world, tools, parcel)


async def test_it_goes_where_the_caller_may_make_spaces_and_nowhere_else(world: World, tools: Tools) -> None:
    await world.organization("lakes", owner="bob", members=["ada"])
    await world.organization("hills", owner="cleo")
    space = await taken_in(world, tools, "ada", PARCEL, organization="lakes", visibility="shared")
    assert (space.organization_handle, space.visibility, space.owner_username) == ("lakes", "shared", "ada")
    for wrong in ({"organization": "hills"}, {"organization": "nowhere"}, {"visibility": "secret"}):
        with pytest.raises(Invalid):
            await promised(world, tools.blobs, "ada", PARCEL, **wrong)


async def test_who_may_no_longer_act_makes_nothing(world: World, tools: Tools) -> None:
    organization = await world.organization("lakes", owner="bob", members=["ada"])
    await promised(world, tools.blobs, "ada", PARCEL, organization="lakes")
    async with tools.database.write() as tx:
        await tx.run(
            "delete from organization_member where organization_id = :id and role = 'member'", id=organization.id
        )
    with pytest.raises(Failed, match="no such organization"):
        await worked(tools)
    await promised(world, tools.blobs, "ada", PARCEL)
    async with tools.database.write() as tx:
        await tx.run("delete from job where status = 'processing'")
        await tx.run("update person set state = 'disabled' where username = 'ada'")
    with pytest.raises(Failed, match="nothing left"):
        await worked(tools)
    assert (await left(tools))[0] == 0


async def test_members_are_invited_only_when_that_is_asked_for(world: World, tools: Tools) -> None:
    space = await world.space("ada", admins=["bob"], viewers=["cleo"])
    parcel = await taken_out(tools.database, tools.blobs, space)
    roles = "select p.username, m.role from member m join person p on p.id = m.person_id where m.space_id = :id"
    mails = "select count(*) from mail"
    alone = await taken_in(world, tools, "bob", parcel)
    async with tools.database.read() as tx:
        assert await tx.all(tuple, roles, id=alone.id) == [("bob", "owner")]
        assert await tx.one(int, mails) == 0
    together = await taken_in(world, tools, "bob", parcel, members=True)
    async with tools.database.read() as tx:
        assert sorted(await tx.all(tuple, roles, id=together.id)) == [
            ("ada", "admin"),
            ("bob", "owner"),
            ("cleo", "viewer"),
        ]
        assert await tx.one(int, mails) == 2


async def test_no_more_mails_leave_in_an_hour_than_a_space_may_send_invitations(world: World, tools: Tools) -> None:
    people = [
        f'{{"email": "m{number}@example.org", "username": "m{number}", "role": "viewer"}}' for number in range(45)
    ]
    space = await world.space("ada")
    files = read(await taken_out(tools.database, tools.blobs, space))
    payload = {path.removeprefix("data/"): file for path, file in files.items() if path.startswith("data/")}
    payload["members.jsonl"] = "\n".join(people).encode()
    await taken_in(world, tools, "bob", zipped(bagged(payload)), members=True)
    async with tools.database.read() as tx:
        delays = await tx.all(int, "select (due_at - created_at) / 3600000 from mail order by number")
    assert POLICIES["invite"] == (20, 3_600, False)
    assert delays == [0] * 20 + [1] * 20 + [2] * 5


async def test_a_thousand_artifacts_come_and_go(world: World, tools: Tools) -> None:
    files = {f"{number:04}.txt": f"lake {number}".encode() for number in range(1_000)}
    space = await taken_in(world, tools, "ada", zipped(bagged(files)))
    again = await taken_out(tools.database, tools.blobs, space)
    async with tools.database.write() as tx:
        await tx.run("delete from job")
    other = tools_of(tools.database, tools.blobs, tools.setup.data_dir)
    copy = await taken_in(world, other, "bob", again)
    async with tools.database.read() as tx:
        rows = "select name, sha256 from artifact where space_id = :id order by id"
        assert await tx.all(tuple, rows, id=copy.id) == await tx.all(tuple, rows, id=space.id)
        assert await tx.one(int, "select count(*) from artifact where space_id = :id", id=copy.id) == 1_000
