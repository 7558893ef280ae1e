"""What can be made of what: kinds of sources, formats of results."""

import json
from importlib.util import find_spec
from typing import Literal, get_args

Kind = Literal["md", "html", "txt", "csv", "json", "docx"]
Format = Literal["pdf", "docx", "html", "md", "txt", "xlsx", "csv", "png"]
KINDS: tuple[Kind, ...] = get_args(Kind)
FORMATS: tuple[Format, ...] = get_args(Format)
_PAGES: tuple[Format, ...] = ("pdf", "docx", "html", "md", "txt", "png")
_TABLES: tuple[Format, ...] = ("pdf", "docx", "html", "md", "txt", "xlsx", "csv", "png")
POSSIBLE: dict[Kind, tuple[Format, ...]] = {
    "md": _PAGES,
    "html": _PAGES,
    "txt": _PAGES,
    "csv": _TABLES,
    "json": _TABLES,
    "docx": ("pdf", "html", "md", "txt", "png"),
}
TYPES: dict[Format, str] = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "html": "text/html",
    "md": "text/markdown",
    "txt": "text/plain",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv",
    "png": "image/png",
}
_BY_TYPE: dict[str, Kind] = {
    "text/markdown": "md",
    "text/x-markdown": "md",
    "text/html": "html",
    "text/plain": "txt",
    "text/csv": "csv",
    "application/json": "json",
}
_BY_ENDING: dict[str, Kind] = {
    "md": "md",
    "markdown": "md",
    "html": "html",
    "htm": "html",
    "txt": "txt",
    "csv": "csv",
    "json": "json",
}
# Names in an archive are readable in it: what is not what it seems is refused by whoever opens it, confined.
_ARCHIVE, _WORD = b"PK\x03\x04", b"word/document.xml"
_HTML = ("<!doctype html", "<html", "<head", "<body")
EXTRA = "documents"
PACKAGES = ("typst", "pypandoc", "xlsxwriter", "pypdfium2", "kreuzberg")


def kind(content_type: str, name: str, content: bytes) -> Kind | None:
    """What a source is: a Word file by itself, a text by its declared type, else by its name, else by itself; None for
    what is neither.
    """
    text = _text(content)
    if text is None:
        return "docx" if content.startswith(_ARCHIVE) and _WORD in content else None
    declared = _BY_TYPE.get(content_type.partition(";")[0].strip().lower())
    named = _BY_ENDING.get(name.rpartition(".")[2].lower()) if "." in name else None
    return declared or named or _sniffed(text)


def installed() -> bool:
    """Whether the extra is there that all this needs."""
    return all(find_spec(package) for package in PACKAGES)


def _text(content: bytes) -> str | None:
    if b"\0" in content:
        return None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None


def _sniffed(text: str) -> Kind:
    """Markdown is what plain words are too."""
    start = text.lstrip()[:64].lower()
    if start.startswith(_HTML):
        return "html"
    if start.startswith(("{", "[")):
        try:
            json.loads(text)
        except (ValueError, RecursionError):
            return "md"
        return "json"
    return "md"
