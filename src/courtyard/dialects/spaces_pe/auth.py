"""How the Spaces API is told who asks: Basic with the access token as user name, or `Authorization: Bearer`."""

from typing import Any

from courtyard.web.presented import taking

SECURITY: dict[str, Any] = {
    "Basic": {"type": "http", "scheme": "basic", "description": "The access token as user name; no password."},
    "Bearer": {"type": "http", "scheme": "bearer"},
}
secret = taking("basic", "bearer")
