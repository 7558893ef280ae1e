"""What tus 1.0 says in headers (https://tus.io/protocols/resumable-upload): read strictly, written for every answer."""

import base64
import binascii
import hashlib
import re
from email.utils import formatdate
from typing import Any

from courtyard.core import clock
from courtyard.core.artifacts import NewArtifact
from courtyard.core.errors import Conflict, Invalid, TooLarge
from courtyard.core.uploads import NewUpload, Upload
from courtyard.web.call import Call
from courtyard.web.input import json
from courtyard.web.resumable import Checksum

VERSION = "1.0.0"
ALGORITHMS = ("sha1", "sha256", "sha512")
EXTENSIONS = "creation,creation-with-upload,creation-defer-length,expiration,checksum,termination,concatenation"
OFFSET_TYPE = "application/offset+octet-stream"
PARTS = 1_000
_NUMBER = re.compile(r"[0-9]{1,18}")
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")
_PART = re.compile(r"(?:https?://[^/\s]+)?(?:/api-proxy)?/v1/spaces/([^/\s]+)/uploads/([^/\s?#]+)/?")


class BadHeader(Invalid):
    """A header of the upload is missing or cannot be read."""


class OtherVersion(Conflict):
    """This speaks tus 1.0.0."""


def version(call: Call) -> None:
    """Refuse a client of another protocol before anything else. Raises OtherVersion."""
    if call.header(b"tus-resumable") != VERSION:
        raise OtherVersion


def number(call: Call, name: bytes) -> int | None:
    """A whole number; None when it is not there. Raises BadHeader."""
    value = call.header(name)
    if value is None:
        return None
    if not _NUMBER.fullmatch(value):
        raise BadHeader(name.decode(), "This is no whole number.")
    return int(value)


def offset(call: Call) -> int:
    """Where the body belongs. Raises BadHeader."""
    value = number(call, b"upload-offset")
    if value is None:
        raise BadHeader("upload-offset", "Upload-Offset says where the bytes belong.")
    return value


def length(call: Call) -> int | None:
    """The length of the whole, or None when it is to be said later. Raises BadHeader, TooLarge."""
    value, deferred = number(call, b"upload-length"), call.header(b"upload-defer-length")
    if deferred not in (None, "1") or (value is None) == (deferred is None):
        raise BadHeader("upload-length", "Either Upload-Length, or Upload-Defer-Length: 1.")
    return bounded(call, value)


def bounded(call: Call, value: int | None) -> int | None:
    """A length that is not too large. Raises TooLarge."""
    most = call.services.policy.tus_limit
    if value is not None and value > most:
        raise TooLarge(f"At most {most} bytes.")
    return value


def checksum(call: Call) -> Checksum | None:
    """What the body has to be. Raises BadHeader, for an unknown algorithm too."""
    value = call.header(b"upload-checksum")
    if value is None:
        return None
    algorithm, _, encoded = value.partition(" ")
    digest = _decoded("upload-checksum", encoded)
    if algorithm not in ALGORITHMS or len(digest) != hashlib.new(algorithm, usedforsecurity=False).digest_size:
        raise BadHeader("upload-checksum", f"One of {', '.join(ALGORITHMS)}, and its digest in Base64.")
    return Checksum(algorithm, digest)


def parts(call: Call, space_id: str) -> list[str] | None:
    """The ids of the uploads to join, None for an upload of its own. Raises BadHeader."""
    value = call.header(b"upload-concat") or "partial"
    if value == "partial":
        return None
    found = [_PART.fullmatch(address) for address in value.removeprefix("final;").split()]
    named = [match[2] for match in found if match is not None and match[1] == space_id]
    if not value.startswith("final;") or not 0 < len(set(named)) == len(found) <= PARTS:
        raise BadHeader("upload-concat", f"`partial`, or `final;` and up to {PARTS} different uploads of this space.")
    return named


def described(call: Call, size: int | None) -> NewUpload:
    """The upload that a client wants to begin, or to make of parts. Raises BadHeader, Invalid."""
    said = call.header(b"upload-metadata") or ""
    words = metadata(said)
    sha256 = words.get("sha256")
    if sha256 is not None and not _SHA256.fullmatch(sha256):
        raise Invalid("sha256", "64 hexadecimal digits.", code="sha256")
    return NewUpload(
        length=size,
        new=None if call.header(b"upload-concat") == "partial" else _new(words),
        said=said,
        sha256=sha256.lower() if sha256 else None,
        life=call.services.policy.upload_life,
    )


def metadata(said: str) -> dict[str, str]:
    """The pairs of `Upload-Metadata`. Raises BadHeader."""
    words: dict[str, str] = {}
    for pair in said.split(",") if said.strip() else ():
        key, _, encoded = pair.strip().partition(" ")
        if not key or key in words:
            raise BadHeader("upload-metadata", "Pairs of a name and Base64, each name once.")
        try:
            words[key] = _decoded("upload-metadata", encoded).decode()
        except UnicodeDecodeError:
            raise BadHeader("upload-metadata", "What is encoded is UTF-8.") from None
        if "\0" in words[key]:
            raise BadHeader("upload-metadata", "NUL is not allowed.")
    return words


def _new(words: dict[str, str]) -> NewArtifact:
    """What the artifact is to be called, in the words of the upload route. Raises Invalid, Malformed."""
    name = words.get("name") or words.get("filename")
    if not name:
        raise Invalid("name", "An upload needs a filename.", code="required")
    more = words.get("metadata")
    facts: Any = {} if more is None else json(more.encode())
    return NewArtifact(
        name=name,
        document_type=words.get("type") or "file",
        content_type=words.get("filetype") or "application/octet-stream",
        thread_id=words.get("thread_id") or None,
        metadata=facts,
        tags=[tag.strip() for tag in words.get("tags", "").split(",") if tag.strip()],
    )


def _decoded(name: str, encoded: str) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise BadHeader(name, "This is not Base64.") from None


def place(upload: Upload) -> str:
    """The address of an upload."""
    return f"/v1/spaces/{upload.space_id}/uploads/{upload.id}"


def told(upload: Upload) -> dict[str, str]:
    """What every answer about an upload says."""
    return {
        "Upload-Offset": str(upload.received),
        "Upload-Expires": formatdate(upload.expires_at / clock.SECOND, usegmt=True),
    }


def shown(upload: Upload, joins: list[str]) -> dict[str, str]:
    """What HEAD says of one."""
    headers = {**told(upload), "Cache-Control": "no-store"}
    headers |= {"Upload-Defer-Length": "1"} if upload.length is None else {"Upload-Length": str(upload.length)}
    if upload.said:
        headers["Upload-Metadata"] = upload.said
    if upload.kind == "partial":
        headers["Upload-Concat"] = "partial"
    elif upload.kind == "final":
        headers["Upload-Concat"] = "final;" + " ".join(f"/v1/spaces/{upload.space_id}/uploads/{part}" for part in joins)
    return headers
