"""Jobs, artifacts in every state, and the dialogs that matter, in both schemes and on both sizes."""

import base64
import io
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from PIL import Image
from playwright.sync_api import Page

from tests.browser.conftest import Opening
from tests.browser.looks import SCHEMES, Show, look
from tests.browser.window import Window
from tests.server.running import PATIENCE, Server

REFUSED = "Not today."


def picture() -> bytes:
    made = io.BytesIO()
    Image.linear_gradient("L").resize((640, 400)).save(made, "png")
    return made.getvalue()


class Yard:
    """A space with an artifact of every kind and in every state; no worker runs any more."""

    def __init__(self, client: httpx2.Client) -> None:
        self._client = client
        self.space: str = self._made("/v1/spaces", name="Yard")["id"]
        self.ids: dict[str, str] = {}

    def fill(self) -> None:
        """What takes a worker, and what was deleted."""
        self.store("shore.png", picture(), "image/png")
        self.store("notes.txt", b"pH 7.2\n" * 20, "text/plain")
        template = self.store("letter.md", b"Dear {{ name }},\n", "text/markdown")
        self.generate("report.pdf", content=base64.b64encode(b"# Report\n\nAll is well.\n").decode(), format="pdf")
        self.generate("broken.txt", template=template, data={}, format="txt")
        gone = self.store("old.txt", b"old", "text/plain")
        assert self._client.delete(f"/v1/spaces/{self.space}/artifacts/{gone}").status_code == 204
        self._made("/v1/keys", name="Nightly import", scopes=["read"])
        until = time.monotonic() + PATIENCE
        while any(job["status"] in ("pending", "processing") for job in self._jobs()):
            assert time.monotonic() < until, "the jobs do not end"
            time.sleep(0.05)

    def _jobs(self) -> list[dict[str, Any]]:
        return self._client.get("/v1/jobs", params={"space": self.space}).json()["data"]

    def _made(self, path: str, **body: Any) -> dict[str, Any]:
        answer = self._client.post(path, json=body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def store(self, name: str, content: bytes, content_type: str) -> str:
        """An artifact; gives its id."""
        answer = self._client.post(
            f"/v1/spaces/{self.space}/artifacts",
            params={"name": name},
            content=content,
            headers={"Content-Type": content_type},
        )
        assert answer.status_code == 201, answer.text
        self.ids[name] = answer.json()["id"]
        return self.ids[name]

    def generate(self, name: str, client: httpx2.Client | None = None, **of: Any) -> None:
        """A document, whenever a worker makes it."""
        body = {"name": name, "type": "document", **of}
        answer = (client or self._client).post(f"/v1/spaces/{self.space}/artifacts/generate", json=body)
        assert answer.status_code == 201, answer.text
        self.ids[name] = answer.json()["id"]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Yard]]:
    folder = tmp_path_factory.mktemp("work")
    first = Server(folder)
    with first.client(first.log_in()) as client:
        yard = Yard(client)
        yard.fill()
    first.end()
    server = Server(folder, worker="none")
    with server.client(server.log_in()) as client:
        yard.generate("waiting.pdf", client, content="cGggNy4yCg==", format="pdf")
    yield server, yard
    server.end()


def named(name: str, show: Show) -> Show:
    show.__name__ = name
    return show


def artifact(yard: Yard, name: str, shows: str) -> Show:
    """The page of one, once it shows that."""

    def show(window: Window) -> None:
        window.page.goto(f"/console/spaces/{yard.space}/artifacts/{yard.ids[name]}")
        preview = window.page.locator(".preview, main")
        preview.get_by_text(shows).or_(preview.get_by_role("img", name=shows)).first.wait_for()

    return named(f"artifact_{name.replace('.', '_')}", show)


def pressed(path: str, button: str, shows: str, name: str) -> Show:
    """The dialog behind a button."""

    def show(window: Window) -> None:
        window.page.goto(f"/console/{path}")
        window.page.get_by_role("button", name=button).first.click()
        window.page.get_by_role("dialog").get_by_text(shows).first.wait_for()

    return named(name, show)


def jobs(window: Window) -> None:
    window.page.goto("/console/jobs")
    window.page.get_by_role("row").filter(has_text="broken.txt").first.wait_for()


