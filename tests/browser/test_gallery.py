"""The pictures of the console in docs/images: `COURTYARD_PICTURES=write` takes them anew; then look at them before they are committed."""

import base64
import io
import os
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.browser.ages import spread
from tests.browser.conftest import Opening, wait_for_index
from tests.browser.looks import DRAWN
from tests.server.running import PASSWORD, PATIENCE, Server
from tests.structure.sources import ROOT

IMAGES = ROOT / "docs" / "images"
WRITE = os.environ.get("COURTYARD_PICTURES") == "write"
NAMES = (
    "spaces",
    "artifacts",
    "preview",
    "thread",
    "activity",
    "palette",
    "connect",
    "keys",
    "jobs",
    "admin",
    "narrow",
)
LARGEST = 60_000
REPORT = """# Spring survey 2026

Two sites, weekly readings from March to June. **The lake is clean enough to swim in**, at both shores.

| Site | pH | Temperature | Clarity |
|---|---:|---:|---:|
| North shore | 7.2 | 11.4 °C | 3.1 m |
| Boat house | 7.0 | 12.6 °C | 2.4 m |
| Mill stream | 6.8 | 9.8 °C | 1.9 m |

## What changed since autumn

- Clarity is better by half a metre since the reed bed was planted.
- The mill stream brings less phosphate than in any spring before.
- Bathing begins on 1 June; the next readings are on Friday.
"""
ROWS = "".join(
    f"{date(2026, 3, 6) + timedelta(weeks=week)},North shore,{7.0 + week % 4 / 10:.1f},{6.2 + week * 0.9:.1f}\n"
    for week in range(14)
)
FILES = [
    ("Mill stream 2025.csv", "dataset", "text/csv", f"date,site,ph,temperature\n{ROWS[:200]}"),
    ("Sampling plan.md", "plan", "text/markdown", "# Sampling plan\n\nEvery Friday at eight, at {{ site }}.\n" * 40),
    ("Letter to the board.md", "letter", "text/markdown", "Dear board,\n\nthe lake is clean.\n" * 90),
    ("Sensor log.json", "dataset", "application/json", '{"sensor": 4, "readings": [7.1, 7.2]}\n' * 400),
    ("Readings.csv", "dataset", "text/csv", f"date,site,ph,temperature\n{ROWS}"),
    ("Spring survey.md", "report", "text/markdown", REPORT),
]
SPACES = [
    ("Open data", "Everything that anybody may use, with its licence", "public"),
    ("Field trips", "Boats, keys, who comes along", "shared"),
    ("Budget 2026", "Grants, bills and what is left of them", "private"),
    ("Reed bed", "Planting along the north shore", "shared"),
    ("School visits", "Material for teachers and classes", "public"),
    ("Water quality", "Readings of the lake, every week since 2019", "shared"),
]
GUESTS = {"mara": "editor", "ines": "admin", "tomas": "viewer"}
TALK = [
    (
        "robin",
        "The report for spring is nearly done. I still miss the readings of the **boat house** from last Friday.",
    ),
    ("mara", "They are in `Readings.csv` now. Please look at week 12: the probe was out of the water for an hour."),
    (
        "ines",
        "Seen. Without that hour the mean is 12.6 °C:\n\n| week | before | now |\n|---|---|---|\n| 12 | 14.1 | 12.6 |",
    ),
    ("robin", "Then it is ready. I send it to the **Lake Board** on Monday."),
]
WRITERS = ("robin", "mara", "ines")
KEYS = ("Nightly import", "Sensor in the boat house", "Reports of the board")


