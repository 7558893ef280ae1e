"""How workspaces is told who asks: `Authorization: Bearer`."""

from typing import Any

from courtyard.web.presented import taking

SECURITY: dict[str, Any] = {"Bearer": {"type": "http", "scheme": "bearer"}}
secret = taking("bearer")
