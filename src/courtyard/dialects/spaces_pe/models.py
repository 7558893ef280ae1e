"""What clients of the Spaces API send, form-encoded or as JSON. Unknown parameters are ignored."""

from typing import Any
from urllib.parse import parse_qsl

from pydantic import BaseModel, ConfigDict

from courtyard.core.customers import NewCustomer as CoreCustomer
from courtyard.web import input as reading
from courtyard.web.dialect import decode_json

FORM = "application/x-www-form-urlencoded"
NUMBERS = frozenset({"space"})
FIELDS = 100


class Body(BaseModel):
    """A request body."""

    model_config = ConfigDict(strict=True, extra="ignore")


class NewCustomer(Body):
    """A customer to be added to the space of that number; the e-mail address is unique within it."""

    name: str
    email: str | None = None
    space: int

    def core(self) -> CoreCustomer:
        return CoreCustomer(name=self.name, email=self.email)


class NewResourceSubscription(Body):
    """Which event to tell of, and where."""

    event: str
    target_url: str


def decode(content_type: str | None, body: bytes) -> Any:
    """The value of a body; of no body at all, no parameters. Raises UnsupportedType, Malformed."""
    if not body:
        return {}
    if (content_type or "").partition(";")[0].strip().lower() == FORM:
        return _form(body)
    return decode_json(content_type, body)


def _form(body: bytes) -> dict[str, str | int]:
    """The fields of a form. A form knows text only: a whole number where one belongs becomes one."""
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=FIELDS)
    except ValueError:
        raise reading.Malformed("body", "The form cannot be read.") from None
    if len({name for name, _ in pairs}) < len(pairs):
        raise reading.Malformed("body", "A parameter was sent twice.")
    if any("\0" in name or "\0" in value for name, value in pairs):
        raise reading.Malformed("body", "NUL is not allowed.")
    return {name: _number(value) if name in NUMBERS else value for name, value in pairs}


def _number(value: str) -> str | int:
    return int(value) if value.isascii() and value.isdigit() and len(value) <= 15 else value
