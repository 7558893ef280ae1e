"""Commands about files: move them to another store, check them, find what no row names."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Annotated, Any

import typer

blobs = typer.Typer(help="Files: move to another store, check, sweep.", no_args_is_help=True)


@blobs.command("migrate")
def migrate(
    to: Annotated[
        str, typer.Option("--to", help="The store to copy to, `s3://…` or `local`; default: from the fallback store.")
    ] = "",
) -> None:
    """Copy every file that a row names to another store, checking each; what is there already stays. Run it again to go on."""
    from courtyard.cli import stores

    run(lambda: stores.migrate(to))


@blobs.command("verify")
def verify(
    sample: Annotated[int, typer.Option("--sample", min=0, help="Check so many, taken at random.")] = 0,
) -> None:
    """Read the file of every row: is it there, has it the right size and SHA-256? Exits 1 when one has not."""
    from courtyard.cli import stores

    run(lambda: stores.verify(sample))


@blobs.command("sweep")
def sweep(delete: Annotated[bool, typer.Option("--delete", help="Delete them too.")] = False) -> None:
    """Print files older than an hour that no row names. The worker deletes them by itself."""
    from courtyard.cli import stores

    run(lambda: stores.sweep(delete=delete))


def run(act: Callable[[], Coroutine[Any, Any, bool]]) -> None:
    """Exit 0 when all is well, 1 when it is not or is refused."""
    from courtyard.cli.complaints import or_say_why
    from courtyard.cli.direct import REFUSED

    well: list[bool] = []
    or_say_why(lambda: well.append(asyncio.run(act())), REFUSED)
    raise typer.Exit(0 if well == [True] else 1)
