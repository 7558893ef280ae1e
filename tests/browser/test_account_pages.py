"""The account in the console: names, passwords, second factors, passkeys, sessions, preferences, its end."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from pyotp.totp import TOTP

from tests.browser.conftest import Opening
from tests.browser.window import Window
from tests.server.running import PASSWORD, Server, free_port

OTHER = "eight slow herons"
KEYS = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of these tests' own."""
    server = Server(tmp_path_factory.mktemp("account"), registration="open")
    yield server
    server.end()


@pytest.fixture
def named(tmp_path: Path) -> Iterator[Server]:
    """One that is known by a name: passkeys are for names, not for addresses."""
    port = str(free_port())
    server = Server(tmp_path, registration="open", port=port, public_url=f"http://localhost:{port}")
    yield server
    server.end()


def somebody(server: Server, opening: Opening, username: str, at: str = "") -> Window:
    """A new account, signed in."""
    email = f"{username}@example.org"
    with server.client() as client:
        body = {"email": email, "username": username, "password": PASSWORD}
        assert client.post("/auth/register/", json=body).status_code == 200
    window = opening(server, at=at)
    window.sign_in(email, to="/console/account")
    return window


def security(page: Page) -> None:
    page.get_by_role("tab", name="Security").click()
    expect(page.get_by_role("heading", name="Second factor")).to_be_visible()


def test_the_name_and_the_address_change(server: Server, opening: Opening) -> None:
    somebody(server, opening, "zora")
    window = somebody(server, opening, "anna")
    page = window.page
    page.get_by_label("Username").fill("zora")
    window.expected.append("status of 409")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("Username")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Username").fill("anna-of-the-lake")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("You are anna-of-the-lake now.")).to_be_visible()
    page.get_by_label("New address").fill("anna.lake@example.org")
    page.get_by_role("button", name="Change the address").click()
    expect(page.get_by_text("anna.lake@example.org waits for you")).to_be_visible()


def test_the_password_changes_and_others_are_signed_out(server: Server, opening: Opening) -> None:
    window = somebody(server, opening, "berta")
    page = window.page
    other = opening(server)
    other.sign_in("berta@example.org")
    security(page)
    page.get_by_label("Current password").fill("a wrong password")
    page.get_by_label("New password").fill(OTHER)
    window.expected.append("status of 422")
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_text("This password is wrong.")).to_be_visible()
    page.get_by_label("Current password").fill(PASSWORD)
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_text("Other browsers and logins were signed out")).to_be_visible()
    other.page.goto("/console/")
    other.page.wait_for_url("**/login**")
    opening(server).sign_in("berta@example.org", OTHER)


def test_an_authenticator_app_is_set_up_and_removed(server: Server, opening: Opening) -> None:
    page = (window := somebody(server, opening, "carla")).page
    security(page)
    page.get_by_role("button", name="Set up an app…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("img", name="QR code")).to_be_visible()
    shown = re.search(r"\b[A-Z2-7]{32}\b", dialog.inner_text())
    assert shown
    dialog.get_by_label(re.compile("^Code")).fill("000000")
    window.expected.append("status of 422")
    dialog.get_by_role("button", name="Turn it on").click()
    expect(dialog.get_by_label(re.compile("^Code"))).to_have_attribute("aria-invalid", "true")
    dialog.get_by_label(re.compile("^Code")).fill(TOTP(shown[0]).now())
    dialog.get_by_role("button", name="Turn it on").click()
    expect(dialog.get_by_text("Keep these codes")).to_be_visible()
    dialog.get_by_role("button", name="I have stored them").click()
    expect(page.get_by_text("10 recovery codes are left")).to_be_visible()
    page.get_by_role("button", name="New recovery codes…").click()
    page.get_by_role("button", name="Make new codes").click()
    expect(page.get_by_text("Keep these codes")).to_be_visible()
    page.get_by_role("button", name="I have stored them").click()
    page.get_by_role("button", name="Remove the app…").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.get_by_role("button", name="Set up an app…")).to_be_visible()


