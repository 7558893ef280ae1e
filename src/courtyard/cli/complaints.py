"""What went wrong, said to the person at the keyboard."""

from collections.abc import Callable, Iterator

import typer
from pydantic import ValidationError


def or_say_why(act: Callable[[], None], causes: tuple[type[Exception], ...]) -> None:
    """One line instead of a traceback, when the cause is theirs to mend: a wrong setting exits 2, one of `causes` 1."""
    try:
        act()
    except ValidationError as error:
        for complaint in complaints(error):
            typer.echo(f"error: {complaint}", err=True)
        raise typer.Exit(2) from None
    except causes as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(1) from None


def complaints(error: ValidationError) -> Iterator[str]:
    """What is wrong with settings: one line each, with the variable's name and without its value."""
    for problem in error.errors(include_url=False, include_input=False):
        name = "_".join(str(part) for part in problem["loc"]).upper()
        yield f"COURTYARD_{name}: {problem['msg']}"
