"""The session cookie, and why a form that was posted is really ours."""

import hmac

from courtyard.core import ids
from courtyard.core.errors import Forbidden
from courtyard.web import cookies
from courtyard.web.call import Call

SESSION, FORM = cookies.SESSION, "courtyard_form"


class Forged(Forbidden):
    """This form does not come from this site, or has been open for too long. Go back, reload, and try again."""


def read(call: Call, name: str) -> str:
    """The value of one of our cookies, empty when there is none."""
    return cookies.read(call.scope["headers"], name, https=call.arrival.https)


def written(call: Call, name: str, value: str, *, seconds: int | None = None) -> tuple[bytes, bytes]:
    """The `Set-Cookie` header; an empty value ends the cookie."""
    return cookies.written(value, name, https=call.arrival.https, seconds=seconds)


def form_secret(call: Call) -> str:
    """What the forms of this browser are signed with: its session, or a cookie of its own before there is one."""
    return read(call, SESSION) or read(call, FORM)


def new_form_secret() -> str:
    return ids.code(32, ids.LOWER)


def token(call: Call, secret: str) -> str:
    """What a form carries to show that this site gave it to this browser."""
    return call.services.cursors.sign("form", secret)


def check_form(call: Call, sent: str) -> None:
    """Refuse a post from elsewhere: by what the browser says of its origin, and by the form's own token. Raises Forged."""
    foreign = cookies.own_page(call.scope["headers"]) is False
    secret = form_secret(call)
    if foreign or not secret or not hmac.compare_digest(token(call, secret).encode(), sent.encode()):
        raise Forged
