"""Nothing can be set, typed or called that the documentation does not name."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import typer.main
from pydantic import SecretStr
from typer.core import TyperArgument, TyperGroup, TyperOption

from courtyard.app import DIALECTS
from courtyard.cli import app
from courtyard.settings import Settings
from tests.structure.sources import ROOT

# The pages for people are no API.
APIS = [module for module in DIALECTS if module.SPEECH.openapi_path]
# Said once at the top of the page, for all commands.
EVERYWHERE = {"--json", "--help"}
PROTOCOLS = [module for module in DIALECTS if module.SPEECH.openapi_path]
CLI = (ROOT / "docs/cli.md").read_text()


def shown(default: Any) -> str:
    """A default as one would set it."""
    value = default.get_secret_value() if isinstance(default, SecretStr) else default
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return "" if value in (None, "", []) else f"`{value}`"


def test_the_page_of_settings_has_a_row_for_each_and_for_nothing_else() -> None:
    rows = re.findall(r"^\| `COURTYARD_.*$", (ROOT / "docs/settings.md").read_text(), re.MULTILINE)
    assert rows == [
        f"| `COURTYARD_{name.upper()}` | {shown(field.default)} | {field.description} |"
        for name, field in Settings.model_fields.items()
    ]


def commands(command: Any, path: str) -> list[tuple[str, Any]]:
    if isinstance(command, TyperGroup):
        return [found for name, sub in command.commands.items() for found in commands(sub, f"{path} {name}")]
    return [(path, command)]


COMMANDS = commands(typer.main.get_command(app), "courtyard")


def entry(path: str) -> str:
    """What the page says of a command: its section, or its item in one."""
    starts = [match.start() for match in re.finditer(rf"^(## |- `){re.escape(path)}\b", CLI, re.MULTILINE)]
    assert len(starts) == 1, f"{path} has no entry in docs/cli.md, or several"
    end = re.search(r"\n(## |- `courtyard )", CLI[starts[0] :])
    return CLI[starts[0] :][: end.start()] if end else CLI[starts[0] :]


@pytest.mark.parametrize(("path", "command"), COMMANDS, ids=[path for path, _ in COMMANDS])
def test_every_command_is_on_its_page_with_its_arguments_and_options(path: str, command: Any) -> None:
    text = entry(path)
    options = {name for each in command.params if isinstance(each, TyperOption) for name in each.opts}
    named = set(re.findall(r"--[a-z][a-z-]*", text))
    assert options - EVERYWHERE <= named
    assert named <= options | EVERYWHERE
    arguments = [(each.metavar or each.name).upper() for each in command.params if isinstance(each, TyperArgument)]
    assert re.findall(r"(?<=[ `])[A-Z]+(?=[ `]|$)", text.partition("`:")[0])[: len(arguments)] == arguments


def test_the_page_of_commands_names_no_command_that_is_not_there() -> None:
    named = set(re.findall(r"^(?:## |- `)(courtyard(?: [a-z]+)+)", CLI, re.MULTILINE))
    groups = {path.rpartition(" ")[0] for path, _ in COMMANDS}
    assert named <= {path for path, _ in COMMANDS} | groups


def calls(module: Any) -> list[str]:
    """`METHOD /path` of every operation in a dialect's OpenAPI document."""
    document = json.loads(json.dumps(module.dialect(None).openapi()))
    return [f"{method.upper()} {path}" for path, item in document["paths"].items() for method in item]


def page(module: Any) -> Path:
    return ROOT / "docs" / "api" / f"{module.SPEECH.name}.md"


@pytest.mark.parametrize("module", PROTOCOLS, ids=[module.SPEECH.name for module in PROTOCOLS])
def test_every_call_of_an_api_is_on_its_page(module: Any) -> None:
    text = page(module).read_text()
    documented = set(re.findall(r"\b(?:GET|HEAD|OPTIONS|POST|PUT|PATCH|DELETE) /[^\s`?)\"]*", text))
    assert [call for call in calls(module) if call not in documented] == []


@pytest.mark.parametrize("module", PROTOCOLS, ids=[module.SPEECH.name for module in PROTOCOLS])
def test_a_page_names_no_call_of_its_own_that_is_not_there(module: Any) -> None:
    own = tuple(f"{prefix}/" for prefix in module.SPEECH.prefixes)
    known = {call.rstrip("/") for call in calls(module)} | {f"GET {module.SPEECH.openapi_path}"}
    named = re.findall(r"(?<=`)((?:GET|HEAD|OPTIONS|POST|PUT|PATCH|DELETE) (/[^\s`?]*))", page(module).read_text())
    assert [call for call, path in named if path.startswith(own) and call.rstrip("/") not in known] == []
