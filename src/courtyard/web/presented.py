"""Which credential a request presents, and in which form."""

import base64
import binascii
from collections.abc import Callable
from typing import Literal, NamedTuple

from courtyard.core.errors import Invalid, InvalidCredential

Form = Literal["x-api-key", "basic", "token", "bearer", "other"]


class Presented(NamedTuple):
    """A form and the secret in it, which may be empty or anything."""

    form: Form
    secret: str


class TwoCredentials(Invalid):
    """Two different credentials were sent."""

    def __init__(self) -> None:
        super().__init__("authorization")


def presented(headers: list[tuple[bytes, bytes]]) -> list[Presented]:
    """Every credential of the request, each secret once. Raises TwoCredentials when they differ."""
    found: list[Presented] = []
    for name, value in headers:
        if name == b"authorization":
            found.append(_authorization(value.decode("latin-1")))
        elif name == b"x-api-key":
            found.append(Presented("x-api-key", value.decode("latin-1").strip()))
    if len(found) > 1 and len({one.secret for one in found}) > 1:
        raise TwoCredentials
    return found


def taking(*forms: Form) -> Callable[[list[tuple[bytes, bytes]]], str | None]:
    """How a dialect that publishes these forms reads the credential: None when there is none.

    Raises InvalidCredential for one in another form, TwoCredentials.
    """

    def secret(headers: list[tuple[bytes, bytes]]) -> str | None:
        found = presented(headers)
        if not found:
            return None
        for form, value in found:
            if form in forms:
                return value
        raise InvalidCredential

    return secret


def _authorization(value: str) -> Presented:
    scheme, _, rest = value.strip().partition(" ")
    word, rest = scheme.lower(), rest.strip()
    if word == "basic":
        return Presented("basic", _user_name(rest))
    if word == "token" or word == "bearer":
        return Presented(word, rest)
    return Presented("other", rest)


def _user_name(encoded: str) -> str:
    """The user name of Basic credentials (RFC 7617, section 2); the password is ignored."""
    try:
        return base64.b64decode(encoded, validate=True).decode().partition(":")[0]
    except (binascii.Error, ValueError):
        return ""
