"""Uploads that meet trouble: what they say, when they try again, when they stop; cancelled, paused, sent again."""

import re
import time
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.test_console_artifacts import choose, space, written
from tests.browser.test_console_live import slow
from tests.browser.window import Gate, Window
from tests.server.running import Server

BEGIN = re.compile(r"/uploads$")


class Trouble:
    """Answers the first `times` requests that begin an upload, and notes when they came."""

    def __init__(self, page: Page, status: int, *, times: int, **headers: str) -> None:
        self.at: list[float] = []
        self._status, self._times, self._headers = status, times, headers
        page.route(BEGIN, self._answer)

    def _answer(self, route: Route) -> None:
        self.at.append(time.monotonic())
        if len(self.at) > self._times:
            return route.continue_()
        body: dict[str, Any] = {"title": "No", "status": self._status, "code": "no", "detail": "Said by the server."}
        return route.fulfill(status=self._status, json=body, headers=self._headers)


def begun(server: Server, window: Window, name: str) -> str:
    """A new space, open in the window."""
    window.expected.append("the server responded with a status of")
    made = space(server, name)
    window.page.goto(f"/console/spaces/{made}")
    return made


def names(server: Server, made: str) -> list[str]:
    with server.client(server.log_in()) as client:
        return sorted(one["name"] for one in client.get(f"/v1/spaces/{made}/artifacts").json()["data"])


@pytest.mark.parametrize(
    ("status", "words"),
    [(429, "the server asks to wait"), (500, "The server made a mistake"), (503, "The server is busy")],
)
def test_what_passes_is_named_and_tried_again_by_itself(
    server: Server, window: Window, tmp_path: Path, status: int, words: str
) -> None:
    page, made = window.page, begun(server, window, f"Passing {status}")
    trouble = Trouble(page, status, times=1, **{"Retry-After": "3"})
    choose(page, "Upload files", written(tmp_path, "one.txt", "1"))
    expect(page.get_by_text(words)).to_be_visible()
    expect(page.get_by_text("connection was lost")).to_be_hidden()
    expect(page.get_by_role("button", name="Uploads: 1 of 1 done")).to_be_visible()
    # Not before the time that the server asked for.
    assert trouble.at[1] - trouble.at[0] >= 3
    assert names(server, made) == ["one.txt"]


def test_trouble_that_stays_ends_the_tries(server: Server, window: Window, tmp_path: Path) -> None:
    page = window.page
    page.clock.install()
    begun(server, window, "Staying")
    trouble = Trouble(page, 500, times=1000)
    choose(page, "Upload files", written(tmp_path, "one.txt", "1"))
    again = page.get_by_role("button", name="Send one.txt again")
    for tries in range(1, 8):
        expect(page.get_by_text("It goes on by itself").or_(again)).to_be_visible()
        assert len(trouble.at) == tries
        page.clock.fast_forward(16_000)
        page.wait_for_timeout(50)
    expect(page.get_by_text("It was tried 8 times.")).to_be_visible()
    page.clock.fast_forward(60_000)
    expect(again).to_be_visible()
    assert len(trouble.at) == 8


def test_who_is_asked_to_wait_too_long_is_told_at_once(server: Server, window: Window, tmp_path: Path) -> None:
    page = window.page
    begun(server, window, "Tomorrow")
    trouble = Trouble(page, 503, times=1, **{"Retry-After": "86400"})
    choose(page, "Upload files", written(tmp_path, "one.txt", "1"))
    expect(page.get_by_text("Said by the server.")).to_be_visible()
    assert len(trouble.at) == 1


def test_what_failed_is_sent_again_one_by_one_or_together(server: Server, window: Window, tmp_path: Path) -> None:
    page, made = window.page, begun(server, window, "Again")
    Trouble(page, 507, times=3)
    choose(page, "Upload files", *(written(tmp_path, f"{number}.txt", "x") for number in range(3)))
    expect(page.get_by_role("button", name="Uploads: 0 of 3 done, 3 failed")).to_be_visible()
    page.get_by_role("button", name="Send 0.txt again").click()
    expect(page.get_by_role("button", name="Uploads: 1 of 3 done, 2 failed")).to_be_visible()
    page.get_by_role("button", name="Retry all failed").click()
    expect(page.get_by_role("button", name="Uploads: 3 of 3 done")).to_be_visible()
    assert names(server, made) == ["0.txt", "1.txt", "2.txt"]


def test_a_cancelled_upload_leaves_nothing(server: Server, window: Window, tmp_path: Path) -> None:
    page, made = window.page, begun(server, window, "Cancelled")
    large = tmp_path / "large.bin"
    large.write_bytes(bytes(24_000_000))
    slow(page, 3_000_000)
    choose(page, "Upload files", large)
    expect(page.get_by_text("MB/s")).to_be_visible()
    # As long as the server waits for more of it, it does not let go.
    with page.expect_response(lambda answer: answer.request.method == "DELETE" and answer.status == 204) as ended:
        page.get_by_role("button", name="Cancel large.bin").click()
    assert "/uploads/" in ended.value.url
    expect(page.get_by_role("button", name="Uploads: none")).to_be_visible()
    assert names(server, made) == []


def test_paused_and_gone_on_at_once_it_is_sent_once(server: Server, window: Window, tmp_path: Path) -> None:
    page, made = window.page, begun(server, window, "Hasty")
    gate = Gate(page, re.compile(r"/artifacts\?q=one"))
    posted: list[str] = []
    page.on("request", lambda request: posted.append(request.method) if BEGIN.search(request.url) else None)
    choose(page, "Upload files", written(tmp_path, "one.txt", "1"))
    pause, resume = (page.get_by_role("button", name=name) for name in ("Pause one.txt", "Go on with one.txt"))
    for _ in range(2):
        pause.click()
        resume.click()
    expect(pause).to_be_visible()
    assert len(gate.waiting) == 3
    gate.open()
    expect(page.get_by_role("button", name="Uploads: 1 of 1 done")).to_be_visible()
    page.wait_for_timeout(300)
    assert posted == ["POST"]
    assert names(server, made) == ["one.txt"]
