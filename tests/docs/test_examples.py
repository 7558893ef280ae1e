"""Every shell example of the pages runs as printed, each call succeeds, and answers have at least what the page shows."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from courtyard.app import DIALECTS
from tests.docs.examples import answer, examples, missing, run
from tests.server.running import COMMAND, Server, free_port
from tests.structure.sources import ROOT

PAGES = [
    "README.md",
    "docs/tour.md",
    "docs/applications.md",
    "docs/artifacts.md",
    "docs/documents.md",
    "docs/export.md",
    "docs/links.md",
    "docs/search.md",
    "docs/uploads.md",
    *(f"docs/api/{module.SPEECH.name}.md" for module in DIALECTS if module.SPEECH.openapi_path),
]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """What `make run` starts; the pages print its usual addresses."""
    server = Server(
        tmp_path / "home", "--demo", tls_port=str(free_port()), registration="open", admin_email="", admin_password=""
    )
    yield server
    server.end()


@pytest.mark.parametrize("page", PAGES)
def test_every_example_of_a_page_runs_as_printed(page: str, server: Server, tmp_path: Path) -> None:
    text = (ROOT / page).read_text()
    text = text.replace("http://127.0.0.1:8000", server.http).replace("https://127.0.0.1:8443", server.https)
    text = text.replace(".venv/bin/courtyard ", f"{shlex.join(COMMAND)} ")
    found = examples(text)
    assert any("curl" in example.commands for example in found)
    heard = run(found, server, server.line("Administrator key"), tmp_path / "heard")
    for example, each in zip(found, heard, strict=False):
        told = f"{example.commands}\n{each.output}\n{each.errors}"
        assert [status for status in each.statuses if not as_expected(status, example.refused)] == [], told
        assert example is found[-1] or example is not found[len(heard) - 1], told
        if example.shown is not None:
            assert missing(example.shown, answer(each.output)) == [], told


def as_expected(status: str, refused: str) -> bool:
    """Success, or the refusal that the page announces. A 304 says that a copy is still good."""
    return status == refused if refused else status.startswith("2") or status == "304"


# Each call that the four published documents print, as method and path of a route.
PUBLISHED = """
GET /v1/spaces
POST /v1/spaces
GET /v1/spaces/*
PATCH /v1/spaces/*
DELETE /v1/spaces/*
GET /v1/spaces/*/background
GET /v1/spaces/*/artifacts
GET /v1/spaces/*/artifacts/*
GET /v1/spaces/*/artifacts/*/download
POST /v1/spaces/*/artifacts/generate
GET /v1/spaces/*/artifacts/*/jobs
GET /api/v1/customers
GET /api/v2/platform/organizations/
GET /api/v2/platform/spaces/
GET /api/v2/platform/spaces/*/
GET /workspaces/
GET /workspaces/all/
GET /workspaces/share/
GET /workspaces/public/
GET /workspaces/*
POST /workspaces/
PUT /workspaces/*
DELETE /workspaces/*
GET /workspaces/*/guest/
POST /workspaces/*/guest/
PUT /workspaces/*/guest/*
DELETE /workspaces/*/guest/*
""".split("\n")[1:-1]


def test_the_tour_makes_every_published_call() -> None:
    made: set[str] = set()
    for example in examples((ROOT / "docs/tour.md").read_text()):
        for call in re.findall(r'curl (?:-X (\w+) )?"\$COURTYARD_(?:HTTPS_)?URL([^"?]*)', example.commands):
            made.add(f"{call[0] or 'GET'} {re.sub(r'[$][A-Z_]+', '*', call[1])}")
    assert [call for call in PUBLISHED if call not in made] == []
