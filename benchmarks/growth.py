"""The same calls with 1,000 to 1,000,000 rows: spaces, artifacts of one space, members of one space (SQLite).

`make bench-growth`, or `python -m benchmarks.growth 1000 1000000`. Rows are written straight into the tables, without their words
for the search and their lines in the audit trail: a database that came to them by requests is larger.
"""

import asyncio
import os
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from benchmarks import machine
from benchmarks.measure import Figure, Plan, measure, plan
from benchmarks.peers import environments, processes
from benchmarks.peers.courtyard import environment, index, person, serve
from benchmarks.peers.peer import DESCRIPTION, GET, Call, Running, ask, send
from benchmarks.run import WRK
from courtyard.core import organizations, spaces
from courtyard.installation import opened
from courtyard.settings import Settings

COUNTS = (1_000, 10_000, 100_000, 1_000_000)
IDLE, JOBS = 2_000, 300
LISTS = ("spaces", "artifacts", "members")
PEOPLE = """
insert into person (id, email, email_folded, username, username_folded, state, referral_code, created_at, updated_at)
  with recursive c (n) as (select 1 union all select n + 1 from c where n < :count)
  select 'p' || n, 'p' || n || '@example.org', 'p' || n || '@example.org', 'p' || n, 'p' || n, 'active', 'p' || n, n, n
  from c
"""
MEMBERS = """
insert into member (space_id, person_id, role, created_at)
  select :space, id, 'viewer', created_at from person where id like 'p%'
"""
SPACES = """
insert into space (id, token, slug, name, name_folded, description, visibility, organization_id, owner_id, space_type,
  content_type, metadata, created_at, updated_at)
  with recursive c (n) as (select 1 union all select n + 1 from c where n < :count)
  select printf('00000000-0000-7000-8000-%012x', n), 't' || n, 's' || n, 'Space ' || n, 'space ' || n, :description,
    'private', organization_id, owner_id, 'general', 'general', '{}', n, n from c join space o on o.id = :space
"""
OWNERS = """
insert into member (space_id, person_id, role, created_at)
  select id, owner_id, 'owner', created_at from space where id like '00000000-%'
"""
ARTIFACTS = """
insert into artifact (id, space_id, name, document_type, status, content_type, size, sha256, blob_key, version, metadata,
  tags, thread_ids, created_by, created_at, updated_at)
  with recursive c (n) as (select 1 union all select n + 1 from c where n < :count)
  select printf('00000000-0000-7000-8000-%012x', n), :space, 'File ' || n, 'document', 'completed', 'text/plain', 1,
    '00', 'none-' || n, 1, '{}', '[]', '[]', owner_id, n, n from c join space o on o.id = :space
"""


async def _first(folder: Path) -> tuple[str, str]:
    """A person with one space; their key, its id."""
    os.environ.update(environment(folder, ""))
    async with opened(Settings()) as installation:
        await index(installation.services.database)
        actor, key = await person(installation.services.database)
        async with installation.services.database.write() as tx:
            home = await organizations.home(tx, actor, None)
            return key, (await spaces.create(tx, actor, home, spaces.NewSpace(name="Large"))).id


def grown(folder: Path, count: int) -> tuple[str, str]:
    """A database with so many rows of each kind; a key, and the space that has them."""
    key, space = asyncio.run(_first(folder))
    connection = sqlite3.connect(folder / "data" / "courtyard.db")
    with connection:
        for statement in (PEOPLE, MEMBERS, SPACES, OWNERS, ARTIFACTS):
            values = {"count": count, "space": space, "description": DESCRIPTION}
            connection.execute(statement, {name: values[name] for name in values if f":{name}" in statement})
    connection.execute("analyze")
    connection.close()
    return key, space


def calls(key: str, space: str) -> dict[str, Call]:
    """One space, and the first page of each list."""
    headers, place = {"X-API-Key": key}, f"/v1/spaces/{space}"
    paths = ("/v1/spaces", f"{place}/artifacts", f"{place}/members")
    pages = {name: Call(f"{path}?limit=20", headers) for name, path in zip(LISTS, paths, strict=True)}
    return {GET: Call(place, headers), **pages}


