"""A wrong secret of an application that there is: written down where its owner sees it."""

from courtyard.core import events
from courtyard.core.actor import Actor
from courtyard.core.errors import Refusal
from courtyard.core.oauth import applications
from courtyard.dialects.oauth import forms
from courtyard.dialects.oauth.clients import claimed
from courtyard.web.call import Call


async def note_guess(call: Call) -> None:
    """Nothing where no secret was sent, or none is wanted. It never refuses, so that the answer tells nothing of it."""
    try:
        request = forms.request(call)
    except Refusal:
        return
    secret = request.form.get("client_secret", "")
    async with call.services.database.read() as tx:
        client = await claimed(tx, request) if secret else None
    if client is None or client.application.public or applications.knows_secret(client.application, secret):
        return
    application, actor = client.application, Actor(forms.origin(call))
    async with call.services.database.write() as tx:
        await events.record(
            tx,
            actor,
            "application.secret_refused",
            object_id=application.owner_id,
            result="refused",
            application_id=application.id,
        )
