"""`courtyard space` beside a running server and without one, on both engines: what goes out comes in as it was."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.bags.parcels import content, read
from tests.server.running import EMAIL, Server, run


class Home(NamedTuple):
    """An installation with a space in it; the settings to reach it."""

    folder: Path
    settings: dict[str, str]
    slug: str

    def space(self, *command: str) -> "subprocess.CompletedProcess[str]":
        return run(self.folder, "space", *command, **self.settings)

    def written(self, space: str, name: str, *options: str) -> bytes:
        done = self.space("export", space, name, *options)
        assert (done.returncode, done.stdout) == (0, ""), done.stderr
        assert not (self.folder / f"{name}.part").exists()
        return (self.folder / name).read_bytes()


@pytest.fixture(params=["beside a server", "alone"])
def home(request: pytest.FixtureRequest, folder: Path, where: dict[str, str]) -> Iterator[Home]:
    server = Server(folder, **where)
    with server.client(server.log_in()) as client:
        made = client.post("/v1/spaces", json={"name": "Lake Ås", "metadata": {"depth": "12 m"}}).json()
        place = f"/v1/spaces/{made['id']}"
        talk = client.post(f"{place}/threads", json={"title": "Readings"}).json()["id"]
        client.post(f"{place}/threads/{talk}/messages", json={"content": "pH 7", "role": "user"}).raise_for_status()
        file = client.post(f"{place}/artifacts?name=readings.txt", content=b"pH 7.2\n").json()["id"]
        client.put(f"{place}/artifacts/{file}/content", content=b"pH 7.3\n").raise_for_status()
        client.post(f"{place}/customers", json={"name": "Lake Board", "email": "board@example.org"}).raise_for_status()
    if request.param == "alone":
        server.end()
    yield Home(folder, where, made["slug"])
    server.end()


@pytest.mark.timeout(240)
def test_a_space_goes_out_and_comes_in_as_it_was(home: Home) -> None:
    out = home.written(home.slug, "lake.zip", "--versions", "--trash")
    assert sorted(one for one in read(out).values() if one.startswith(b"pH")) == [b"pH 7.2\n", b"pH 7.3\n"]
    brought = home.space("import", "lake.zip", "--owner", EMAIL)
    assert brought.returncode == 0, brought.stderr
    space_id = brought.stdout.strip()
    assert content(home.written(space_id, "again.zip", "--versions", "--trash")) == content(out)
    named = home.space("import", "lake.zip", "--owner", EMAIL, "--name", "Another lake")
    assert (named.returncode, named.stdout.strip() != space_id) == (0, True), named.stderr


@pytest.mark.timeout(240)
def test_what_cannot_be_done_is_said_and_leaves_nothing(home: Home) -> None:
    (home.folder / "words.zip").write_text("These are words.")
    home.written(home.slug, "lake.zip")
    for said, command in {
        "nobody@example.org": ("import", "lake.zip", "--owner", "nobody@example.org"),
        "ZIP": ("import", "words.zip", "--owner", EMAIL),
        "private": ("import", "lake.zip", "--owner", EMAIL, "--visibility", "secret"),
        "no such thing": ("export", "no-such-space", "nothing.zip"),
    }.items():
        done = home.space(*command)
        assert done.returncode != 0, command
        assert said in done.stderr + done.stdout, (command, done.stderr)
        assert "Traceback" not in done.stderr
    assert sorted(path.name for path in home.folder.glob("*.zip*")) == ["lake.zip", "words.zip"]
