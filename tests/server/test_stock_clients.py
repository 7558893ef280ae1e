"""Clients that others wrote, unchanged, with a real server over HTTPS: requests-oauthlib, Authlib, curl."""

import json
import ssl
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
import requests
from authlib.integrations.requests_client import OAuth2Session as AuthlibSession
from requests_oauthlib import OAuth2Session

from tests.server.running import EMAIL, PASSWORD, PATIENCE, Server, free_port
from tests.server.test_outside import Browser

BACK = "https://app.example.org/back"
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"


class Place(NamedTuple):
    """A server, the file with whom it is trusted by, an application of the administrator's and a customer."""

    server: Server
    authority: Path
    application: dict[str, Any]
    customer: dict[str, Any]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    port = free_port()
    with ExitStack() as ending:
        folder = tmp_path_factory.mktemp("stock") / "home"
        server = Server(folder, tls_port=str(port), public_url=f"https://127.0.0.1:{port}")
        ending.callback(server.end)
        with server.client(server.log_in()) as client:
            asked = {"name": "Reports", "redirect_uris": [BACK], "scopes": ["read", "write"]}
            application = client.post("/v1/applications", json=asked).json()
            space = client.post("/v1/spaces", json={"name": "Lake"}).json()
            customer = client.post(f"/v1/spaces/{space['id']}/customers", json={"name": "Lake Board"}).json()
        yield Place(server, server.data_dir / "tls" / "authority.pem", application, customer)


