"""AF_INET."""

import socket

import pytest
from kernel import check_datagrams, opened, outcomes

from berkeley import socket as ours

WRONG = [
    None, "127.0.0.1", ["127.0.0.1", 0], (), ("127.0.0.1",), ("127.0.0.1", 0, 0), (None, 0), (1, 0),
    ("127.0.0.1", "0"), ("127.0.0.1", 0.0), ("127.0.0.1", None), ("127.0.0.1", -1), ("127.0.0.1", 65536),
    ("127.0.0.1", 1 << 70), ("::1", 0), ("127.0.0.1\0", 0),
    (b"\0", 0), ("\udcff", 0), (memoryview(b"127.0.0.1"), 0), ("127.0.0.1", [])]  # fmt: skip
INET6 = [None, "::1", ("::1",), ("::1", 0, 0, 0, 0), ("::1", 0, 1 << 20), ("::1", 0, -1), ("::1", 65536),
     ("::1", 0, 0.0), ("::1", 0, 0, "0"), ("::1", 0, 0, None),
     ("<broadcast>", 0), ("127.0.0.1", 0), ("::1%none", 0),
]  # fmt: skip


class Text(str):
    """A str that is not exactly one."""


class Pair(tuple):
    """A tuple that is not exactly one."""


@pytest.mark.parametrize(
    ("host", "name"),
    [("127.0.0.1", "127.0.0.1"), (b"127.0.0.1", "127.0.0.1"), (bytearray(b"127.0.0.1"), "127.0.0.1"), ("", "0.0.0.0"),
     (Text("127.0.0.2"), "127.0.0.2"), ("127.3", "127.0.0.3"), ("localhost", "127.0.0.1"), ("0.0.0.0", "0.0.0.0"),
     ("<broadcast>", "255.255.255.255"), (b"<broadcast>", "255.255.255.255"), ("255.255.255.255", "255.255.255.255")],
)  # fmt: skip
@pytest.mark.parametrize("proto", ["IPPROTO_UDP", "IPPROTO_UDPLITE"])
def test_hosts(impl, host, name, proto):
    with opened(impl, "AF_INET", impl.SOCK_DGRAM, getattr(impl, proto)) as sock:
        sock.bind(Pair((host, 0)))
        assert sock.getsockname()[0] == name
        assert type(sock.getsockname()) is tuple
        assert sock.getsockname()[1] > 0


@pytest.mark.parametrize("proto", ["IPPROTO_UDP", "IPPROTO_UDPLITE"])
def test_datagrams(impl, proto):
    check_datagrams(impl, "AF_INET", getattr(impl, proto), "127.0.0.1")


@pytest.mark.parametrize("address", WRONG, ids=repr)
def test_what_is_no_address(address):
    with opened(ours, "AF_INET", ours.SOCK_DGRAM) as sock, opened(socket, "AF_INET", ours.SOCK_DGRAM) as other:
        assert outcomes(sock, address) == outcomes(other, address)
