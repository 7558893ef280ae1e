"""Commands about applications: programs that ask people for access by OAuth 2."""

from typing import Annotated

import typer

from courtyard.cli.administration import AsJson, Who, run_command, show, tell

apps = typer.Typer(help="Applications of a person: make, list, show, renew the secret, delete.", no_args_is_help=True)
Which = Annotated[str, typer.Argument(metavar="CLIENT", help="Client id of the application.")]


@apps.command("create")
def create_application(
    person: Who,
    name: Annotated[str, typer.Option(help="What people are told that it is called.")],
    redirect: Annotated[
        list[str] | None, typer.Option(help="Where people are sent back to, to the letter; may be given several times.")
    ] = None,
    scope: Annotated[
        list[str] | None,
        typer.Option(help="read, write, admin, openid, profile or email; may be given several times."),
    ] = None,
    public: Annotated[
        bool, typer.Option("--public", help="It runs on people's own devices and has no secret.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make an application; the secret is shown once. Without --scope it can tell who a person is."""
    row = run_command(
        "apps.create",
        person=person,
        name=name,
        redirects=redirect or [],
        scopes=scope or ["openid", "profile", "email"],
        public=public,
    )
    tell(row, as_json=as_json)


@apps.command("list")
def list_applications(
    person: Annotated[str | None, typer.Option(help="E-mail address or id of the only person to look at.")] = None,
    as_json: AsJson = False,
) -> None:
    """Everybody's applications, newest first; never with a secret."""
    show(run_command("apps.list", person=person), as_json=as_json)


@apps.command("show")
def show_application(client: Which, as_json: AsJson = False) -> None:
    """One application, and what people let it do."""
    tell(run_command("apps.show", client=client), as_json=as_json)


@apps.command("rotate")
def rotate_secret(client: Which, as_json: AsJson = False) -> None:
    """Give an application another secret, shown once; the old one ends at once, tokens stay."""
    tell(run_command("apps.rotate", client=client), as_json=as_json)


@apps.command("delete")
def delete_application(client: Which, as_json: AsJson = False) -> None:
    """End an application: its tokens, and the consents to it, end with it."""
    tell(run_command("apps.delete", client=client), as_json=as_json)
