"""Artifacts in the console: uploads, previews, versions, the trash, links, jobs; and that nothing uploaded is ever run."""

import json
import re
from pathlib import Path

from playwright.sync_api import Dialog, Page, expect

from tests.browser.conftest import Opening
from tests.browser.window import Window
from tests.server.running import Server

HOSTILE = '"><img src=x onerror=alert(1)>.txt'
MARKDOWN = """# Survey
<img src=x onerror="alert(1)"> <script>alert(2)</script>

[press](javascript:alert(3)) and [read](https://example.org/) ![far](https://example.org/far.png)
"""
SVG = """<svg xmlns="http://www.w3.org/2000/svg" width="120" height="80" onload="alert(4)">
<script>alert(5)</script><rect width="120" height="80" fill="teal"/></svg>"""


def space(server: Server, name: str) -> str:
    with server.client(server.log_in()) as client:
        return client.post("/v1/spaces", json={"name": name}).json()["id"]


def stored(server: Server, place: str, name: str, content: str, content_type: str) -> str:
    with server.client(server.log_in()) as client:
        headers = {"Content-Type": content_type}
        answer = client.post(f"/v1/spaces/{place}/artifacts", params={"name": name}, content=content, headers=headers)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def choose(page: Page, button: str, *files: Path) -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name=button).first.click()
    chooser.value.set_files(files)


def written(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.write_text(text)
    return file


def test_from_three_files_to_a_version_and_back_out_of_the_trash(
    server: Server, window: Window, tmp_path: Path
) -> None:
    page, place = window.page, space(server, "Jetty")
    page.goto(f"/console/spaces/{place}")
    files = [
        written(tmp_path, "plan.md", "# The plan\n\n- first\n- second\n"),
        written(tmp_path, "tides.csv", "day,height\n1,2.5\n2,2.75\n"),
        written(tmp_path, "note.txt", "one line"),
    ]
    choose(page, "Upload files", *files)
    expect(page.get_by_role("button", name="Uploads: 3 of 3 done")).to_be_visible()
    page.keyboard.press("Escape")

    page.get_by_role("tab", name="Jobs").click()
    row = page.get_by_role("row").filter(has_text="plan.md").first
    expect(row).to_contain_text("Done")
    row.get_by_role("button").click()
    expect(page.get_by_role("dialog")).to_contain_text("Asked for")
    page.keyboard.press("Escape")

    page.get_by_role("tab", name="Artifacts").click()
    page.get_by_role("link", name="plan.md").click()
    expect(page.get_by_role("region", name="Preview").get_by_role("heading", name="The plan")).to_be_visible()

    choose(page, "Upload a new version", written(tmp_path, "plan.v2.md", "# Another plan\n"))
    expect(page.get_by_role("heading", name="Another plan")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Actions for version 1").click()
    page.get_by_role("menuitem", name="Restore").click()
    expect(page.get_by_role("rowheader", name="Version 3")).to_be_visible()
    expect(page.get_by_role("heading", name="The plan")).to_be_visible()

    page.get_by_role("button", name="More actions").click()
    page.get_by_role("menuitem", name="Move to the trash").click()
    expect(page.get_by_role("link", name="tides.csv")).to_be_visible()
    expect(page.get_by_role("link", name="plan.md")).to_be_hidden()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("link", name="plan.md")).to_be_visible()

    page.get_by_role("link", name="tides.csv").click()
    expect(page.get_by_role("columnheader", name="height")).to_be_visible()


def test_arrows_lead_to_the_neighbours_of_the_filtered_list_and_escape_back(server: Server, window: Window) -> None:
    page, place = window.page, space(server, "Row")
    for name in ("tide one.txt", "other.txt", "tide two.txt"):
        stored(server, place, name, name, "text/plain")
    page.goto(f"/console/spaces/{place}")
    page.get_by_role("searchbox", name="Search in this space").fill("tide")
    page.wait_for_url("**?q=tide")
    page.get_by_role("link", name="tide one.txt").click()
    expect(page.get_by_role("heading", level=1, name="tide one.txt")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("tide two.txt"))).to_be_visible()
    forward = page.get_by_role("button", name="Next: tide two.txt").count() == 1
    page.keyboard.press("ArrowRight" if forward else "ArrowLeft")
    expect(page.get_by_role("heading", level=1, name="tide two.txt")).to_be_visible()
    page.keyboard.press("Escape")
    page.wait_for_url("**?q=tide")
    expect(page.get_by_role("link", name="tide one.txt")).to_be_visible()
    expect(page.get_by_role("link", name="other.txt")).to_be_hidden()


