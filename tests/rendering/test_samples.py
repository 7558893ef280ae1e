"""The samples in docs/samples: each is what its source is converted to today, by its text and its pages.

`COURTYARD_SAMPLES=write` makes them anew; then look at them before they are committed.
"""

import io
import json
import os
import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image

from courtyard import rendering
from courtyard.rendering import TYPES, Format, Kind, Order, convert, read
from tests.rendering.word import minutes
from tests.structure.sources import ROOT

SAMPLES = ROOT / "docs" / "samples"
WRITE = os.environ.get("COURTYARD_SAMPLES") == "write"
PAGES: tuple[Format, ...] = ("pdf", "docx", "html", "txt", "png")
WRITTEN: tuple[Format, ...] = ("md", "html", "txt", "pdf")
TABLES: tuple[Format, ...] = ("xlsx", "pdf", "md", "txt", "html")
MADE: list[tuple[str, Format]] = [
    *(("report.md", target) for target in PAGES),
    *(("sales.csv", target) for target in TABLES),
    ("people.json", "csv"),
    ("people.json", "xlsx"),
    ("letter.md", "pdf"),
    *(("minutes.docx", target) for target in WRITTEN),
]
WORDS = {
    "report.md": [
        "The courtyard in the third quarter",
        "1,365.40",
        "Measured between the walls",
        "[Image: the yard in June]",
    ],
    "sales.csv": ["Region", "fair, with rain", "=SUM(D2:D5) stays text", "3415.6"],
    "people.json": ["Émilie", "1906", "Paris"],
    "minutes.docx": [
        "Minutes of the garden meeting",
        "old pear tree",
        "Mend the gate",
        "Paint & brushes",
        "48.35",
        "on Thursday; see",
        "[Image: the gate in June]",
    ],
    "letter.md": ["Dear Grace *Hopper*,", "Rope, 12 m", "Please pay 48.35 within 14 days.", "Courtyard & Sons"],
}


async def made(source: str, target: Format) -> bytes:
    content = (SAMPLES / source).read_bytes()
    kind = rendering.kind("", source, content)
    assert kind is not None
    if source == "letter.md":
        data = json.loads((SAMPLES / "letter.json").read_text())
        filled = json.dumps({"template": content.decode(), "data": data}).encode()
        return await convert(Order(kind=kind, target=target, name=source, title="Your order", filled=True), filled)
    return await convert(Order(kind=kind, target=target, name=source), content)


def test_the_word_file_is_as_the_tests_write_it() -> None:
    if WRITE:
        (SAMPLES / "minutes.docx").write_bytes(minutes())
    assert (SAMPLES / "minutes.docx").read_bytes() == minutes()


async def test_a_word_file_keeps_its_order_and_loses_what_was_deleted() -> None:
    found = (await made("minutes.docx", "md")).decode()
    assert {"## Who pays", "- Mend the gate"} <= set(found.splitlines())
    assert "[the calendar](https://example.org/calendar)" in " ".join(found.split())
    assert "**old pear tree**" in found
    assert re.search(r"\| *Paint & brushes *\| *Grace *\|", found)
    assert "Monday" not in found


async def words(target: Format, content: bytes) -> tuple[str, int | None]:
    """The text in it without line breaks, and its number of pages."""
    if target in ("pdf", "docx", "xlsx", "png"):
        facts = await read(TYPES[target], content)
        return " ".join((facts.text or "").split()), facts.pages
    return " ".join(content.decode().split()), None


@pytest.mark.parametrize(("source", "target"), MADE)
async def test_a_sample_is_what_its_source_becomes(source: str, target: Format) -> None:
    content = await made(source, target)
    sample = SAMPLES / f"{Path(source).stem}.{target}"
    if WRITE:
        sample.write_bytes(content)
    assert await words(target, content) == await words(target, sample.read_bytes())
    text, pages = await words(target, content)
    if target == "png":
        assert content.startswith(b"\x89PNG")
        return
    assert [word for word in WORDS[source] if squeezed(word) not in squeezed(text)] == []
    assert pages == (1 if target == "pdf" else pages)


