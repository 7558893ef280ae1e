"""A space as a whole in the console: made with everything at once, what it holds, out as a file and in again."""

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.test_console_artifacts import space, stored
from tests.browser.test_console_journey import LAKE
from tests.browser.window import Window
from tests.server.running import PATIENCE, Server


def new_space(page: Page) -> None:
    page.goto("/console/")
    page.get_by_role("button", name="New space").first.click()
    expect(page.get_by_role("dialog").get_by_label("Name")).to_be_visible()


def test_a_space_is_made_with_its_type_and_its_background(server: Server, window: Window, tmp_path: Path) -> None:
    page = window.page
    new_space(page)
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("0 of 255 characters")).to_be_visible()
    dialog.get_by_label("Name").fill("Reed bed")
    expect(dialog.get_by_text("8 of 255 characters")).to_be_visible()
    dialog.get_by_label("Description").fill("Along the shore")
    dialog.get_by_label("Type").select_option(label="Knowledge base")
    lake = tmp_path / "lake.png"
    lake.write_bytes(LAKE)
    dialog.locator("input[name=background]").set_input_files(lake)
    expect(dialog.get_by_role("img", name="The background as it was chosen")).to_be_visible()
    dialog.get_by_role("button", name="Create the space").click()
    expect(page.get_by_role("heading", level=1, name="Reed bed")).to_be_visible()
    with server.client(server.log_in()) as client:
        made = client.get(f"/v1/spaces/{page.url.rsplit('/', 1)[1]}").json()
    assert (made["space_type"], made["description"]) == ("knowledge_base", "Along the shore")
    assert made["background_url"]


def test_a_background_that_is_no_picture_does_not_cost_the_space(
    server: Server, window: Window, tmp_path: Path
) -> None:
    page = window.page
    window.expected += ["status of 415", "status of 422"]
    new_space(page)
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Patterned")
    wrong = tmp_path / "wrong.png"
    wrong.write_text("no picture")
    dialog.locator("input[name=background]").set_input_files(wrong)
    dialog.get_by_role("button", name="Create the space").click()
    expect(page.get_by_role("heading", level=1, name="Patterned")).to_be_visible()
    expect(page.get_by_text("The background could not be used")).to_be_visible()


def test_what_a_space_holds_and_the_links_into_it_are_told(server: Server, window: Window) -> None:
    page, made = window.page, space(server, "Told")
    one = stored(server, made, "map.txt", "0123456789", "text/plain")
    with server.client(server.log_in()) as client:
        answer = client.post(f"/v1/spaces/{made}/artifacts/{one}/links", json={"name": "For the board"})
        assert answer.status_code == 201, answer.text
    page.goto(f"/console/spaces/{made}/settings")
    expect(page.get_by_text("10 bytes in 1 file", exact=True)).to_be_visible()
    row = page.get_by_role("row").filter(has_text="For the board")
    row.get_by_role("link", name="map.txt").click()
    expect(page.get_by_role("heading", level=1, name="map.txt")).to_be_visible()


def test_a_space_goes_out_as_a_file_and_comes_in_again(server: Server, window: Window, tmp_path: Path) -> None:
    page, made = window.page, space(server, "Traveller")
    one = stored(server, made, "note.txt", "first", "text/plain")
    with server.client(server.log_in()) as client:
        headers = {"Content-Type": "text/plain"}
        path = f"/v1/spaces/{made}/artifacts/{one}/content"
        assert client.put(path, content="second", headers=headers).status_code == 200
    page.goto(f"/console/spaces/{made}/settings")
    page.get_by_role("checkbox", name="Older versions too").check()
    with page.expect_download() as download:
        page.get_by_role("link", name="Export the space").click()
    assert re.fullmatch(r"traveller-\w{8}\.zip", download.value.suggested_filename)
    file = tmp_path / "traveller.zip"
    download.value.save_as(file)

    new_space(page)
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("From an export").click()
    dialog.locator("input[name=bag]").set_input_files(file)
    dialog.get_by_role("textbox", name="Name").fill("Settler")
    dialog.get_by_role("button", name="Import the space").click()
    page.wait_for_url(re.compile(r"/console/jobs\?job="))
    page.get_by_role("button", name="Open the space").click(timeout=PATIENCE * 1000)
    expect(page.get_by_role("heading", level=1, name="Settler")).to_be_visible()
    page.get_by_role("link", name="note.txt").click()
    expect(page.get_by_role("rowheader", name="Version 2")).to_be_visible()


def test_a_file_that_is_no_export_is_said(server: Server, window: Window, tmp_path: Path) -> None:
    page = window.page
    wrong = tmp_path / "wrong.zip"
    wrong.write_text("no zip at all")
    new_space(page)
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("From an export").click()
    dialog.locator("input[name=bag]").set_input_files(wrong)
    dialog.get_by_role("button", name="Import the space").click()
    page.wait_for_url(re.compile(r"/console/jobs\?job="))
    expect(page.get_by_role("dialog").get_by_text("Failed")).to_be_visible(timeout=PATIENCE * 1000)


def test_a_template_is_found_behind_a_hundred_others(server: Server, window: Window) -> None:
    page, made = window.page, space(server, "Letters")
    stored(server, made, "Reminder.md", "Dear {{ name }},\n", "text/markdown")
    for number in range(101):
        stored(server, made, f"newer {number}.bin", "\0\1\2", "application/octet-stream")
    page.goto(f"/console/spaces/{made}")
    page.get_by_role("button", name="Generate").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Name").fill("To Ada.txt")
    dialog.get_by_text("A template and data").click()
    template = dialog.get_by_role("combobox", name="Template")
    template.click()
    expect(page.get_by_text("There is no such file in this space.")).to_be_visible()
    template.fill("remind")
    page.get_by_role("option", name="Reminder.md").click()
    dialog.get_by_role("textbox", name="Data").fill('{"name": "Ada"}')
    dialog.get_by_label("Format").select_option(label="Text")
    dialog.get_by_role("button", name="Generate").click()
    page.get_by_role("link", name="To Ada.txt").click()
    expect(page.get_by_text("Dear Ada,")).to_be_visible(timeout=PATIENCE * 1000)
