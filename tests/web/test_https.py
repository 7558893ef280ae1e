"""The HTTPS and proxies rule."""

import pytest

from courtyard.web.https import Proxies, parse_proxies
from tests.web.conftest import Edge
from tests.web.wire import ask, request

TRUSTED = "127.0.0.1"
BELIEVED = {
    "nothing said": ([], False, TRUSTED),
    "https": (["X-Forwarded-Proto: https"], True, TRUSTED),
    "in capitals": (["X-Forwarded-Proto: HTTPS"], True, TRUSTED),
    "http": (["X-Forwarded-Proto: http"], False, TRUSTED),
    "one client": (["X-Forwarded-For: 192.0.2.1"], False, "192.0.2.1"),
    "the last one that is not ours": (["X-Forwarded-For: 198.51.100.9, 192.0.2.1, 10.1.1.1"], False, "192.0.2.1"),
    "in two headers": (["X-Forwarded-For: 192.0.2.1", "X-Forwarded-For: 10.1.1.1"], False, "192.0.2.1"),
    "only ours": (["X-Forwarded-For: 10.2.2.2, 10.1.1.1"], False, "10.2.2.2"),
    "nonsense behind the client": (["X-Forwarded-For: nonsense, 192.0.2.1"], False, "192.0.2.1"),
    "IPv6": (["X-Forwarded-For: 2001:DB8::1"], False, "2001:db8::1"),
    "other headers": (["Forwarded: for=192.0.2.1;proto=https", "X-Forwarded-Host: evil"], False, TRUSTED),
}
REFUSED = {
    "two": ["X-Forwarded-Proto: https", "X-Forwarded-Proto: https"],
    "a list": ["X-Forwarded-Proto: https, http"],
    "neither": ["X-Forwarded-Proto: wss"],
    "empty": ["X-Forwarded-Proto: "],
    "no address": ["X-Forwarded-For: unknown"],
    "an address with a port": ["X-Forwarded-For: 192.0.2.1:80"],
    "a gap": ["X-Forwarded-For: 192.0.2.1, , 10.1.1.1"],
}


@pytest.mark.parametrize("name", BELIEVED)
def test_a_trusted_proxy_is_believed(secure: Edge, name: str) -> None:
    headers, https, client = BELIEVED[name]
    reply = ask(secure.port, request("/facts", *headers))
    assert (reply.json["https"], reply.json["client"]) == (https, client)
    assert (reply.header("strict-transport-security") is not None) == https


@pytest.mark.parametrize("name", REFUSED)
def test_what_a_trusted_proxy_says_must_be_clear(secure: Edge, name: str) -> None:
    reply = ask(secure.port, request("/facts", *REFUSED[name]))
    assert (reply.status, reply.json["said"]) == (400, "bad_forwarding")


@pytest.mark.parametrize("name", [*BELIEVED, *REFUSED])
def test_nobody_else_is_believed(edge: Edge, name: str) -> None:
    headers = REFUSED[name] if name in REFUSED else BELIEVED[name][0]
    reply = ask(edge.port, request("/facts", *headers))
    assert (reply.json["https"], reply.json["client"]) == (False, "127.0.0.1")
    assert reply.header("strict-transport-security") is None


@pytest.mark.parametrize("value", ["*", "0.0.0.0/0", "::/0", " * ", "proxy.example", ""])
def test_whoever_means_everybody_or_nobody_is_no_trusted_proxy(value: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_proxies([value])


def test_an_ipv4_client_on_a_dual_stack_socket_is_the_same_client() -> None:
    scope = {"client": ("::ffff:10.0.0.7", 1), "scheme": "http", "headers": [(b"x-forwarded-proto", b"https")]}
    assert Proxies().origin(scope) == (False, "10.0.0.7")
    assert Proxies(parse_proxies(["10.0.0.0/8"])).origin(scope) == (True, "10.0.0.7")
