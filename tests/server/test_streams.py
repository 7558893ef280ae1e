"""Streams of a real server: an event leaves at once, and the server does not wait for those who watch."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.server.running import Server


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    started = Server(tmp_path / "home")
    yield started
    started.end()


def next_event(lines: Iterator[str]) -> tuple[str, dict[str, Any]]:
    """The name and the data of the next event."""
    name = ""
    for line in lines:
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            return name, json.loads(line.removeprefix("data: "))
    raise AssertionError("the stream has ended")


def test_a_stream_tells_at_once_and_ends_with_the_server(server: Server) -> None:
    key = server.log_in()
    with server.client(key) as client, server.client(key) as watcher:
        space = client.post("/v1/spaces", json={"name": "Lake"}).json()["id"]
        with watcher.stream("GET", "/v1/me/stream") as stream:
            assert stream.headers["content-type"].startswith("text/event-stream")
            lines = stream.iter_lines()
            assert next_event(lines)[0] == "ready"
            made = client.post(
                f"/v1/spaces/{space}/artifacts?name=a.txt", content=b"ph 7", headers={"Content-Type": "text/plain"}
            )
            name, told = next_event(lines)
            assert (name, told["object"]["id"]) == ("artifact.created", made.json()["id"])
            told_of = [next_event(lines)[0] for _ in range(2)]
            assert told_of[0] == "job.started"
            server.terminate()
            rest = list(lines)
            assert not any(line.startswith("event: reset") for line in rest)
    assert server.ended(15) == 0


def test_a_client_that_hangs_up_makes_room_for_another(server: Server) -> None:
    key, opened = server.log_in(), 0
    for _ in range(20):
        with server.client(key) as client, client.stream("GET", "/v1/me/stream") as stream:
            assert stream.status_code in (200, 429)
            opened = stream.status_code
            if opened == 200:
                assert next_event(stream.iter_lines())[0] == "ready"
    with server.client(key) as client:
        assert client.get("/v1/me").status_code == httpx2.codes.OK
        assert opened == 200
