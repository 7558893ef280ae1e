"""The usual stack: `twin.py`, filled and started."""

import hashlib
import json
import sqlite3
import subprocess
from pathlib import Path

from benchmarks.peers import environments, processes
from benchmarks.peers.peer import CREATE, DESCRIPTION, GET, NAME, PAGE, Call, Running, ask

KEY = "benchmark-key"
SCHEMA = """
pragma journal_mode = wal;
create table person (id text primary key, username text not null);
create table key (hash text primary key, person_id text not null references person);
create table space (id text primary key, name text not null, description text not null,
  owner_id text not null references person, created_at datetime not null);
create table member (space_id text not null references space, person_id text not null references person,
  role text not null, primary key (space_id, person_id));
create index member_of on member (person_id, space_id);
"""


class FastApiOrm:
    """FastAPI, SQLAlchemy's ORM and aiosqlite, under uvicorn with uvloop: no guard, no audit, no events."""

    name = "FastAPI + SQLAlchemy ORM"
    about = "Python, uvicorn, aiosqlite, durable; a key, a membership, three tables (benchmarks/peers/twin.py)"
    lacks = "no files; the twin has three calls"
    _server: "subprocess.Popen[bytes] | None" = None
    _programs = Path()

    def install(self) -> str:
        self._programs = environments.python("twin")
        return f"{environments.pinned('twin', 'fastapi')} + {environments.pinned('twin', 'SQLAlchemy')}"

    def start(self, folder: Path, items: int, core: int) -> Running:
        database = folder / "twin.db"
        _fill(database, items)
        port, program = processes.free_port(), Path(__file__).with_name("twin.py")
        self._server = processes.start([self._programs / "python", program, str(port), str(database)], folder, core)
        processes.reachable(self._server, port, folder)
        base = f"http://127.0.0.1:{port}"
        return Running(base, [self._server.pid], _calls(base))

    def stop(self) -> None:
        processes.stop(self._server)


def _fill(place: Path, items: int) -> None:
    connection = sqlite3.connect(place)
    connection.executescript(SCHEMA)
    ids = [f"{number:032x}" for number in range(items)]
    with connection:
        connection.execute("insert into person values ('p', 'bench')")
        connection.execute("insert into key values (?, 'p')", [hashlib.sha256(KEY.encode()).hexdigest()])
        rows = ((one, f"{NAME} {one}", DESCRIPTION, "p", "2026-01-01 00:00:00") for one in ids)
        connection.executemany("insert into space values (?, ?, ?, ?, ?)", rows)
        connection.executemany("insert into member values (?, 'p', 'owner')", ((one,) for one in ids))
    connection.close()


def _calls(base: str) -> dict[str, Call]:
    headers, new = {"X-API-Key": KEY}, {"name": NAME, "description": DESCRIPTION}
    space = ask(base, "POST", "/spaces", headers, new, 201)["id"]
    sending = {**headers, "Content-Type": "application/json"}
    return {
        GET: Call(f"/spaces/{space}", headers, reply=100),
        PAGE: Call("/spaces?limit=20", headers, reply=2_000),
        CREATE: Call("/spaces", sending, "POST", json.dumps(new).encode(), 201),
    }
