"""The pages of people, talks, customers, activity, Connect and organizations, in both schemes and on both sizes."""

from pathlib import Path

import pytest

from tests.browser.conftest import Opening
from tests.browser.looks import SCHEMES, look
from tests.browser.window import Window
from tests.server.running import Server


def tab(window: Window, name: str) -> None:
    window.page.get_by_role("link", name="Water quality").click()
    window.page.get_by_role("tab", name=name).click()


def people(window: Window) -> None:
    tab(window, "People")
    window.page.get_by_role("rowheader", name="grace@example.org").last.wait_for()
    window.page.get_by_role("button", name="Invite", exact=True).wait_for()


def transfer(window: Window) -> None:
    people(window)
    window.page.get_by_role("button", name="Transfer the space…").click()
    window.page.get_by_role("dialog").get_by_text("There is nobody to give it to").wait_for()


def threads(window: Window) -> None:
    tab(window, "Threads")
    window.page.get_by_text("The first readings are in.").wait_for()


def thread(window: Window) -> None:
    threads(window)
    window.page.get_by_role("link", name="Spring survey").click()
    window.page.get_by_label("Your message").wait_for()


def new_thread(window: Window) -> None:
    threads(window)
    window.page.get_by_role("button", name="New thread").click()
    window.page.get_by_label("First message").wait_for()


def customers(window: Window) -> None:
    tab(window, "Customers")
    window.page.get_by_role("row", name="Lake Board").wait_for()


def customer(window: Window) -> None:
    customers(window)
    window.page.get_by_role("link", name="Lake Board").click()
    window.page.get_by_role("button", name="Edit").wait_for()


def activity(window: Window) -> None:
    tab(window, "Activity")
    window.page.get_by_role("row", name="made the space").wait_for()


def connect(window: Window) -> None:
    tab(window, "Connect")
    window.page.get_by_role("button", name="the commands for v1").wait_for()
    window.page.get_by_label("Which key you use").wait_for()


def organizations(window: Window) -> None:
    window.page.goto("/console/orgs")
    window.page.get_by_role("row", name="Lakeside Lab").wait_for()


def organization(window: Window) -> None:
    organizations(window)
    window.page.get_by_role("link", name="Lakeside Lab").click()
    window.page.get_by_role("row", name="Budget").wait_for()
    window.page.get_by_role("term").first.wait_for()


def organization_people(window: Window) -> None:
    organization(window)
    window.page.get_by_role("tab", name="People").click()
    window.page.get_by_text("The only owner.").wait_for()


def organization_keys(window: Window) -> None:
    organization(window)
    window.page.get_by_role("tab", name="Service keys").click()
    window.page.get_by_text("A service key works as an admin").wait_for()


def organization_settings(window: Window) -> None:
    organization(window)
    window.page.get_by_role("tab", name="Settings").click()
    window.page.get_by_role("heading", name="Delete the organization").wait_for()


def invitations(window: Window) -> None:
    window.page.get_by_role("navigation", name="Main").get_by_role("link", name="Invitations").click()
    window.page.get_by_role("heading", level=1, name="Invitations").wait_for()
    window.page.get_by_role("heading", name="Nobody has invited you yet").wait_for()


HOUSE = [organizations, organization, organization_people, organization_keys, organization_settings]
PAGES = [people, transfer, threads, thread, new_thread, customers, customer, activity, connect, invitations, *HOUSE]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_each_of_them_can_be_read_by_everybody(scheme: str, site: Server, opening: Opening, shots: Path | None) -> None:
    window = opening(site, scheme=scheme)
    window.sign_in()
    look(window, PAGES, scheme, shots)
