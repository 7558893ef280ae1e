"""What the guard lets through, what it turns away, and in whose words."""

import time

import pytest

from tests.web.conftest import Edge
from tests.web.edge import LIMIT
from tests.web.wire import Wire, ask, request

CRLF = b"\r\n"


def raw(first: str, *lines: str, body: bytes = b"") -> bytes:
    return "\r\n".join([first, *lines, "", ""]).encode("latin-1") + body


TURNED_AWAY = {
    "no host": (raw("GET /echo HTTP/1.1"), 400, "BAD_HOST"),
    "empty host": (raw("GET /echo HTTP/1.1", "Host: "), 400, "BAD_HOST"),
    "two hosts": (raw("GET /echo HTTP/1.1", "Host: a", "Host: a"), 400, "MALFORMED_REQUEST"),
    "a host with a path": (raw("GET /echo HTTP/1.1", "Host: a/b"), 400, "BAD_HOST"),
    "a host with a user": (raw("GET /echo HTTP/1.1", "Host: a@b"), 400, "BAD_HOST"),
    "a host with a comma": (raw("GET /echo HTTP/1.1", "Host: a, b"), 400, "BAD_HOST"),
    "a port that is none": (raw("GET /echo HTTP/1.1", "Host: a:b"), 400, "BAD_HOST"),
    "two hosts in 1.0": (raw("GET /echo HTTP/1.0", "Host: a", "Host: b"), 400, "MALFORMED_REQUEST"),
    "http 2": (raw("GET /echo HTTP/2.0", "Host: a"), 400, "MALFORMED_REQUEST"),
    "two lengths": (
        raw("POST /echo HTTP/1.1", "Host: a", "Content-Length: 1", "Content-Length: 1", body=b"x"),
        400,
        "MALFORMED_REQUEST",
    ),
    "a list of lengths": (raw("POST /echo HTTP/1.1", "Host: a", "Content-Length: 1, 1"), 400, "MALFORMED_REQUEST"),
    "a length with a sign": (raw("POST /echo HTTP/1.1", "Host: a", "Content-Length: +1"), 400, "MALFORMED_REQUEST"),
    "length and chunks": (
        raw("POST /echo HTTP/1.1", "Host: a", "Content-Length: 5", "Transfer-Encoding: chunked", body=b"0\r\n\r\n"),
        400,
        "MALFORMED_REQUEST",
    ),
    "an unknown coding": (raw("POST /echo HTTP/1.1", "Host: a", "Transfer-Encoding: gzip"), 400, "MALFORMED_REQUEST"),
    "a coding before chunked": (
        raw("POST /echo HTTP/1.1", "Host: a", "Transfer-Encoding: gzip, chunked", body=b"0\r\n\r\n"),
        400,
        "MALFORMED_REQUEST",
    ),
    "chunked twice": (
        raw("POST /echo HTTP/1.1", "Host: a", "Transfer-Encoding: chunked", "Transfer-Encoding: chunked"),
        400,
        "MALFORMED_REQUEST",
    ),
    "space before a colon": (raw("GET /echo HTTP/1.1", "Host : a"), 400, "MALFORMED_REQUEST"),
    "a folded header": (raw("GET /echo HTTP/1.1", "Host: a", "X: a", " b"), 400, "MALFORMED_REQUEST"),
    "bare line feeds": (b"GET /echo HTTP/1.1\nHost: a\n\n", 400, "MALFORMED_REQUEST"),
    "a nul in a header": (raw("GET /echo HTTP/1.1", "Host: a", "X: \0"), 400, "MALFORMED_REQUEST"),
    "no http at all": (b"\x16\x03\x01\x02\x00\x01", 400, "malformed_request"),
    "connect": (raw("CONNECT a:1 HTTP/1.1", "Host: a"), 400, "malformed_request"),
    "101 headers": (raw("GET /echo HTTP/1.1", "Host: a", *["X: y"] * 100), 431, "HEADERS_TOO_LARGE"),
    "1,000 headers": (raw("GET /echo HTTP/1.1", "Host: a", *["X: y"] * 999), 431, "HEADERS_TOO_LARGE"),
    "33 KiB of headers": (raw("GET /echo HTTP/1.1", "Host: a", f"X: {'y' * 33_000}"), 431, "HEADERS_TOO_LARGE"),
    "headers without an end": (b"GET /echo HTTP/1.1\r\nHost: a\r\nX: " + b"y" * 500_000, 431, "HEADERS_TOO_LARGE"),
    "8 KiB of address": (raw(f"GET /echo/{'y' * 8_192} HTTP/1.1", "Host: a"), 414, "URI_TOO_LONG"),
    "8 KiB of query": (raw(f"GET /echo?{'y' * 8_192} HTTP/1.1", "Host: a"), 414, "URI_TOO_LONG"),
    "an address without an end": (b"GET /echo/" + b"y" * 500_000, 414, "URI_TOO_LONG"),
    "a length over the limit": (
        raw("POST /echo HTTP/1.1", "Host: a", f"Content-Length: {LIMIT + 1}"),
        413,
        "BODY_TOO_LARGE",
    ),
    "the words of another dialect": (raw("GET /facts HTTP/1.1"), 400, "bad_host"),
}


