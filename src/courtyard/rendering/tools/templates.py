"""A template and its data (`in`: JSON) to a text (`out`), by Jinja in its sandbox."""

import json
import sys
from pathlib import Path
from typing import Any

from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

LONGEST = 10 * 1024 * 1024
_MARKS = str.maketrans({mark: f"\\{mark}" for mark in r"\`*_{}[]<>()#+-.!|~$@^:&=\"'%,/;?"})


def main(kind: str) -> None:
    """`kind`: what the template is (`md`, `html`, `txt`), and so how the data is escaped that is put into it."""
    given = json.loads(Path("in").read_bytes())
    # The same line endings in error messages as in what people wrote.
    environment = ImmutableSandboxedEnvironment(
        autoescape=kind == "html", undefined=StrictUndefined, finalize=plain if kind == "md" else None
    )
    try:
        template = environment.from_string(given["template"])
        size = 0
        with Path("out").open("wb") as out:
            for piece in template.generate(given["data"]):
                size += out.write(piece.encode("utf-8", "replace"))
                if size > LONGEST:
                    sys.exit("The filled template is longer than 10 MiB.")
    except TemplateSyntaxError as error:
        sys.exit(f"Template, line {error.lineno}: {error.message}"[:500])
    except (MemoryError, RecursionError):
        raise
    except Exception as error:  # noqa: BLE001 - a template can stumble over anything, and it is its author's affair
        sys.exit(f"Template{line(error)}: {words(error)}"[:500])


def plain(value: Any) -> Any:
    """Data in Markdown means only itself; a line break stays one. `| safe` lets a value be Markdown."""
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return "\\\n".join(part.strip().translate(_MARKS) for part in value.splitlines())


def line(error: BaseException) -> str:
    """Where in the template; Jinja gives its frames the template's own line numbers."""
    trace, found = error.__traceback__, ""
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<template>":
            found = f", line {trace.tb_lineno}"
        trace = trace.tb_next
    return found


def words(error: Exception) -> str:
    if isinstance(error, TemplateError):
        return error.message or type(error).__name__
    return f"{type(error).__name__}: {error}"
