"""Threads, customers, activity and Connect in the console; every snippet is run as it stands on the page."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Dialog, Page, expect

from tests.browser.conftest import Opening
from tests.browser.window import Window
from tests.server.running import PATIENCE, Server, environment, free_port

HOSTILE = (
    "# Findings\n\n**Clean** <img src=x onerror=alert(1)> [click](javascript:alert(1))\n\n"
    "![far](https://elsewhere.example/a.png)\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of these tests' own, with HTTPS."""
    server = Server(tmp_path_factory.mktemp("talk"), tls_port=str(free_port()))
    yield server
    server.end()


def space(server: Server, name: str, **more: str) -> str:
    with server.client(server.log_in()) as root:
        return root.post("/v1/spaces", json={"name": name, **more}).json()["id"]


def open_thread(page: Page, made: str, title: str, content: str) -> None:
    page.goto(f"/console/spaces/{made}/threads")
    page.get_by_role("button", name="New thread").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("What is it about?").fill(title)
    dialog.get_by_label("First message").fill(content)
    dialog.get_by_role("button", name="Open the thread").click()
    expect(page.get_by_role("heading", level=2, name=title)).to_be_visible()


def test_a_thread_from_its_first_word_to_its_end(window: Window, server: Server) -> None:
    page, made = window.page, space(server, "Lagoon")
    page.goto(f"/console/spaces/{made}/threads")
    expect(page.get_by_role("heading", name="Nobody has said anything yet")).to_be_visible()
    open_thread(page, made, "Is it clean?", "The *first* readings.")
    expect(page.get_by_role("emphasis")).to_have_text("first")

    page.get_by_label("Your message").fill("They look good.")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("list", name="Messages").get_by_role("listitem")).to_have_count(2)
    expect(page.get_by_label("Your message")).to_have_value("")

    page.get_by_role("link", name="All threads").click()
    expect(page.get_by_text("admin: They look good.")).to_be_visible()
    page.get_by_role("link", name="Is it clean?").click()
    page.get_by_role("button", name="Archive").click()
    expect(page.get_by_text("This thread is archived.")).to_be_visible()
    page.get_by_role("button", name="Open again").click()
    expect(page.get_by_label("Your message")).to_be_visible()
    page.get_by_role("button", name="Delete…").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", name="Nobody has said anything yet")).to_be_visible()


def test_whoever_left_keeps_their_name_in_a_thread(window: Window, server: Server) -> None:
    page, made = window.page, space(server, "Estuary")
    with server.client(server.log_in()) as root:
        invited = root.post(
            f"/v1/spaces/{made}/invitations", json={"email": "ivo@example.org", "role": "editor"}
        ).json()
        thread = root.post(f"/v1/spaces/{made}/threads", json={"title": "Reeds"}).json()["id"]
        root.post(f"/v1/spaces/{made}/threads/{thread}/messages", json={"content": "They are high."})
        # Whoever works in the space by another role than their own is no member, and has a name all the same.
        assert root.delete(f"/v1/spaces/{made}/members/{invited['user_id']}").status_code == 204
    page.goto(f"/console/spaces/{made}/threads/{thread}")
    expect(page.get_by_role("list", name="Messages").get_by_role("listitem")).to_contain_text("admin")
    page.goto(f"/console/spaces/{made}/activity")
    expect(page.get_by_role("row", name="admin removed ivo")).to_be_visible()


