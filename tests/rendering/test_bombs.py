"""Bombs and spies: refused or done in bounded time, whatever they are, and nothing local or remote is read."""

import asyncio
import contextlib
import io
import json
import socket
import time
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from courtyard.rendering import POSSIBLE, TYPES, Format, Kind, Order, Refused, convert, kinds, read, show, showable
from courtyard.rendering.children import Tool, run
from tests.rendering import word
from tests.worker.test_images import png_bomb

PATIENCE = 10.0
"""Seconds, as promised; how much memory they take is measured in `test_held.py`."""


def laughs() -> bytes:
    lines = [f"k{n}: &k{n} [{', '.join([f'*k{n - 1}'] * 9)}]" for n in range(1, 9)]
    return "\n".join(["---", "k0: &k0 ha", *lines, "title: *k8", "---", "x"]).encode()


Bomb = tuple[Kind, Callable[[], bytes], tuple[Format, ...]]
BOMBS: dict[str, Bomb] = {
    "a line of quotations": ("md", lambda: b">" * 100_000 + b"a", ("pdf", "html")),
    "many deep quotations": ("md", lambda: b"\n".join([b"> " * 90 + b"a"] * 20_000), ("pdf",)),
    "deep lists": ("md", lambda: b"".join(b" " * 2 * depth + b"- a\n" for depth in range(3_000)), ("docx",)),
    "open emphasis": ("md", lambda: b"*a **b " * 200_000, ("html",)),
    "open links": ("md", lambda: b"[" * 100_000, ("txt",)),
    "a huge table": (
        "md",
        lambda: b"|a" * 2_000 + b"|\n" + b"|-" * 2_000 + b"|\n" + (b"|a" * 2_000 + b"|\n") * 200,
        ("pdf",),
    ),
    "deep mathematics": ("md", lambda: b"$" + b"{" * 50_000 + b"$", ("pdf",)),
    "aliases upon aliases": ("md", laughs, ("pdf",)),
    "ten megabytes of words": ("md", lambda: b"word " * 2_000_000, ("pdf",)),
    "deep elements": ("html", lambda: b"<div>" * 100_000, ("pdf",)),
    "deep tables": ("html", lambda: b"<table><tr><td>" * 5_000, ("docx",)),
    "a million columns": ("csv", lambda: b"a," * 1_000_000, ("pdf", "xlsx", "csv")),
    "a million columns further down": ("csv", lambda: b"a\n" + b"a," * 1_000_000, ("xlsx",)),
    "a million rows": ("csv", lambda: b"a,b\n" * 1_000_000, ("xlsx", "html")),
    "a field without end": ("csv", lambda: b'"' + b"x" * 9_000_000, ("csv",)),
    "a large document in a small one": ("docx", lambda: zip_bomb("word/document.xml", 1_500_000_000), ("md", "pdf")),
    "deep tables in a Word file": (
        "docx",
        lambda: word.document("<w:tbl><w:tr><w:tc>" * 20_000 + "</w:tc></w:tr></w:tbl>" * 20_000),
        ("html",),
    ),
    "a Word file that is none": ("docx", lambda: b"PK\x03\x04word/document.xml" + bytes(1_000), ("txt",)),
    "deep brackets": ("json", lambda: b"[" * 100_000 + b"]" * 100_000, ("pdf", "csv")),
    "two million lines": ("txt", lambda: b"a\n" * 2_000_000, ("pdf", "docx")),
}
TEMPLATES = {
    "a long range": "{% for i in range(10**9) %}x{% endfor %}",
    "loops in loops": "{% for i in range(90000) %}{% for j in range(90000) %}{% endfor %}{% endfor %}",
    "a huge text": "{{ 'x' * 10**10 }}",
    "a large power": "{{ 9 ** (9 ** 9) }}",
    "endless text": "{% for i in range(99999) %}{{ 'x' * 10**6 }}{% endfor %}",
    "itself": "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "a wide format": "{{ '%1000000000d' | format(1) }}",
}


