"""Our cookies, above all that of a browser's session, and whether the browser sent a request for one of our own pages."""

from urllib.parse import urlsplit

from courtyard.web.speech import Headers

SESSION = "courtyard_session"
SECURE_PREFIX = "__Host-"
SAFE = frozenset(("GET", "HEAD", "OPTIONS"))


def name(plain: str, *, https: bool) -> str:
    """Over https the browser itself holds the cookie to this host, to `/` and to https (RFC 6265bis, section 4.1.3.2)."""
    return SECURE_PREFIX + plain if https else plain


def read(headers: Headers, plain: str, *, https: bool) -> str:
    """The value of one of our cookies, empty when there is none."""
    wanted = name(plain, https=https)
    # By hand: the standard library stops at the first cookie of somebody else that it cannot read.
    for header, line in headers:
        if header != b"cookie":
            continue
        for pair in line.decode("latin-1").split(";"):
            key, _, value = pair.strip().partition("=")
            if key == wanted:
                return value
    return ""


def own_page(headers: Headers) -> bool | None:
    """Whether the browser says that a page of this very origin sent the request; None when it says nothing of that.

    By Fetch Metadata (`Sec-Fetch-Site`); browsers leave that away over plain HTTP, where `Origin` has to name this host.
    """
    said = dict(headers)
    site = said.get(b"sec-fetch-site")
    if site is not None:
        return site in (b"same-origin", b"none")
    origin = said.get(b"origin")
    return None if origin is None else urlsplit(origin).netloc == said.get(b"host")


def written(value: str, plain: str, *, https: bool, seconds: int | None = None) -> tuple[bytes, bytes]:
    """The `Set-Cookie` header of one of our cookies: for `seconds`, or as long as the browser runs. No value ends it."""
    parts = [f"{name(plain, https=https)}={value}", "Path=/", "HttpOnly", "SameSite=Lax"]
    if not value:
        parts.append("Max-Age=0")
    elif seconds is not None:
        parts.append(f"Max-Age={seconds}")
    if https:
        parts.append("Secure")
    return b"set-cookie", "; ".join(parts).encode()
