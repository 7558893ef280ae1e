"""The pictures of the console in docs/images: `COURTYARD_PICTURES=write` takes them anew; then look at them before they are committed."""

import io
import os
import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.browser.conftest import Opening, wait_for_index
from tests.browser.looks import DRAWN
from tests.server.running import Server
from tests.structure.sources import ROOT

IMAGES = ROOT / "docs" / "images"
WRITE = os.environ.get("COURTYARD_PICTURES") == "write"
NAMES = ("spaces", "artifacts", "preview", "thread", "activity", "palette", "narrow")
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
    ("Sampling plan.md", "plan", "text/markdown", "# Sampling plan\n\nEvery Friday at eight.\n" * 40),
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
TALK = [
    "The report for spring is nearly done. I still miss the readings of the **boat house** from last Friday.",
    "They are in `Readings.csv` now. Please look at week 12: the probe was out of the water for an hour.",
    "Seen. Without that hour the mean is 12.6 °C:\n\n| week | before | now |\n|---|---|---|\n| 12 | 14.1 | 12.6 |",
]


class Lab:
    """A server with what a small laboratory would have in it."""

    def __init__(self, server: Server) -> None:
        self.server = server
        with server.client(server.log_in()) as client:
            self._client = client
            assert client.patch("/v1/me", json={"username": "robin"}).status_code == 200
            self._post("/v1/organizations", {"name": "Lakeside Lab", "handle": "lakeside"})
            made = [
                self._post(
                    "/v1/spaces", {"name": name, "description": text, "visibility": seen, "organization": "lakeside"}
                )
                for name, text, seen in SPACES
            ]
            self.space: str = made[-1]["id"]
            self.ids = {name: self._store(*rest, name=name) for name, *rest in FILES}
            for name in ("Lake Board", "North Shore School", "Anglers of the Mill"):
                email = f"office@{name.split()[0].lower()}.example.org"
                self._post(f"/v1/spaces/{self.space}/customers", {"name": name, "email": email})
            self.thread: str = self._post(f"/v1/spaces/{self.space}/threads", {"title": "Report for spring"})["id"]
            for content in TALK:
                self._post(f"/v1/spaces/{self.space}/threads/{self.thread}/messages", {"content": content})

    def _post(self, path: str, body: dict[str, Any]) -> Any:
        answer = self._client.post(path, json=body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def _store(self, kind: str, content_type: str, text: str, *, name: str) -> str:
        answer = self._client.post(
            f"/v1/spaces/{self.space}/artifacts",
            params={"name": name, "type": kind},
            content=text.encode(),
            headers={"Content-Type": content_type},
        )
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    server = Server(tmp_path_factory.mktemp("lab"))
    yield Lab(server)
    server.end()


@pytest.mark.skipif(not WRITE, reason="COURTYARD_PICTURES=write takes the pictures")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pictures_are_taken(scheme: str, lab: Lab, opening: Opening, shots: Path | None) -> None:
    """Half of them in each scheme; all of them in both go to `COURTYARD_SCREENSHOTS`."""
    wait_for_index(lab.server)
    window = opening(lab.server, scheme=scheme)
    page, inside = window.page, f"/console/spaces/{lab.space}"
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
    page.goto(f"{inside}/artifacts/{lab.ids['Spring survey.md']}")
    page.get_by_role("cell", name="Boat house").wait_for()
    take("preview", "dark")
    page.goto(f"{inside}/threads/{lab.thread}")
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
