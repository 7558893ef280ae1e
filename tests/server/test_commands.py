"""The command line beside a running server and without one, on both engines."""

import json
import re
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.rendering.test_children import landlocked
from tests.server.conftest import Start
from tests.server.running import EMAIL, PASSWORD, Server, free_port, run

KEY = r"cyk_[0-9A-Za-z]{36}"


@pytest.fixture(params=["beside a server", "alone"])
def home(request: pytest.FixtureRequest, folder: Path, where: dict[str, str]) -> Iterator[dict[str, str]]:
    """An installation with an administrator, its server running or not; the settings to reach it."""
    server = Server(folder, **where)
    if request.param == "alone":
        server.end()
    yield where
    server.end()


def told(folder: Path, *command: str, **settings: str) -> Any:
    """What a command answers with --json."""
    done = run(folder, *command, "--json", **settings)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.timeout(240)
def test_people_and_keys_come_and_go(folder: Path, home: dict[str, str]) -> None:
    ada = told(folder, "people", "add", "ada@example.org", **home)
    assert (ada["username"], ada["administrator"], ada["state"]) == ("ada", False, "active")
    assert len(ada["password"]) >= 12
    promoted = told(folder, "people", "promote", "ada@example.org", **home)
    assert promoted["administrator"] is True
    assert [person["email"] for person in told(folder, "people", "list", **home)] == ["ada@example.org", EMAIL]
    key = told(folder, "keys", "create", ada["id"], "--name", "laptop", "--scope", "read", "--days", "0", **home)
    assert re.fullmatch(KEY, key["key"])
    assert (key["scopes"], key["expires_at"]) == ("read", None)
    [listed] = told(folder, "keys", "list", "ada@example.org", **home)
    assert listed["id"] == key["id"]
    assert key["key"] not in json.dumps(listed)
    rotated = told(folder, "keys", "rotate", ada["id"], key["id"], "--grace-hours", "0", "--days", "9", **home)
    assert re.fullmatch(KEY, rotated["key"])
    assert rotated["expires_at"]
    [listed] = told(folder, "keys", "list", "ada@example.org", **home)
    assert (listed["id"], listed["name"], listed["scopes"]) == (rotated["id"], "laptop", "read")
    told(folder, "keys", "revoke", "ada@example.org", rotated["id"], **home)
    assert told(folder, "keys", "list", "ada@example.org", **home) == []
    disabled = told(folder, "people", "disable", ada["id"], **home)
    assert disabled["state"] == "disabled"
    assert told(folder, "people", "enable", ada["id"], **home)["state"] == "active"
    assert told(folder, "people", "demote", ada["id"], **home)["administrator"] is False


def test_a_key_is_limited_to_spaces_and_networks(start: Start, folder: Path) -> None:
    server = start()
    with server.client(server.log_in()) as client:
        lake, harbour, attic = (
            client.post("/v1/spaces", json={"name": name}).json() for name in ("Lake", "Sea", "Attic")
        )
    limits = ["--space", lake["id"], "--space", harbour["slug"], "--network", "127.0.0.0/8", "--network", "::1/128"]
    key = told(folder, "keys", "create", EMAIL, *limits)
    assert set(key["spaces"].split()) == {lake["id"], harbour["id"]}
    assert key["networks"].split() == ["127.0.0.0/8", "::1/128"]
    with server.client(key["key"]) as client:
        statuses = [client.get(f"/v1/spaces/{space['id']}").status_code for space in (lake, harbour, attic)]
    assert statuses == [200, 200, 404]
    elsewhere = told(folder, "keys", "create", EMAIL, "--network", "192.0.2.0/24")
    with server.client(elsewhere["key"]) as client:
        assert client.get("/v1/me").status_code == 401
    [listed, _] = told(folder, "keys", "list", EMAIL)
    assert (listed["spaces"], listed["networks"]) == (None, "192.0.2.0/24")


def test_sessions_are_listed_and_ended(start: Start, folder: Path) -> None:
    server = start()
    token = server.log_in(EMAIL)
    assert told(folder, "sessions", "list", EMAIL) == []
    assert told(folder, "sessions", "end", EMAIL)["ended"] == "all"
    with server.client(token) as client:
        assert client.get("/v1/me").status_code == 401


def test_what_a_command_does_holds_in_the_server_at_once(start: Start, folder: Path) -> None:
    server = start()
    ada = told(folder, "people", "add", "ada@example.org", "--username", "ada.l")
    key = told(folder, "keys", "create", "ada@example.org")
    with server.client(key["key"]) as client:
        assert client.get("/v1/me").json()["username"] == "ada.l"
        assert server.log_in("ada@example.org", ada["password"])
        told(folder, "keys", "revoke", "ada@example.org", key["id"])
        assert client.get("/v1/me").status_code == 401
    with server.client(told(folder, "keys", "create", "ada@example.org")["key"]) as client:
        assert client.get("/v1/me").status_code == 200
        told(folder, "people", "disable", "ada@example.org")
        assert client.get("/v1/me").status_code == 401


