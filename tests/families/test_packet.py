"""AF_PACKET."""

import socket
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kernel import claimed, opened, outcomes
from layouts import layout

from berkeley import socket as ours
from berkeley.families import packet

WRONG = [
    None, "lo", ["lo", 0], ("lo",), ("lo", 0, 0, 0, b"", 0), (b"lo", 0), (None, 0), ("no-such-interface", 0),
    ("lo", -1), ("lo", 65536), ("lo", 1 << 40), ("lo", "0"), ("lo", 0, 1 << 40),
    ("lo", 0, None), ("lo", 0, 0, 0, b"123456789"),
    ("lo", 0, 0, 0, "x"), ("lo", 0, 0, 0, None), ("lo\0", 0), ("\udcff", 0),
]  # fmt: skip
ETH_P_802_EX1 = 0x88B5  # for experiments on one network


@pytest.mark.parametrize("more", [(), (0,), (0, 0), (0, 0, b""), (0, 772, bytearray(6))])
def test_packet(impl, more):
    loopback = impl.if_indextoname(1)
    with opened(impl, "AF_PACKET", impl.SOCK_DGRAM) as sock:
        sock.bind((loopback, ETH_P_802_EX1))
        assert sock.getsockname() == (loopback, ETH_P_802_EX1, 0, 772, bytes(6))
        sock.sendto(b"data", (loopback, ETH_P_802_EX1, *more))
        data, address = sock.recvfrom(10)
        assert data == b"data"
        assert address == (loopback, ETH_P_802_EX1, address[2], 772, bytes(6))
        # To whom it was addressed: without a hardware address, the standard module sends to whatever was in memory.
        assert impl.PACKET_HOST <= address[2] <= impl.PACKET_OUTGOING


@given(
    protocol=st.integers(0, 0xFFFF),
    packet_type=st.integers(0, 0xFF),
    hardware_type=st.integers(0, 0xFFFF),
    hardware=st.binary(max_size=8),
    interface=st.sampled_from([name for _, name in ours.if_nameindex()]),
)
def test_round_trip(interface, protocol, packet_type, hardware_type, hardware):
    address = (interface, protocol, packet_type, hardware_type, hardware)
    with claimed(ours, "AF_PACKET", ours.SOCK_RAW) as sock:
        assert packet.unpack(sock, packet.pack(sock, "bind", address)) == address


def test_struct(tmp_path):
    fields = {
        "sll_family": (ours.AF_PACKET, sys.byteorder),
        "sll_protocol": (0x0102, "big"),
        "sll_ifindex": (1, sys.byteorder),
        "sll_hatype": (0x0304, sys.byteorder),
        "sll_pkttype": (5, sys.byteorder),
        "sll_halen": (8, sys.byteorder),
        "sll_addr": (0x0607080910111213, "big"),
    }
    struct = layout(tmp_path, "linux/if_packet.h", "struct sockaddr_ll", *fields)
    with claimed(ours, "AF_PACKET", ours.SOCK_RAW) as sock:
        address = (ours.if_indextoname(1), 0x0102, 5, 0x0304, bytes.fromhex("0607080910111213"))
        packed = packet.pack(sock, "bind", address)
    assert len(packed) == struct[""]
    for field, (value, order) in fields.items():
        offset, size = struct[field]
        assert int.from_bytes(packed[offset : offset + size], order) == value


def test_a_hardware_address_of_more_than_the_struct_has():
    """InfiniBand's has 20 bytes (packet(7)): as many as the kernel gave."""
    raw = packet._SOCKADDR_LL.pack(ours.AF_PACKET, b"\0\3", 0, 32, 0, 20, b"01234567")
    with claimed(ours, "AF_PACKET", ours.SOCK_RAW) as sock:
        assert packet.unpack(sock, raw + b"89abcdefghij") == ("", 3, 0, 32, b"0123456789abcdefghij")
        assert packet.unpack(sock, raw) == ("", 3, 0, 32, b"01234567")
        assert packet.unpack(sock, raw[:14]) == ("", 3, 0, 32, b"01")
        assert packet.unpack(sock, raw[:6]) == ("", 3, 0, 0, b"")


@pytest.mark.parametrize("address", WRONG, ids=repr)
def test_what_is_no_address(address):
    with claimed(ours, "AF_PACKET", ours.SOCK_DGRAM) as sock, claimed(socket, "AF_PACKET", ours.SOCK_DGRAM) as other:
        assert outcomes(sock, address) == outcomes(other, address)
