"""How the platform says no: `{"status_code": …, "message": …}`, in the sentences that its documents print."""

from typing import Any

from typing_extensions import TypedDict

from courtyard.core import errors
from courtyard.core.errors import Invalid, NotFound, Refusal
from courtyard.dialects.unpod.auth import EmptyToken
from courtyard.web import input as reading
from courtyard.web.answer import Answer, answer

CHALLENGE = {"WWW-Authenticate": "Token"}
STATUS: dict[type[Refusal], int] = {
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.Invalid: 400,
    errors.Expired: 410,
    errors.TooLarge: 413,
    errors.TooMany: 429,
    errors.Unavailable: 503,
    errors.StorageFull: 507,
}


class HandleMissing(Invalid):
    """Org-Handle header is required."""

    def __init__(self) -> None:
        super().__init__("org-handle")


class UnknownOrganization(NotFound):
    """Organization not found."""


MESSAGES: dict[type[Refusal], str] = {
    errors.InvalidCredential: "Invalid token.",
    errors.ExpiredCredential: "Token has expired.",
    errors.NotFound: "Space not found.",
}
"""Sentences of this protocol where the core has its own."""
OWN = (EmptyToken, UnknownOrganization)


class Failure(TypedDict):
    """Any answer that is no success."""

    status_code: int
    message: str


RESPONSES: dict[int | str, dict[str, Any]] = {
    400: {"model": Failure, "description": "Invalid parameters provided"},
    401: {"model": Failure, "description": "Invalid or missing API token"},
    403: {"model": Failure, "description": "Access denied to the resource"},
    404: {"model": Failure, "description": "Space or organization not found"},
    "default": {"model": Failure, "description": "Too much, or something went wrong here"},
}
"""What any call may answer besides its success, for the OpenAPI document."""


def say(status: int, code: str, message: str, request_id: str) -> Answer:
    """A failure. This protocol has neither codes nor request ids in its bodies."""
    return answer(status, {"status_code": status, "message": message}, CHALLENGE if status == 401 else None)


def refuse(refusal: Refusal, request_id: str) -> Answer:
    """A core refusal in the words of the platform."""
    status = next(STATUS[kind] for kind in type(refusal).__mro__ if kind in STATUS)
    return say(status, refusal.code, _message(refusal), request_id)


def _message(refusal: Refusal) -> str:
    if isinstance(refusal, reading.Wrong):
        return f"{refusal.field}: {refusal.message}"
    if isinstance(refusal, OWN):
        return refusal.message
    return next((MESSAGES[kind] for kind in type(refusal).__mro__ if kind in MESSAGES), refusal.message)
