"""Kinto: one bucket whose owner may write; on PostgreSQL, and in memory alone."""

import asyncio
import base64
import json
import subprocess
from pathlib import Path
from typing import Any

import asyncpg

from benchmarks.peers import environments, processes
from benchmarks.peers.peer import CREATE, DESCRIPTION, GET, NAME, PAGE, Call, Running, ask
from benchmarks.peers.postgres import Postgres

RECORDS = "/v1/buckets/bench/collections/spaces/records"
BATCH = 500
SETTINGS = """
[server:main]
use = egg:waitress#main
host = 127.0.0.1
port = {port}
[app:main]
use = egg:kinto
kinto.includes = kinto.plugins.accounts
kinto.storage_backend = kinto.core.storage.{backend}
kinto.cache_backend = kinto.core.cache.{backend}
kinto.permission_backend = kinto.core.permission.{backend}
{urls}
kinto.userid_hmac_secret = benchmark
multiauth.policies = account
multiauth.policy.account.use = kinto.plugins.accounts.AccountsPolicy
kinto.account_create_principals = system.Everyone
kinto.bucket_create_principals = system.Authenticated
kinto.batch_max_requests = {batch}
[loggers]
keys = root
[handlers]
keys = console
[formatters]
keys =
[logger_root]
level = ERROR
handlers = console
[handler_console]
class = StreamHandler
args = (sys.stderr,)
level = ERROR
"""
# As a record is written by the API: the row, and who may write it.
FILL = """
set session_replication_role = replica;
insert into objects (id, parent_id, resource_name, last_modified, data, deleted)
  select 'filled-' || n, parent_id, resource_name, last_modified - n * interval '1 second', data, deleted
  from objects, generate_series(1, {items}) n where resource_name = 'record';
insert into access_control_entries (object_id, permission, principal)
  select '/buckets/bench/collections/spaces/records/filled-' || n, 'write', 'account:bench'
  from generate_series(1, {items}) n;
analyze;
"""


class Kinto:
    """`kinto start` with waitress, as it comes; the time of the database counts too."""

    lacks = "no calls for files, which are an add-on of its own (kinto-attachment)"

    def __init__(self, backend: str) -> None:
        self.name = f"Kinto ({'PostgreSQL' if backend == 'postgresql' else 'memory'})"
        self.about = "Python, waitress; the record is in a bucket of its owner, accounts plugin with Basic"
        self._backend = backend
        self._postgres: Postgres | None = None
        self._server: subprocess.Popen[bytes] | None = None
        self._programs = Path()

    def install(self) -> str:
        self._programs = environments.python("kinto")
        return environments.pinned("kinto", "kinto")

    def start(self, folder: Path, items: int, core: int) -> Running:
        port = processes.free_port()
        if self._backend == "postgresql":
            self._postgres = Postgres(core)
        settings = folder / "kinto.ini"
        settings.write_text(SETTINGS.format(port=port, backend=self._backend, urls=self._urls(), batch=BATCH))
        program = [self._programs / "kinto"]
        if self._postgres:
            subprocess.run([*program, "migrate", "--ini", settings], check=True, capture_output=True)
        self._server = processes.start([*program, "start", "--ini", settings], folder, core)
        processes.reachable(self._server, port, folder)
        base = f"http://127.0.0.1:{port}"
        headers = _prepared(base)
        if self._postgres:
            asyncio.run(_fill(self._postgres.url, items))
        else:
            _fill_memory(base, headers, items)
        pids = [self._server.pid, *([self._postgres.pid] if self._postgres else [])]
        return Running(base, pids, _calls(base, headers))

    def stop(self) -> None:
        processes.stop(self._server)
        if self._postgres:
            self._postgres.stop()

    def _urls(self) -> str:
        if self._postgres is None:
            return ""
        return "\n".join(f"kinto.{part}_url = {self._postgres.url}" for part in ("storage", "cache", "permission"))


def _prepared(base: str) -> dict[str, str]:
    """A person with a bucket, a collection and a record; their credential."""
    ask(base, "PUT", "/v1/accounts/bench", {}, {"data": {"password": "benchmark"}}, 201)
    headers = {"Authorization": f"Basic {base64.b64encode(b'bench:benchmark').decode()}"}
    ask(base, "PUT", "/v1/buckets/bench", headers, status=201)
    ask(base, "PUT", "/v1/buckets/bench/collections/spaces", headers, status=201)
    ask(base, "POST", RECORDS, headers, _new(), 201)
    return headers


def _new() -> dict[str, Any]:
    return {"data": {"name": NAME, "description": DESCRIPTION}}


async def _fill(url: str, items: int) -> None:
    connection: Any = await asyncpg.connect(url)
    await connection.execute(FILL.format(items=items))
    await connection.close()


def _fill_memory(base: str, headers: dict[str, str], items: int) -> None:
    """Through its own batches, which is the only way."""
    for begin in range(0, items, BATCH):
        count = min(BATCH, items - begin)
        wanted = {"defaults": {"method": "POST", "path": RECORDS, "body": _new()}, "requests": [{}] * count}
        ask(base, "POST", "/v1/batch", headers, wanted)


def _calls(base: str, headers: dict[str, str]) -> dict[str, Call]:
    record = ask(base, "POST", RECORDS, headers, _new(), 201)["data"]["id"]
    sending = {**headers, "Content-Type": "application/json"}
    return {
        GET: Call(f"{RECORDS}/{record}", headers, reply=100),
        PAGE: Call(f"{RECORDS}?_limit=20", headers, reply=2_000),
        CREATE: Call(RECORDS, sending, "POST", json.dumps(_new()).encode(), 201),
    }
