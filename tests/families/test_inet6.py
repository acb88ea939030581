"""AF_INET6."""

import socket

import pytest
from kernel import check_datagrams, lacking, opened, outcomes

from berkeley import socket as ours

WRONG = [
    None, "::1", ("::1",), ("::1", 0, 0, 0, 0), ("::1", 0, 1 << 20), ("::1", 0, -1), ("::1", 65536),
    ("::1", 0, 0.0), ("::1", 0, 0, "0"), ("::1", 0, 0, None),
    ("<broadcast>", 0), ("127.0.0.1", 0), ("::1%none", 0),
]  # fmt: skip


class Index:
    def __index__(self):
        return 0


@pytest.fixture(autouse=True)
def loopback():
    """The kernel may have IPv6, and the loopback interface no address of it."""
    with opened(ours, "AF_INET6", ours.SOCK_DGRAM) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError as error:
            lacking(f"address ::1: {error.strerror}")


@pytest.mark.parametrize(
    ("address", "name"),
    [(("::1", 0), "::1"), (("::1", 0, 0), "::1"), (("::1", 0, 0, 0), "::1"), (("0:0::0:1", Index()), "::1"),
     (("", 0), "::"), (("::", 0, 5), "::"), ((b"::1", 0, 0xFFFFF, 0), "::1"),
     (("::ffff:7f00:1", 0), "::ffff:127.0.0.1")],
)  # fmt: skip
def test_hosts(impl, address, name):
    with opened(impl, "AF_INET6", impl.SOCK_DGRAM) as sock:
        sock.bind(address)
        host, port, flowinfo, scope = sock.getsockname()
        assert (host, flowinfo, scope) == (name, 0, 0)
        assert 0 < port < 65536


@pytest.mark.parametrize("proto", ["IPPROTO_UDP", "IPPROTO_UDPLITE"])
def test_datagrams(impl, proto):
    check_datagrams(impl, "AF_INET6", getattr(impl, proto), "::1")


def test_flow_and_scope(impl):
    with opened(impl, "AF_INET6", impl.SOCK_DGRAM) as sock:
        index = impl.if_nametoindex(impl.if_nameindex()[0][1])
        sock.connect(("::1", 9, 0, index))
        assert sock.getpeername()[:3] == ("::1", 9, 0)


@pytest.mark.parametrize("address", WRONG, ids=repr)
def test_what_is_no_address(address):
    with opened(ours, "AF_INET6", ours.SOCK_DGRAM) as sock, opened(socket, "AF_INET6", ours.SOCK_DGRAM) as other:
        assert outcomes(sock, address) == outcomes(other, address)
