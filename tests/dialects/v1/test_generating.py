"""Documents with a `format`: promised, made by a job, waited for, downloaded; templates; previews and properties."""

import asyncio
import base64
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from httpx2 import AsyncClient
from PIL import Image

from courtyard import rendering
from courtyard.core import queue, quota
from courtyard.core.artifacts import generation
from courtyard.core.spaces import Space
from courtyard.web.dialect import Services
from courtyard.worker import Pace, Setup, Worker
from courtyard.worker.generation import generate
from courtyard.worker.work import Failed, Tools
from tests.dialects.v1.answers import ARTIFACT, UNKNOWN, Clients, got, made, pointers, problem
from tests.rendering.word import minutes
from tests.world import World

MARKDOWN = "# Quarter\n\nAll is *well*.\n\n| a | b |\n|---|--:|\n| x | 1 |\n"
WAIT = {"Prefer": "wait=30"}


def order(content: str | bytes, target: str, **more: Any) -> dict[str, Any]:
    data = content.encode() if isinstance(content, str) else content
    return {
        "name": "Report",
        "type": "report",
        "content": base64.b64encode(data).decode(),
        "format": target,
        **more,
    }


@pytest.fixture
async def space(world: World) -> Space:
    return await world.space(owner="ada", editors=["eve"], viewers=["bob"])


@pytest.fixture
def place(space: Space) -> str:
    return f"/v1/spaces/{space.id}/artifacts"


@pytest.fixture
def ada(v1: Clients) -> AsyncClient:
    return v1("ada")


@pytest.fixture
async def worker(services: Services, tmp_path: Path) -> AsyncIterator[Worker]:
    setup = Setup(data_dir=tmp_path, public_url="")
    async with Worker(services.database, services.blobs, setup, pace=Pace(longest=0.05)) as running:
        yield running


async def settled(client: AsyncClient, place: str, artifact_id: str, *, jobs: int = 3) -> list[dict[str, Any]]:
    """All jobs of an artifact, when so many are there and each has ended; the first that was made first."""
    async with asyncio.timeout(60):
        while True:
            found = (await got(client, f"{place}/{artifact_id}/jobs"))["data"]
            if len(found) >= jobs and all(job["status"] in ("completed", "failed", "cancelled") for job in found):
                return found[::-1]
            await asyncio.sleep(0.05)


async def test_a_document_is_promised_first(ada: AsyncClient, place: str, world: World) -> None:
    response = await ada.post(f"{place}/generate", json=order(MARKDOWN, "pdf", metadata={"title": "Hello"}))
    artifact = response.json()
    assert (response.status_code, response.headers["location"]) == (201, f"{place}/{artifact['id']}")
    assert "preference-applied" not in response.headers
    assert set(artifact) == ARTIFACT
    assert (artifact["status"], artifact["size"], artifact["content_type"]) == ("pending", 0, "application/pdf")
    assert (artifact["preview_url"], artifact["error"], artifact["checksum"]) == (None, None, None)
    problem(await ada.get(artifact["download_url"]), 409)
    [job] = (await got(ada, f"{place}/{artifact['id']}/jobs"))["data"]
    assert (job["kind"], job["status"]) == ("generate", "pending")
    assert (await got(ada, f"{place}?status=pending"))["data"][0]["id"] == artifact["id"]


async def test_it_is_made_once_and_looked_at(ada: AsyncClient, place: str, worker: Worker, v1: Clients) -> None:
    response = await ada.post(f"{place}/generate", json=order(MARKDOWN, "pdf"), headers=WAIT)
    assert response.headers["preference-applied"] == "wait=30"
    artifact = response.json()
    assert (response.status_code, artifact["status"], artifact["version"]) == (201, "completed", 1)
    download = await ada.get(artifact["download_url"])
    assert download.content.startswith(b"%PDF-")
    assert (len(download.content), download.headers["etag"]) == (artifact["size"], f'"{artifact["checksum"][7:]}"')
    jobs = await settled(ada, place, artifact["id"])
    assert [(job["kind"], job["status"]) for job in jobs] == [
        ("generate", "completed"),
        ("inspect", "completed"),
        ("preview", "completed"),
    ]
    found = await got(v1("bob"), f"{place}/{artifact['id']}/properties")
    assert (found["pages"], found["width"], found["height"]) == (1, 595, 842)
    assert "All is well." in found["text"]
    artifact = await got(ada, f"{place}/{artifact['id']}")
    assert artifact["preview_url"] == f"{place}/{artifact['id']}/preview"
    assert found["preview_urls"] == {size: f"{artifact['preview_url']}?size={size}" for size in ("320", "960")}