def drawer(window: Window) -> None:
    window.page.goto("/console/jobs?status=failed")
    window.page.get_by_role("rowheader").get_by_role("button").first.click()
    window.page.get_by_role("dialog").get_by_text("Asked for").wait_for()


def no_job_matches(window: Window) -> None:
    window.page.goto("/console/jobs?status=cancelled")
    window.page.get_by_role("heading", name="Nothing matches").wait_for()


def failure(window: Window) -> None:
    window.expected.append("status of 409")
    answer = {"detail": REFUSED, "instance": "urn:request:0123456789abcdef"}
    window.page.route("**/console/api/jobs?*", lambda route: route.fulfill(status=409, json=answer))
    window.page.goto("/console/jobs")
    window.page.get_by_text(REFUSED).wait_for()
    window.page.unroute("**/console/api/jobs?*")


def confirm(window: Window) -> None:
    window.expected.append("status of 403")
    refusal = {"code": "confirmation_required", "detail": "Confirm first that it is you."}
    window.page.route("**/console/api/keys", lambda route: route.fulfill(status=403, json=refusal))
    new_key(window.page)
    window.page.get_by_role("dialog", name="Is it still you?").get_by_role("textbox").wait_for()
    window.page.unroute("**/console/api/keys")


def secret(window: Window) -> None:
    new_key(window.page)
    window.page.get_by_text("It is shown this once").wait_for()


def new_key(page: Page) -> None:
    page.goto("/console/developer/keys")
    page.get_by_role("button", name="New key").click()
    page.get_by_role("dialog").get_by_label("Name").fill("Another one")
    page.get_by_role("button", name="Create the key").click()


def shortcuts(window: Window) -> None:
    window.page.get_by_role("heading", level=1, name="Spaces").wait_for()
    window.page.keyboard.press("?")
    window.page.get_by_role("dialog", name="Keyboard shortcuts").wait_for()


def request(window: Window) -> None:
    window.page.goto("/console/developer/logs")
    line = window.page.get_by_role("rowheader").get_by_role("button").first
    until = time.monotonic() + PATIENCE
    while line.count() == 0:
        assert time.monotonic() < until, "no request is listed"
        window.page.reload()
        window.page.get_by_role("main").get_by_role("table").or_(
            window.page.get_by_role("heading", level=2)
        ).first.wait_for()
    line.click()
    window.page.get_by_role("dialog").get_by_text("X-API-Key").first.wait_for()


def of_yard(yard: Yard) -> list[Show]:
    def space_jobs(window: Window) -> None:
        window.page.goto(f"/console/spaces/{yard.space}/jobs")
        window.page.get_by_role("row").filter(has_text="waiting.pdf").wait_for()

    def artifact_states(window: Window) -> None:
        window.page.goto(f"/console/spaces/{yard.space}")
        window.page.get_by_role("rowheader", name="broken.txt").wait_for()

    def full_trash(window: Window) -> None:
        window.page.goto(f"/console/spaces/{yard.space}?view=trash")
        window.page.get_by_role("rowheader", name="old.txt").wait_for()

    return [
        space_jobs,
        artifact_states,
        full_trash,
        artifact(yard, "shore.png", "Preview of shore.png"),
        artifact(yard, "report.pdf", "All is well."),
        artifact(yard, "notes.txt", "pH 7.2"),
        artifact(yard, "broken.txt", "It could not be made"),
        artifact(yard, "waiting.pdf", "Waiting for its turn"),
    ]


DIALOGS = [
    pressed("developer/keys", "Rotate Nightly import", "The old key ends", "rotate"),
    pressed("developer/apps", "New application", "Redirect URIs", "new_application"),
    pressed("account?tab=security", "Set up an app…", "Code", "enrol"),
    pressed("account?tab=security", "Add a passkey…", "Name", "new_passkey"),
    confirm,
    secret,
    shortcuts,
    request,
]


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("part", ["work", "dialogs"])
def test_work_and_dialogs_can_be_read_by_everybody(
    scheme: str, part: str, house: tuple[Server, Yard], opening: Opening, shots: Path | None
) -> None:
    server, yard = house
    window = opening(server, scheme=scheme)
    window.sign_in()
    shows = DIALOGS if part == "dialogs" else [jobs, drawer, no_job_matches, failure, *of_yard(yard)]
    look(window, shows, scheme, shots)
