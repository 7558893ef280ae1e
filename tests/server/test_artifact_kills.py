"""Server and worker are killed at random moments while artifacts are uploaded, replaced, generated and drawn.

At the end all that was answered is there, once, with its bytes; nothing half-made remains; the counts are right. Two kills
for each pair of engine and store; `COURTYARD_TEST_KILLS` asks for more.
"""

import asyncio
import os
import random
import secrets
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, LiteralString

import pytest
from httpx2 import AsyncClient

from courtyard import rendering
from courtyard.core import garbage
from courtyard.installation import Installation, opened
from courtyard.settings import Settings
from courtyard.storage.database import Database
from courtyard.storage.opening import open_database
from courtyard.worker import Setup
from courtyard.worker.timetable import collect_garbage, sweep_blobs, sweep_uploads
from courtyard.worker.work import Tools
from tests.server.makers import Made, Maker
from tests.server.running import PATIENCE, Process, Server, run

KILLS = int(os.environ.get("COURTYARD_TEST_KILLS", "2"))
MAKERS = 4
DAYS = 3 * 24 * 3_600
LATER = 2 * DAYS
HELD: LiteralString = (
    "select artifact_id, coalesce(sum(size), 0) as size, count(*) as count from artifact_version group by artifact_id"
)
WRONG: dict[str, LiteralString] = {
    "a name twice": "select name from artifact group by name having count(*) > 1",
    "an artifact that is not completed": "select name || status from artifact where status <> 'completed'",
    "an artifact without one inspection for each version": "select a.name from artifact a where a.version <>"
    " (select count(*) from job j where j.artifact_id = a.id and j.kind = 'inspect')",
    "more previews than inspections": "select a.name from artifact a where a.version <"
    " (select count(*) from job j where j.artifact_id = a.id and j.kind = 'preview')",
    "a generation twice": "select artifact_id from job where kind = 'generate' group by artifact_id having count(*) > 1",
    "a generated artifact with versions": "select a.name from artifact a join job j on j.artifact_id = a.id"
    " where j.kind = 'generate' and a.version > 1",
    "a source that nobody needs": "select artifact_id from generation",
    "versions with gaps": "select a.name from artifact a where a.version - 1 <>"
    " (select count(*) from artifact_version v where v.artifact_id = a.id)",
    "an upload that is not finished": "select id || state from upload where state <> 'finished'",
    "a job that has not ended well": "select id || kind || status || coalesce(error, '') from job"
    " where status <> 'completed' or completed_at is null",
    "a usage that is not the sum": "select u.space_id from space_usage u where reserved_bytes <> 0"
    " or reserved_artifacts <> 0 or bytes <> (select coalesce(sum(a.size + coalesce(v.size, 0)), 0) from artifact a"
    " left join (" + HELD + ") v on v.artifact_id = a.id where a.space_id = u.space_id) or artifacts <>"
    " (select coalesce(sum(1 + coalesce(v.count, 0)), 0) from artifact a left join (" + HELD + ") v"
    " on v.artifact_id = a.id where a.space_id = u.space_id)",
}


class Town:
    """A server, and beside it on PostgreSQL a worker; either is killed and started again."""

    def __init__(self, folder: Path, settings: dict[str, str]) -> None:
        self.apart = "database_url" in settings
        self.folder = folder
        self.settings = {**settings, "versions_keep": "all", "log_level": "warning"}
        self.kills = {"server": 0, "worker": 0}
        self._running = ExitStack()
        self.server = self._serve()
        self.worker = self._work() if self.apart else None
        self.key = self.server.log_in()

    @property
    def database(self) -> str:
        return self.settings.get("database_url", str(self.folder / "data" / "courtyard.db"))

    def _serve(self) -> Server:
        worker = {"worker": "none"} if self.apart else {}
        server = Server(self.folder, **worker, **self.settings)
        self._running.callback(server.end)
        return server

    def _work(self) -> Process:
        worker = Process(self.folder, "work", ready="Working.\n", **self.settings)
        self._running.callback(worker.end)
        return worker

    def client(self) -> AsyncClient:
        return AsyncClient(base_url=self.server.http, headers={"X-API-Key": self.key}, timeout=PATIENCE)

    def kill_worker(self) -> None:
        assert self.worker is not None
        self.worker.kill()
        self.kills["worker"] += 1

    def kill_server(self) -> None:
        self.server.kill()
        self.kills["server"] += 1

    def serve_again(self) -> None:
        self.server = self._serve()

    def work_again(self) -> None:
        self.worker = self._work()

    def end(self) -> None:
        self._running.close()


@pytest.fixture(params=["sqlite-local", "postgres-local", "postgres-objects"])
def town(request: pytest.FixtureRequest, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Town]:
    """Server and worker over one pair of engine and store, with a place of their own for what is temporary."""
    engine, _, store = str(request.param).partition("-")
    settings: dict[str, str] = {}
    if engine == "postgres":
        settings["database_url"] = request.getfixturevalue("postgres_address")
    if store == "objects":
        seaweed = request.getfixturevalue("seaweed")
        settings |= {"blobs_url": seaweed.url(secrets.token_hex(8)), **seaweed.settings}
    scratch = folder.parent / "scratch"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    made = Town(folder, settings)
    yield made
    made.end()


