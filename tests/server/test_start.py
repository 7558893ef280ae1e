"""How a server starts and ends: what it prints, what it refuses, how long it takes."""

import re
import socket
import ssl
import stat
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.server.conftest import Start
from tests.server.running import EMAIL, Server, free_port, run

ERROR_LINE = re.compile(r"error: [^\n]+\n")


def test_the_first_start_prints_where_it_is_and_how_to_get_in(start: Start) -> None:
    port = free_port()
    server = start("--demo", tls_port=str(port), admin_password="", admin_email="")
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", server.line("HTTP address"))
    assert server.line("HTTPS address") == f"https://127.0.0.1:{port}"
    shown = re.fullmatch(r"(\S+@\S+), password (\S+) \(shown once\)", server.line("Administrator"))
    assert shown is not None
    assert re.fullmatch(r"cyk_[0-9A-Za-z]{36}", server.line("Administrator key"))
    with server.client(server.line("Administrator key")) as client:
        assert client.get("/v1/me").json()["email"] == shown[1]
    assert server.log_in(shown[1], shown[2])
    key = server.line("Administrator key")
    assert f'{server.http}/v1/spaces -H "X-API-Key: {key}"' in server.printed
    assert f'{server.http}/workspaces/ -H "Authorization: Bearer {key}"' in server.printed
    assert f'{server.http}/api/v2/platform/spaces/ -H "Authorization: Token {key}"' in server.printed
    assert f"https://127.0.0.1:{port}/api/v1/customers -u {key}:" in server.printed
    paths = [server.data_dir, *server.data_dir.rglob("*")]
    assert [path for path in paths if stat.S_IMODE(path.lstat().st_mode) & 0o077] == []


def test_a_second_start_keeps_the_key_and_shows_no_password(start: Start) -> None:
    first = start("--demo", admin_password="")
    first.end()
    second = start("--demo", admin_password="")
    assert "password" not in second.printed
    assert second.line("Administrator") == EMAIL
    assert second.line("Administrator key") == first.line("Administrator key")
    with second.client(second.line("Administrator key")) as client:
        found = client.get("/v1/spaces?mine=true").json()["data"]
    assert [space["name"] for space in found] == ["Open data", "Budget", "Water quality"]


def test_ready_within_two_seconds(start: Start) -> None:
    start("--demo").end()
    assert start("--demo").worked <= 2


def test_a_second_server_on_the_same_data_is_refused(start: Start, folder: Path) -> None:
    server = start()
    refused = run(folder, "serve")
    assert refused.returncode == 1
    assert ERROR_LINE.fullmatch(refused.stderr)
    with server.client() as client:
        assert client.get("/ready").status_code == 200


