"""The reference of the APIs in a real browser: it is read and tried out, and asks for nothing that its policy forbids."""

from playwright.sync_api import expect

from tests.browser.window import Window


def test_a_call_is_read_and_tried_out(window: Window) -> None:
    page = window.page
    page.goto("/docs?api=v1")
    page.get_by_text("List spaces", exact=True).click()
    page.get_by_role("button", name="Try it out").first.click()
    page.get_by_role("button", name="Execute").first.click()
    expect(page.get_by_text("Response headers").first).to_be_visible()
    page.get_by_role("button", name="Authorize").first.click()
    expect(page.get_by_text("Available authorizations")).to_be_visible()
    # Whatever the policy refused would be among the complaints of this window.
    assert page.evaluate("document.querySelectorAll('[style]').length") > 0