@pytest.mark.parametrize("name", TURNED_AWAY)
def test_what_is_no_clean_request_is_refused_in_the_words_of_its_dialect(edge: Edge, name: str) -> None:
    sent, status, code = TURNED_AWAY[name]
    reply = ask(edge.port, sent)
    assert (reply.status, reply.json["said"]) == (status, code)
    assert reply.header("x-request-id")


TAKEN = {
    "a port": raw("GET /echo HTTP/1.1", "Host: localhost:8000"),
    "IPv6": raw("GET /echo HTTP/1.1", "Host: [::1]:8000"),
    "an underscore": raw("GET /echo HTTP/1.1", "Host: my_service.internal."),
    "HTTP/1.0 without a host": raw("GET /echo HTTP/1.0"),
    "the whole address": raw("GET http://a/echo HTTP/1.1", "Host: a"),
    "100 headers": raw("GET /echo HTTP/1.1", "Host: a", *["X: y"] * 99),
    "31 KiB of headers": raw("GET /echo HTTP/1.1", "Host: a", f"X: {'y' * 31_000}"),
    "8,000 bytes of address": raw(f"GET /echo/{'y' * 8_000} HTTP/1.1", "Host: a"),
    "a body of exactly the limit": request(method="POST", body=bytes(LIMIT)),
    "an empty body": request(method="POST", body=b""),
    "chunks": raw("POST /echo HTTP/1.1", "Host: a", "Transfer-Encoding: Chunked", body=b"1\r\na\r\n0\r\n\r\n"),
    "an upgrade that we do not speak": raw("GET /echo HTTP/1.1", "Host: a", "Connection: Upgrade", "Upgrade: h2c"),
}


@pytest.mark.parametrize("name", TAKEN)
def test_an_ordinary_request_gets_through(edge: Edge, name: str) -> None:
    reply = ask(edge.port, TAKEN[name])
    assert reply.status == 200
    assert reply.header("server") is None


def test_a_safe_request_id_is_kept_and_another_one_replaced(edge: Edge) -> None:
    assert ask(edge.port, request("/facts", "X-Request-Id: my.Id_1-x")).header("x-request-id") == "my.Id_1-x"
    assert ask(edge.port, request("/facts", f"X-Request-Id: {'y' * 128}")).header("x-request-id") == "y" * 128
    for bad in ("a b", 'a"b', "y" * 129, ""):
        given = ask(edge.port, request("/facts", f"X-Request-Id: {bad}")).header("x-request-id")
        assert given
        assert given != bad
    replies = [ask(edge.port, request("/facts")) for _ in range(3)]
    assert len({reply.header("x-request-id") for reply in replies}) == 3
    assert all(reply.json["request_id"] == reply.header("x-request-id") for reply in replies)


def test_a_body_that_is_too_long_is_refused_before_its_first_byte(edge: Edge) -> None:
    with Wire(edge.port) as wire:
        wire.send(request("/echo", f"Content-Length: {LIMIT * 100}", "Expect: 100-continue", method="POST"))
        reply = wire.reply()
        assert (reply.status, reply.header("connection")) == (413, "close")
        assert wire.is_closed(0.4)


def test_one_who_sends_it_all_the_same_still_hears_why(edge: Edge) -> None:
    size = 20_000_000
    head = request("/echo", f"Content-Length: {size}", method="POST")
    for _ in range(5):
        with Wire(edge.port) as wire:
            wire.send(head, bytes(size))
            assert wire.reply().status == 413


