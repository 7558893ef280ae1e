"""The log: JSON lines, request ids, and no secret anywhere."""

import base64
import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from courtyard.web import logs
from courtyard.web.arrival import Arrival, request_id
from tests.web.conftest import Edge
from tests.web.wire import ask, request

SECRET = "cyk_" + "aB3" * 12


@pytest.fixture
def restored() -> Iterator[None]:
    """The loggers as they were."""
    handlers, level = logging.root.handlers, logging.root.level
    yield
    logging.root.handlers = handlers
    logging.root.setLevel(level)
    structlog.reset_defaults()


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.mark.usefixtures("restored")
def test_every_line_is_json_with_time_level_and_request_id() -> None:
    stream = io.StringIO()
    logs.configure("info", stream)
    token = request_id.set("id-1")
    structlog.stdlib.get_logger("courtyard.test").info("made", space="s")
    logging.getLogger("asyncio").warning("from %s", "elsewhere")
    logging.getLogger("asyncio").info("quiet %s", "enough")
    logging.getLogger("uvicorn.error").info("not this")
    request_id.reset(token)
    first, second, third = lines(stream)
    assert (first["event"], first["level"], first["space"], first["request_id"]) == ("made", "info", "s", "id-1")
    assert (second["event"], second["level"], second["logger"]) == ("from elsewhere", "warning", "asyncio")
    assert third["event"] == "quiet enough"
    assert first["time"].endswith("Z")


@pytest.mark.usefixtures("restored")
def test_secrets_are_gone_wherever_they_come_from() -> None:
    stream = io.StringIO()
    logs.configure("debug", stream)
    log = structlog.stdlib.get_logger("courtyard.test")
    basic = base64.b64encode(f"{SECRET}:".encode()).decode()
    event = f"in the event {SECRET}"
    log.info(event, value={"deep": [SECRET]}, header=f"Basic {basic}")
    logging.getLogger("other").error("in an argument %s", SECRET)
    try:
        raise ValueError(SECRET)
    except ValueError:
        log.exception("in an exception")
    text = stream.getvalue()
    assert SECRET not in text
    assert basic not in text
    assert text.count("cyk_[redacted]") == 4
    assert len(lines(stream)) == 3


@pytest.mark.usefixtures("restored")
def test_a_traceback_shows_no_values_of_locals() -> None:
    stream = io.StringIO()
    logs.configure("info", stream)
    password = "correct " + "horse"
    try:
        raise ValueError(len(password))
    except ValueError:
        logging.getLogger("other").exception("failed")
    trace = lines(stream)[0]["exception"]
    assert "ValueError: 13" in trace
    assert "correct horse" not in trace


@pytest.mark.usefixtures("restored")
def test_a_terminal_gets_words() -> None:
    stream = Terminal()
    logs.configure("info", stream)
    try:
        raise ValueError(SECRET)
    except ValueError:
        structlog.stdlib.get_logger("courtyard.test").exception("failed")
    text = stream.getvalue()
    assert "failed" in text
    assert SECRET not in text
    assert not text.startswith("{")


@pytest.mark.usefixtures("restored")
def test_request_lines_are_left_out_above_info() -> None:
    assert logs.configure("warning", io.StringIO()).requests is None
    assert logs.configure("info", io.StringIO()).requests is not None


@pytest.mark.usefixtures("restored")
def test_a_stream_that_is_closed_breaks_nothing() -> None:
    stream = io.StringIO()
    logs.configure("info", stream)
    stream.close()
    logging.getLogger("other").error("nobody hears this")


@pytest.mark.anyio
@pytest.mark.usefixtures("restored")
async def test_a_request_is_one_line_by_its_template_without_its_query() -> None:
    stream = io.StringIO()
    output = logs.configure("info", stream)
    here = Arrival("id-2")
    here.route, here.dialect = "/v1/spaces/{space_id}", "v1"
    assert output.requests is not None
    output.requests(here, "GET", 200, 0.00123)
    output.flush()
    line = lines(stream)[0]
    assert line.pop("time")
    assert line == {
        "level": "info",
        "event": "request",
        "method": "GET",
        "route": "/v1/spaces/{space_id}",
        "status": 200,
        "ms": 1.23,
        "dialect": "v1",
        "request_id": "id-2",
    }


def test_neither_path_nor_query_reach_the_log(edge: Edge) -> None:
    ask(edge.port, request(f"/facts/{SECRET}?token=something-secret", "X-Request-Id: look-for-me"))
    ask(edge.port, request("/bug"))
    found = [line for line in edge.log() if line.get("request_id") == "look-for-me"]
    assert [line["route"] for line in found] == ["/facts/{rest}"]
    assert "something-secret" not in json.dumps(edge.log())
