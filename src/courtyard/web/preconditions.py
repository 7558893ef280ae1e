"""Entity tags and what clients ask of them (RFC 9110, sections 8.8.3 and 13)."""

import hashlib

import msgspec

from courtyard.core.errors import Conflict
from courtyard.web.answer import JSON, Answer
from courtyard.web.call import Call


class PreconditionFailed(Conflict):
    """The thing has changed since you saw it."""


def etag(body: bytes) -> str:
    """A strong entity tag of exactly these bytes."""
    return f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'


def matches(header: str, tag: str, *, weak: bool) -> bool:
    """Whether an `If-Match` or `If-None-Match` list names the tag; `weak` compares without the `W/`."""
    wanted = [part.strip() for part in header.split(",")]
    return "*" in wanted or tag in (([part.removeprefix("W/") for part in wanted]) if weak else wanted)


def one(call: Call, content: object, status: int = 200, location: str | None = None) -> Answer:
    """A single thing with its `ETag`; 304 when the client has it already. Raises PreconditionFailed (`If-Match`)."""
    body = msgspec.json.encode(content)
    tag = etag(body)
    headers = {"ETag": tag}
    if call.method in ("GET", "HEAD"):
        expect(call, tag)
        known = call.header(b"if-none-match")
        if known is not None and matches(known, tag, weak=True):
            return Answer(304, b"", None, headers)
    if location is not None:
        headers["Location"] = location
    return Answer(status, body, JSON, headers)


def conditional(call: Call) -> bool:
    """Whether the client asks anything of the thing's state before a change."""
    return call.header(b"if-match") is not None or call.header(b"if-none-match") is not None


def hold(call: Call, content: object) -> None:
    """Before a change: the thing must still be as the client saw it. Raises PreconditionFailed.

    On PostgreSQL somebody else may change it until our commit unless its row is locked before it is read.
    """
    if conditional(call):
        hold_tag(call, etag(msgspec.json.encode(content)))


def hold_tag(call: Call, tag: str | None) -> None:
    """The same for a thing with that entity tag; None: it does not exist yet. Raises PreconditionFailed."""
    expect(call, tag)
    unwanted = call.header(b"if-none-match")
    if unwanted is not None and tag is not None and matches(unwanted, tag, weak=True):
        raise PreconditionFailed


def expect(call: Call, tag: str | None) -> None:
    """`If-Match` alone, for a thing that is only read. Raises PreconditionFailed."""
    wanted = call.header(b"if-match")
    if wanted is not None and (tag is None or not matches(wanted, tag, weak=False)):
        raise PreconditionFailed
