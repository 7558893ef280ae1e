"""The listeners: times, TLS, many connections, and a clean end."""

import json
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from courtyard.web.certificate import development_certificate, server_context
from tests.web.conftest import EDGE, QUICK, Edge
from tests.web.wire import Wire, ask, request


def trusting(folder: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=folder / "authority.pem")


def wait_for(look: Callable[[], object], wanted: object, seconds: float = 3) -> None:
    end = time.monotonic() + seconds
    while look() != wanted and time.monotonic() < end:
        time.sleep(0.05)
    assert look() == wanted


def closes_within(wire: Wire, seconds: float) -> float:
    """How long the other side took to close the connection."""
    began = time.monotonic()
    assert wire.is_closed(seconds)
    return time.monotonic() - began


def test_https_is_served_beside_http_and_verifies(secure: Edge) -> None:
    with Wire(secure.tls_port, trusting(secure.folder)) as wire:
        wire.send(request("/facts"))
        reply = wire.reply()
    assert reply.json["https"]
    assert reply.header("strict-transport-security") == "max-age=31536000"
    assert ask(secure.port, request("/facts")).header("strict-transport-security") is None


def test_tls_before_1_2_is_not_spoken(secure: Edge) -> None:
    context = trusting(secure.folder)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(ssl.SSLError):
        Wire(secure.tls_port, context)
    context.maximum_version = context.minimum_version = ssl.TLSVersion.TLSv1_2
    with Wire(secure.tls_port, context) as wire:
        wire.send(request())
        assert wire.reply().status == 200


def test_the_development_certificate_is_kept_and_private(tmp_path: Path) -> None:
    folder = tmp_path / "tls"
    files = development_certificate(folder)
    first = [file.read_bytes() for file in files]
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    assert [file.read_bytes() for file in development_certificate(folder)] == first
    assert b"PRIVATE" not in files.ca.read_bytes()


def test_a_certificate_that_ends_soon_or_fits_no_key_is_made_anew(tmp_path: Path) -> None:
    files = development_certificate(tmp_path)
    soon = trustme.CA().issue_cert("localhost", not_after=datetime.now(UTC) + timedelta(days=29))
    soon.private_key_and_cert_chain_pem.write_to_path(files.cert)
    soon.private_key_pem.write_to_path(files.key)
    assert development_certificate(tmp_path).cert.read_bytes() != soon.cert_chain_pems[0].bytes()
    files.key.write_bytes(trustme.CA().issue_cert("localhost").private_key_pem.bytes())
    server_context(*development_certificate(tmp_path)[:2])
    files.ca.unlink()
    assert development_certificate(tmp_path).ca.exists()


def test_a_connection_that_says_nothing_is_closed(edge: Edge) -> None:
    with Wire(edge.port) as wire:
        assert 0.4 < closes_within(wire, 3) < 1.7


def test_a_head_that_trickles_is_closed(edge: Edge) -> None:
    with Wire(edge.port) as wire:
        began = time.monotonic()
        with pytest.raises(OSError, match=r"."):
            wire.send(b"GET /echo HTTP/1.1\r\nHost: a\r\n", *[b"X: y\r\n"] * 30, pause=0.1)
        assert time.monotonic() - began < 1.5


def test_the_second_head_of_a_connection_has_the_same_time(edge: Edge) -> None:
    with Wire(edge.port) as wire:
        wire.send(request())
        assert wire.reply().status == 200
        wire.send(b"GET /echo")
        assert 0.4 < closes_within(wire, 3) < 1.7


def test_blank_lines_do_not_hold_a_connection(edge: Edge) -> None:
    with Wire(edge.port) as wire:
        wire.send(request())
        assert wire.reply().status == 200
        wire.send(b"\r\n")
        assert 0.4 < closes_within(wire, 3) < 1.7


