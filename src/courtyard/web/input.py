"""Reading what a client sent: strict JSON, strict queries, and every complaint as a client error."""

from typing import Any, NamedTuple, TypeVar
from urllib.parse import parse_qsl

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, from_json

from courtyard.core.errors import Invalid

M = TypeVar("M", bound=BaseModel)
DEEPEST = 32
LARGEST = 2**53


class Problem(NamedTuple):
    """One complaint: where (`body`/`query`, then names and indexes), which rule, in words. Never the value."""

    where: tuple[str | int, ...]
    code: str
    message: str


class Malformed(Invalid):
    """The request cannot be read."""

    def __init__(self, where: str, message: str) -> None:
        super().__init__(where, message)
        self.problems = [Problem((where,), self.code, message)]


class Wrong(Invalid):
    """The request has wrong or missing members."""

    code = "invalid"

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(str(problems[0].where[-1]), problems[0].message)
        self.problems = problems


class UnsupportedType(Invalid):
    """This content type is not taken here."""

    def __init__(self) -> None:
        super().__init__("content-type")


def problems(refusal: Invalid, where: str = "body") -> list[Problem]:
    """The complaints of any Invalid, the core's own too."""
    found: list[Problem] | None = getattr(refusal, "problems", None)
    return found or [Problem((where, refusal.field), refusal.code, refusal.message)]


def json(body: bytes) -> Any:
    """The value of a JSON text. Raises Malformed for all that RFC 8259 or the contract refuses."""
    try:
        value = from_json(body, allow_inf_nan=False)
    except ValueError:
        raise Malformed("body", "This is not JSON.") from None
    _tame(value, DEEPEST)
    return value


def _tame(value: Any, depth: int) -> None:
    if isinstance(value, str):
        if "\0" in value:
            raise Malformed("body", "NUL is not allowed.")
    elif isinstance(value, dict | list):
        if depth == 0:
            raise Malformed("body", f"Nested deeper than {DEEPEST}.")
        _tame_members(value, depth - 1)
    elif isinstance(value, int | float) and not abs(value) <= LARGEST:
        # So written that NaN is refused too; math.isfinite would choke on an integer of 400 digits.
        raise Malformed("body", "A number is out of range.")


def _tame_members(value: Any, depth: int) -> None:
    if isinstance(value, dict):
        for name in value:  # pyright: ignore[reportUnknownVariableType] - JSON
            _tame(name, 0)
        value = value.values()  # pyright: ignore[reportUnknownVariableType] - JSON
    for inner in value:
        _tame(inner, depth)


def check(model: type[M], value: Any, where: str) -> M:
    """`value` as `model`. Raises Wrong with every complaint."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=False, include_input=False)
        raise Wrong([_problem(detail, where) for detail in details]) from None


def _problem(detail: ErrorDetails, where: str) -> Problem:
    # pydantic would name the class of ours that it should have been.
    message = "Input should be an object" if detail["type"] == "model_type" else detail["msg"]
    message = message.removeprefix("Value error, ")
    return Problem((where, *detail["loc"]), detail["type"], message)


def query(raw: bytes) -> list[tuple[str, str]]:
    """The pairs of a query string or form. Raises Malformed for wrong UTF-8, NUL, and a name sent twice."""
    if not raw:
        return []
    try:
        pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=100)
    except ValueError:
        raise Malformed("query", "The query cannot be read.") from None
    names = {name for name, _ in pairs}
    if len(names) < len(pairs):
        raise Malformed("query", "A parameter was sent twice.")
    if any("\0" in name or "\0" in value for name, value in pairs):
        raise Malformed("query", "NUL is not allowed.")
    return pairs


def whole_number(value: Any) -> Any:
    """For parameters: digits only, as people write a whole number."""
    if isinstance(value, str):
        if not (value.isascii() and value.isdigit() and len(value) <= 16):
            raise ValueError("A whole number is needed.")
        return int(value)
    return value
