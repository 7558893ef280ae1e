"""The stream of news: in a browser without shared workers, after too much was missed, and in a thread that is open."""

import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import Opening
from tests.browser.test_console_artifacts import space, stored
from tests.browser.window import Window
from tests.server.running import PATIENCE, Server

WITHOUT = "delete window.SharedWorker"
# A place of a database that is no longer this one: it lies in the future.
ELSEWHERE = "event: ready\nid: 0-99999999\ndata: {}\n\n"


@pytest.fixture
def window(server: Server, opening: Opening) -> Window:
    return opening(server)


def thread(server: Server, place: str, title: str) -> str:
    with server.client(server.log_in()) as client:
        return client.post(f"/v1/spaces/{place}/threads", json={"title": title}).json()["id"]


def say(server: Server, place: str, about: str, content: str) -> None:
    with server.client(server.log_in()) as client:
        answer = client.post(f"/v1/spaces/{place}/threads/{about}/messages", json={"content": content})
    assert answer.status_code == 201, answer.text


def test_without_shared_workers_a_page_listens_by_itself(window: Window, server: Server) -> None:
    page, place = window.page, space(server, "Alone")
    page.add_init_script(WITHOUT)
    window.sign_in()
    # A request of the page, and not of a worker, which would be no event of this page.
    with page.expect_response("**/console/api/me/stream"):
        page.goto(f"/console/spaces/{place}")
    assert page.evaluate("typeof SharedWorker") == "undefined"
    expect(page.get_by_role("heading", name="Add the first file")).to_be_visible()
    stored(server, place, "heard.txt", "x", "text/plain")
    expect(page.get_by_role("link", name="heard.txt")).to_be_visible()


def test_after_a_reset_a_page_is_read_anew(window: Window, server: Server) -> None:
    page, place = window.page, space(server, "Anew")
    page.add_init_script(WITHOUT)
    window.sign_in()
    asked: list[str | None] = []

    def answer(route: Route) -> None:
        asked.append(route.request.headers.get("last-event-id"))
        if len(asked) == 1:
            return route.fulfill(body=ELSEWHERE, content_type="text/event-stream")
        # It broke off, and while nobody listened something happened, of which the server will not tell again.
        expect(page.get_by_role("heading", name="Add the first file")).to_be_visible()
        stored(server, place, "missed.txt", "x", "text/plain")
        return route.continue_()

    page.route("**/console/api/me/stream", answer)
    page.goto(f"/console/spaces/{place}")
    expect(page.get_by_role("link", name="missed.txt")).to_be_visible(timeout=PATIENCE * 1000)
    assert asked == [None, "0-99999999"]


def test_what_others_say_stands_in_an_open_thread_at_once(window: Window, server: Server) -> None:
    page, place = window.page, space(server, "Talk")
    here, there = thread(server, place, "Here"), thread(server, place, "There")
    window.sign_in()
    page.goto(f"/console/spaces/{place}/threads/{here}")
    expect(page.get_by_text("Nothing was said yet.")).to_be_visible()
    # The window hears by now what happens; whether it does is what the first message tells.
    say(server, place, here, "The first word")
    messages = page.get_by_role("list", name="Messages").get_by_role("listitem")
    expect(messages).to_have_count(1)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/messages" in request.url else None)
    say(server, place, there, "Said elsewhere")
    say(server, place, here, "The *second* word")
    expect(page.get_by_role("emphasis")).to_have_text("second")
    assert [url for url in asked if there in url] == []
    page.goto(f"/console/spaces/{place}/threads")
    expect(page.get_by_text("The *second* word").or_(page.get_by_text("second word"))).to_be_visible()
    say(server, place, there, "And the last one")
    expect(page.get_by_text("And the last one")).to_be_visible()