def test_a_taken_port_is_said_in_one_line(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        refused = run(folder, "serve", port=port)
    assert refused.returncode == 1
    assert ERROR_LINE.fullmatch(refused.stderr)
    assert port in refused.stderr
    assert refused.stdout == ""


def test_a_secret_that_everybody_can_read_is_refused(folder: Path) -> None:
    folder.mkdir()
    secret = folder / "password"
    secret.write_text("four patient otters\n")
    secret.chmod(0o644)
    refused = run(folder, "serve", admin_password_file=str(secret))
    assert refused.returncode == 2
    assert ERROR_LINE.fullmatch(refused.stderr)
    assert "chmod" in refused.stderr
    assert "otters" not in refused.stderr


def test_a_secret_is_read_from_its_file(start: Start, folder: Path) -> None:
    folder.mkdir()
    secret = folder / "password"
    secret.write_text("four patient otters\n")
    secret.chmod(0o600)
    server = start(admin_password="", admin_password_file=str(secret))
    assert server.log_in(EMAIL, "four patient otters")
    assert "otters" not in server.printed + server.log


@pytest.mark.parametrize(
    "wrong",
    [{"trusted_proxies": "*"}, {"trusted_proxies": "10.0.0.0/8,*"}, {"port": "70000"}, {"registration": "maybe"}],
    ids=str,
)
def test_a_wrong_setting_is_named_in_one_line(folder: Path, wrong: dict[str, str]) -> None:
    refused = run(folder, "serve", **wrong)
    assert refused.returncode == 2
    assert ERROR_LINE.fullmatch(refused.stderr)
    assert f"COURTYARD_{next(iter(wrong)).upper()}" in refused.stderr
    assert not (folder / "data" / "courtyard.db").exists()


def test_sigterm_lets_a_request_finish_and_then_exits_0(start: Start) -> None:
    server = start("--demo")
    key = server.line("Administrator key")
    with server.client(key) as client:
        space = client.get("/v1/spaces?mine=true").json()["data"][0]["id"]
        answers: list[httpx2.Response] = []
        begun, signalled = threading.Event(), threading.Event()

        def chunks() -> Iterator[bytes]:
            yield b"first half, "
            begun.set()
            signalled.wait(10)
            yield b"second half"

        def upload() -> None:
            headers = {"Content-Type": "text/plain"}
            answers.append(client.post(f"/v1/spaces/{space}/artifacts?name=a.txt", content=chunks(), headers=headers))

        uploading = threading.Thread(target=upload)
        uploading.start()
        assert begun.wait(10)
        time.sleep(0.1)
        server.terminate()
        time.sleep(0.3)
        signalled.set()
        uploading.join(20)
        assert answers[0].status_code == 201
        with pytest.raises(httpx2.TransportError):
            client.get("/health")
    assert server.ended(20) == 0
    again = start()
    with again.client(key) as client:
        assert client.get(answers[0].json()["download_url"]).content == b"first half, second half"


def test_https_serves_the_spaces_api_and_plain_http_is_refused(start: Start) -> None:
    server = start("--demo", tls_port=str(free_port()))
    key = server.line("Administrator key")
    trust = ssl.create_default_context(cafile=str(server.data_dir / "tls" / "authority.pem"))
    with httpx2.Client(verify=trust, auth=(key, "")) as client:
        listed = client.get(f"{server.https}/api/v1/customers")
        assert listed.status_code == 200
        assert listed.json()["object"] == "list"
        assert "strict-transport-security" in listed.headers
        refused = client.get(f"{server.http}/api/v1/customers")
        assert refused.status_code == 400
        assert refused.json()["message"] == "HTTPS is required."
        forged = client.get(f"{server.http}/api/v1/customers", headers={"X-Forwarded-Proto": "https"})
        assert forged.content == refused.content


def test_a_trusted_proxy_says_what_was_https(start: Start) -> None:
    server = start("--demo", trusted_proxies="127.0.0.1")
    key = server.line("Administrator key")
    with httpx2.Client(auth=(key, "")) as client:
        customers = f"{server.http}/api/v1/customers"
        assert client.get(customers, headers={"X-Forwarded-Proto": "https"}).status_code == 200
        assert client.get(customers, headers={"X-Forwarded-Proto": "http"}).status_code == 400
        assert client.get(customers, headers={"X-Forwarded-Proto": "https, http"}).status_code == 400


def test_one_engine_or_the_other_a_person_sees_no_difference(
    where: dict[str, str], folder: Path, request: pytest.FixtureRequest
) -> None:
    server = Server(folder, "--demo", **where)
    request.addfinalizer(server.end)
    key = server.line("Administrator key")
    with server.client(key) as client:
        made = client.post("/v1/spaces", json={"name": "Harbour"})
        assert made.status_code == 201
        server.kill()
    again = Server(folder, "--demo", **where)
    request.addfinalizer(again.end)
    assert again.line("Administrator key") == key
    with again.client(key) as client:
        assert client.get(made.headers["location"]).json() == made.json()
        assert client.get("/ready").json() == {"status": "ready"}


def test_demo_lets_everybody_register_unless_it_is_told_otherwise(start: Start) -> None:
    new = {"email": "eve@example.org", "username": "eve", "password": "a quiet place for papers"}
    server = start("--demo")
    with server.client() as client:
        assert client.post("/auth/register/", json=new).status_code == 200
    server.end()
    with start("--demo", registration="closed").client() as client:
        assert client.post("/auth/register/", json=new).status_code == 403


def test_a_new_installation_prints_where_it_is_set_up(start: Start) -> None:
    server = start(admin_password="", admin_email="")
    printed = re.fullmatch(
        rf"({re.escape(server.http)}/setup\?token=cyu_\w{{36}}) \(for one use, within a day\)",
        server.line("Set-up address"),
    )
    assert printed is not None
    assert "Administrator" not in server.printed
    with server.client() as client:
        assert client.get("/login").headers["location"] == "/setup"
        assert client.get(printed[1]).status_code == 200
    server.end()
    # A start that names somebody makes them: nobody can do it by the address any more.
    named = start()
    assert named.line("Set-up address") == ""
    with named.client() as client:
        assert client.get(printed[1].replace(server.http, named.http)).status_code == 409
    named.end()
    assert "password" not in start(admin_password="", admin_email="").printed
