"""How v1 says no: `application/problem+json` (RFC 9457)."""

from typing import Any, NotRequired

import msgspec
from typing_extensions import TypedDict

from courtyard.core import errors, idempotency, uploads
from courtyard.core.errors import Refusal
from courtyard.dialects.v1.tus_headers import BadHeader, OtherVersion
from courtyard.imaging import NotAnImage
from courtyard.web import input as reading
from courtyard.web.answer import Answer
from courtyard.web.preconditions import PreconditionFailed
from courtyard.web.presented import TwoCredentials
from courtyard.web.speech import Failures

PROBLEM = "application/problem+json"
CHALLENGE = {"WWW-Authenticate": 'ApiKey realm="courtyard"'}
STATUS: dict[type[Refusal], int] = {
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.Invalid: 422,
    errors.Expired: 410,
    errors.TooLarge: 413,
    errors.TooMany: 429,
    errors.Unavailable: 503,
    errors.StorageFull: 507,
    TwoCredentials: 400,
    reading.UnsupportedType: 415,
    NotAnImage: 415,
    idempotency.MalformedKey: 400,
    idempotency.KeyRefused: 400,
    PreconditionFailed: 412,
    uploads.Locked: 423,
    uploads.ChecksumMismatch: 460,
    OtherVersion: 412,
    BadHeader: 400,
}
TITLES = {
    400: "Bad request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not found",
    405: "Method not allowed",
    408: "Request timeout",
    409: "Conflict",
    410: "Gone",
    412: "Precondition failed",
    413: "Content too large",
    414: "Address too long",
    415: "Unsupported media type",
    416: "Range not satisfiable",
    422: "Invalid",
    423: "Locked",
    429: "Too many requests",
    431: "Headers too large",
    460: "Checksum mismatch",
    500: "Internal error",
    503: "Unavailable",
    507: "Insufficient storage",
}


class Complaint(TypedDict):
    """What is wrong with one value: a JSON Pointer into the body, or the name of a parameter. Never the value itself."""

    pointer: str
    code: str
    detail: str


class Problem(TypedDict):
    """A problem document (RFC 9457). `errors` comes with 422."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    errors: NotRequired[list[Complaint]]


FAILURES = Failures(
    shape=Problem,
    media_type=PROBLEM,
    named={
        401: "No valid credential",
        403: "Not permitted",
        404: "There is no such thing, or the caller may not see it",
        422: "Not valid",
        429: "Too many requests",
    },
)


def status(refusal: Refusal) -> int:
    """The status of a refusal: its own, or that of what it is a kind of."""
    return next(STATUS[kind] for kind in type(refusal).__mro__ if kind in STATUS)


def say(status: int, code: str, message: str, request_id: str, **more: Any) -> Answer:
    """A problem document."""
    problem = {
        "type": "about:blank",
        "title": TITLES.get(status, "Error"),
        "status": status,
        "detail": message,
        "instance": f"urn:request:{request_id}",
        "code": code,
        **more,
    }
    return Answer(status, msgspec.json.encode(problem), PROBLEM, CHALLENGE if status == 401 else None)


def refuse(refusal: Refusal, request_id: str) -> Answer:
    """A core refusal in the words of v1."""
    number = status(refusal)
    if number == 422 and isinstance(refusal, errors.Invalid):
        found = [
            {"pointer": _pointer(problem.where), "code": problem.code, "detail": problem.message}
            for problem in reading.problems(refusal)
        ]
        return say(422, refusal.code, refusal.message, request_id, errors=found)
    return say(number, refusal.code, refusal.message, request_id)


def _pointer(where: tuple[str | int, ...]) -> str:
    """A JSON Pointer (RFC 6901) into the body; for a parameter its name."""
    path = where[1:] if where[0] in ("body", "query") else where
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)
