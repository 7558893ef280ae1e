"""How OAuth says no: `{"error": …, "error_description": …}` (RFC 6749, section 5.2)."""

import msgspec

from courtyard.core import errors
from courtyard.core.errors import Refusal
from courtyard.web.answer import JSON, Answer

CHALLENGE = {"WWW-Authenticate": 'Basic realm="courtyard"'}
NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}
STATUS: dict[type[Refusal], tuple[int, str]] = {
    errors.Unauthenticated: (401, "invalid_client"),
    errors.Forbidden: (403, "access_denied"),
    errors.NotFound: (404, "not_found"),
    errors.Conflict: (409, "invalid_request"),
    errors.Invalid: (400, "invalid_request"),
    errors.Expired: (400, "invalid_grant"),
    errors.TooLarge: (413, "invalid_request"),
    errors.TooMany: (429, "slow_down"),
    errors.Unavailable: (503, "temporarily_unavailable"),
    errors.StorageFull: (507, "temporarily_unavailable"),
}


def error(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> Answer:
    """An error document; never to be stored on the way."""
    body = msgspec.json.encode({"error": code, "error_description": message})
    return Answer(status, body, JSON, {**NO_STORE, **(headers or {})})


def say(status: int, code: str, message: str, _request_id: str) -> Answer:
    """What is no matter of the protocol: 404, 405, 413 and the like."""
    return error(status, code, message)


def refuse(refusal: Refusal, _request_id: str) -> Answer:
    """A core refusal in OAuth's words."""
    status, code = next(STATUS[kind] for kind in type(refusal).__mro__ if kind in STATUS)
    return error(status, code, refusal.message, CHALLENGE if status == 401 else None)
