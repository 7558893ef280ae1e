"""What a file looks like (pictures of it) and what is in it (text, pages, size), found out in a confined child."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from courtyard.rendering import kinds
from courtyard.rendering.children import MIB, Tool
from courtyard.rendering.conversions import Course, Order, converted, result

SIZES = (320, 960)
LARGEST = 100 * MIB
"""Bytes of a file that is opened at all."""
BEGINNING = 6_000
"""Bytes of a text that its first page is made of."""
_IMAGES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
_OFFICE = "application/vnd.openxmlformats-officedocument."
_DOCUMENTS = frozenset(
    {
        "application/pdf",
        "text/html",
        f"{_OFFICE}wordprocessingml.document",
        f"{_OFFICE}spreadsheetml.sheet",
        f"{_OFFICE}presentationml.presentation",
    }
)
_TEXTS: dict[str, kinds.Kind] = {
    "text/plain": "txt",
    "text/markdown": "md",
    "text/csv": "csv",
    "application/json": "txt",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a file holds: its text, its number of pages, the size of an image in pixels or of a page in points."""

    text: str | None = None
    pages: int | None = None
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    """A WebP image of a file, so many pixels wide at most."""

    size: int
    content: bytes


def readable(kind: str) -> bool:
    """Whether `read` finds something in such files."""
    return kind in _IMAGES or (kind in _DOCUMENTS and kinds.installed())


def showable(kind: str) -> bool:
    """Whether `show` makes pictures of such files."""
    return kind in _IMAGES or ((kind == "application/pdf" or kind in _TEXTS) and kinds.installed())


async def read(kind: str, content: bytes | Path) -> Facts:
    """Of a file, or of its content. Raises Refused for a file that cannot be read, TooMuch for one that is a bomb."""
    packages = ["PIL"] if kind in _IMAGES else ["kreuzberg", "typing_extensions"]
    memory = (512 if kind in _IMAGES else 1024) * MIB
    ended = await Course().step(Tool("reading", packages, [kind]), {"in": content}, [], memory=memory)
    said: dict[str, Any] = json.loads(result(ended, ""))
    return Facts(**{name: said.get(name) or None for name in ("text", "pages", "width", "height")})


async def show(kind: str, name: str, content: bytes | Path) -> list[Picture]:
    """Pictures in each of `SIZES`: of an image, of the first page of a PDF, of a text, by the file or its content.

    Raises Refused, TooMuch.
    """
    course = Course()
    if kind in _TEXTS:
        kind, content = "application/pdf", await _first_page(_TEXTS[kind], name, content, course)
    image = kind in _IMAGES
    packages = ["PIL"] if image else ["PIL", "pypdfium2", "pypdfium2_raw"]
    tool = Tool("pictures", packages, ["image" if image else "pdf", "webp", *map(str, SIZES)])
    wanted = [f"{size}.webp" for size in SIZES]
    ended = await course.step(tool, {"in": content}, wanted)
    return [Picture(size, result(ended, name)) for size, name in zip(SIZES, wanted, strict=True)]


async def _first_page(kind: kinds.Kind, name: str, content: bytes | Path, course: Course) -> bytes:
    """A page of its beginning, whole lines of it."""
    if isinstance(content, Path):
        with content.open("rb") as file:
            content = file.read(BEGINNING + 1)
    if len(content) > BEGINNING:
        beginning = content[:BEGINNING]
        content = (beginning.rpartition(b"\n")[0] or beginning).decode("utf-8", "ignore").encode()
    return await converted(Order(kind=kind, target="pdf", name=name), content, course)
