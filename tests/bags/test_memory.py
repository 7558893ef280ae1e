"""A space of 200 MiB out and in again, in constant memory."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_200_mib_out_and_in_again_take_less_than_64(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.bags.measured", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 64
