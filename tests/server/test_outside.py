"""Two Courtyards on this machine, over HTTPS: one is the provider with which people sign in to the other."""

import json
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urljoin, urlsplit

import httpx2
import pytest
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.dialects.pages.browser import Form, Page
from tests.server.running import EMAIL, PASSWORD, PATIENCE, Server, free_port, run

HOUSE_EMAIL = "root@house.example.org"
BACK = "https://app.example.org/back"


class Two(NamedTuple):
    """The provider, the house that trusts it, and what the browser trusts."""

    provider: Server
    house: Server
    trust: ssl.SSLContext


def authority(server: Server) -> Path:
    return server.data_dir / "tls" / "authority.pem"


def application(server: Server, *redirects: str) -> dict[str, Any]:
    """An application of the administrator's that may know who people are."""
    with server.client(server.log_in()) as client:
        asked = {"name": "House", "redirect_uris": list(redirects), "scopes": ["openid", "profile", "email", "read"]}
        answer = client.post("/v1/applications", json=asked)
    assert answer.status_code == 201, answer.text
    return answer.json()


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Two]:
    with ExitStack() as ending:

        def started(name: str, port: int, **settings: str) -> Server:
            server = Server(tmp_path / name, tls_port=str(port), public_url=f"https://127.0.0.1:{port}", **settings)
            ending.callback(server.end)
            return server

        issuing, own = free_port(), free_port()
        provider = started("provider", issuing)
        made = application(provider, f"https://127.0.0.1:{own}/login/with/elsewhere/return", BACK)
        set_up = {
            "name": "elsewhere",
            "issuer": f"https://127.0.0.1:{issuing}",
            "client_id": made["client_id"],
            "client_secret": made["client_secret"],
            "allow_registration": True,
        }
        chosen = {"providers": json.dumps([set_up]), "provider_ca": str(authority(provider))}
        house = started("house", own, admin_email=HOUSE_EMAIL, **chosen)
        trust = ssl.create_default_context(cafile=authority(provider))
        trust.load_verify_locations(authority(house))
        yield Two(provider, house, trust)


class Browser:
    """Follows wherever it is sent, fills in forms; each site has cookies of its own."""

    def __init__(self, trust: ssl.SSLContext) -> None:
        self._sites: dict[str, httpx2.Client] = {}
        self._trust = trust
        self.url, self.page = "", Page("")

    def site(self, url: str) -> httpx2.Client:
        # By port: a cookie jar knows hosts alone, and both servers are one host.
        place = urlsplit(url).netloc
        if place not in self._sites:
            self._sites[place] = httpx2.Client(verify=self._trust, timeout=PATIENCE)
        return self._sites[place]

    def get(self, url: str) -> int:
        return self._went(self.site(url).get(url))

    def submit(self, form: Form, button: str = "", **fields: str) -> int:
        chosen = form.buttons[button] if button else None
        pressed: dict[str, str] = {} if chosen is None else dict([chosen])
        target = urljoin(self.url, form.action)
        headers = {"Origin": "{0.scheme}://{0.netloc}".format(urlsplit(target)), "Sec-Fetch-Site": "same-origin"}
        return self._went(self.site(target).post(target, data={**form.fields, **fields, **pressed}, headers=headers))

    def form(self, field: str) -> Form:
        return next(form for form in self.page.forms if field in form.fields)

    def _went(self, answer: httpx2.Response) -> int:
        self.url = str(answer.url)
        if answer.status_code == 303:
            target = urljoin(self.url, answer.headers["location"])
            if not target.startswith("https://127.0.0.1:"):
                self.url = target
                return 303
            return self.get(target)
        assert answer.headers["content-type"].startswith("text/html"), answer.text
        self.page = Page(answer.text)
        return answer.status_code

    def close(self) -> None:
        for site in self._sites.values():
            site.close()


@pytest.fixture
def browser(two: Two) -> Iterator[Browser]:
    one = Browser(two.trust)
    yield one
    one.close()


def test_people_of_one_sign_in_to_the_other(two: Two, browser: Browser) -> None:
    house, provider = two.house.https, two.provider.https
    assert browser.get(f"{house}/login?next=/account") == 200
    assert browser.get(urljoin(house, browser.page.links["Sign in with Elsewhere"])) == 200
    assert browser.url.startswith(f"{provider}/login")
    assert browser.submit(browser.form("password"), email=EMAIL, password=PASSWORD) == 200
    assert browser.url.startswith(f"{provider}/oauth/authorize")
    assert "Know your e-mail address" in browser.page.text
    allow = browser.page.form
    assert browser.submit(allow, "Allow") in (200, 403)
    # Nobody has verified the administrator's address yet: no account is made of it.
    assert browser.url.startswith(f"{house}/login/with/elsewhere/return")
    assert "e-mail address is yours" in browser.page.text

    # Signed in there by their own means, the account can be linked.
    assert browser.get(f"{house}/login") == 200
    assert browser.submit(browser.form("password"), email=HOUSE_EMAIL, password=PASSWORD) == 200
    assert browser.get(f"{house}/account/providers") == 200
    assert browser.submit(browser.page.form) == 200
    assert browser.get(browser.page.links["Go on to Elsewhere"]) == 200
    if browser.url.startswith(provider):
        browser.submit(browser.page.form, "Allow")
    assert browser.url == f"{house}/account/providers"
    assert EMAIL in browser.page.text

    fresh = Browser(two.trust)
    fresh.get(f"{house}/login/with/elsewhere?next=/account")
    fresh.submit(fresh.form("password"), email=EMAIL, password=PASSWORD)
    if fresh.url.startswith(provider):
        fresh.submit(fresh.page.form, "Allow")
    assert fresh.url == f"{house}/account"
    assert HOUSE_EMAIL in fresh.page.text
    fresh.close()