def test_chunks_are_counted_while_they_come(edge: Edge) -> None:
    piece = b"4000\r\n" + bytes(0x4000) + CRLF
    with Wire(edge.port) as wire:
        wire.send(request("/echo", "Transfer-Encoding: chunked", method="POST"), *[piece] * (LIMIT // 0x4000 + 1))
        reply = wire.reply()
    assert (reply.status, reply.json["said"], reply.header("connection")) == (413, "BODY_TOO_LARGE", "close")


def test_a_body_that_stalls_is_given_up(edge: Edge) -> None:
    with Wire(edge.port) as wire:
        began = time.monotonic()
        wire.send(request("/echo", "Content-Length: 10", method="POST"), b"abc")
        reply = wire.reply()
        assert (reply.status, reply.json["said"], reply.header("connection")) == (408, "REQUEST_TIMEOUT", "close")
        assert wire.is_closed(2)
    assert 0.4 < time.monotonic() - began < 1.5


def test_a_body_that_trickles_is_given_up(edge: Edge) -> None:
    with Wire(edge.port) as wire:
        wire.send(request("/echo", "Content-Length: 1000", method="POST"), *[b"x"] * 8, pause=0.1)
        assert wire.reply().status == 408


def test_a_body_that_is_slow_but_not_too_slow_is_waited_for(edge: Edge) -> None:
    with Wire(edge.port) as wire:
        wire.send(request("/echo", "Content-Length: 3200", method="POST"), *[bytes(400)] * 8, pause=0.1)
        assert wire.reply().json["size"] == 3200


def test_framing_that_breaks_in_the_middle_is_refused_in_the_same_words(edge: Edge) -> None:
    with Wire(edge.port) as wire:
        wire.send(request("/echo", "Transfer-Encoding: chunked", method="POST"), b"1\r\na\r\n", b"zz\r\n", pause=0.1)
        reply = wire.reply()
        assert (reply.status, reply.json["said"]) == (400, "MALFORMED_REQUEST")
        assert wire.is_closed(2)


def test_half_a_body_never_passes_for_a_whole_one(start) -> None:
    edge = start()
    with Wire(edge.port) as wire:
        wire.send(request("/echo", "Content-Length: 10", method="POST"), b"abc", pause=0.1)
    time.sleep(0.1)
    assert ask(edge.port, request("/seen")).json == ["echo began"]
    time.sleep(0.3)
    assert edge.requests() == [("/echo/{rest}", 499), ("/seen/{rest}", 200)]


def test_an_answer_before_a_small_body_was_read_keeps_the_connection(edge: Edge) -> None:
    with Wire(edge.port) as wire:
        for _ in range(3):
            wire.send(request("/early", method="POST", body=b"unread"))
            reply = wire.reply()
            assert (reply.status, reply.header("connection")) == (401, None)


def test_an_answer_before_a_large_body_was_read_ends_the_connection(edge: Edge) -> None:
    size = 10_000_000
    with Wire(edge.port) as wire:
        wire.send(request("/upload", f"Content-Length: {size}", method="POST").replace(b"/upload", b"/early"))
        assert wire.reply().status == 413
    with Wire(edge.port) as wire:
        head = f"POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: {LIMIT}\r\n\r\n"
        wire.send(head.encode(), bytes(LIMIT // 2))
        reply = wire.reply()
        assert (reply.status, reply.header("connection")) == (401, "close")
        assert wire.is_closed(2)


def test_trailers_do_not_become_headers(edge: Edge) -> None:
    sent = raw("POST /trailers HTTP/1.1", "Host: a", "Transfer-Encoding: chunked")
    with Wire(edge.port) as wire:
        wire.send(sent, b"1\r\na\r\n0\r\nX-Api-Key: cyk\r\nHost: b\r\n\r\n", pause=0.1)
        assert wire.reply().json["headers"] == ["host", "transfer-encoding"]


def test_requests_that_come_at_once_are_answered_in_order(edge: Edge) -> None:
    with Wire(edge.port) as wire:
        wire.send(
            b"".join(request(f"/echo/{number}") for number in range(5)) + b"GET /echo HTTP/1.1\r\nHost : a\r\n\r\n"
        )
        assert [wire.reply().json["path"] for _ in range(5)] == [f"/echo/{number}" for number in range(5)]
        assert wire.reply().status == 400
        assert wire.is_closed(2)


def test_a_bug_is_answered_without_a_word_about_it_and_logged_with_its_id(start) -> None:
    edge = start()
    reply = ask(edge.port, request("/bug"))
    assert reply.status == 500
    assert reply.json == {"said": "internal_error", "message": "Something went wrong on our side."}
    line = next(line for line in edge.log() if line["event"] == "bug")
    assert line["request_id"] == reply.header("x-request-id")
    assert "RuntimeError: broken near cyk_[redacted]" in line["exception"]
    assert "a local nobody may read" not in line["exception"].replace('"a local nobody may read"', "")
    assert "hidden = " not in line["exception"]


def test_an_answer_that_breaks_off_is_no_whole_answer(edge: Edge) -> None:
    with Wire(edge.port) as wire:
        wire.send(request("/cut"))
        with pytest.raises(EOFError):
            wire.reply()
    assert ask(edge.port, request("/echo")).status == 200
