"""CSV or JSON (`in`) as a table: typed, counted, and written as what is asked for."""

import csv
import json
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NoReturn, cast

COLUMNS, CELLS = 16_384, 500_000
PAGE_COLUMNS, PAGE_CELLS = 60, 20_000
_NUMBER = re.compile(r"-?(0|[1-9]\d{0,14})(\.\d{1,10})?", re.ASCII)


class Written(str):
    """A value as CSV has it: shown as it was written, and a number in a sheet if it is written like one."""

    __slots__ = ()


Cell = str | int | float | bool | None
Table = tuple[list[str], list[list[Cell]]]


def main(kind: str, target: str) -> None:
    """`target`: `xlsx`, `csv`, `json` (for a page), `md`, `txt`, `html`. Writes `out`."""
    try:
        text = Path("in").read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        refuse("The data is not UTF-8.")
    try:
        head, rows = from_csv(text) if kind == "csv" else from_json(text)
    except NotATable:
        # JSON of another form is shown as it is, well indented.
        if target in ("xlsx", "csv"):
            refuse("Only a JSON array of objects or of arrays is a table.")
        Path("out").write_text(json.dumps({"code": json.dumps(json.loads(text), indent=2, ensure_ascii=False)}))
        return
    bound(head, rows, on_page=target not in ("xlsx", "csv"))
    WRITERS[target](head, rows)


def refuse(why: str) -> NoReturn:
    sys.exit(why)


class NotATable(Exception):
    """The JSON is something else."""


def bound(head: list[str], rows: list[list[Cell]], *, on_page: bool) -> None:
    """Refuse what no sheet and no reader can hold."""
    columns, cells = (PAGE_COLUMNS, PAGE_CELLS) if on_page else (COLUMNS, CELLS)
    if len(head) > columns:
        refuse(f"The table has {len(head)} columns; at most {columns} can be converted to this format.")
    if len(head) * (len(rows) + 1) > cells:
        refuse(f"The table has more than {cells} cells, too many for this format.")


def from_csv(text: str) -> Table:
    """The first row is the head. The delimiter is the one that the first line has most of."""
    csv.field_size_limit(1 << 20)
    first = text.partition("\n")[0]
    delimiter = max(",;\t|", key=first.count)
    if first.count(delimiter) >= COLUMNS:
        refuse(f"The table has more than {COLUMNS} columns.")
    rows: list[list[Cell]] = []
    cells = 0
    try:
        for row in csv.reader(text.splitlines(keepends=True), delimiter=delimiter):
            cells += len(row)
            if cells > CELLS:
                refuse(f"The table has more than {CELLS} cells.")
            # The head is words, also where it looks like numbers.
            rows.append([Written(value) or None for value in row] if rows else [*row])
    except csv.Error as error:
        refuse(f"The CSV cannot be read: {error}.")
    if not rows:
        refuse("The table is empty.")
    head = ["" if value is None else str(value) for value in rows[0]]
    width = max(len(row) for row in rows)
    head += [""] * (width - len(head))
    return head, [row + [None] * (width - len(row)) for row in rows[1:] if row]


def typed(value: Cell) -> Cell:
    """Never a date or a truth, which spreadsheets guess wrong."""
    if not isinstance(value, Written) or not _NUMBER.fullmatch(value):
        return value
    return float(value) if "." in value else int(value)


def from_json(text: str) -> Table:
    """An array of objects (the members are columns, in the order in which they come), or of arrays."""
    try:
        found: Any = json.loads(text)
    except ValueError:
        refuse("This is not JSON.")
    if not isinstance(found, list) or not found:
        raise NotATable
    items: list[Any] = found  # pyright: ignore[reportUnknownVariableType] - any JSON
    if all(isinstance(item, dict) for item in items):
        head = list(dict.fromkeys(str(key) for item in items for key in item))
        return head, [[cell(item.get(key)) for key in head] for item in items] if len(head) * len(
            items
        ) <= CELLS else []
    if all(isinstance(item, list) for item in items):
        width = max(len(item) for item in items)
        rows = [[cell(value) for value in item] + [None] * (width - len(item)) for item in items]
        return ["" if value is None else str(value) for value in rows[0]], rows[1:]
    raise NotATable


