"""What goes wrong: refusals are said, what fails takes nothing else along, and nothing that was typed is lost or sent twice."""

import re

from playwright.sync_api import FilePayload, Page, Route, expect

from tests.browser.test_console_artifacts import space, stored
from tests.browser.window import Window
from tests.server.running import EMAIL, PASSWORD, Server

POLLED = 21_000
"""Milliseconds after which an open page has asked whether its space is still there."""


def thread(server: Server, place: str, title: str) -> str:
    """A new thread without messages. Its address."""
    with server.client(server.log_in()) as client:
        made = client.post(f"/v1/spaces/{place}/threads", json={"title": title}).json()["id"]
    return f"/console/spaces/{place}/threads/{made}"


def fail(route: Route) -> None:
    """An answer that is nobody's fault in particular."""
    route.fulfill(status=409, content_type="application/json", body='{"detail": "Not now.", "status": 409}')


def missing(route: Route) -> None:
    route.fulfill(status=404, content_type="text/html", body="")


def test_a_broken_background_is_refused_in_words_and_can_be_chosen_again(window: Window, server: Server) -> None:
    page, place = window.page, space(server, "Quay")
    window.expected.append("status of 422")
    page.goto(f"/console/spaces/{place}/settings")
    broken: FilePayload = {
        "name": "lake.png",
        "mimeType": "image/png",
        "buffer": b"\x89PNG\r\n\x1a\n" + b"nothing" * 40,
    }
    for _ in range(2):
        with page.expect_response(re.compile(r"/background$")) as answer, page.expect_file_chooser() as chooser:
            page.get_by_role("button", name="Choose an image").click()
            chooser.value.set_files([broken])
        assert answer.value.status == 422
        expect(page.get_by_role("region", name="Background").get_by_role("alert")).to_contain_text("File:")


def test_a_failed_preview_leaves_the_page_and_can_be_tried_again(window: Window, server: Server) -> None:
    page, place = window.page, space(server, "Lock")
    window.expected.append("status of 409")
    plan = stored(server, place, "plan.txt", "the plan", "text/plain")
    page.route("**/download?v=1*", fail)
    page.goto(f"/console/spaces/{place}/artifacts/{plan}")
    preview = page.get_by_role("region", name="Preview")
    expect(preview.get_by_role("alert")).to_contain_text("The preview did not work")
    expect(preview.get_by_role("link", name="Download")).to_be_visible()
    expect(page.get_by_role("heading", level=1, name="plan.txt")).to_be_visible()
    page.unroute("**/download?v=1*")
    preview.get_by_role("button", name="Try again").click()
    expect(preview.get_by_text("the plan")).to_be_visible()


def test_an_older_window_is_told_of_the_new_version(window: Window, server: Server) -> None:
    page, place = window.page, space(server, "Basin")
    window.expected += ["dynamically imported module", "Lazy", "status of 404"]
    page.goto(f"/console/spaces/{place}")
    expect(page.get_by_role("heading", name="Add the first file")).to_be_visible()
    page.route("**/assets/Palette-*.js", missing)
    page.keyboard.press("Control+k")
    bar = page.get_by_role("status").filter(has_text="A new version is here")
    expect(bar).to_be_visible()
    # The rest of the page is none the worse.
    expect(page.get_by_role("heading", name="Add the first file")).to_be_visible()
    page.unroute("**/assets/Palette-*.js")
    bar.get_by_role("button", name="Reload").click()
    expect(bar).to_be_hidden()
    expect(page.get_by_role("heading", name="Add the first file")).to_be_visible()
    page.keyboard.press("Control+k")
    expect(page.get_by_role("textbox", name="Search everything")).to_be_visible()


