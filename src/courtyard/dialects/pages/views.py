"""Pages: plain HTML without script, from templates that escape everything."""

from datetime import UTC, datetime
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from courtyard.core.clock import rfc3339
from courtyard.dialects.pages import cookies
from courtyard.web.answer import Answer
from courtyard.web.call import Call

HTML = "text/html; charset=utf-8"
SCRIPTED = " script-src 'self'; connect-src 'self';"
STYLE = (resources.files("courtyard.dialects.pages") / "style.css").read_bytes()
SCRIPT = (resources.files("courtyard.dialects.pages") / "passkeys.js").read_bytes()
_templates = Environment(
    loader=PackageLoader("courtyard.dialects.pages"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def policy(form_target: str = "", *, script: bool = False) -> str:
    """What a page may do: show our style and post to us (and, from there, lead on to `form_target`).

    With `script` it may also run the one file of ours that asks for passkeys.
    """
    return (
        "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none';"
        f"{SCRIPTED if script else ''} form-action 'self'{' ' + form_target if form_target else ''}"
    )


def page(
    call: Call, name: str, status: int = 200, *, form_target: str = "", script: bool = False, **values: Any
) -> Answer:
    """A page with its forms signed for this browser; with `script` one that can ask for a passkey."""
    secret = cookies.form_secret(call)
    fresh = "" if secret else cookies.new_form_secret()
    html = _templates.get_template(f"{name}.html").render(
        token=cookies.token(call, secret or fresh), error=values.pop("error", ""), script=script, **values
    )
    response = _answer(status, html, policy(form_target, script=script))
    if fresh:
        response.raw_headers.append(cookies.written(call, cookies.FORM, fresh))
    return response


def told(status: int, title: str, message: str, *, onward: str = "To your account", to: str = "/account") -> Answer:
    """A page that says one thing, and where one goes on to."""
    return shown("message", status, title=title, message=message, onward=onward, to=to)


def shown(name: str, status: int = 200, **values: Any) -> Answer:
    """A page without forms, the same for every browser."""
    return _answer(status, _templates.get_template(f"{name}.html").render(script=False, **values), policy())


def day(milliseconds: int) -> str:
    """A day as people write it."""
    at = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return f"{at.day} {at:%B %Y}"


def moment(milliseconds: int) -> str:
    """A day and its minute, in UTC: without a script nobody knows where the reader is."""
    return f"{day(milliseconds)}, {datetime.fromtimestamp(milliseconds / 1000, UTC):%H:%M} UTC"


def _answer(status: int, html: str, allowed: str) -> Answer:
    return Answer(
        status,
        html.encode(),
        HTML,
        {
            "Content-Security-Policy": allowed,
            "X-Content-Type-Options": "nosniff",
            # Not "no-referrer": browsers would then post our own forms with `Origin: null`.
            "Referrer-Policy": "same-origin",
            "Cache-Control": "no-store",
            "Cross-Origin-Opener-Policy": "same-origin",
        },
    )


def go(location: str) -> Answer:
    """On to another page, by GET (RFC 9110, section 15.4.4; RFC 9700, section 4.12)."""
    return Answer(303, b"", None, {"Location": location, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"})


_templates.filters.update(day=day, moment=moment, stamp=rfc3339)
