"""The list of artifacts: several at once, who added them, how far they are, how much there is room for, drops."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import JSHandle, Page, expect

from tests.browser.conftest import Opening
from tests.browser.test_console_artifacts import choose, space, stored
from tests.browser.window import Window
from tests.server.running import PATIENCE, Server

DROPPED = """(names) => {
  const carried = new DataTransfer();
  for (const name of names) carried.items.add(new File(["dropped"], name, {type: "text/plain"}));
  return carried;
}"""


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with little room, and nobody who works."""
    server = Server(tmp_path_factory.mktemp("narrow"), worker="none", tus_limit="2000000", space_bytes="3000000")
    yield server
    server.end()


def filled(server: Server, window: Window, name: str, files: int = 3) -> str:
    """A new space with files, open in the window."""
    made = space(server, name)
    for number in range(files):
        stored(server, made, f"{number}.txt", f"content {number}", "text/plain")
    window.page.goto(f"/console/spaces/{made}")
    expect(window.page.get_by_role("rowheader")).to_have_count(files)
    return made


def test_several_are_deleted_by_one_question_and_come_back_by_one_undo(server: Server, window: Window) -> None:
    page = window.page
    filled(server, window, "Several")
    selected = page.get_by_role("region", name="Selected artifacts")
    page.get_by_role("checkbox", name="Select 0.txt").check()
    expect(selected).to_contain_text("1 artifact selected")
    page.get_by_role("link", name="2.txt").focus()
    page.keyboard.press("x")
    expect(selected).to_contain_text("2 artifacts selected")
    selected.get_by_role("button", name="Delete…").click()
    page.get_by_role("dialog", name="Delete 2 artifacts?").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("rowheader")).to_have_count(1)
    expect(selected).to_be_hidden()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("rowheader")).to_have_count(3)
    page.get_by_role("checkbox", name="Select all that are shown").check()
    expect(selected).to_contain_text("3 artifacts selected")
    selected.get_by_role("button", name="Clear the selection").click()
    expect(page.get_by_role("checkbox", name="Select 1.txt")).not_to_be_checked()


def test_several_move_to_a_thread_by_which_the_list_is_narrowed(server: Server, window: Window) -> None:
    page, made = window.page, space(server, "Threads")
    with server.client(server.log_in()) as client:
        assert client.post(f"/v1/spaces/{made}/threads", json={"title": "Spring survey"}).status_code == 201
    for name in ("in.txt", "out.txt"):
        stored(server, made, name, name, "text/plain")
    page.goto(f"/console/spaces/{made}")
    page.get_by_role("checkbox", name="Select in.txt").check()
    page.get_by_role("button", name="Move to a thread…").click()
    dialog = page.get_by_role("dialog", name="Move 1 artifact")
    dialog.get_by_label("Thread").select_option(label="Spring survey")
    dialog.get_by_role("button", name="Move").click()
    expect(dialog).to_be_hidden()
    page.get_by_role("main").get_by_label("Thread", exact=True).select_option(label="Spring survey")
    expect(page.get_by_role("rowheader")).to_have_count(1)
    expect(page.get_by_role("rowheader", name="in.txt")).to_be_visible()
    page.reload()
    expect(page.get_by_role("rowheader")).to_have_count(1)


def test_a_row_says_who_added_it_and_copies_its_link_and_its_command(
    server: Server, window: Window, tmp_path: Path
) -> None:
    page = window.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    filled(server, window, "Copied", 1)
    with server.client(server.log_in()) as client:
        username = client.get("/v1/me").json()["username"]
        key = client.post("/v1/keys", json={"name": "Copied", "scopes": ["read"]}).json()["key"]
    row = page.get_by_role("row").filter(has_text="0.txt")
    expect(row).to_contain_text(username)

    def copied(item: str) -> str:
        row.get_by_role("button", name="Actions for 0.txt").click()
        page.get_by_role("menuitem", name=item).click()
        expect(page.get_by_text("is copied.").last).to_be_visible()
        return page.evaluate("navigator.clipboard.readText()")

    command = copied("Copy as curl")
    assert key not in command
    surroundings = {"PATH": os.environ["PATH"], "COURTYARD_API_KEY": key}
    subprocess.run(
        ["bash", "-euc", command], env=surroundings, cwd=tmp_path, timeout=PATIENCE, check=True, capture_output=True
    )
    assert (tmp_path / "0.txt").read_text() == "content 0"
    page.goto(copied("Copy the link"))
    expect(page.get_by_role("heading", level=1, name="0.txt")).to_be_visible()