def test_a_passkey_is_added_renamed_and_removed(named: Server, opening: Opening) -> None:
    page = somebody(named, opening, "dora", at=named.http.replace("127.0.0.1", "localhost")).page
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": KEYS})
    security(page)
    page.get_by_role("button", name="Add a passkey…").click()
    page.get_by_role("dialog").get_by_label("Name").fill("Laptop")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text("Keep these codes")).to_be_visible()
    page.get_by_role("button", name="I have stored them").click()
    page.get_by_role("button", name="Rename Laptop").click()
    page.get_by_role("dialog").get_by_label("Name").fill("Old laptop")
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Remove Old laptop").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.get_by_role("rowheader", name="Old laptop")).to_have_count(0)


def test_other_browsers_are_signed_out(server: Server, opening: Opening) -> None:
    page = somebody(server, opening, "emma").page
    others = [opening(server) for _ in range(2)]
    for other in others:
        other.sign_in("emma@example.org")
    page.get_by_role("tab", name="Sessions").click()
    expect(page.get_by_role("rowheader")).to_have_count(3)
    expect(page.get_by_text("this one")).to_have_count(1)
    page.get_by_role("button", name=re.compile("^Sign out Chrome")).first.click()
    expect(page.get_by_role("rowheader")).to_have_count(2)
    page.get_by_role("button", name="Sign out everywhere else…").click()
    page.get_by_role("button", name="Sign out the others").click()
    expect(page.get_by_role("rowheader")).to_have_count(1)
    for other in others:
        other.page.goto("/console/")
        other.page.wait_for_url("**/login**")
    page.get_by_role("tab", name="Activity").click()
    expect(page.get_by_role("rowheader", name="Signed out everywhere else")).to_be_visible()


def test_single_letters_go_places_until_they_are_turned_off(server: Server, opening: Opening) -> None:
    page = somebody(server, opening, "frida").page
    expect(page.get_by_role("heading", level=1, name="Account")).to_be_visible()
    page.keyboard.press("?")
    help_ = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(help_).to_be_visible()
    help_.get_by_role("button", name="Turn them off…").click()
    switch = page.get_by_role("switch", name="Single letters do something")
    expect(switch).to_be_checked()
    page.get_by_role("tab", name="Preferences").focus()
    page.keyboard.press("g")
    page.keyboard.press("k")
    expect(page.get_by_role("heading", level=1, name="API keys")).to_be_visible()
    page.go_back()
    switch.click()
    expect(switch).not_to_be_checked()
    page.get_by_role("tab", name="Preferences").focus()
    page.keyboard.press("?")
    page.keyboard.press("/")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.reload()
    expect(switch).not_to_be_checked()
    page.get_by_role("radio", name="Dark").check()
    assert page.evaluate("document.documentElement.dataset.mantineColorScheme") == "dark"


def test_an_account_is_deleted_unless_others_would_lose_something(server: Server, opening: Opening) -> None:
    window = somebody(server, opening, "greta")
    page = window.page
    with server.client(server.log_in("greta@example.org")) as greta:
        made = greta.post("/v1/organizations", json={"name": "Weir Society"}).json()
        invited = greta.post(
            f"/v1/organizations/{made['handle']}/invitations", json={"email": "invited@example.org", "role": "member"}
        )
        assert invited.status_code == 201
    page.reload()
    end = page.get_by_role("button", name="Delete the account…")
    expect(end).to_be_disabled()
    page.get_by_label("Type greta to go on").fill("greta")
    end.click()
    window.expected.append("status of 409")
    page.get_by_role("button", name="Delete my account").click()
    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("Weir Society")
    with server.client(server.log_in("greta@example.org")) as greta:
        assert greta.delete(f"/v1/organizations/{made['handle']}").status_code == 204
    page.get_by_role("button", name="Delete my account").click()
    page.wait_for_url("**/login**")
