"""pages: sign-in, consent and mailed links, as plain HTML without script."""

from courtyard.dialects.pages import account, consent, errors, forms, links, signing
from courtyard.web.dialect import Dialect, Services, Speech

SPEECH = Speech(
    name="pages",
    title="Courtyard pages",
    description="Sign-in, consent and mailed links.",
    prefixes=(
        "/login",
        "/logout",
        "/register",
        "/reset",
        "/verify",
        "/email",
        "/invite",
        "/device",
        "/account",
        "/pages",
        "/oauth/authorize",
    ),
    openapi_path="",
    security={},
    secret=lambda headers: None,
    refuse=errors.refuse,
    say=errors.say,
    decode=forms.decode,
)
ROUTERS = [signing.router, links.router, consent.router, account.router]


def dialect(services: Services) -> Dialect:
    """pages, served by this installation."""
    return Dialect(SPEECH, ROUTERS, services)
