"""One window of a browser: signs in, and looks at what every page owes its readers."""

import re
from pathlib import Path

from playwright.sync_api import ConsoleMessage, Page, Route

from tests.browsing import RUN_AXE, axe, serious
from tests.server.running import EMAIL, PASSWORD

WATCH = """
addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`));
"""
# What a page gets for asking v1 when it should: whoever is not signed in, what was deleted. A part of the page is never missing;
# for an icon browsers ask by themselves where an answer is no page.
ASKED = re.compile(r"https?://[^/]+/(favicon\.ico$|console/api/(?!.*/(background|preview)\b))")
ANSWERED = re.compile(r"the server responded with a status of 40[14]\b")


class Gate:
    """Requests to an address wait until it is opened."""

    def __init__(self, page: Page, address: re.Pattern[str]) -> None:
        self.waiting: list[Route] = []
        self._opened = False
        page.route(address, self._meet)

    def _meet(self, route: Route) -> None:
        if self._opened:
            route.continue_()
        else:
            self.waiting.append(route)

    def open(self) -> None:
        """Let all of them go, and whatever comes later."""
        self._opened = True
        for route in self.waiting:
            route.continue_()


class Window:
    """A page, and what it complained about."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        self.expected: list[str] = []
        page.add_init_script(WATCH)
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type != "error" or any(words in message.text for words in self.expected):
            return
        address = str(message.location.get("url", ""))
        if not (ANSWERED.search(message.text) and ASKED.match(address)):
            self.complaints.append(f"console: {message.text} {address}")

    def sign_in(self, email: str = EMAIL, password: str = PASSWORD, to: str = "/console/") -> None:
        """Through the sign-in page, and on to the console."""
        self.page.goto(f"/login?next={to}")
        self.page.get_by_label("E-mail").fill(email)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Sign in", exact=True).click()
        self.page.wait_for_url(f"**{to}")

    def flaws(self) -> list[str]:
        """What axe finds to be a serious obstacle, or worse."""
        self.page.evaluate(axe())
        return serious(self.page.evaluate(RUN_AXE))

    def overflow(self) -> int:
        """By how many pixels the page is wider than its window."""
        return self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")

    def shoot(self, place: Path | None, name: str) -> None:
        """Keep a picture of the whole page; while something lies above it, of what is in the window."""
        if place is not None:
            whole = self.page.get_by_role("dialog").or_(self.page.get_by_role("menu")).count() == 0
            place.mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=place / f"{name}.png", full_page=whole)
