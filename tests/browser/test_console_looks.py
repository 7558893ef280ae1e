"""Every page of the console in both schemes and on both sizes: no serious flaw, no error, nothing sideways."""

import re
from pathlib import Path

import pytest

from tests.browser.conftest import Opening
from tests.browser.looks import SCHEMES, Show, look
from tests.browser.window import Window
from tests.server.running import Server


def spaces(window: Window) -> None:
    window.page.get_by_role("link", name="Water quality").wait_for()


def filtered(window: Window) -> None:
    window.page.goto("/console/?q=zzz")
    window.page.get_by_role("heading", name="Nothing matches").wait_for()


def new_space(window: Window) -> None:
    window.page.get_by_role("button", name="New space").first.click()
    window.page.get_by_role("dialog").get_by_label("Name").wait_for()


def artifacts(window: Window) -> None:
    window.page.get_by_role("link", name="Water quality").click()
    window.page.get_by_role("row", name="Readings").wait_for()


def empty(window: Window) -> None:
    window.page.get_by_role("link", name="Budget").click()
    window.page.get_by_role("heading", name="Add the first file").wait_for()


def settings(window: Window) -> None:
    window.page.get_by_role("link", name="Water quality").click()
    window.page.get_by_role("tab", name="Settings").click()
    window.page.get_by_role("button", name="Save").wait_for()


def row_menu(window: Window) -> None:
    artifacts(window)
    window.page.get_by_role("button", name="Actions for Readings").click()
    window.page.get_by_role("menuitem", name="Download").wait_for()


def account_menu(window: Window) -> None:
    window.page.get_by_role("button", name="Account menu").click()
    window.page.get_by_role("menuitem", name="Sign out").wait_for()


def palette(window: Window) -> None:
    spaces(window)
    window.page.keyboard.press("Control+k")
    window.page.get_by_role("textbox", name="Search everything").fill("water")
    window.page.get_by_text("Space · Water quality").first.wait_for()


def palette_without_answer(window: Window) -> None:
    spaces(window)
    window.expected.append("the server responded with a status of 403")
    window.page.route("**/console/api/search?*", lambda route: route.fulfill(status=403, json={"detail": "Not today."}))
    window.page.keyboard.press("Control+k")
    window.page.get_by_role("textbox", name="Search everything").fill("lake")
    window.page.get_by_role("button", name="The search did not work. Try again").wait_for()
    window.page.unroute("**/console/api/search?*")


def trash(window: Window) -> None:
    artifacts(window)
    window.page.get_by_role("link", name="Trash").click()
    window.page.get_by_role("heading", name="The trash is empty").wait_for()


def generate(window: Window) -> None:
    artifacts(window)
    window.page.get_by_role("button", name="Generate").click()
    window.page.get_by_role("dialog").get_by_label("Content").wait_for()


def artifact(window: Window) -> None:
    artifacts(window)
    window.page.get_by_role("link", name="Readings.csv").click()
    window.page.get_by_role("columnheader", name="temperature").wait_for()


def links(window: Window) -> None:
    artifact(window)
    window.page.get_by_role("tab", name="Public links").click()
    window.page.get_by_role("button", name="Make a link").wait_for()


def taken(window: Window) -> None:
    artifacts(window)
    with window.page.expect_file_chooser() as chooser:
        window.page.get_by_role("button", name="Upload files").first.click()
    chooser.value.set_files({"name": "Readings.csv", "mimeType": "text/csv", "buffer": b"date,site\n"})
    window.page.get_by_role("dialog", name="This name is taken").get_by_role("button", name="Replace").wait_for()


def tray(window: Window) -> None:
    window.page.get_by_role("button", name="Uploads").click()
    window.page.get_by_role("heading", name="Uploads").wait_for()


def missing(window: Window) -> None:
    window.page.goto("/console/spaces/nowhere")
    window.page.get_by_role("heading", name="There is nothing here").wait_for()


def at(path: str, name: str) -> Show:
    """A page by its address, once it shows something of that name."""

    def show(window: Window) -> None:
        window.page.goto(f"/console/{path}")
        window.page.get_by_text(name).locator("visible=true").first.wait_for()

    show.__name__ = re.sub(r"\W+", "_", path)
    return show


def new_key(window: Window) -> None:
    window.page.goto("/console/developer/keys")
    window.page.get_by_role("button", name="New key").click()
    window.page.get_by_role("dialog").get_by_label("Name").wait_for()


MORE = [
    new_key,
    at("developer/keys", "Last used"),
    at("developer/apps", "Applications that you let in"),
    at("developer/logs", "Requests"),
    at("account", "Delete the account"),
    at("account?tab=security", "Set up an app"),
    at("account?tab=sessions", "this one"),
    at("account?tab=activity", "Signed in"),
    at("account?tab=preferences", "Keyboard shortcuts"),
    at("admin", "Show numbers"),
    at("admin?tab=people", "Change"),
    at("admin?tab=trail", "Signed in"),
    at("admin?tab=settings", "COURTYARD_ADMIN_EMAIL"),
    at("search?q=water", "Water quality"),
]
PAGES = [spaces, filtered, new_space, artifacts, empty, settings, row_menu, account_menu, tray, missing]
PALETTE = [palette, palette_without_answer]
INSIDE = [artifact, links, trash, generate, taken]


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("shows", [PAGES + PALETTE, INSIDE, MORE], ids=["frame", "artifacts", "person"])
def test_every_page_can_be_read_by_everybody(
    scheme: str, shows: list[Show], site: Server, opening: Opening, shots: Path | None
) -> None:
    window = opening(site, scheme=scheme)
    window.sign_in()
    look(window, shows, scheme, shots)
