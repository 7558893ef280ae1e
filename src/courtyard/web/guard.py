"""The outermost door: what is no well-formed, bounded request never reaches a dialect."""

import re
import secrets
from collections.abc import Callable
from itertools import count

import structlog
from starlette.types import ASGIApp, Receive, Scope, Send

from courtyard.web import arrival as arrivals
from courtyard.web.arrival import (
    HEAD_TOO_LARGE,
    KEY,
    REFUSED,
    URL_TOO_LONG,
    Arrival,
    BodyMalformed,
    BodyRefused,
    BodyTooLarge,
    BrokenOff,
    ClientGone,
    Refusal,
)
from courtyard.web.exchange import Bounds, Exchange
from courtyard.web.https import BadForwarding, Proxies

MALFORMED = BodyMalformed.refusal
BAD_HOST = Refusal(400, "bad_host", "The request needs exactly one valid Host header.")
BROKEN = Refusal(500, "internal_error", "Something went wrong on our side.")

# A second one of these would let two readers of the same request understand two different things.
_SINGLE = frozenset((b"host", b"content-length", b"transfer-encoding"))
_WATCHED = _SINGLE | {b"x-request-id", b"expect"}
_HOST = re.compile(rb"(?:[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,252})|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")
_SAFE_ID = re.compile(rb"[A-Za-z0-9._-]{1,128}")
_LENGTH = re.compile(rb"[0-9]{1,18}")
_KNOWN_HOSTS = 1_000

Limit = Callable[[str, str], int]
Refuse = Callable[[Scope, int, str, str], ASGIApp]
# One line per request: the arrival, the method, the status, the seconds it took.
RequestLog = Callable[[Arrival, str, int, float], None]

_log = structlog.stdlib.get_logger("courtyard.guard")


class Guard:
    """ASGI middleware around everything that is served."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        limit: Limit,
        refuse: Refuse,
        proxies: Proxies | None = None,
        log: RequestLog | None = None,
        bounds: Bounds | None = None,
    ) -> None:
        """`limit(method, path)` is the largest body of a route in bytes; `refuse(scope, status, code, message)` gives
        the answer in the words of the dialect that owns the path.
        """
        self._app = app
        self._limit = limit
        self._refuse = refuse
        self._proxies = proxies or Proxies()
        self._log = log
        self._bounds = bounds or Bounds()
        self._prefix = secrets.token_hex(6)
        self._numbers = count(1)
        self._hosts: set[bytes] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        arrival = scope[KEY] = Arrival(f"{self._prefix}-{next(self._numbers):x}")
        arrival.path = scope["path"]
        exchange = Exchange(scope, receive, send, arrival, self._bounds)
        try:
            refusal = self._inspect(scope, exchange)
            arrivals.request_id.set(arrival.request_id)
            if refusal is None:
                await self._app(scope, exchange.receive, exchange.send)
            else:
                await self._turn_away(exchange, refusal)
        except BodyRefused as refused:
            await self._turn_away(exchange, refused.refusal)
        except ClientGone:
            pass
        except BrokenOff as broken:
            _log.error("broken off", route=arrival.route, reason=str(broken))
        except Exception:  # noqa: BLE001 - whatever it is, the client gets an answer and the log the trace
            _log.exception("bug", method=scope["method"], route=arrival.route)
            await self._turn_away(exchange, BROKEN)
        finally:
            if self._log is not None:
                status, seconds = exchange.outcome()
                self._log(arrival, scope["method"], status, seconds)

    async def _turn_away(self, exchange: Exchange, refusal: Refusal) -> None:
        """Answer in the dialect's words; an answer that has begun can only be broken off, which the listener does."""
        if exchange.status:
            return
        exchange.turned_away = True
        status, code, message = refusal
        await self._refuse(exchange.scope, status, code, message)(exchange.scope, exchange.receive, exchange.send)

    def _inspect(self, scope: Scope, exchange: Exchange) -> Refusal | None:
        """Everything that the head of the request tells."""
        seen: dict[bytes, bytes] = {}
        size = 0
        doubled = False
        for name, value in scope["headers"]:
            size += len(name) + len(value) + 4
            if name in _WATCHED:
                doubled = doubled or (name in seen and name in _SINGLE)
                seen[name] = value
        if b"x-request-id" in seen and _SAFE_ID.fullmatch(seen[b"x-request-id"]):
            exchange.arrival.request_id = seen[b"x-request-id"].decode("ascii")
        framed = b"content-length" in seen or b"transfer-encoding" in seen
        body = self._measure(scope, exchange, seen) if framed else None
        return (
            (self._unreadable(scope, exchange) if REFUSED in scope else None)
            or (MALFORMED if doubled else None)
            or self._place(scope, exchange.arrival)
            or self._oversized(scope, size)
            or self._homeless(scope, seen)
            or body
        )

    def _measure(self, scope: Scope, exchange: Exchange, seen: dict[bytes, bytes]) -> Refusal | None:
        """How the body is framed and how much of it may come."""
        length, coding = seen.get(b"content-length"), seen.get(b"transfer-encoding")
        if length == b"0" and coding is None:
            return None
        exchange.ended = False
        exchange.length = -1
        exchange.expects = seen.get(b"expect", b"").lower() == b"100-continue"
        if coding is not None:
            # A coding before the last one would hand compressed bytes to whoever reads the body.
            if length is not None or coding.lower() != b"chunked":
                return MALFORMED
        elif length is None or not _LENGTH.fullmatch(length):
            return MALFORMED
        else:
            exchange.length = int(length)
        exchange.limit = self._limit(scope["method"], scope["path"])
        return BodyTooLarge.refusal if exchange.length > exchange.limit else None

    def _unreadable(self, scope: Scope, exchange: Exchange) -> Refusal:
        """What the listener could not parse: nothing that follows on this connection can be trusted either."""
        exchange.ended, exchange.length, exchange.expects = False, -1, False
        return scope[REFUSED]

    def _place(self, scope: Scope, arrival: Arrival) -> Refusal | None:
        try:
            arrival.https, arrival.client = self._proxies.origin(scope)
        except BadForwarding as bad:
            return Refusal(400, "bad_forwarding", str(bad))
        return None

    def _oversized(self, scope: Scope, size: int) -> Refusal | None:
        bounds = self._bounds
        if len(scope["raw_path"]) + len(scope["query_string"]) >= bounds.url_bytes:
            return URL_TOO_LONG
        if size > bounds.head_bytes or len(scope["headers"]) > bounds.head_lines:
            return HEAD_TOO_LARGE
        return None

    def _homeless(self, scope: Scope, seen: dict[bytes, bytes]) -> Refusal | None:
        """Exactly one valid Host; HTTP/1.0 had none yet."""
        host = seen.get(b"host")
        if scope["http_version"] != "1.1":
            if scope["http_version"] != "1.0":
                return MALFORMED
            if host is None:
                return None
        if host in self._hosts:
            return None
        if host is None or not _HOST.fullmatch(host):
            return BAD_HOST
        if len(self._hosts) < _KNOWN_HOSTS:
            self._hosts.add(host)
        return None
