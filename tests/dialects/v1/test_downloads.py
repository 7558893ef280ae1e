"""Downloads: whole, in ranges, under conditions, and never anything that a browser would run."""

import hashlib

import pytest
from httpx2 import AsyncClient

from tests.dialects.v1.answers import Clients, made, problem
from tests.world import World

CONTENT = bytes(range(256)) * 40
TAG = f'"{hashlib.sha256(CONTENT).hexdigest()}"'
ALWAYS = {
    "accept-ranges": "bytes",
    "cache-control": "private, no-store",
    "x-content-type-options": "nosniff",
    "content-security-policy": "sandbox; default-src 'none'",
    "cross-origin-resource-policy": "same-origin",
    "etag": TAG,
}


@pytest.fixture
def ada(v1: Clients) -> AsyncClient:
    return v1("ada")


@pytest.fixture
async def place(world: World) -> str:
    return f"/v1/spaces/{(await world.space('ada')).id}/artifacts"


@pytest.fixture
async def path(ada: AsyncClient, place: str) -> str:
    response = await ada.post(f"{place}?name=data.bin", content=CONTENT, headers={"Content-Type": "application/x-data"})
    return response.json()["download_url"]


async def test_the_whole(ada: AsyncClient, path: str) -> None:
    for method in ("GET", "HEAD"):
        response = await ada.request(method, path)
        assert response.status_code == 200
        assert response.content == (CONTENT if method == "GET" else b"")
        assert response.headers["content-length"] == str(len(CONTENT))
        assert response.headers["content-type"] == "application/octet-stream"
        assert response.headers["content-disposition"] == "attachment; filename=\"data.bin\"; filename*=UTF-8''data.bin"
        assert {name: response.headers[name] for name in ALWAYS} == ALWAYS


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=10-19", 10, 20),
        ("bytes=10000-", 10000, 10240),
        ("bytes=-5", 10235, 10240),
        ("bytes=-99999", 0, 10240),
        ("bytes=10000-99999", 10000, 10240),
    ],
)
async def test_a_range(ada: AsyncClient, path: str, asked: str, start: int, end: int) -> None:
    response = await ada.get(path, headers={"Range": asked})
    assert (response.status_code, response.content) == (206, CONTENT[start:end])
    assert response.headers["content-range"] == f"bytes {start}-{end - 1}/{len(CONTENT)}"
    assert response.headers["content-length"] == str(end - start)
    assert {name: response.headers[name] for name in ALWAYS} == ALWAYS


@pytest.mark.parametrize("asked", ["bytes=10240-", "bytes=99999-100000", "bytes=-0"])
async def test_a_range_beyond_the_end(ada: AsyncClient, path: str, asked: str) -> None:
    response = await ada.get(path, headers={"Range": asked})
    assert (response.status_code, response.content) == (416, b"")
    assert response.headers["content-range"] == f"bytes */{len(CONTENT)}"


@pytest.mark.parametrize("asked", ["bytes=5-2", "items=0-1", "bytes", "bytes=-", "bytes=a-b", "bytes=0-1,4-5", ""])
async def test_a_range_that_is_none_is_ignored(ada: AsyncClient, path: str, asked: str) -> None:
    response = await ada.get(path, headers={"Range": asked})
    assert (response.status_code, response.content) == (200, CONTENT)


async def test_conditions(ada: AsyncClient, path: str) -> None:
    part = {"Range": "bytes=0-3"}
    assert (await ada.get(path, headers={**part, "If-Range": TAG})).status_code == 206
    for stale in ('"other"', f"W/{TAG}", "Wed, 21 Oct 2015 07:28:00 GMT"):
        assert (await ada.get(path, headers={**part, "If-Range": stale})).status_code == 200
    for known in (TAG, f"W/{TAG}", f'"x", {TAG}', "*"):
        again = await ada.get(path, headers={**part, "If-None-Match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", TAG)
    assert (await ada.get(path, headers={"If-None-Match": '"other"'})).status_code == 200
    problem(await ada.get(path, headers={"If-Match": '"other"'}), 412, "precondition_failed")
    assert (await ada.get(path, headers={"If-Match": TAG})).status_code == 200


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("image/png", "image/png"),
        ("application/pdf", "application/pdf"),
        ("text/plain; charset=utf-8", "text/plain"),
        ("text/html", "application/octet-stream"),
        ("image/svg+xml", "application/octet-stream"),
        ("text/xml", "application/octet-stream"),
        ("text/javascript", "application/octet-stream"),
        ("text/css", "application/octet-stream"),
        ("video/mp4", "application/octet-stream"),
    ],
)
async def test_what_a_browser_would_run_is_opaque(ada: AsyncClient, place: str, said: str, shown: str) -> None:
    uploaded = await ada.post(f"{place}?name=x", content=b"<script>", headers={"Content-Type": said})
    response = await ada.get(uploaded.json()["download_url"])
    assert response.headers["content-type"] == shown
    assert response.headers["content-disposition"].startswith("attachment")


@pytest.mark.parametrize(
    ("name", "plain", "encoded"),
    [
        ("Prüfung №1.txt", "Prufung No1.txt", "Pr%C3%BCfung%20%E2%84%961.txt"),
        ("../../etc/passwd", "passwd", "passwd"),
        ('a"b\\c.txt', "c.txt", "c.txt"),
        ("水.md", "_.md", "%E6%B0%B4.md"),
        ("x\u202egnp.exe", "xgnp.exe", "xgnp.exe"),
        ("a\nb.txt", "ab.txt", "ab.txt"),
        ("...", "file", "file"),
    ],
)
async def test_a_name_is_never_a_path(ada: AsyncClient, place: str, name: str, plain: str, encoded: str) -> None:
    body = {"name": name, "type": "note", "content": "eA=="}
    artifact = await made(ada, f"{place}/generate", body)
    header = (await ada.get(artifact["download_url"])).headers["content-disposition"]
    assert header == f"attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}"


async def test_not_before_it_is_completed(ada: AsyncClient, world: World) -> None:
    space = await world.space("ada", "Waiting")
    artifact = await world.artifact(space)
    for status in ("pending", "processing", "failed"):
        async with world.database.write() as tx:
            await tx.run("update artifact set status = :status where id = :id", status=status, id=artifact.id)
        path = f"/v1/spaces/{space.id}/artifacts/{artifact.id}"
        problem(await ada.get(f"{path}/download"), 409, "not_ready")
        assert (await ada.get(path)).json()["status"] == status


async def test_strangers_download_from_a_public_space_with_a_credential(
    v1: Clients, world: World, anonymous: AsyncClient
) -> None:
    space = await world.space("ada", visibility="public")
    body = {"name": "x", "type": "note", "content": "eA=="}
    artifact = await made(v1("ada"), f"/v1/spaces/{space.id}/artifacts/generate", body)
    assert (await v1("sam").get(artifact["download_url"])).content == b"x"
    problem(await anonymous.get(artifact["download_url"]), 401)
