"""What the heaviest files take: the kernel knows it of all children of a process, so they have one of their own."""

import subprocess
import sys

from tests.structure.sources import ROOT

MEMORY = 512 * 1024
"""KiB that the largest child may ever have held."""


def test_no_child_holds_more_than_it_may() -> None:
    command = [sys.executable, "-m", "tests.rendering.heaviest"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=100)
    assert 0 < int(ended.stdout) < MEMORY
