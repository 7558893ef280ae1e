"""How the console is served: its one page, its files, and what is there while it is not built."""

import re
from pathlib import Path

import httpx2
import pytest

from courtyard.dialects.console import built
from courtyard.web.guard import Guard

INDEX = '<!doctype html><script nonce="__NONCE__" src="/console/assets/a.js"></script>'


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the build would have put the console; nothing is there yet."""
    place = tmp_path / "built"
    place.mkdir()
    monkeypatch.setattr(built, "PLACE", place)
    return place


@pytest.fixture
def console(place: Path) -> Path:
    """A console of one page and one script."""
    assets = place / "static" / "assets"
    assets.mkdir(parents=True)
    (place / "static" / "index.html").write_text(INDEX)
    (place / "static" / "first.js").write_text("first")
    (place / "static" / ".stamp").write_text("stamp")
    for name, content in (("a.js", b"plain"), ("a.js.gz", b"zipped"), ("a.js.br", b"brotli")):
        (assets / name).write_bytes(content)
    return assets


def over(
    site: Guard, client: tuple[str, int] = ("127.0.0.1", 1), at: str = "https://courtyard.test"
) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(site, client=client), base_url=at)


async def test_each_answer_of_the_page_has_a_nonce_of_its_own(site: Guard, console: Path) -> None:
    async with over(site) as client:
        answers = [await client.get(path) for path in ("/console/", "/console", "/console/spaces/x/settings")]
    assert {answer.status_code for answer in answers} == {200}
    nonces = {re.findall('nonce="([^"]+)"', answer.text)[0] for answer in answers}
    assert len(nonces) == 3
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "require-trusted-types-for 'script'" in policy
        assert "unsafe" not in policy
        assert re.findall("'nonce-([^']+)'", policy) == re.findall('nonce="([^"]+)"', answer.text)
        assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("accepted", "encoding", "content"),
    [
        ("gzip, deflate, br", "br", b"brotli"),
        ("gzip", "gzip", b"zipped"),
        ("br;q=0, gzip", "gzip", b"zipped"),
        ("", None, b"plain"),
    ],
)
async def test_a_file_comes_in_the_smallest_form_that_is_taken(
    site: Guard, console: Path, accepted: str, encoding: str | None, content: bytes
) -> None:
    async with (
        over(site) as client,
        client.stream("GET", "/console/assets/a.js", headers={"Accept-Encoding": accepted}) as answer,
    ):
        assert answer.headers.get("content-encoding") == encoding
        assert b"".join([piece async for piece in answer.aiter_raw()]) == content
        assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
        assert "immutable" in answer.headers["cache-control"]
        assert answer.headers["x-content-type-options"] == "nosniff"


async def test_a_file_that_one_has_is_not_sent_again(site: Guard, console: Path) -> None:
    async with over(site) as client:
        first = await client.get("/console/first.js")
        assert first.headers["cache-control"] == "no-cache"
        again = await client.get("/console/first.js", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    "path", ["/console/assets/old.js", "/console/assets/../index.html.gz", "/console/assets/%2e%2e/.stamp"]
)
async def test_what_is_no_file_of_this_console_is_not_there(site: Guard, console: Path, path: str) -> None:
    async with over(site) as client:
        answer = await client.get(path)
    assert answer.status_code == 404 or "stamp" not in answer.text


async def test_files_are_for_looking_only(site: Guard, console: Path) -> None:
    async with over(site) as client:
        answer = await client.post("/console/")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


async def test_in_clear_it_is_for_this_machine_alone(site: Guard, console: Path) -> None:
    async with (
        over(site, at="http://127.0.0.1:8000") as near,
        over(site, ("192.0.2.7", 1), "http://192.0.2.1:8000") as far,
    ):
        assert (await near.get("/console/")).status_code == 200
        assert (await far.get("/console/")).status_code == 403


async def test_without_a_console_a_page_says_why_and_what_to_run(site: Guard, place: Path) -> None:
    (place / "failed.txt").write_text("npm ci ended with 1:\n<registry> cannot be reached\n")
    async with over(site) as client:
        answer = await client.get("/console/")
        assert answer.status_code == 503
        assert "make console" in answer.text
        assert "&lt;registry&gt; cannot be reached" in answer.text
        assert (await client.get("/")).headers["location"] == "/account"


async def test_the_first_address_leads_to_the_console(site: Guard, console: Path) -> None:
    async with over(site) as client:
        assert (await client.get("/")).headers["location"] == "/console/"
