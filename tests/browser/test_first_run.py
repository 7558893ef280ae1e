"""A fresh installation is set up in the browser, from the printed address to the first space."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Opening
from tests.browser.looks import NARROW, SCHEMES, WIDE, inspect
from tests.browser.window import Window
from tests.server.running import PASSWORD, PATIENCE, Server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that nobody was named to."""
    server = Server(tmp_path_factory.mktemp("fresh"), admin_email="", admin_password="")
    yield server
    server.end()


def seen(window: Window, name: str, shots: Path | None) -> None:
    """As it is, on both sizes."""
    inspect(window, name, flaws=True)
    window.shoot(shots, f"{name}-{WIDE}")
    window.page.set_viewport_size({"width": NARROW, "height": 844})
    inspect(window, name, flaws=False)
    window.shoot(shots, f"{name}-{NARROW}")
    window.page.set_viewport_size({"width": WIDE, "height": 800})


def test_from_the_printed_address_to_the_first_space(server: Server, opening: Opening, shots: Path | None) -> None:
    address = server.line("Set-up address").split()[0]
    for scheme in SCHEMES:
        window = opening(server, scheme=scheme)
        page = window.page
        page.goto("/console/")
        expect(page.get_by_role("heading", name="Courtyard is not set up yet")).to_be_visible()
        expect(page.get_by_text("Set-up address:")).to_be_visible()
        for name, place in (("waiting", page.url), ("setup", address)):
            page.goto(place)
            seen(window, f"{name}-{scheme}", shots)
    late = opening(server)
    late.page.goto(address)

    window = opening(server)
    page = window.page
    window.expected.append("status of 410")
    page.goto(f"{server.http}/setup?token=cyu_mistyped")
    expect(page.get_by_role("alert")).to_contain_text("This set-up address is not valid")
    page.goto(address)
    # By the keyboard alone: the first field has the focus.
    for typed in ("ada", "ada@example.org", PASSWORD):
        page.keyboard.type(typed)
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Your first space")).to_be_visible()
    seen(window, "first_space", shots)
    for typed in ("The first one", "Lakeside Lab"):
        page.keyboard.type(typed)
        page.keyboard.press("Tab")
    expect(page.get_by_role("checkbox", name="Add sample data")).to_be_checked()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="The first one is ready")).to_be_visible()
    seen(window, "first_key", shots)
    command = page.locator("pre").inner_text()
    done = subprocess.run(["bash", "-euc", command], capture_output=True, text=True, timeout=PATIENCE, check=True)
    assert "Readings.csv" in done.stdout
    page.get_by_role("link", name="I have stored it: to the space").click()
    expect(page.get_by_role("heading", level=1, name="The first one")).to_be_visible()
    expect(page.get_by_role("row", name="Readings.csv")).to_be_visible()
    expect(page.get_by_role("link", name="Administration")).to_be_visible()

    # The same address, open in another window all the while.
    late.expected.append("status of 409")
    for label, typed in (("Name", "eve"), ("E-mail", "eve@example.org"), ("Password", PASSWORD)):
        late.page.get_by_label(label).fill(typed)
    late.page.get_by_role("button", name="Make the account and go in").click()
    expect(late.page.get_by_role("heading", name="Already set up")).to_be_visible()
    late.page.get_by_role("link", name="To sign-in").click()
    expect(late.page.get_by_role("heading", name="Sign in")).to_be_visible()
