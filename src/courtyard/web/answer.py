"""Answers: JSON encoded once, sent as they are."""

from collections.abc import Mapping

import msgspec
from starlette.responses import Response

_encode = msgspec.json.encode
JSON = "application/json"
# What most rows hold.
_EMPTY = {"{}": msgspec.Raw(b"{}"), "[]": msgspec.Raw(b"[]")}


class Answer(Response):
    """A small answer that is ready: status, headers, bytes."""

    def __init__(
        self, status: int, body: bytes = b"", content_type: str | None = JSON, headers: Mapping[str, str] | None = None
    ) -> None:
        self.status_code = status
        self.body = body
        self.background = None
        raw = [(b"content-length", str(len(body)).encode())] if status != 204 and status != 304 else []
        if content_type and body:
            raw.append((b"content-type", content_type.encode()))
        if headers:
            raw.extend((name.lower().encode(), value.encode("latin-1")) for name, value in headers.items())
        self.raw_headers = raw


def answer(status: int, content: object, headers: Mapping[str, str] | None = None) -> Answer:
    """`content` as JSON."""
    return Answer(status, _encode(content), JSON, headers)


def raw(metadata: str) -> msgspec.Raw:
    """JSON that rests as text, put into an answer as it is."""
    return _EMPTY.get(metadata) or msgspec.Raw(metadata.encode())
