"""Directus: one collection and a role that may read and create in it, on SQLite."""

import os
import sqlite3
import subprocess
from pathlib import Path

import msgspec

from benchmarks.peers import environments, processes
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
    multipart,
    send,
)

ITEMS = "/items/spaces"
ROOT, TOKEN = "benchmark-root-token-0123456789", "benchmark-token-0123456789"
PASSWORD = "benchmark-person-1"
COLLECTION = {
    "collection": "spaces",
    "schema": {},
    "meta": {},
    "fields": [
        {"field": "id", "type": "integer", "schema": {"is_primary_key": True, "has_auto_increment": True}, "meta": {}},
        {"field": "name", "type": "string", "schema": {}, "meta": {}},
        {"field": "description", "type": "text", "schema": {}, "meta": {}},
        {"field": "owner", "type": "uuid", "schema": {}, "meta": {"special": ["user-created"]}},
    ],
}
# A rule for each row (`owner` is who asks) needs a licence of theirs; what remains is less work than the others do.
RULES = [
    {"collection": collection, "action": action, "permissions": None, "fields": ["*"]}
    for collection in ("spaces", "directus_files")
    for action in ("read", "create")
]


class Directus:
    """`directus start`, production mode, no cache (the default), no limits."""

    name = "Directus"
    about = (
        "Node, SQLite; the role may read and create. A rule for each row needs a licence, so its rows are not checked"
    )
    lacks = ""
    _server: "subprocess.Popen[bytes] | None" = None

    def install(self) -> str:
        self._place, self._environment = environments.npm("directus")
        package = (self._place / "node_modules" / "directus" / "package.json").read_bytes()
        return msgspec.json.decode(package)["version"]

    def start(self, folder: Path, items: int, core: int) -> Running:
        port = processes.free_port()
        settings = {**self._environment, **_settings(folder, port)}
        program = ["node", self._place / "node_modules" / "directus" / "cli.js"]
        command = [*program, "bootstrap"]
        subprocess.run(command, check=True, cwd=folder, env={**os.environ, **settings}, capture_output=True)
        base = f"http://127.0.0.1:{port}"
        self._serve([*program, "start"], folder, core, settings)
        person = _prepared(base)
        processes.stop(self._server)
        _fill(folder / "data.db", person, items)
        self._serve([*program, "start"], folder, core, settings)
        assert self._server is not None
        return Running(base, [self._server.pid], _calls(base))

    def stop(self) -> None:
        processes.stop(self._server)

    def _serve(self, command: list[str | Path], folder: Path, core: int, settings: dict[str, str]) -> None:
        self._server = processes.start(command, folder, core, environment=settings)
        processes.reachable(self._server, int(settings["PORT"]), folder, 120)


def _settings(folder: Path, port: int) -> dict[str, str]:
    for name in ("files", "extensions"):
        (folder / name).mkdir()
    return {
        "NODE_ENV": "production",
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "DB_CLIENT": "sqlite3",
        "DB_FILENAME": str(folder / "data.db"),
        "SECRET": "benchmark-secret-0123456789abcdef0123456789",
        "ADMIN_EMAIL": "a@example.org",
        "ADMIN_PASSWORD": PASSWORD,
        "ADMIN_TOKEN": ROOT,
        "STORAGE_LOCAL_ROOT": str(folder / "files"),
        "EXTENSIONS_PATH": str(folder / "extensions"),
        "TELEMETRY": "false",
        # It refuses calls when it is busy, which is what it shall be.
        "PRESSURE_LIMITER_ENABLED": "false",
        "LOG_LEVEL": "warn",
    }


def _prepared(base: str) -> str:
    """The collection, the role and a person; the id of that person."""
    root = {"Authorization": f"Bearer {ROOT}"}
    ask(base, "POST", "/collections", root, COLLECTION)
    rules = {"create": RULES, "update": [], "delete": []}
    policy = {"name": "bench", "app_access": False, "admin_access": False, "permissions": rules}
    policy_id = ask(base, "POST", "/policies", root, policy)["data"]["id"]
    held = {"create": [{"policy": {"id": policy_id}}], "update": [], "delete": []}
    role = ask(base, "POST", "/roles", root, {"name": "bench", "policies": held})["data"]["id"]
    person = {"email": "b@example.org", "password": PASSWORD, "role": role, "token": TOKEN}
    return ask(base, "POST", "/users", root, person)["data"]["id"]


def _fill(place: Path, person: str, items: int) -> None:
    """Straight into its table, while nobody serves."""
    rows = ((f"{NAME} {number}", DESCRIPTION, person) for number in range(items))
    with sqlite3.connect(place) as connection:
        connection.executemany("insert into spaces (name, description, owner) values (?, ?, ?)", rows)
    connection.close()


def _calls(base: str) -> dict[str, Call]:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    new = {"name": NAME, "description": DESCRIPTION}
    item = ask(base, "POST", ITEMS, headers, new)["data"]["id"]
    made = {
        GET: Call(f"{ITEMS}/{item}", headers, reply=100),
        PAGE: Call(f"{ITEMS}?limit=20&sort=-id", headers, reply=2_000),
        CREATE: Call(ITEMS, {**headers, "Content-Type": "application/json"}, "POST", msgspec.json.encode(new)),
        UPLOAD: _upload(headers, SIZES[UPLOAD]),
    }
    for name in (DOWNLOAD, LARGE):
        kept = msgspec.json.decode(send(base, _upload(headers, SIZES[name])))["data"]["id"]
        made[name] = Call(f"/assets/{kept}", headers, reply=SIZES[name])
    return made


def _upload(headers: dict[str, str], size: int) -> Call:
    kind, body = multipart({}, "file", os.urandom(size))
    return Call("/files", {**headers, "Content-Type": kind}, "POST", body)
