"""How workspaces is told who asks: `Authorization: Bearer`."""

from typing import Any

from courtyard.core.errors import InvalidCredential
from courtyard.web.dialect import Headers
from courtyard.web.presented import presented

SECURITY: dict[str, Any] = {"Bearer": {"type": "http", "scheme": "bearer"}}


def secret(headers: Headers) -> str | None:
    """The credential, None when there is none. Raises InvalidCredential for another form, TwoCredentials."""
    found = presented(headers)
    if not found:
        return None
    for form, value in found:
        if form == "bearer":
            return value
    raise InvalidCredential
