"""The plain pages that mails, links and programs lead to, in both schemes and on both sizes."""

import base64
import hashlib
import re
import secrets
import time
from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx2
import pytest

from tests.browser.conftest import Opening
from tests.browser.looks import SCHEMES, Show, look
from tests.browser.window import Window
from tests.server.running import EMAIL, PATIENCE, Server

PROVIDER = (
    '[{"name": "acme", "title": "Acme ID", "issuer": "http://127.0.0.1:9", "client_id": "x", "client_secret": "y"}]'
)
LINK_PASSWORD = "correct horse"
BACK = "http://127.0.0.1/back"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Everybody may register, mails become files, and there is a provider to sign in with."""
    server = Server(tmp_path_factory.mktemp("plain"), registration="open", providers=PROVIDER)
    yield server
    server.end()


def mailed(server: Server, kind: str) -> str:
    """Where the newest mail of that kind leads."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        for file in sorted((server.data_dir / "mail").glob("*.eml"), reverse=True):
            text = message_from_bytes(file.read_bytes(), policy=policy.default).get_content()
            if found := re.search(rf"https?://[^/\s]+(/{kind}/\S+)", text):
                return found[1]
        time.sleep(0.05)
    raise AssertionError(f"no mail leads to /{kind}/")


def made(client: httpx2.Client, path: str, **body: Any) -> dict[str, Any]:
    answer = client.post(path, json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


@pytest.fixture(scope="module")
def places(server: Server) -> dict[str, str]:
    """The address of each page by its name."""
    with server.client(server.log_in()) as client:
        space = made(client, "/v1/spaces", name="Open shore", visibility="public", description="For everybody.")
        answer = client.post(f"/v1/spaces/{space['id']}/artifacts?name=map.txt", content=b"here")
        links = f"/v1/spaces/{space['id']}/artifacts/{answer.json()['id']}/links"
        link, locked = made(client, links, name="Open"), made(client, links, name="Locked", password=LINK_PASSWORD)
        made(client, f"/v1/spaces/{space['id']}/invitations", email="nell@example.org", role="editor")
        program = made(client, "/v1/applications", name="Reports", redirect_uris=[BACK], scopes=["read"], public=True)
        begun = client.post("/oauth/device_authorization", data={"client_id": program["client_id"], "scope": "read"})
        assert begun.status_code == 200, begun.text
    challenge = base64.urlsafe_b64encode(hashlib.sha256(secrets.token_bytes(32)).digest()).decode().rstrip("=")
    asked = {
        "response_type": "code",
        "client_id": program["client_id"],
        "redirect_uri": BACK,
        "state": "a state",
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    return {
        "public": f"/p/{space['slug']}",
        "link": re.sub(r"^.*(/l/)", r"\1", link["url"]),
        "locked_link": re.sub(r"^.*(/l/)", r"\1", locked["url"]),
        "invitation": mailed(server, "invite"),
        "consent": "/oauth/authorize?" + urlencode(asked),
        "device": "/device",
        "device_code": f"/device?user_code={begun.json()['user_code']}",
        "outside": "/account/providers",
        "no_space": "/p/nothing-of-the-kind",
        "no_link": "/l/nothing",
        "no_invitation": "/invite/nothing",
        "no_client": "/oauth/authorize?client_id=nothing",
        "no_page": "/account/nothing",
    }


def at(name: str, place: str) -> Show:
    def show(window: Window) -> None:
        window.page.goto(place)
        window.page.get_by_role("heading", level=1).wait_for()

    show.__name__ = f"plain_{name}"
    return show


def asked_for(server: Server, scheme: str) -> list[Show]:
    """The pages that a browser has to ask for by a form before a mail leads there."""

    def reset(window: Window) -> None:
        window.page.goto("/reset")
        window.page.get_by_label("E-mail").fill(EMAIL)
        window.page.get_by_role("button").click()
        window.page.get_by_role("alert").or_(window.page.get_by_role("heading", level=1)).first.wait_for()
        window.page.goto(mailed(server, "reset"))

    def email(window: Window) -> None:
        window.page.goto("/account/email")
        window.page.get_by_label("Another address").fill(f"{scheme}@example.org")
        window.page.get_by_role("button", name="Mail me the link").click()
        window.page.goto(mailed(server, "email"))

    def verify(window: Window) -> None:
        window.page.goto("/account/email")
        window.page.get_by_role("button", name="Mail me a link to verify it").click()
        window.page.goto(mailed(server, "verify"))

    return [reset, email, verify]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_where_mails_links_and_programs_lead_can_be_read_by_everybody(
    scheme: str, server: Server, places: dict[str, str], opening: Opening, shots: Path | None
) -> None:
    window = opening(server, scheme=scheme)
    window.expected.append("the server responded with a status of 4")
    window.sign_in(to="/account")
    look(window, [*(at(*each) for each in places.items()), *asked_for(server, scheme)], scheme, shots)
