"""`convert`: a source to a format, one confined child after the other."""

import html
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from courtyard.rendering.children import HERE, MIB, REFUSED, Ended, Limits, Program, Tool, place, run
from courtyard.rendering.kinds import Format, Kind

HOUSE = HERE / "house"
SECONDS = 8.0
"""Of the ten that a document may take, all in all: its children are started and ended too, on a machine that is busy."""
READERS: dict[Kind, str] = {
    # Of the Markdown readers this is the one that no nesting makes slow. No markup of other languages in between.
    "md": "commonmark_x+yaml_metadata_block-raw_html-raw_attribute",
    "html": "html-raw_html",
    # As if all changes were accepted, and without comments.
    "docx": "docx",
}
WRITERS: dict[Format, str] = {
    "docx": "docx",
    "html": "html5",
    "md": "gfm-raw_html",
    "txt": "plain",
}
DEEPEST = 100
"""Levels of a quotation or list that a line of Markdown may open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be made of what. With `filled` the source is JSON: a `template` of that kind, and the `data` for it."""

    kind: Kind
    target: Format
    name: str
    title: str | None = None
    author: str | None = None
    date: str | None = None
    filled: bool = False


class Refused(Exception):
    """The document cannot be converted; the message is for whoever sent it."""


class TooMuch(Refused):
    """The document needs more time or memory than one may take."""

    def __init__(self) -> None:
        super().__init__(f"{type(self).__doc__}")


Tell = Callable[[int, str], Awaitable[None]]


async def _nobody(progress: int, message: str) -> None: ...


class Course:
    """What is made in steps: who hears of it, and the seconds that all its children together may still take."""

    def __init__(self, tell: Tell = _nobody) -> None:
        self.tell = tell
        self._left = SECONDS

    async def step(
        self, what: Program | Tool, files: Mapping[str, bytes | Path], wanted: list[str], **limits: int
    ) -> Ended:
        ended = await run(what, files=files, wanted=wanted, limits=Limits(seconds=self._left, **limits))
        self._left = max(0.0, self._left - ended.seconds)
        return ended


async def convert(order: Order, source: bytes, tell: Tell = _nobody) -> bytes:
    """The result. `tell` hears how far it is (0-100) and what is done. Raises Refused, TooMuch, Missing."""
    return await converted(order, source, Course(tell))


async def converted(order: Order, source: bytes, course: Course) -> bytes:
    """The same as part of something larger. Raises Refused, TooMuch, Missing."""
    if order.filled:
        await course.tell(10, "Filling the template")
        filling = Tool("templates", ["jinja2", "markupsafe"], [order.kind])
        source = result(await course.step(filling, {"in": source}, ["out"], cpu=5), "out")
    if order.kind in ("csv", "json"):
        return await _table(order, source, course)
    if order.kind == "txt":
        return await _text(order, source, course)
    if order.kind == order.target == "md":
        return source
    return await _document(order, source, course)


async def _document(order: Order, source: bytes, course: Course) -> bytes:
    if order.kind == "md":
        flat(source)
    if order.target not in ("pdf", "png"):
        await course.tell(40, "Converting")
        return result(await _pandoc(order, source, WRITERS[order.target], course), "out")
    await course.tell(30, "Reading the document")
    ended = await _pandoc(order, source, "typst", course)
    body = b'#import "house.typ": *\n' + result(ended, "out")
    facts = {"pagetitle": stem(order.name), **json.loads(ended.files.get("facts.json", b"{}"))}
    return await _paged(order, "page.typ", {"body.typ": body, "facts.json": json.dumps(facts).encode()}, course)


async def _table(order: Order, source: bytes, course: Course) -> bytes:
    await course.tell(30, "Reading the table")
    direct = order.target in ("xlsx", "csv", "md", "txt")
    target = order.target if direct else "json"
    reading = Tool("tables", ["xlsxwriter"] if target == "xlsx" else [], [order.kind, target])
    made = result(await course.step(reading, {"in": source}, ["out"]), "out")
    if direct:
        return _code(made) if order.kind == "json" and order.target in ("md", "txt") else made
    title = order.title or stem(order.name)
    if order.target in ("pdf", "png"):
        facts = {"title": title, "author": order.author, "date": order.date}
        return await _paged(order, "table.typ", {"table.json": made, "facts.json": json.dumps(facts).encode()}, course)
    await course.tell(60, "Converting")
    titled = replace(order, kind="html", title=title)
    return result(await _pandoc(titled, page(json.loads(made)), WRITERS[order.target], course), "out")


def _code(made: bytes) -> bytes:
    """JSON that is no table comes back in a wrapper; as text it is itself."""
    if not made.startswith(b'{"code": '):
        return made
    return json.loads(made)["code"].encode() + b"\n"


