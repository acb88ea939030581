"""AF_DIVERT, FreeBSD's: its conversions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kernel import outcome

from berkeley import socket
from berkeley.families import divert

hosts = st.ip_addresses(v=4).map(str)


@given(address=st.tuples(hosts, st.integers(0, 0xFFFF)))
def test_round_trip(address):
    assert divert.unpack(None, divert.pack(None, "bind", address)) == address


@pytest.mark.parametrize(
    ("host", "numeric"),
    [("", "0.0.0.0"), ("<broadcast>", "255.255.255.255"), (b"127.0.0.1", "127.0.0.1"), ("localhost", "127.0.0.1")],
)
def test_hosts(host, numeric):
    assert divert.unpack(None, divert.pack(None, "bind", (host, 1))) == (numeric, 1)


def test_struct():
    """BSD's struct sockaddr_in: sin_len, sin_family, sin_port, sin_addr, and eight zeros."""
    assert divert.pack(None, "bind", ("1.2.3.4", 0x0506)) == bytes([16, 2, 5, 6, 1, 2, 3, 4]) + bytes(8)


@pytest.mark.parametrize(
    "address",
    [None, "x", ["127.0.0.1", 1], (), ("127.0.0.1",), ("127.0.0.1", 1, 2), ("127.0.0.1", "1"), ("127.0.0.1", 1.0),
     ("127.0.0.1", -1), ("127.0.0.1", 65536), ("127.0.0.1", 1 << 70)],
    ids=repr,
)  # fmt: skip
def test_errors_are_those_of_inet(address):
    with socket.socket() as sock:
        assert outcome(divert.pack, None, "bind", address) == outcome(sock.bind, address)


@given(data=st.binary(max_size=130))
def test_whatever_the_kernel_gives_is_an_address(data):
    host, port = divert.unpack(None, data)
    assert socket.inet_aton(host)
    assert 0 <= port <= 0xFFFF
