"""Addresses, good and bad, of each family, for each call that takes one."""

import socket as standard
from dataclasses import dataclass, field
from typing import Any

import pytest
from drive import each, examples, same
from hypothesis import given
from hypothesis import strategies as st
from situations import Opened
from values import BROKEN, WRITABLE, Index, Octets, Pair, Text, anything, fresh, no_text, numbers

FULL_WIDTH = "\uff11\uff12\uff17.0.0.1"  # IDNA makes digits of these
HOSTS4 = [
    "127.0.0.1", "", "0.0.0.0", "127.1", "127.0.1", "0x7f.1", "2130706433", "localhost", "127.0.0.2", b"127.0.0.1",
    Text("127.0.0.1"), Octets(b"127.0.0.1"), "<broadcast>", "255.255.255.255",
]  # fmt: skip
HOSTS6 = ["::1", "::", "", "0:0:0:0:0:0:0:1", "::ffff:127.0.0.1", "fe80::1%lo", "::1%lo", "::1%1", b"::1", "localhost"]
# None of these is asked of a name server: they have another family, or cannot be names.
BAD_HOSTS = [
    "::1", "127.0.0.1", "127.0.0.1\0", "\0", b"127.0.0.1\0", "::1%nosuch", "\udcff", "x" * 64, "x." * 130,
    "a..b", "é" * 64, "x" * 64 + ".é", FULL_WIDTH, "<broadcast>", "255.255.255.255", *fresh(
        bytearray=lambda: bytearray(b"127.0.0.1"), view=lambda: memoryview(b"127.0.0.1")
    ),
]  # fmt: skip
PORTS = [0, 1, 65535, 65536, -1, True, Index(0), 2**31, 2**64, -(2**31) - 1]
FLOWS = [0, 1, 2**20 - 1, 2**20, 2**32, -1, 2**64]

sampled = st.sampled_from
ports = sampled(PORTS) | numbers
paths = sampled([
    "own", b"own", "", b"", "other", "no/such", "\0berkeley", b"\0berkeley", "\0" + "x" * 107, b"\0" + b"x" * 108,
    "x" * 107, b"x" * 108, "x" * 109, "é", "\udcff", "\ud800", b"\xff", ".", "/", Text("own"), Octets(b"own"),
    "\0a\0b", *WRITABLE, *BROKEN,
    *fresh(bytearray_path=lambda: bytearray(b"own"), view_of_path=lambda: memoryview(b"own")),
])  # fmt: skip
interfaces = sampled(
    ["lo", "", "nosuch", "x" * 15, "x" * 16, "x" * 40, "é", "\udcff", b"lo", Text("lo"), "l\0", "lo:1"]
)
octets = sampled([b"", b"abcdef", b"12345678", b"123456789", *WRITABLE])
texts = sampled(
    ["hash", "sha256", "skcipher", "x" * 13, "x" * 14, "y" * 63, "y" * 64, "é", "\udcff", "", "a\0", b"hash"]
)


@dataclass(frozen=True, repr=False)
class Family:
    """A family: what its sockets are opened with, and what the elements of an address are, of which some may lack.

    `claimed`: the machine may lack it. `other` are addresses that are no tuples.
    """

    name: str
    kinds: tuple
    elements: tuple
    claimed: bool = False
    other: Any = field(default_factory=lambda: sampled(["text", b"octets", ["list", 0], None, 5]))

    def __repr__(self):
        return f"{self.name}{'?' if self.claimed else ''}"

    def situations(self):
        family = getattr(standard, self.name)
        return sampled([Opened(int(family), int(kind), proto, self.claimed) for kind, proto in self.kinds])

    def addresses(self):
        """Mostly tuples of sound elements, of which one may be odd and some may lack; and other values."""
        whole = st.tuples(*self.elements)
        cut = st.integers(0, len(self.elements)).flatmap(lambda size: st.tuples(*self.elements[:size]))
        one_odd = st.integers(0, len(self.elements) - 1).flatmap(self.with_odd)
        tuples = whole | cut | one_odd | st.tuples(*self.elements, anything)
        return tuples | tuples.map(Pair) | tuples.map(list) | self.other | no_text

    def with_odd(self, at):
        return st.tuples(*self.elements[:at], no_text, *self.elements[at + 1 :])