def test_authlibs_own_client_is_told_who_it_is(two: Two, browser: Browser) -> None:
    provider = two.provider.https
    made = application(two.provider, BACK)
    with closing(
        OAuth2Session(  # pyright: ignore[reportArgumentType] - requests has no types
            made["client_id"],
            made["client_secret"],
            scope="openid email",
            redirect_uri=BACK,
            code_challenge_method="S256",
        )
    ) as client:
        client.verify, client.trust_env = str(authority(two.provider)), False
        config = client.get(f"{provider}/.well-known/openid-configuration", withhold_token=True).json()
        verifier, nonce = "v" * 64, "a-nonce"
        place, state = client.create_authorization_url(
            config["authorization_endpoint"], code_verifier=verifier, nonce=nonce, login_hint=EMAIL
        )
        browser.get(place)
        browser.submit(browser.form("password"), email=EMAIL, password=PASSWORD)
        assert browser.submit(browser.page.form, "Allow") == 303
        token = client.fetch_token(
            config["token_endpoint"], authorization_response=browser.url, state=state, code_verifier=verifier
        )
        keys = KeySet.import_key_set(client.get(config["jwks_uri"], withhold_token=True).json())
        decoded = jwt.decode(token["id_token"], keys, algorithms=config["id_token_signing_alg_values_supported"])
        claims = CodeIDToken(
            decoded.claims,
            decoded.header,
            {"iss": {"value": config["issuer"]}, "aud": {"value": made["client_id"]}},
            {"client_id": made["client_id"], "nonce": nonce, "access_token": token["access_token"]},
        )
        claims.validate()
        told = client.get(config["userinfo_endpoint"]).json()
        assert (told["sub"], told["email"]) == (claims["sub"], EMAIL)
        renewed = client.refresh_token(config["token_endpoint"])
        assert renewed["id_token"] != token["id_token"]


def test_doctor_looks_at_providers(two: Two, tmp_path: Path) -> None:
    good = {"name": "good", "issuer": two.provider.https, "client_id": "c"}
    wrong = {"name": "wrong", "issuer": f"{two.provider.https}/elsewhere", "client_id": "c"}
    ca = str(authority(two.provider))
    told = run(tmp_path / "third", "doctor", providers=json.dumps([good, wrong]), provider_ca=ca)
    assert "Good answers at" in told.stdout
    assert "Wrong at" in told.stdout
    assert told.returncode == 1
    untrusted = run(tmp_path / "third", "doctor", providers=json.dumps([good]))
    assert "cannot be used" in untrusted.stdout


@pytest.mark.parametrize(
    ("providers", "said"),
    [
        ("{", "COURTYARD_PROVIDERS: This is no JSON."),
        ('[{"name": "a", "issuer": "http://id.example.org", "client_id": "c"}]', "an issuer is an https address"),
        ('[{"name": "a", "issuer": "https://id.example.org"}]', "CLIENT_ID: Field required"),
    ],
)
def test_settings_that_are_wrong_are_refused_at_the_start(tmp_path: Path, providers: str, said: str) -> None:
    told = run(tmp_path / "home", "serve", providers=providers)
    assert told.returncode == 2
    assert said in told.stderr


def test_applications_and_keys_of_organizations_by_the_command_line(tmp_path: Path) -> None:
    def command(*words: str) -> Any:
        told = run(tmp_path / "home", *words, "--json")
        assert told.returncode == 0, told.stderr
        return json.loads(told.stdout)

    command("people", "add", "ada@example.org")
    made = command("apps", "create", "ada@example.org", "--name", "Wiki", "--redirect", BACK)
    assert (made["scopes"], made["secret"][:4]) == ("openid profile email", "cyc_")
    shown = command("apps", "show", made["client"])
    assert (shown["name"], shown["people"], shown["secret"]) == ("Wiki", 0, f"…{made['secret'][-4:]}")
    rotated = command("apps", "rotate", made["client"])
    assert rotated["secret"] not in (made["secret"], shown["secret"])
    assert [one["client"] for one in command("apps", "list")] == [made["client"]]
    assert command("apps", "list", "--person", "ada@example.org")[0]["name"] == "Wiki"
    command("apps", "delete", made["client"])
    assert command("apps", "list") == []
    gone = run(tmp_path / "home", "apps", "show", made["client"])
    assert (gone.returncode, "There is no application" in gone.stderr) == (1, True)
    unknown = run(tmp_path / "home", "apps", "create", "ada@example.org", "--name", "X", "--scope", "all")
    assert unknown.returncode == 1
    nobody = run(tmp_path / "home", "keys", "create", "ada@example.org", "--organization", "nowhere")
    assert (nobody.returncode, "no such organization" in nobody.stderr) == (1, True)
