"""Which addresses a hook may call."""

from ipaddress import IPv4Address, IPv6Address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courtyard.worker.addresses import NoAddress, NotPublic, is_public, resolve

REFUSED = """
0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24
192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4 255.255.255.255/32
::/128 ::1/128 ::/96 ::ffff:0:0/96 ::ffff:0:0:0/96 64:ff9b::/96 64:ff9b:1::/48 100::/64 2001::/32 2001:10::/28 2001:20::/28
2001:db8::/32 2002::/16 3fff::/20 5f00::/16 fc00::/7 fe80::/10 fec0::/10 ff00::/8
""".split()
PUBLIC = "1.1.1.1 8.8.8.8 93.184.215.14 100.63.255.255 100.128.0.0 172.32.0.1 223.255.255.255 2606:4700::1111 2a00:1450::1".split()


def within(network: str) -> st.SearchStrategy[str]:
    area = ip_network(network)
    kind = IPv4Address if area.version == 4 else IPv6Address
    first, last = int(area.network_address), int(area.broadcast_address)
    return st.one_of(st.sampled_from([first, last]), st.integers(first, last)).map(lambda number: str(kind(number)))


@given(st.sampled_from(REFUSED).flatmap(within))
def test_no_address_of_a_special_network_is_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_addresses_of_the_internet_are(address: str) -> None:
    assert is_public(address)


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_in_the_clothes_of_ipv6_is_never_public(address: IPv4Address) -> None:
    number = int(address)
    for prefix in ("::", "::ffff:0:0", "64:ff9b::"):
        assert not is_public(str(IPv6Address(int(IPv6Address(prefix)) + number)))
    assert not is_public(str(IPv6Address((0x2002 << 112) + (number << 80))))


@given(st.text(max_size=40))
def test_what_is_no_address_is_not_public(text: str) -> None:
    assert not is_public(text + "x")


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "127.0.0.1",
        "127.1",
        "0x7f.1",
        "2130706433",
        "0177.0.0.1",
        "0",
        "::1",
        "::ffff:127.0.0.1",
        "169.254.169.254",
        "fe80::1%lo",
    ],
)
async def test_a_name_of_this_machine_is_refused_however_it_is_written(host: str) -> None:
    with pytest.raises((NotPublic, NoAddress)):
        await resolve(host, 80, allow_private=False)


async def test_where_private_addresses_are_allowed_they_are_given() -> None:
    assert await resolve("127.0.0.1", 80, allow_private=True) == ["127.0.0.1"]
    assert set(await resolve("localhost", 80, allow_private=True)) <= {"127.0.0.1", "::1"}


@pytest.mark.parametrize("host", ["nowhere.invalid", "a" * 300, "", "xn--a.invalid"])
async def test_a_name_without_an_address_has_none(host: str) -> None:
    with pytest.raises((NoAddress, NotPublic)):
        await resolve(host, 80, allow_private=False)
