"""Credentials that came in clear where HTTPS is required: whoever listened on the way has them now."""

from collections.abc import Callable

from starlette.types import Scope

from courtyard.core import events
from courtyard.core.actor import Origin
from courtyard.core.errors import Refusal
from courtyard.core.identity import credentials
from courtyard.storage.database import Busy, Down, Full
from courtyard.web.arrival import arrival
from courtyard.web.speech import Headers, Services


async def record_exposed(
    scope: Scope, services: Services, dialect: str, secret: Callable[[Headers], str | None]
) -> None:
    """Write down that a working credential was sent in clear. It never refuses, so that the answer tells nothing of it."""
    arrived = arrival(scope)
    origin = Origin(dialect, arrived.client, arrived.request_id)
    try:
        value = secret(scope["headers"])
        if value is None:
            return
        async with services.database.read() as tx:
            actor, _ = await credentials.authenticate(tx, value, origin)
        # Whoever repeats it fills the audit trail no faster than any other request would.
        services.rates.take("api", actor.credential_id or "")
        async with services.database.write() as tx:
            await events.record(tx, actor, "credential.exposed", object_id=actor.credential_id, result="refused")
    except (Refusal, Full, Down, Busy):
        return
