"""What of an outside provider is not believed."""

import asyncio
from typing import Any

import pytest
from joserfc.jwk import OctKey, RSAKey

from courtyard.storage.database import Database
from courtyard.web.dialect import Services
from courtyard.web.guard import Guard
from courtyard.web.openid import relying
from tests.dialects.pages.browser import Browser
from tests.dialects.pages.conftest import Opening
from tests.dialects.pages.outside.coming import BACK, WITH, come_back, person
from tests.dialects.pages.outside.outsider import CLIENT, CODE, SECRET, Outsider

FORGED = RSAKey.generate_key(2048, {"kid": "k1"})


WRONG: dict[str, tuple[dict[str, Any], dict[str, Any], Any]] = {
    "nonce": ({"nonce": "another"}, {}, None),
    "no nonce": ({"nonce": None}, {}, None),
    "audience": ({"aud": "another"}, {}, None),
    "audiences": ({"aud": [CLIENT, "another"], "azp": "another"}, {}, None),
    "issuer": ({"iss": "https://id.example.org"}, {}, None),
    "expired": ({"exp": 1_000}, {}, None),
    "no end": ({"exp": None}, {}, None),
    "old": ({"iat": 1_000}, {}, None),
    "not yet": ({"iat": 4_000_000_000}, {}, None),
    "nobody": ({"sub": ""}, {}, None),
    "no subject": ({"sub": None}, {}, None),
    "access token": ({"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}, {}, None),
    "alg none": ({}, {"alg": "none"}, None),
    "shared secret": ({}, {"alg": "HS256"}, OctKey.import_key(SECRET + "-" * 32)),
    "unknown key": ({}, {"kid": "k2"}, None),
    "forged": ({}, {}, FORGED),
}


@pytest.mark.parametrize("which", WRONG)
async def test_a_token_that_is_not_right_lets_nobody_in(
    browser: Browser, outsider: Outsider, database: Database, which: str
) -> None:
    outsider.claims, outsider.header, signer = WRONG[which]
    outsider.signer = signer or outsider.key
    refused = await come_back(browser, outsider)
    assert (refused.status, refused.page.headings) == (403, ["You are not signed in"])
    assert "could not be trusted" in refused.text
    assert browser.cookie("__Host-courtyard_session") is None
    assert await person(database, "grace@example.org") is None


async def test_keys_that_changed_are_asked_for_again_but_not_for_every_token(
    opening: Opening, outsider: Outsider, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await come_back(opening(), outsider)).status == 303
    outsider.key = outsider.signer = RSAKey.generate_key(2048, {"kid": "k2", "use": "sig", "alg": "RS256"})
    outsider.header, outsider.published = {"kid": "k2"}, [outsider.key]
    assert (await come_back(opening(), outsider)).status == 403
    assert (await come_back(opening(), outsider)).status == 403
    assert outsider.calls.count("/keys") == 1
    monkeypatch.setattr(relying, "PAUSE", 0.0)
    assert (await come_back(opening(), outsider)).status == 303
    assert outsider.calls.count("/keys") == 2


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://id.example.org"},
        {"token_endpoint": "http://id.example.org/token"},
        {"jwks_uri": 7},
        {"authorization_endpoint": "javascript:alert(1)"},
    ],
)
async def test_a_discovery_that_is_not_its_own_leads_nowhere(
    browser: Browser, outsider: Outsider, metadata: dict[str, Any]
) -> None:
    outsider.metadata = metadata
    begun = await browser.get(WITH)
    assert (begun.status, "does not answer as it should" in begun.text) == (503, True)
    assert browser.cookie("__Host-courtyard_provider") is None


async def test_an_answer_of_another_issuer_is_refused(browser: Browser, outsider: Outsider) -> None:
    assert (await come_back(browser, outsider, iss="https://id.example.org")).status == 403
    assert (await come_back(browser, outsider, iss=outsider.issuer)).status == 303
    assert len(outsider.posted) == 1


@pytest.mark.parametrize("settings", [{"provider": {"allow_registration": True}}], indirect=True)
async def test_where_the_issuer_is_promised_it_must_be_there(browser: Browser, outsider: Outsider) -> None:
    outsider.metadata = {"authorization_response_iss_parameter_supported": True}
    assert (await come_back(browser, outsider)).status == 403
    assert outsider.posted == []


async def test_a_return_that_did_not_begin_here_is_lost(opening: Opening, outsider: Outsider) -> None:
    browser, other = opening(), opening()
    begun = await browser.get(WITH)
    state = outsider.send(begun.place)["state"]
    assert (await other.get(f"{BACK}?code={CODE}&state={state}")).status == 422
    assert (await come_back(browser, outsider, begun, state="another")).status == 422
    # One try is all there is.
    assert (await browser.get(f"{BACK}?code={CODE}&state={state}")).status == 422
    assert outsider.posted == []


async def _endless(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
    for _ in range(64):
        writer.write(b"[" * 65_536)
        await writer.drain()


async def _silent(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    await writer.drain()
    await asyncio.sleep(3)


BAD_ANSWERS: dict[str, Any] = {
    "endless": _endless,
    "silent": _silent,
    "no json": (200, b"<html>"),
    "a list": (200, b"[]"),
    "broken": (500, b"{}"),
    "elsewhere": (302, b"{}"),
    "deep": (200, b'{"a":' + b"[" * 50_000),
}


@pytest.mark.parametrize("which", BAD_ANSWERS)
@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/token", "/keys"])
async def test_a_provider_that_answers_badly_is_away_and_nothing_hangs(
    site: Guard, services: Services, browser: Browser, outsider: Outsider, which: str, path: str
) -> None:
    party = services.providers.find("acme")
    party._seconds = 0.5  # nobody waits ten seconds here
    outsider.answers = {path: BAD_ANSWERS[which]}
    begun = await browser.get(WITH)
    answer = begun if begun.status != 303 else await come_back(browser, outsider, begun)
    assert (answer.status, "Acme ID does not answer as it should" in answer.text) == (503, True)
    outsider.answers = {}
    assert (await come_back(browser, outsider)).status == 303


async def test_no_transaction_is_open_while_the_provider_is_asked(
    services: Services, browser: Browser, outsider: Outsider, database: Database
) -> None:
    """The provider itself writes to the database: on SQLite that would wait for itself for ever."""

    async def writing(writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(5), database.write() as tx:
            await tx.run("update person set updated_at = updated_at")
        writer.write(b"HTTP/1.1 503 X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()

    outsider.answers = {"/token": writing}
    assert (await come_back(browser, outsider)).status == 503


async def test_userinfo_of_somebody_else_is_not_believed(browser: Browser, outsider: Outsider) -> None:
    outsider.claims = {"email": None}
    outsider.userinfo = {"sub": "outside-8", "email": "grace@example.org", "email_verified": True}
    assert (await come_back(browser, outsider)).status == 403
