"""How pages say no: a page with one sentence."""

from urllib.parse import quote

from courtyard.core import errors
from courtyard.core.errors import Forbidden, Invalid, Refusal, Unauthenticated
from courtyard.core.identity.sessions import ConfirmFirst
from courtyard.dialects.pages import views
from courtyard.web.answer import Answer


class SignInFirst(Unauthenticated):
    """Sign in first."""

    def __init__(self, place: str, email: str = "") -> None:
        super().__init__()
        self.place = place
        self.email = email


class ConfirmAgain(ConfirmFirst):
    """Confirm first that it is you."""

    def __init__(self, place: str) -> None:
        super().__init__()
        self.place = place


class BadClient(Invalid):
    """The application or its redirect address is not known here, so there is no way back to it."""

    def __init__(self) -> None:
        super().__init__("client_id")


class HttpsNeeded(Forbidden):
    """Passwords and sessions travel over HTTPS only. Open this page with an address that begins with https."""


STATUS: dict[type[Refusal], int] = {
    BadClient: 400,
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
}
TITLES = {
    400: "This request is not right",
    401: "Sign in first",
    403: "This is not allowed",
    404: "There is nothing here",
    405: "This is not how it works",
    409: "This does not fit",
    410: "This is over",
    429: "Too many tries",
    500: "Something went wrong",
    503: "Not at the moment",
}


def say(status: int, code: str, message: str, request_id: str) -> Answer:
    """A page for what is no matter of any form."""
    del code
    shown = f"{message} (request {request_id})" if status >= 500 else message
    return views.told(status, TITLES.get(status, "This did not work"), shown)


def refuse(refusal: Refusal, request_id: str) -> Answer:
    """A core refusal as a page; whoever has to sign in or to confirm first is led there and back."""
    if isinstance(refusal, SignInFirst):
        known = f"&email={quote(refusal.email, safe='')}" if refusal.email else ""
        return views.go(f"/login?next={quote(refusal.place, safe='')}{known}")
    if isinstance(refusal, ConfirmFirst):
        place = refusal.place if isinstance(refusal, ConfirmAgain) else "/account"
        return views.go(f"/account/confirm?next={quote(place, safe='')}")
    status = next(STATUS[kind] for kind in type(refusal).__mro__ if kind in STATUS)
    return say(status, refusal.code, refusal.message, request_id)