def test_the_rest_of_an_answered_body_does_not_hold_a_connection(edge: Edge) -> None:
    with Wire(edge.port) as wire:
        wire.send(request("/early", "Content-Length: 100", method="POST"), b"x")
        assert wire.reply().status == 401
        assert 0.4 < closes_within(wire, 3) < 1.7


def test_an_idle_connection_is_closed_later(edge: Edge) -> None:
    with Wire(edge.port) as wire:
        wire.send(request())
        assert wire.reply().status == 200
        assert 1.8 < closes_within(wire, 4) < 3.5


@pytest.mark.parametrize("encrypted", [False, True])
def test_a_reader_that_takes_nothing_is_cut_off(start, tmp_path: Path, encrypted: bool) -> None:
    edge = start(**QUICK, folder=str(tmp_path / "tls"))
    port, context = (edge.tls_port, trusting(tmp_path / "tls")) if encrypted else (edge.port, None)
    with Wire(port, context) as wire:
        wire.send(request("/endless"))
        wait_for(edge.requests, [("/endless/{rest}", 499)])


def test_a_reader_that_is_slow_is_waited_for(start) -> None:
    edge = start(**QUICK)
    with Wire(edge.port) as wire:
        wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32_768)
        wire.send(request("/endless"))
        for _ in range(16):
            assert wire.socket.recv(65_536)
            time.sleep(0.1)
        assert edge.requests() == []


def test_many_silent_connections_and_stalled_uploads_delay_nobody(start) -> None:
    edge = start()
    wires = [Wire(edge.port) for _ in range(300)]
    stalled = [Wire(edge.port) for _ in range(200)]
    for wire in stalled:
        wire.send(request("/upload", "Content-Length: 100000", method="POST"), b"x")
    began = time.monotonic()
    assert ask(edge.port, request()).status == 200
    assert time.monotonic() - began < 1
    for wire in (*wires, *stalled):
        wire.socket.close()


def test_a_pile_of_requests_on_one_connection_is_cut_off(start) -> None:
    edge = start()
    with Wire(edge.port) as wire:
        wire.send(request("/slow") * 100)
        with pytest.raises((EOFError, ConnectionResetError)):
            wire.reply()
    # Giving up on a client is no error of ours, and only the one that had begun was ever a request.
    wait_for(lambda: [line["event"] for line in edge.log()], ["request"])


def test_what_has_begun_is_finished_after_sigterm(start) -> None:
    edge = start()
    with Wire(edge.port) as busy, Wire(edge.port) as idle:
        busy.send(request("/slow"))
        while "slow began" not in ask(edge.port, request("/seen")).json:
            time.sleep(0.02)
        codes: list[int] = []
        ending = threading.Thread(target=lambda: codes.append(edge.end()))
        ending.start()
        assert idle.is_closed(3)
        with pytest.raises(ConnectionRefusedError):
            Wire(edge.port)
        reply = busy.reply()
        assert (reply.json, reply.header("connection")) == ({"slow": True}, "close")
        ending.join()
    assert codes == [0]


def test_what_never_ends_is_ended(start) -> None:
    edge = start(times={"finish": 1})
    with Wire(edge.port) as wire:
        wire.send(request("/endless"))
        wire.reply()
        began = time.monotonic()
        assert edge.end() == 0
        assert time.monotonic() - began < 3


def test_a_port_in_use_is_one_clear_line(edge: Edge) -> None:
    second = subprocess.run(
        [sys.executable, str(EDGE), json.dumps({"port": edge.port})],
        check=False,
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert second.returncode == 1
    assert second.stderr == (
        f"Port {edge.port} on 127.0.0.1 cannot be used: Address already in use. Choose another one.\n"
    )


def test_the_limit_of_open_files_is_raised() -> None:
    script = (
        "import resource; from courtyard.web.listen import raise_file_limit; hard = resource.getrlimit(7)[1];"
        "resource.setrlimit(7, (256, hard)); raise_file_limit(); print(resource.getrlimit(7)[0])"
    )
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True, timeout=20)
    assert int(done.stdout) >= 4096
