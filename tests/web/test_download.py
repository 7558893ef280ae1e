"""Downloads: parts, conditions, and headers that keep a browser from running anything."""

import unicodedata
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courtyard.web.download import shown_type
from courtyard.web.names import attachment, safe_name
from tests.web.conftest import Edge
from tests.web.edge import CONTENT
from tests.web.wire import Wire, ask, request

SIZE = len(CONTENT)
TAG = f'"{"ab" * 32}"'
PARTS = {
    "first": ("bytes=0-0", 0, 1),
    "some": ("bytes=10-19", 10, 10),
    "to the end": (f"bytes={SIZE - 5}-", SIZE - 5, 5),
    "past the end": (f"bytes={SIZE - 5}-{SIZE * 9}", SIZE - 5, 5),
    "the last": ("bytes=-7", SIZE - 7, 7),
    "more than all from the end": (f"bytes=-{SIZE * 2}", 0, SIZE),
    "all": ("bytes=0-", 0, SIZE),
    "in capitals": ("BYTES=1-2", 1, 2),
    "over several pieces": ("bytes=1000-2500000", 1000, 2_499_001),
}
WHOLE = [
    "bytes=5-4",
    "bytes=a-b",
    "bytes=-",
    "bytes=",
    "lines=1-2",
    "bytes=0-1,3-4",
    "bytes=1-2-3",
    "bytes=" + "9" * 40 + "-",
]
NOTHING = [f"bytes={SIZE}-", f"bytes={SIZE}-{SIZE + 1}", "bytes=-0", "bytes=999999999999999999-"]


@pytest.mark.parametrize("name", PARTS)
def test_a_part_of_a_file(edge: Edge, name: str) -> None:
    asked, start, length = PARTS[name]
    reply = ask(edge.port, request("/file/content", f"Range: {asked}"))
    assert reply.status == 206
    assert reply.header("content-range") == f"bytes {start}-{start + length - 1}/{SIZE}"
    assert reply.header("content-length") == str(length)
    assert reply.body == CONTENT[start : start + length]


@pytest.mark.parametrize("asked", WHOLE)
def test_a_range_that_cannot_be_read_or_several_ones_give_the_whole(edge: Edge, asked: str) -> None:
    reply = ask(edge.port, request("/file/content", f"Range: {asked}"))
    assert (reply.status, reply.header("content-range"), len(reply.body)) == (200, None, SIZE)


@pytest.mark.parametrize("asked", NOTHING)
def test_a_range_outside_the_file_is_refused_without_words(edge: Edge, asked: str) -> None:
    reply = ask(edge.port, request("/file/content", f"Range: {asked}"))
    assert (reply.status, reply.header("content-range"), reply.body) == (416, f"bytes */{SIZE}", b"")


def test_a_range_holds_only_while_the_file_is_the_same(edge: Edge) -> None:
    for validator, status in ((TAG, 206), ('"other"', 200), (f"W/{TAG}", 200), ("Sat, 01 Jan 2028 00:00:00 GMT", 200)):
        reply = ask(edge.port, request("/file/content", "Range: bytes=0-0", f"If-Range: {validator}"))
        assert reply.status == status, validator


def test_what_the_client_has_is_not_sent_again(edge: Edge) -> None:
    for known in (TAG, f'"other", W/{TAG}', "*"):
        reply = ask(edge.port, request("/file/content", f"If-None-Match: {known}", "Range: bytes=0-0"))
        assert (reply.status, reply.header("etag"), reply.header("content-type"), reply.body) == (304, TAG, None, b"")
    assert ask(edge.port, request("/file/content", 'If-None-Match: "other"')).status == 200


def test_head_says_the_same_without_the_bytes(edge: Edge) -> None:
    with Wire(edge.port) as wire:
        wire.send(request("/file/content", "Range: bytes=0-0", method="HEAD"), request("/file/content"))
        head, whole = wire.reply(head=True), wire.reply()
    changing = ("x-request-id", "date")
    assert [pair for pair in head.headers if pair[0] not in changing] == [
        pair for pair in whole.headers if pair[0] not in changing
    ]
    assert whole.body == CONTENT


def test_an_empty_file_is_a_file(edge: Edge) -> None:
    reply = ask(edge.port, request("/file/empty"))
    assert (reply.status, reply.header("content-length")) == (200, "0")
    assert ask(edge.port, request("/file/empty", "Range: bytes=0-")).status == 416
    assert ask(edge.port, request("/file/empty", "Range: bytes=-5")).status == 416


def test_a_file_that_is_gone_does_not_begin_as_a_success(edge: Edge) -> None:
    assert ask(edge.port, request("/file/missing")).status == 500


def test_every_download_carries_the_headers_that_make_it_harmless(edge: Edge) -> None:
    for sent in (request("/file/content"), request("/file/content", "Range: bytes=1-2")):
        reply = ask(edge.port, sent)
        assert reply.header("content-type") == "application/octet-stream"
        assert (
            reply.header("content-disposition") == "attachment; filename=\"uber.html\"; filename*=UTF-8''%C3%BCber.html"
        )
        assert reply.header("x-content-type-options") == "nosniff"
        assert reply.header("content-security-policy") == "sandbox; default-src 'none'"
        assert reply.header("cross-origin-resource-policy") == "same-origin"
        assert reply.header("cache-control") == "private, no-store"
        assert reply.header("accept-ranges") == "bytes"
        assert reply.header("etag") == TAG


def test_only_harmless_types_are_named() -> None:
    for kind in ("image/png", "application/pdf", "text/plain", "text/csv", "application/json", "application/zip"):
        assert shown_type(kind) == kind
    assert shown_type("Text/Plain; charset=utf-8") == "text/plain"
    for kind in (
        None,
        "",
        "text/html",
        "image/svg+xml",
        "text/xml",
        "text/javascript",
        "text/css",
        "x/y",
        "multipart/x",
    ):
        assert shown_type(kind) == "application/octet-stream"


NAMES = {
    "report.pdf": "report.pdf",
    "../../etc/passwd": "passwd",
    "C:\\fakepath\\a.txt": "a.txt",
    "a\r\nb\0.txt": "ab.txt",
    "e\u0301.txt": "\u00e9.txt",
    "evil\u202efdp.exe": "evilfdp.exe",
    'a<b>:"|?*.txt': "ab.txt",
    " spaced . ": "spaced",
    ".hidden": ".hidden",
    "..": "file",
    "a/": "file",
    "": "file",
    "CON": "_CON",
    "lpt1.txt": "_lpt1.txt",
    "y" * 300 + ".pdf": "y" * 251 + ".pdf",
    "\u00e9" * 200: "\u00e9" * 127,
}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_becomes_harmless(name: str) -> None:
    assert safe_name(name) == NAMES[name]


@given(st.text(max_size=400))
def test_whatever_the_name_it_is_one_component_and_stays_so(name: str) -> None:
    safe = safe_name(name)
    assert 0 < len(safe.encode()) <= 255
    assert not set(safe) & set('/\\<>:"|?*\r\n\0')
    assert safe not in (".", "..")
    assert unicodedata.is_normalized("NFC", safe)
    assert safe_name(safe) == safe


@given(st.text(max_size=300))
def test_the_header_of_any_name_is_ascii_and_tells_it_back(name: str) -> None:
    header = attachment(name).decode("ascii")
    assert header.isprintable()
    quoted, extended = header.removeprefix('attachment; filename="').split("\"; filename*=UTF-8''")
    assert not set(quoted) & set('"\\%')
    assert unquote(extended) == safe_name(name)
