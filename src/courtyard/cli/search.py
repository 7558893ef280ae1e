"""Commands about the search."""

from typing import Annotated

import typer

from courtyard.cli.administration import run_command, tell

search = typer.Typer(help="Search: make its index again.", no_args_is_help=True)


@search.callback()
def _group() -> None:
    """A group also while it has one command alone."""


@search.command("rebuild")
def rebuild(as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False) -> None:
    """Make every document of the index again, beside a running server too. Needed only when a release says so."""
    tell(run_command("search.rebuild"), as_json=as_json)
