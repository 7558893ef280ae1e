"""What the import contracts cannot see: no SQL above the core, no protocol's name below the dialects."""

import re

import pytest

from tests.structure.sources import name, python_files

SQL = re.compile(
    r"\b(tx|db|read|write)\.(one|all|run)\(|[\"']\s*(select\s.+\sfrom|insert\s+into|update\s+\w+\s+set|delete\s+from)\s",
    re.IGNORECASE,
)
PROTOCOLS = re.compile(r"\b(spaces_pe|unpod)\b|\bdialect\s*(==|!=|in)\s")


def found(pattern: re.Pattern[str], folder: str) -> list[str]:
    return [
        f"{name(file)}:{number} {line.strip()}"
        for file in python_files(folder)
        for number, line in enumerate(file.read_text().splitlines(), 1)
        if pattern.search(line)
    ]


@pytest.mark.parametrize("folder", ["src/courtyard/dialects", "src/courtyard/web", "src/courtyard/cli"])
def test_sql_is_written_in_the_core_and_below(folder: str) -> None:
    assert found(SQL, folder) == []


@pytest.mark.parametrize("folder", ["src/courtyard/core", "src/courtyard/storage"])
def test_the_core_knows_no_protocol_by_name(folder: str) -> None:
    assert python_files(folder)
    assert found(PROTOCOLS, folder) == []
