"""How one moves about: where the focus goes, what is read out, what the windows are called, and the way out and in again."""

import re
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Opening
from tests.browser.test_console_artifacts import space
from tests.browser.window import Window
from tests.server.running import EMAIL, PASSWORD, PATIENCE, Server

FOCUSED = "element => element === document.activeElement"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of these tests' own, where everybody may register."""
    server = Server(tmp_path_factory.mktemp("ways"), registration="open")
    yield server
    server.end()


def test_whoever_signs_out_and_in_again_is_among_the_spaces(window: Window) -> None:
    page = window.page
    page.get_by_role("button", name="Account menu").click()
    page.get_by_role("menuitem", name="Sign out").click()
    page.wait_for_url("**/login")
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/console/")
    expect(page.get_by_role("heading", level=1, name="Spaces")).to_be_visible()


def test_a_new_page_has_the_focus_and_says_its_title(window: Window) -> None:
    page = window.page
    page.get_by_role("navigation", name="Main").get_by_role("link", name="API keys").click()
    heading = page.get_by_role("heading", level=1, name="API keys")
    expect(heading).to_be_focused()
    expect(page).to_have_title("API keys · Courtyard")
    expect(page.get_by_role("status").filter(has_text="API keys · Courtyard")).to_be_attached()


def test_the_skip_link_leads_past_the_frame(window: Window) -> None:
    page = window.page
    page.goto("/console/developer/keys")
    expect(page.get_by_role("heading", level=1, name="API keys")).to_be_visible()
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    page.keyboard.press("Tab")
    assert page.evaluate("document.getElementById('main').contains(document.activeElement)")


def test_each_tab_and_thread_has_a_title_and_arrows_only_look(window: Window, server: Server) -> None:
    page, place = window.page, space(server, "Pier")
    with server.client(server.log_in()) as client:
        talk = client.post(f"/v1/spaces/{place}/threads", json={"title": "Planks"}).json()["id"]
    page.goto(f"/console/spaces/{place}")
    expect(page).to_have_title("Pier · Courtyard")
    page.get_by_role("tab", name="Threads").click()
    expect(page).to_have_title("Threads · Pier · Courtyard")
    page.get_by_role("link", name="Planks").click()
    expect(page).to_have_title("Planks · Pier · Courtyard")
    expect(page.get_by_role("heading", level=2, name="Planks")).to_be_focused()
    assert page.url.endswith(talk)

    before = page.evaluate("history.length")
    page.get_by_role("tab", name="Threads").focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    activity = page.get_by_role("tab", name="Activity")
    expect(activity).to_be_focused()
    assert page.evaluate("history.length") == before
    expect(page).to_have_title("Planks · Pier · Courtyard")
    assert (activity.get_attribute("href") or "").endswith(f"/spaces/{place}/activity")
    page.keyboard.press("Enter")
    expect(page).to_have_title("Activity · Pier · Courtyard")
    # The tab stays where the focus is: arrows go on from there.
    assert activity.evaluate(FOCUSED)


def test_shared_spaces_are_those_of_others(server: Server, opening: Opening) -> None:
    place = space(server, "Common ground")
    with server.client(server.log_in()) as root:
        person = {"email": "pia@example.org", "username": "pia", "password": PASSWORD}
        assert root.post("/v1/spaces", json={"name": "Root's", "visibility": "shared"}).status_code == 201
        assert root.post("/auth/register/", json=person).status_code == 200
        invitation = {"email": "pia@example.org", "role": "viewer"}
        assert root.post(f"/v1/spaces/{place}/invitations", json=invitation).status_code == 201
    guest = opening(server)
    guest.sign_in("pia@example.org", to="/console/?tab=shared")
    expect(guest.page.get_by_role("link", name="Common ground")).to_be_visible()
    told_and_leaves(guest.page)
    owner = opening(server)
    owner.sign_in(to="/console/?tab=shared")
    expect(owner.page.get_by_role("heading", name="Nothing is shared with you")).to_be_visible()


def told_and_leaves(page: Page) -> None:
    """The bell says that one was invited, and leads to where one can leave again."""
    page.get_by_role("button", name="News: 1 new").click()
    expect(page.get_by_role("menuitem", name="admin made you viewer of Common ground")).to_be_visible()
    page.get_by_role("menuitem", name="All invitations").click()
    expect(page.get_by_role("heading", level=1, name="Invitations")).to_be_visible()
    expect(page.get_by_role("button", name="News", exact=True)).to_be_visible()
    row = page.get_by_role("row").filter(has_text="Common ground")
    expect(row).to_contain_text("Viewer")
    row.get_by_role("button", name="Leave").click()
    page.get_by_role("dialog").get_by_role("button", name="Leave").click()
    expect(page.get_by_role("heading", name="Nobody has invited you yet")).to_be_visible()


def test_the_palette_shows_what_a_message_says(site: Server, opening: Opening) -> None:
    until = time.monotonic() + PATIENCE
    with site.client(site.log_in()) as client:
        while not client.get("/v1/search", params={"q": "first readings", "kind": "message"}).json()["data"]:
            assert time.monotonic() < until, "nothing is found"
            time.sleep(0.05)
    window = opening(site)
    window.sign_in()
    expect(window.page.get_by_role("heading", level=1, name="Spaces")).to_be_visible()
    window.page.keyboard.press("Control+k")
    window.page.get_by_role("textbox", name="Search everything").fill("first readings")
    expect(window.page.get_by_role("button", name=re.compile("The first readings are in"))).to_be_visible()


def test_relative_times_go_on(window: Window, server: Server) -> None:
    page = window.page
    space(server, "Hourglass")
    page.clock.install()
    page.goto("/console/")
    card = page.get_by_role("listitem").filter(has_text="Hourglass")
    expect(card).to_contain_text("just now")
    page.clock.fast_forward(5 * 60_000)
    expect(card).to_contain_text("5 minutes ago")
