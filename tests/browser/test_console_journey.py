"""What people do in the console, from an empty space to its end, by what they see and by the keyboard."""

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.conftest import Opening
from tests.browser.window import Gate, Window
from tests.server.running import Server

LAKE = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6364f8cf500f0003860180"
    "5a347d6b0000000049454e44ae426082"
)


def new_space(page: Page, name: str) -> None:
    page.goto("/console/")
    page.get_by_role("button", name="New space").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill(name)
    dialog.get_by_role("button", name="Create the space").click()
    expect(page.get_by_role("heading", level=1, name=name)).to_be_visible()


def upload(page: Page, *files: Path) -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Upload files").first.click()
    chooser.value.set_files(files)


def test_from_an_empty_space_to_its_end(window: Window, tmp_path: Path) -> None:
    page = window.page
    new_space(page, "Harbour")
    expect(page.get_by_role("heading", name="Add the first file")).to_be_visible()

    files = [tmp_path / name for name in ("one.txt", "two.csv", "drei & <b>.md")]
    for file in files:
        file.write_text(file.name)
    upload(page, *files)
    for file in files:
        expect(page.get_by_role("rowheader", name=file.name)).to_be_visible()
    expect(page.get_by_role("button", name="Uploads: 3 of 3 done")).to_be_visible()
    page.keyboard.press("Escape")

    page.get_by_role("button", name="Actions for one.txt").click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name="Download").click()
    assert download.value.suggested_filename == "one.txt"
    assert download.value.path().read_text() == "one.txt"

    page.get_by_role("button", name="Actions for two.csv").click()
    page.get_by_role("menuitem", name="Rename").click()
    page.get_by_role("dialog").get_by_label("Name").fill("tides.csv")
    page.keyboard.press("Enter")
    expect(page.get_by_role("rowheader", name="tides.csv")).to_be_visible()

    page.get_by_role("button", name="Actions for one.txt").click()
    page.get_by_role("menuitem", name="Delete").click()
    expect(page.get_by_role("rowheader", name="one.txt")).to_be_hidden()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("rowheader", name="one.txt")).to_be_visible()

    page.get_by_role("tab", name="Settings").click()
    lake = tmp_path / "lake.png"
    lake.write_bytes(LAKE)
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose an image").click()
    chooser.value.set_files(lake)
    expect(page.get_by_role("button", name="Remove")).to_be_visible()

    page.get_by_label("Name").fill("Harbour 2026")
    page.get_by_label("Public").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1, name="Harbour 2026")).to_be_visible()

    page.get_by_role("button", name="Delete the space…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Delete for good")).to_be_disabled()
    dialog.get_by_role("textbox").fill("Harbour 2026")
    dialog.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_role("heading", level=1, name="Spaces")).to_be_visible()
    expect(page.get_by_role("link", name="Harbour 2026")).to_be_hidden()


def test_filters_stand_in_the_address_and_survive_a_reload(window: Window) -> None:
    page = window.page
    new_space(page, "Quay")
    page.goto("/console/")
    page.get_by_role("searchbox", name="Search by name").fill("qu")
    page.wait_for_url("**/console/?q=qu")
    expect(page.get_by_role("link", name="Quay")).to_be_visible()
    page.get_by_role("searchbox", name="Search by name").fill("nowhere")
    expect(page.get_by_role("heading", name="Nothing matches")).to_be_visible()
    page.reload()
    expect(page.get_by_role("searchbox", name="Search by name")).to_have_value("nowhere")
    page.get_by_role("link", name="Clear the search").click()
    expect(page.get_by_role("link", name="Quay")).to_be_visible()
    expect(page.get_by_role("searchbox", name="Search by name")).to_have_value("")


def test_by_the_keyboard_alone(window: Window) -> None:
    page = window.page
    expect(page.get_by_role("heading", level=1, name="Spaces")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.get_by_role("button", name="New space").first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog").get_by_label("Name")).to_be_focused()
    page.keyboard.type("Pier")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name="Pier")).to_be_visible()
    page.keyboard.press("Control+k")
    expect(page.get_by_role("textbox", name="Search everything")).to_be_focused()
    page.keyboard.type("pier")
    expect(page.get_by_text("Space ·")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_a_wrong_value_is_said_at_its_field(window: Window) -> None:
    page = window.page
    page.get_by_role("button", name="New space").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("   ")
    window.expected.append("status of 422")
    dialog.get_by_role("button", name="Create the space").click()
    expect(dialog.get_by_label("Name")).to_have_attribute("aria-invalid", "true")


def test_an_upload_goes_on_while_one_looks_around(window: Window, tmp_path: Path) -> None:
    page = window.page
    new_space(page, "Slipway")
    gate = Gate(page, re.compile(r"/uploads$"))
    files = [tmp_path / f"{number}.txt" for number in range(4)]
    for file in files:
        file.write_text("x" * 1000)
    upload(page, *files)
    page.get_by_role("link", name="Courtyard, all spaces").click()
    expect(page.get_by_role("heading", level=1, name="Spaces")).to_be_visible()
    expect(page.get_by_role("button", name="Uploads: 0 of 4 done")).to_be_visible()
    assert gate.waiting
    gate.open()
    expect(page.get_by_role("button", name="Uploads: 4 of 4 done")).to_be_visible()


def test_whoever_is_not_signed_in_comes_back_after_signing_in(server: Server, opening: Opening) -> None:
    window = opening(server)
    window.page.goto("/console/?q=quay")
    window.page.wait_for_url("**/login?next=*")
    window.page.get_by_label("E-mail").fill("root@example.org")
    window.page.get_by_label("Password").fill("seven quiet herons")
    window.page.get_by_role("button", name="Sign in", exact=True).click()
    window.page.wait_for_url("**/console/?q=quay")


def test_signing_out_ends_the_session(window: Window) -> None:
    page = window.page
    page.get_by_role("button", name="Account menu").click()
    page.get_by_role("menuitem", name="Sign out").click()
    page.wait_for_url("**/login")
    page.goto("/console/")
    page.wait_for_url("**/login?next=*")


def test_a_plain_http_name_of_the_local_network_does(server: Server, opening: Opening) -> None:
    window = opening(server, at=server.http.replace("127.0.0.1", "courtyard.test"))
    # Browsers keep this header for secure contexts, and say so.
    window.expected.append("Cross-Origin-Opener-Policy")
    window.sign_in()
    assert window.page.evaluate("isSecureContext") is False
    new_space(window.page, "Boathouse")


def test_dark_is_chosen_once_and_stays(window: Window) -> None:
    page = window.page
    page.get_by_role("button", name="Account menu").click()
    page.get_by_role("menuitemradio", name="Dark").click()
    page.reload()
    expect(page.get_by_role("heading", level=1, name="Spaces")).to_be_visible()
    assert page.evaluate("document.documentElement.dataset.mantineColorScheme") == "dark"
