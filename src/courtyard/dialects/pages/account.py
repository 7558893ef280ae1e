"""The account as its person sees it: what it is, sessions, and applications that were let in."""

from fastapi import APIRouter
from starlette.responses import Response

from courtyard.core import accounts
from courtyard.core.identity import people, second, sessions
from courtyard.core.oauth import consents
from courtyard.core.paging import Page
from courtyard.dialects.pages import views
from courtyard.dialects.pages.agents import browser
from courtyard.dialects.pages.forms import Form
from courtyard.dialects.pages.visitors import OwnForm, SignedIn
from courtyard.web.answer import Answer
from courtyard.web.route import Route
from courtyard.web.suppliers import Read, Whole, Write

router = APIRouter(route_class=Route, include_in_schema=False)
SHOWN = 100
STYLED = {"Cache-Control": "max-age=3600", "X-Content-Type-Options": "nosniff"}
PLAIN = {"read": "see your spaces", "write": "change your spaces", "admin": "manage your keys"}
KNOWN = {"profile": "username", "email": "e-mail address"}


def may(scopes: str) -> str:
    """What an application was let do, in one line."""
    words = [PLAIN[scope] for scope in scopes.split() if scope in PLAIN]
    known = [KNOWN[scope] for scope in scopes.split() if scope in KNOWN]
    if known:
        words.append(f"know your {' and '.join(known)}")
    return "May " + ", ".join(words) if words else "Knows who you are"


@router.get("/account")
async def account_page(tx: Read, caller: SignedIn, call: Whole) -> Response:
    here = call.found["session"].id
    return views.page(
        call,
        "account",
        person=await people.find(tx, caller.person_id),
        ways=await second.ways(tx, caller.person_id),
        sessions=[
            {
                "id": one.id,
                "browser": browser(one.agent),
                "agent": one.agent or "",
                "address": one.address or "an unknown address",
                "seen": one.seen_at,
                "here": one.id == here,
            }
            for one in (await sessions.page(tx, caller, Page(SHOWN))).items
        ],
        consents=[
            {"id": one.id, "name": one.application_name, "may": may(one.scopes), "since": one.created_at}
            for one in (await consents.page(tx, caller, Page(SHOWN))).items
        ],
    )


@router.post("/account/sessions/{session_id}/end")
async def end_session(tx: Write, caller: SignedIn, own: OwnForm, session_id: str, body: Form) -> Response:
    await sessions.end(tx, caller, await sessions.find(tx, caller, session_id))
    return views.go("/account")


@router.post("/account/sessions/end")
async def end_others(tx: Write, caller: SignedIn, own: OwnForm, body: Form) -> Response:
    """Everywhere but here."""
    await accounts.sign_out_everywhere(tx, caller, but_here=True)
    return views.go("/account")


@router.post("/account/consents/{consent_id}/withdraw")
async def withdraw_consent(tx: Write, caller: SignedIn, own: OwnForm, consent_id: str, body: Form) -> Response:
    """Every token of the application ends at once."""
    await consents.withdraw(tx, caller, await consents.find(tx, caller, consent_id))
    return views.go("/account")


@router.get("/pages/style.css", response_class=Response)
async def style() -> Response:
    return Answer(200, views.STYLE, "text/css; charset=utf-8", STYLED)
