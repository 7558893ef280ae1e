"""An authenticator in software: EC P-256, attestation `none`, as a browser hands its answers over."""

import hashlib
import json
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from webauthn.helpers import encode_cbor

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40
"""Flags of authenticator data (WebAuthn, level 3, section 6.1)."""


class Authenticator:
    """One key that somebody carries. It counts its uses, unless it is of the kind that does not."""

    def __init__(self, origin: str, *, counts: bool = True, verifies: bool = True) -> None:
        self.origin = origin
        self.counts = counts
        self.verifies = verifies
        self.used = 0
        self.id = os.urandom(32)
        self.user: bytes | None = None
        self._key = ec.generate_private_key(ec.SECP256R1())

    def register(self, options: str) -> dict[str, Any]:
        """What `navigator.credentials.create` gives for these options."""
        asked = json.loads(options)
        self.user = unpadded(asked["user"]["id"])
        numbers = self._key.public_key().public_numbers()
        public = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        attested = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + encode_cbor(public)
        data = self._data(asked["rp"]["id"], ATTESTED) + attested
        statement = encode_cbor({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client("webauthn.create", asked["challenge"])
        return self._credential(clientDataJSON=padded(client), attestationObject=padded(statement))

    def answer(self, options: str, **other: Any) -> dict[str, Any]:
        """What `navigator.credentials.get` gives for these options; `other` members replace its own."""
        asked = json.loads(options)
        self.used += self.counts
        data, client = self._data(asked["rpId"]), self._client("webauthn.get", asked["challenge"])
        signature = self._key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        user = {} if self.user is None else {"userHandle": padded(self.user)}
        response = {"clientDataJSON": padded(client), "authenticatorData": padded(data), "signature": padded(signature)}
        return self._credential(**{**response, **user, **other})

    def _data(self, host: str, more: int = 0) -> bytes:
        flags = PRESENT | more | (VERIFIED if self.verifies else 0)
        return hashlib.sha256(host.encode()).digest() + bytes([flags]) + self.used.to_bytes(4, "big")

    def _client(self, kind: str, challenge: str) -> bytes:
        told = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(told).encode()

    def _credential(self, **response: Any) -> dict[str, Any]:
        name = padded(self.id)
        return {"id": name, "rawId": name, "type": "public-key", "response": response, "clientExtensionResults": {}}


def padded(value: bytes) -> str:
    """Base64url without padding."""
    return urlsafe_b64encode(value).decode().rstrip("=")


def unpadded(value: str) -> bytes:
    return urlsafe_b64decode(value + "=" * (-len(value) % 4))
