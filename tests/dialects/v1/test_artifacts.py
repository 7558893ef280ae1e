"""Artifacts: generated, uploaded, listed, changed, thrown away and taken back."""

import base64
import hashlib
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from httpx2 import AsyncClient

from courtyard.core import clock
from courtyard.core.spaces import Space
from courtyard.web import files
from courtyard.worker.timetable import UNTOUCHED
from tests.dialects.v1.answers import ARTIFACT, REPORT, TIME, UNKNOWN, UUID7, Clients, got, made, pointers, problem
from tests.world import World

LIMIT = 10 * 1024 * 1024


@pytest.fixture
def ada(v1: Clients) -> AsyncClient:
    return v1("ada")


@pytest.fixture
async def space(world: World) -> Space:
    return await world.space("ada", editors=["eve"], admins=["amir"], viewers=["vera"])


@pytest.fixture
def place(space: Space) -> str:
    return f"/v1/spaces/{space.id}/artifacts"


async def test_a_generated_document_is_completed_at_once(
    ada: AsyncClient, world: World, space: Space, place: str
) -> None:
    thread = await world.thread(space)
    said = {**REPORT, "thread_id": thread.id, "metadata": {"page": 1}, "content_type": "Text/Plain; charset=utf-8"}
    response = await ada.post(f"{place}/generate", json={**said, "unknown": 1})
    artifact = response.json()
    assert response.status_code == 201
    assert response.headers["location"] == f"{place}/{artifact['id']}"
    assert set(artifact) == ARTIFACT
    assert re.fullmatch(UUID7, artifact["id"])
    assert re.fullmatch(TIME, artifact["created_at"])
    content = b"ph 7.2\n"
    assert artifact == {
        **artifact,
        "artifact_id": artifact["id"],
        "space_id": space.id,
        "name": "Report",
        "type": "document",
        "document_type": "document",
        "status": "completed",
        "thread_id": thread.id,
        "thread_ids": [thread.id],
        "content_type": "text/plain",
        "size": len(content),
        "checksum": f"sha256:{hashlib.sha256(content).hexdigest()}",
        "version": 1,
        "download_url": f"{place}/{artifact['id']}/download",
        "preview_url": None,
        "metadata": {"page": 1},
        "tags": [],
        "created_by": space.owner_id,
        "updated_at": artifact["created_at"],
        "error": None,
    }
    assert await got(ada, f"{place}/{artifact['id']}") == artifact
    assert (await ada.get(artifact["download_url"])).content == content
    assert [job.kind for job in await world.jobs()] == ["inspect"]


async def test_white_space_in_base64_does_not_matter(ada: AsyncClient, place: str) -> None:
    for content in (" cGgg\nNy4y\r\nCg== ", "cGggNy4yCg\t==\n"):
        artifact = await made(ada, f"{place}/generate", {**REPORT, "content": content})
        assert artifact["size"] == 7


BAD: list[tuple[dict[str, Any], str]] = [
    ({"name": None}, "/name"),
    ({"name": ""}, "/name"),
    ({"name": "x" * 256}, "/name"),
    ({"type": ""}, "/type"),
    ({"type": "x" * 65}, "/type"),
    ({"type": 1}, "/type"),
    ({"content": None}, "/content"),
    ({"content": ""}, "/content"),
    ({"content": " \n"}, "/content"),
    ({"content": "===="}, "/content"),
    ({"content": "cGggNy4yCg="}, "/content"),
    ({"content": "cGggNy4yCg"}, "/content"),
    ({"content": "cGgg*y4y"}, "/content"),
    ({"content": "_-_-"}, "/content"),
    ({"content": "QQ==QQ=="}, "/content"),
    ({"content": "Ⅷ"}, "/content"),
    ({"content": ["cGgg"]}, "/content"),
    ({"thread_id": UNKNOWN}, "/thread_id"),
    ({"thread_id": 1}, "/thread_id"),
    ({"metadata": "x"}, "/metadata"),
    ({"content_type": "nonsense"}, "/content_type"),
    ({"content_type": "text/html\r\nX-Evil: 1"}, "/content_type"),
    ({"format": "xlsx"}, "/format"),
    ({"format": "nonsense"}, "/format"),
]


