"""The `courtyard` command."""

import typer

from courtyard.cli import administration, applications, blobs, search, server, spaces

app = typer.Typer(
    name="courtyard",
    help="A self-hosted spaces platform.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command()(server.serve)
app.command()(server.work)
app.command()(server.migrate)
app.command()(server.doctor)
app.add_typer(administration.people, name="people")
app.add_typer(administration.sessions, name="sessions")
app.add_typer(administration.keys, name="keys")
app.add_typer(applications.apps, name="apps")
app.add_typer(blobs.blobs, name="blobs")
app.add_typer(search.search, name="search")
app.add_typer(spaces.space, name="space")
