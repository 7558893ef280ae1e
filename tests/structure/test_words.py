"""Names say what is in them, and the text speaks of Courtyard alone."""

import ast
import re

from tests.structure.sources import ROOT, name, python_files, text_files

# Names under which anything could be found, so that nothing is.
EMPTY_NAMES = set(
    "util utils helper helpers common base manager managers service services handler handlers misc".split()
)
# Brackets keep these patterns from finding themselves.
UNFINISHED = re.compile(r"\b(TO[D]O|FIX[M]E|X[X]X)\b")
MACHINE = re.compile(r"(?<![\w.*~-])/(wor[k]|roo[t]|far[m]|opt/pyp[i][\w-]*|tmp/bas[h]\w*)(/|\b(?![\w-]))")
REGISTRY = re.compile(
    r"(pypi|npmjs|ghcr|docker|quay|crates|jsdelivr|unpkg)\.(org|com|io|net)|pythonhoste[d]|index-?ur[l]\b|INDEX_UR[L]",
    re.IGNORECASE,
)


def found(pattern: re.Pattern[str], *, skip: str = "") -> list[str]:
    """Where a pattern occurs in the project, as file:line and the words."""
    return [
        f"{name(file)}:{number} {match[0]}"
        for file in text_files()
        if name(file) != skip
        for number, line in enumerate(file.read_text().splitlines(), 1)
        if (match := pattern.search(line))
    ]


def test_module_names_are_nouns_that_say_something() -> None:
    files = python_files("src", "tests", "benchmarks")
    assert files
    assert [name(file) for file in files if EMPTY_NAMES & set(re.split(r"[/_.]", name(file)))] == []


def test_every_module_says_what_the_reader_finds() -> None:
    missing = [
        name(file)
        for file in python_files("src", "tests", "benchmarks", "docs")
        # Outside the package an empty __init__.py has nothing to say.
        if not ast.get_docstring(ast.parse(text := file.read_text())) and (text.strip() or ROOT / "src" in file.parents)
    ]
    assert missing == []


def test_nothing_is_left_to_do_later() -> None:
    assert found(UNFINISHED) == []


def test_no_file_knows_the_machine_it_was_written_on() -> None:
    assert found(MACHINE, skip="LICENSE") == []


def test_no_file_names_a_package_registry() -> None:
    assert found(REGISTRY, skip="LICENSE") == []