@pytest.fixture(autouse=True)
def trusting(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the surroundings say goes over what a session is told, so they say it."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(place.authority))


@pytest.fixture
def browser(place: Place) -> Iterator[Browser]:
    one = Browser(ssl.create_default_context(cafile=place.authority))
    yield one
    one.close()


def allowed(browser: Browser, way: str) -> str:
    """Where the browser is sent back to, once the person has signed in and said yes."""
    browser.get(way)
    status = browser.submit(browser.form("email"), email=EMAIL, password=PASSWORD)
    if status != 303:
        browser.submit(next(form for form in browser.page.forms if "Allow" in form.buttons), "Allow")
    assert browser.url.startswith(f"{BACK}?code=cya_")
    return browser.url


def metadata(place: Place) -> dict[str, Any]:
    """Where everything is, as a client finds it (RFC 8414)."""
    answer = requests.get(f"{place.server.https}/.well-known/oauth-authorization-server", timeout=PATIENCE)
    return answer.json()


def lists_customers(place: Place, token: str) -> None:
    """`curl -u ACCESS_TOKEN:`, to the letter of the published example."""
    called = subprocess.run(
        ["curl", "-sS", "--cacert", place.authority, f"{place.server.https}/api/v1/customers", "-u", f"{token}:"],
        capture_output=True,
        timeout=PATIENCE,
        check=True,
    )
    listed = json.loads(called.stdout)
    assert listed["object"] == "list"
    assert [(one["object"], one["id"], one["name"]) for one in listed["data"]] == [
        ("customer", place.customer["id"], "Lake Board")
    ]


def opens(place: Place, token: str) -> int:
    answer = requests.get(f"{place.server.https}/api/v1/customers", auth=(token, ""), timeout=PATIENCE)
    return answer.status_code


def test_requests_oauthlib_gets_a_token_renews_it_and_curl_lists_customers(place: Place, browser: Browser) -> None:
    known, made = metadata(place), place.application
    session: Any = OAuth2Session(made["client_id"], redirect_uri=BACK, scope=["read", "write"], pkce="S256")
    with session:
        way, _state = session.authorization_url(known["authorization_endpoint"])
        back = allowed(browser, way)
        given = {"client_secret": made["client_secret"], "timeout": PATIENCE}
        first = session.fetch_token(known["token_endpoint"], authorization_response=back, **given)
        lists_customers(place, first["access_token"])
        second = session.refresh_token(
            known["token_endpoint"], client_id=made["client_id"], client_secret=made["client_secret"], timeout=PATIENCE
        )
        lists_customers(place, second["access_token"])
        # The first refresh token again: it looks stolen, and every token of that consent ends.
        used = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
        proof = (made["client_id"], made["client_secret"])
        stolen = requests.post(known["token_endpoint"], data=used, auth=proof, timeout=PATIENCE)
    assert (stolen.status_code, stolen.json()["error"]) == (400, "invalid_grant")
    assert [opens(place, one["access_token"]) for one in (first, second)] == [401, 401]


def test_authlib_does_every_flow_by_what_it_finds(place: Place, browser: Browser) -> None:
    known, made = metadata(place), place.application
    options: Any = {"redirect_uri": BACK, "code_challenge_method": "S256"}
    session: Any = AuthlibSession(made["client_id"], made["client_secret"], scope="read write", **options)
    with session:
        verifier = "v" * 64
        way, state = session.create_authorization_url(known["authorization_endpoint"], code_verifier=verifier)
        back = allowed(browser, way)
        first = session.fetch_token(
            known["token_endpoint"], authorization_response=back, state=state, code_verifier=verifier
        )
        lists_customers(place, first["access_token"])
        lists_customers(place, session.refresh_token(known["token_endpoint"])["access_token"])
        own = session.fetch_token(known["token_endpoint"], grant_type="client_credentials", scope="read")
        lists_customers(place, own["access_token"])
        begun = session.post(
            known["device_authorization_endpoint"],
            data={"client_id": made["client_id"], "client_secret": made["client_secret"], "scope": "read"},
            withhold_token=True,
        ).json()
        browser.get(begun["verification_uri_complete"])
        browser.submit(next(form for form in browser.page.forms if "Allow" in form.buttons), "Allow")
        device = session.fetch_token(known["token_endpoint"], grant_type=DEVICE, device_code=begun["device_code"])
        lists_customers(place, device["access_token"])


def test_of_twenty_exchanges_at_once_one_succeeds_and_then_the_family_ends(place: Place, browser: Browser) -> None:
    known, made = metadata(place), place.application
    verifier = "w" * 64
    session: Any = AuthlibSession(made["client_id"], redirect_uri=BACK, code_challenge_method="S256", scope="read")
    with session:
        way, _state = session.create_authorization_url(known["authorization_endpoint"], code_verifier=verifier)
    code = parse_qs(urlsplit(allowed(browser, way)).query)["code"][0]
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": BACK,
        "code_verifier": verifier,
        "client_id": made["client_id"],
        "client_secret": made["client_secret"],
    }

    def exchange(_number: int) -> httpx2.Response:
        trust = ssl.create_default_context(cafile=place.authority)
        return httpx2.post(known["token_endpoint"], data=form, verify=trust, timeout=PATIENCE)

    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(exchange, range(20)))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 19
    assert {answer.json()["error"] for answer in answers if answer.status_code == 400} == {"invalid_grant"}
    (issued,) = [answer.json() for answer in answers if answer.status_code == 200]
    assert opens(place, issued["access_token"]) == 401
    renewal = {"grant_type": "refresh_token", "refresh_token": issued["refresh_token"]}
    proof = {"client_id": made["client_id"], "client_secret": made["client_secret"]}
    again = requests.post(known["token_endpoint"], data={**renewal, **proof}, timeout=PATIENCE)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize(
    "wrong", ["https://app.example.org/back/", "https://evil.example/back", "https://app.example.org/back?x=1"]
)
def test_a_wrong_redirect_leads_nowhere(place: Place, wrong: str) -> None:
    query = {
        "response_type": "code",
        "client_id": place.application["client_id"],
        "redirect_uri": wrong,
        "scope": "read",
    }
    pkce = {"code_challenge": "c" * 43, "code_challenge_method": "S256"}
    answer = requests.get(
        f"{place.server.https}/oauth/authorize",
        params={**query, **pkce},
        allow_redirects=False,
        timeout=PATIENCE,
    )
    assert answer.status_code == 400
    assert "location" not in answer.headers
