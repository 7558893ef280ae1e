"""How the platform is told who asks: `Authorization: Token`, the word in any case."""

from typing import Any

from courtyard.core.errors import InvalidCredential
from courtyard.web.dialect import Headers
from courtyard.web.presented import presented

SECURITY: dict[str, Any] = {
    "Token": {"type": "apiKey", "in": "header", "name": "Authorization", "description": "`Token <token>`"},
}


class EmptyToken(InvalidCredential):
    """Invalid token header. No credentials provided."""


def secret(headers: Headers) -> str | None:
    """The token, None when there is none: another scheme is as good as nothing. Raises EmptyToken, TwoCredentials."""
    for form, value in presented(headers):
        if form == "token":
            if not value:
                raise EmptyToken
            return value
    return None
