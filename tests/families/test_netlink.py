"""AF_NETLINK."""

import socket
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kernel import claimed, opened, outcomes
from layouts import layout

from berkeley import socket as ours
from berkeley.families import netlink

numbers = st.integers(0, 0xFFFFFFFF)


class Pair(tuple):
    """A tuple that is not exactly one."""


class Index:
    def __index__(self):
        return 0


def test_messages(impl):
    kind, proto = impl.SOCK_RAW, impl.NETLINK_USERSOCK
    with opened(impl, "AF_NETLINK", kind, proto) as a, opened(impl, "AF_NETLINK", kind, proto) as b:
        a.bind((0, 0))
        b.bind(Pair((0, Index())))
        pid, groups = b.getsockname()
        assert pid != a.getsockname()[0] > 0
        assert groups == 0
        message = (20).to_bytes(4, sys.byteorder) + bytes(16)
        a.sendto(message, (pid, 0))
        assert b.recvfrom(100) == (message, a.getsockname())
        b.connect(a.getsockname())
        assert b.getpeername() == a.getsockname()


@given(address=st.tuples(numbers, numbers))
def test_round_trip(address):
    assert netlink.unpack(None, netlink.pack(None, "bind", address)) == address


def test_struct(tmp_path):
    struct = layout(tmp_path, "linux/netlink.h", "struct sockaddr_nl", "nl_family", "nl_pid", "nl_groups")
    packed = netlink.pack(None, "bind", (0x01020304, 0x05060708))
    assert len(packed) == struct[""]
    for field, value in {"nl_family": ours.AF_NETLINK, "nl_pid": 0x01020304, "nl_groups": 0x05060708}.items():
        offset, size = struct[field]
        assert int.from_bytes(packed[offset : offset + size], sys.byteorder) == value


@pytest.mark.parametrize(
    "address",
    [None, "x", [0, 0], (), (0,), (0, 0, 0), ("0", 0), (0.0, 0), (None, 0), (1 << 70, "0"), (1 << 70, -1)],
    ids=repr,
)
def test_what_is_no_address(address):
    with claimed(ours, "AF_NETLINK", ours.SOCK_RAW) as sock, claimed(socket, "AF_NETLINK", ours.SOCK_RAW) as other:
        assert outcomes(sock, address) == outcomes(other, address)