SOURCES: dict[Kind, str] = {
    "md": "report.md",
    "html": "report.html",
    "txt": "minutes.txt",
    "csv": "sales.csv",
    "json": "people.json",
    "docx": "minutes.docx",
}
SAID = {
    "report.html": WORDS["report.md"],
    "minutes.txt": ["garden meeting", "old pear tree", "Mend the gate", "brushes", "48.35"],
}
PAIRS = [(SOURCES[kind], target) for kind, targets in rendering.POSSIBLE.items() for target in targets]


@pytest.mark.parametrize(("source", "target"), [pair for pair in PAIRS if pair not in MADE])
async def test_what_is_no_sample_keeps_its_words_too(source: str, target: Format) -> None:
    content = await made(source, target)
    if target == "png":
        looked_at(Image.open(io.BytesIO(content)))
        return
    if source.endswith(f".{target}") and target in ("md", "txt"):
        assert content == (SAMPLES / source).read_bytes()
        return
    text, pages = await words(target, content)
    assert [word for word in {**WORDS, **SAID}[source] if squeezed(word) not in squeezed(text)] == []
    assert pages is None or pages >= 1


@pytest.mark.parametrize(
    "source", ["report.md", "letter.md", "minutes.docx", "sales.csv", "people.json", "report.html"]
)
async def test_a_page_looks_as_it_should(source: str, tmp_path: Path) -> None:
    file = tmp_path / "made.pdf"
    file.write_bytes(await made(source, "pdf"))
    looked_at(drawn(file))


def drawn(file: Path) -> Image.Image:
    """The first page, as others draw it; without them as we do."""
    if shutil.which("pdftoppm"):
        command = ["pdftoppm", "-r", "100", "-png", "-singlefile", file, file.with_suffix("")]
        subprocess.run(command, check=True, timeout=30)
        return Image.open(file.with_suffix(".png"))
    return pypdfium2.PdfDocument(file)[0].render(scale=2).to_pil()


def looked_at(page: Image.Image) -> None:
    """It is not blank, its words are inside the page, and it begins at the top on the left with a title."""
    ink = page.convert("L").point([255 * (value < 160) for value in range(256)])
    width, height = ink.size
    millimetre = max(ink.size) / 297
    amount = ink.histogram()[255] / (width * height)
    assert 0.002 < amount < 0.3
    bounds = ink.getbbox()
    assert bounds is not None
    left, top, right, bottom = bounds
    margin = 12 * millimetre
    assert margin < left < right < width - margin
    assert margin < top < bottom < height - margin / 2
    # A capital of the title is higher than one of the text, and nothing is above it.
    assert top < 32 * millimetre
    rows = [ink.crop((0, row, width, row + 1)).getbbox() is not None for row in range(top, height)]
    line = rows.index(False)
    assert 2.5 * millimetre < line < 12 * millimetre
    beginning = ink.crop((0, top, width, top + line)).getbbox()
    assert beginning is not None
    assert beginning[0] < 32 * millimetre


def squeezed(text: str) -> str:
    """Without spaces, marks of Markdown and entities: readers differ about these."""
    return re.sub(r"[\s\\*]|\u00ad", "", text.replace("&amp;", "&"))


def sheet(book: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(book)) as parts:
        return parts.read("xl/worksheets/sheet1.xml").decode()


async def test_a_sheet_has_numbers_as_numbers_and_no_formulas() -> None:
    found = sheet(await made("sales.csv", "xlsx"))
    assert "<v>4812.5</v>" in found
    assert "<f>" not in found
    assert '<pane ySplit="1"' in found
    assert "<autoFilter" in found


async def test_a_page_of_html_runs_nothing_and_fetches_nothing() -> None:
    found = (await made("report.md", "html")).decode()
    assert "default-src 'none'" in found
    assert not re.search(r"<(script|img|iframe|link|object)\b", found)
