"""What a window of the browser tests complains of."""

import pytest

from tests.browser.conftest import Opening
from tests.server.running import Server


@pytest.mark.parametrize("missing", ["/console/assets/none.js", "/console/api/spaces/none/background", "/none.svg"])
def test_a_part_that_is_missing_is_complained_of(server: Server, opening: Opening, missing: str) -> None:
    window = opening(server)
    window.sign_in()
    with window.page.expect_event("console"):
        window.page.evaluate("(address) => { new Image().src = address }", missing)
    assert [one for one in window.complaints if missing in one]
    window.complaints.clear()


def test_what_v1_answers_is_for_the_page_to_tell(server: Server, opening: Opening) -> None:
    window = opening(server)
    window.sign_in()
    with window.page.expect_event("console"):
        window.page.evaluate("fetch('/console/api/spaces/none')")
    assert window.complaints == []
