"""Where a form that was posted may lead on to: browsers hold a page's policy against every address on the way."""

import re
from urllib.parse import urlsplit

from courtyard.core.oauth import applications
from courtyard.dialects.pages.visitors import ASKING
from courtyard.web import input as reading
from courtyard.web.call import Call

QUESTION = ASKING[0]
HOST = re.compile(r"[A-Za-z0-9_.-]+(:[0-9]+)?")


def origin_of(redirect_uri: str) -> str:
    """A redirect address as a policy names it: an address in brackets, or a program's own scheme, by the scheme alone."""
    parts = urlsplit(redirect_uri)
    return f"{parts.scheme}://{parts.netloc}" if HOST.fullmatch(parts.netloc) else f"{parts.scheme}:"


async def form_target(call: Call, place: str) -> str:
    """The application that asks at `place` for somebody to sign in: whoever it let in before goes straight back to it.

    Empty for every other place, and for an address that is not registered.
    """
    path, _, query = place.partition("?")
    if path.rstrip("/") != QUESTION:
        return ""
    try:
        asked = dict(reading.query(query.encode()))
    except reading.Malformed:
        return ""
    async with call.reading() as tx:
        application = await applications.seek(tx, asked.get("client_id", ""))
    redirect_uri = asked.get("redirect_uri", "")
    known = application is not None and applications.redirects_to(application, redirect_uri)
    return origin_of(redirect_uri) if known else ""
