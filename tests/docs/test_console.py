"""The console is made from the v1 document as it is now, and stays small."""

import gzip
import json
import re
import runpy

import pytest

from tests.structure.sources import ROOT

CONSOLE = ROOT / "console"
STATIC = ROOT / "src" / "courtyard" / "console" / "static"
FIRST_PAGE, CHUNK = 220_000, 150_000


def test_the_types_of_the_console_are_those_of_v1() -> None:
    document: str = runpy.run_path(str(CONSOLE / "refresh.py"))["document"]()
    # Not compared in the assert: nobody reads a difference of ten thousand lines.
    current = (CONSOLE / "openapi.json").read_text() == document
    assert current, "console/openapi.json is old: make openapi"


def test_the_lock_file_names_no_registry_and_every_version_is_exact() -> None:
    assert '"resolved"' not in (CONSOLE / "package-lock.json").read_text()
    package = (CONSOLE / "package.json").read_text()
    assert re.findall(r'"(?:\^|~|>|\*|latest)', package.split('"dependencies"')[1]) == []


@pytest.mark.skipif(not STATIC.is_dir(), reason="The console is not built: make console")
def test_the_first_page_needs_little_script() -> None:
    index = (STATIC / "index.html").read_text()
    # What the page names, what that imports, and the page of the spaces itself.
    wanted = set(re.findall(r"/console/((?:assets/)?[\w.-]+\.js)", index))
    wanted |= {f"assets/{file.name}" for file in (STATIC / "assets").glob("Spaces-*.js")}
    seen: set[str] = set()
    while wanted - seen:
        name = (wanted - seen).pop()
        seen.add(name)
        text = (STATIC / name).read_text()
        statics = re.findall(r'(?:from|import)\s*"\./([\w.-]+\.js)"', text)
        wanted |= {f"assets/{found}" for found in statics}
    sizes = {name: len(gzip.compress((STATIC / name).read_bytes(), 9)) for name in seen}
    assert sum(sizes.values()) <= FIRST_PAGE, sizes
    assert {name: size for name, size in sizes.items() if size > CHUNK and "pdf" not in name} == {}


def test_the_lock_file_has_what_every_platform_needs() -> None:
    lock = json.loads((CONSOLE / "package-lock.json").read_text())["packages"]
    wanted = {name for package in lock.values() for name in package.get("optionalDependencies", {})}
    assert wanted
    present = {place.rpartition("node_modules/")[2] for place in lock}
    assert sorted(wanted - present) == []
