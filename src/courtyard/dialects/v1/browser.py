"""v1 in another coat: the same routes under `/console/api`, opened by the session of a browser and by nothing else.

The console speaks only this, so that whatever it can do a program can do too. `/v1` itself never reads a cookie.
"""

from dataclasses import replace

from starlette.types import Scope

from courtyard.core.errors import Forbidden
from courtyard.dialects import v1
from courtyard.web import cookies
from courtyard.web.arrival import arrival
from courtyard.web.dialect import Dialect, Services
from courtyard.web.https import is_local


class HttpsNeeded(Forbidden):
    """Sessions travel over HTTPS only. Open this site with an address that begins with https."""


class Forged(Forbidden):
    """A change by the session of a browser has to come from a page of this very site."""


async def admit(scope: Scope, services: Services) -> None:
    """HTTPS, or plain HTTP from this very machine; changes from our own pages alone. Raises HttpsNeeded, Forged."""
    del services
    if not (arrival(scope).https or is_local(scope)):
        raise HttpsNeeded
    if scope["method"] not in cookies.SAFE and not cookies.own_page(scope["headers"]):
        raise Forged


SPEECH = replace(
    v1.SPEECH,
    name="console",
    title="Courtyard v1 for browsers",
    prefixes=("/console/api",),
    aliases={"/console/api": "/v1"},
    # Its document is that of v1.
    openapi_path="",
    cookie=cookies.SESSION,
    admit=admit,
)


def dialect(services: Services) -> Dialect:
    """v1 for browsers, served by this installation."""
    return Dialect(SPEECH, v1.ROUTERS, services)