def page(found: dict[str, Any]) -> bytes:
    """The table as HTML, for pandoc."""
    if "code" in found:
        return f"<pre><code>{html.escape(found['code'])}</code></pre>".encode()
    sides = ["right" if right else "left" for right in found["numeric"]]

    def row(cells: list[str], tag: str) -> str:
        made = (
            f'<{tag} style="text-align:{side}">{html.escape(cell)}</{tag}>'
            for cell, side in zip(cells, sides, strict=True)
        )
        return f"<tr>{''.join(made)}</tr>\n"

    body = "".join(row(cells, "td") for cells in found["rows"])
    return f"<table><thead>{row(found['head'], 'th')}</thead><tbody>{body}</tbody></table>".encode()


async def _text(order: Order, source: bytes, course: Course) -> bytes:
    if order.target == "txt":
        return source
    text = source.decode("utf-8-sig", "replace").replace("\r\n", "\n").expandtabs(4)
    if order.target in ("pdf", "png"):
        facts = {"title": order.title or stem(order.name), "heading": order.title}
        said = {**facts, "author": order.author, "date": order.date}
        return await _paged(
            order, "text.typ", {"text.txt": text.encode(), "facts.json": json.dumps(said).encode()}, course
        )
    await course.tell(40, "Converting")
    paragraphs = (html.escape(part).replace("\n", "<br>") for part in text.split("\n\n"))
    written = "".join(f"<p>{part}</p>\n" for part in paragraphs)
    as_html = replace(order, kind="html")
    return result(await _pandoc(as_html, written.encode(), WRITERS[order.target], course), "out")


async def _paged(order: Order, main: str, files: dict[str, bytes], course: Course) -> bytes:
    await course.tell(60, "Setting the pages")
    parts = {name: (HOUSE / name).read_bytes() for name in ("house.typ", main)}
    ended = await course.step(Tool("typesetting", ["typst"], [main]), {**files, **parts}, ["out.pdf"])
    made = result(ended, "out.pdf")
    if order.target == "pdf":
        return made
    await course.tell(80, "Drawing the first page")
    drawing = Tool("pictures", ["PIL", "pypdfium2", "pypdfium2_raw"], ["pdf", "png", "1240"])
    return result(await course.step(drawing, {"in": made}, ["1240.png"]), "1240.png")


async def _pandoc(order: Order, source: bytes, writer: str, course: Course) -> Ended:
    """Always in its own sandbox too: no reader and no writer of it opens a file or an address that the source names."""
    told = {"title": order.title, "author": order.author, "date": order.date, "pagetitle": stem(order.name)}
    metadata = [f"--metadata={name}={value}" for name, value in told.items() if value]
    files = {"in": source, "filter.lua": (HOUSE / "filter.lua").read_bytes()}
    arguments = ["--sandbox", "--from", READERS[order.kind], "--to", writer, "--lua-filter", "filter.lua"]
    arguments += ["--syntax-highlighting=none" if writer == "html5" else "--syntax-highlighting=idiomatic"]
    if writer == "html5":
        files["page.html"] = (HOUSE / "page.html").read_bytes()
        arguments += ["--standalone", "--template", "page.html"]
    program = Program(pandoc(), ["+RTS", "-M320m", "-RTS", *arguments, *metadata, "--output", "out", "in"])
    return await course.step(program, files, ["out", "facts.json"], memory=768 * MIB)


def pandoc() -> str:
    """Where the wheel has put it. Raises Missing."""
    return str(Path(place("pypandoc")) / "pypandoc" / "files" / "pandoc")


def flat(source: bytes) -> None:
    """Refuse a line that opens more levels than any document has: each costs a renderer time and stack. Raises Refused."""
    for line in source.split(b"\n"):
        if len(line) < DEEPEST:
            continue
        start = line[: 4 * DEEPEST].replace(b" ", b"").replace(b"\t", b"")
        depth = len(start) - len(start.lstrip(b">-*+"))
        if depth > DEEPEST and b">" in start[:depth]:
            raise Refused(f"The document is nested deeper than {DEEPEST} levels.")


def result(ended: Ended, name: str) -> bytes:
    """The file that a child was to make; without a name, what it printed. Raises Refused, TooMuch."""
    if ended.code == 0 and (name in ended.files or not name):
        return ended.files[name] if name else ended.output
    if ended.code == REFUSED and ended.said:
        raise Refused(ended.said)
    if ended.code > REFUSED and ended.code not in (137, 251):
        raise Refused("The document cannot be converted.")
    raise TooMuch


def stem(name: str) -> str:
    """A name without its ending."""
    before, dot, ending = name.rpartition(".")
    return before if dot and before and len(ending) <= 8 and ending.isalnum() else name
