"""Uploads: raw bodies and multipart forms, in constant memory, however they are cut into pieces."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.types import Message

from courtyard.web import upload
from tests.web.conftest import Edge
from tests.web.wire import Wire, ask, request

MARK = b"----mark42"
TYPE = f"Content-Type: multipart/form-data; boundary={MARK.decode()}"


def field(name: str, value: bytes) -> bytes:
    return part(f'form-data; name="{name}"', value)


def part(disposition: str, value: bytes, *headers: str) -> bytes:
    lines = "\r\n".join([f"Content-Disposition: {disposition}", *headers])
    return b"--" + MARK + b"\r\n" + lines.encode() + b"\r\n\r\n" + value + b"\r\n"


def document(value: bytes, name: str = "a.txt") -> bytes:
    return part(f'form-data; name="file"; filename="{name}"', value, "Content-Type: text/plain")


END = b"--" + MARK + b"--\r\n"


def body_of(pieces: list[bytes]) -> Callable[[], Awaitable[Message]]:
    """An ASGI `receive` that gives these pieces."""
    rest = iter(pieces)
    left = len(pieces)

    async def receive() -> Message:
        nonlocal left
        left -= 1
        return {"type": "http.request", "body": next(rest), "more_body": left > 0}

    return receive


def read(pieces: list[bytes]) -> upload.Form[tuple[str, str | None, bytes]]:
    async def store(part: upload.Part) -> tuple[str, str | None, bytes]:
        return part.name, part.content_type, b"".join([chunk async for chunk in part.chunks])

    return asyncio.run(upload.form(body_of(pieces), MARK, store))


def cut(whole: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(whole) + 1) for place in places), len(whole)]
    return [whole[start:end] for start, end in pairwise(edges)]


# Bytes that look like a boundary, or nearly, at every turn.
tricky = st.lists(
    st.sampled_from([b"\r", b"\n", b"-", b"--", b"\r\n--", b"\r\n" + b"--" + MARK[:-1], b"x", b"\0"])
).map(b"".join)


@settings(deadline=None, max_examples=200)
@given(content=tricky, value=st.text(max_size=20), places=st.lists(st.integers(0, 10_000), max_size=30))
def test_a_form_reads_the_same_however_it_is_cut(content: bytes, value: str, places: list[int]) -> None:
    whole = field("before", value.encode()) + document(content) + field("after", b"z") + END
    form = read(cut(whole, places))
    assert form.fields == {"before": value, "after": "z"}
    assert form.file == ("a.txt", "text/plain", content)


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=400), st.lists(st.integers(0, 10_000), max_size=5))
def test_nothing_that_comes_as_a_form_is_more_than_a_bad_form(junk: bytes, places: list[int]) -> None:
    for whole in (junk, b"--" + MARK + b"\r\n" + junk, document(junk)):
        with pytest.raises(upload.BadForm):
            read(cut(whole, places))


BAD = {
    "no end": document(b"x"),
    "no end of the file": document(b"x")[:-2],
    "nothing": b"",
    "no boundary at all": b"hello",
    "a part without a name": part("form-data", b"x") + END,
    "a part without a disposition": b"--" + MARK + b"\r\nX: y\r\n\r\nx\r\n" + END,
    "another disposition": part('attachment; name="a"', b"x") + END,
    "a header without a colon": b"--" + MARK + b"\r\nnonsense\r\n\r\nx\r\n" + END,
    "two files": document(b"x") + document(b"y") + END,
    "a file in another field": part('form-data; name="other"; filename="a"', b"x") + END,
    "a field twice": field("a", b"1") + field("a", b"2") + END,
    "a field that is not UTF-8": field("a", b"\xff") + END,
    "33 fields": b"".join(field(f"f{number}", b"") for number in range(33)) + END,
    "a field of 64 KiB and one": field("a", bytes(65_537)) + END,
    "a header of 100 KiB": part('form-data; name="a"', b"x", "X: " + "y" * 100_000) + END,
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_form_is_refused(edge: Edge, name: str) -> None:
    reply = ask(edge.port, request("/form", TYPE, method="POST", body=BAD[name]))
    assert reply.status == 400
    assert reply.json["said"]


def test_limits_are_told_apart() -> None:
    for name in ("33 fields", "a field of 64 KiB and one"):
        with pytest.raises(upload.FormTooLarge):
            read([BAD[name]])


def test_a_form_without_a_file_has_its_fields() -> None:
    form = read([field("a", b""), field("b", bytes(65_536)), END + b"\r\nepilogue"])
    assert form.file is None
    assert form.fields == {"a": "", "b": "\0" * 65_536}


def test_a_file_needs_no_name_and_may_be_empty() -> None:
    assert read([field("file", b"x") + END]).file == ("", None, b"x")
    assert read([document(b"", "\u00fc.txt") + END]).file == ("\u00fc.txt", "text/plain", b"")


def test_who_stores_may_stop_early() -> None:
    async def store(part: upload.Part) -> bytes:
        async for chunk in part.chunks:
            return chunk
        return b""

    whole = [document(b"x" * 10)[:-5], b"y\r\n" + field("after", b"z") + END]
    form: Any = asyncio.run(upload.form(body_of(whole), MARK, store))
    assert form.fields == {"after": "z"}


def test_the_boundary_is_read_from_the_type() -> None:
    assert upload.boundary('multipart/form-data; charset=utf-8; BOUNDARY="a b"') == b"a b"
    assert upload.boundary("application/json") is None
    for bad in ("multipart/form-data", "multipart/form-data; boundary=", f"multipart/form-data; boundary={'y' * 71}"):
        with pytest.raises(upload.BadForm):
            upload.boundary(bad)


@pytest.mark.parametrize("as_form", [False, True])
def test_a_large_upload_passes_in_little_memory(start, as_form: bool) -> None:
    edge = start()
    ask(edge.port, request("/form", TYPE, method="POST", body=document(b"x") + END))
    before = edge.memory()
    piece, count = bytes(range(256)) * 4096, 128
    top, end = (document(b"")[:-2], b"\r\n" + END) if as_form else (b"", b"")
    length = len(top) + count * len(piece) + len(end)
    with Wire(edge.port) as wire:
        wire.send(request("/form" if as_form else "/upload", TYPE, f"Content-Length: {length}", method="POST"), top)
        most = 0
        for _ in range(count):
            wire.send(piece)
            most = max(most, edge.memory())
        wire.send(end)
        reply = wire.reply()
    digest = hashlib.sha256(piece * count).hexdigest()
    assert (reply.json["file"] if as_form else reply.json)["sha256"] == digest
    assert most - before < 16 * 1024 * 1024
