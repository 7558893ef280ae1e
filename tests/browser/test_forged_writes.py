"""A page of another site cannot write here in the name of whoever is signed in: not by a form, not by a script."""

import threading
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import Page, Response, expect

from tests.browser.conftest import Opening
from tests.browser.window import Window
from tests.server.running import EMAIL, PASSWORD, Server

FETCH = """async ([address, method, type, body]) => {
  const SIMPLE = ["text/plain", "application/x-www-form-urlencoded"];
  try {
    const said = await fetch(address, {method, body, credentials: "include", headers: {"Content-Type": type},
      mode: SIMPLE.includes(type) ? "no-cors" : "cors"});
    return said.status;
  } catch { return "kept from us"; }
}"""
NEW = '{"name": "Forged"}'


class Evil(BaseHTTPRequestHandler):
    """A page with a form for each address that it would like to write to; its scripts may do what they like."""

    def __init__(self, forms: str, *around: Any) -> None:
        self.forms = forms
        super().__init__(*around)

    def do_GET(self) -> None:
        page = f"<!doctype html><html lang=en><title>Win a boat</title><link rel=icon href=data:,>{self.forms}".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's word
        """Nothing: the output is the test's."""


def form(address: str, name: str, enctype: str = "application/x-www-form-urlencoded", **fields: str) -> str:
    inputs = "".join(f"<input type=hidden name='{key}' value='{value}'>" for key, value in fields.items())
    return f"<form method=post action='{address}' enctype='{enctype}'>{inputs}<button>{name}</button></form>"


@pytest.fixture(scope="module")
def elsewhere(server: Server) -> Iterator[int]:
    """The port of another server; its page aims at ours."""
    here = server.http
    # A form that is sent as text can look like JSON: {"name": "Forged", "x": "="}
    forms = [
        form(f"{here}/console/api/spaces", "space", "text/plain", **{'{"name": "Forged", "x": "': '"}'}),
        form(f"{here}/account/username", "username", username="forged"),
        form(f"{here}/account/password", "password", password="the first ever guess"),
        form(f"{here}/account/email", "email", email="eve@example.org"),
        form(f"{here}/logout", "logout"),
        form(f"{here}/login", "login", email="eve@example.org", password=PASSWORD),
    ]
    web = ThreadingHTTPServer(("127.0.0.1", 0), partial(Evil, "".join(forms)))
    thread = threading.Thread(target=web.serve_forever)
    thread.start()
    yield web.server_port
    web.shutdown()
    thread.join()
    web.server_close()


@pytest.fixture
def window(server: Server, opening: Opening) -> Window:
    window = opening(server)
    window.expected += ["status of 403", "CORS policy", "ERR_FAILED", "status of 415"]
    window.sign_in()
    return window


def state(page: Page, server: Server) -> tuple[str, str, list[str], list[str]]:
    """What could have been changed, as the browser itself sees it: it is signed in all the while."""
    me = page.request.get(f"{server.http}/console/api/me").json()
    spaces = page.request.get(f"{server.http}/console/api/spaces?mine=true").json()["data"]
    keys = page.request.get(f"{server.http}/console/api/keys").json()["data"]
    return me["username"], me["email"], [one["name"] for one in spaces], [one["name"] for one in keys]


def refused(answer: Response) -> bool:
    """Forbidden; or sent to sign in, for without the cookie nobody is."""
    return answer.status == 403 or (answer.status == 303 and answer.headers["location"].startswith("/login"))


# The same host on another port is the same site, and gets the cookie; another host name does not, for it is SameSite=Lax.
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_forms_of_another_origin_change_nothing(server: Server, elsewhere: int, window: Window, host: str) -> None:
    page = window.page
    before = state(page, server)
    page.goto(f"http://{host}:{elsewhere}/")
    names = page.get_by_role("button").all_inner_texts()
    assert len(names) == 6
    for name in names:
        page.goto(f"http://{host}:{elsewhere}/")
        with page.expect_response(lambda answer: answer.request.method == "POST") as sent:
            page.get_by_role("button", name=name, exact=True).click()
        assert refused(sent.value), name
        page.wait_for_load_state()
        assert state(page, server) == before
    # Still signed in, and by the same password.
    page.goto(f"{server.http}/console/")
    expect(page.get_by_role("heading", level=1, name="Spaces")).to_be_visible()
    assert server.log_in(EMAIL, PASSWORD)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_scripts_of_another_origin_change_nothing(server: Server, elsewhere: int, window: Window, host: str) -> None:
    page, here = window.page, server.http
    with server.client(server.log_in()) as client:
        place = client.post("/v1/spaces", json={"name": f"Kept from {host}"}).json()["id"]
    before = state(page, server)
    page.goto(f"http://{host}:{elsewhere}/")
    answers: list[Response] = []

    def note(answer: Response) -> None:
        answers.append(answer)

    page.on("response", note)
    for address, method, kind, body in (
        # Sent at once, with the cookie where the browser adds one; the answer is not to be read.
        ("/console/api/spaces", "POST", "text/plain", NEW),
        ("/console/api/keys", "POST", "text/plain", '{"name": "forged", "scopes": ["admin"]}'),
        ("/account/username", "POST", "application/x-www-form-urlencoded", "username=forged"),
        # The browser asks first whether it may: nobody allows it.
        ("/console/api/spaces", "POST", "application/json", NEW),
        (f"/console/api/spaces/{place}", "DELETE", "application/json", None),
        ("/console/api/me", "PATCH", "application/json", '{"username": "forged"}'),
    ):
        heard = page.evaluate(FETCH, [here + address, method, kind, body])
        assert heard in (0, "kept from us"), (address, heard)
    # Nor may it look.
    assert page.evaluate(FETCH, [f"{here}/console/api/me", "GET", "application/json", None]) == "kept from us"
    written = [answer for answer in answers if answer.request.method not in ("GET", "OPTIONS")]
    assert {answer.request.method for answer in written} == {"POST"}
    assert [answer.url for answer in written if not refused(answer)] == []
    assert state(page, server) == before
