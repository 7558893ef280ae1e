"""Bodies that are too large to hold: passed on piece by piece, raw or as the file of a multipart form."""

from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, TypeVar, cast

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.types import Receive

from courtyard.web.arrival import ClientGone

FIELD_BYTES = 65_536
FIELDS = 32

T = TypeVar("T")


class BadForm(Exception):
    """The body is no multipart form that can be read; the message is for the client."""


class FormTooLarge(BadForm):
    """The form has more or longer fields than are taken."""


class Part(NamedTuple):
    """The file of a form, on its way: what the client calls it, what type it claims, and its bytes."""

    name: str
    content_type: str | None
    chunks: AsyncIterator[bytes]


@dataclass(frozen=True, slots=True)
class Form(Generic[T]):
    """The text fields, and what became of the file (None when there was none)."""

    fields: dict[str, str]
    file: T | None


async def body(receive: Receive) -> AsyncIterator[bytes]:
    """The request body as it comes. Raises what the guard raises, and ClientGone."""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise ClientGone
        piece: bytes = message.get("body", b"")
        if piece:
            yield piece
        if not message.get("more_body", False):
            return


def boundary(content_type: str) -> bytes | None:
    """The boundary of a `multipart/form-data` type; None for any other type. Raises BadForm when it is missing."""
    essence, options = parse_options_header(content_type)
    if essence != b"multipart/form-data":
        return None
    mark = options.get(b"boundary", b"")
    if not 0 < len(mark) <= 70:
        raise BadForm("The form names no boundary.")
    return mark


async def form(
    receive: Receive, mark: bytes, store: Callable[[Part], Awaitable[T]], file_field: str = "file"
) -> Form[T]:
    """Read a form whose boundary is `mark`; its file goes through `store` while it comes, in constant memory.

    Fields may come before and after the file. Raises BadForm, also from within `chunks` when the form breaks off in the
    middle of the file, so that `store` keeps nothing.
    """
    reader = _Reader(receive, mark)
    fields: dict[str, str] = {}
    stored: list[T] = []
    while (head := await reader.next_part()) is not None:
        if head.name == file_field:
            if stored:
                raise BadForm("The form has more than one file.")
            stored.append(await store(Part(head.file_name or "", head.content_type, reader.chunks())))
            await reader.skip()
        elif head.file_name is not None:
            raise BadForm(f"Only the field '{file_field}' may be a file.")
        else:
            _keep(fields, head.name, await reader.text())
    return Form(fields, stored[0] if stored else None)


def _keep(fields: dict[str, str], name: str, value: str) -> None:
    if name in fields:
        raise BadForm("The form has a field twice.")
    if len(fields) >= FIELDS:
        raise FormTooLarge(f"The form has more than {FIELDS} fields.")
    fields[name] = value


@dataclass(slots=True)
class _Head:
    """What the headers of a part say."""

    name: str = ""
    file_name: str | None = None
    content_type: str | None = None
    headers: dict[bytes, bytes] = field(default_factory=dict[bytes, bytes])


class _Reader:
    """Parses as far as it is asked. Between two pieces of the body it holds no more than what one of them gave."""

    def __init__(self, receive: Receive, mark: bytes) -> None:
        self._pieces = body(receive)
        # What has been parsed and not been taken: the head of a part, some of its bytes, or None for its end.
        self._events: deque[_Head | bytes | None] = deque()
        self._head = _Head()
        self._header_name = b""
        self._header_value = b""
        self._complete = False
        self._parser = MultipartParser(
            mark,
            {
                "on_part_begin": self._on_part_begin,
                "on_part_data": self._on_part_data,
                "on_part_end": self._on_part_end,
                "on_header_begin": self._on_header_begin,
                "on_header_field": self._on_header_field,
                "on_header_value": self._on_header_value,
                "on_header_end": self._on_header_end,
                "on_headers_finished": self._on_headers_finished,
                "on_end": self._on_end,
            },
        )

    async def next_part(self) -> _Head | None:
        """The next part; None when the form is at its end and the whole body has been read."""
        while not self._events:
            if not await self._feed():
                if not self._complete:
                    raise BadForm("The form breaks off before its last boundary.")
                return None
        # Every part is read to its end before the next one is asked for.
        return cast(_Head, self._events.popleft())

    async def chunks(self) -> AsyncIterator[bytes]:
        """The bytes of the current part."""
        while True:
            while not self._events:
                if not await self._feed():
                    raise BadForm("The form breaks off in the middle of a part.")
            event = self._events.popleft()
            if not isinstance(event, bytes):
                # Its end, kept for `skip`.
                self._events.appendleft(event)
                return
            yield event

    async def skip(self) -> None:
        """Leave the current part behind, read or not."""
        async for _ in self.chunks():
            pass
        self._events.popleft()

    async def text(self) -> str:
        """The current part as a text field."""
        value = bytearray()
        async for piece in self.chunks():
            value += piece
            if len(value) > FIELD_BYTES:
                raise FormTooLarge(f"A field of the form is longer than {FIELD_BYTES} bytes.")
        self._events.popleft()
        return _decoded(bytes(value))

    async def _feed(self) -> bool:
        """Parse one more piece of the body; False when there is none."""
        piece = await anext(self._pieces, None)
        if piece is None:
            return False
        try:
            self._parser.write(piece)
        except FormParserError:
            raise BadForm("The form is not well-formed.") from None
        return True

    def _on_part_begin(self) -> None:
        self._head = _Head()

    def _on_header_begin(self) -> None:
        self._header_name = self._header_value = b""

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def _on_header_end(self) -> None:
        self._head.headers[self._header_name.lower()] = self._header_value

    def _on_headers_finished(self) -> None:
        head = self._head
        kind, options = parse_options_header(head.headers.get(b"content-disposition"))
        if kind != b"form-data" or b"name" not in options:
            raise BadForm("A part of the form has no name.")
        head.name = _decoded(options[b"name"])
        head.file_name = _decoded(options[b"filename"]) if b"filename" in options else None
        claimed = head.headers.get(b"content-type")
        head.content_type = claimed.decode("latin-1") if claimed else None
        self._events.append(head)

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        self._events.append(data[start:end])

    def _on_part_end(self) -> None:
        self._events.append(None)

    def _on_end(self) -> None:
        self._complete = True


def _decoded(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        raise BadForm("The form is not UTF-8.") from None
