"""What an application is told of its person, by `id_token` and at the userinfo endpoint (OpenID Connect Core, 2 and 5)."""

import base64
import hashlib
from typing import Any

import msgspec
from joserfc import jwt
from joserfc.jwk import RSAKey

from courtyard.core import clock
from courtyard.core.identity import people
from courtyard.storage.database import Read

LIFE = clock.HOUR
CLAIMS = ("sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "at_hash")
BY_SCOPE = {"profile": ("name", "preferred_username"), "email": ("email", "email_verified")}


class Occasion(msgspec.Struct, frozen=True):
    """What is told besides the person: by whom, to which application, together with which access token, and since when
    it is known that it is them.
    """

    issuer: str
    client_id: str
    access_token: str
    authenticated_at: int
    nonce: str | None


async def claims(tx: Read, person_id: str, scopes: str) -> dict[str, Any]:
    """What these scopes tell of a person; `sub` is their id, which never changes. Raises NotFound."""
    person, told = await people.find(tx, person_id), scopes.split()
    known: dict[str, Any] = {"sub": person.id}
    if "profile" in told:
        known |= {"name": person.username, "preferred_username": person.username}
    if "email" in told and (address := people.mailable(person.email)) is not None:
        known |= {"email": address, "email_verified": person.email_verified_at is not None}
    return known


def signed(key: RSAKey, known: dict[str, Any], occasion: Occasion) -> str:
    """The `id_token` with these claims."""
    now = clock.now() // clock.SECOND
    told = {
        **known,
        "iss": occasion.issuer,
        "aud": occasion.client_id,
        "exp": now + LIFE // clock.SECOND,
        "iat": now,
        "auth_time": occasion.authenticated_at // clock.SECOND,
        "at_hash": half_hash(occasion.access_token),
    }
    if occasion.nonce is not None:
        told["nonce"] = occasion.nonce
    return jwt.encode({"alg": "RS256", "kid": key.kid, "typ": "JWT"}, told, key)


def half_hash(token: str) -> str:
    """The left half of its SHA-256 (OpenID Connect Core, section 3.1.3.6)."""
    return base64.urlsafe_b64encode(hashlib.sha256(token.encode()).digest()[:16]).decode().rstrip("=")
