"""A dialect: the routes of one published protocol, and how it says no."""

from collections.abc import Sequence
from typing import Any

import msgspec
import structlog
from fastapi import APIRouter
from fastapi.openapi.utils import get_openapi
from pydantic import TypeAdapter
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from courtyard.core.actor import Origin
from courtyard.core.errors import Refusal, StorageFull, Unavailable
from courtyard.core.idempotency import KeyInFlight
from courtyard.storage.database import Busy, Down, Full
from courtyard.web import lockouts
from courtyard.web.answer import Answer
from courtyard.web.arrival import KEY
from courtyard.web.call import Call
from courtyard.web.rates import RateExceeded
from courtyard.web.route import Route
from courtyard.web.speech import Failures, Headers, Policy, Services, Speech, decode_json
from courtyard.web.table import Match, Table

__all__ = ["Dialect", "Failures", "Headers", "Policy", "Services", "Speech", "decode_json"]


class Dialect:
    """One protocol at work: an ASGI app for everything under its prefixes, paths whole."""

    def __init__(self, speech: Speech, routers: Sequence[APIRouter], services: Services) -> None:
        self.speech = speech
        self.services = services
        self.name = speech.name
        self.routes = [route for router in routers for route in router.routes if isinstance(route, Route)]
        self._table = Table(self.routes)
        self._openapi = b""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self.answer(scope, receive)
        try:
            await response(scope, receive, send)
        except (Full, Down) as trouble:
            # Raised before the first byte of a file; whoever has begun to send breaks off in another way.
            refused = self.speech.refusal(_troubles(trouble), scope[KEY].request_id)
            await refused(scope, receive, send)

    async def answer(self, scope: Scope, receive: Receive) -> ASGIApp:
        """The answer of this dialect to a request; every refusal is in its words."""
        request_id = scope[KEY].request_id
        path = self.speech.plain(scope["path"])
        if self.speech.openapi_path and path.rstrip("/") == self.speech.openapi_path:
            return self._document(scope, request_id)
        try:
            if self.speech.admit is not None:
                await self.speech.admit(scope, self.services)
            match = self._table.find(path)
            if match is None or "\0" in path:
                return self.speech.say(404, "not_found", "There is nothing at this address.", request_id)
            if scope["method"] not in match.routes:
                return self._wrong_method(scope["method"], match, request_id)
            route, names = match.routes[scope["method"]]
            scope[KEY].route = route.path
            return await route.serve(
                Call(self.speech, self.services, scope, receive, dict(zip(names, match.values, strict=True)))
            )
        except Refusal as refusal:
            if isinstance(refusal, RateExceeded):
                origin = Origin(self.name, scope[KEY].client, request_id)
                await lockouts.note(self.services.database, refusal, origin)
            return self.speech.refusal(refusal, request_id)
        except (Full, Down, Busy) as trouble:
            return self.speech.refusal(_troubles(trouble), request_id)

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
        if self.speech.failures is not None:
            _describe(document, self.speech.failures)
        return document


def _describe(document: dict[str, Any], failures: Failures) -> None:
    """What every operation may answer besides its success, in place of the framework's own idea of it."""
    components = document["components"]
    shape = TypeAdapter[Any](failures.shape).json_schema(ref_template="#/components/schemas/{model}")
    schemas: dict[str, Any] = components.setdefault("schemas", {})
    schemas.update(shape.pop("$defs", {}))
    schemas["Failure"] = shape
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    content = {failures.media_type: {"schema": {"$ref": "#/components/schemas/Failure"}}}
    described = {str(status): words for status, words in failures.named.items()}
    described |= {"4XX": "Any other refusal", "5XX": "Something is wrong on our side, cannot be reached, is full"}
    components["responses"] = {
        f"Failure{status}": {"description": words, "content": content} for status, words in described.items()
    }
    references = {status: {"$ref": f"#/components/responses/Failure{status}"} for status in described}
    for operations in document["paths"].values():
        for operation in operations.values():
            operation["responses"] |= references


def _troubles(trouble: Exception) -> Refusal:
    if isinstance(trouble, Full):
        return StorageFull()
    if isinstance(trouble, Down):
        structlog.get_logger("courtyard.storage").error("storage down", reason=str(trouble))
        return Unavailable()
    return KeyInFlight("Another request is changing this. Try again.")
