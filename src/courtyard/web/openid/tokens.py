"""Whether an `id_token` is from our provider, for us, for this very sign-in (OpenID Connect Core, section 3.1.3.7)."""

# Authlib says nothing of the types of its parameters.
# pyright: reportUnknownMemberType=false

from typing import Any, NamedTuple, cast

from authlib.oidc.core import CodeIDToken
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, RSAKey

from courtyard.core import clock

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
"""By key pairs alone: with a shared secret or without a signature anybody could have made it who knows the client."""
LEEWAY = 60
OLDEST = 600
"""Seconds: a sign-in takes no longer."""
LONGEST = 255


class Untrusted(Exception):
    """The token proves nothing; the message says why, for the log."""


class UnknownKey(Untrusted):
    """It is signed with a key that the provider has not published, or had not when we asked."""


class Expected(NamedTuple):
    """What a good token says."""

    issuer: str
    client_id: str
    nonce: str
    access_token: str


def check(id_token: str, keys: dict[str, Any], expected: Expected) -> dict[str, Any]:
    """The claims of a good token. Raises Untrusted, UnknownKey."""
    header = _header(id_token)
    key = _key(keys, header)
    try:
        token = jwt.decode(id_token, key, algorithms=[header["alg"]])
    except (JoseError, ValueError, TypeError) as error:
        raise Untrusted(f"its signature does not fit: {type(error).__name__}") from None
    claims = CodeIDToken(
        token.claims,
        token.header,
        {
            "iss": {"essential": True, "value": expected.issuer},
            "aud": {"essential": True, "value": expected.client_id},
            "nonce": {"essential": True, "value": expected.nonce},
        },
        {"client_id": expected.client_id, "nonce": expected.nonce, "access_token": expected.access_token},
    )
    now = clock.now() // clock.SECOND
    try:
        claims.validate(now, LEEWAY)
    except (JoseError, ValueError, TypeError) as error:
        raise Untrusted(f"its claims do not fit: {' '.join(str(error).split())[:200]}") from None
    _more(token.claims, now)
    return token.claims


def _header(id_token: str) -> dict[str, Any]:
    try:
        header: Any = jws.extract_compact(id_token.encode()).headers()
    except (JoseError, ValueError, TypeError):
        raise Untrusted("it is no signed token") from None
    if header.get("alg") not in ALGORITHMS:
        raise Untrusted("its algorithm is none that we take")
    return header


def _key(keys: dict[str, Any], header: dict[str, Any]) -> RSAKey | ECKey:
    """The one key that it says it is signed with; where it says nothing, the only one of its kind."""
    kind, kid = "EC" if header["alg"].startswith("ES") else "RSA", header.get("kid")
    fitting = [
        key
        for key in _listed(keys)
        if key.get("kty") == kind
        and key.get("use", "sig") == "sig"
        and key.get("alg", header["alg"]) == header["alg"]
        and (kid is None or key.get("kid") == kid)
    ]
    if len(fitting) != 1:
        raise UnknownKey("it names no key, or one that is not published")
    try:
        (found,) = KeySet.import_key_set({"keys": fitting}).keys
    except (JoseError, ValueError, TypeError, KeyError):
        raise Untrusted("the key that it names cannot be read") from None
    if not isinstance(found, (RSAKey, ECKey)):
        raise Untrusted("the key that it names is of another kind")
    return found


def _listed(keys: dict[str, Any]) -> list[dict[str, Any]]:
    listed: Any = keys.get("keys")
    return [
        cast(dict[str, Any], key)
        for key in (cast(list[Any], listed) if isinstance(listed, list) else [])
        if isinstance(key, dict)
    ]


def _more(claims: dict[str, Any], now: int) -> None:
    """What Authlib leaves to its callers."""
    subject: Any = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST or not subject.isprintable():
        raise Untrusted("it names nobody")
    issued: Any = claims.get("iat")
    if not isinstance(issued, (int, float)) or issued < now - OLDEST:
        raise Untrusted("it is too old")
