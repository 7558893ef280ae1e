"""Every page of the console in both schemes and on both sizes: no serious flaw, no error, nothing sideways."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.browser.conftest import Opening
from tests.browser.window import Window
from tests.server.running import Server

SIZES = [(scheme, width) for scheme in ("light", "dark") for width in (1280, 390)]


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


def tray(window: Window) -> None:
    window.page.get_by_role("button", name="Uploads").click()
    window.page.get_by_role("heading", name="Uploads").wait_for()


def missing(window: Window) -> None:
    window.page.goto("/console/spaces/nowhere")
    window.page.get_by_role("heading", name="There is nothing here").wait_for()


def at(path: str, name: str) -> Callable[[Window], None]:
    """A page by its address, once it shows something of that name."""

    def show(window: Window) -> None:
        window.page.goto(f"/console/{path}")
        window.page.get_by_text(name).first.wait_for()

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
    at("developer/logs", "Any API"),
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
PAGES = [spaces, filtered, new_space, artifacts, empty, settings, row_menu, account_menu, palette, tray, missing]


@pytest.mark.parametrize(("scheme", "width"), SIZES)
def test_every_page_can_be_read_by_everybody(
    scheme: str, width: int, site: Server, opening: Opening, shots: Path | None
) -> None:
    window = opening(site, scheme=scheme, width=width)
    window.sign_in()
    for show in [*PAGES, *MORE]:
        window.page.goto("/console/")
        show(window)
        window.shoot(shots, f"{show.__name__}-{scheme}-{width}")
        assert window.flaws() == [], show.__name__
        assert window.overflow() <= 0, show.__name__