def test_a_password_can_be_typed(start: Start, folder: Path) -> None:
    server = start()
    command = ["people", "add", "ada@example.org", "--administrator", "--password-stdin"]
    done = run(folder, *command, typed=PASSWORD + "\n")
    assert done.returncode == 0
    assert PASSWORD not in done.stdout + done.stderr
    assert server.log_in("ada@example.org")


REFUSED = [
    ["people", "add", EMAIL],
    ["people", "add", "no address"],
    ["people", "promote", "nobody@example.org"],
    ["people", "disable", "0"],
    ["keys", "create", EMAIL, "--scope", "everything"],
    ["keys", "create", EMAIL, "--space", "nowhere"],
    ["keys", "create", EMAIL, "--network", "everywhere"],
    ["keys", "revoke", EMAIL, "0"],
    ["keys", "rotate", EMAIL, "0"],
    ["people", "demote", EMAIL],
    ["sessions", "list", "nobody@example.org"],
    ["sessions", "end", EMAIL, "--session", "0"],
]


def test_a_refused_command_says_why_in_one_line(start: Start, folder: Path) -> None:
    start()
    for command in REFUSED:
        refused = run(folder, *command)
        assert (refused.returncode, refused.stdout) == (1, ""), command
        assert re.fullmatch(r"error: [^\n]+\n", refused.stderr), command


def test_a_table_that_is_piped_is_not_cut(start: Start, folder: Path) -> None:
    start()
    shown = run(folder, "keys", "create", EMAIL, "--name", "n" * 90)
    assert re.search(KEY, shown.stdout)
    assert "n" * 90 in shown.stdout


def test_migrate_brings_a_database_up_to_date_once(folder: Path, where: dict[str, str]) -> None:
    first, second = (run(folder, "migrate", **where) for _ in range(2))
    assert (first.returncode, second.returncode) == (0, 0)
    assert re.fullmatch(r"(Applied \d{4}_\w+(\.sql)?\.\n)+", first.stdout)
    assert second.stdout == "The database is up to date.\n"


def test_a_worker_of_its_own_needs_postgresql(folder: Path) -> None:
    refused = run(folder, "work")
    assert refused.returncode == 2
    assert "COURTYARD_DATABASE_URL" in refused.stderr


def doctor(folder: Path, **settings: str) -> "subprocess.CompletedProcess[str]":
    return run(folder, "doctor", **{"port": str(free_port()), **settings})


def test_the_doctor_finds_nothing_wrong_before_the_first_start_beside_it_and_after_it(
    start: Start, folder: Path
) -> None:
    assert "does not exist yet" in (before := doctor(folder)).stdout
    server = start()
    assert "A server is running here." in (beside := doctor(folder)).stdout
    server.end()
    assert "is up to date." in (after := doctor(folder)).stdout
    assert "The audit trail fits its seals." in after.stdout
    assert [before.returncode, beside.returncode, after.returncode] == [0, 0, 0]
    assert "wrong" not in before.stdout + beside.stdout + after.stdout


def test_the_doctor_says_whether_children_are_shut_out_here(folder: Path) -> None:
    assert ("reach no files and no network" in doctor(folder).stdout) is landlocked()


def test_the_doctor_names_a_trail_that_was_changed(start: Start, folder: Path) -> None:
    start().end()
    with closing(sqlite3.connect(folder / "data" / "courtyard.db")) as database, database:
        database.execute(
            "insert into seal (last_number, count, previous, hash, at) values (1, 1, 'nothing', 'nothing', 1)"
        )
    found = doctor(folder)
    assert "The audit trail does not fit seal 1" in found.stdout
    assert found.returncode == 1


def test_the_doctor_names_a_misspelt_setting(folder: Path) -> None:
    found = doctor(folder, databse_url="x")
    assert found.returncode == 1
    assert "COURTYARD_DATABSE_URL is no setting." in found.stdout
    assert "Did you mean COURTYARD_DATABASE_URL?" in found.stdout


def test_the_doctor_names_a_wrong_setting(folder: Path) -> None:
    found = doctor(folder, trusted_proxies="*")
    assert found.returncode == 1
    assert "wrong  COURTYARD_TRUSTED_PROXIES: " in found.stdout


def test_the_doctor_names_a_data_directory_that_others_can_read(start: Start, folder: Path) -> None:
    start().end()
    (folder / "data").chmod(0o755)
    found = doctor(folder)
    assert found.returncode == 1
    assert f"chmod 700 {folder / 'data'}" in found.stdout


def test_the_doctor_names_a_port_in_use(start: Start, folder: Path, tmp_path: Path) -> None:
    port = start().http.rpartition(":")[2]
    found = doctor(tmp_path / "another home", port=port)
    assert found.returncode == 1
    assert f"wrong  Port {port} cannot be used" in found.stdout


def test_the_doctor_names_a_database_that_does_not_answer(folder: Path) -> None:
    found = doctor(folder, database_url=f"postgresql://nobody:secret@127.0.0.1:{free_port()}/nothing")
    assert found.returncode == 1
    assert "The database cannot be opened" in found.stdout
    assert "secret" not in found.stdout + found.stderr


def test_the_doctor_names_waiting_migrations(anyio_backend: str, folder: Path, postgres_address: str) -> None:
    found = doctor(folder, database_url=postgres_address)
    assert found.returncode == 0
    assert "migrations wait" in found.stdout