async def bounded_conversion(order: Order, source: bytes) -> bytes | None:
    begun = time.monotonic()
    made: bytes | None = None
    with contextlib.suppress(Refused):
        made = await convert(order, source)
    assert time.monotonic() - begun < PATIENCE
    return made


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS.keys())
async def test_a_bomb_is_refused_or_done_in_time(bomb: Bomb) -> None:
    kind, make, targets = bomb
    for target in targets:
        await bounded_conversion(Order(kind=kind, target=target, name="bomb"), make())
    # And whoever comes next is served.
    assert await convert(Order(kind="md", target="txt", name="x"), b"# hello") == b"hello\n"


@pytest.mark.parametrize("template", TEMPLATES.values(), ids=TEMPLATES.keys())
async def test_a_template_bomb_is_refused(template: str) -> None:
    source = json.dumps({"template": template, "data": {}}).encode()
    assert await bounded_conversion(Order(kind="txt", target="txt", name="bomb", filled=True), source) is None


MISTAKES = [
    ("a\n\n{{ nobody }}", "Template, line 3: 'nobody' is undefined"),
    ("a\n{% if %}", "Template, line 2: "),
    ("{{ ''.__class__ }}", "Template, line 1: access to attribute '__class__'"),
    ("\n{{ cycler.__init__.__globals__.os }}", "Template, line 2: access to attribute '__init__'"),
    ("\n{% include '/etc/passwd' %}", "Template, line 2: "),
    ("{% import 'os' as os %}", "Template, line 1: "),
    ("{{ 1 // 0 }}", "Template, line 1: ZeroDivisionError"),
    ("{{ [].append(1) }}", "Template, line 1: "),
]


@pytest.mark.parametrize(("template", "message"), MISTAKES)
async def test_what_is_wrong_with_a_template_is_said_with_its_line(template: str, message: str) -> None:
    source = json.dumps({"template": template, "data": {}}).encode()
    with pytest.raises(Refused) as refused:
        await convert(Order(kind="md", target="txt", name="x", filled=True), source)
    assert str(refused.value).startswith(message)


async def test_data_means_only_itself() -> None:
    hostile = "*a* <script>alert(1)</script> | x\n# head\n[l](http://e.org) ![i](file:///etc/passwd) $x$ {{ 7 * 7 }}"
    for kind in ("md", "html"):
        source = json.dumps({"template": "{{ it }}", "data": {"it": hostile}}).encode()
        found = (await convert(Order(kind=kind, target="html", name="x", filled=True), source)).decode()
        body = found.partition("<body>")[2]
        assert not any(tag in body for tag in ("<script", "<em>", "<h1", "<a ", "<table", "<img", "49"))


class Spy:
    """Counts who calls on a port of this machine."""

    def __init__(self) -> None:
        self.calls = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.calls += 1
        writer.close()


SPYING: dict[str, tuple[Kind, str]] = {
    "markdown": (
        "md",
        ("---\ntitle: x\nbibliography: {file}\ncss: {url}/a.css\ninclude-before: {file}\ntemplate: {file}\n---\n"
        "![a]({file}) ![b](file://{file}) ![c]({url}/c.png) ![d](<{file}>){{width=3cm}}\n\n"
        "```{{=typst}}\n#read(\"{file}\")\n#include \"{file}\"\n#plugin(\"{file}\")\n#import \"@preview/cetz:0.3.0\"\n```\n\n"
        "`#read(\"{file}\")`{{=typst}} [x]{{typst:text:fill='read(\"{file}\")'}} $#read(\"{file}\")$\n\n"
        "<img src='{url}/e.png'><iframe src='{url}/f'></iframe>\n\n\\input{{{file}}} #read(\"{file}\")\n\n!include {file}\n"),
    ),
    "html": (
        "html",
        ("<html><head><base href='{url}/'><link rel=stylesheet href='{url}/a.css'><meta name=template content='{file}'>"
        "<script src='{url}/b.js'></script></head><body><img src='file://{file}'><img src='{file}'><img src='{url}/c.png'>"
        "<iframe src='{url}/d'></iframe><iframe src='file://{file}'></iframe><object data='{url}/e'></object>"
        "<embed src='file://{file}'><svg><image href='{url}/f.png'/></svg><video src='{url}/g' poster='{url}/h'></video>"
        "<p style='background:url({url}/i)'>text</p><include src='{file}'/><xi:include href='file://{file}'/></body></html>"),
    ),
    "csv": ("csv", "a,b\n#read(\"{file}\"),=WEBSERVICE(\"{url}\")\n\"=cmd|' /C x'!A0\",{url}/a.png\n"),
    "text": ("txt", "#read(\"{file}\")\n#image(\"{url}/a.png\")\n{file}\n"),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "source"), SPYING.values(), ids=SPYING.keys())
