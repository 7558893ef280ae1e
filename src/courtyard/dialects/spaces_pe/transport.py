"""HTTPS only: what comes in clear is refused before anybody looks at its credential."""

from starlette.types import Scope

from courtyard.dialects.spaces_pe.auth import secret
from courtyard.dialects.spaces_pe.errors import HttpsRequired
from courtyard.web.arrival import arrival
from courtyard.web.dialect import Services
from courtyard.web.exposure import record_exposed
from courtyard.web.https import is_local


async def admit(scope: Scope, services: Services) -> None:
    """Let in what came by HTTPS; by the setting also what came in clear from this machine. Raises HttpsRequired.

    A credential that was sent in clear is as good as published, so its arrival is written down.
    """
    if arrival(scope).https or (services.policy.plain_http and is_local(scope)):
        return
    await record_exposed(scope, services, "spaces_pe", secret)
    raise HttpsRequired