class Grown:
    """A server among so many rows of each kind."""

    def __init__(self, count: int, folder: Path, core: int) -> None:
        self.count = count
        key, space = grown(folder, count)
        self.size = (folder / "data" / "courtyard.db").stat().st_size
        begin = time.perf_counter()
        self.server, self.base = serve(folder, "", core, {"COURTYARD_WORKER": "none"})
        send(self.base, Call("/ready"))
        self.started = time.perf_counter() - begin
        self.running = Running(self.base, [self.server.pid], calls(key, space))

    def row(self, costs: Mapping[str, Figure]) -> str:
        """Its line of the table; ends with what idle connections take."""
        memory = processes.memory([self.server.pid])
        held = idle(self.base, self.server)
        cells = [f"{self.count:,}", *(f"{costs[name].cpu:.0f}" for name in self.running.calls), f"{self.started:.1f}"]
        return "| " + " | ".join([*cells, *(f"{size / 2**20:.0f}" for size in (self.size, memory, held))]) + " |"


def rows(wrk: list[str], counts: Sequence[int], how: Plan) -> Iterator[str]:
    """All servers at once, called in turn."""
    with ExitStack() as stack:
        all_of_them: list[Grown] = []
        for number, count in enumerate(counts):
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory())) / str(number)
            folder.mkdir()
            one = Grown(count, folder, how.server_core)
            stack.callback(processes.stop, one.server)
            all_of_them.append(one)
        figures, _ = measure(wrk, {str(one.count): one.running for one in all_of_them}, how)
        for one in all_of_them:
            yield one.row(figures[str(one.count)])


def idle(base: str, server: "subprocess.Popen[bytes]") -> int:
    """The bytes that the server needs while so many connections are open, each of which has asked once."""
    port = int(base.rpartition(":")[2])
    with_all = list(_connections(port))
    memory = processes.memory([server.pid])
    for one in with_all:
        one.close()
    return memory


def _connections(port: int) -> Iterator[socket.socket]:
    for _ in range(IDLE):
        one = socket.create_connection(("127.0.0.1", port))
        one.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        one.recv(4096)
        yield one


def jobs(how: Plan) -> float:
    """Jobs per second: files that were uploaded while no worker ran, inspected by one that starts."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        key, space = grown(folder, 1)
        headers = {"X-API-Key": key}
        server, base = serve(folder, "", how.server_core, {"COURTYARD_WORKER": "none"})
        for number in range(JOBS):
            place = f"/v1/spaces/{space}/artifacts?name={number}.txt"
            send(base, Call(place, {**headers, "Content-Type": "text/plain"}, "POST", b"pH 7.2\n", 201))
        processes.stop(server)
        server, base = serve(folder, "", how.server_core)
        begin = time.perf_counter()
        try:
            first = waiting = _waiting(folder)
            while waiting and time.perf_counter() - begin < 120:
                time.sleep(0.05)
                waiting = _waiting(folder)
            ask(base, "GET", "/v1/spaces", headers)
        finally:
            processes.stop(server)
        return (first - waiting) / (time.perf_counter() - begin)


def _waiting(folder: Path) -> int:
    connection = sqlite3.connect(folder / "data" / "courtyard.db")
    count = connection.execute(
        "select count(*) from job where kind = 'inspect' and status in ('pending', 'processing')"
    ).fetchone()[0]
    connection.close()
    return int(count)


def main() -> None:
    """The table, as Markdown."""
    counts = [int(word) for word in sys.argv[1:]] or COUNTS
    how, wrk = plan(2, 5, 0, (GET, *LISTS)), environments.program("wrk", WRK)
    print(f"{machine.today()}; {machine.described()}; load average {machine.busy()}\n")
    lists = " | ".join(f"{one} µs" for one in LISTS)
    print(f"| rows | get µs | {lists} | start s | database MiB | memory MiB | with {IDLE:,} idle MiB |")
    print("|---:" * 9 + "|")
    for row in rows(wrk, counts, how):
        print(row, flush=True)
    print(f"\nJobs: {jobs(how):.0f} inspections per second, one worker inside.")


if __name__ == "__main__":
    main()
