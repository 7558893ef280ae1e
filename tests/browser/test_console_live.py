"""News in many windows, uploads that outlive the server and the window, and a host name without https."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Opening
from tests.browser.test_console_artifacts import choose, space, stored, written
from tests.server.running import PATIENCE, Server, free_port

LARGE = 24_000_000
# What browsers say of a server that is gone for a moment.
GONE = ("ERR_CONNECTION", "ERR_EMPTY_RESPONSE", "ERR_INCOMPLETE", "ERR_NETWORK", "ERR_FAILED")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "server"


@pytest.fixture
def server(folder: Path) -> Iterator[Server]:
    folder.mkdir()
    server = Server(folder, port=str(free_port()))
    yield server
    server.end()


def again(folder: Path, server: Server) -> Server:
    """The same server at the same address, after it was killed."""
    return Server(folder, port=server.http.rpartition(":")[2])


def slow(page: Page, bytes_per_second: int) -> None:
    session = page.context.new_cdp_session(page)
    limits = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": bytes_per_second}
    session.send("Network.emulateNetworkConditions", limits)


def test_seven_windows_hear_what_happens(server: Server, opening: Opening) -> None:
    window = opening(server)
    window.sign_in()
    place = space(server, "Seven")
    pages = [window.page, *(window.page.context.new_page() for _ in range(6))]
    for page in pages:
        page.goto(f"/console/spaces/{place}")
        expect(page.get_by_role("heading", name="Add the first file")).to_be_visible()
    stored(server, place, "heard.txt", "x", "text/plain")
    for page in pages:
        expect(page.get_by_role("link", name="heard.txt")).to_be_visible()


def test_an_upload_goes_on_when_the_server_was_killed_in_its_middle(
    folder: Path, server: Server, opening: Opening, tmp_path: Path
) -> None:
    window = opening(server)
    window.expected += GONE
    window.sign_in()
    page, place = window.page, space(server, "Wreck")
    large = tmp_path / "large.bin"
    large.write_bytes(bytes(range(256)) * (LARGE // 256))
    page.goto(f"/console/spaces/{place}")
    slow(page, 4_000_000)
    choose(page, "Upload files", large)
    expect(page.get_by_text("MB/s")).to_be_visible()
    time.sleep(1)
    server.kill()
    expect(page.get_by_text("The connection was lost at")).to_be_visible()
    expect(page.get_by_text("The connection to the server was lost.")).to_be_visible()
    slow(page, -1)
    other = again(folder, server)
    try:
        expect(page.get_by_role("button", name="Uploads: 1 of 1 done")).to_be_visible(timeout=PATIENCE * 1000)
        expect(page.get_by_text("The connection to the server was lost.")).to_be_hidden(timeout=PATIENCE * 1000)
        expect(page.get_by_role("link", name="large.bin").first).to_be_visible()
        with other.client(other.log_in()) as client:
            found = client.get(f"/v1/spaces/{place}/artifacts").json()["data"]
            assert [(one["name"], one["size"]) for one in found] == [("large.bin", large.stat().st_size)]
            one = client.get(found[0]["download_url"])
            assert one.content == large.read_bytes()
    finally:
        other.end()


def test_an_upload_is_paused_and_goes_on_in_another_window(server: Server, opening: Opening, tmp_path: Path) -> None:
    window = opening(server)
    window.sign_in()
    page, place = window.page, space(server, "Pause")
    large = tmp_path / "large.bin"
    large.write_bytes(bytes(LARGE))
    page.goto(f"/console/spaces/{place}")
    slow(page, 6_000_000)
    choose(page, "Upload files", large)
    expect(page.get_by_text("MB/s")).to_be_visible()
    page.get_by_role("button", name="Pause large.bin").click()
    expect(page.get_by_text("Paused at")).to_be_visible()
    page.on("dialog", lambda dialog: dialog.accept())
    second = page.context.new_page()
    page.close()
    asked: list[str] = []
    second.on("request", lambda request: asked.append(f"{request.method} {request.url}"))
    second.goto(f"/console/spaces/{place}")
    choose(second, "Upload files", large)
    expect(second.get_by_role("button", name="Uploads: 1 of 1 done")).to_be_visible()
    # It was not begun a second time.
    assert [one for one in asked if one.startswith("POST") and "/uploads" in one] == []
    expect(second.get_by_role("link", name="large.bin").first).to_be_visible()


def test_a_name_that_is_taken_is_asked_about(server: Server, opening: Opening, tmp_path: Path) -> None:
    window = opening(server)
    window.sign_in()
    page, place = window.page, space(server, "Names")
    stored(server, place, "plan.txt", "first", "text/plain")
    page.goto(f"/console/spaces/{place}")
    plan = written(tmp_path, "plan.txt", "second")
    choose(page, "Upload files", plan)
    page.get_by_role("dialog").get_by_role("button", name="Keep both").click()
    expect(page.get_by_role("link", name="plan (2).txt").first).to_be_visible()
    page.get_by_role("button", name="Clear finished").click()
    page.keyboard.press("Escape")
    choose(page, "Upload files", plan)
    page.get_by_role("dialog").get_by_role("button", name="Replace").click()
    expect(page.get_by_role("button", name="Uploads: 1 of 1 done")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("tabpanel").get_by_role("link", name="plan.txt", exact=True).click()
    expect(page.get_by_text("second")).to_be_visible()
    expect(page.get_by_role("rowheader", name="Version 2")).to_be_visible()


def test_a_plain_http_name_uploads_and_hears(server: Server, opening: Opening, tmp_path: Path) -> None:
    window = opening(server, at=server.http.replace("127.0.0.1", "courtyard.test"))
    # Browsers keep this header for secure contexts, and say so.
    window.expected.append("Cross-Origin-Opener-Policy")
    window.sign_in()
    page, place = window.page, space(server, "Plain")
    assert page.evaluate("isSecureContext") is False
    page.goto(f"/console/spaces/{place}")
    choose(page, "Upload files", written(tmp_path, "plain.txt", "over plain http"))
    page.get_by_role("link", name="plain.txt").first.click()
    expect(page.get_by_text("over plain http")).to_be_visible()
    page.get_by_role("button", name="Copy the id").click()
    expect(page.get_by_text("Press Ctrl+C")).to_be_visible()
    page.goto(f"/console/spaces/{place}")
    stored(server, place, "heard.txt", "x", "text/plain")
    expect(page.get_by_role("link", name="heard.txt")).to_be_visible()
