"""What happened to an account, for its person: in sentences, newest first."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from courtyard.core import events
from courtyard.core.paging import Page
from courtyard.dialects.pages import views
from courtyard.dialects.pages.forms import Older
from courtyard.dialects.pages.visitors import SignedIn
from courtyard.web.route import Route
from courtyard.web.suppliers import Read, Whole

router = APIRouter(route_class=Route, include_in_schema=False)
SHOWN = 50
SENTENCES = {
    "application.created": "An application was made",
    "application.deleted": "An application was deleted",
    "application.secret_refused": "A wrong secret was given for an application",
    "application.secret_renewed": "An application got another secret",
    "application.updated": "An application was changed",
    "consent.granted": "An application was let in",
    "consent.withdrawn": "An application was put out",
    "email.change_asked": "Another e-mail address was asked for",
    "email.changed": "The e-mail address was changed",
    "email.verification_asked": "A link to verify the e-mail address was asked for",
    "email.verified": "The e-mail address was verified",
    "installation.set_up": "This Courtyard was set up",
    "key.created": "A key was made",
    "key.revoked": "A key was revoked",
    "key.rotated": "A key was rotated",
    "key.updated": "A key was changed",
    "login.all_ended": "Signed out everywhere",
    "login.locked": "Guessing was stopped for a while",
    "login.refused": "A sign-in was refused",
    "passkey.added": "A passkey was added",
    "passkey.refused": "A passkey was refused",
    "passkey.removed": "A passkey was removed",
    "passkey.renamed": "A passkey was renamed",
    "password.changed": "The password was changed",
    "password.refused": "A wrong password was given to confirm",
    "password.reset": "The password was changed by a mailed link",
    "password.reset_asked": "A link to a new password was asked for",
    "person.claimed": "The account was claimed",
    "person.created": "The account was made",
    "person.demoted": "Rights of a platform administrator were taken",
    "person.disabled": "The account was disabled",
    "person.enabled": "The account was enabled again",
    "person.invited": "Somebody was invited",
    "person.known": "Somebody tried to register with this address",
    "person.promoted": "Rights of a platform administrator were given",
    "person.renamed": "The username was changed",
    "second.added": "An authenticator app was added",
    "second.asked": "An authenticator app was to be set up",
    "second.cleared": "All second factors were taken away",
    "second.codes_made": "New recovery codes were made",
    "second.recovered": "A recovery code was used",
    "second.refused": "A wrong code was given",
    "second.removed": "The authenticator app was taken away",
    "session.all_ended": "Sessions were ended",
    "session.confirmed": "It was confirmed once more who is signed in",
    "session.ended": "A session was ended",
    "session.halfway": "The password was right, the second factor missing",
    "session.started": "Signed in",
    "token.family_revoked": "The tokens of an application were revoked: one was used twice",
}


def sentence(action: str) -> str:
    """What happened, for people."""
    return SENTENCES.get(action) or action.replace(".", ": ").replace("_", " ").capitalize()


@router.get("/account/events")
async def events_page(tx: Read, caller: SignedIn, call: Whole, asked: Annotated[Older, Query()]) -> Response:
    found = await events.of_person(tx, caller, Page(SHOWN, after=asked.after or None))
    return views.page(
        call,
        "events",
        events=[
            {
                "says": sentence(one.action),
                "refused": one.result == "refused",
                # Whoever was not signed in yet (who registered, say) came from an address that is told.
                "other": not one.own and one.address is None and one.result != "refused",
                "address": one.address or "",
                "at": one.at,
            }
            for one in found.items
        ],
        older=found.items[-1].id if found.more else "",
        newest=not asked.after,
    )
