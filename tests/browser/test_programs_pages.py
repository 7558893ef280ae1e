"""Keys, applications and the log of requests in the console; whether it is still the same person."""

import re
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.window import Window
from tests.server.running import PASSWORD, PATIENCE, Server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of these tests' own."""
    server = Server(tmp_path_factory.mktemp("programs"), registration="open")
    yield server
    server.end()


def secret(dialog: Locator) -> str:
    """The secret that is shown once."""
    expect(dialog.get_by_text("It is shown this once")).to_be_visible()
    found = re.search(r"COURTYARD_API_KEY=(\S+?)(?:Copy|\s|$)", dialog.inner_text())
    assert found
    return found[1]


def new_key(page: Page, name: str) -> str:
    page.goto("/console/developer/keys")
    page.get_by_role("button", name="New key").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill(name)
    dialog.get_by_role("button", name="Create the key").click()
    made = secret(dialog)
    dialog.get_by_role("button", name="I have stored it").click()
    return made


def accepted(server: Server, key: str, path: str = "/v1/me") -> int:
    with server.client(key) as client:
        return client.get(path).status_code


def test_a_key_from_its_making_to_its_end(window: Window, server: Server) -> None:
    page = window.page
    first = new_key(page, "Nightly import")
    assert accepted(server, first) == 200
    row = page.get_by_role("row", name="Nightly import")
    expect(row).to_contain_text(f"…{first[-4:]}")
    expect(row).to_contain_text("in 3 months")
    assert first not in page.content()

    row.get_by_role("button", name="Rotate Nightly import").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("The old key ends").select_option(label="In a week")
    dialog.get_by_role("button", name="Rotate").click()
    second = secret(dialog)
    dialog.get_by_role("button", name="I have stored it").click()
    assert (accepted(server, first), accepted(server, second)) == (200, 200)
    expect(page.get_by_role("row", name="Nightly import")).to_have_count(2)
    old = page.get_by_role("row").filter(has_text="Replaced")
    expect(old).to_contain_text(f"…{first[-4:]}")

    old.get_by_role("button", name="Revoke Nightly import").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(page.get_by_role("row", name="Nightly import")).to_have_count(1)
    assert (accepted(server, first), accepted(server, second)) == (401, 200)


def test_a_key_is_limited_to_a_space_and_says_so(window: Window, server: Server) -> None:
    page = window.page
    with server.client(server.log_in()) as root:
        made, other = (root.post("/v1/spaces", json={"name": name}).json()["id"] for name in ("Lock", "Weir"))
    page.goto("/console/developer/keys")
    page.get_by_role("button", name="New key").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Sluice")
    dialog.get_by_label("Expires").select_option(label="Never")
    expect(dialog.get_by_text("If it leaks")).to_be_visible()
    dialog.get_by_label("Limit it to certain spaces").check()
    dialog.get_by_role("checkbox", name="Lock").check()
    dialog.get_by_label("Only from these networks").fill("no network")
    window.expected.append("status of 422")
    dialog.get_by_role("button", name="Create the key").click()
    expect(dialog.get_by_label("Only from these networks")).to_have_attribute("aria-invalid", "true")
    expect(dialog.get_by_label("Name")).to_have_value("Sluice")
    dialog.get_by_label("Only from these networks").fill("127.0.0.0/8\n::1/128")
    dialog.get_by_role("button", name="Create the key").click()
    key = secret(dialog)
    dialog.get_by_role("button", name="I have stored it").click()
    row = page.get_by_role("row", name="Sluice")
    expect(row).to_contain_text("only in Lock")
    expect(row).to_contain_text("127.0.0.0/8")
    assert accepted(server, key, f"/v1/spaces/{made}") == 200
    assert accepted(server, key, f"/v1/spaces/{other}") == 404


def test_an_organization_gets_a_key_of_its_own_and_rotates_it(window: Window, server: Server) -> None:
    page = window.page
    with server.client(server.log_in()) as root:
        assert root.post("/v1/organizations", json={"name": "Harbour", "handle": "harbour"}).status_code == 201
        theirs = root.post("/v1/spaces", json={"name": "Jetty", "organization": "harbour"}).json()["id"]
        own = root.post("/v1/spaces", json={"name": "Attic"}).json()["id"]
    page.goto("/console/orgs/harbour?tab=keys")
    page.get_by_role("button", name="New service key").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Tide gauge")
    dialog.get_by_role("radio", name="Read and write").check()
    dialog.get_by_role("button", name="Create the key").click()
    first = secret(dialog)
    dialog.get_by_role("button", name="I have stored it").click()
    assert (accepted(server, first, f"/v1/spaces/{theirs}"), accepted(server, first, f"/v1/spaces/{own}")) == (200, 404)
    page.get_by_role("button", name="Rotate Tide gauge").click()
    dialog.get_by_label("The old key ends").select_option(label="At once")
    dialog.get_by_role("button", name="Rotate", exact=True).click()
    second = secret(dialog)
    dialog.get_by_role("button", name="I have stored it").click()
    assert (accepted(server, first), accepted(server, second, f"/v1/spaces/{theirs}")) == (401, 200)


def test_a_key_is_made_by_the_keyboard_alone(window: Window) -> None:
    page = window.page
    page.goto("/console/developer/keys")
    opener = page.get_by_role("button", name="New key")
    expect(opener).to_be_visible()
    page.keyboard.press("n")
    expect(page.get_by_role("dialog").get_by_label("Name")).to_be_focused()
    page.keyboard.type("By hand")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("radio", name="Read and write")).to_be_checked()
    page.keyboard.press("Enter")
    expect(page.get_by_text("It is shown this once")).to_be_visible()
    stored = page.get_by_role("button", name="I have stored it")
    for _ in range(8):
        if stored.evaluate("(button) => button === document.activeElement"):
            break
        page.keyboard.press("Tab")
    expect(stored).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("row", name="By hand")).to_contain_text("write")


