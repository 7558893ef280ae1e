"""The examples in STYLE.md are lines of the code, not of a code that once was."""

import re

from tests.structure.sources import ROOT, python_files


def test_every_example_of_the_style_stands_in_the_code() -> None:
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "STYLE.md").read_text(), re.DOTALL)
    examples = {line.strip() for block in blocks for line in block.splitlines() if line.strip()}
    code = {line.strip() for file in python_files("src") for line in file.read_text().splitlines()}
    assert examples
    assert examples - code == set()
