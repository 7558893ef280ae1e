"""The console is made from the v1 document as it is now, and stays small."""

import gzip
import json
import re
import runpy

from tests.structure.sources import ROOT

CONSOLE = ROOT / "console"
STATIC = ROOT / "src" / "courtyard" / "console" / "static"
# Bytes as they are sent.
FIRST_PAGE, STYLE, CHUNK = 220_000, 50_000, 150_000


def test_the_types_of_the_console_are_those_of_v1() -> None:
    document: str = runpy.run_path(str(CONSOLE / "refresh.py"))["document"]()
    # Not compared in the assert: nobody reads a difference of ten thousand lines.
    current = (CONSOLE / "openapi.json").read_text() == document
    assert current, "console/openapi.json is old: make openapi"


def test_the_lock_file_names_no_registry_and_every_version_is_exact() -> None:
    assert '"resolved"' not in (CONSOLE / "package-lock.json").read_text()
    package = (CONSOLE / "package.json").read_text()
    assert re.findall(r'"(?:\^|~|>|\*|latest)', package.split('"dependencies"')[1]) == []


def sizes(pattern: str) -> dict[str, int]:
    """What is sent of each built file, by its name."""
    assert STATIC.is_dir(), "the console is not built: make console"
    return {file.name: len(gzip.compress(file.read_bytes(), 9)) for file in (STATIC / "assets").glob(pattern)}


def test_the_first_page_needs_little_script_and_style() -> None:
    scripts, styles = sizes("*.js"), sizes("*.css")
    index = (STATIC / "index.html").read_text()
    # What the page names, what that imports, and the page of the spaces itself.
    wanted = set(re.findall(r"/console/assets/([\w.-]+\.js)", index))
    wanted |= {name for name in scripts if name.startswith("Spaces-")}
    seen: set[str] = set()
    while wanted - seen:
        name = (wanted - seen).pop()
        seen.add(name)
        wanted |= set(re.findall(r'(?:from|import)\s*"\./([\w.-]+\.js)"', (STATIC / "assets" / name).read_text()))
    fetched = {name: scripts[name] for name in seen}
    assert sum(fetched.values()) + len(gzip.compress((STATIC / "first.js").read_bytes(), 9)) <= FIRST_PAGE, fetched
    named = {name: styles[name] for name in re.findall(r"/console/assets/([\w.-]+\.css)", index)}
    assert named
    assert sum(named.values()) <= STYLE, named


def test_no_file_of_the_console_is_large_but_what_draws_pdfs() -> None:
    files = {**sizes("*.js"), **sizes("*.css")}
    assert {name: size for name, size in files.items() if size > CHUNK and "pdf" not in name.lower()} == {}


def test_the_lock_file_has_what_every_platform_needs() -> None:
    lock = json.loads((CONSOLE / "package-lock.json").read_text())["packages"]
    wanted = {name for package in lock.values() for name in package.get("optionalDependencies", {})}
    assert wanted
    present = {place.rpartition("node_modules/")[2] for place in lock}
    assert sorted(wanted - present) == []