def test_who_signed_in_a_while_ago_confirms_first(window: Window, server: Server) -> None:
    page = window.page
    page.goto("/console/developer/keys")
    asked: list[str] = []

    def refuse_once(route: Route) -> None:
        if route.request.method != "POST" or asked:
            return route.fallback()
        asked.append(route.request.post_data or "")
        refusal = {"code": "confirmation_required", "detail": "Confirm first that it is you."}
        return route.fulfill(status=403, json=refusal)

    page.route(re.compile("/console/api/keys"), refuse_once)
    window.expected += ["status of 403", "status of 422"]
    page.get_by_role("button", name="New key").click()
    page.get_by_role("dialog").get_by_label("Name").fill("Patient")
    page.get_by_role("button", name="Create the key").click()
    question = page.get_by_role("dialog", name="Is it still you?")
    question.get_by_label(re.compile("^Password")).fill("not the password")
    question.get_by_role("button", name="Confirm").click()
    expect(question.get_by_text("This password is wrong.")).to_be_visible()
    question.get_by_label(re.compile("^Password")).fill(PASSWORD)
    question.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("It is shown this once")).to_be_visible()
    assert len(asked) == 1
    page.get_by_role("button", name="I have stored it").click()
    expect(page.get_by_role("row", name="Patient")).to_have_count(1)


def test_who_closes_the_question_changes_nothing(window: Window) -> None:
    page = window.page
    page.goto("/console/developer/keys")
    refusal = {"code": "confirmation_required", "detail": "Confirm first that it is you."}
    page.route(
        re.compile("/console/api/keys"),
        lambda route: route.fulfill(status=403, json=refusal) if route.request.method == "POST" else route.fallback(),
    )
    window.expected.append("status of 403")
    page.get_by_role("button", name="New key").click()
    page.get_by_role("dialog").get_by_label("Name").fill("Refused")
    page.get_by_role("button", name="Create the key").click()
    page.get_by_role("dialog", name="Is it still you?").get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("alert")).to_contain_text("Confirm first that it is you.")
    expect(page.get_by_role("dialog").get_by_label("Name")).to_have_value("Refused")


def test_an_application_from_its_making_to_its_end(window: Window) -> None:
    page = window.page
    page.goto("/console/developer/apps")
    expect(page.get_by_role("heading", name="You have no applications")).to_be_visible()
    page.get_by_role("button", name="New application").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Name").fill("Lake reports")
    dialog.get_by_label("Redirect URIs").fill("ftp://nowhere")
    window.expected.append("status of 422")
    dialog.get_by_role("button", name="Register").click()
    expect(dialog.get_by_label("Redirect URIs")).to_have_attribute("aria-invalid", "true")
    dialog.get_by_label("Redirect URIs").fill("https://app.example.org/back")
    dialog.get_by_role("button", name="Register").click()
    expect(dialog.get_by_text("OAUTH_CLIENT_SECRET=")).to_be_visible()
    dialog.get_by_role("button", name="I have stored it").click()
    row = page.get_by_role("row", name="Lake reports")
    expect(row).to_contain_text("https://app.example.org/back")
    expect(row).to_contain_text("openid")

    row.get_by_role("button", name="Change Lake reports").click()
    page.get_by_role("menuitem", name="Edit…").click()
    page.get_by_role("dialog").get_by_role("textbox", name="Name").fill("Lake news")
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Change Lake news").click()
    page.get_by_role("menuitem", name="New secret…").click()
    page.get_by_role("button", name="Make a new secret").click()
    expect(page.get_by_text("OAUTH_CLIENT_SECRET=")).to_be_visible()
    page.get_by_role("button", name="I have stored it").click()
    page.get_by_role("button", name="Change Lake news").click()
    page.get_by_role("menuitem", name="Delete…").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete for good").click()
    expect(page.get_by_role("heading", name="You have no applications")).to_be_visible()


def test_requests_are_listed_narrowed_and_asked_again(window: Window, server: Server) -> None:
    page = window.page
    key = new_key(page, "Watcher")
    assert accepted(server, key, "/v1/spaces/nothing-of-the-kind") == 404
    page.goto("/console/developer/logs?path=/v1/spaces/nothing")
    button = page.get_by_role("button", name="GET /v1/spaces/nothing-of-the-kind")
    deadline = time.monotonic() + PATIENCE
    while button.count() == 0 and time.monotonic() < deadline:
        page.reload()
        page.get_by_role("heading", level=1, name="Requests").wait_for()
        page.wait_for_timeout(500)
    expect(page.get_by_role("row").filter(has_text="nothing-of-the-kind")).to_contain_text("Watcher")
    page.get_by_label("Status").select_option("4xx")
    expect(page).to_have_url(re.compile("status=4xx"))
    button.click()
    details = page.get_by_role("dialog")
    expect(details).to_contain_text("404")
    expect(details).to_contain_text("/v1/spaces/nothing-of-the-kind")
    expect(details).to_contain_text('-H "X-API-Key: $COURTYARD_API_KEY"')
    assert key not in page.content()
    page.keyboard.press("Escape")
    page.get_by_label("Status").select_option("5xx")
    expect(page.get_by_role("heading", name="Nothing matches")).to_be_visible()
    page.get_by_role("button", name="Clear filters").click()
    expect(page.get_by_role("rowheader").first).to_be_visible()
