"""How an application wants its person to be asked (OpenID Connect Core, section 3.1.2.1)."""

from collections.abc import Mapping

import msgspec

from courtyard.core import clock

PROMPTS = frozenset({"none", "login", "consent", "select_account"})
HINT = 254
UNSERVED = {
    "request": "Request objects are not taken.",
    "request_uri": "Request objects are not taken.",
    "registration": "Applications are registered beforehand.",
}


class Wish(msgspec.Struct, frozen=True):
    """What the request says: the words of `prompt`, `max_age` in milliseconds, an address for the sign-in form.

    `select_account` is served as `login`: whoever signs in says which account.
    """

    prompts: frozenset[str]
    max_age: int | None
    login_hint: str

    @property
    def silent(self) -> bool:
        """Nothing may be shown: what needs a page is an error instead (`login_required`, `consent_required`)."""
        return "none" in self.prompts

    @property
    def login(self) -> bool:
        """Whoever is signed in has to sign in again."""
        return bool(self.prompts & {"login", "select_account"})

    @property
    def consent(self) -> bool:
        """A consent that was given before does not suffice."""
        return "consent" in self.prompts

    def too_old(self, confirmed_at: int) -> bool:
        """Whether the sign-in (or confirmation) of that moment was too long ago for this request."""
        return self.max_age is not None and confirmed_at + self.max_age < clock.now()


def wish(query: Mapping[str, str]) -> Wish:
    """What a request says that `wrong` has nothing against."""
    asked, hint = query.get("max_age", ""), query.get("login_hint", "")
    return Wish(
        prompts=frozenset(query.get("prompt", "").split()),
        max_age=int(asked) * clock.SECOND if asked else None,
        login_hint=hint if len(hint) <= HINT and hint.isprintable() else "",
    )


def wrong(query: Mapping[str, str]) -> tuple[str, str] | None:
    """What is wrong with it as an error code (OpenID Connect Core, 3.1.2.6) and a sentence; None when nothing is."""
    for name, message in UNSERVED.items():
        if name in query:
            return f"{name}_not_supported", message
    if query.get("response_mode", "query") != "query":
        return "invalid_request", "Only the response mode 'query' is served."
    prompts = query.get("prompt", "").split()
    if not set(prompts) <= PROMPTS or ("none" in prompts and len(prompts) > 1):
        return "invalid_request", "The prompt is none alone, or some of login, consent, select_account."
    asked = query.get("max_age", "0")
    if not (asked.isascii() and asked.isdigit() and len(asked) <= 9):
        return "invalid_request", "The max_age is a number of seconds."
    return None
