"""What is wrong with a setting, said to the person who made it."""

from collections.abc import Iterator

from pydantic import ValidationError


def complaints(error: ValidationError) -> Iterator[str]:
    """One line each, with the variable's name and without its value."""
    for problem in error.errors(include_url=False, include_input=False):
        name = "_".join(str(part) for part in problem["loc"]).upper()
        yield f"COURTYARD_{name}: {problem['msg']}"
