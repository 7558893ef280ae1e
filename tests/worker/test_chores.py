"""The timetable: blobs nobody names, last use of credentials, seals, all at their time and in any number of processes."""

import asyncio
import os
import time
from dataclasses import replace
from pathlib import Path
from typing import LiteralString

import pytest

from courtyard.core import artifacts, audit, clock, garbage, spaces
from courtyard.core.access.roles import Permission
from courtyard.core.actor import Actor, Origin
from courtyard.core.artifacts import versions
from courtyard.core.identity import credentials
from courtyard.core.spaces.model import Background
from courtyard.storage.database import Database
from courtyard.storage.local import LocalBlobs
from courtyard.web import usage
from courtyard.web.usage import Usage
from courtyard.worker import Pace, Setup, Worker
from courtyard.worker.timetable import (
    collect_garbage,
    empty_trash,
    forget_history,
    forget_news,
    seal_events,
    sweep_blobs,
    thin_versions,
)
from courtyard.worker.work import Tools
from tests.worker.conftest import stored, until
from tests.world import World


async def keys(blobs: LocalBlobs) -> set[str]:
    return {key async for key in blobs.keys(older_than=clock.now() + clock.HOUR)}


def age(blobs_folder: Path, key: str, hours: float) -> None:
    then = time.time() - hours * 3_600
    [file] = blobs_folder.rglob(key)
    os.utime(file, (then, then))


async def test_what_rows_let_go_of_leaves_the_store_after_the_commit(
    world: World, tools: Tools, blobs: LocalBlobs
) -> None:
    space = await world.space()
    ada = await world.actor("ada")
    kept, gone, picture = [await stored(blobs, content) for content in (b"kept", b"gone", b"picture")]
    other = await world.space(name="Other")
    await world.artifact(other, blob=kept)
    await world.artifact(space, blob=gone)
    place = await world.meet(ada, space, Permission.OWN)
    async with world.database.write() as tx:
        place = await spaces.set_background(
            tx, ada, place, Background(picture.key, "image/png", picture.size, picture.sha256)
        )
        await spaces.remove(tx, ada, place)
    assert await keys(blobs) == {kept.key, gone.key, picture.key}
    assert sum(await asyncio.gather(collect_garbage(tools), collect_garbage(tools))) >= 2
    assert await keys(blobs) == {kept.key}
    async with world.database.read() as tx:
        assert await garbage.waiting(tx) == []


async def test_garbage_whose_bytes_went_before_a_crash_is_forgotten(tools: Tools, blobs: LocalBlobs) -> None:
    blob = await stored(blobs, b"gone")
    async with tools.database.write() as tx:
        await tx.run("insert into blob_garbage (key, at) values (:key, 0)", key=blob.key)
    await blobs.delete(blob.key)
    assert await collect_garbage(tools) == 1
    assert await collect_garbage(tools) == 0


async def test_blobs_without_a_row_go_after_an_hour(
    world: World, tools: Tools, blobs: LocalBlobs, tmp_path: Path
) -> None:
    space = await world.space()
    ada = await world.actor("ada")
    named, picture, young, lost = [await stored(blobs, content) for content in (b"a", b"b", b"c", b"d")]
    await world.artifact(space, blob=named)
    place = await world.meet(ada, space, Permission.WRITE)
    async with world.database.write() as tx:
        await spaces.set_background(tx, ada, place, Background(picture.key, "image/png", picture.size, picture.sha256))
    for blob in (named, picture, lost):
        age(tmp_path / "blobs", blob.key, 1.1)
    age(tmp_path / "blobs", young.key, 0.9)
    assert await sweep_blobs(tools) == 1
    assert await keys(blobs) == {named.key, picture.key, young.key}


@pytest.mark.parametrize("count", [1_203])
async def test_a_sweep_looks_at_every_blob(tools: Tools, blobs: LocalBlobs, tmp_path: Path, count: int) -> None:
    for number in range(count):
        name = f"{number:032x}"
        folder = tmp_path / "blobs" / name[:2] / name[2]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    assert await sweep_blobs(tools, now=clock.now() + 2 * clock.HOUR) == count
    assert await keys(blobs) == set()


async def caller(world: World, name: str) -> Actor:
    secret = await world.key(name)
    async with world.database.read() as tx:
        return (await credentials.authenticate(tx, secret, Origin("v1", f"192.0.2.{len(name)}")))[0]


async def used(database: Database) -> list[tuple[str | None, str | None]]:
    async with database.read() as tx:
        return await tx.all(tuple, "select last_used_address, last_used_dialect from credential order by number")  # pyright: ignore[reportReturnType] - two columns