async def test_a_document_that_does_not_fit_is_refused(
    ada: AsyncClient, world: World, place: str, services: Any
) -> None:
    for change, pointer in BAD:
        assert pointers(await ada.post(f"{place}/generate", json={**REPORT, **change})) == {pointer}, change
    for missing in ("name", "type", "content"):
        body = {name: value for name, value in REPORT.items() if name != missing}
        assert pointers(await ada.post(f"{place}/generate", json=body)) == {f"/{missing}"}
    elsewhere = await world.thread(await world.space("ada", "Elsewhere"))
    response = await ada.post(f"{place}/generate", json={**REPORT, "thread_id": elsewhere.id})
    assert pointers(response) == {"/thread_id"}
    assert (await got(ada, place))["data"] == []
    assert [one async for one in services.blobs.keys(older_than=2**53)] == []


async def test_ten_mebibytes_and_not_a_byte_more(ada: AsyncClient, place: str) -> None:
    most = base64.b64encode(b"x" * LIMIT).decode()
    assert (await made(ada, f"{place}/generate", {**REPORT, "content": most}))["size"] == LIMIT
    for size in (LIMIT + 1, LIMIT * 2):
        too_much = base64.b64encode(b"x" * size).decode()
        problem(await ada.post(f"{place}/generate", json={**REPORT, "content": too_much}), 413)
    assert len((await got(ada, place))["data"]) == 1


async def test_a_raw_upload(ada: AsyncClient, space: Space, world: World, place: str) -> None:
    thread = await world.thread(space)
    content = bytes(range(256)) * 5_000
    query = {"name": "dump.bin", "type": "dump", "thread_id": thread.id, "metadata": '{"a": 1}'}
    response = await ada.post(place, params=query, content=content, headers={"Content-Type": "application/x-dump; v=1"})
    artifact = response.json()
    assert (response.status_code, response.headers["location"]) == (201, f"{place}/{artifact['id']}")
    assert set(artifact) == ARTIFACT
    assert (artifact["name"], artifact["type"], artifact["content_type"]) == ("dump.bin", "dump", "application/x-dump")
    assert (artifact["size"], artifact["status"]) == (len(content), "completed")
    assert artifact["checksum"] == f"sha256:{hashlib.sha256(content).hexdigest()}"
    assert (artifact["thread_id"], artifact["metadata"]) == (thread.id, {"a": 1})
    assert (await ada.get(artifact["download_url"])).content == content
    bare = await ada.post(place, params={"name": "x"}, content=b"x")
    assert (bare.status_code, bare.json()["content_type"]) == (201, "application/octet-stream")


async def test_an_upload_by_form(ada: AsyncClient, place: str) -> None:
    file = ("lake.csv", b"a,b\n1,2\n", "text/csv")
    artifact = (await ada.post(place, files={"file": file})).json()
    assert (artifact["name"], artifact["content_type"], artifact["size"]) == ("lake.csv", "text/csv", 8)
    fields = {"name": "Lake", "type": "table", "metadata": '{"unit": "m"}'}
    artifact = (await ada.post(place, data=fields, files={"file": file})).json()
    assert (artifact["name"], artifact["type"], artifact["metadata"]) == ("Lake", "table", {"unit": "m"})
    assert (await ada.get(artifact["download_url"])).content == b"a,b\n1,2\n"