async def test_previews_are_webp_of_two_sizes(ada: AsyncClient, place: str, worker: Worker, v1: Clients) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (1600, 800), (200, 30, 30)).save(picture, "PNG")
    artifact = await made(ada, f"{place}/generate", order(picture.getvalue(), "") | {"format": None})
    problem(await ada.get(f"{place}/{UNKNOWN}/preview"), 404)
    await settled(ada, place, artifact["id"], jobs=2)
    for size, wide in ((None, 320), ("320", 320), ("960", 960)):
        response = await v1("bob").get(
            f"{place}/{artifact['id']}/preview", params={} if size is None else {"size": size}
        )
        assert (response.status_code, response.headers["content-type"]) == (200, "image/webp")
        with Image.open(io.BytesIO(response.content)) as shown:
            assert shown.size == (wide, wide // 2)
        again = await ada.get(response.url, headers={"If-None-Match": response.headers["etag"]})
        assert again.status_code == 304
    assert pointers(await ada.get(f"{place}/{artifact['id']}/preview?size=100")) == {"/size"}
    found = await got(ada, f"{place}/{artifact['id']}/properties")
    assert (found["width"], found["height"], found["pages"], found["text"]) == (1600, 800, None, None)
    problem(await v1("mallory").get(f"{place}/{artifact['id']}/preview"), 404)


async def test_an_artifact_that_cannot_be_drawn_is_one_all_the_same(
    ada: AsyncClient, place: str, worker: Worker
) -> None:
    artifact = await made(ada, f"{place}/generate", order(b"%PDF-1.7\nbroken", "") | {"format": None})
    jobs = await settled(ada, place, artifact["id"], jobs=2)
    assert [(job["kind"], job["status"], job["error"]) for job in jobs] == [
        ("inspect", "completed", None),
        ("preview", "failed", "The PDF cannot be read."),
    ]
    artifact = await got(ada, f"{place}/{artifact['id']}")
    assert (artifact["status"], artifact["content_type"], artifact["preview_url"]) == (
        "completed",
        "application/pdf",
        None,
    )
    problem(await ada.get(f"{place}/{artifact['id']}/preview"), 404)


async def test_data_becomes_a_sheet(ada: AsyncClient, place: str, worker: Worker) -> None:
    body = order('[{"a": 1, "b": "x"}, {"a": 2}]', "xlsx", content_type="application/json")
    artifact = (await ada.post(f"{place}/generate", json=body, headers=WAIT)).json()
    assert artifact["content_type"] == rendering.TYPES["xlsx"]
    await settled(ada, place, artifact["id"], jobs=2)
    assert "x" in (await got(ada, f"{place}/{artifact['id']}/properties"))["text"]


async def test_a_word_file_is_known_by_itself(ada: AsyncClient, place: str, worker: Worker) -> None:
    artifact = (await ada.post(f"{place}/generate", json=order(minutes(), "md", name="Minutes"), headers=WAIT)).json()
    assert artifact["status"] == "completed"
    assert b"- Mend the gate" in (await ada.get(artifact["download_url"])).content.splitlines()
    refused = await ada.post(f"{place}/generate", json=order(minutes(), "xlsx"))
    assert "pdf, html, md, txt, png" in problem(refused, 422, "impossible")["detail"]
    for neither in (b"PK\x03\x04\x00", b"\x89PNG\r\n\0"):
        problem(await ada.post(f"{place}/generate", json=order(neither, "md", name="a.docx")), 422, "unsupported")


async def test_what_goes_wrong_is_said(ada: AsyncClient, place: str, worker: Worker, services: Services) -> None:
    body = order('{"no": "table"}', "xlsx", name="data.json")
    artifact = (await ada.post(f"{place}/generate", json=body, headers=WAIT)).json()
    why = "Only a JSON array of objects or of arrays is a table."
    assert (artifact["status"], artifact["error"]) == ("failed", why)
    [job] = await settled(ada, place, artifact["id"], jobs=1)
    assert (job["status"], job["error"], job["attempt"]) == ("failed", why, 1)
    problem(await ada.get(artifact["download_url"]), 409)
    # Its source is still there for another try, which fails alike.
    assert (await ada.post(f"/v1/jobs/{job['id']}/retry")).status_code == 200
    [again] = await settled(ada, place, artifact["id"], jobs=1)
    assert again["error"] == why


async def test_a_cancelled_document_fails_and_can_be_tried_again(
    ada: AsyncClient, place: str, services: Services, tmp_path: Path
) -> None:
    artifact = await made(ada, f"{place}/generate", order(MARKDOWN, "txt"))
    [job] = (await got(ada, f"{place}/{artifact['id']}/jobs"))["data"]
    assert (await ada.post(f"/v1/jobs/{job['id']}/cancel")).status_code == 200
    setup = Setup(data_dir=tmp_path, public_url="")
    async with Worker(services.database, services.blobs, setup, pace=Pace(longest=0.05)), asyncio.timeout(30):
        while (await got(ada, f"{place}/{artifact['id']}"))["status"] != "failed":  # noqa: ASYNC110 - as a client looks
            await asyncio.sleep(0.05)
        assert (await got(ada, f"{place}/{artifact['id']}"))["error"] == "Cancelled."
        assert (await ada.post(f"/v1/jobs/{job['id']}/retry")).status_code == 200
        while (await got(ada, f"{place}/{artifact['id']}"))["status"] != "completed":  # noqa: ASYNC110 - as a client looks
            await asyncio.sleep(0.05)
    assert b"All is well." in (await ada.get(artifact["download_url"])).content


async def test_a_letter_from_a_template(ada: AsyncClient, place: str, worker: Worker, v1: Clients) -> None:
    template = await made(
        ada,
        f"{place}/generate",
        order("Dear {{ name }},\n\n{{ total }} due.\n", "", name="letter.md") | {"format": None},
    )
    body = {"name": "Letter", "type": "letter", "format": "txt", "template": template["id"]}
    letter = (
        await ada.post(f"{place}/generate", json={**body, "data": {"name": "*Ada*", "total": 5}}, headers=WAIT)
    ).json()
    assert (await ada.get(letter["download_url"])).text == "Dear *Ada*,\n\n5 due.\n"
    wrong = (await ada.post(f"{place}/generate", json={**body, "data": {"name": "Ada"}}, headers=WAIT)).json()
    assert (wrong["status"], wrong["error"]) == ("failed", "Template, line 3: 'total' is undefined")
    problem(await v1("bob").post(f"{place}/generate", json=body), 403)


async def test_one_key_makes_one_document(ada: AsyncClient, place: str, world: World, services: Services) -> None:
    headers = {"Idempotency-Key": "report-1"}
    answers = [await ada.post(f"{place}/generate", json=order(MARKDOWN, "pdf"), headers=headers) for _ in range(3)]
    assert {answer.json()["id"] for answer in answers} == {answers[0].json()["id"]}
    assert answers[2].headers["idempotent-replayed"] == "true"
    assert len(await world.jobs()) == 1
    # The source of one, and of no more.
    assert len([key async for key in services.blobs.keys(older_than=2**53)]) == 1


BAD: list[tuple[dict[str, Any], str]] = [
    ({"format": "nonsense"}, "/format"),
    ({"format": "xlsx"}, "/format"),
    ({"content": base64.b64encode(b"\x00\x01\xff").decode()}, "/content"),
    ({"content": None}, "/content"),
    ({"template": UNKNOWN}, "/template"),
    ({"content": None, "template": UNKNOWN}, "/template"),
    ({"content": None, "template": "nonsense"}, "/template"),
    ({"data": {}}, "/template"),
    ({"data": []}, "/data"),
    ({"template": 1}, "/template"),
    ({"thread_id": UNKNOWN}, "/thread_id"),
]


async def test_what_cannot_be_made_is_refused_at_once(
    ada: AsyncClient, place: str, world: World, services: Services
) -> None:
    for change, pointer in BAD:
        assert pointers(await ada.post(f"{place}/generate", json={**order(MARKDOWN, "pdf"), **change})) == {pointer}, (
            change
        )
    refused = problem(await ada.post(f"{place}/generate", json=order(MARKDOWN, "xlsx")), 422, "impossible")
    assert "pdf, docx, html, md, txt, png" in refused["detail"]
    elsewhere = await world.artifact(await world.space("ada", "Elsewhere"), "t.md")
    body = {**order(MARKDOWN, "pdf"), "content": None, "template": elsewhere.id}
    assert pointers(await ada.post(f"{place}/generate", json=body)) == {"/template"}
    assert (await got(ada, place))["data"] == []
    assert [key async for key in services.blobs.keys(older_than=2**53)] == []


async def test_without_the_extra_it_is_named(ada: AsyncClient, place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("courtyard.rendering.kinds.PACKAGES", ("typst", "no_such_package"))
    refused = problem(await ada.post(f"{place}/generate", json=order(MARKDOWN, "pdf")), 422, "not_installed")
    assert "pip install 'courtyard[documents]'" in refused["detail"]


async def test_a_preference_that_is_none_is_no_reason_to_wait(ada: AsyncClient, place: str) -> None:
    for prefer in ("wait=soon", "wait=-1", "respond-async", "await=5"):
        response = await ada.post(f"{place}/generate", json=order(MARKDOWN, "pdf"), headers={"Prefer": prefer})
        assert "preference-applied" not in response.headers
    response = await ada.post(f"{place}/generate", json=order(MARKDOWN, "pdf"), headers={"Prefer": "wait=0"})
    assert (response.headers["preference-applied"], response.json()["status"]) == ("wait=0", "pending")


async def test_a_document_counts_in_its_space(ada: AsyncClient, space: Space, place: str, worker: Worker) -> None:
    artifact = (await ada.post(f"{place}/generate", json=order(MARKDOWN, "txt"), headers=WAIT)).json()
    assert artifact["status"] == "completed"
    assert await counted(worker, space) == (artifact["size"], 1)
    assert (await ada.delete(f"{place}/{artifact['id']}?purge=true")).status_code == 204
    assert await counted(worker, space) == (0, 0)


async def test_a_source_takes_room_until_nobody_needs_it(
    ada: AsyncClient, space: Space, place: str, world: World, services: Services, tmp_path: Path
) -> None:
    async def room() -> tuple[int, int]:
        usage = await got(ada, f"/v1/spaces/{space.id}/usage")
        return usage["bytes"], usage["reserved"]

    size = len(MARKDOWN)
    async with world.database.write() as tx:
        await quota.limit(tx, bytes=2 * size, artifacts=0)
    one = await made(ada, f"{place}/generate", order(MARKDOWN, "txt"))
    other = await made(ada, f"{place}/generate", order('{"no": "table"}'.ljust(size), "xlsx", name="data.json"))
    third = await ada.post(f"{place}/generate", json=order(MARKDOWN, "txt"))
    problem(third, 507)
    assert await room() == (0, 2 * size)
    # A third is refused before it is stored: nothing of it is left to be swept.
    assert len([key async for key in services.blobs.keys(older_than=2**53)]) == 2
    setup = Setup(data_dir=tmp_path, public_url="")
    async with Worker(services.database, services.blobs, setup, pace=Pace(longest=0.05)):
        await settled(ada, place, one["id"])
        await settled(ada, place, other["id"], jobs=1)
    finished = await got(ada, f"{place}/{one['id']}")
    # The one that failed may be tried again for a day, and keeps its source so long.
    assert await room() == (finished["size"], size)
    async with world.database.write() as tx:
        await tx.run("update generation set ended_at = 1")
        assert await generation.forget(tx) == 1
    assert await room() == (finished["size"], 0)
    assert await quota_left(services, space) == 2 * size - finished["size"]


async def test_what_finds_no_room_when_it_is_made_fails_at_once_and_says_why(
    ada: AsyncClient, world: World, place: str, services: Services, tmp_path: Path
) -> None:
    artifact = await made(ada, f"{place}/generate", order(MARKDOWN, "html"))
    async with world.database.write() as tx:
        job = await queue.claim(tx)
    assert job is not None
    settle = await generate(Tools(services.database, services.blobs, Setup(data_dir=tmp_path, public_url="")), job)
    assert settle is not None
    async with world.database.write() as tx:
        await quota.limit(tx, bytes=1, artifacts=0)
    with pytest.raises(Failed) as failed:
        async with world.database.write() as tx:
            await settle(tx)
    assert failed.value.final
    async with world.database.write() as tx:
        await queue.fail(tx, job, failed.value.message, final=failed.value.final)
        assert await generation.settle_ended(tx) == 1
    row = await got(ada, f"{place}/{artifact['id']}")
    assert (row["status"], row["error"]) == ("failed", quota.QuotaExceeded().message)


async def test_who_purges_what_was_not_made_yet_has_its_room_back(
    ada: AsyncClient, space: Space, place: str, services: Services
) -> None:
    artifact = await made(ada, f"{place}/generate", order(MARKDOWN, "txt"))
    assert (await ada.delete(f"{place}/{artifact['id']}?purge=true")).status_code == 204
    usage = await got(ada, f"/v1/spaces/{space.id}/usage")
    assert (usage["bytes"], usage["artifacts"], usage["reserved"]) == (0, 0, 0)


async def quota_left(services: Services, space: Space) -> int | None:
    async with services.database.read() as tx:
        return await quota.left(tx, space.id)


async def counted(worker: Worker, space: Space) -> tuple[int, int]:
    async with worker._tools.database.read() as tx:
        held = await quota.usage(tx, space.id)
    return held.bytes, held.artifacts
