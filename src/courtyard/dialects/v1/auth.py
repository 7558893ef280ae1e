"""How v1 is told who asks: `X-API-Key`, or `Authorization: Bearer`."""

from typing import Any

from courtyard.web.presented import taking

SECURITY: dict[str, Any] = {
    "ApiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    "Bearer": {"type": "http", "scheme": "bearer"},
}
secret = taking("x-api-key", "bearer")