async def test_an_upload_that_does_not_fit_leaves_nothing(
    ada: AsyncClient, place: str, services: Any, anonymous: AsyncClient
) -> None:
    form = {"Content-Type": "multipart/form-data; boundary=b"}
    named = b'--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\nbytes\r\n'
    for body in (b"", b"--b--\r\n", b"nonsense", named, named[:-4], named + named + b"--b--\r\n"):
        assert (await ada.post(place, content=body, headers=form)).status_code == 422, body
    assert (await ada.post(place, content=named, headers={"Content-Type": "multipart/form-data"})).status_code == 422
    assert pointers(await ada.post(place, content=b"x")) == {"/name"}
    file = {"file": ("x", b"x")}
    for fields, pointer in [
        ({"metadata": "{"}, None),
        ({"metadata": "[]"}, "/metadata"),
        ({"thread_id": UNKNOWN}, "/thread_id"),
        ({"type": "x" * 65}, "/type"),
        ({"name": "a\u0007"}, "/name"),
    ]:
        refused = await ada.post(place, data=fields, files=file)
        assert refused.status_code == 422, fields
        assert pointer is None or pointers(refused) == {pointer}
    problem(await anonymous.post(place + "?name=x", content=b"x"), 401)
    assert (await got(ada, place))["data"] == []
    assert [one async for one in services.blobs.keys(older_than=2**53)] == []