async def test_a_document_reads_nothing_of_this_machine_and_calls_nobody(
    kind: Kind, source: str, tmp_path: Path
) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("XYZZY-47110815")
    spy = Spy()
    server = await asyncio.start_server(spy, "127.0.0.1", 0)
    async with server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        targets: tuple[Format, ...] = ("pdf", "docx", "html", "txt", "png")
        for target in targets:
            filled = source.format(file=secret, url=url).encode()
            made = await convert(Order(kind=kind, target=target, name="x"), filled)
            assert b"XYZZY" not in made
            if target in ("pdf", "docx"):
                assert "XYZZY" not in ((await read(TYPES[target], made)).text or "")
                assert "XYZZY" not in unzipped(made)
        await asyncio.sleep(0.1)
    assert spy.calls == 0


async def test_a_word_file_opens_nothing_of_this_machine_and_calls_nobody(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("XYZZY-47110815")
    spy = Spy()
    server = await asyncio.start_server(spy, "127.0.0.1", 0)
    async with server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        outside = {
            "file": ("image", f"file://{secret}"),
            "web": ("image", f"{url}/a.png"),
            "run": ("hyperlink", f"file://{secret}"),
        }
        body = word.paragraph(
            word.picture("file", "a")
            + word.picture("web", "b")
            + word.link("words", "run")
            + word.run("&lt;script&gt;")
        )
        entities = f"<!DOCTYPE d [<!ENTITY a SYSTEM 'file://{secret}'><!ENTITY b SYSTEM '{url}'>]>"
        plain = word.document(body, outside)
        assert kinds.kind("", "", plain) == "docx"
        for target in POSSIBLE["docx"]:
            made = await convert(Order(kind="docx", target=target, name="x"), plain)
            assert b"XYZZY" not in made
            if target == "html":
                assert not any(tag in made.partition(b"<body>")[2] for tag in (b"<script", b"<img", b"file://"))
            with contextlib.suppress(Refused):
                spied = word.document(body + word.paragraph(word.run("&a;&b;")), outside, entities)
                assert b"XYZZY" not in await convert(Order(kind="docx", target=target, name="x"), spied)
        await asyncio.sleep(0.1)
    assert spy.calls == 0


def unzipped(content: bytes) -> str:
    if not content.startswith(b"PK"):
        return ""
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        return "".join(parts.read(name).decode("utf-8", "replace") for name in parts.namelist())


TYPST = [
    '#read("{file}")',
    '#read("../../../../../..{file}")',
    '#include "{file}"',
    '#plugin("{file}")',
    '#image("{file}")',
    '#json("/proc/self/environ")',
    '#import "@preview/cetz:0.3.0"',
    "#while true {{}}",
    "#let f(x) = f(x)\n#f(1)",
    "#range(100000000)",
    '#("x" * 1000000000)',
    "#for i in range(1000000) [a #pagebreak()]",
]


@pytest.mark.parametrize("source", TYPST)
async def test_typst_itself_reads_nothing_and_ends(source: str, tmp_path: Path) -> None:
    """Should a converter ever let its code through."""
    secret = tmp_path / "secret.txt"
    secret.write_text("XYZZY-47110815")
    main = source.format(file=secret).encode()
    ended = await run(Tool("typesetting", ["typst"], ["main.typ"]), files={"main.typ": main}, wanted=["out.pdf"])
    assert ended.files == {}
    assert ended.code != 0
    assert "XYZZY" not in ended.said


def zip_bomb(part: str, size: int) -> bytes:
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("[Content_Types].xml", "<Types/>")
        with made.open(part, "w", force_zip64=True) as file:
            for _ in range(size // 1_000_000):
                file.write(b" " * 1_000_000)
    return output.getvalue()


def pdf(*objects: bytes) -> bytes:
    """A PDF of these objects, from number 1 on."""
    out = b"%PDF-1.7\n"
    places: list[int] = []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    start = len(out)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    return out + b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (
        size, table, size, start,
    )  # fmt: skip


def stream(more: bytes, content: bytes) -> bytes:
    return b"<<%s/Length %d>>stream\n%s\nendstream" % (more, len(content), content)


def pdf_bomb(size: int, box: bytes = b"0 0 600 800") -> bytes:
    """One page whose content unpacks to very much."""
    packed = zlib.compress(b"0 0 m 9 9 l S " * (size // 14), 9)
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[%s]/Contents 4 0 R>>" % box
    return pdf(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        page,
        stream(b"/Filter/FlateDecode", packed),
    )


def itself() -> bytes:
    """A PDF whose pages are its pages."""
    return pdf(b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[2 0 R 2 0 R 2 0 R]/Count 999999999>>")


FILES: dict[str, tuple[str, Callable[[], bytes]]] = {
    "a large docx in a small one": (TYPES["docx"], lambda: zip_bomb("word/document.xml", 1_500_000_000)),
    "a large xlsx in a small one": (TYPES["xlsx"], lambda: zip_bomb("xl/worksheets/sheet1.xml", 1_500_000_000)),
    "a docx just below": (TYPES["docx"], lambda: zip_bomb("word/document.xml", 150_000_000)),
    "no archive at all": (TYPES["docx"], lambda: b"PK\x03\x04" + bytes(1_000)),
    "a PDF that unpacks to 400 MB": ("application/pdf", lambda: pdf_bomb(400_000_000)),
    "a PDF of a page as large as a town": ("application/pdf", lambda: pdf_bomb(100, b"0 0 9000000 9000000")),
    "a PDF of itself": ("application/pdf", itself),
    "no PDF at all": ("application/pdf", lambda: b"%PDF-1.7\n" + b"[" * 1_000_000),
    "an image of 40,000 by 40,000": ("image/png", lambda: png_bomb(40_000, 40_000, 20)),
    "deep HTML": ("text/html", lambda: b"<div>" * 500_000),
}


@pytest.mark.parametrize(("kind", "make"), FILES.values(), ids=FILES.keys())
async def test_a_file_that_is_a_bomb_is_looked_at_in_bounded_time(kind: str, make: Callable[[], bytes]) -> None:
    content = make()
    looks: list[Callable[[], Any]] = [lambda: read(kind, content)]
    if showable(kind):
        looks.append(lambda: show(kind, "x", content))
    for look in looks:
        begun = time.monotonic()
        with contextlib.suppress(Refused):
            await look()
        assert time.monotonic() - begun < PATIENCE


async def test_a_docx_calls_nobody(tmp_path: Path) -> None:
    """An external picture and an external entity, to a listener and to a file."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/x"
        secret = tmp_path / "secret.txt"
        secret.write_text("XYZZY-47110815")
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w") as parts:
            word = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
            parts.writestr(
                "[Content_Types].xml", "<Types xmlns='http://schemas.openxmlformats.org/package/2006/content-types'/>"
            )
            parts.writestr(
                "word/document.xml",
                f"<!DOCTYPE d [<!ENTITY a SYSTEM 'file://{secret}'><!ENTITY b SYSTEM '{url}'>]>"
                f"<w:document xmlns:w='{word}'><w:body><w:p><w:r><w:t>&a;&b;words</w:t></w:r></w:p></w:body></w:document>",
            )
        found: Any = None
        try:
            found = await read(TYPES["docx"], made.getvalue())
        except Refused:
            assert found is None
        assert "XYZZY" not in str(found)
        with pytest.raises(BlockingIOError):
            listener.accept()
