"""How applications want their person to be asked, and what they may not want."""

import pytest

from courtyard.core import clock
from courtyard.core.oauth import scopes, wishes


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ({}, None),
        ({"prompt": "login consent", "max_age": "0", "response_mode": "query"}, None),
        ({"prompt": "none"}, None),
        ({"prompt": "none login"}, "invalid_request"),
        ({"prompt": "create"}, "invalid_request"),
        ({"max_age": ""}, "invalid_request"),
        ({"max_age": "-1"}, "invalid_request"),
        ({"max_age": "9" * 20}, "invalid_request"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"response_mode": "form_post"}, "invalid_request"),
        ({"request": "eyJ"}, "request_not_supported"),
        ({"request_uri": "https://app.example.org/request"}, "request_uri_not_supported"),
        ({"registration": "{}"}, "registration_not_supported"),
    ],
)
def test_what_may_not_be_wished_for(query: dict[str, str], error: str | None) -> None:
    wrong = wishes.wrong(query)
    assert (wrong and wrong[0]) == error


def test_what_is_wished_for() -> None:
    wish = wishes.wish({"prompt": "select_account consent", "max_age": "60", "login_hint": "ada@example.org"})
    assert (wish.silent, wish.login, wish.consent, wish.login_hint) == (False, True, True, "ada@example.org")
    assert wish.too_old(clock.now() - 61 * clock.SECOND)
    assert not wish.too_old(clock.now() - 50 * clock.SECOND)
    assert not wishes.wish({}).too_old(0)
    assert wishes.wish({"login_hint": "x" * 255}).login_hint == ""
    assert wishes.wish({"login_hint": "a\nb"}).login_hint == ""


def test_words_are_known_and_never_more_than_held() -> None:
    assert scopes.granted("read write openid", "openid read_write openid") == ["read", "write", "openid"]
    assert scopes.granted("read openid", None) == ["read", "openid"]
    assert scopes.granted("read", "openid") is None
    assert scopes.granted("read", "read everything") is None
    assert scopes.acting(["read", "openid", "email"]) == ["read"]
