"""Who looks at a page: a session, or nobody yet."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Annotated
from urllib.parse import quote

from fastapi import Depends
from starlette.responses import Response

from courtyard.core.actor import Actor, Origin
from courtyard.core.errors import InvalidCredential
from courtyard.core.identity import sessions
from courtyard.core.identity.mailed import LinkOver
from courtyard.core.identity.sessions import ConfirmFirst, SecondMissing, Session
from courtyard.core.membership.invitations import InvitationOver
from courtyard.dialects.pages import cookies, views
from courtyard.dialects.pages.errors import ConfirmAgain, SignInFirst
from courtyard.web.call import Call
from courtyard.web.suppliers import Supplier

ASKING = ("/oauth/authorize", "/device")
"""Their forms post to where they were shown: whoever signs in again comes back to the question."""


def origin(call: Call) -> Origin:
    """Where the request came in, for the audit trail."""
    return Origin(call.speech.name, call.arrival.client, call.arrival.request_id)


def place(call: Call) -> str:
    """The path and query of this request, to come back to."""
    query: bytes = call.scope["query_string"]
    return call.path + (f"?{query.decode('latin-1')}" if query else "")


async def seek(call: Call) -> tuple[Actor, Session] | None:
    """Whoever is signed in here, if somebody is; counted as whoever it is. Raises TooMany."""
    rates, client = call.services.rates, call.arrival.client
    secret = cookies.read(call, cookies.SESSION)
    if not secret:
        rates.take("anonymous", client)
        return None
    try:
        async with call.reading() as tx:
            found = await sessions.authenticate(tx, secret, origin(call))
    except InvalidCredential:
        rates.take("bad_credentials", client)
        return None
    except SecondMissing:
        rates.take("anonymous", client)
        return None
    rates.take("api", found[1].id)
    call.services.usage.note(found[0])
    return found


@contextmanager
def mailed_token(call: Call) -> Generator[None]:
    """Whoever tries what links of mails end with is slowed down. Raises TooMany."""
    try:
        yield
    except (LinkOver, InvitationOver):
        call.services.rates.take("bad_credentials", call.arrival.client)
        raise


class _SignedIn(Supplier):
    """Whoever is signed in; everybody else is sent to sign in, and back."""

    async def supply(self, call: Call) -> Actor:
        found = await seek(call)
        if found is None:
            raise SignInFirst(place(call) if call.method in ("GET", "HEAD") or call.path in ASKING else "/account")
        call.actor, call.found["session"] = found
        return call.actor


class _Passing(Supplier):
    """Nothing but the certainty that nobody in particular asks no oftener than they may."""

    async def supply(self, call: Call) -> None:
        call.services.rates.take("anonymous", call.arrival.client)


class _Fresh(Supplier):
    """Nothing but the certainty that whoever is signed in proved it within ten minutes; else they do so first, and come back."""

    async def supply(self, call: Call) -> None:
        try:
            async with call.reading() as tx:
                await sessions.require_recent(tx, call.actor)
        except ConfirmFirst:
            # Whatever was posted below a page of the account: the page itself asks again.
            raise ConfirmAgain("/".join(call.path.split("/")[:3])) from None


class _OwnForm(Supplier):
    """Nothing but the certainty that a posted form is ours."""

    async def supply(self, call: Call) -> None:
        posted: dict[str, str] = call.decoded()
        cookies.check_form(call, posted.get("token", ""))


SignedIn = Annotated[Actor, Depends(_SignedIn())]
Passing = Annotated[None, Depends(_Passing())]
"""For a page that is everybody's, whether signed in or not."""
Fresh = Annotated[None, Depends(_Fresh())]
"""After SignedIn: whoever changes how they are known proved lately who they are."""
OwnForm = Annotated[None, Depends(_OwnForm())]


def with_session(call: Call, response: Response, secret: str) -> Response:
    """The answer that begins a session; the cookie of the forms before it has done its work."""
    response.raw_headers.append(cookies.written(call, cookies.SESSION, secret, seconds=sessions.LIFE // 1_000))
    response.raw_headers.append(cookies.written(call, cookies.FORM, ""))
    return response


def entered(call: Call, session: Session, secret: str, target: str) -> Response:
    """The answer to whoever has just begun a session: on to where they wanted, by way of the second factor if there is one."""
    onward = target if session.state == "open" else f"/login/second?next={quote(target, safe='')}"
    return with_session(call, views.go(onward), secret)


def local(target: str) -> str:
    """Where to go after signing in: a path of this site, never another one; by default the beginning, which leads to the console."""
    fine = (
        target.startswith("/") and not target.startswith(("//", "/\\")) and target.isprintable() and "\\" not in target
    )
    return target if fine and target.isascii() else "/"
