"""People in the console: invitations, roles, ownership, organizations; and what a guest sees after the first sign-in."""

import re
import time
from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Opening
from tests.browser.window import Window
from tests.server.running import PASSWORD, PATIENCE, Server

GUEST = "a lake has two shores"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of these tests' own, whose mails are files."""
    server = Server(tmp_path_factory.mktemp("people"), registration="open")
    yield server
    server.end()


def letter(server: Server, email: str) -> str:
    """The link in the newest mail to that address, once it was written."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        for file in sorted((server.data_dir / "mail").glob("*.eml"), reverse=True):
            mail = message_from_bytes(file.read_bytes(), policy=policy.default)
            body = mail.get_body()
            found = re.search(r"https?://\S+/invite/\S+", body.get_content() if body else "")
            if email in str(mail["to"]) and found:
                return found[0]
        time.sleep(0.1)
    raise AssertionError(f"no mail to {email}")


def space(server: Server, name: str, **members: str) -> str:
    """A new space of the administrator; each member registers first and gets a role. Its id."""
    with server.client(server.log_in()) as root:
        made = root.post("/v1/spaces", json={"name": name}).json()["id"]
        for username, role in members.items():
            person = {"email": f"{username}@example.org", "username": username, "password": GUEST}
            root.post("/auth/register/", json=person)
            invitation = {"email": person["email"], "role": role}
            assert root.post(f"/v1/spaces/{made}/invitations", json=invitation).status_code == 201
    return made


def row(page: Page, name: str) -> Locator:
    return page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=re.compile(f"^{re.escape(name)}")))


def test_several_are_invited_and_who_is_refused_stays_in_the_field(window: Window, server: Server) -> None:
    page, made = window.page, space(server, "Lagoon", bertha="viewer")
    page.goto(f"/console/spaces/{made}/people")
    expect(page.get_by_text("This server sends no mail")).to_be_visible()
    field = page.get_by_label("E-mail addresses")
    field.fill("carl@example.org, bertha@example.org\nno address")
    page.get_by_label("Role", exact=True).select_option("editor")
    window.expected += ["status of 409", "status of 422"]
    page.get_by_role("button", name="Invite", exact=True).click()
    expect(page.get_by_text("bertha@example.org: This person is a member already.")).to_be_visible()
    expect(field).to_have_value(re.compile("^bertha@example.org, no, address$"))
    expect(row(page, "carl invited")).to_contain_text("carl@example.org")
    pending = page.get_by_role("region", name="Pending invitations")
    expect(pending.get_by_role("row", name="carl@example.org")).to_contain_text("Resend in a minute")

    pending.get_by_role("button", name="Revoke the invitation of carl@example.org").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(page.get_by_text("Nobody is waited for")).to_be_visible()
    expect(row(page, "carl")).to_have_count(0)


def test_a_role_changes_at_once_and_comes_back_when_it_is_refused(window: Window, server: Server) -> None:
    page, made = window.page, space(server, "Estuary", dora="viewer")
    page.goto(f"/console/spaces/{made}/people")
    role = page.get_by_label("Role of dora")
    role.select_option("editor")
    expect(role).to_have_value("editor")
    page.reload()
    expect(role).to_have_value("editor")

    window.expected.append("status of 503")
    page.route(
        re.compile("/members/"),
        lambda route: (
            route.fulfill(status=503, json={"detail": "Not now."})
            if route.request.method == "PUT"
            else route.continue_()
        ),
    )
    # A role that decides about others is asked about: arrow keys alone must not give it.
    role.select_option("admin")
    dialog = page.get_by_role("dialog", name="Make dora admin of")
    dialog.get_by_role("button", name="Cancel").click()
    expect(role).to_have_value("editor")
    role.select_option("admin")
    dialog.get_by_role("button", name="Make admin").click()
    expect(page.get_by_text("dora stays editor")).to_be_visible()
    expect(role).to_have_value("editor")
    page.unroute(re.compile("/members/"))

    expect(row(page, "admin")).to_contain_text("A space has one owner")
    expect(page.get_by_label("Role of admin")).to_have_count(0)
    page.get_by_role("button", name="Remove dora").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(row(page, "dora")).to_have_count(0)


def test_a_space_is_given_away_and_left(window: Window, server: Server) -> None:
    page, made = window.page, space(server, "Fjord", emil="editor")
    page.goto(f"/console/spaces/{made}/people")
    expect(page.get_by_text("The owner cannot leave")).to_be_visible()
    page.get_by_role("button", name="Transfer the space…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("New owner").select_option(label="emil")
    # As if the sign-in were long ago: the server wants to know first whether it is still the same person.
    asking = {"code": "confirmation_required", "detail": "Confirm first."}
    page.route(re.compile("/transfer$"), lambda route: route.fulfill(status=403, json=asking), times=1)
    window.expected.append("status of 403")
    dialog.get_by_role("button", name="Transfer").click()
    again = page.get_by_role("dialog", name="Is it still you?")
    again.get_by_role("textbox", name="Password").fill(PASSWORD)
    again.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(row(page, "emil")).to_contain_text("Owner")
    page.get_by_role("button", name="Leave…").click()
    page.get_by_role("dialog").get_by_role("button", name="Leave").click()
    expect(page.get_by_role("heading", level=1, name="Spaces")).to_be_visible()


@pytest.mark.parametrize("role", ["viewer", "editor", "admin"])
def test_each_role_finds_its_controls_or_the_reason(server: Server, opening: Opening, role: str) -> None:
    made = space(server, f"Strait of {role}s", **{f"some{role}": role})
    window = opening(server)
    window.sign_in(f"some{role}@example.org", GUEST)
    page = window.page

    page.goto(f"/console/spaces/{made}/people")
    expect(row(page, f"some{role}")).to_contain_text("you")
    manages = role == "admin"
    expect(page.get_by_role("heading", name="Invite people")).to_have_count(1 if manages else 0)
    expect(page.get_by_text("Admins invite people")).to_have_count(0 if manages else 1)
    expect(page.get_by_text("root@example.org")).to_have_count(1 if manages else 0)
    expect(page.get_by_role("button", name="Leave…")).to_be_visible()
    expect(page.get_by_role("button", name="Transfer the space…")).to_have_count(0)

    writes = role != "viewer"
    page.get_by_role("tab", name="Threads").click()
    expect(page.get_by_role("button", name="New thread")).to_have_count(2 if writes else 0)
    expect(page.get_by_text("Editors of this space can open threads.")).to_have_count(0 if writes else 1)
    page.get_by_role("tab", name="Customers").click()
    expect(page.get_by_role("button", name="Add a customer")).to_have_count(2 if writes else 0)
    expect(page.get_by_text("Editors of this space can add customers.")).to_have_count(0 if writes else 1)
    page.get_by_role("tab", name="Activity").click()
    expect(page.get_by_role("heading", name="Activity is for admins")).to_have_count(0 if manages else 1)


def test_a_guest_claims_an_account_and_is_held_to_the_role(window: Window, server: Server, opening: Opening) -> None:
    made = space(server, "Inlet")
    window.page.goto(f"/console/spaces/{made}/people")
    window.page.get_by_label("E-mail addresses").fill("frida@example.org")
    window.page.get_by_role("button", name="Invite", exact=True).click()
    expect(row(window.page, "frida invited")).to_be_visible()

    guest = opening(server)
    page = guest.page
    page.goto(letter(server, "frida@example.org"))
    page.get_by_label("Password").fill(GUEST)
    page.get_by_role("button", name=re.compile("Accept|Claim|Join")).click()
    page.wait_for_url("**/console/")
    page.get_by_role("link", name="Inlet").click()
    expect(page.get_by_text("Editors of this space can add files.")).to_be_visible()
    expect(page.get_by_role("button", name="Upload files")).to_have_count(0)
    page.get_by_role("tab", name="Settings").click()
    expect(page.get_by_role("heading", name="Settings are for admins")).to_be_visible()
    assert PASSWORD not in page.content()


def test_an_organization_from_its_making_to_its_end(window: Window, server: Server) -> None:
    page = window.page
    page.goto("/console/orgs")
    page.get_by_role("button", name="New organization").click()
    page.get_by_role("dialog").get_by_label("Name").fill("Lake Society")
    page.get_by_role("dialog").get_by_label("Handle").fill("lake-society")
    page.get_by_role("button", name="Create the organization").click()
    expect(page.get_by_role("heading", level=1, name="Lake Society")).to_be_visible()
    expect(page.get_by_role("definition").first).to_have_text("0")

    page.get_by_role("tab", name="People").click()
    expect(row(page, "admin")).to_contain_text("The only owner.")
    page.get_by_label("E-mail addresses").fill("gustav@example.org")
    page.get_by_role("button", name="Invite", exact=True).click()
    expect(page.get_by_role("region", name="Pending invitations")).to_contain_text("gustav@example.org")

    with server.client(server.log_in()) as root:
        made = root.post("/v1/spaces", json={"name": "Weir", "organization": "lake-society"}).json()["id"]
    page.get_by_role("tab", name="Settings").click()
    page.get_by_role("button", name="Delete the organization…").click()
    window.expected.append("status of 409")
    page.get_by_role("dialog").get_by_role("button", name="Delete for good").click()
    expect(page.get_by_role("dialog").get_by_text("The organization still has spaces.")).to_be_visible()
    with server.client(server.log_in()) as root:
        assert root.delete(f"/v1/spaces/{made}").status_code == 204
    page.get_by_role("dialog").get_by_role("button", name="Delete for good").click()
    expect(page.get_by_role("heading", level=1, name="Organizations")).to_be_visible()
    expect(page.get_by_role("link", name="Lake Society")).to_be_hidden()


def test_somebody_is_invited_by_the_keyboard_alone(window: Window, server: Server, tmp_path: Path) -> None:
    made = space(server, "Ford")
    page = window.page
    page.goto(f"/console/spaces/{made}/people")
    field = page.get_by_label("E-mail addresses")
    expect(field).to_be_visible()
    field.focus()
    page.keyboard.type("henny@example.org")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Invite", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    expect(row(page, "henny invited")).to_be_visible()
