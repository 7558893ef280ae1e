"""The job `inspect`: what bytes are, the text in them, and bytes that are not what was sent."""

import io
import zipfile
from typing import Any

import pytest
from PIL import Image

from courtyard.core import artifacts
from courtyard.core.artifacts import Artifact
from courtyard.storage.blobs import Blob
from courtyard.storage.database import Database
from courtyard.storage.local import LocalBlobs
from courtyard.worker import Pace, Worker
from courtyard.worker.media_types import HEAD, OPAQUE, decoded, recognize
from courtyard.worker.work import Tools
from tests.worker.conftest import stored, until
from tests.world import World


def picture(form: str) -> bytes:
    output = io.BytesIO()
    Image.new("RGB", (4, 4)).save(output, form)
    return output.getvalue()


def archive(**files: str) -> bytes:
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as made:
        for name, text in files.items():
            made.writestr(name, text)
    return output.getvalue()


def office(folder: str) -> bytes:
    return archive(**{"[Content_Types].xml": "<x/>", "_rels/.rels": "<x/>", f"{folder}/main.xml": "x" * 200_000})


def open_document(kind: str) -> bytes:
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w") as made:
        made.writestr("mimetype", f"application/vnd.oasis.opendocument.{kind}")
        made.writestr("content.xml", "<x/>")
    return output.getvalue()


OPEN_XML = "application/vnd.openxmlformats-officedocument"
KINDS: list[tuple[bytes, str, str, str]] = [
    (picture("PNG"), "x.txt", "text/plain", "image/png"),
    (picture("JPEG"), "x", OPAQUE, "image/jpeg"),
    (picture("GIF"), "x", OPAQUE, "image/gif"),
    (picture("WEBP"), "x", OPAQUE, "image/webp"),
    (b"%PDF-1.7\n1 0 obj", "x.md", OPAQUE, "application/pdf"),
    (archive(a="b"), "x.docx", f"{OPEN_XML}.wordprocessingml.document", "application/zip"),
    (office("word"), "x.zip", "application/zip", f"{OPEN_XML}.wordprocessingml.document"),
    (office("xl"), "x", OPAQUE, f"{OPEN_XML}.spreadsheetml.sheet"),
    (office("ppt"), "x", OPAQUE, f"{OPEN_XML}.presentationml.presentation"),
    (open_document("text"), "x", OPAQUE, "application/vnd.oasis.opendocument.text"),
    (open_document("spreadsheet"), "x", OPAQUE, "application/vnd.oasis.opendocument.spreadsheet"),
    (b"plain words\n", "x.txt", OPAQUE, "text/plain"),
    ("äöü €\n".encode(), "x", OPAQUE, "text/plain"),
    (b"\xef\xbb\xbfa,b\n1,2\n", "x.csv", OPAQUE, "text/csv"),
    (b"a,b\n1,2\n", "x", "text/csv", "text/csv"),
    (b"# Title\n", "x.md", OPAQUE, "text/markdown"),
    (b"# Title\n", "x", "text/markdown", "text/markdown"),
    (b'{"a": [1]}', "x", OPAQUE, "application/json"),
    (b'{"a": [1', "x.json", "application/json", "text/plain"),
    (b"var a = 1;", "x.js", OPAQUE, "text/javascript"),
    (b"words", "x.png", "image/png", "text/plain"),
    (b"<!doctype html><script>x()</script>", "x.png", "image/png", "text/html"),
    (b"\n <HTML><body>", "x.txt", "text/plain", "text/html"),
    (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "x.png", "image/png", "image/svg+xml"),
    (b'<?xml version="1.0"?><svg/>', "x.txt", "text/plain", "image/svg+xml"),
    (b'<?xml version="1.0"?><a/>', "x.txt", "text/plain", "application/xml"),
    (b"BM is a firm", "x.txt", "text/plain", "text/plain"),
    (b"GIF for you", "x.txt", "text/plain", "text/plain"),
    (b"MZ\x90\0\x03\0\0\0", "x.txt", "text/plain", "application/vnd.microsoft.portable-executable"),
    (bytes(range(256)), "x.txt", "text/plain", OPAQUE),
    (b"\x00", "x.txt", "text/plain", OPAQUE),
    (b"", "x.md", OPAQUE, "text/markdown"),
]


@pytest.mark.parametrize(("data", "name", "claimed", "kind"), KINDS)
def test_bytes_say_what_they_are_whatever_they_are_called(data: bytes, name: str, claimed: str, kind: str) -> None:
    whole = len(data) <= HEAD
    assert recognize(data[:HEAD], data[-HEAD:], whole=whole, name=name, claimed=claimed) == kind


def test_a_character_cut_off_at_the_end_of_the_head_is_left_out() -> None:
    for lead in range(4):
        head = (b"x" * lead + "🦆".encode() * HEAD)[:HEAD]
        text = decoded(head, whole=False)
        assert text is not None
        assert set(text) == ({"x", "🦆"} if lead else {"🦆"})
        assert decoded(head, whole=True) == (text if lead == 0 else None)


async def inspected(world: World, tools: Tools, content: bytes, name: str, **facts: Any) -> tuple[Artifact, str | None]:
    """Upload and let a worker look at it."""
    blobs: Any = tools.blobs
    blob = facts.pop("blob", None) or await stored(blobs, content)
    space = await world.space()
    artifact = await world.artifact(space, name, blob=blob, **facts)
    async with Worker(tools.database, tools.blobs, tools.setup, pace=Pace(longest=0.05)):
        await until(lambda: over(world))
    async with tools.database.read() as tx:
        found = await artifacts.seek(tx, artifact.id)
        assert found is not None
        return found, await artifacts.excerpt(tx, found)


async def over(world: World) -> bool:
    return all(job.status in ("completed", "failed") for job in await world.jobs())


@pytest.mark.parametrize("name", ["x.txt", "x.md", "x.csv"])
async def test_the_text_of_what_can_be_read_is_kept(world: World, tools: Tools, name: str) -> None:
    artifact, text = await inspected(world, tools, "Grüße, hier\n".encode(), name)
    assert artifact.content_type.startswith("text/")
    assert text == "Grüße, hier\n"


async def test_of_a_long_text_the_beginning_is_kept(world: World, tools: Tools) -> None:
    artifact, text = await inspected(world, tools, "é".encode() * 2_000_000, "x.txt")
    assert artifact.content_type == "text/plain"
    assert text == "é" * (HEAD // 2)


async def test_a_picture_has_no_text(world: World, tools: Tools) -> None:
    artifact, text = await inspected(world, tools, picture("PNG"), "x.txt", content_type="text/plain")
    assert (artifact.content_type, text) == ("image/png", None)


async def test_other_bytes_than_were_sent_are_said_aloud(world: World, tools: Tools, blobs: LocalBlobs) -> None:
    real = await stored(blobs, b"these")
    await inspected(world, tools, b"", "x.txt", blob=Blob(real.key, real.size, "0" * 64))
    [job] = await world.jobs()
    assert (job.status, job.attempt, job.error) == ("failed", 1, "The stored bytes are not those that were sent.")


async def test_missing_bytes_are_looked_for_again(world: World, tools: Tools, database: Database) -> None:
    space = await world.space()
    await world.artifact(space)
    async with Worker(database, tools.blobs, tools.setup, pace=Pace(longest=0.05)):
        await until(lambda: tried(world))
    [job] = await world.jobs()
    assert (job.status, job.error) == ("pending", "The stored bytes are missing.")


async def tried(world: World) -> bool:
    return (await world.jobs())[0].error is not None
