"""A large file is looked at without being held in memory."""

import subprocess
import sys
from pathlib import Path

from tests.structure.sources import ROOT


def test_a_file_of_96_mib_is_inspected_and_drawn_within_32(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.worker.measured", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 32
    # It came as far as the child that draws it.
    assert "image" in done.stderr
