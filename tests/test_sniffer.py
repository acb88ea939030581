"""The sniffer of examples/, on a loopback interface of its own."""

import fcntl
import re
import signal
import struct
import sys
from contextlib import contextmanager

import pytest
from networks import own_network

from berkeley import constants, socket

SIGNALS = [signal.SIGINT, signal.SIGTERM]
IFREQ = struct.Struct("16sh22x")  # <linux/if.h>: name, flags
# <linux/rtnetlink.h>, <linux/netlink.h>, <linux/if_link.h>
RTM_GETLINK, NLM_F_REQUEST, IFLA_PROMISCUITY = 18, 1, 30


@pytest.fixture
def quiet():
    """A network namespace for this test alone, where all that passes on loopback is the test's."""
    with own_network():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            fcntl.ioctl(sock, constants.SIOCSIFFLAGS, IFREQ.pack(b"lo", constants.IFF_UP))
        yield


@contextmanager
def sniffing(example, *arguments):
    with example("sniffer.py", *arguments) as sniffer:
        assert sniffer.stdout.readline() == "listening on lo\n"
        yield sniffer


def seen(sniffer, pattern):
    """The first line that the pattern is in."""
    return next(filter(None, (re.search(pattern, line) for line in sniffer.stdout)))


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("number", SIGNALS)
def test_sniffer(example, number):
    nobody = ":".join(["00"] * 6)
    with sniffing(example) as sniffer:
        with (
            socket.create_server(("127.0.0.1", 0)) as listener,
            socket.create_connection(listener.getsockname()) as client,
        ):
            source, target = client.getsockname()[1], listener.getsockname()[1]
            pattern = f" (in|out) +{nobody} > {nobody} IPv4 127.0.0.1 > 127.0.0.1 ttl 64, TCP {source} > {target} SYN, "
            assert seen(sniffer, pattern + r"seq \d+, window \d+, 0 bytes\n")
            client.sendall(b"four")
            assert seen(sniffer, rf" TCP {source} > {target} PSH ACK, .*, 4 bytes\n")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind(("127.0.0.1", 0))
            port = sock.getsockname()[1]
            sock.sendto(b"x" * 20_000, ("127.0.0.1", port))
            assert seen(sniffer, f" UDP {port} > {port}, 20000 bytes\n")
        hardware, one, two = bytes(6), socket.inet_aton("192.0.2.1"), socket.inet_aton("192.0.2.2")
        request = bytes.fromhex("0001 0800 06 04 0001") + hardware + one + hardware + two
        with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0) as sock:
            sock.sendto(request, ("lo", constants.ETH_P_ARP))
            assert seen(sniffer, r" ARP who has 192\.0\.2\.2\? tell 192\.0\.2\.1\n")
            sock.sendto(b"short", ("lo", constants.ETH_P_IPV6))
            assert seen(sniffer, f" cut off: {bytes(12).hex()}86dd{b'short'.hex()}\n")
        sniffer.send_signal(number)
        assert re.search(r"^\d+ frames, \d+ of them dropped by the kernel\n$", sniffer.stdout.read(), re.MULTILINE)


@pytest.mark.usefixtures("quiet")
def test_sniffer_over_ipv6(example):
    if not socket.has_dualstack_ipv6():
        pytest.skip("this machine has no IPv6")
    with sniffing(example) as sniffer, socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
        sock.bind(("::1", 0))
        port = sock.getsockname()[1]
        sock.sendto(b"six", ("::1", port))
        assert seen(sniffer, f" IPv6 ::1 > ::1 hops 64, UDP {port} > {port}, 3 bytes\n")
        sniffer.send_signal(signal.SIGTERM)
        sniffer.stdout.read()


@pytest.mark.usefixtures("quiet")
def test_promiscuous_sniffer(example):
    assert promiscuity() == 0
    with sniffing(example, "--promiscuous", "--count=1") as sniffer:
        assert promiscuity() == 1
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.sendto(b"", ("127.0.0.1", 9))
        first, last = sniffer.stdout
        assert " > 9, 0 bytes" in first
        assert last.endswith(" dropped by the kernel\n")
    assert promiscuity() == 0


def promiscuity():
    """How many have asked that loopback be promiscuous: interface 1, by rtnetlink(7)."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as sock:
        # struct nlmsghdr, struct ifinfomsg
        sock.send(struct.pack("IHHIIBxHiII", 32, RTM_GETLINK, NLM_F_REQUEST, 0, 0, 0, 0, 1, 0, 0))
        answer = sock.recv(65536)
    place = 32
    while True:
        length, kind = struct.unpack_from("HH", answer, place)
        if kind == IFLA_PROMISCUITY:
            return int.from_bytes(answer[place + 4 : place + length], sys.byteorder)
        place += (length + 3) & ~3


def test_sniffer_without_rights_or_interface(example):
    with example("sniffer.py", "no-such", status=1, says="(no-such: .*No such device|this takes root.*)\n") as sniffer:
        assert sniffer.stdout.read() == ""
