"""A real server whose files are in a real object store: everyday use, a store that goes away, a move to it."""

import hashlib
import os
import re
import secrets
import shlex
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from obstore import delete as remove
from obstore import list as listed
from obstore import put
from obstore.store import S3Store

from tests.seaweed import ACCESS_KEY, BUCKET, SECRET, Seaweed
from tests.server.running import COMMAND, PATIENCE, Server, environment, run
from tests.structure.sources import ROOT

PART = 8 * 1024 * 1024
MIB = 1024 * 1024


Begin = Callable[..., "Files"]


class Files:
    """A server and the files of one space in it, through v1."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.client = server.client(server.log_in())
        spaces = self.client.get("/v1/spaces").json()["data"]
        space = spaces[0] if spaces else self.client.post("/v1/spaces", json={"name": "Files"}).json()
        self.place = f"/v1/spaces/{space['id']}/artifacts"

    def end(self) -> None:
        self.client.close()
        self.server.end()

    def upload(self, data: Any, name: str = "data.bin") -> httpx2.Response:
        return self.client.post(f"{self.place}?name={name}", content=data)

    def kept(self, data: bytes) -> str:
        answer = self.upload(data)
        assert answer.status_code == 201, answer.text
        return f"{self.place}/{answer.json()['id']}"

    def content(self, path: str, **headers: str) -> httpx2.Response:
        return self.client.get(f"{path}/download", headers=headers)


@pytest.fixture
def begin(folder: Path) -> Iterator[Begin]:
    """Starts servers in `folder`, one after the other."""
    begun: list[Files] = []

    def start(**settings: str) -> Files:
        for files in begun:
            files.end()
        begun.append(Files(Server(folder, **settings)))
        return begun[-1]

    yield start
    for files in begun:
        files.end()


@pytest.fixture
def prefix() -> str:
    return secrets.token_hex(8)


@pytest.fixture
def at_store(seaweed: Seaweed, prefix: str) -> dict[str, str]:
    """The settings that put files in the object store."""
    return {"blobs_url": seaweed.url(prefix), **seaweed.settings}


@pytest.fixture
def bucket(seaweed: Seaweed, prefix: str) -> S3Store:
    """What is in the store, seen past the server."""
    return S3Store(
        BUCKET,
        prefix=prefix,
        endpoint=seaweed.endpoint,
        access_key_id=ACCESS_KEY,
        secret_access_key=SECRET,
        region="us-east-1",
        client_options={"allow_http": True},
    )


def objects(store: S3Store, folder: str) -> list[str]:
    return [one["path"] for page in listed(store, folder) for one in page]


def test_files_go_in_and_out(
    begin: Begin, where: dict[str, str], at_store: dict[str, str], bucket: S3Store, folder: Path
) -> None:
    used = begin(**where, **at_store)
    data = os.urandom(2 * PART + 77)
    path = used.kept(data)
    assert used.client.get(path).json()["checksum"].endswith(hashlib.sha256(data).hexdigest())
    assert used.content(path).content == data
    part = used.content(path, Range=f"bytes={PART - 5}-{PART + 4}")
    assert (part.status_code, part.content) == (206, data[PART - 5 : PART + 5])
    assert used.content(path, Range="bytes=-9").content == data[-9:]
    assert (len(objects(bucket, "blobs")), len(objects(bucket, "parts"))) == (1, 2)
    assert not list((folder / "data" / "blobs").glob("[0-9a-f][0-9a-f]"))
    well = run(folder, "doctor", **where, **at_store)
    assert f"Files can be kept in {at_store['blobs_url']}." in well.stdout
    assert used.client.get("/ready").status_code == 200
    assert used.client.delete(f"{path}?purge=true").status_code == 204
    wait_until(lambda: objects(bucket, "blobs") == objects(bucket, "parts") == [])


def test_a_store_that_goes_away_is_503_and_heals(begin: Begin, at_store: dict[str, str], seaweed: Seaweed) -> None:
    used = begin(**at_store)
    path = used.kept(b"kept")

    def stopping() -> Iterator[bytes]:
        yield bytes(PART * 2)
        seaweed.stop()
        yield bytes(PART * 2)

    assert used.upload(stopping()).status_code == 503
    assert used.content(path).status_code == 503
    assert used.client.get("/ready").status_code == 503
    assert used.client.get("/health").status_code == 200
    assert used.client.get(path).status_code == 200
    seaweed.start()
    assert used.content(path).content == b"kept"
    assert used.client.get("/ready").status_code == 200
    assert used.content(used.kept(b"again")).content == b"again"
    assert [one["name"] for one in used.client.get(used.place).json()["data"]] == ["data.bin"] * 2


def test_a_start_without_the_store_says_why(at_store: dict[str, str], folder: Path) -> None:
    refused = run(folder, "serve", **{**at_store, "blobs_secret_access_key": "wrong"})
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "SignatureDoesNotMatch" in refused.stderr
    assert "wrong" not in refused.stderr.replace("SignatureDoesNotMatch", "")
    refused = run(folder, "serve", **{**at_store, "blobs_endpoint": "http://192.0.2.1:8333"})
    assert refused.returncode == 1
    assert "plain http" in refused.stderr
    looked = run(folder, "doctor", **{**at_store, "blobs_secret_access_key": "wrong"})
    assert looked.returncode == 1
    assert "Files cannot be kept" in looked.stdout


def test_a_running_installation_moves(
    begin: Begin, where: dict[str, str], at_store: dict[str, str], folder: Path, bucket: S3Store
) -> None:
    """Copy ahead, switch with the old store behind, copy the rest, let the old store go."""
    settings = {**where, **{name: value for name, value in at_store.items() if name != "blobs_url"}}
    url = at_store["blobs_url"]
    used = begin(**settings)
    contents = [os.urandom(size) for size in (0, 5, PART + 5)]
    paths = [used.kept(data) for data in contents]
    ahead = run(folder, "blobs", "migrate", "--to", url, **settings)
    assert (ahead.returncode, ahead.stdout) == (0, "Every file is in the new store.\n"), ahead.stderr
    contents.append(os.urandom(100))
    paths.append(used.kept(contents[-1]))

    used = begin(**settings, blobs_url=url, blobs_fallback_url="local")
    assert [used.content(path).content for path in paths] == contents
    rest = run(folder, "blobs", "migrate", **settings, blobs_url=url, blobs_fallback_url="local")
    assert rest.returncode == 0, rest.stderr
    assert "1 copied, 3 there already" in rest.stderr

    used = begin(**settings, blobs_url=url)
    assert [used.content(path).content for path in paths] == contents
    well = run(folder, "blobs", "verify", **settings, blobs_url=url)
    assert (well.returncode, well.stdout) == (0, "")
    assert "4 checked" in well.stderr
    sampled = run(folder, "blobs", "verify", "--sample", "2", **settings, blobs_url=url)
    assert "2 checked" in sampled.stderr


def test_files_move_as_the_readme_says(begin: Begin, prefix: str, seaweed: Seaweed, folder: Path) -> None:
    files = begin()
    content = os.urandom(MIB)
    path = files.kept(content)
    [printed] = re.findall(r"^```sh\n([^`]* blobs migrate [^`]*)^```$", (ROOT / "README.md").read_text(), re.MULTILINE)
    bucket = re.findall(r"^export COURTYARD_BLOBS_URL=(\S+)$", printed, re.MULTILINE)[0]
    script = printed.replace(bucket, seaweed.url(prefix)).replace(".venv/bin/courtyard ", f"{shlex.join(COMMAND)} ")
    around = environment(files.server.data_dir, **seaweed.settings)
    done = subprocess.run(["bash", "-ec", script], cwd=folder, env=around, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "#files-in-an-object-store" in (ROOT / "README.md").read_text()
    assert "\n## Files in an object store\n" in (ROOT / "docs" / "operations.md").read_text()
    for left in (files.server.data_dir / "blobs").rglob("*"):
        if left.is_file():
            left.unlink()
    files = begin(blobs_url=seaweed.url(prefix), **seaweed.settings)
    assert files.content(path).content == content


def test_verify_says_what_is_wrong_and_sweep_what_is_nobodys(
    begin: Begin, where: dict[str, str], at_store: dict[str, str], folder: Path, bucket: S3Store
) -> None:
    used = begin(**where, **at_store)
    keys: list[str] = []
    for data in (b"missing", b"short", b"other", b"right"):
        before = set(objects(bucket, "blobs"))
        used.kept(data)
        keys += [path.rpartition("/")[2] for path in set(objects(bucket, "blobs")) - before]
    remove(bucket, f"blobs/{keys[0]}")
    put(bucket, f"blobs/{keys[1]}", b"shor")
    put(bucket, f"blobs/{keys[2]}", b"OTHER")
    put(bucket, f"blobs/{'0' * 32}", b"nobody's, but young")
    found = run(folder, "blobs", "verify", **where, **at_store)
    assert found.returncode == 1
    assert sorted(found.stdout.splitlines()) == sorted(
        [f"{keys[0]}: missing", f"{keys[1]}: 4 bytes instead of 5", f"{keys[2]}: other bytes than its row says"]
    )
    swept = run(folder, "blobs", "sweep", "--delete", **where, **at_store)
    assert (swept.returncode, swept.stdout) == (0, "")
    assert f"blobs/{'0' * 32}" in objects(bucket, "blobs")


@pytest.mark.parametrize("kind", ["local", "objects"])
def test_a_large_file_passes_in_little_memory(begin: Begin, kind: str, request: pytest.FixtureRequest) -> None:
    settings = request.getfixturevalue("at_store") if kind == "objects" else {}
    used = begin(upload_limit=str(256 * MIB), **settings)
    path = used.kept(bytes(PART * 2))
    used.content(path)
    before = peak(used.server)
    block = os.urandom(MIB)
    digest = hashlib.sha256()

    def large() -> Iterator[bytes]:
        for _ in range(192):
            digest.update(block)
            yield block

    answer = used.upload(large())
    assert answer.status_code == 201, answer.text
    with used.client.stream("GET", f"{used.place}/{answer.json()['id']}/download") as download:
        got = hashlib.sha256()
        for chunk in download.iter_raw():
            got.update(chunk)
    assert got.hexdigest() == digest.hexdigest()
    assert peak(used.server) - before <= 64 * MIB


def peak(server: Server) -> int:
    """The most memory that the process has had, in bytes."""
    lines = Path(f"/proc/{server.pid}/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmHWM"))) * 1024


def wait_until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end
        time.sleep(0.1)
