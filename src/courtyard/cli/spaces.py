"""Commands about whole spaces: into a file, and out of one."""

from pathlib import Path
from typing import Annotated, Any

import typer

space = typer.Typer(help="Whole spaces: export to a ZIP, import from one.", no_args_is_help=True)


@space.command("export")
def export_space(
    space_id: Annotated[str, typer.Argument(metavar="SPACE", help="Id or slug of the space.")],
    file: Annotated[str, typer.Argument(help="The ZIP to write; `-` is standard output.")],
    versions: Annotated[bool, typer.Option("--versions", help="With older versions of artifacts.")] = False,
    trash: Annotated[bool, typer.Option("--trash", help="With what is in the trash.")] = False,
) -> None:
    """Write everything in a space into a ZIP in BagIt layout."""
    from courtyard.cli import parcels
    from courtyard.cli.blobs import run

    run(lambda: parcels.export(space_id, file, versions=versions, trash=trash))


@space.command("import")
def import_space(
    file: Annotated[Path, typer.Argument(help="The ZIP to read.", exists=True, dir_okay=False)],
    owner: Annotated[str, typer.Option(help="E-mail address or id of the person whose space it will be.")],
    organization: Annotated[str | None, typer.Option(help="Handle of an organization of the owner's.")] = None,
    name: Annotated[str | None, typer.Option(help="What it is called; default is as in the ZIP.")] = None,
    visibility: Annotated[str, typer.Option(help="private, shared or public.")] = "private",
    members: Annotated[bool, typer.Option("--members", help="Invite the members that the ZIP names.")] = False,
) -> None:
    """Make a space of a ZIP that `export` wrote, or of any bag; prints its id."""
    from courtyard.cli import parcels
    from courtyard.cli.blobs import run

    terms: dict[str, Any] = {
        "organization": organization,
        "name": name,
        "visibility": visibility,
        "members": members,
    }
    run(lambda: parcels.bring(file, owner, terms))
