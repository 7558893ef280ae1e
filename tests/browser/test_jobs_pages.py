"""Jobs in the console: they change while one looks, their artifacts may be gone, and somebody has to work."""

import base64
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Opening
from tests.browser.test_console_artifacts import space, stored
from tests.browser.window import Gate, Window
from tests.server.running import PASSWORD, PATIENCE, Server

LONG = "# Chapter\n\nAll is well on both shores.\n\n" * 4_000


@pytest.fixture(scope="module")
def idle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server without a worker."""
    server = Server(tmp_path_factory.mktemp("idle"), worker="none", registration="open")
    yield server
    server.end()


def generate(server: Server, made: str, content: str) -> str:
    """The id of the job that makes it."""
    with server.client(server.log_in()) as client:
        body = {"name": "long.pdf", "type": "report", "format": "pdf"}
        body["content"] = base64.b64encode(content.encode()).decode()
        answer = client.post(f"/v1/spaces/{made}/artifacts/generate", json=body)
        assert answer.status_code == 201, answer.text
        return client.get("/v1/jobs", params={"space": made}).json()["data"][0]["id"]


def test_the_status_and_the_bar_of_a_job_change_while_one_looks(server: Server, window: Window) -> None:
    page, made = window.page, space(server, "Mill")
    page.goto(f"/console/spaces/{made}/jobs")
    expect(page.get_by_role("heading", name="There are no jobs yet")).to_be_visible()
    # Whatever the bar shows, in the order in which it shows it.
    page.evaluate("""() => {
      globalThis.seen = [];
      const note = () => document.querySelectorAll('[role="progressbar"]').forEach(
        (bar) => globalThis.seen.at(-1) !== bar.ariaValueNow && globalThis.seen.push(bar.ariaValueNow));
      new MutationObserver(note).observe(document, {childList: true, subtree: true, attributes: true});
    }""")
    loaded = page.evaluate("performance.timeOrigin")
    generate(server, made, LONG)
    row = page.get_by_role("row").filter(has_text="Make the document")
    expect(row).to_contain_text("In work")
    expect(row).to_contain_text("Done", timeout=PATIENCE * 1000)
    seen = [int(value) for value in page.evaluate("globalThis.seen")]
    assert len(set(seen)) >= 2, seen
    assert page.evaluate("performance.timeOrigin") == loaded


def test_a_job_whose_artifact_was_deleted_meanwhile_says_so(server: Server, window: Window) -> None:
    page, made = window.page, space(server, "Weir")
    one = stored(server, made, "gone.txt", "x", "text/plain")
    artifact = Gate(page, re.compile(f"/artifacts/{one}$"))
    page.goto(f"/console/spaces/{made}/jobs")
    row = page.get_by_role("row").filter(has_text="Look into the file")
    expect(row.get_by_role("link", name="…")).to_be_visible()
    # News of the end of the artifact would take its jobs off the list.
    Gate(page, re.compile(r"/console/api/jobs\?"))
    with server.client(server.log_in()) as client:
        assert client.delete(f"/v1/spaces/{made}/artifacts/{one}").status_code == 204
    artifact.open()
    expect(row).to_contain_text("deleted")
    expect(row.get_by_role("link")).to_have_count(0)


def test_administrators_hear_that_nobody_works(idle: Server, opening: Opening) -> None:
    made = space(idle, "Idle")
    job = generate(idle, made, "waits")
    window = opening(idle)
    window.sign_in(to="/console/jobs")
    page = window.page
    expect(page.get_by_role("alert")).to_contain_text("No worker is running")
    row = page.get_by_role("row").filter(has_text="long.pdf")
    expect(row).to_contain_text("Waiting")
    with idle.client(idle.log_in()) as client:
        assert client.post(f"/v1/jobs/{job}/cancel").status_code == 200
        person = {"email": "vera@example.org", "username": "vera", "password": PASSWORD}
        assert client.post("/auth/register/", json=person).status_code == 200
    expect(row).to_contain_text("Cancelled")

    other = opening(idle)
    other.sign_in("vera@example.org", to="/console/jobs")
    expect(other.page.get_by_role("heading", name="There are no jobs yet")).to_be_visible()
    expect(other.page.get_by_text("No worker is running")).to_have_count(0)


def test_nobody_hears_it_where_a_worker_runs(server: Server, window: Window) -> None:
    with window.page.expect_response("**/console/api/health") as asked:
        window.page.goto("/console/jobs")
    assert asked.value.json()["workers"]
    window.page.get_by_role("heading", level=1, name="Jobs").wait_for()
    expect(window.page.get_by_text("No worker is running")).to_have_count(0)
