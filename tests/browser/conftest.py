"""A real Chromium before a real server: one browser for all tests, a context of its own for each."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from tests.browser.window import Window
from tests.browsing import executable
from tests.server.running import PATIENCE, Server

Opening = Callable[..., Window]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The machine's Chromium, see `tests.browsing.executable`.

    For a module of tests without `async`: as long as it is there, its own event loop runs in this thread, and no other can.
    """
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable(),
            # courtyard.test: a plain http address that is no secure context, as in a local network.
            args=["--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP courtyard.test 127.0.0.1"],
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with demo data, for tests that leave it as they found it."""
    server = Server(tmp_path_factory.mktemp("site"), "--demo", registration="open")
    wait_for_index(server)
    yield server
    server.end()


def wait_for_index(server: Server) -> None:
    """The worker indexes in its own time; a page that searches asks once."""
    until = time.monotonic() + PATIENCE
    with server.client(server.log_in()) as client:
        while not client.get("/v1/search", params={"q": "Water quality"}).json()["data"]:
            assert time.monotonic() < until, "nothing is found"
            time.sleep(0.05)


@pytest.fixture
def opening(chromium: Browser) -> Iterator[Opening]:
    """Opens windows: `opening(site, scheme="dark", width=390)`; each must end without errors and broken policies."""
    opened: list[tuple[BrowserContext, Window]] = []

    def open_one(server: Server, *, scheme: str = "light", width: int = 1280, at: str = "") -> Window:
        context = chromium.new_context(
            base_url=at or server.http,
            viewport={"width": width, "height": 800 if width > 600 else 844},
            color_scheme="dark" if scheme == "dark" else "light",
            reduced_motion="reduce",
            locale="en-GB",
        )
        context.set_default_timeout(15_000)
        window = Window(context.new_page())
        opened.append((context, window))
        return window

    yield open_one
    for context, window in opened:
        complaints = window.complaints
        context.close()
        assert complaints == []


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of a module's own, with nothing in it but its administrator; who needs other settings makes another one."""
    server = Server(tmp_path_factory.mktemp("server"))
    yield server
    server.end()


@pytest.fixture
def window(server: Server, opening: Opening) -> Window:
    """The administrator's, at the spaces."""
    window = opening(server)
    window.sign_in()
    return window


@pytest.fixture(scope="session")
def shots() -> Path | None:
    """Where pictures of the pages go: `COURTYARD_SCREENSHOTS`, or nowhere."""
    place = os.environ.get("COURTYARD_SCREENSHOTS")
    return Path(place) if place else None