@pytest.mark.timeout(120 + 20 * KILLS)
async def test_whatever_is_killed_all_that_was_answered_is_there_once(town: Town) -> None:
    dice = random.Random(random.random())  # noqa: S311 - any moment will do
    async with town.client() as client:
        space = (await client.post("/v1/spaces", json={"name": "Makers"})).json()["id"]
    makers = [
        Maker(f"maker{number}", f"/v1/spaces/{space}", random.Random(dice.random()))  # noqa: S311
        for number in range(MAKERS)
    ]
    while sum(town.kills.values()) < KILLS:
        await until_the_server_is_killed(town, makers, dice)
        if town.apart or dice.random() < 0.3:
            await leases_are_over(town.database)
        await asyncio.to_thread(town.serve_again)
    async with town.client() as client:
        for maker in makers:
            await maker.settle(client)
        await jobs_end(client, town.database if town.apart else None)
        for maker in makers:
            await right(client, maker)
        await nothing_else(client, space, makers)
    told = [made for maker in makers for made in maker.made]
    assert len(told) > KILLS
    town.end()
    verified = run(town.folder, "blobs", "verify", **town.settings)
    assert (verified.returncode, verified.stdout) == (0, ""), verified.stdout + verified.stderr
    async with opened(Settings.model_validate({"data_dir": town.folder / "data", **town.settings})) as installation:
        await whole(installation)
    left_over(town.folder)


async def until_the_server_is_killed(town: Town, makers: list[Maker], dice: random.Random) -> None:
    async with town.client() as client:
        working = [asyncio.create_task(maker.work(client)) for maker in makers]
        while town.apart and dice.random() < 0.5:
            await asyncio.sleep(dice.uniform(0.1, 1))
            town.kill_worker()
            await leases_are_over(town.database)
            await asyncio.to_thread(town.work_again)
        await asyncio.sleep(dice.uniform(0.1, 1))
        town.kill_server()
        await asyncio.gather(*working)


async def leases_are_over(database_address: str) -> None:
    """As if half a minute had passed: what killed workers had begun may be taken by another one, also from one who lives."""
    database = await open_database(database_address)
    async with database.write() as tx:
        await tx.run("update job set lease_until = 1 where status = 'processing'")
    await database.close()


async def jobs_end(client: AsyncClient, database: str | None) -> None:
    """Every job comes to its end; one that lost all its workers is asked for again by a person."""
    end = time.monotonic() + 60 + 2 * KILLS
    # Twice: a job that goes from one list to the other while they are asked for, one after the other, is in none.
    quiet = 0
    while quiet < 2:
        waiting = [job for status in ("pending", "processing") for job in await jobs(client, status)]
        lost = [job for job in await jobs(client, "failed") if job["error"] == "The worker was lost."]
        quiet = 0 if waiting or lost else quiet + 1
        for job in lost:
            assert job["attempt"] == job["max_attempts"]
            await client.post(f"/v1/jobs/{job['id']}/retry")
        assert time.monotonic() < end, waiting
        await asyncio.sleep(0.3)


async def jobs(client: AsyncClient, status: str) -> list[dict[str, Any]]:
    return (await client.get(f"/v1/jobs?status={status}&limit=100")).json()["data"]


async def right(client: AsyncClient, maker: Maker) -> None:
    """All that this client was told is there as it was told."""
    for made in maker.made:
        found = await client.get(made.address)
        assert found.status_code == (404 if made.gone else 200), made
        if made.gone:
            continue
        facts = found.json()
        assert (facts["name"], facts["status"], facts["version"]) == (made.name, "completed", len(made.contents))
        content = (await client.get(f"{made.address}/download")).content
        assert len(content) == facts["size"]
        if made.format:
            assert content.startswith(b"%PDF") if made.format == "pdf" else made.contents[0] in content
            continue
        assert content == made.contents[-1]
        for number, before in enumerate(made.contents, 1):
            assert (await client.get(f"{made.address}/versions/{number}/download")).content == before
        if made.picture:
            shown = await client.get(facts["preview_url"])
            assert (shown.status_code, shown.headers["content-type"]) == (200, "image/webp")


async def nothing_else(client: AsyncClient, space: str, makers: list[Maker]) -> None:
    """What is there is what was told, each thing once."""
    names: list[str] = []
    cursor = ""
    while cursor is not None:
        rest = f"&cursor={cursor}" if cursor else ""
        answer = (await client.get(f"/v1/spaces/{space}/artifacts?limit=100{rest}")).json()
        names += [one["name"] for one in answer["data"]]
        cursor = answer["cursor"]
    told: list[Made] = [made for maker in makers for made in maker.made if not made.gone]
    assert sorted(names) == sorted(made.name for made in told)


async def whole(installation: Installation) -> None:
    """Every row stands on what it needs, and nothing is in the store that no row names."""
    database, blobs = installation.services.database, installation.services.blobs
    assert await wrong(database) == {}
    tools = Tools(database, blobs, Setup(data_dir=installation.settings.data_dir, public_url=""))
    later = int((time.time() + LATER) * 1_000)
    await collect_garbage(tools)
    await sweep_blobs(tools, now=later)
    await sweep_uploads(tools, now=later)
    async with database.read() as tx:
        named = {one.key for one in await garbage.referenced(tx, "", 1_000_000)}
    assert {key async for key in blobs.keys(older_than=later)} == named
    assert [upload async for upload in blobs.uploads(older_than=later)] == []


async def wrong(database: Database) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    async with database.read() as tx:
        for what, statement in WRONG.items():
            found[what] = await tx.all(str, statement)
    return {what: rows for what, rows in found.items() if rows}


def left_over(folder: Path) -> None:
    """No scratch, no half file, no child of whoever was killed."""
    rendering.sweep(time.time() + LATER)
    assert list((folder.parent / "scratch").iterdir()) == []
    places = [folder / "data" / "blobs" / name for name in ("incoming", "uploads")]
    assert [file for place in places if place.exists() for file in place.iterdir()] == []
    still: list[str] = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            place = str((process / "cwd").readlink())
        except OSError:
            continue
        if place.startswith(str(folder.parent / "scratch")):
            still.append(process.name)
    assert still == []
