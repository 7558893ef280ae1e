"""`:name` as the port writes it, `$1` as PostgreSQL reads it."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

# Whatever is no name comes first: a literal, a quoted identifier, a comment, a dollar-quoted body, a cast.
PIECE = re.compile(
    r"""'(?:[^']|'')*' | "(?:[^"]|"")*" | --[^\n]* | /\*.*?\*/ | (\$[a-z_]*\$).*?\1 | :: | :(?P<name>[a-z_][a-z0-9_]*)""",
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)


class Compiled(NamedTuple):
    """A statement with numbered values, and which name each number stands for."""

    text: str
    names: tuple[str, ...]

    def pick(self, values: Mapping[str, Any]) -> list[Any]:
        """The values in the order of their numbers. Raises KeyError for one that is missing."""
        return [values[name] for name in self.names]


def compiled(sql: str) -> Compiled:
    """Number every `:name`; the same name is the same number."""
    numbers: dict[str, int] = {}

    def number(match: re.Match[str]) -> str:
        name = match["name"]
        return match[0] if name is None else f"${numbers.setdefault(name, len(numbers) + 1)}"

    return Compiled(PIECE.sub(number, sql), tuple(numbers))
