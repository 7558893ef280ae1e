"""The administration and the search in the console."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Opening
from tests.browser.window import Window
from tests.server.running import EMAIL, PASSWORD, Server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of these tests' own."""
    server = Server(tmp_path_factory.mktemp("admin"), registration="open")
    yield server
    server.end()


@pytest.fixture
def window(server: Server, opening: Opening) -> Window:
    window = opening(server)
    window.sign_in(to="/console/admin")
    return window


def register(server: Server, username: str) -> None:
    with server.client() as client:
        person = {"email": f"{username}@example.org", "username": username, "password": PASSWORD}
        assert client.post("/auth/register/", json=person).status_code == 200


def test_the_installation_in_numbers(window: Window) -> None:
    page = window.page
    now = page.get_by_label("What there is now")
    expect(now.get_by_text("People")).to_be_visible()
    expect(page.get_by_role("rowheader", name="database")).to_be_visible()
    chart = page.get_by_role("img", name="Requests over time")
    expect(chart.locator("canvas")).to_be_visible()
    page.get_by_text("30 days").click()
    expect(page).to_have_url(re.compile("days=30"))
    figure = page.get_by_role("figure", name="Requests")
    figure.get_by_text("Show numbers").click()
    expect(figure.get_by_role("row")).to_have_count(31)
    page.reload()
    expect(page.get_by_role("radio", name="30 days")).to_be_checked()


def test_somebody_is_found_promoted_disabled_and_let_in_again(window: Window, server: Server) -> None:
    register(server, "heron")
    page = window.page
    page.get_by_role("tab", name="People").click()
    page.get_by_label("Name or address contains").fill("hero")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("q=hero"))
    row = page.get_by_role("row", name="heron")
    for action, seen in (
        ("Make administrator", "administrator"),
        ("Take it away", "active"),
        ("Disable", "disabled"),
        ("Enable", "active"),
    ):
        row.get_by_role("button", name="Change heron").click()
        page.get_by_role("menuitem", name=f"{action}…").click()
        page.get_by_role("dialog").get_by_role("button", name=action).click()
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(row).to_contain_text(seen)
    row.get_by_role("button", name="Change heron").click()
    page.get_by_role("menuitem", name="What they did").click()
    expect(page.get_by_role("rowheader", name="The account was disabled")).to_be_visible()
    page.get_by_label("What it is about").select_option("space")
    page.get_by_role("button", name="Clear filters").click()
    expect(page.get_by_role("rowheader").first).to_be_visible()


def test_the_last_administrator_stays(window: Window) -> None:
    page = window.page
    page.get_by_role("tab", name="People").click()
    page.get_by_role("row").filter(has_text=EMAIL).get_by_role("button").click()
    page.get_by_role("menuitem", name="Take it away…").click()
    window.expected.append("status of 409")
    page.get_by_role("dialog").get_by_role("button", name="Take it away").click()
    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("administrator")


def test_settings_say_where_they_come_from_and_hide_secrets(window: Window) -> None:
    page = window.page
    page.get_by_role("tab", name="Settings").click()
    row = page.get_by_role("row").filter(has_text="COURTYARD_ADMIN_PASSWORD")
    expect(row).to_contain_text("set, not shown")
    expect(row).to_contain_text("environment")
    assert PASSWORD not in page.content()
    page.get_by_role("switch", name="Only what is set").click()
    expect(page.get_by_role("row").filter(has_text="as it comes")).to_have_count(0)


def test_others_are_told_that_it_is_not_theirs(server: Server, opening: Opening) -> None:
    register(server, "duck")
    window = opening(server)
    window.sign_in("duck@example.org", to="/console/admin")
    expect(window.page.get_by_role("heading", name="The administration is for administrators")).to_be_visible()
    expect(window.page.get_by_role("link", name="Administration")).to_have_count(0)


def test_what_is_looked_for_is_found_and_marked(window: Window, server: Server) -> None:
    with server.client(server.log_in()) as root:
        made = root.post("/v1/spaces", json={"name": "Heronry"}).json()["id"]
        place, plain = f"/v1/spaces/{made}/artifacts?name=Nests%20<b>", {"Content-Type": "text/plain"}
        assert root.post(place, content=b"Seven herons over the reeds", headers=plain).status_code == 201
    page = window.page
    page.goto("/console/")
    expect(page.get_by_role("link", name="Heronry")).to_be_visible()
    page.keyboard.press("/")
    field = page.get_by_role("textbox", name="Search everything")
    expect(field).to_be_focused()
    field.fill("nests")
    hit = page.get_by_role("dialog").get_by_role("button", name=re.compile("Nests <b>"))
    expect(hit.locator("mark")).to_have_text("Nests")
    page.get_by_role("dialog").get_by_role("button", name="All that is found").click()
    expect(page).to_have_url(re.compile(r"/search\?q=nests"))
    expect(page.get_by_role("link", name="Nests <b>")).to_be_visible()
    page.get_by_label("Kind").select_option("space")
    expect(page.get_by_role("heading", name="Nothing is found")).to_be_visible()
    page.get_by_role("button", name="Look for everything").click()
    page.get_by_role("link", name="Nests <b>").click()
    expect(page.get_by_role("heading", level=1, name="Nests <b>")).to_be_visible()
    page.keyboard.press("Control+k")
    page.get_by_role("textbox", name="Search everything").fill("key")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name="API keys")).to_be_visible()