def test_without_a_clipboard_it_stands_in_a_message(server: Server, opening: Opening) -> None:
    window = opening(server, at=server.http.replace("127.0.0.1", "courtyard.test"))
    window.expected.append("Cross-Origin-Opener-Policy")
    window.sign_in()
    filled(server, window, "Plain copies", 1)
    window.page.get_by_role("button", name="Actions for 0.txt").click()
    window.page.get_by_role("menuitem", name="Copy as curl").click()
    expect(window.page.get_by_text("Here is the command")).to_be_visible()
    expect(window.page.get_by_text("curl -OJ")).to_be_visible()


def test_what_is_made_has_a_bar_in_its_row(narrow: Server, opening: Opening) -> None:
    window = opening(narrow)
    window.sign_in()
    made = space(narrow, "Bars")
    with narrow.client(narrow.log_in()) as client:
        body = {"name": "report.pdf", "type": "report", "format": "pdf", "content": "cGggNy4yCg=="}
        assert client.post(f"/v1/spaces/{made}/artifacts/generate", json=body).status_code == 201
    window.page.goto(f"/console/spaces/{made}")
    bar = window.page.get_by_role("progressbar", name="Progress of report.pdf")
    expect(bar).to_have_attribute("aria-valuenow", "0")


def test_what_is_too_large_is_told_before_it_is_sent(narrow: Server, opening: Opening, tmp_path: Path) -> None:
    window = opening(narrow)
    window.sign_in()
    page, made = window.page, space(narrow, "Room")
    stored(narrow, made, "here.bin", "x" * 1_500_000, "application/octet-stream")
    page.goto(f"/console/spaces/{made}")
    expect(page.get_by_text("1.5 MB of 3 MB used · one file up to 2 MB")).to_be_visible()
    posted: list[str] = []
    page.on("request", lambda request: posted.append(request.url) if request.method == "POST" else None)
    sizes = {"large.bin": 2_100_000, "more.bin": 1_700_000}
    for name, count in sizes.items():
        (tmp_path / name).write_bytes(bytes(count))
    choose(page, "Upload files", *(tmp_path / name for name in sizes))
    expect(page.get_by_text("It has 2.1 MB; one file may have 2 MB.")).to_be_visible()
    expect(page.get_by_text("It has 1.7 MB; the space has room for 1.5 MB.")).to_be_visible()
    assert [one for one in posted if "/uploads" in one] == []
    stored(narrow, made, "rest.bin", "x" * 1_500_000, "application/octet-stream")
    expect(page.get_by_text("The space is full: it may hold 3 MB.")).to_be_visible()


def carried(page: Page, *names: str) -> JSHandle:
    return page.evaluate_handle(DROPPED, list(names))


def test_files_may_be_dropped_anywhere_on_the_page(server: Server, window: Window) -> None:
    page = window.page
    made = filled(server, window, "Dropped", 1)
    over = page.get_by_text("Drop to upload to Dropped")
    header = page.get_by_role("banner")
    files = carried(page, "one.txt", "two.txt")
    header.dispatch_event("dragover", {"dataTransfer": files})
    expect(over).to_be_visible()
    page.locator("html").dispatch_event("dragleave", {"dataTransfer": files})
    expect(over).to_be_hidden()
    header.dispatch_event("dragover", {"dataTransfer": files})
    header.dispatch_event("drop", {"dataTransfer": files})
    expect(over).to_be_hidden()
    expect(page.get_by_role("button", name="Uploads: 2 of 2 done")).to_be_visible()
    expect(page.get_by_role("rowheader", name="two.txt")).to_be_visible()
    # On a page that lists no artifacts nothing takes them.
    page.goto(f"/console/spaces/{made}/people")
    header.dispatch_event("dragover", {"dataTransfer": carried(page, "three.txt")})
    expect(over).to_be_hidden()
