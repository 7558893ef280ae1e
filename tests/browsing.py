"""A real browser for tests: one Chromium for the session, a context of its own for each test, and what it complains of."""

import os
import shutil
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, async_playwright

from tests.structure.sources import ROOT

AXE = ROOT / "console" / "node_modules" / "axe-core" / "axe.min.js"
RUN_AXE = "axe.run(document, {resultTypes: ['violations']})"
NAMES = ("chromium", "chromium-browser", "google-chrome")
OPTIONS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE = 20_000
"""Milliseconds within which anything here happens, or the test fails."""

Opening = Callable[..., Awaitable["Tab"]]


def executable() -> str:
    """Where the browser is; `COURTYARD_CHROMIUM` names another one. Without one a test is skipped here, and fails where it has to run."""
    found = os.environ.get("COURTYARD_CHROMIUM") or next((path for name in NAMES if (path := shutil.which(name))), "")
    if not found:
        message = "There is no Chromium on this machine (apt install chromium)."
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return found


def axe() -> str:
    """The script of axe, for `evaluate`: from outside, where the page's own policy does not reach."""
    if not AXE.is_file():
        raise AssertionError("axe is missing: make console")
    return AXE.read_text()


def serious(found: dict[str, Any]) -> list[str]:
    """What axe finds to be a serious obstacle, or worse."""
    return [
        f"{rule['id']}: {node['html'][:160]} {node['failureSummary']}"
        for rule in found["violations"]
        if rule["impact"] in ("serious", "critical")
        for node in rule["nodes"]
    ]


class Tab:
    """A page in a context of its own, and every complaint of the browser about it."""

    def __init__(self, context: BrowserContext, page: Page) -> None:
        self.context = context
        self.page = page
        self.complaints: list[str] = []
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url}: {error}"))

    def _note(self, message: ConsoleMessage) -> None:
        # A breach of the content security policy is told here too.
        if message.type in ("error", "warning"):
            self.complaints.append(f"{self.page.url}: {message.text}")


@pytest.fixture(scope="session")
async def chromium(anyio_backend: str) -> AsyncGenerator[Browser]:
    """The browser of this session."""
    path = executable()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=list(OPTIONS))
        yield browser
        await browser.close()


@pytest.fixture
async def opening(chromium: Browser) -> AsyncGenerator[Opening]:
    """Opens tabs, each with cookies of its own: `await opening(base_url=…)`. A complaint fails the test at its end."""
    tabs: list[Tab] = []
    async with AsyncExitStack() as ending:

        async def open_one(**options: Any) -> Tab:
            context = await chromium.new_context(ignore_https_errors=True, **options)
            ending.push_async_callback(context.close)
            context.set_default_timeout(PATIENCE)
            tabs.append(Tab(context, await context.new_page()))
            return tabs[-1]

        yield open_one
    complaints = [complaint for tab in tabs for complaint in tab.complaints]
    assert not complaints, "\n".join(complaints)
