"""AF_RDS."""

import socket

import pytest
from kernel import claimed, opened, outcomes

from berkeley import constants
from berkeley import socket as ours


def test_datagrams(impl):
    with opened(impl, "AF_RDS", impl.SOCK_SEQPACKET) as a, opened(impl, "AF_RDS", impl.SOCK_SEQPACKET) as b:
        a.bind(("127.0.0.1", 0))
        b.bind(("localhost", 0))
        (host, port), other = a.getsockname(), b.getsockname()
        assert host == "127.0.0.1"
        assert port != other[1]
        a.settimeout(10)
        b.settimeout(10)
        a.sendto(b"to b", other)
        assert b.recvfrom(100) == (b"to b", (host, port))
        b.connect((host, port))
        assert b.getpeername() == (host, port)
        b.send(b"to a")
        assert a.recvmsg(100)[::3] == (b"to a", other)


def test_unbound():
    """There is no address yet, and so none of its family: AF_UNSPEC."""
    with opened(ours, "AF_RDS", ours.SOCK_SEQPACKET) as sock:
        assert sock.getsockname() == (ours.AF_UNSPEC, bytes(14))


def test_over_tcp():
    with opened(ours, "AF_RDS", ours.SOCK_SEQPACKET) as sock:
        sock.setsockopt(ours.SOL_RDS, constants.SO_RDS_TRANSPORT, constants.RDS_TRANS_TCP)
        sock.bind(("127.0.0.1", 0))
        assert sock.getsockopt(ours.SOL_RDS, constants.SO_RDS_TRANSPORT) == constants.RDS_TRANS_TCP


@pytest.mark.parametrize(
    "address",
    [
        None, "x", ["127.0.0.1", 1], (), ("127.0.0.1",), ("127.0.0.1", 1, 2), (1, 2), ("127.0.0.1", "1"),
        ("127.0.0.1", -1), ("127.0.0.1", 65536), ("127.0.0.1", 1 << 70), ("127.0.0.1\0", 1), (None, 1),
    ],
    ids=repr,
)  # fmt: skip
def test_what_is_no_address(address):
    with claimed(ours, "AF_RDS", ours.SOCK_SEQPACKET) as sock, claimed(socket, "AF_RDS", ours.SOCK_SEQPACKET) as other:
        assert outcomes(sock, address) == outcomes(other, address)


@pytest.mark.parametrize("host", ["127.0.0.1", b"127.0.0.1", bytearray(b"127.0.0.1"), "localhost", ""])
def test_addresses_are_those_of_inet(host):
    """What AF_RDS hands to the kernel is a sockaddr_in: a UDP descriptor that is said to be RDS takes it."""
    with claimed(ours, "AF_RDS", ours.SOCK_SEQPACKET) as sock:
        sock.bind((host, 0))
        assert sock.getsockname()[0] == ("127.0.0.1" if host else "0.0.0.0")