class Lab:
    """A server with what a small laboratory would have in it, and had for some weeks."""

    def __init__(self, server: Server, open_ones: ExitStack) -> None:
        self._clients = {"robin": open_ones.enter_context(server.client(server.log_in()))}
        robin = self._clients["robin"]
        assert robin.patch("/v1/me", json={"username": "robin"}).status_code == 200
        for name in GUESTS:
            person = {"email": f"{name}@example.org", "username": name, "password": PASSWORD}
            assert robin.post("/auth/register/", json=person).status_code == 200
            self._clients[name] = open_ones.enter_context(server.client(server.log_in(person["email"])))
        self._post("/v1/organizations", {"name": "Lakeside Lab", "handle": "lakeside"})
        made = [
            self._post(
                "/v1/spaces", {"name": name, "description": text, "visibility": seen, "organization": "lakeside"}
            )
            for name, text, seen in SPACES
        ]
        self.space: str = made[-1]["id"]
        for name, role in GUESTS.items():
            self._post(f"/v1/spaces/{self.space}/invitations", {"email": f"{name}@example.org", "role": role})
        for number, name in enumerate(("Lake Board", "North Shore School", "Anglers of the Mill")):
            email = f"office@{name.split()[0].lower()}.example.org"
            self._post(f"/v1/spaces/{self.space}/customers", {"name": name, "email": email}, by=WRITERS[number])
        self.thread: str = self._post(f"/v1/spaces/{self.space}/threads", {"title": "Report for spring"})["id"]
        self.ids: dict[str, str] = {}
        for number, (name, *rest) in enumerate(FILES):
            self.ids[name] = self._store(*rest, name=name, by=WRITERS[number % 3])
            if name == "Letter to the board.md":
                self._generate("Letter.txt", template=self.ids["Sampling plan.md"], data={}, format="txt")
            # What happened one after another is of different ages.
            self._wait()
        for by, content in TALK:
            self._post(f"/v1/spaces/{self.space}/threads/{self.thread}/messages", {"content": content}, by=by)
            time.sleep(0.15)
        for name in KEYS:
            self._post("/v1/keys", {"name": name, "scopes": ["read"] if name == KEYS[2] else ["write"]})
        self._generate("Spring survey.pdf", content=base64.b64encode(REPORT.encode()).decode(), format="pdf")
        self._wait()

    def _post(self, path: str, body: dict[str, Any], by: str = "robin") -> Any:
        answer = self._clients[by].post(path, json=body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def _generate(self, name: str, **of: Any) -> None:
        self._post(f"/v1/spaces/{self.space}/artifacts/generate", {"name": name, "type": "report", **of})

    def _wait(self) -> None:
        """Until everything was looked at, drawn and made."""
        until = time.monotonic() + PATIENCE
        states = {"pending"}
        while states & {"pending", "processing"}:
            assert time.monotonic() < until, "the jobs do not end"
            time.sleep(0.1)
            states = {job["status"] for job in self._clients["robin"].get("/v1/jobs?limit=100").json()["data"]}

    def _store(self, kind: str, content_type: str, text: str, *, name: str, by: str) -> str:
        answer = self._clients[by].post(
            f"/v1/spaces/{self.space}/artifacts",
            params={"name": name, "type": kind},
            content=text.encode(),
            headers={"Content-Type": content_type},
        )
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Lab]]:
    folder = tmp_path_factory.mktemp("lab")
    first = Server(folder, registration="open")
    with ExitStack() as open_ones:
        lab = Lab(first, open_ones)
    wait_for_index(first)
    first.end()
    spread(first.data_dir / "courtyard.db")
    # The address that people will have, so that it stands in the commands.
    server = Server(folder, port="8000", tls_port="8443")
    yield server, lab
    server.end()


@pytest.mark.skipif(not WRITE, reason="COURTYARD_PICTURES=write takes the pictures")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pictures_are_taken(scheme: str, lab: tuple[Server, Lab], opening: Opening, shots: Path | None) -> None:
    """Half of them in each scheme; all of them in both go to `COURTYARD_SCREENSHOTS`."""
    server, made = lab
    window = opening(server, scheme=scheme)
    page, inside = window.page, f"/console/spaces/{made.space}"
    window.sign_in()

    def take(name: str, kept: str) -> None:
        if name != "narrow":
            page.get_by_text("All organizations").wait_for()
        page.evaluate("document.fonts.ready")
        page.evaluate(DRAWN)
        if shots is not None:
            shots.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=shots / f"gallery-{name}-{scheme}.png")
        if scheme == kept:
            picture = Image.open(io.BytesIO(page.screenshot()))
            IMAGES.mkdir(exist_ok=True)
            picture.convert("RGB").save(IMAGES / f"{name}.webp", quality=80, method=6)

    page.get_by_role("link", name="Water quality").wait_for()
    take("spaces", "light")
    page.goto(inside)
    page.get_by_role("row", name="Readings").wait_for()
    take("artifacts", "light")
    page.goto(f"{inside}/artifacts/{made.ids['Spring survey.md']}")
    page.get_by_role("cell", name="Boat house").wait_for()
    take("preview", "dark")
    page.goto(f"{inside}/threads/{made.thread}")
    page.get_by_text("Without that hour").wait_for()
    take("thread", "light")
    page.goto(f"{inside}/activity")
    page.get_by_role("row", name="made the space").wait_for()
    take("activity", "dark")
    page.goto("/console/")
    page.get_by_role("link", name="Water quality").wait_for()
    page.keyboard.press("Control+k")
    page.get_by_role("textbox", name="Search everything").fill("readings")
    page.locator(".hit").nth(1).wait_for()
    take("palette", "dark")
    page.keyboard.press("Escape")
    for name, address, shown, kept in (
        ("connect", f"{inside}/connect", "Commands to paste", "light"),
        ("keys", "/console/developer/keys", KEYS[0], "dark"),
        ("jobs", f"{inside}/jobs", "Letter.txt", "light"),
        ("admin", "/console/admin?days=7", "Show numbers", "dark"),
    ):
        page.goto(address)
        page.get_by_text(shown).locator("visible=true").first.wait_for()
        if name == "connect":
            page.get_by_text("Python", exact=True).click()
            page.get_by_role("region", name="Your key").scroll_into_view_if_needed()
        if name == "admin":
            # Above it stands where this very server keeps its data.
            page.get_by_role("figure", name="Requests").evaluate("(one) => scrollTo(0, one.offsetTop - 150)")
        take(name, kept)
    page.set_viewport_size({"width": 390, "height": 760})
    page.goto(inside)
    page.get_by_role("row", name="Readings").wait_for()
    take("narrow", "light")


def test_every_picture_is_there_small_and_shown() -> None:
    shown = (ROOT / "docs" / "console.md").read_text()
    assert sorted(file.stem for file in IMAGES.glob("*")) == sorted(NAMES)
    for name in NAMES:
        assert 1000 < (IMAGES / f"{name}.webp").stat().st_size <= LARGEST, name
        assert re.search(rf"!\[[^\]]{{15,}}\]\(images/{name}\.webp\)", shown), name
    assert "](docs/images/" in (ROOT / "README.md").read_text()
