"""One window of a browser: signs in, and looks at what every page owes its readers."""

from pathlib import Path
from typing import Any

from playwright.sync_api import ConsoleMessage, Page

from tests.server.running import EMAIL, PASSWORD
from tests.structure.sources import ROOT

AXE = ROOT / "console" / "node_modules" / "axe-core" / "axe.min.js"
WATCH = """
addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`));
"""
# What a page gets for asking when it should: whoever is not signed in, what was deleted.
EXPECTED = ("the server responded with a status of 401", "the server responded with a status of 404")


class Window:
    """A page, and what it complained about."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        self.expected: list[str] = list(EXPECTED)
        page.add_init_script(WATCH)
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not any(words in message.text for words in self.expected):
            self.complaints.append(f"console: {message.text}")

    def sign_in(self, email: str = EMAIL, password: str = PASSWORD, to: str = "/console/") -> None:
        """Through the sign-in page, and on to the console."""
        self.page.goto(f"/login?next={to}")
        self.page.get_by_label("E-mail").fill(email)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Sign in", exact=True).click()
        self.page.wait_for_url(f"**{to}")

    def flaws(self) -> list[str]:
        """What axe finds to be a serious obstacle, or worse."""
        if not AXE.is_file():
            raise AssertionError("axe is missing: make console")
        # Evaluated from outside, where the page's own policy does not reach.
        self.page.evaluate(AXE.read_text())
        found: dict[str, Any] = self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        return [
            f"{rule['id']}: {node['html'][:160]} {node['failureSummary']}"
            for rule in found["violations"]
            if rule["impact"] in ("serious", "critical")
            for node in rule["nodes"]
        ]

    def overflow(self) -> int:
        """By how many pixels the page is wider than its window."""
        return self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")

    def shoot(self, place: Path | None, name: str) -> None:
        """Keep a picture of the whole page; while something lies above it, of what is in the window."""
        if place is not None:
            whole = self.page.get_by_role("dialog").or_(self.page.get_by_role("menu")).count() == 0
            place.mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=place / f"{name}.png", full_page=whole)
