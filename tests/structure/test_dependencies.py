"""Every direct dependency is pinned for installs and has earned its place in words."""

import re
import tomllib
from pathlib import Path

from tests.structure.sources import ROOT

DECISION = ROOT / "docs" / "decisions" / "0005-dependencies.md"


def bare(requirement: str) -> str:
    """The name of a distribution as indexes compare it, without version and extras."""
    return re.sub(r"[-_.]+", "-", re.split(r"[\[<>=!~; ]", requirement.strip())[0]).lower()


def direct() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = [requirement for extra in project["optional-dependencies"].values() for requirement in extra]
    return {bare(requirement) for requirement in project["dependencies"] + extras} - {"courtyard"}


def first_words(file: Path, pattern: str) -> set[str]:
    return {bare(found) for found in re.findall(pattern, file.read_text(), re.MULTILINE)}


def test_every_direct_dependency_is_pinned() -> None:
    assert direct() - first_words(ROOT / "constraints.txt", r"^[\w.-]+(?===)") == set()


def test_every_direct_dependency_says_what_it_saves_us() -> None:
    assert direct() == first_words(DECISION, r"^\| `([\w.-]+)`")
