"""Courtyard itself, as `courtyard serve` runs it: durable, with its guard, credentials and access rules; rates are off."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

import apsw
import msgspec

from benchmarks.peers import processes
from benchmarks.peers.peer import (
    CREATE,
    DESCRIPTION,
    DOWNLOAD,
    GET,
    LARGE,
    NAME,
    PAGE,
    SIZES,
    UPLOAD,
    Call,
    Running,
    ask,
    send,
)
from benchmarks.peers.postgres import Postgres, postgres_version
from courtyard.core import organizations, spaces
from courtyard.core.actor import Actor, Origin, system
from courtyard.core.identity import credentials, people
from courtyard.core.indexing import backlog
from courtyard.installation import opened
from courtyard.settings import Settings
from courtyard.storage.database import Database

BATCH = 500
JSON = {"Content-Type": "application/json"}


class Courtyard:
    """One process with its worker inside; on PostgreSQL the time of the database counts too."""

    lacks = ""

    def __init__(self, engine: str) -> None:
        self.name = f"Courtyard ({'PostgreSQL' if engine == 'postgres' else 'SQLite'})"
        self.about = "`courtyard serve`, durable; request limits and the log line of each request off"
        self._engine = engine
        self._server: subprocess.Popen[bytes] | None = None
        self._postgres: Postgres | None = None

    def install(self) -> str:
        database = (
            f"PostgreSQL {postgres_version()}" if self._engine == "postgres" else f"SQLite {apsw.sqlite_lib_version()}"
        )
        return f"{version('courtyard')}, {database}"

    def start(self, folder: Path, items: int, core: int) -> Running:
        if self._engine == "postgres":
            self._postgres = Postgres(core)
        url = self._postgres.url if self._postgres else ""
        key = asyncio.run(fill(folder, url, items))
        self._server, base = serve(folder, url, core)
        pids = [self._server.pid, *([self._postgres.pid] if self._postgres else [])]
        return Running(base, pids, calls(base, key))

    def stop(self) -> None:
        processes.stop(self._server)
        if self._postgres:
            self._postgres.stop()


def environment(folder: Path, url: str) -> dict[str, str]:
    """The settings of the server, which are those of anybody but for the limits and the log."""
    return {
        "COURTYARD_DATA_DIR": str(folder / "data"),
        "COURTYARD_DATABASE_URL": url,
        "COURTYARD_TLS_PORT": "0",
        "COURTYARD_RATE_LIMITS": "off",
        "COURTYARD_LOG_LEVEL": "warning",
    }


def serve(
    folder: Path, url: str, core: int, more: Mapping[str, str] | None = None
) -> "tuple[subprocess.Popen[bytes], str]":
    """Start it and wait until it answers."""
    port = processes.free_port()
    settings = {**environment(folder, url), "COURTYARD_PORT": str(port), **(more or {})}
    server = processes.start([sys.executable, "-m", "courtyard", "serve"], folder, core, environment=settings)
    processes.reachable(server, port, folder)
    return server, f"http://127.0.0.1:{port}"


async def fill(folder: Path, url: str, items: int) -> str:
    """A person with so many spaces, made through the core; a key of theirs."""
    os.environ.update(environment(folder, url))
    async with opened(Settings()) as installation:
        database = installation.services.database
        await index(database)
        actor, key = await person(database)
        for begin in range(0, items, BATCH):
            async with database.write() as tx:
                home = await organizations.home(tx, actor, None)
                for number in range(begin, min(begin + BATCH, items)):
                    await spaces.create(
                        tx, actor, home, spaces.NewSpace(name=f"{NAME} {number}", description=DESCRIPTION)
                    )
    return key


async def index(database: Database) -> None:
    """Begin with nothing left to index, as a server has that ran before: it would index all of ours while it is measured."""
    more = True
    while more:
        async with database.write() as tx:
            more = await backlog.step(tx)


async def person(database: Database) -> tuple[Actor, str]:
    """Somebody new, and their key."""
    async with database.write() as tx:
        made = await people.add(tx, system("bench"), email="b@example.org", username="bench", password_hash=None)
        actor = Actor(Origin("bench"), made.id, 3)
        _, key = await credentials.create(tx, actor, credentials.NewKey(name="bench", scopes=["read", "write"]))
    return actor, key


def calls(base: str, key: str) -> dict[str, Call]:
    """The six calls, on one space with two files in it."""
    headers = {"X-API-Key": key}
    new = {"name": NAME, "description": DESCRIPTION}
    space = ask(base, "POST", "/v1/spaces", headers, new, 201)
    place = f"/v1/spaces/{space['id']}"
    made: dict[str, Call] = {
        GET: Call(place, headers, reply=100),
        PAGE: Call("/v1/spaces?limit=20", headers, reply=2_000),
        CREATE: Call("/v1/spaces", {**headers, **JSON}, "POST", msgspec.json.encode(new), 201),
    }
    sending = {**headers, "Content-Type": "application/octet-stream"}
    for name in (DOWNLOAD, LARGE):
        upload = Call(f"{place}/artifacts?name=file.bin", sending, "POST", os.urandom(SIZES[name]), 201)
        artifact = uploaded(base, upload)
        made[name] = Call(f"{place}/artifacts/{artifact}/download", headers, reply=SIZES[name])
    made[UPLOAD] = Call(f"{place}/artifacts?name=file.bin", sending, "POST", os.urandom(SIZES[UPLOAD]), 201)
    return made


def uploaded(base: str, upload: Call) -> str:
    """The id of the artifact that an upload makes."""
    return msgspec.json.decode(send(base, upload))["id"]