def test_markdown_is_shown_harmless(window: Window, server: Server) -> None:
    page, made = window.page, space(server, "Marsh")
    dialogs: list[str] = []

    def note(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", note)
    open_thread(page, made, "Findings", HOSTILE)
    said = page.get_by_role("list", name="Messages")
    expect(said.get_by_role("heading", name="Findings")).to_be_visible()
    expect(said.get_by_role("cell", name="2")).to_be_visible()
    expect(said.get_by_role("img")).to_have_count(0)
    # It is text, or a link that leads nowhere.
    assert said.get_by_text("click").first.get_attribute("href") in (None, "")
    expect(said.get_by_role("link", name="far")).to_have_attribute("rel", "noopener noreferrer nofollow")
    assert dialogs == []


def test_the_artifacts_of_a_thread_stand_above_it(window: Window, server: Server) -> None:
    page, made = window.page, space(server, "Bay")
    with server.client(server.log_in()) as root:
        thread = root.post(f"/v1/spaces/{made}/threads", json={"title": "Tides"}).json()["id"]
        report = {"name": "Tide table", "type": "document", "content": "cGggNy4yCg==", "thread_id": thread}
        artifact = root.post(f"/v1/spaces/{made}/artifacts/generate", json=report).json()["id"]
    page.goto(f"/console/spaces/{made}/threads/{thread}")
    link = page.get_by_role("region", name="Artifacts of this thread").get_by_role("link", name="Tide table")
    expect(link).to_have_attribute("href", f"/console/spaces/{made}/artifacts/{artifact}")


def test_customers_are_added_changed_and_deleted(window: Window, server: Server) -> None:
    page, made = window.page, space(server, "Port")
    page.goto(f"/console/spaces/{made}/customers")
    page.get_by_role("button", name="Add a customer").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Lake Board")
    dialog.get_by_label("E-mail").fill("board@example.org")
    dialog.get_by_label("Metadata").fill("[1]")
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(dialog.get_by_text("This is no JSON object")).to_be_visible()
    dialog.get_by_label("Metadata").fill('{"since": 2026, "tier": "gold"}')
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("row", name="Lake Board")).to_contain_text("since, tier")

    page.get_by_role("button", name="Add a customer").first.click()
    dialog.get_by_label("Name").fill("Twin")
    dialog.get_by_label("E-mail").fill("Board@example.org")
    window.expected.append("status of 409")
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(dialog.get_by_label("E-mail")).to_have_attribute("aria-invalid", "true")
    dialog.get_by_role("button", name="Cancel").click()

    page.get_by_role("link", name="Lake Board").click()
    expect(page.get_by_text('"tier": "gold"')).to_be_visible()
    page.get_by_role("button", name="Edit").click()
    dialog.get_by_label("Metadata").fill('{"tier": "silver"}')
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_text('"tier": "silver"')).to_be_visible()
    expect(page.get_by_text('"since"')).to_have_count(0)
    page.get_by_role("button", name="Delete…").click()
    dialog.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", name="There are no customers yet")).to_be_visible()


def test_activity_is_told_in_words_and_exported(window: Window, server: Server) -> None:
    page, made = window.page, space(server, "Delta")
    with server.client(server.log_in()) as root:
        root.post(f"/v1/spaces/{made}/customers", json={"name": "=cmd()"})
        root.patch(f"/v1/spaces/{made}", json={"description": "Wide"})
        root.post(f"/v1/spaces/{made}/invitations", json={"email": "ivy@example.org", "role": "editor"})
    page.goto(f"/console/spaces/{made}/activity")
    expect(page.get_by_role("row", name="admin changed description of the space")).to_be_visible()
    expect(page.get_by_role("row", name="as editor")).to_contain_text("by v1")
    page.get_by_label("What it is about").select_option("customer")
    page.wait_for_url("**/activity?what=customer")
    expect(page.get_by_role("row", name="admin added a customer")).to_be_visible()
    expect(page.get_by_role("row", name="changed description")).to_have_count(0)
    with page.expect_download() as download:
        page.get_by_role("button", name="Export as CSV").click()
    assert download.value.suggested_filename.endswith("-activity.csv")
    lines = download.value.path().read_text().splitlines()
    assert lines[0].startswith('"at","action","result","by"')
    assert len(lines) == 2
    assert '"customer.created"' in lines[1]
    page.get_by_label("What it is about").select_option("thread")
    expect(page.get_by_role("heading", name="Nothing matches")).to_be_visible()


