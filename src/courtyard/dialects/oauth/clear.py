"""What came in clear where HTTPS is required: whether it is, and a note of each secret in it that works."""

from starlette.types import Scope

from courtyard.core import events
from courtyard.core.actor import Actor, Origin
from courtyard.core.errors import Invalid, Refusal
from courtyard.core.oauth import applications, tokens
from courtyard.core.oauth.applications import Application
from courtyard.core.oauth.tokens import Token
from courtyard.dialects.oauth import forms
from courtyard.dialects.oauth.clients import Request, claimed
from courtyard.web.arrival import BodyRefused, arrival
from courtyard.web.call import Call
from courtyard.web.exposure import record_exposed
from courtyard.web.https import is_local
from courtyard.web.presented import taking
from courtyard.web.speech import Services
from courtyard.web.suppliers import Looking

bearer = taking("bearer")


class HttpsNeeded(Invalid):
    """HTTPS is required."""

    def __init__(self) -> None:
        super().__init__("scheme")


def in_clear(scope: Scope) -> bool:
    """Whether others could listen: neither by HTTPS nor from this very machine."""
    return not arrival(scope).https and not is_local(scope)


async def note_token(scope: Scope, services: Services) -> None:
    """Write down that an access token, or another credential, was sent in clear as one."""
    try:
        secret = bearer(scope["headers"])
        async with services.database.read() as tx:
            found = await tokens.seek(tx, secret or "")
        if found is None or not tokens.alive(found):
            await record_exposed(scope, services, "oauth", bearer)
            return
        # Here, for one that only tells who its person is is no credential elsewhere.
        services.rates.take("api", found.id)
        arrived = arrival(scope)
        await _note(services, Origin("oauth", arrived.client, arrived.request_id), found)
    except Refusal:
        return


async def note_form(call: Call) -> None:
    """Write down that the secret of an application, or one of its tokens, was posted in clear.

    It never refuses, so that the answer tells nothing of it.
    """
    await note_token(call.scope, call.services)
    try:
        await call.read_body()
        request = forms.request(call)
        async with call.services.database.read() as tx:
            application, token = await _proven(tx, request), await _token(tx, request)
        for known in (application, token):
            if known is not None:
                # Whoever repeats it fills the audit trail no faster than any other request would.
                call.services.rates.take("api", known.id)
                await _note(call.services, forms.origin(call), known)
    except (Refusal, BodyRefused):
        return


async def _proven(tx: Looking, request: Request) -> Application | None:
    client = await claimed(tx, request)
    proven = client is not None and applications.knows_secret(client.application, request.form.get("client_secret", ""))
    return client.application if client is not None and proven else None


async def _token(tx: Looking, request: Request) -> Token | None:
    found = await tokens.seek(tx, request.form.get("refresh_token") or request.form.get("token", ""))
    return found if found is not None and tokens.alive(found) else None


async def _note(services: Services, origin: Origin, known: Application | Token) -> None:
    """In the trail of the person whose it is."""
    if isinstance(known, Application):
        actor, action = Actor(origin, known.owner_id, application_id=known.id), "application.secret_exposed"
    else:
        actor = Actor(origin, known.person_id, application_id=known.application_id, credential_id=known.id)
        action = "credential.exposed"
    async with services.database.write() as tx:
        await events.record(tx, actor, action, object_id=known.id, result="refused")