hosts4, hosts6 = sampled(HOSTS4 + BAD_HOSTS), sampled(HOSTS6 + BAD_HOSTS)
NUMBERS2, NUMBERS5 = (numbers,) * 2, (numbers,) * 5
PACKET = Family("AF_PACKET", ((standard.SOCK_RAW, 3),), (interfaces, ports, numbers, numbers, octets), claimed=True)
FAMILIES = [
    Family("AF_INET", ((standard.SOCK_STREAM, 0), (standard.SOCK_DGRAM, 0)), (hosts4, ports)),
    Family(
        "AF_INET6",
        ((standard.SOCK_STREAM, 0), (standard.SOCK_DGRAM, 0)),
        (hosts6, ports, sampled(FLOWS) | numbers, sampled([0, 1, 2**32, -1]) | numbers),
    ),
    Family("AF_UNIX", ((standard.SOCK_STREAM, 0), (standard.SOCK_DGRAM, 0)), (paths,), other=paths),
    Family("AF_NETLINK", ((standard.SOCK_RAW, 0), (standard.SOCK_RAW, 4)), NUMBERS2),
    Family("AF_VSOCK", ((standard.SOCK_STREAM, 0),), NUMBERS2),
    # What the machine may lack.
    Family("AF_VSOCK", ((standard.SOCK_STREAM, 0),), NUMBERS2, claimed=True),
    PACKET,
    Family("AF_RDS", ((standard.SOCK_SEQPACKET, 0),), (hosts4, ports), claimed=True),
    Family("AF_QIPCRTR", ((standard.SOCK_DGRAM, 0),), NUMBERS2, claimed=True),
    Family("AF_TIPC", ((standard.SOCK_RDM, 0),), NUMBERS5, claimed=True),
    Family("AF_ALG", ((standard.SOCK_SEQPACKET, 0),), (texts, texts, numbers, numbers), claimed=True),
    Family("AF_CAN", ((standard.SOCK_RAW, 1), (standard.SOCK_DGRAM, 2)), (interfaces,), claimed=True),
    Family("AF_CAN", ((standard.SOCK_DGRAM, 6),), (interfaces, numbers, numbers), claimed=True),
    Family("AF_CAN", ((standard.SOCK_DGRAM, 7),), (interfaces, numbers, numbers, numbers), claimed=True),
    Family("AF_CAN", ((standard.SOCK_DGRAM, 0), (standard.SOCK_DGRAM, 3)), (interfaces,), claimed=True),
    # Nobody knows these. No pairs (family, bytes) are among the addresses: berkeley takes them.
    Family("AF_X25", ((standard.SOCK_SEQPACKET, 0),), (texts, texts, texts), claimed=True),
    Family("AF_UNSPEC", ((standard.SOCK_RAW, 0),), (texts, texts, texts), claimed=True),
]


METHODS = [("bind",), ("connect",), ("connect_ex",), ("sendto", b"x"), ("sendto", b"x", 0), ("sendmsg", [b"x"], [], 0)]


@pytest.mark.parametrize("family", FAMILIES, ids=repr)
@each
@given(data=st.data())
def test_address(family, data):
    where = data.draw(family.situations())
    openable(where)
    address = data.draw(family.addresses())
    for method, *before in METHODS:
        same(where, method, *before, address)


@pytest.mark.parametrize("address", [("::1", 2**31, 0, 1.0), ("::1", -1, 0, 1.0), ("::1", -(2**70), "x")])
def test_bad_port_with_bad_scope(address):
    for method, *before in METHODS:
        same(Opened(int(standard.AF_INET6), int(standard.SOCK_DGRAM), 0), method, *before, address)


# To close a packet socket takes the kernel tens of milliseconds.
@examples(5)
@given(data=st.data())
def test_packet_address(data):
    where = Opened(int(standard.AF_PACKET), int(standard.SOCK_DGRAM))
    openable(where)
    same(where, "bind", data.draw(PACKET.addresses()))


def openable(where):
    try:
        standard.socket(where.family, where.kind, where.proto).close()
    except OSError as error:
        if not where.claimed:
            pytest.skip(f"no such sockets here: {error}")
