"""Nothing in here is longer than one can read at once."""

from tests.structure.sources import functions, name, python_files

FILE_LINES = 400
FUNCTION_LINES = 40


def test_no_file_is_longer_than_400_lines() -> None:
    lengths = {
        name(file): len(file.read_text().splitlines()) for file in python_files("src", "tests", "benchmarks", "docs")
    }
    assert lengths
    assert {file: lines for file, lines in lengths.items() if lines > FILE_LINES} == {}


def test_no_function_is_longer_than_40_lines() -> None:
    lengths = {
        f"{name(file)}:{line} {function}": lines
        for file in python_files("src")
        for function, line, lines in functions(file)
    }
    assert lengths
    assert {function: lines for function, lines in lengths.items() if lines > FUNCTION_LINES} == {}
