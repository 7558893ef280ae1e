"""How the Spaces API is told who asks: Basic with the access token as user name, or `Authorization: Bearer`."""

from typing import Any

from courtyard.core.errors import InvalidCredential
from courtyard.web.dialect import Headers
from courtyard.web.presented import presented

SECURITY: dict[str, Any] = {
    "Basic": {"type": "http", "scheme": "basic", "description": "The access token as user name; no password."},
    "Bearer": {"type": "http", "scheme": "bearer"},
}


def secret(headers: Headers) -> str | None:
    """The access token, None when there is none. Raises InvalidCredential for another form, TwoCredentials."""
    found = presented(headers)
    if not found:
        return None
    for form, value in found:
        if form in ("basic", "bearer"):
            return value
    raise InvalidCredential
