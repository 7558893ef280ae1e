"""How one protocol speaks, and what the installation lends to all of them."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from starlette.types import Scope

from courtyard.core.actor import Actor
from courtyard.core.errors import Refusal, TooMany
from courtyard.core.idempotency import KeyInFlight
from courtyard.storage.blobs import Blobs
from courtyard.storage.database import Database
from courtyard.web import input as reading
from courtyard.web.answer import Answer
from courtyard.web.cursors import Cursors
from courtyard.web.journal import Journal
from courtyard.web.openid.relying import Providers
from courtyard.web.overview import Overview
from courtyard.web.rates import RateExceeded
from courtyard.web.streams import Streams

Headers = list[tuple[bytes, bytes]]


class Taker(Protocol):
    """Counts what somebody takes; `rates.Rates` is one."""

    def take(self, name: str, key: str, *more: str) -> Any: ...

    def forget(self, name: str, key: str, *more: str) -> None: ...

    def tried(self, name: str, key: str, *more: str) -> AbstractContextManager[None]: ...

    def signing_in(self, client: str, email: str) -> AbstractContextManager[None]: ...


class Usage(Protocol):
    """Notes that a credential was used, off the request path."""

    def note(self, actor: Actor) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The settings that dialects act upon (see `courtyard.settings` for each)."""

    registration: Literal["open", "invited", "closed"] = "invited"
    plain_http: bool = False
    upload_limit: int = 100 * 1024 * 1024
    tus_limit: int = 5 * 1024 * 1024 * 1024
    import_limit: int = 10 * 1024 * 1024 * 1024
    upload_life: int = 24 * 3600 * 1000
    public_url: str = ""
    history_days: int = 365
    request_log_days: int = 7
    public_links: bool = True
    mail: bool = False
    tls_port: int = 0


@dataclass(frozen=True, slots=True)
class Services:
    """What the installation lends to its dialects."""

    database: Database
    blobs: Blobs
    cursors: Cursors
    rates: Taker
    usage: Usage
    policy: Policy
    providers: Providers = field(default_factory=Providers)
    streams: Streams = field(default_factory=Streams)
    journal: Journal = field(default_factory=Journal)
    overview: Overview | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failures:
    """How the OpenAPI document describes what is no success: body, media type, and the statuses that it names one by one.

    For dialects whose routes do not say it themselves (`APIRouter(responses=…)`).
    """

    shape: type
    media_type: str
    named: Mapping[int, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """Everything in which dialects differ before their routes begin.

    `secret` gives the presented credential or None; `refuse` turns a refusal of the core into an answer; `say` makes an
    answer of a status, a code and a message; `decode` reads a body; `admit` refuses requests as such (HTTPS); `aliases`
    are prefixes under which all the routes of another prefix are served too; `failures` is for the document. Without an
    `openapi_path` there is no document: pages are for people. With `cookie` the credential is the browser's session in
    the cookie of that name, and nothing else is one.
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
    admit: Callable[[Scope, Services], Awaitable[None]] | None = None
    aliases: Mapping[str, str] = field(default_factory=dict[str, str])
    failures: Failures | None = None
    cookie: str = ""

    def plain(self, path: str) -> str:
        """The path as the routes are written, whichever prefix it came under."""
        for alias, prefix in self.aliases.items():
            if path.startswith(alias):
                return prefix + path[len(alias) :]
        return path

    def refusal(self, refusal: Refusal, request_id: str) -> Answer:
        """A refusal of the core in this dialect's words, with what HTTP itself has to say of it."""
        response = self.refuse(refusal, request_id)
        if isinstance(refusal, RateExceeded):
            response.headers.update(refusal.headers())
        elif isinstance(refusal, TooMany):
            response.headers["retry-after"] = str(refusal.retry_after)
        elif isinstance(refusal, KeyInFlight):
            response.headers["retry-after"] = "1"
        return response


def decode_json(content_type: str | None, body: bytes) -> Any:
    """The value of a JSON body. Raises UnsupportedType for another type, Malformed."""
    kind = (content_type or "").partition(";")[0].strip().lower()
    if kind != "application/json" and not kind.endswith("+json"):
        raise reading.UnsupportedType
    return reading.json(body)
