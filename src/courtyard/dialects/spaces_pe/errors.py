"""How the Spaces API says no: five published statuses, and one shape that says everything twice."""

from typing import Any, Literal

from typing_extensions import TypedDict

from courtyard.core import errors
from courtyard.core.customers import EmailInUse
from courtyard.core.errors import Invalid, Refusal
from courtyard.web import input as reading
from courtyard.web.answer import Answer, answer

Type = Literal["invalid_request_error", "authentication_error", "api_error"]
CHALLENGE = {"WWW-Authenticate": 'Basic realm="Spaces"'}
STATUS: dict[type[Refusal], int] = {
    errors.Unauthenticated: 401,
    errors.Forbidden: 404,
    errors.NotFound: 404,
    errors.Conflict: 400,
    errors.Invalid: 400,
    errors.Expired: 400,
    errors.TooLarge: 413,
    errors.TooMany: 429,
    errors.Unavailable: 503,
    errors.StorageFull: 507,
}
FOLDED = {403: 404, 409: 400, 410: 400, 412: 400, 415: 400, 422: 400}
"""Statuses that this API does not publish, as the published ones that mean the same to its clients."""
PARAMETERS = frozenset("limit starting_after starting_before ending_before space name email event target_url".split())


class Reason(TypedDict):
    """What was wrong, of which kind, and with which parameter."""

    message: str
    type: Type
    param: str | None


class Failure(TypedDict):
    """Any answer that is no success."""

    message: str
    error: Reason


RESPONSES: dict[int | str, dict[str, Any]] = {
    400: {"model": Failure, "description": "Missing a required parameter, or using an invalid parameter"},
    401: {"model": Failure, "description": "No valid access token used"},
    "default": {"model": Failure, "description": "Not found, too much, or something went wrong here"},
}
"""What any call may answer besides its success, for the OpenAPI document."""


class HttpsRequired(Invalid):
    """HTTPS is required."""

    def __init__(self) -> None:
        super().__init__("scheme")


class UnknownSpace(Invalid):
    """There is no space of this number in which you may do this."""

    def __init__(self) -> None:
        super().__init__("space")


def say(status: int, code: str, message: str, request_id: str, param: str | None = None) -> Answer:
    """A failure. This protocol has neither codes nor request ids in its bodies."""
    status = FOLDED.get(status, status)
    kind: Type = "authentication_error" if status == 401 else "api_error" if status >= 500 else "invalid_request_error"
    content: Failure = {"message": message, "error": {"message": message, "type": kind, "param": param}}
    return answer(status, content, CHALLENGE if status == 401 else None)


def refuse(refusal: Refusal, request_id: str) -> Answer:
    """A core refusal in the words of the Spaces API."""
    status = next(STATUS[kind] for kind in type(refusal).__mro__ if kind in STATUS)
    if isinstance(refusal, Invalid):
        first = reading.problems(refusal)[0]
        return say(status, refusal.code, first.message, request_id, _parameter(first.where))
    param = "email" if isinstance(refusal, EmailInUse) else None
    return say(status, refusal.code, refusal.message, request_id, param)


def _parameter(where: tuple[str | int, ...]) -> str | None:
    """The published parameter that a complaint is about; a cursor's complaints are about no single one."""
    return next((part for part in where[1:2] if isinstance(part, str) and part in PARAMETERS), None)
