"""What kind of file some bytes are, by their content; a name and a claim only choose between kinds of text."""

from typing import Any, cast

import msgspec
import puremagic

OPAQUE = "application/octet-stream"
HEAD = 64 * 1024
_OFFICE = "application/vnd.openxmlformats-officedocument"
_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"),
    (b"{\\rtf", "application/rtf"),
)
# By a folder that every file of that kind has; the first that is there.
_INSIDE_ZIP = (
    (b"word/", f"{_OFFICE}.wordprocessingml.document"),
    (b"xl/", f"{_OFFICE}.spreadsheetml.sheet"),
    (b"ppt/", f"{_OFFICE}.presentationml.presentation"),
)
_ODF = b"application/vnd.oasis.opendocument."
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OLE_STREAMS = (
    ("WordDocument", "application/msword"),
    ("Workbook", "application/vnd.ms-excel"),
    ("PowerPoint Document", "application/vnd.ms-powerpoint"),
)
_MARKUP = (
    (("<!doctype html", "<html", "<head", "<body", "<script"), "text/html"),
    (("<svg",), "image/svg+xml"),
    (("<?xml",), "application/xml"),
)
_TEXT_NAMES = {
    "csv": "text/csv",
    "md": "text/markdown",
    "markdown": "text/markdown",
    "json": "application/json",
    "js": "text/javascript",
    "css": "text/css",
    "html": "text/html",
    "htm": "text/html",
    "svg": "image/svg+xml",
    "xml": "application/xml",
}
_TEXT_TYPES = frozenset({*_TEXT_NAMES.values(), "text/plain"})
READABLE = frozenset({"text/plain", "text/markdown", "text/csv", "application/json"})
"""The types whose text is kept."""
_CONTROL = frozenset(map(chr, (*range(9), 11, *range(14, 27), *range(28, 32))))


def recognize(head: bytes, tail: bytes, *, whole: bool, name: str, claimed: str) -> str:
    """The media type of a file, from its first and last 64 KiB; `whole`: the head is all of it."""
    for signature, kind in _SIGNATURES:
        if head.startswith(signature):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zip(head, tail)
    if head.startswith(_OLE):
        return _ole(head, tail)
    text = decoded(head, whole=whole)
    if text is not None:
        return _text(text, whole=whole, name=name, claimed=claimed)
    return _by_magic(head)


def decoded(head: bytes, *, whole: bool) -> str | None:
    """The text, if it is UTF-8 without control characters; a character cut off at the end of the head is left out."""
    try:
        text = head.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if whole or error.start < len(head) - 3:
            return None
        text = head[: error.start].decode("utf-8-sig")
    return None if _CONTROL.intersection(text) else text


def _text(text: str, *, whole: bool, name: str, claimed: str) -> str:
    start = text.lstrip()[:256].lower()
    for beginnings, kind in _MARKUP:
        if start.startswith(beginnings):
            return "image/svg+xml" if kind == "application/xml" and "<svg" in text else kind
    kind = _TEXT_NAMES.get(name.rpartition(".")[2].lower() if "." in name else "", claimed)
    if kind not in _TEXT_TYPES:
        kind = "text/plain"
    if whole and start.startswith(("{", "[")) and kind == "text/plain" and _is_json(text):
        return "application/json"
    return "text/plain" if whole and kind == "application/json" and not _is_json(text) else kind


def _is_json(text: str) -> bool:
    try:
        msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


def _zip(head: bytes, tail: bytes) -> str:
    """An archive lists its files at its end, and OpenDocument says its type, uncompressed, at its beginning."""
    if head[30:38] == b"mimetype" and head[38:].startswith(_ODF):
        word = head[38 + len(_ODF) :].partition(b"PK")[0]
        if word in (b"text", b"spreadsheet", b"presentation"):
            return (_ODF + word).decode()
    ends = head + tail
    if b"[Content_Types].xml" in ends:
        return next((kind for folder, kind in _INSIDE_ZIP if folder in ends), "application/zip")
    return "application/zip"


def _ole(head: bytes, tail: bytes) -> str:
    ends = head + tail
    return next((kind for stream, kind in _OLE_STREAMS if stream.encode("utf-16-le") in ends), OPAQUE)


def _by_magic(head: bytes) -> str:
    """The best guess among hundreds of signatures; one of less than four bytes is none."""
    try:
        found: list[Any] = cast("Any", puremagic).magic_string(head)
    except (puremagic.PureError, ValueError):
        return OPAQUE
    sure = [match for match in found if match.mime_type and match.confidence >= 0.3]
    return str(sure[0].mime_type).lower() if sure else OPAQUE
