"""A dialect: the routes of one published protocol, and how it says no."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import msgspec
import structlog
from fastapi import APIRouter
from fastapi.openapi.utils import get_openapi
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from courtyard.core.actor import Actor
from courtyard.core.errors import Refusal, StorageFull, TooMany, Unavailable
from courtyard.core.idempotency import KeyInFlight
from courtyard.storage.blobs import Blobs
from courtyard.storage.database import Busy, Database, Down, Full
from courtyard.web import input as reading
from courtyard.web.answer import Answer
from courtyard.web.arrival import KEY
from courtyard.web.call import Call
from courtyard.web.cursors import Cursors
from courtyard.web.rates import RateExceeded
from courtyard.web.route import Route
from courtyard.web.table import Match, Table

Headers = list[tuple[bytes, bytes]]


class Taker(Protocol):
    """Counts what somebody takes; `rates.Rates` is one."""

    def take(self, name: str, key: str) -> Any: ...


class Usage(Protocol):
    """Notes that a credential was used, off the request path."""

    def note(self, actor: Actor) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The settings that dialects act upon (see `courtyard.settings` for each)."""

    registration: Literal["open", "invited", "closed"] = "invited"
    plain_http: bool = False
    upload_limit: int = 100 * 1024 * 1024
    public_url: str = ""


@dataclass(frozen=True, slots=True)
class Services:
    """What the installation lends to its dialects."""

    database: Database
    blobs: Blobs
    cursors: Cursors
    rates: Taker
    usage: Usage
    policy: Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """How one protocol speaks: everything in which dialects differ before their routes begin.

    `secret` gives the presented credential or None; `refuse` turns a refusal of the core into an answer; `say` makes an
    answer of a status, a code and a message; `decode` reads a body; `admit` refuses requests as such (HTTPS).
    """

    name: str
    title: str
    description: str
    prefixes: tuple[str, ...]
    openapi_path: str
    security: dict[str, Any]
    secret: Callable[[Headers], str | None]
    refuse: Callable[[Refusal, str], Answer]
    say: Callable[[int, str, str, str], Answer]
    decode: Callable[[str | None, bytes], Any] = field(default_factory=lambda: decode_json)
    admit: Callable[[Scope, Services], None] = field(default=lambda scope, services: None)


def decode_json(content_type: str | None, body: bytes) -> Any:
    """The value of a JSON body. Raises UnsupportedType for another type, Malformed."""
    kind = (content_type or "").partition(";")[0].strip().lower()
    if kind != "application/json" and not kind.endswith("+json"):
        raise reading.UnsupportedType
    return reading.json(body)


class Dialect:
    """One protocol at work: an ASGI app for everything under its prefixes, paths whole."""

    def __init__(self, speech: Speech, routers: Sequence[APIRouter], services: Services) -> None:
        self.speech = speech
        self.services = services
        self.name = speech.name
        self.secret = speech.secret
        self.decode = speech.decode
        self.routes = [route for router in routers for route in router.routes if isinstance(route, Route)]
        self._table = Table(self.routes)
        self._openapi = b""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self.answer(scope, receive)
        await response(scope, receive, send)

    async def answer(self, scope: Scope, receive: Receive) -> ASGIApp:
        """The answer of this dialect to a request; every refusal is in its words."""
        request_id = scope[KEY].request_id
        path: str = scope["path"]
        if path.rstrip("/") == self.speech.openapi_path:
            return self._document(scope, request_id)
        try:
            self.speech.admit(scope, self.services)
            match = self._table.find(path)
            if match is None or "\0" in path:
                return self.speech.say(404, "not_found", "There is nothing at this address.", request_id)
            if scope["method"] not in match.routes:
                return self._wrong_method(scope["method"], match, request_id)
            route, names = match.routes[scope["method"]]
            scope[KEY].route = route.path
            return await route.serve(Call(self, scope, receive, dict(zip(names, match.values, strict=True))))
        except Refusal as refusal:
            return self.refuse(refusal, request_id)
        except (Full, Down, Busy) as trouble:
            return self.refuse(_troubles(trouble), request_id)

    def refuse(self, refusal: Refusal, request_id: str) -> Answer:
        """A refusal of the core in this dialect's words, with what HTTP itself has to say of it."""
        response = self.speech.refuse(refusal, request_id)
        if isinstance(refusal, RateExceeded):
            response.headers.update(refusal.headers())
        elif isinstance(refusal, TooMany):
            response.headers["retry-after"] = str(refusal.retry_after)
        elif isinstance(refusal, KeyInFlight):
            response.headers["retry-after"] = "1"
        return response

    def _wrong_method(self, method: str, match: Match, request_id: str) -> Response:
        response = self.speech.say(405, "method_not_allowed", f'Method "{method}" not allowed.', request_id)
        response.headers["allow"] = ", ".join(sorted(match.routes))
        return response

    def _document(self, scope: Scope, request_id: str) -> Response:
        if scope["method"] not in ("GET", "HEAD"):
            return self._wrong_method(
                scope["method"], Match(dict.fromkeys(("GET", "HEAD"), (self.routes[0], ())), ()), request_id
            )
        if not self._openapi:
            self._openapi = msgspec.json.encode(self.openapi())
        return Answer(200, self._openapi)

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI 3.1 document of this dialect."""
        document = get_openapi(
            title=self.speech.title,
            version="1",
            openapi_version="3.1.0",
            description=self.speech.description,
            routes=self.routes,
        )
        components = document.setdefault("components", {})
        components["securitySchemes"] = self.speech.security
        demands: list[dict[str, list[str]]] = [{name: []} for name in self.speech.security]
        for route in self.routes:
            if not route.meets_caller or not route.include_in_schema:
                continue
            for method in route.methods or ():
                operation = document["paths"][route.path_format][method.lower()]
                operation["security"] = demands if route.names_caller else [{}, *demands]
        return document


def _troubles(trouble: Exception) -> Refusal:
    if isinstance(trouble, Full):
        return StorageFull()
    if isinstance(trouble, Down):
        structlog.get_logger("courtyard.storage").error("storage down", reason=str(trouble))
        return Unavailable()
    return KeyInFlight("Another request is changing this. Try again.")