def test_whoever_is_signed_out_meanwhile_keeps_what_they_typed(window: Window, server: Server) -> None:
    page, place = window.page, space(server, "Canal")
    page.clock.install()
    page.goto(thread(server, place, "Locks"))
    page.get_by_label("Your message").fill("Half a thought")
    page.context.clear_cookies()
    page.clock.fast_forward(POLLED)
    bar = page.get_by_role("alert").filter(has_text="You were signed out")
    expect(bar).to_be_visible()
    expect(page.get_by_label("Your message")).to_have_value("Half a thought")

    with page.context.expect_page() as opened:
        bar.get_by_role("link", name="Sign in").click()
    come_back(opened.value)
    page.evaluate("dispatchEvent(new Event('focus'))")
    expect(bar).to_be_hidden()
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("list", name="Messages").get_by_text("Half a thought")).to_be_visible()


def come_back(page: Page) -> None:
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_label("Your message")).to_be_visible()
    page.close()


def test_a_message_whose_answer_was_lost_is_not_said_twice(window: Window, server: Server) -> None:
    page, place = window.page, space(server, "Ferry")
    window.expected.append("net::ERR_FAILED")
    page.goto(thread(server, place, "Times"))

    def lose(route: Route) -> None:
        if route.request.method != "POST":
            route.continue_()
            return
        assert route.fetch().status == 201
        route.abort()

    page.route("**/messages*", lose)
    page.get_by_label("Your message").fill("At nine")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("alert")).to_contain_text("cannot be reached")
    page.unroute("**/messages*")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_label("Your message")).to_have_value("")
    said = page.get_by_role("list", name="Messages").get_by_role("listitem")
    expect(said).to_have_count(1)
    # The same words once more are another message.
    page.get_by_label("Your message").fill("At nine")
    page.get_by_role("button", name="Send").click()
    expect(said).to_have_count(2)


def test_whoever_has_no_password_confirms_by_signing_in_again(window: Window) -> None:
    page = window.page
    window.expected.append("status of 403")

    def outsider(route: Route) -> None:
        # As if they came by an outside provider, and long ago.
        answer = route.fetch()
        route.fulfill(response=answer, json={**answer.json(), "has_password": False})

    asking = {"code": "confirmation_required", "detail": "Confirm first."}
    page.route("**/console/api/me", outsider)
    page.goto("/console/account?tab=security")
    expect(page.get_by_label("New password")).to_be_visible()
    expect(page.get_by_label("Current password")).to_have_count(0)
    expect(page.get_by_role("link", name="Manage them")).to_have_attribute("href", "/account/providers")
    page.goto("/console/developer/keys")
    page.route(
        "**/console/api/keys",
        lambda route: route.fulfill(status=403, json=asking) if route.request.method == "POST" else route.continue_(),
    )
    page.get_by_role("button", name="New key").first.click()
    page.get_by_role("dialog").get_by_label("Name").fill("Gauge")
    page.get_by_role("button", name="Create the key").click()
    question = page.get_by_role("dialog", name="Is it still you?")
    expect(question).to_contain_text("You have no password here")
    expect(question.get_by_role("textbox")).to_have_count(0)
    question.get_by_role("button", name="Sign out and in again").click()
    page.wait_for_url("**/login?next=%2Fconsole%2Fdeveloper%2Fkeys")


def test_no_script_comes_from_elsewhere_even_where_nothing_is_kept(window: Window) -> None:
    page = window.page
    # A browser may refuse to keep anything: the policy stands all the same.
    page.add_init_script(
        "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('no', 'SecurityError') } })"
    )
    window.expected += ["policy:", "SecurityError", "TrustedScriptURL", "This document requires"]
    page.goto("/console/index-of-nothing")
    assert page.evaluate("trustedTypes.defaultPolicy?.name") == "default"
    for address, passes in {
        "/console/assets/x.js": True,
        "/console/api/spaces/1/artifacts/2/download": False,
        "/console/../v1/x.js": False,
        "https://elsewhere.example/console/assets/x.js": False,
    }.items():
        made = page.evaluate(
            "address => { try { new Worker(address).terminate(); return true } catch { return false } }", address
        )
        assert made is passes, address
