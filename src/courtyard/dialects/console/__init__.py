"""console: the built files of the web console under `/console/`. What it does it does through `/console/api`."""

import secrets

from starlette.responses import Response
from starlette.types import Receive, Scope

from courtyard.core.errors import Refusal
from courtyard.dialects.console import built, pages
from courtyard.web.answer import Answer
from courtyard.web.arrival import KEY
from courtyard.web.dialect import Dialect, Services, Speech
from courtyard.web.https import is_local

PREFIX = "/console"


def refuse(refusal: Refusal, request_id: str) -> Answer:
    """Nothing in here refuses by itself; this is for what the core may say one day."""
    return pages.told(500, refusal.message, request_id)


def say(status: int, code: str, message: str, request_id: str) -> Answer:
    del code
    return pages.told(status, message, request_id)


SPEECH = Speech(
    name="console-files",
    title="Courtyard console",
    description="The web console.",
    prefixes=(PREFIX,),
    openapi_path="",
    security={},
    secret=lambda headers: None,
    refuse=refuse,
    say=say,
)


class Console(Dialect):
    """Files by their names, and the one page for every other address: the router in the browser knows them."""

    async def answer(self, scope: Scope, receive: Receive) -> Response:
        arrived = scope[KEY]
        if not (arrived.https or is_local(scope)):
            return pages.told(403, "Open the console with an address that begins with https.", arrived.request_id)
        if scope["method"] not in ("GET", "HEAD"):
            response = pages.told(405, "This address is for looking only.", arrived.request_id)
            response.headers["allow"] = "GET, HEAD"
            return response
        console = built.console()
        if console.index is None:
            return pages.not_built(console.reason)
        path: str = scope["path"].removeprefix(PREFIX)
        file = console.files.get(path)
        if file is not None:
            return file.answer(scope["headers"])
        if path.startswith("/assets/"):
            return pages.told(404, "This file is not part of the console that runs now.", arrived.request_id)
        return pages.index(console.index, secrets.token_urlsafe(18))


def dialect(services: Services) -> Dialect:
    """The console, as far as it was built."""
    return Console(SPEECH, [], services)


def is_built() -> bool:
    """Whether there is a console to lead people to."""
    return built.console().index is not None
