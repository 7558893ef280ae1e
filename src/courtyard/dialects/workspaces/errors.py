"""How workspaces says no: `{"detail": …}`, a sentence, or for validation a list of what is wrong where."""

from typing import Any

from typing_extensions import TypedDict

from courtyard.core import errors, idempotency
from courtyard.core.accounts import WrongPassword
from courtyard.core.errors import Invalid, Refusal, Unauthenticated
from courtyard.core.membership.invitations import OwnAddress
from courtyard.core.membership.model import AlreadyMember
from courtyard.web import input as reading
from courtyard.web.answer import Answer, answer
from courtyard.web.cursors import BadCursor
from courtyard.web.presented import TwoCredentials

CHALLENGE = {"WWW-Authenticate": "Bearer"}
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
    AlreadyMember: 400,
    OwnAddress: 400,
    TwoCredentials: 400,
    reading.UnsupportedType: 415,
    idempotency.MalformedKey: 400,
    idempotency.KeyRefused: 400,
}


class Complaint(TypedDict):
    """What is wrong with one value, never the value itself."""

    loc: list[str | int]
    msg: str
    type: str


class Complaints(TypedDict):
    detail: list[Complaint]


class Detail(TypedDict):
    detail: str


RESPONSES: dict[int | str, dict[str, Any]] = {
    **{
        number: {"model": Detail, "description": description}
        for number, description in (
            (400, "Not possible"),
            (401, "Not authenticated"),
            (403, "Not permitted"),
            (404, "Not found"),
            (409, "Conflict"),
            (413, "Too large"),
            (415, "Not JSON"),
            (429, "Too many requests"),
        )
    },
    422: {"model": Complaints, "description": "Not valid"},
}
"""What any call may answer besides its success, for the OpenAPI document."""


def status(refusal: Refusal) -> int:
    """The status of a refusal: its own, or that of what it is a kind of."""
    return next(STATUS[kind] for kind in type(refusal).__mro__ if kind in STATUS)


def say(status: int, code: str, message: str, request_id: str) -> Answer:
    """A sentence. This protocol has neither codes nor request ids in its bodies."""
    return answer(status, {"detail": message}, CHALLENGE if status == 401 else None)


def refuse(refusal: Refusal, request_id: str) -> Answer:
    """A core refusal in the words of workspaces."""
    number = status(refusal)
    if number == 422 and isinstance(refusal, Invalid):
        found = reading.problems(refusal, _part(refusal))
        return answer(422, {"detail": [{"loc": one.where, "msg": one.message, "type": one.code} for one in found]})
    known = not isinstance(refusal, Unauthenticated) or isinstance(refusal, WrongPassword)
    return say(number, refusal.code, refusal.message if known else "Not authenticated", request_id)


def _part(refusal: Invalid) -> str:
    """The part of the request in which the refused value stood."""
    if isinstance(refusal, BadCursor):
        return "query"
    return "header" if isinstance(refusal, idempotency.KeyReused) else "body"