async def test_a_form_that_goes_on_too_long_after_its_file_is_refused_before_the_sweep_takes_the_file(
    ada: AsyncClient, place: str, services: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # With the store's own clock a bit off, and the commit still to come.
    assert files.UNNAMED * clock.SECOND * 2 <= UNTOUCHED
    monkeypatch.setattr(files, "UNNAMED", 0.0)
    problem(await ada.post(place, files={"file": ("lake.csv", b"a,b")}), 408)
    assert (await got(ada, place))["data"] == []
    assert [one async for one in services.blobs.keys(older_than=2**53)] == []
    # Bytes alone are named as soon as the last of them is here.
    assert (await ada.post(f"{place}?name=x", content=b"x")).status_code == 201


@pytest.mark.parametrize("settings", [{"upload_limit": 1000}], indirect=True)
async def test_an_upload_beyond_the_limit_is_refused(ada: AsyncClient, place: str) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(11):
            yield b"x" * 100

    problem(await ada.post(f"{place}?name=x", content=b"x" * 1001), 413)
    problem(await ada.post(f"{place}?name=x", content=pieces()), 413)
    assert (await ada.post(f"{place}?name=x", content=b"x" * 1000)).status_code == 201
    assert len((await got(ada, place))["data"]) == 1


async def test_filters(ada: AsyncClient, world: World, space: Space, place: str) -> None:
    thread = await world.thread(space)
    one = await world.artifact(space, "one", document_type="report", thread_id=thread.id)
    two = await world.artifact(space, "two", document_type="note")

    async def found(**filters: str) -> list[str]:
        return [row["id"] for row in (await got(ada, place, **filters))["data"]]

    assert await found() == [two.id, one.id]
    assert await found(document_type="report") == [one.id]
    assert await found(thread_id=thread.id) == [one.id]
    assert await found(status="completed") == [two.id, one.id]
    assert await found(status="completed", document_type="note") == [two.id]
    assert await found(thread_id=thread.id, document_type="note") == []
    for filters in (
        {"status": "nonsense"},
        {"status": "pending"},
        {"document_type": "x"},
        {"thread_id": "x"},
        {"status": ""},
        {"thread_id": ""},
        {"document_type": ""},
    ):
        assert await found(**filters) == [], filters


async def test_an_artifact_of_another_space_is_not_here(ada: AsyncClient, world: World, place: str) -> None:
    other = await world.artifact(await world.space("ada", "Elsewhere"))
    calls: list[tuple[str, str, dict[str, Any]]] = [
        ("GET", f"{place}/{other.id}", {}),
        ("GET", f"{place}/{other.id}/download", {}),
        ("GET", f"{place}/{other.id}/jobs", {}),
        ("PATCH", f"{place}/{other.id}", {"json": {}}),
        ("DELETE", f"{place}/{other.id}", {}),
        ("POST", f"{place}/{other.id}/restore", {}),
        ("GET", f"{place}/nonsense", {}),
    ]
    for method, path, body in calls:
        problem(await ada.request(method, path, **body), 404, "not_found")


async def test_a_merge_patch(ada: AsyncClient, world: World, space: Space, place: str) -> None:
    first, second = await world.thread(space), await world.thread(space)
    artifact = await made(ada, f"{place}/generate", {**REPORT, "metadata": {"a": 1, "b": 2}})
    path = f"{place}/{artifact['id']}"
    assert (await ada.patch(path, json={})).json() == artifact
    body = {
        "name": " New ",
        "document_type": "note",
        "thread_ids": [second.id, first.id],
        "metadata": {"a": None, "c": 3},
        "tags": ["x", "y", "x"],
    }
    changed = (await ada.patch(path, json=body)).json()
    assert changed == {
        **artifact,
        "name": "New",
        "type": "note",
        "document_type": "note",
        "thread_id": second.id,
        "thread_ids": [second.id, first.id],
        "metadata": {"b": 2, "c": 3},
        "tags": ["x", "y"],
        "updated_at": changed["updated_at"],
    }
    assert changed["updated_at"] > artifact["updated_at"]
    cleared = (await ada.patch(path, json={"thread_ids": None, "metadata": None, "tags": None})).json()
    assert (cleared["thread_id"], cleared["thread_ids"], cleared["metadata"], cleared["tags"]) == (None, [], {}, [])
    for wrong, pointer in [
        ({"name": None}, "/name"),
        ({"document_type": None}, "/document_type"),
        ({"thread_ids": [UNKNOWN]}, "/thread_ids"),
        ({"thread_ids": "x"}, "/thread_ids"),
        ({"tags": [1]}, "/tags/0"),
        ({"tags": [f"{n}" for n in range(33)]}, "/tags"),
        ({"metadata": []}, "/metadata"),
    ]:
        assert pointers(await ada.patch(path, json=wrong)) == {pointer}, wrong
    assert await got(ada, path) == cleared


async def test_to_the_trash_and_back(v1: Clients, ada: AsyncClient, space: Space, place: str) -> None:
    artifact = await made(ada, f"{place}/generate", REPORT)
    path, trash = f"{place}/{artifact['id']}", f"/v1/spaces/{space.id}/trash"
    problem(await ada.post(f"{path}/restore"), 404)
    assert (await v1("eve").delete(path)).status_code == 204
    for gone in (path, f"{path}/download", f"{path}/jobs"):
        problem(await ada.get(gone), 404)
    problem(await ada.delete(path), 404)
    problem(await ada.patch(path, json={}), 404)
    assert (await got(ada, place))["data"] == []
    assert [row["id"] for row in (await got(v1("eve"), trash))["data"]] == [artifact["id"]]
    problem(await v1("vera").get(trash), 403)
    problem(await v1("vera").post(f"{path}/restore"), 403)

    restored = await v1("eve").post(f"{path}/restore")
    assert (restored.status_code, restored.json()["id"]) == (200, artifact["id"])
    assert await got(ada, path) == restored.json()
    assert (await ada.get(artifact["download_url"])).content == b"ph 7.2\n"
    assert (await got(ada, trash))["data"] == []


async def test_for_good_by_admins_alone_also_from_the_trash(
    v1: Clients, ada: AsyncClient, space: Space, place: str
) -> None:
    first, second = [(await made(ada, f"{place}/generate", REPORT))["id"] for _ in range(2)]
    problem(await v1("eve").delete(f"{place}/{first}?purge=true"), 403)
    assert pointers(await ada.delete(f"{place}/{first}?purge=maybe")) == {"/purge"}
    assert (await v1("amir").delete(f"{place}/{first}?purge=true")).status_code == 204
    assert (await ada.delete(f"{place}/{second}?purge=false")).status_code == 204
    problem(await v1("eve").delete(f"{place}/{second}?purge=true"), 403)
    assert (await v1("amir").delete(f"{place}/{second}?purge=true")).status_code == 204
    assert (await got(ada, f"/v1/spaces/{space.id}/trash"))["data"] == []
    for gone in (first, second):
        problem(await ada.post(f"{place}/{gone}/restore"), 404)
        problem(await ada.delete(f"{place}/{gone}?purge=true"), 404)
