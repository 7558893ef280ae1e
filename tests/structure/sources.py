"""The project's own files, for tests about the code itself."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("src", "tests", "benchmarks", "docs", ".ci", "console")
MADE = {".peers", "__pycache__", "node_modules", "static", "failed.txt", "schema.d.ts"}
TEXT = {
    "",
    ".py",
    ".pyi",
    ".md",
    ".sql",
    ".toml",
    ".txt",
    ".sh",
    ".html",
    ".css",
    ".js",
    ".ts",
    ".tsx",
    ".json",
    ".yml",
    ".yaml",
    ".cfg",
}


def text_files() -> list[Path]:
    """Every text file that belongs to the project: its folders and what lies beside them, nothing that was made or installed."""
    beside = [file for file in ROOT.iterdir() if file.is_file() and not file.name.startswith(".env")]
    inside = [file for folder in FOLDERS for file in (ROOT / folder).rglob("*") if file.is_file()]
    return sorted(file for file in beside + inside if file.suffix in TEXT and not MADE & set(file.parts))


def python_files(*folders: str) -> list[Path]:
    """The Python files below these folders of the project."""
    tops = [ROOT / folder for folder in folders]
    return [file for file in text_files() if file.suffix == ".py" and any(top in file.parents for top in tops)]


def functions(file: Path) -> Iterator[tuple[str, int, int]]:
    """Name, line and length of every function in a file, inner ones too; decorators are not counted."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            yield node.name, node.lineno, node.end_lineno - node.lineno + 1


def name(file: Path) -> str:
    """How a failing test calls a file."""
    return file.relative_to(ROOT).as_posix()
