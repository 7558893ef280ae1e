"""pages: sign-in, the account, consent and mailed links, as plain HTML that works without script."""

from starlette.types import Scope

from courtyard.dialects.pages import (
    account,
    beginning,
    changes,
    confirming,
    consent,
    errors,
    forms,
    links,
    passkeys,
    providers,
    public,
    second_factor,
    setting_up,
    shared,
    signing,
    trail,
)
from courtyard.dialects.pages.errors import HttpsNeeded
from courtyard.web.arrival import KEY
from courtyard.web.dialect import Dialect, Services, Speech
from courtyard.web.https import is_local


async def admit(scope: Scope, services: Services) -> None:
    """HTTPS, or plain HTTP from this very machine; what is public and the style sheet are no secret. Raises HttpsNeeded."""
    del services
    if not (scope[KEY].https or is_local(scope) or scope["path"].startswith(("/pages/", "/p/"))):
        raise HttpsNeeded


SPEECH = Speech(
    name="pages",
    title="Courtyard pages",
    description="Sign-in, account, consent and mailed links.",
    prefixes=(
        "/setup",
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
        "/passkeys.js",
        "/p",
        "/l",
        "/oauth/authorize",
    ),
    openapi_path="",
    security={},
    secret=lambda headers: None,
    refuse=errors.refuse,
    say=errors.say,
    decode=forms.decode,
    admit=admit,
)
ROUTERS = [
    setting_up.router,
    beginning.router,
    signing.router,
    passkeys.router,
    providers.router,
    links.router,
    consent.router,
    account.router,
    confirming.router,
    changes.router,
    second_factor.router,
    trail.router,
    public.router,
    shared.router,
]


def dialect(services: Services) -> Dialect:
    """pages, served by this installation."""
    return Dialect(SPEECH, ROUTERS, services)
