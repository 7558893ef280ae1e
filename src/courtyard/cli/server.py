"""Commands that run the server: serve, work, migrate, doctor."""

from typing import Annotated

import typer

Demo = Annotated[
    bool, typer.Option("--demo", help="Load demo data into an empty installation and show how to call each API.")
]


def serve(demo: Demo = False) -> None:
    """Serve all APIs over HTTP and HTTPS, with the worker inside, until SIGTERM or Ctrl-C."""
    from courtyard.cli.serving import run

    run(demo=demo)


def work() -> None:
    """Run background jobs in a process of its own (PostgreSQL only)."""
    from courtyard.cli.serving import run_worker

    run_worker()


def migrate() -> None:
    """Bring the database up to this version. `serve` and `work` do it too."""
    from courtyard.cli.serving import run_migrations

    run_migrations()


def doctor() -> None:
    """Look for what would go wrong, and say what to do. Exits 1 when something is wrong."""
    from courtyard.cli.checks import run_checks

    raise typer.Exit(run_checks())
