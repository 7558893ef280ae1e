"""What happened to the caller's account, and the browsers that are signed in to it."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response
from typing_extensions import TypedDict

from courtyard.core import accounts, events
from courtyard.core.actor import Actor
from courtyard.core.clock import rfc3339
from courtyard.core.events import Event
from courtyard.core.identity import sessions
from courtyard.core.identity.sessions import Session
from courtyard.dialects.v1.pages import PageShape, Paging, asked, page
from courtyard.web.answer import Answer, raw
from courtyard.web.call import Call
from courtyard.web.route import Route
from courtyard.web.suppliers import Caller, Read, Supplier, Whole, Write

router = APIRouter(route_class=Route, tags=["Self"])


class EventShape(TypedDict):
    """What was done or tried; `own`: by the person themselves. The address of somebody else is told for refusals alone."""

    id: str
    at: str
    action: str
    result: str
    own: bool
    address: str | None
    dialect: str | None
    credential_id: str | None
    application_id: str | None
    object_id: str | None
    detail: dict[str, Any]


def event(fact: Event) -> EventShape:
    return {
        "id": fact.id,
        "at": rfc3339(fact.at),
        "action": fact.action,
        "result": fact.result,
        "own": bool(fact.own),
        "address": fact.address,
        "dialect": fact.dialect,
        "credential_id": fact.credential_id,
        "application_id": fact.application_id,
        "object_id": fact.object_id,
        "detail": raw(fact.detail),  # pyright: ignore[reportReturnType] - JSON text goes out as it rests
    }


class SessionShape(TypedDict):
    """A browser that is signed in: where it was seen last, and what it says that it is. `current`: the one that asks."""

    id: str
    current: bool
    address: str | None
    agent: str | None
    created_at: str
    last_used_at: str
    expires_at: str


def session(caller: Actor, fact: Session) -> SessionShape:
    return {
        "id": fact.id,
        "current": fact.id == caller.session_id,
        "address": fact.address,
        "agent": fact.agent,
        "created_at": rfc3339(fact.created_at),
        "last_used_at": rfc3339(fact.seen_at),
        "expires_at": rfc3339(fact.expires_at),
    }


class SessionDoor(Supplier):
    """One of the caller's sessions."""

    def __call__(self, session_id: str) -> None: ...  # pyright: ignore[reportIncompatibleMethodOverride] - see Supplier

    async def supply(self, call: Call) -> Session:
        async with call.reading() as tx:
            return await sessions.find(tx, call.actor, call.params["session_id"])


OwnSession = Annotated[Session, Depends(SessionDoor())]


@router.get("/v1/me/events", summary="What happened to my account", response_model=PageShape[EventShape])
async def list_events(tx: Read, caller: Caller, call: Whole, paging: Annotated[Paging, Query()]) -> Response:
    """Sign-ins, failures, changes, keys, applications: newest first. Needs the scope `admin`."""
    return page(call, await events.of_person(tx, caller, asked(call, paging)), event)


@router.get("/v1/me/sessions", summary="List my sessions", response_model=PageShape[SessionShape])
async def list_sessions(tx: Read, caller: Caller, call: Whole, paging: Annotated[Paging, Query()]) -> Response:
    """The browsers that are signed in, newest first. Needs the scope `admin`."""
    return page(call, await sessions.page(tx, caller, asked(call, paging)), lambda one: session(caller, one))


@router.delete("/v1/me/sessions", status_code=204, summary="End all other sessions")
async def end_other_sessions(tx: Write, caller: Caller) -> Response:
    """Everywhere but here; logins of other APIs end too, keys and applications go on. Needs the scope `admin`."""
    await accounts.sign_out_everywhere(tx, caller, but_here=True)
    return Answer(204)


@router.delete("/v1/me/sessions/{session_id}", status_code=204, summary="End a session")
async def end_session(tx: Write, caller: Caller, found: OwnSession) -> Response:
    """That browser is signed out with its next request. Needs the scope `admin`."""
    await sessions.end(tx, caller, found)
    return Answer(204)