async def test_the_last_use_of_a_credential_is_written_later_and_once_a_minute(world: World) -> None:
    ada, bob = await caller(world, "ada"), await caller(world, "bob__")
    notes = Usage()
    for _ in range(3):
        notes.note(ada)
    assert await used(world.database) == [(None, None), (None, None)]
    assert await notes.flush(world.database) == 1
    assert await used(world.database) == [("192.0.2.3", "v1"), (None, None)]
    notes.note(ada)
    notes.note(bob)
    assert await notes.flush(world.database) == 1
    assert await used(world.database) == [("192.0.2.3", "v1"), ("192.0.2.5", "v1")]


async def test_notes_are_bounded_and_survive_a_database_that_is_away(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usage, "MOST", 10)
    notes = Usage()
    for number in range(100):
        notes.note(Actor(Origin("v1"), "person", 1, credential_id=f"credential-{number:03}"))

    class Away:
        def write(self) -> None:
            raise OSError("away")

    with pytest.raises(OSError, match="away"):
        await notes.flush(Away())  # pyright: ignore[reportArgumentType] - the port, with a fault
    assert await notes.flush(world.database) == 10


async def test_a_worker_does_all_this_by_itself(world: World, tools: Tools, blobs: LocalBlobs, tmp_path: Path) -> None:
    lost, gone = await stored(blobs, b"lost"), await stored(blobs, b"gone")
    age(tmp_path / "blobs", lost.key, 2)
    notes = Usage()
    notes.note(await caller(world, "ada"))
    await world.space()

    async def all_done() -> bool:
        written = (await used(world.database))[0][1] is not None
        return written and await seals(world.database) > 0 and not await keys(blobs)

    async with world.database.write() as tx:
        await tx.run("insert into blob_garbage (key, at) values (:key, 0)", key=gone.key)
        await tx.run("update event set at = at - :minute", minute=2 * clock.MINUTE)
    async with Worker(tools.database, blobs, tools.setup, usage=notes, pace=Pace(grace=1)):
        await until(all_done)
    async with world.database.scan() as tx:
        assert await audit.verify(tx) is None


async def seals(database: Database) -> int:
    async with database.read() as tx:
        return await tx.one(int, "select count(*) from seal") or 0


async def test_sealing_catches_up_batch_by_batch(world: World, tools: Tools, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "BATCH", 3)
    for number in range(4):
        await world.space(name=f"Space {number}")
    async with world.database.write() as tx:
        await tx.run("update event set at = at - :minute", minute=2 * clock.MINUTE)
    events = len(await world.events())
    assert await seal_events(tools) == -(-events // 3)


async def test_the_trash_the_past_the_news_and_old_versions_go_in_their_time(
    world: World, tools: Tools, blobs: LocalBlobs
) -> None:
    space, ada = await world.space(), await world.actor("ada")
    first, second, third = [await stored(blobs, content) for content in (b"one", b"two", b"three")]
    artifact = await world.artifact(space, blob=first)
    for blob in (second, third):
        async with world.database.write() as tx:
            held = await artifacts.find(tx, ada, space, artifact.id, hold=True)
            await versions.replace(tx, ada, space, held, blob, "text/plain")
    trashed = await world.artifact(space, blob=await stored(blobs, b"trash"))
    async with world.database.write() as tx:
        await artifacts.trash(tx, ada, trashed)
    for _ in range(2):
        assert (await empty_trash(tools), await thin_versions(tools)) == (0, 0)
        await forget_history(tools)
        await forget_news(tools)
    assert len(await rows(world.database, "select number from artifact_history")) == 3
    assert len(await rows(world.database, "select number from news")) > 0
    async with world.database.write() as tx:
        await tx.run("update artifact set deleted_at = 1 where id = :id", id=trashed.id)
        await tx.run("update artifact_version set created_at = :then", then=7_000 * clock.DAY)
        await tx.run("update artifact_history set until = 1")
        await tx.run("update news set at = 1")
    await forget_news(tools)
    assert await rows(world.database, "select number from news") == []
    await forget_history(tools)
    assert await rows(world.database, "select number from artifact_history") == []
    assert (await empty_trash(tools), await thin_versions(tools)) == (1, 1)
    await collect_garbage(tools)
    assert await keys(blobs) == {second.key, third.key}
    assert await sweep_blobs(tools, now=clock.now() + 2 * clock.HOUR) == 0


async def test_nothing_goes_where_everything_is_to_be_kept(world: World, tools: Tools, setup: Setup) -> None:
    keeping = Tools(tools.database, tools.blobs, replace(setup, trash_days=0, history_days=0, versions_keep="all"))
    space, ada = await world.space(), await world.actor("ada")
    artifact = await world.artifact(space)
    async with world.database.write() as tx:
        await artifacts.trash(tx, ada, artifact)
        await tx.run("update artifact set deleted_at = 1")
        await tx.run("update artifact_history set until = 1")
    assert (await empty_trash(keeping), await thin_versions(keeping)) == (0, 0)
    await forget_history(keeping)
    assert len(await rows(world.database, "select number from artifact_history")) == 1


async def rows(database: Database, sql: LiteralString) -> list[int]:
    async with database.read() as tx:
        return await tx.all(int, sql)
