"""Whether a request is https and where it comes from, when a proxy may stand in between."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

from courtyard.web.arrival import KEY

FORWARDED = frozenset((b"x-forwarded-for", b"x-forwarded-proto"))
Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Headers = Iterable[tuple[bytes, bytes]]


# How the request reached us: encrypted or not, and the client's address (empty when there is none).
Origin = tuple[bool, str]


class BadForwarding(Exception):
    """A trusted proxy sent forwarding headers that can be read in more than one way."""


class Proxies:
    """The HTTPS and proxies rule of one installation."""

    def __init__(self, trusted: Sequence[Network] = ()) -> None:
        """Only peers within `trusted` (see `parse_proxies`) may say anything about the client."""
        self._networks = tuple(trusted)
        self._trusts = lru_cache(maxsize=4096)(self._contains)

    def origin(self, scope: Any) -> Origin:
        """Read scheme and client address of an ASGI http scope. Refuses with BadForwarding."""
        peer: str = scope["client"][0] if scope.get("client") else ""
        peer = peer.removeprefix("::ffff:")
        encrypted: bool = scope["scheme"] == "https"
        if not self._networks or not self._trusts(peer):
            return encrypted, peer
        headers: Headers = scope["headers"]
        forwarded = _scheme(headers) == "https"
        return encrypted or forwarded, self._client(headers, peer)

    def _client(self, headers: Headers, peer: str) -> str:
        """Walk from the right: our own proxy's word first, and past it only while that hop is trusted too."""
        client = peer
        hops = b",".join(value for name, value in headers if name == b"x-forwarded-for")
        if not hops:
            return client
        for hop in reversed(hops.decode("latin-1").split(",")):
            client = str(_plain(_address(hop.strip())))
            if not self._trusts(client):
                break
        return client

    def _contains(self, peer: str) -> bool:
        try:
            address = _plain(ip_address(peer))
        except ValueError:
            return False
        return any(address in network for network in self._networks)


def parse_proxies(values: Iterable[str]) -> tuple[Network, ...]:
    """Addresses and networks from the settings. Refuses (ValueError) `*` and anything else that means everybody."""
    networks: list[Network] = []
    for value in values:
        text = value.strip()
        if text == "*":
            raise ValueError("'*' as trusted proxy would let every client choose its own address; name the proxies.")
        network = ip_network(text, strict=False)
        if network.prefixlen == 0:
            raise ValueError(f"The trusted proxy {text} means every address; name the proxies.")
        networks.append(network)
    return tuple(networks)


def is_loopback(client: str) -> bool:
    """Whether a client's address (see `Proxies.origin`) is this very machine's."""
    try:
        return ip_address(client).is_loopback
    except ValueError:
        return False


def is_local(scope: Any) -> bool:
    """Whether a request came from this very machine, by nobody's hands.

    A proxy on this machine that nobody named in `trusted_proxies` would lend its address to everybody: what only a proxy
    sends tells of it. A header can take the privilege of being local away, and gives it to nobody.
    """
    client: str = scope[KEY].client
    return is_loopback(client) and not any(name in FORWARDED for name, _ in scope["headers"])


def _scheme(headers: Headers) -> str:
    said = [value for name, value in headers if name == b"x-forwarded-proto"]
    if not said:
        return "http"
    scheme = said[0].decode("latin-1").strip().lower()
    if len(said) > 1 or scheme not in ("http", "https"):
        raise BadForwarding("X-Forwarded-Proto must be sent once, as http or https.")
    return scheme


def _address(text: str) -> Address:
    try:
        return ip_address(text)
    except ValueError:
        raise BadForwarding("X-Forwarded-For names something that is no address.") from None


def _plain(address: Address) -> Address:
    """An IPv4 client on a dual-stack socket is the same client as on an IPv4 one."""
    return getattr(address, "ipv4_mapped", None) or address
