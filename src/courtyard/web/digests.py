"""Digests that a request promises for its body (RFC 9530): checked before anything comes of the body."""

import base64
import binascii
import hashlib
import hmac
import re

from starlette.types import Message, Receive

from courtyard.core.errors import Invalid
from courtyard.web.call import Call

# Of a body that came whole both say the same: `Repr-Digest` of what it represents, `Content-Digest` of its bytes.
HEADERS = (b"content-digest", b"repr-digest")
_MEMBER = re.compile(r"[ \t]*([a-z*][a-z0-9_.*-]*)=([^,;]*)(?:;[^,]*)?[ \t]*")
_BYTES = re.compile(r":([A-Za-z0-9+/=]*):[ \t]*")
SIZE = 32


class DigestMismatch(Invalid):
    """The bytes are not those that the digest promised."""


class Promise:
    """What the SHA-256 of the body must be; nothing when the request does not say. Other algorithms are ignored."""

    def __init__(self, call: Call) -> None:
        """Raises Invalid for a header that cannot be read."""
        found = {name.decode(): call.header(name) for name in HEADERS}
        self._wanted = {name: digest for name, said in found.items() if said and (digest := _sha256(name, said))}
        self._hash = hashlib.sha256()

    def watched(self, receive: Receive) -> Receive:
        """`receive` for a body whose bytes nobody else hashes."""
        if not self._wanted:
            return receive

        async def watching() -> Message:
            message = await receive()
            self._hash.update(message.get("body", b""))
            return message

        return watching

    def hold(self, sha256: str | None = None) -> None:
        """The body is here: its SHA-256 in hex, or what was watched. Raises DigestMismatch."""
        digest = self._hash.digest() if sha256 is None else bytes.fromhex(sha256)
        for name, wanted in self._wanted.items():
            if not hmac.compare_digest(wanted, digest):
                raise DigestMismatch(name)


def _sha256(name: str, said: str) -> bytes | None:
    """The `sha-256` of a header's dictionary. Raises Invalid."""
    digest = None
    for member in said.split(","):
        match = _MEMBER.fullmatch(member)
        value = match and _BYTES.fullmatch(match[2])
        if match is None or value is None:
            raise Invalid(name, "Pairs of an algorithm and Base64 between colons.", code="digest")
        if match[1] == "sha-256":
            digest = _decoded(name, value[1])
    return digest


def _decoded(name: str, value: str) -> bytes:
    try:
        digest = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        digest = b""
    if len(digest) != SIZE:
        raise Invalid(name, "A SHA-256 has 32 bytes, in Base64.", code="digest")
    return digest
