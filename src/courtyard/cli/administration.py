"""Commands about people, their sessions and their keys."""

import asyncio
import json
import secrets
import sys
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

people = typer.Typer(help="Accounts: make, list, close, open again, promote, demote.", no_args_is_help=True)
sessions = typer.Typer(help="Browsers in which a person is signed in: list, end.", no_args_is_help=True)
keys = typer.Typer(help="Keys of a person or an organization: make, list, rotate, revoke.", no_args_is_help=True)

Who = Annotated[str, typer.Argument(help="E-mail address or id of the person.")]
PIPED = 1_000
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


@people.command("add")
def add_person(
    email: Annotated[str, typer.Argument(help="E-mail address.")],
    username: Annotated[str, typer.Option(help="Username; default is the first part of the address.")] = "",
    administrator: Annotated[bool, typer.Option("--administrator", help="Make them a platform administrator.")] = False,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make an account. Without --password-stdin a random password is made and shown once."""
    password = sys.stdin.readline().rstrip("\n") if password_stdin else secrets.token_urlsafe(18)
    row = run_command(
        "people.add",
        email=email,
        username=username or email.partition("@")[0],
        password=password,
        administrator=administrator,
    )
    tell(row if password_stdin else {**row, "password": password}, as_json=as_json)


@people.command("list")
def list_people(as_json: AsJson = False) -> None:
    """Everybody, newest first."""
    show(run_command("people.list"), as_json=as_json)


@people.command("disable")
def disable_person(person: Who, as_json: AsJson = False) -> None:
    """Close an account: its credentials end at once."""
    tell(run_command("people.disable", person=person), as_json=as_json)


@people.command("enable")
def enable_person(person: Who, as_json: AsJson = False) -> None:
    """Open a closed account again: what ended stays ended."""
    tell(run_command("people.enable", person=person), as_json=as_json)


@people.command("promote")
def promote_person(person: Who, as_json: AsJson = False) -> None:
    """Make somebody a platform administrator."""
    tell(run_command("people.promote", person=person), as_json=as_json)


@people.command("demote")
def demote_person(person: Who, as_json: AsJson = False) -> None:
    """Make a platform administrator an ordinary person."""
    tell(run_command("people.demote", person=person), as_json=as_json)


@sessions.command("list")
def list_sessions(person: Who, as_json: AsJson = False) -> None:
    """The browsers in which somebody is signed in, newest first."""
    show(run_command("sessions.list", person=person), as_json=as_json)


@sessions.command("end")
def end_sessions(
    person: Who,
    session: Annotated[str | None, typer.Option(help="Id of the only one to end.")] = None,
    as_json: AsJson = False,
) -> None:
    """Sign somebody out everywhere, or in one browser; keys and applications go on."""
    tell(run_command("sessions.end", person=person, session=session), as_json=as_json)


@keys.command("create")
def create_key(
    person: Who,
    name: Annotated[str, typer.Option(help="What the key is for.")] = "command line",
    scope: Annotated[list[str] | None, typer.Option(help="read, write or admin; may be given several times.")] = None,
    days: Annotated[int, typer.Option(min=0, help="Days until it expires; 0 for never.")] = 365,
    space: Annotated[
        list[str] | None,
        typer.Option(help="Id or slug of the only space that it opens; may be given several times."),
    ] = None,
    network: Annotated[
        list[str] | None,
        typer.Option(help="The only network from which it works (192.0.2.0/24); may be given several times."),
    ] = None,
    organization: Annotated[
        str | None,
        typer.Option(
            help="Handle of an organization that the person administers: the key is its own, and outlives them."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a key; the secret is shown once."""
    row = run_command(
        "keys.create",
        person=person,
        organization=organization,
        key={
            "name": name,
            "scopes": scope or ["read", "write"],
            "days": days or None,
            "spaces": space or None,
            "networks": network or None,
        },
    )
    tell(row, as_json=as_json)


@keys.command("list")
def list_keys(
    person: Who,
    organization: Annotated[
        str | None, typer.Option(help="Handle of an organization that the person administers: its keys.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Keys that are not revoked, newest first."""
    show(run_command("keys.list", person=person, organization=organization), as_json=as_json)


@keys.command("rotate")
def rotate_key(
    person: Who,
    key: Annotated[str, typer.Argument(help="Id of the key.")],
    grace_hours: Annotated[int, typer.Option(min=0, max=168, help="Hours for which both work.")] = 24,
    days: Annotated[
        int | None,
        typer.Option(min=0, help="Days until the new one expires, 0 for never; default is with the old one."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a new key with the same rights; the old one works beside it for a day. The secret is shown once."""
    tell(run_command("keys.rotate", person=person, key=key, grace_hours=grace_hours, days=days), as_json=as_json)


@keys.command("revoke")
def revoke_key(
    person: Who, key: Annotated[str, typer.Argument(help="Id of the key.")], as_json: AsJson = False
) -> None:
    """End a key; it is refused from the next request on."""
    tell(run_command("keys.revoke", person=person, key=key), as_json=as_json)


def run_command(command: str, **arguments: Any) -> Any:
    """Run a command in the server if one owns the data directory, here otherwise."""
    from courtyard.cli.complaints import or_say_why
    from courtyard.cli.direct import REFUSED, run

    found: list[Any] = []
    or_say_why(lambda: found.append(asyncio.run(run(command, arguments))), REFUSED)
    return found[0]


def show(rows: list[dict[str, Any]], *, as_json: bool) -> None:
    """A list as a table."""
    if as_json:
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    if not rows:
        typer.echo("Nothing yet.", err=True)
        return
    table = Table(*rows[0], box=None, header_style="bold")
    for row in rows:
        table.add_row(*("" if value is None else str(value) for value in row.values()))
    # What is piped is never cut: an id must come through whole.
    console = Console() if sys.stdout.isatty() else Console(width=PIPED)
    console.print(table)


def tell(row: dict[str, Any], *, as_json: bool) -> None:
    """One thing, a line for each of its facts: a secret that is shown once must not be cut."""
    if as_json:
        typer.echo(json.dumps(row, indent=2, ensure_ascii=False))
        return
    longest = max(len(name) for name in row)
    for name, value in row.items():
        typer.echo(f"{name:{longest}}  {'' if value is None else value}")
