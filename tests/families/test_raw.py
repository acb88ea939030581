"""SOCK_RAW over IPv4 and IPv6. raw(7), icmp(7), ipv6(7), RFC 3542."""

import os
from struct import Struct, unpack

import pytest
from kernel import opened

from berkeley import constants

HOSTS = {"AF_INET": ("127.0.0.1", 0), "AF_INET6": ("::1", 0, 0, 0)}
# RFC 792, RFC 4443: type, code, checksum, identifier, number.
ECHO = Struct("!BBHHH")
REQUEST, REPLY = 8, 0
REQUEST6, REPLY6 = 128, 129
# RFC 3692: for experiments.
PROTOCOL = 253


def checksum(data):
    """RFC 1071."""
    total = sum(unpack(f"!{len(data) // 2}H", data))
    return ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF


@pytest.fixture
def own():
    """An identifier: other processes may send echo requests too."""
    return os.getpid() & 0xFFFF


@pytest.fixture
def raw(impl):
    with opened(impl, "AF_INET", impl.SOCK_RAW, impl.IPPROTO_ICMP) as sock:
        yield sock


@pytest.fixture
def raw6(impl):
    with opened(impl, "AF_INET6", impl.SOCK_RAW, impl.IPPROTO_ICMPV6) as sock:
        yield sock


def test_echo(raw, own):
    """The request and its answer, each behind the header of IPv4."""
    request = ECHO.pack(REQUEST, 0, 0, own, 1) + b"data"
    request = ECHO.pack(REQUEST, 0, checksum(request), own, 1) + b"data"
    raw.sendto(request, ("127.0.0.1", 0))
    reply = ECHO.pack(REPLY, 0, 0, own, 1) + b"data"
    reply = ECHO.pack(REPLY, 0, checksum(reply), own, 1) + b"data"
    seen = set()
    while len(seen) < 2:
        packet, address = raw.recvfrom(200)
        assert address == HOSTS["AF_INET"]
        if packet[24:26] == own.to_bytes(2, "big"):
            seen.add(packet[20:])
    assert seen == {request, reply}


def test_filter_of_icmp(impl, raw, own):
    """All types but one are kept away: a bit each."""
    raw.setsockopt(constants.SOL_RAW, constants.ICMP_FILTER, Struct("=I").pack(~(1 << REPLY) & 0xFFFFFFFF))
    raw.bind(("127.0.0.1", 0))
    # A port means nothing here, but without one the kernel denies that there is a peer.
    raw.connect(("127.0.0.1", 7))
    assert raw.getpeername() == ("127.0.0.1", 7)
    # The port of a raw socket's own address is its protocol.
    assert raw.getsockname() == ("127.0.0.1", impl.IPPROTO_ICMP)
    request = ECHO.pack(REQUEST, 0, 0, own, 2)
    raw.send(ECHO.pack(REQUEST, 0, checksum(request), own, 2))
    assert raw.recv(200)[20] == REPLY


def test_a_header_of_ones_own(impl):
    """A datagram that says to be of another address."""
    with (
        impl.socket(impl.AF_INET, impl.SOCK_DGRAM) as receiver,
        opened(impl, "AF_INET", impl.SOCK_RAW, impl.IPPROTO_UDP) as sender,
    ):
        receiver.bind(("127.0.0.1", 0))
        port = receiver.getsockname()[1]
        sender.setsockopt(impl.IPPROTO_IP, impl.IP_HDRINCL, 1)
        assert sender.getsockopt(impl.IPPROTO_IP, impl.IP_HDRINCL) == 1
        # The kernel fills in what is 0 of length, identification and checksum of the network's header.
        header = Struct("!BBHHHBBH4s4s").pack(
            0x45, 0, 0, 0, 0, 64, impl.IPPROTO_UDP, 0, impl.inet_aton("127.0.0.9"), impl.inet_aton("127.0.0.1")
        )
        datagram = Struct("!4H").pack(4321, port, 8 + 7, 0) + b"spoofed"
        sender.sendto(header + datagram, ("127.0.0.1", 0))
        assert receiver.recvfrom(100) == (b"spoofed", ("127.0.0.9", 4321))


def test_echo_over_ipv6(raw6, own):
    """The kernel computes the checksum, and keeps away the types whose bits are set: all but the answer's."""
    blocked = [0xFFFFFFFF] * 8
    blocked[REPLY6 // 32] -= 1 << REPLY6 % 32
    raw6.setsockopt(constants.SOL_ICMPV6, constants.ICMP6_FILTER, Struct("8I").pack(*blocked))
    raw6.sendto(ECHO.pack(REQUEST6, 0, 0, own, 3) + b"data", ("::1", 0))
    packets = iter(lambda: raw6.recvfrom(200), None)
    reply, address = next(packet for packet in packets if packet[0][4:6] == own.to_bytes(2, "big"))
    assert address == HOSTS["AF_INET6"]
    assert reply[:2] == bytes([REPLY6, 0])
    assert reply[4:] == own.to_bytes(2, "big") + b"\0\3data"
    # RFC 4443, 2.3: it covers the addresses, the length and the protocol too.
    pseudo = (bytes(15) + b"\1") * 2 + len(reply).to_bytes(4, "big") + bytes(3) + b"\x3a"
    assert checksum(pseudo + reply) == 0


@pytest.mark.parametrize(("offset", "expected"), [(2, True), (-1, False)])
def test_checksums_of_other_protocols(impl, offset, expected):
    """Where to put one, or -1 for none."""
    with (
        opened(impl, "AF_INET6", impl.SOCK_RAW, PROTOCOL) as sender,
        opened(impl, "AF_INET6", impl.SOCK_RAW, PROTOCOL) as receiver,
    ):
        sender.setsockopt(impl.IPPROTO_IPV6, impl.IPV6_CHECKSUM, offset)
        assert sender.getsockopt(impl.IPPROTO_IPV6, impl.IPV6_CHECKSUM) == offset
        sender.sendto(b"ab\0\0cdef", ("::1", 0))
        received, address = receiver.recvfrom(100)
        assert address == HOSTS["AF_INET6"]
        assert received[:2] + received[4:] == b"abcdef"
        pseudo = (bytes(15) + b"\1") * 2 + bytes([0, 0, 0, 8, 0, 0, 0, PROTOCOL])
        assert (received[2:4] != b"\0\0") is expected
        assert (checksum(pseudo + received) == 0) is expected


def test_a_header_of_ones_own_over_ipv6(impl):
    with (
        opened(impl, "AF_INET6", impl.SOCK_RAW, impl.IPPROTO_RAW) as sender,
        opened(impl, "AF_INET6", impl.SOCK_RAW, PROTOCOL) as receiver,
    ):
        sender.setsockopt(constants.IPPROTO_IPV6, constants.IPV6_HDRINCL, 1)
        receiver.setsockopt(impl.IPPROTO_IPV6, impl.IPV6_RECVHOPLIMIT, 1)
        loopback = impl.inet_pton(impl.AF_INET6, "::1")
        header = Struct("!IHBB16s16s").pack(6 << 28, 4, PROTOCOL, 77, loopback, loopback)
        sender.sendto(header + b"data", ("::1", 0))
        data, ancillary, _flags, address = receiver.recvmsg(100, 100)
        assert (data, address) == (b"data", HOSTS["AF_INET6"])
        assert ancillary == [(impl.IPPROTO_IPV6, impl.IPV6_HOPLIMIT, Struct("i").pack(77))]
