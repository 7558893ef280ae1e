"""Rates: how often who may do what."""

import sys
import time

import pytest

from courtyard.core.errors import TooMany
from courtyard.web.rates import Allowance, Rate, RateExceeded, Rates

FEW = {"few": Rate(2, 60), "near": Rate(1, 60, by_address=True), "brief": Rate(1, 1)}


def test_what_is_left_goes_down_to_a_refusal() -> None:
    rates = Rates(FEW)
    assert rates.take("few", "ada") == Allowance("few", FEW["few"], 1, 60)
    second = rates.take("few", "ada")
    assert second is not None
    assert second.remaining == 0
    with pytest.raises(TooMany) as refused:
        rates.take("few", "ada")
    assert refused.value.retry_after == 60
    assert rates.take("few", "bob") == Allowance("few", FEW["few"], 1, 60)


def test_headers_say_it_as_the_draft_does() -> None:
    rates = Rates(FEW)
    allowance = rates.take("few", "ada")
    assert allowance is not None
    assert allowance.headers() == {"RateLimit": '"few";r=1;t=60', "RateLimit-Policy": '"few";q=2;w=60'}
    rates.take("few", "ada")
    with pytest.raises(RateExceeded) as refused:
        rates.take("few", "ada")
    assert refused.value.headers() == {
        "Retry-After": "60",
        "RateLimit": '"few";r=0;t=60',
        "RateLimit-Policy": '"few";q=2;w=60',
    }
    assert refused.value.code == "too_many"


def test_after_the_told_time_it_works_again() -> None:
    rates = Rates(FEW)
    rates.take("brief", "ada")
    with pytest.raises(TooMany) as refused:
        rates.take("brief", "ada")
    time.sleep(refused.value.retry_after + 0.01)
    rates.check("brief", "ada")
    assert rates.take("brief", "ada") is not None


def test_a_check_counts_nothing_and_forgetting_gives_back() -> None:
    rates = Rates(FEW)
    for _ in range(5):
        rates.check("few", "ada", "192.0.2.1")
    rates.take("few", "ada", "192.0.2.1")
    rates.take("few", "ada", "192.0.2.1")
    with pytest.raises(TooMany):
        rates.check("few", "ada", "192.0.2.1")
    rates.check("few", "ada", "192.0.2.2")
    rates.forget("few", "ada", "192.0.2.1")
    rates.check("few", "ada", "192.0.2.1")


class WrongGuess(Exception):
    """A secret that was not right."""


def test_a_try_counts_while_it_is_judged_and_a_right_one_ends_the_count() -> None:
    rates = Rates(FEW)
    with rates.tried("few", "ada"):
        rates.take("few", "ada")
        # The limit is used up by two that are under way, whatever becomes of them.
        with pytest.raises(TooMany):
            rates.check("few", "ada")
    for _ in range(2):
        with pytest.raises(WrongGuess), rates.tried("few", "ada"):
            raise WrongGuess
    with pytest.raises(TooMany), rates.tried("few", "ada"):
        pytest.fail("a third try is not looked at")


def test_a_right_password_makes_good_for_its_account_and_not_for_its_address() -> None:
    rates = Rates({"login": Rate(3, 60, by_address=True), "failed_login": Rate(1, 60, by_address=True)})
    with rates.signing_in("192.0.2.1", " Ada@example.org "):
        pass
    with pytest.raises(WrongGuess), rates.signing_in("192.0.2.1", "ada@EXAMPLE.org"):
        raise WrongGuess
    with pytest.raises(RateExceeded) as refused, rates.signing_in("192.0.2.1", "ada@example.org"):
        pytest.fail("a second guess is not looked at")
    assert refused.value.allowance.name == "failed_login"
    with pytest.raises(RateExceeded) as refused, rates.signing_in("192.0.2.1", "bob@example.org"):
        pytest.fail("nor is anybody at this address")
    assert refused.value.allowance.name == "login"


def test_one_network_of_ipv6_is_one_client() -> None:
    rates = Rates(FEW)
    rates.take("near", "2001:db8::1")
    with pytest.raises(TooMany):
        rates.take("near", "2001:db8::ffff:2")
    rates.take("near", "2001:db8:0:1::1")
    rates.take("near", "192.0.2.1")
    rates.take("near", "192.0.2.2")


def test_a_flood_of_keys_stays_bounded_and_does_not_empty_other_policies() -> None:
    rates = Rates(FEW, keys=1000)
    rates.take("near", "192.0.2.1")
    for number in range(5000):
        rates.take("few", f"flood {number}")
    with pytest.raises(TooMany):
        rates.take("near", "192.0.2.1")
    kept = sum(len(windows) for windows in rates._windows.values())
    assert kept == 1000
    # The oldest are gone, the newest counted.
    rates.take("few", "flood 4999")
    with pytest.raises(TooMany):
        rates.take("few", "flood 4999")


def test_rates_can_be_off() -> None:
    rates = Rates(FEW, on=False)
    assert [rates.take("few", "ada") for _ in range(5)] == [None] * 5
    rates.check("few", "ada")


def test_counting_is_cheap() -> None:
    if sys.gettrace() is not None:
        pytest.skip("a tracer is watching")
    rates = Rates({"many": Rate(10**9, 60)})
    best = min(_timed(rates) for _ in range(5))
    assert best < 10e-6


def _timed(rates: Rates) -> float:
    began = time.perf_counter()
    for _ in range(2000):
        rates.take("many", "ada")
    return (time.perf_counter() - began) / 2000