def test_what_is_in_the_trash_comes_back_or_goes_for_good(server: Server, window: Window) -> None:
    page, place = window.page, space(server, "Attic")
    kept, gone = (
        stored(server, place, "kept.txt", "1", "text/plain"),
        stored(server, place, "gone.txt", "2", "text/plain"),
    )
    with server.client(server.log_in()) as client:
        for one in (kept, gone):
            client.delete(f"/v1/spaces/{place}/artifacts/{one}")
    page.goto(f"/console/spaces/{place}?view=trash")
    page.get_by_role("button", name="Restore kept.txt").click()
    expect(page.get_by_role("rowheader", name="kept.txt")).to_be_hidden()
    page.get_by_role("button", name="Delete gone.txt for good").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete for good").click()
    expect(page.get_by_role("heading", name="The trash is empty")).to_be_visible()
    page.get_by_role("link", name="Back to the artifacts").click()
    expect(page.get_by_role("link", name="kept.txt")).to_be_visible()


def test_nothing_that_was_uploaded_is_run(server: Server, window: Window) -> None:
    page, place = window.page, space(server, "Smugglers")
    dialogs: list[Dialog] = []
    # A dialog that somebody listens to and nobody answers holds the page up: the test would fail then, too.
    page.on("dialog", lambda dialog: dialogs.append(dialog))  # noqa: PLW0108 - playwright marks what it is given
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    files = {
        name: stored(server, place, name, text, kind)
        for name, text, kind in (
            (HOSTILE, "harmless", "text/plain"),
            ("page.html", "<script>alert(6)</script><b>bold</b>", "text/html"),
            ("survey.md", MARKDOWN, "text/markdown"),
            ("drawing.svg", SVG, "image/svg+xml"),
        )
    }
    page.goto(f"/console/spaces/{place}")
    expect(page.get_by_role("link", name=HOSTILE)).to_be_visible()
    for name, one in files.items():
        page.goto(f"/console/spaces/{place}/artifacts/{one}")
        expect(page.get_by_role("heading", level=1, name=name)).to_be_visible()
        preview = page.get_by_role("region", name="Preview")
        if name == "survey.md":
            expect(preview.get_by_role("heading", name="Survey")).to_be_visible()
            assert preview.locator("img, script").count() == 0
            addresses = [link.get_attribute("href") or "" for link in preview.locator("a").all()]
            assert [address for address in addresses if not address.startswith("https:")] in ([], [""])
        elif name == "page.html":
            expect(preview.get_by_text("<script>alert(6)</script>")).to_be_visible()
        elif name == "drawing.svg":
            expect(preview.get_by_role("img", name=f"Preview of {name}")).to_be_visible()
    page.wait_for_timeout(300)
    assert dialogs == []
    assert [address for address in asked if not address.startswith(("http://127.0.0.1", "blob:"))] == []


def test_a_pdf_is_drawn_with_its_words(server: Server, window: Window) -> None:
    page, place = window.page, space(server, "Press")
    page.goto(f"/console/spaces/{place}")
    page.get_by_role("button", name="Generate").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Harvest.pdf")
    dialog.get_by_label("Content").fill("# Harvest\n\nThree hundred apples.\n")
    dialog.get_by_role("button", name="Generate").click()
    page.get_by_role("link", name="Harvest.pdf").click()
    expect(page.get_by_role("region", name="Pages of Harvest.pdf").get_by_text("Three hundred apples.")).to_be_visible(
        timeout=30_000
    )


def test_data_that_is_no_json_is_said_at_its_field(server: Server, window: Window) -> None:
    page, place = window.page, space(server, "Forms")
    stored(server, place, "letter.md", "Dear {{ name }},", "text/markdown")
    page.goto(f"/console/spaces/{place}")
    page.get_by_role("button", name="Generate").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Letter")
    dialog.get_by_text("A template and data").click()
    dialog.get_by_role("combobox", name="Template").click()
    page.get_by_role("option", name="letter.md").click()
    dialog.get_by_role("textbox", name="Data").fill("{name: 1")
    dialog.get_by_role("button", name="Generate").click()
    expect(dialog.get_by_text("This is no JSON")).to_be_visible()
    dialog.get_by_role("textbox", name="Data").fill(json.dumps({"name": "Ada"}))
    dialog.get_by_role("button", name="Generate").click()
    expect(page.get_by_role("link", name="Letter", exact=True)).to_be_visible()


def test_a_link_is_shown_once_and_ends_when_it_is_revoked(server: Server, window: Window, opening: Opening) -> None:
    page, place = window.page, space(server, "Window")
    one = stored(server, place, "view.txt", "seen from outside", "text/plain")
    page.goto(f"/console/spaces/{place}/artifacts/{one}")
    page.get_by_role("tab", name="Public links").click()
    page.get_by_role("button", name="Make a link").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("For the board")
    dialog.get_by_role("button", name="Make the link").click()
    url = dialog.get_by_text(re.compile(r"/l/")).inner_text()
    dialog.get_by_role("button", name="Done").click()
    path = "/l/" + url.rpartition("/l/")[2]
    other = opening(server)
    answer = other.page.goto(path)
    assert answer is not None
    assert answer.status == 200
    page.get_by_role("button", name="Revoke For the board").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(page.get_by_role("button", name="Revoke For the board")).to_be_hidden()
    other.expected += ["status of 410", "status of 404"]
    answer = other.page.goto(path)
    assert answer is not None
    assert answer.status in (404, 410)
