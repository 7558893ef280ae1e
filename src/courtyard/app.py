"""The composition root: settings, database, blobs, dialects under their prefixes."""

import asyncio
from collections.abc import Sequence

from starlette.types import ASGIApp, Receive, Scope, Send

from courtyard.core import clock, installation
from courtyard.dialects import console, oauth, pages, spaces_pe, unpod, v1, workspaces
from courtyard.dialects.v1 import browser
from courtyard.settings import Settings
from courtyard.web.answer import Answer
from courtyard.web.arrival import KEY
from courtyard.web.dialect import Dialect, Policy, Services

DIALECTS = (v1, spaces_pe, unpod, workspaces, oauth, pages, browser, console)
HEALTH, READY = "/health", "/ready"
READY_WITHIN = 5.0


class Front:
    """Hands every request to the dialect that owns its prefix, with the path whole."""

    def __init__(self, dialects: Sequence[Dialect], extra: dict[str, ASGIApp]) -> None:
        self._extra = extra
        self._owners = {prefix: dialect for dialect in dialects for prefix in dialect.speech.prefixes}
        self._deepest = max(prefix.count("/") for prefix in self._owners)
        self._native = dialects[0]

    def owner(self, path: str) -> Dialect:
        """The dialect with the longest prefix of a path; the native one for an address that is nobody's."""
        prefix = "/".join(path.split("/", self._deepest + 1)[: self._deepest + 1])
        while prefix and prefix not in self._owners:
            prefix = prefix.rpartition("/")[0]
        return self._owners.get(prefix, self._native)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        extra = self._extra.get(scope["path"].rstrip("/"))
        if extra is not None:
            await extra(scope, receive, send)
            return
        dialect = self.owner(scope["path"])
        scope[KEY].dialect = dialect.name
        await dialect(scope, receive, send)

    def refuse(self, scope: Scope, status: int, code: str, message: str) -> ASGIApp:
        """The guard's refusals, in the words of the dialect that owns the path."""
        return self.owner(scope["path"]).speech.say(status, code, message, scope[KEY].request_id)


def policy(settings: Settings) -> Policy:
    """What dialects need to know of the settings."""
    return Policy(
        registration=settings.registration,
        plain_http=settings.plain_http,
        upload_limit=settings.upload_limit,
        tus_limit=settings.tus_limit,
        import_limit=settings.import_limit,
        upload_life=settings.upload_hours * clock.HOUR,
        public_url=settings.public_url.rstrip("/"),
        history_days=settings.history_days,
        request_log_days=settings.request_log_days,
        public_links=settings.public_links == "on",
        mail=bool(settings.smtp_url.get_secret_value()),
        tls_port=settings.tls_port,
    )


async def beginning(scope: Scope, receive: Receive, send: Send) -> None:
    """`/`: people go on to the console, without one to their account. Both ask them to sign in."""
    if scope["method"] in ("GET", "HEAD"):
        place = "/console/" if console.is_built() else "/account"
        response = Answer(303, b"", None, {"Location": place, "Cache-Control": "no-store"})
    else:
        response = Answer(405, b"", None, {"Allow": "GET, HEAD"})
    await response(scope, receive, send)


def health(services: Services) -> dict[str, ASGIApp]:
    """`/health` as soon as the process serves, `/ready` once database and blobs do."""

    async def alive(scope: Scope, receive: Receive, send: Send) -> None:
        await Answer(200, b'{"status":"ok"}')(scope, receive, send)

    async def ready(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async with services.database.read() as tx:
                await installation.answers(tx)
            async with asyncio.timeout(READY_WITHIN):
                await services.blobs.ping()
            response = Answer(200, b'{"status":"ready"}')
        except Exception:  # noqa: BLE001 - whatever it is, this process cannot serve
            response = Answer(503, b'{"status":"unavailable"}')
        await response(scope, receive, send)

    return {HEALTH: alive, READY: ready}
