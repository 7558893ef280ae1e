"""By the keyboard alone, as somebody without a mouse does it: Tab, Enter, Space, arrows, and what is typed."""

from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Opening
from tests.browser.test_console_artifacts import space, written
from tests.server.running import EMAIL, PASSWORD, Server

MOST = 60
"""Whoever has to press Tab more often than that cannot be said to reach a thing."""
FOCUSED = "element => element === document.activeElement"
SEEN = """() => {
  const { outlineStyle, outlineWidth, boxShadow, borderColor } = getComputedStyle(document.activeElement);
  return (outlineStyle !== "none" && outlineWidth !== "0px") || boxShadow !== "none" || borderColor;
}"""


@pytest.fixture
def page(server: Server, opening: Opening) -> Page:
    """The list of spaces, signed in to without a mouse."""
    page = opening(server).page
    page.goto("/login?next=/console/")
    expect(page.get_by_label("E-mail")).to_be_focused()
    page.keyboard.type(EMAIL)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/")
    expect(page.get_by_role("heading", level=1, name="Spaces")).to_be_visible()
    return page


def reach(page: Page, wanted: Locator) -> None:
    """Press Tab until it has the focus, and see that it shows."""
    expect(wanted).to_be_visible()
    for _ in range(MOST):
        if wanted.evaluate(FOCUSED):
            assert page.evaluate(SEEN), "nobody sees where the focus is"
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not lead to {wanted}")


def enter(page: Page, wanted: Locator) -> None:
    reach(page, wanted)
    page.keyboard.press("Enter")


def test_files_are_uploaded(server: Server, page: Page, tmp_path: Path) -> None:
    space(server, "Boatyard")
    page.reload()
    enter(page, page.get_by_role("link", name="Boatyard"))
    expect(page.get_by_role("heading", level=1, name="Boatyard")).to_be_visible()
    add = page.get_by_role("button", name="Upload files").first
    reach(page, add)
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Enter")
    chooser.value.set_files([written(tmp_path, "one.txt", "one"), written(tmp_path, "two.txt", "two")])
    expect(page.get_by_role("rowheader", name="two.txt")).to_be_visible()
    expect(page.get_by_role("button", name="Uploads: 2 of 2 done")).to_be_visible()
    # What has come is opened, and left again.
    page.keyboard.press("Escape")
    enter(page, page.get_by_role("tabpanel").get_by_role("link", name="one.txt"))
    expect(page.get_by_role("heading", level=1, name="one.txt")).to_be_visible()
    enter(page, page.get_by_role("link", name="Boatyard"))
    expect(page.get_by_role("heading", level=1, name="Boatyard")).to_be_visible()
    # And deleted, by its menu.
    enter(page, page.get_by_role("button", name="Actions for two.txt"))
    delete = page.get_by_role("menuitem", name="Delete")
    expect(delete).to_be_visible()
    for _ in range(5):
        if delete.evaluate(FOCUSED):
            break
        page.keyboard.press("ArrowDown")
    expect(delete).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("rowheader", name="two.txt")).to_be_hidden()


def test_somebody_is_invited(server: Server, page: Page) -> None:
    place = space(server, "Regatta")
    page.goto(f"/console/spaces/{place}")
    artifacts, people = (page.get_by_role("tab", name=name) for name in ("Artifacts", "People"))
    reach(page, artifacts)
    while not people.evaluate(FOCUSED):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    field = page.get_by_label("E-mail addresses")
    reach(page, field)
    page.keyboard.type("grace@example.org")
    role = page.get_by_role("region", name="Invite people").get_by_role("combobox")
    reach(page, role)
    page.keyboard.press("ArrowDown")
    chosen = role.evaluate("element => element.selectedOptions[0].textContent")
    enter(page, page.get_by_role("button", name="Invite", exact=True))
    row = page.get_by_role("region", name="Pending invitations").get_by_role("row").filter(has_text="grace@example.org")
    expect(row).to_be_visible()
    expect(row).to_contain_text(chosen)
    # And taken back: the dialog takes the focus, and gives it back.
    enter(page, row.get_by_role("button", name="Revoke"))
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    enter(page, dialog.get_by_role("button", name="Revoke"))
    expect(row).to_be_hidden()


def test_a_key_is_made(page: Page) -> None:
    enter(page, page.get_by_role("navigation", name="Main").get_by_role("link", name="API keys"))
    expect(page.get_by_role("heading", level=1, name="API keys")).to_be_visible()
    opener = page.get_by_role("button", name="New key").first
    enter(page, opener)
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Name")).to_be_focused()
    # Esc closes it, and one is where one was.
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(opener).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog.get_by_label("Name")).to_be_focused()
    page.keyboard.type("By keyboard")
    reach(page, dialog.get_by_label("Expires"))
    page.keyboard.press("ArrowUp")
    reach(page, dialog.get_by_role("radio", name="Read", exact=True))
    page.keyboard.press("ArrowDown")
    expect(dialog.get_by_role("radio", name="Read and write")).to_be_checked()
    limited = dialog.get_by_role("checkbox", name="Limit it to certain spaces")
    reach(page, limited)
    page.keyboard.press("Space")
    expect(limited).to_be_checked()
    page.keyboard.press("Space")
    # The focus stays in the dialog, however often one presses Tab.
    for _ in range(12):
        page.keyboard.press("Tab")
        assert dialog.evaluate("dialog => dialog.contains(document.activeElement)")
    enter(page, dialog.get_by_role("button", name="Create the key"))
    expect(dialog).to_contain_text("By keyboard is made")
    reach(page, dialog.get_by_role("button", name="Copy the key").first)
    enter(page, dialog.get_by_role("button", name="I have stored it"))
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("row").filter(has_text="By keyboard")).to_contain_text("30 days")
