"""What every page owes: it says so when its thing goes elsewhere, keeps the chosen organization, and takes what is typed early."""

from pathlib import Path

from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Opening
from tests.browser.looks import NARROW, inspect
from tests.browser.test_console_artifacts import space, stored
from tests.browser.window import Window
from tests.server.running import Server

POLLED = 20_000
"""Milliseconds after which an open page asks whether its space is still there."""


def delete(server: Server, path: str) -> None:
    """Somebody else does it."""
    with server.client(server.log_in()) as client:
        assert client.delete(path).status_code == 204


def harbour(server: Server) -> None:
    """A second organization, so that there is something to choose; made by whichever test comes first."""
    with server.client(server.log_in()) as client:
        made = client.post("/v1/organizations", json={"name": "Harbour Office", "handle": "harbour"})
        assert made.status_code in {201, 409}


def gone(page: Page, name: str) -> None:
    expect(page.get_by_role("alert").filter(has_text=f"{name} is not here any more")).to_be_visible()


def test_an_artifact_that_is_deleted_elsewhere_can_be_taken_back(
    server: Server, window: Window, shots: Path | None
) -> None:
    page, place = window.page, space(server, "Dock")
    plan = stored(server, place, "plan.txt", "the plan", "text/plain")
    page.goto(f"/console/spaces/{place}/artifacts/{plan}")
    expect(page.get_by_text("the plan")).to_be_visible()
    delete(server, f"/v1/spaces/{place}/artifacts/{plan}")
    gone(page, "plan.txt")
    expect(page.get_by_text("the plan")).to_be_hidden()
    inspect(window, "a deleted artifact", flaws=True)
    window.shoot(shots, "deleted-light-1280")
    page.get_by_role("button", name="Restore it").click()
    expect(page.get_by_role("heading", level=1, name="plan.txt")).to_be_visible()
    expect(page.get_by_text("the plan")).to_be_visible()
    delete(server, f"/v1/spaces/{place}/artifacts/{plan}?purge=true")
    gone(page, "plan.txt")
    expect(page.get_by_role("button", name="Restore it")).to_be_hidden()
    page.get_by_role("link", name="Back to Dock").click()
    expect(page.get_by_role("heading", name="Add the first file")).to_be_visible()


def test_a_space_that_is_deleted_elsewhere_says_so(server: Server, window: Window) -> None:
    page = window.page
    page.clock.install()
    for name, notice in {"Mole": "waiting", "Weir": "clicking"}.items():
        place = space(server, name)
        page.goto(f"/console/spaces/{place}")
        expect(page.get_by_role("heading", name="Add the first file")).to_be_visible()
        delete(server, f"/v1/spaces/{place}")
        if notice == "waiting":
            page.clock.fast_forward(POLLED + 1_000)
        else:
            page.get_by_role("tab", name="People").click()
        gone(page, name)
        expect(page.get_by_role("tablist")).to_be_hidden()
        inspect(window, "a deleted space", flaws=True)
    page.get_by_role("link", name="Back to the spaces").click()
    expect(page.get_by_role("heading", level=1, name="Spaces")).to_be_visible()


def test_an_artifact_page_says_that_its_space_was_deleted(server: Server, window: Window) -> None:
    page, place = window.page, space(server, "Sluice")
    plan = stored(server, place, "plan.txt", "the plan", "text/plain")
    page.clock.install()
    page.goto(f"/console/spaces/{place}/artifacts/{plan}")
    expect(page.get_by_text("the plan")).to_be_visible()
    delete(server, f"/v1/spaces/{place}")
    page.clock.fast_forward(POLLED + 1_000)
    gone(page, "Sluice")


def test_the_chosen_organization_stays_chosen(server: Server, window: Window, shots: Path | None) -> None:
    page = window.page
    harbour(server)
    with server.client(server.log_in()) as client:
        client.post("/v1/spaces", json={"name": "Pilots", "organization": "harbour"})
        client.post("/v1/spaces", json={"name": "Own notes"})
    page.reload()
    expect(page.get_by_role("link", name="Own notes")).to_be_visible()
    page.get_by_role("button", name="Organization: All organizations").click()
    inspect(window, "organizations", flaws=True)
    window.shoot(shots, "organizations-light-1280")
    page.get_by_role("link", name="Harbour Office").click()
    page.wait_for_url("**/console/?org=harbour")
    expect(page.get_by_role("link", name="Pilots")).to_be_visible()
    expect(page.get_by_role("link", name="Own notes")).to_be_hidden()
    # A new space is made in it.
    page.get_by_role("button", name="New space").first.click()
    expect(page.get_by_role("dialog").get_by_label("Organization")).to_have_value("harbour")
    page.keyboard.press("Escape")
    # From page to page, and back.
    page.get_by_role("link", name="Pilots").click()
    page.get_by_role("link", name="Spaces", exact=True).click()
    page.wait_for_url("**/console/?org=harbour")
    # And the next time, too.
    page.goto("/console/")
    page.wait_for_url("**/console/?org=harbour")
    expect(page.get_by_role("link", name="Own notes")).to_be_hidden()
    page.get_by_role("button", name="Organization: Harbour Office").press("Enter")
    page.get_by_role("link", name="All organizations").press("Enter")
    expect(page.get_by_role("link", name="Own notes")).to_be_visible()
    expect(page.get_by_role("button", name="Organization: All organizations")).to_be_focused()


def test_a_telephone_has_the_organizations_in_its_drawer(server: Server, opening: Opening, shots: Path | None) -> None:
    harbour(server)
    window = opening(server, width=NARROW)
    window.sign_in()
    page = window.page
    page.get_by_role("button", name="Open the navigation").click()
    drawer = page.get_by_role("dialog")
    drawer.get_by_role("button", name="Organization: All organizations").click()
    inspect(window, "organizations in the drawer", flaws=True)
    window.shoot(shots, "organizations-light-390")
    drawer.get_by_role("link", name="Harbour Office").click()
    page.wait_for_url("**/console/?org=harbour")


def test_what_is_typed_before_the_palette_is_there_is_not_lost(window: Window) -> None:
    page = window.page
    waiting: list[Route] = []

    def hold(route: Route) -> None:
        waiting.append(route)

    page.route("**/assets/Palette-*.js", hold)
    expect(page.get_by_role("heading", level=1, name="Spaces")).to_be_visible()
    with page.expect_request("**/assets/Palette-*.js"):
        page.keyboard.press("Control+k")
    page.keyboard.type("jobz")
    page.keyboard.press("Backspace")
    page.keyboard.type("s")
    assert len(waiting) == 1
    waiting[0].continue_()
    field = page.get_by_role("textbox", name="Search everything")
    expect(field).to_have_value("jobs")
    expect(field).to_be_focused()
    page.keyboard.type("!")
    expect(field).to_have_value("jobs!")


def test_the_button_to_upload_has_one_line(server: Server, opening: Opening) -> None:
    window = opening(server, width=NARROW)
    window.sign_in()
    page, place = window.page, space(server, "Narrow")
    page.goto(f"/console/spaces/{place}")
    beside = (page.get_by_role("link", name="Trash"), page.get_by_role("button", name="Upload files").first)
    tops = [box["y"] for one in beside if (box := one.bounding_box()) is not None]
    assert len(tops) == 2
    assert abs(tops[0] - tops[1]) < 2