def ran(language: str, text: str, folder: Path, **surroundings: str) -> str:
    """What a snippet prints when it is pasted as it stands."""
    command = [sys.executable, "-c", text] if language == "Python" else ["bash", "-euc", text]
    done = subprocess.run(
        command, env=surroundings, cwd=folder, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == 0, (language, done.stderr)
    return done.stdout


def answers(text: str) -> list[object]:
    """The JSON values in what several commands printed one after another."""
    decoder, found, at = json.JSONDecoder(), [], 0
    while at < len(text.rstrip()):
        value, at = decoder.raw_decode(text, at)
        found.append(value)
        while at < len(text) and text[at].isspace():
            at += 1
    return found


EXPECTED = {"v1": 3, "Spaces API": 3, "Platform v2": 2, "Workspaces": 2}
SPOKEN = {"v1": "reading.txt", "Spaces API": "Lake Board", "Platform v2": "Channel", "Workspaces": "Channel"}


def test_every_snippet_works_when_it_is_pasted(window: Window, server: Server, tmp_path: Path) -> None:
    page = window.page
    with server.client(server.log_in()) as root:
        root.post("/v1/organizations", json={"name": "Acme", "handle": "acme"})
    made = space(server, "Channel", organization="acme")
    page.goto(f"/console/spaces/{made}/connect")
    expect(page.get_by_role("link", name="Make one")).to_have_attribute("href", "/console/developer/keys")
    with server.client(server.log_in()) as root:
        new = {"name": "Night import", "scopes": ["write"]}
        key = root.post("/v1/keys", json=new).json()["key"]
    page.reload()
    expect(page.get_by_label("Which key you use")).to_contain_text("Night import")
    assert key not in page.content()
    panel = page.get_by_role("region", name="Commands to paste")
    surroundings = {"PATH": os.environ["PATH"], "COURTYARD_API_KEY": key}

    def shown(title: str) -> str:
        panel.get_by_role("tab", name=title, exact=True).click()
        text = panel.get_by_role("tabpanel").locator("pre").inner_text()
        assert key not in text
        return text

    for title, count in EXPECTED.items():
        found = answers(ran("curl", shown(title), tmp_path, **surroundings))
        assert len(found) == count, (title, found)
        # No refusal of any of the four: their errors bear these members.
        assert not any(isinstance(one, dict) and (one.get("error") or "detail" in one) for one in found), found
        assert made in str(found) or "Channel" in str(found) or title == "Spaces API", found
    # What was chosen for one stays chosen for the others.
    panel.get_by_text("Python", exact=True).click()
    for title, word in SPOKEN.items():
        assert word in ran("Python", shown(title), tmp_path, **surroundings), title
    commands = Path(sys.executable).parent
    settings = {**environment(server.data_dir), "PATH": f"{commands}{os.pathsep}{os.environ['PATH']}"}
    printed = ran("Shell", shown("CLI"), tmp_path, **settings)
    assert re.search(r"cyk_\w{36}", printed)
    with server.client(server.log_in()) as root:
        assert "A copy" in [one["name"] for one in root.get("/v1/spaces").json()["data"]]


def test_the_names_of_a_space_are_those_that_the_apis_answer(window: Window, server: Server) -> None:
    page, made = window.page, space(server, "Sound")
    with server.client(server.log_in()) as root:
        fact = root.get(f"/v1/spaces/{made}").json()
    page.goto(f"/console/spaces/{made}/connect")
    rows = page.get_by_role("region", name="What this space is called").get_by_role("row")
    wanted = [fact["id"], str(fact["number"]), fact["token"], fact["slug"], fact["organization"]["handle"], fact["id"]]
    for number, value in enumerate(wanted, 1):
        expect(rows.nth(number)).to_contain_text(value)
        expect(rows.nth(number).get_by_role("button")).to_be_visible()


def test_where_there_is_no_clipboard_the_text_is_selected(server: Server, opening: Opening) -> None:
    made = space(server, "Reach")
    window = opening(server, at=server.http.replace("127.0.0.1", "courtyard.test"))
    window.expected.append("Cross-Origin-Opener-Policy")
    window.sign_in()
    window.page.goto(f"/console/spaces/{made}/connect")
    window.page.get_by_role("button", name="the commands for v1").click()
    expect(window.page.get_by_text("Press Ctrl+C")).to_be_visible()
    assert f"/v1/spaces/{made}" in window.page.evaluate("getSelection().toString()")


def test_going_public_says_what_becomes_visible(window: Window, server: Server) -> None:
    page, made = window.page, space(server, "Spring")
    with server.client(server.log_in()) as root:
        report = {"name": "Report", "type": "document", "content": "cGggNy4yCg=="}
        root.post(f"/v1/spaces/{made}/artifacts/generate", json=report)
        slug = root.get(f"/v1/spaces/{made}").json()["slug"]
    page.goto(f"/console/spaces/{made}/settings")
    page.get_by_label("Public").check()
    expect(page.get_by_text("1 artifact becomes readable for everybody with an account")).to_be_visible()
    page.get_by_role("button", name="Save").click()
    link = page.get_by_role("link", name="The page that everybody sees")
    expect(link).to_have_attribute("href", f"/p/{slug}")
    page.goto(f"/p/{slug}")
    expect(page.get_by_role("heading", level=1, name="Spring")).to_be_visible()
