"""What the edge knows of a request before anybody reads it, and the ways a body is refused while it is read."""

from collections.abc import MutableMapping
from contextvars import ContextVar
from typing import Any, ClassVar, NamedTuple, cast

from courtyard.core.actor import Actor

KEY = "courtyard"
# What the listener tells the guard: this one could not be parsed; the body of this one is here, nobody waits for it;
# and a function that says whether the client has gone.
REFUSED = "courtyard.refused"
WHOLE = "courtyard.whole"
GONE = "courtyard.gone"

request_id: ContextVar[str] = ContextVar("request_id", default="")


class Refusal(NamedTuple):
    """Why the edge turns a request away: the status, a stable code, and one sentence for the client."""

    status: int
    code: str
    message: str


HEAD_TOO_LARGE = Refusal(431, "headers_too_large", "The request has more or larger headers than are taken.")
URL_TOO_LONG = Refusal(414, "uri_too_long", "The address of the request is too long.")


class Arrival:
    """One request as it came in: `scope["courtyard"]`.

    `route` and `dialect` are empty until the router knows them; the request log prints them.
    """

    https = False
    client = ""
    # Whose credential it came with, once it is known to be good.
    actor: Actor | None = None
    path = ""
    # Headers that a route wants in whatever answer there will be, also when it is not the route that gives it.
    bears: tuple[tuple[bytes, bytes], ...] = ()
    route = ""
    dialect = ""

    def __init__(self, request_id: str) -> None:
        self.request_id = request_id


def arrival(scope: MutableMapping[str, Any]) -> Arrival:
    """What the guard put down for this request."""
    return cast(Arrival, scope[KEY])


class BodyRefused(Exception):
    """The body is turned away while it is read; a dialect may say it, and if none does the guard will."""

    refusal: ClassVar[Refusal]


class BodyTooLarge(BodyRefused):
    """More bytes came than this route takes."""

    refusal = Refusal(413, "body_too_large", "The request body is larger than this address takes.")


class BodyTooSlow(BodyRefused):
    """The client stopped sending, or sends so slowly that it only holds a place."""

    refusal = Refusal(408, "request_timeout", "The request body came too slowly.")


class BodyMalformed(BodyRefused):
    """The framing of the body broke off in the middle, so nothing after it can be trusted."""

    refusal = Refusal(400, "malformed_request", "The request is not well-formed HTTP.")


class BrokenOff(Exception):
    """An answer cannot go on, and says why: the client sees fewer bytes than were announced."""


class ClientGone(Exception):
    """The client hung up before its body or its answer was complete; nobody is left to speak to."""
