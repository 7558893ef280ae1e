"""The canary sings: a secret that is left somewhere is found, however it is written."""

import base64
from pathlib import Path
from urllib.parse import quote

import httpx2
import pytest

from courtyard.core import ids
from courtyard.core.identity import passwords
from courtyard.storage.database import Database
from courtyard.storage.opening import open_database
from tests import canary
from tests.canary import Told
from tests.server.running import Server
from tests.world import World

SECRET = ids.secret("cyk")
WAYS = {
    "plain": SECRET,
    "URL": quote(SECRET).replace("_", "%5F"),
    "hex": SECRET.encode().hex(),
    "Base64": base64.b64encode(SECRET.encode()).decode(),
    "Basic": base64.b64encode(f"{SECRET}:".encode()).decode(),
    "one later": base64.b64encode(f"a{SECRET}".encode()).decode(),
    "two later": base64.urlsafe_b64encode(f"ab{SECRET}cd".encode()).decode(),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_secret_is_found_however_it_is_written(way: str) -> None:
    with pytest.raises(Told):
        canary.look(f"before {WAYS[way]} after".encode(), "here")


@pytest.mark.parametrize("prefix", ["cyk", "cyo", "cyr", "cya", "cyc", "cyi", "cys", "cye"])
def test_every_kind_of_secret_is_found(prefix: ids.Prefix) -> None:
    assert canary.secrets_in(ids.secret(prefix).encode()) != set()


def test_what_only_looks_like_one_is_none() -> None:
    canary.look(f"{SECRET[:-1]}{'b' if SECRET[-1] == 'a' else 'a'} and {SECRET[:8]}".encode(), "here")


async def test_a_password_is_found_however_it_is_written() -> None:
    password = "four grey herons / by the lake"
    await passwords.hashed(password)
    spelled = [
        password,
        quote(password, safe=""),
        password.encode().hex(),
        *(base64.b64encode(f"{'x' * lost}{password}".encode()).decode() for lost in (0, 1, 2)),
    ]
    for one in spelled:
        with pytest.raises(Told):
            canary.look(one.encode(), "here")
    canary.look(b"four grey herons", "here")


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
async def test_one_in_a_row_is_found(database: Database) -> None:
    world = World(database)
    await canary.look_at_rows(database)
    ada = await world.person("ada")
    for kept in (SECRET, None):
        async with database.write() as tx:
            await tx.run("update person set phone = :kept where id = :id", kept=kept, id=ada.id)
        if kept:
            with pytest.raises(Told):
                await canary.look_at_rows(database)


async def test_one_that_was_written_over_is_found_in_the_file(tmp_path: Path, sqlite_template: bytes) -> None:
    place = tmp_path / "canary.db"
    place.write_bytes(sqlite_template)
    canary.look_at_files(tmp_path)
    database = await open_database(str(place))
    world = World(database)
    ada = await world.person("ada")
    for kept in (SECRET, None):
        async with database.write() as tx:
            await tx.run("update person set phone = :kept where id = :id", kept=kept, id=ada.id)
    with pytest.raises(Told):
        canary.look_at_files(tmp_path)
    await database.close()
    for left in tmp_path.glob("*.db*"):  # noqa: ASYNC240 - a moment
        left.unlink()


@pytest.mark.parametrize("name", ["000.err", "server.log", "courtyard.db-wal"])
def test_one_in_a_file_is_found(tmp_path: Path, name: str) -> None:
    place = tmp_path / "printed" / name
    place.parent.mkdir()
    place.write_text(f'{{"event":"{SECRET}"}}\n')
    with pytest.raises(Told):
        canary.look_at_files(tmp_path)
    place.unlink()


def test_a_mail_holds_the_one_that_it_is_for(tmp_path: Path) -> None:
    place, meant = tmp_path / "1.eml", ids.secret("cyi")
    place.write_text(f"Open /invite/{meant} or {meant}.")
    canary.look_at_files(tmp_path)
    for more in (SECRET, ids.secret("cyi"), ids.secret("cys")):
        place.write_text(f"{meant} {more}")
        with pytest.raises(Told):
            canary.look_at_files(tmp_path)
    place.unlink()


def test_one_in_a_refusal_is_found_but_for_what_the_caller_sent() -> None:
    answer = httpx2.MockTransport(lambda request: httpx2.Response(404, text=f"There is no {SECRET}."))
    with httpx2.Client(transport=answer, base_url="https://courtyard.test") as client:
        with pytest.raises(Told):
            client.get("/v1/me")
        client.get(f"/invite/{SECRET}")


def test_what_a_server_leaves_behind_is_looked_at_when_it_ends(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Also of servers that several tests share, whose folder is no test's own."""
    server = Server(tmp_path_factory.mktemp("shared"))
    planted = server.data_dir / "planted.log"
    planted.write_text(f"GET /v1/me {SECRET}")
    try:
        with pytest.raises(Told):
            server.end()
        with pytest.raises(httpx2.ConnectError):
            server.client().get("/health")
    finally:
        planted.unlink()
        server.end()