def cell(value: Any) -> Cell:
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return json.dumps(value, ensure_ascii=False)


def shown(value: Cell) -> str:
    if value is None:
        return ""
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def numeric(head: list[str], rows: list[list[Cell]]) -> list[bool]:
    """Which columns hold numbers alone, and are set flush right."""
    found: list[bool] = []
    for column in range(len(head)):
        values = [typed(row[column]) for row in rows if row[column] is not None]
        found.append(
            bool(values) and all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
        )
    return found


def to_xlsx(head: list[str], rows: list[list[Cell]]) -> None:
    """One sheet, the head bold and in sight, columns as wide as what is in them. Text stays text, also after a `=`."""
    import xlsxwriter  # noqa: PLC0415 - other targets need it not

    options = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "nan_inf_to_errors": True,
    }
    with xlsxwriter.Workbook("out", options) as book:
        sheet: Any = cast("Any", book).add_worksheet("Table")
        bold: Any = cast("Any", book).add_format({"bold": True, "bottom": 1, "bg_color": "#EEF2F6"})
        for column, name in enumerate(head):
            sheet.write_string(0, column, name[:32_767], bold)
        for number, row in enumerate(rows, 1):
            for column, value in enumerate(row):
                write(sheet, number, column, value)
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, max(1, len(rows)), max(0, len(head) - 1))
        sheet.autofit(480)


def write(sheet: Any, row: int, column: int, value: Cell) -> None:
    value = typed(value)
    if isinstance(value, bool):
        sheet.write_boolean(row, column, value)
    elif isinstance(value, int | float) and abs(value) < 1e15:
        sheet.write_number(row, column, value)
    elif value is not None:
        sheet.write_string(row, column, str(value)[:32_767])


def to_csv(head: list[str], rows: list[list[Cell]]) -> None:
    with Path("out").open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(head)
        writer.writerows([shown(value) if isinstance(value, bool) else value for value in row] for row in rows)


def to_json(head: list[str], rows: list[list[Cell]]) -> None:
    """For the house's page: all as text, and which columns are numbers."""
    cells = [[shown(value) for value in row] for row in rows]
    Path("out").write_text(json.dumps({"head": head, "rows": cells, "numeric": numeric(head, rows)}))


def to_md(head: list[str], rows: list[list[Cell]]) -> None:
    def line(cells: Iterable[str]) -> str:
        return "| " + " | ".join(cells) + " |\n"

    def safe(value: Cell) -> str:
        return re.sub(r"([\\`*_\[\]<>|#~])", r"\\\1", " ".join(shown(value).split()))

    marks = ("---:" if right else ":---" for right in numeric(head, rows))
    with Path("out").open("w", encoding="utf-8") as out:
        out.write(line(map(safe, head)) + line(marks))
        out.writelines(line(map(safe, row)) for row in rows)


def to_txt(head: list[str], rows: list[list[Cell]]) -> None:
    """Columns side by side, numbers flush right."""
    cells = [[" ".join(shown(value).split()) for value in row] for row in [[*head], *rows]]
    widths = [min(40, max(len(row[column]) for row in cells)) for column in range(len(head))]
    right = numeric(head, rows)

    def line(row: list[str]) -> str:
        padded = (
            value[:width].rjust(width) if flush else value[:width].ljust(width)
            for value, width, flush in zip(row, widths, right, strict=True)
        )
        return "  ".join(padded).rstrip() + "\n"

    rule = "  ".join("-" * width for width in widths) + "\n"
    with Path("out").open("w", encoding="utf-8") as out:
        out.write(line(cells[0]) + rule)
        out.writelines(map(line, cells[1:]))


WRITERS = {"xlsx": to_xlsx, "csv": to_csv, "json": to_json, "md": to_md, "txt": to_txt}
