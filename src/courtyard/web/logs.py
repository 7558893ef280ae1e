"""What the server says on stderr: JSON lines, or words for a person when stderr is a terminal; never a secret."""

import asyncio
import atexit
import logging
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from time import time
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, WrappedLogger

from courtyard.web.arrival import Arrival, request_id

# A credential as it is, and as the user name of HTTP Basic (`base64("cy?_…:")`).
_SECRET = re.compile(r"(cy[a-z]_)[0-9A-Za-z]{36}|(Y3l)[0-9A-Za-z+/_-]{50,}={0,2}")
_FLUSH_BYTES = 65_536
_FLUSH_SECONDS = 0.2
# Their lines say what ours say already, or what any client can make them say.
_QUIET = {"uvicorn": logging.WARNING, "uvicorn.error": logging.WARNING, "python_multipart": logging.ERROR}

RequestLine = Callable[[Arrival, str, int, float], None]


def redact(text: str) -> str:
    """Leave nothing of a secret but its kind."""
    return _SECRET.sub(r"\1\2[redacted]", text)


def configure(level: str = "info", stream: TextIO | None = None) -> "Output":
    """Route structlog and every logger of the standard library to one output; called once, before the first line."""
    number: int = getattr(logging, level.upper())
    output = Output(stream or sys.stderr, number)
    output.setFormatter(_formatter(output.is_terminal))
    logging.root.handlers = [output]
    logging.root.setLevel(number)
    for name, least in _QUIET.items():
        logging.getLogger(name).setLevel(max(least, number))
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_chain(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    atexit.register(output.flush)
    return output


class Output(logging.Handler):
    """The one place where lines leave. Request lines are gathered for a moment, everything else leaves at once."""

    def __init__(self, stream: TextIO, level: int) -> None:
        super().__init__()
        self.is_terminal = stream.isatty()
        self._stream = stream
        self._lines: list[str] = []
        self._gathered = 0
        self._second = 0
        self._stamp = ""
        self._wants_requests = level <= logging.INFO

    @property
    def requests(self) -> RequestLine | None:
        """What writes one line per request; None when the level leaves them out."""
        if not self._wants_requests:
            return None
        return self._request_for_people if self.is_terminal else self._request

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._lines.append(redact(self.format(record)) + "\n")
        except Exception:  # noqa: BLE001 - a line that cannot be written must not break what it speaks of
            self.handleError(record)
        self.flush()

    def flush(self) -> None:
        if not self._lines:
            return
        text = "".join(self._lines)
        self._lines.clear()
        self._gathered = 0
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError):
            # Nobody listens any more; there is no place left to say so.
            return

    def _request(self, arrival: Arrival, method: str, status: int, seconds: float) -> None:
        """One JSON line, put together by hand: a renderer costs ten times as much, and none of these needs escaping."""
        self._gather(
            f'{{"time":"{self._now()}","level":"info","event":"request","method":"{method}",'
            f'"route":"{arrival.route}","status":{status},"ms":{seconds * 1000:.2f},'
            f'"dialect":"{arrival.dialect}","request_id":"{arrival.request_id}"}}\n'
        )

    def _request_for_people(self, arrival: Arrival, method: str, status: int, seconds: float) -> None:
        route = arrival.route or "(no route)"
        self._gather(f"{method:6} {route}  {status}  {seconds * 1000:.1f} ms  {arrival.request_id}\n")

    def _gather(self, line: str) -> None:
        if not self._lines:
            asyncio.get_running_loop().call_later(_FLUSH_SECONDS, self.flush)
        self._lines.append(line)
        self._gathered += len(line)
        if self._gathered > _FLUSH_BYTES:
            self.flush()

    def _now(self) -> str:
        now = time()
        second = int(now)
        if second != self._second:
            self._second = second
            self._stamp = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S.")
        return f"{self._stamp}{int((now - second) * 1000):03d}Z"


def _chain() -> list[Callable[..., Any]]:
    return [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        _add_request_id,
        # A traceback with frames and lines, without the values of locals.
        structlog.processors.format_exc_info,
    ]


def _formatter(for_people: bool) -> logging.Formatter:
    renderer = (
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback, timestamp_key="time")
        if for_people
        else structlog.processors.JSONRenderer(ensure_ascii=False, default=str)
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *_chain()],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
    )


def _add_request_id(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    known = request_id.get()
    if known:
        event.setdefault("request_id", known)
    return event
