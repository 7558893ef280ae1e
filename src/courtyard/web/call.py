"""One request on its way through a dialect, and what the installation lends to it."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager, nullcontext
from typing import TYPE_CHECKING, Any

import msgspec

from courtyard.core import clock, events, idempotency
from courtyard.core.actor import Actor, Origin
from courtyard.core.errors import InvalidCredential, Unauthenticated
from courtyard.core.identity import credentials, sessions
from courtyard.core.identity.credentials import OnlyTells
from courtyard.web import cookies, upload
from courtyard.web import input as reading
from courtyard.web.answer import Answer
from courtyard.web.arrival import KEY, Arrival

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.types import Receive, Scope

    from courtyard.core.idempotency import Stored
    from courtyard.storage.database import Read, Write
    from courtyard.web.speech import Services, Speech

_UNSET: Any = object()
KEPT_HEADERS = ("location", "etag", "content-type")


class Call:
    """A request that has found its route.

    `tx` is the route's transaction while it is open; `found` holds what its doors let in to, for the doors after them.
    """

    __slots__ = (
        "_decoded",
        "_query",
        "actor",
        "arrival",
        "body",
        "found",
        "params",
        "receive",
        "scope",
        "services",
        "speech",
        "tx",
    )

    tx: Read | None
    actor: Actor

    def __init__(
        self, speech: Speech, services: Services, scope: Scope, receive: Receive, params: dict[str, str]
    ) -> None:
        self.speech = speech
        self.services = services
        self.scope = scope
        self.receive = receive
        self.params = params
        self.arrival: Arrival = scope[KEY]
        self.body = b""
        self.tx = None
        self.found: dict[str, Any] = {}
        self._decoded: Any = _UNSET
        self._query: list[tuple[str, str]] | None = None

    @property
    def method(self) -> str:
        return self.scope["method"]

    @property
    def path(self) -> str:
        return self.scope["path"]

    def header(self, name: bytes) -> str | None:
        """The value of a header (lower case name); several are one with commas between."""
        values = [value for key, value in self.scope["headers"] if key == name]
        return b", ".join(values).decode("latin-1") if values else None

    def query(self) -> list[tuple[str, str]]:
        """The pairs of the query string. Raises Malformed."""
        if self._query is None:
            self._query = reading.query(self.scope["query_string"])
        return self._query

    def decoded(self) -> Any:
        """The body as the dialect reads it, before any model. Raises Malformed, UnsupportedType."""
        if self._decoded is _UNSET:
            self._decoded = self.speech.decode(self.header(b"content-type"), self.body)
        return self._decoded

    def reading(self) -> AbstractAsyncContextManager[Read]:
        """The route's transaction; one to look by for a route that opens its own."""
        return self.services.database.read() if self.tx is None else nullcontext(self.tx)

    async def read_body(self) -> None:
        """Take in the whole body; the guard has bounded it."""
        self.body = b"".join([piece async for piece in upload.body(self.receive)])

    async def authenticate(self, tx: Read, *, required: bool) -> None:
        """Set `actor` from the presented credential. Raises Unauthenticated, InvalidCredential, TwoCredentials, TooMany."""
        origin = Origin(self.speech.name, self.arrival.client, self.arrival.request_id)
        rates = self.services.rates
        if self.speech.cookie:
            await self._recognize(tx, origin, required=required)
            return
        try:
            secret = self.speech.secret(self.scope["headers"])
        except InvalidCredential:
            rates.take("bad_credentials", origin.address)
            raise
        if secret is None:
            if required:
                raise Unauthenticated
            rates.take("anonymous", origin.address)
            self.actor = Actor(origin)
            return
        try:
            self.actor, last_used = await credentials.authenticate(tx, secret, origin)
        except (InvalidCredential, OnlyTells):
            rates.take("bad_credentials", origin.address)
            raise
        self.arrival.actor = self.actor
        rates.take("api", self.actor.credential_id or "")
        if last_used is None or last_used < clock.now() - clock.MINUTE:
            self.services.usage.note(self.actor)

    async def _recognize(self, tx: Read, origin: Origin, *, required: bool) -> None:
        """Set `actor` from the session of a browser. Raises Unauthenticated, InvalidCredential, TooMany."""
        secret = cookies.read(self.scope["headers"], self.speech.cookie, https=self.arrival.https)
        if not secret:
            if required:
                raise Unauthenticated
            self.services.rates.take("anonymous", origin.address)
            self.actor = Actor(origin)
            return
        try:
            self.actor, session = await sessions.authenticate(tx, secret, origin)
        except InvalidCredential:
            self.services.rates.take("bad_credentials", origin.address)
            raise
        self.arrival.actor = self.actor
        self.services.rates.take("api", session.id)
        self.services.usage.note(self.actor)

    async def audit(self) -> None:
        """Write down what was seen only because a platform administrator asked; changes audit themselves."""
        if self.actor.privileged:
            async with self.services.database.write() as tx:
                for permission, object_id in self.actor.privileged:
                    await events.record(
                        tx,
                        self.actor,
                        "privileged.read",
                        object_id=object_id or None,
                        privileged=True,
                        permission=permission,
                    )

    def once(self, body: bytes | None = None) -> Once | None:
        """The Idempotency-Key of this request, if it sent one; `body` is its canonical form. Raises MalformedKey."""
        header = self.header(b"idempotency-key")
        if header is None:
            return None
        if body is None:
            body = msgspec.json.encode(self.decoded(), order="deterministic") if self.body else b""
        key = idempotency.parse(header)
        # The same call, whichever of its paths it came by.
        path = self.speech.plain(self.path).rstrip("/")
        return Once(self.actor, key, idempotency.fingerprint(self.method, path, self.query(), body))


class Once:
    """An idempotency key in use."""

    def __init__(self, actor: Actor, key: str, fingerprint: bytes) -> None:
        self._actor, self._key, self._fingerprint = actor, key, fingerprint

    async def claim(self, tx: Write) -> Answer | None:
        """Take the key, or give the answer that was given under it. Raises KeyReused."""
        stored = await idempotency.claim(tx, self._actor, self._key, self._fingerprint)
        if stored is None:
            return None
        headers: dict[str, str] = msgspec.json.decode(stored.headers)
        headers["idempotent-replayed"] = "true"
        content_type = headers.pop("content-type", None)
        return Answer(stored.status, stored.body, content_type, headers)

    async def keep(self, tx: Write, response: Response) -> None:
        """Store the answer under the key claimed in this transaction."""
        await idempotency.keep(tx, self._actor, self._key, self._stored(response))

    async def let_go(self, tx: Write) -> None:
        """Drop the answer that was stored: what it tells of is gone with this transaction."""
        await idempotency.let_go(tx, self._actor, self._key)

    def _stored(self, response: Response) -> Stored:
        sent = {name.decode(): value.decode("latin-1") for name, value in response.raw_headers}
        headers = {name: sent[name] for name in KEPT_HEADERS if name in sent}
        body = bytes(response.body)
        return idempotency.Stored(self._fingerprint, response.status_code, msgspec.json.encode(headers).decode(), body)


def refuse_key(call: Call) -> None:
    """Refuse an Idempotency-Key where the answer carries a secret. Raises KeyRefused."""
    if call.header(b"idempotency-key") is not None:
        raise idempotency.KeyRefused("idempotency_key")
