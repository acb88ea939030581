"""What the kernel knows of a datagram: told, decoded, and set in sending."""

import errno
import os
import select
import struct
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from waits import says

from berkeley import DatagramInfo, constants, socket

IP, IPV6, ALL = socket.IPPROTO_IP, socket.IPPROTO_IPV6, socket.SOL_SOCKET
LOOPBACK = 1  # the interface: the kernel makes it first in each network namespace

# By which socket and to which address, received by which: (family of the sender, of the receiver, the address as the
# sender has it, as the receiver has it).
WAYS = {
    "IPv4": (socket.AF_INET, socket.AF_INET, "127.0.0.1", "127.0.0.1"),
    "IPv6": (socket.AF_INET6, socket.AF_INET6, "::1", "::1"),
    "IPv4 to both": (socket.AF_INET, socket.AF_INET6, "127.0.0.1", "::ffff:127.0.0.1"),
    "both to IPv4": (socket.AF_INET6, socket.AF_INET, "::ffff:127.0.0.1", "127.0.0.1"),
    "both to both": (socket.AF_INET6, socket.AF_INET6, "::ffff:127.0.0.1", "::ffff:127.0.0.1"),
}


def opened(family, kind=socket.SOCK_DGRAM, proto=0):
    sock = socket.socket(family, kind, proto)
    sock.settimeout(10)
    if family == socket.AF_INET6 and kind == socket.SOCK_DGRAM:
        sock.setsockopt(IPV6, socket.IPV6_V6ONLY, 0)
    return sock


class Way:
    """A sender, a receiver that is told of all, and what one sends to the other."""

    def __init__(self, sender, receiver, target, local):
        self.sender, self.receiver, self.target, self.local = opened(sender), opened(receiver), target, local
        self.receiver.bind(("", 0))
        self.room = self.receiver.set_datagram_info(True)

    def send(self, info=None, data=b"data", to=None):
        ancdata = [] if info is None else info.ancdata(self.sender.family)
        self.sender.sendmsg([data], ancdata, 0, (to or self.target, self.receiver.getsockname()[1]))

    def received(self, size=100):
        """The data, its info, and the host that has sent it."""
        data, ancdata, flags, address = self.receiver.recvmsg(size, self.room)
        assert not flags & socket.MSG_CTRUNC
        return data, DatagramInfo.of(ancdata, flags), address[0]


@pytest.fixture(params=WAYS)
def way(request):
    made = Way(*WAYS[request.param])
    with made.sender, made.receiver:
        yield made


def test_all_that_is_told(way):
    before = time.time_ns()
    way.send()
    data, info, _ = way.received()
    assert before - 1_000_000 <= info.timestamp <= time.time_ns()
    assert (data, info.local_address, info.interface, info.tos, info.ecn) == (b"data", way.local, LOOPBACK, 0, 0)
    assert (info.ttl, info.segment_size, info.dropped, info.truncated) == (64, None, None, False)
    assert (info.descriptors, info.other) == ((), ())


@pytest.mark.parametrize("ecn", range(4))
def test_ecn(way, ecn):
    way.send(DatagramInfo(ecn=ecn))
    way.send(DatagramInfo(tos=0x28 | ecn, ecn=ecn))
    first, second = way.received()[1], way.received()[1]
    assert (first.ecn, first.tos, second.ecn, second.tos) == (ecn, ecn, ecn, 0x28 | ecn)


@pytest.mark.parametrize("ttl", [1, 33, 255])
def test_ttl(way, ttl):
    way.send(DatagramInfo(ttl=ttl))
    assert way.received()[1].ttl == ttl


def test_each_of_several_local_addresses(way):
    if way.target == "::1":
        pytest.skip("loopback has one IPv6 address")
    for last in "123":
        way.send(to=way.target[:-1] + last)
        assert way.received()[1].local_address == way.local[:-1] + last


def test_the_answer_comes_from_the_address_that_was_asked(way):
    """What was received says how to send: the address, and the interface."""
    asked = way.target if way.target == "::1" else way.target[:-1] + "3"
    way.sender.connect((asked, way.receiver.getsockname()[1]))  # so it hears nobody else
    way.sender.send(b"question")
    _, ancdata, flags, client = way.receiver.recvmsg(100, way.room)
    info = DatagramInfo.of(ancdata, flags)
    answer = DatagramInfo(local_address=info.local_address, interface=info.interface)
    way.receiver.sendmsg([b"answer"], answer.ancdata(way.receiver.family), 0, client)
    assert way.sender.recv(100) == b"answer"


def test_source_address(way):
    source = way.target if way.target == "::1" else way.target[:-1] + "9"
    way.send(DatagramInfo(local_address=source))
    assert way.received()[2] == (way.local if way.target == "::1" else way.local[:-1] + "9")


def test_interface(way):
    """Alone it is for destinations of the socket's own kind; with the address of IPv4's own for those."""
    mapped = way.target.startswith("::ffff:")
    any_address = "::ffff:0.0.0.0" if mapped else None
    way.send(DatagramInfo(local_address=any_address, interface=LOOPBACK))
    assert way.received()[1].interface == LOOPBACK
    with pytest.raises(OSError) as raised:
        way.send(DatagramInfo(local_address=any_address, interface=0x7FFF0000))
    assert raised.value.errno in (errno.ENODEV, errno.ENXIO, errno.ENETUNREACH, errno.EINVAL)


def test_truncated(way):
    way.send(data=b"0123456789")
    data, info, _ = way.received(4)
    assert (data, info.truncated) == (b"0123", True)


def test_dropped(way):
    """The count comes with the first datagram that was queued after the loss."""
    way.receiver.setsockopt(ALL, socket.SO_RCVBUF, 4096)
    sent = 100
    for _ in range(sent):
        way.send()
    received = 0
    while says(way.receiver, select.POLLIN):
        assert way.received()[1].dropped is None
        received += 1
    way.send()
    assert way.received()[1].dropped == sent - received > 0


def test_segments(way):
    try:
        way.sender.setsockopt(socket.SOL_UDP, constants.UDP_SEGMENT, 0)
        way.receiver.setsockopt(socket.SOL_UDP, constants.UDP_GRO, 1)
    except OSError as error:
        pytest.skip(f"this kernel has no UDP_SEGMENT or no UDP_GRO: {error.strerror}")
    way.send(DatagramInfo(segment_size=1000), data=bytes(3500))
    data, info, _ = way.received(65535)
    assert (len(data), info.segment_size) == (3500, 1000)
    way.receiver.setsockopt(socket.SOL_UDP, constants.UDP_GRO, 0)
    way.send(DatagramInfo(segment_size=1000, ecn=1), data=bytes(3500))
    rows = [way.received(65535) for _ in range(4)]
    assert [(len(data), info.segment_size, info.ecn) for data, info, _ in rows] == [
        (1000, None, 1), (1000, None, 1), (1000, None, 1), (500, None, 1)
    ]  # fmt: skip


# --- what the kernel tells otherwise

RX_SOFTWARE = constants.SOF_TIMESTAMPING_RX_SOFTWARE | constants.SOF_TIMESTAMPING_SOFTWARE


@pytest.mark.parametrize(
    ("option", "value", "step"),
    [
        (constants.SO_TIMESTAMP, 1, 1000),
        (constants.SO_TIMESTAMPNS, 1, 1),
        (constants.SO_TIMESTAMPING, RX_SOFTWARE, 1),
        # The same with 64 bits on every machine, since Linux 5.1 (SO_TIMESTAMP_NEW and so on).
        (63, 1, 1000),
        (64, 1, 1),
        (65, RX_SOFTWARE, 1),
    ],
)
def test_times_in_every_form(option, value, step):
    with opened(socket.AF_INET) as receiver, opened(socket.AF_INET) as sender:
        receiver.bind(("127.0.0.1", 0))
        receiver.setsockopt(ALL, option, value)
        messages = []
        while not messages:  # the kernel begins a moment later to take the times that SO_TIMESTAMPING tells
            before = time.time_ns()
            sender.sendto(b"", receiver.getsockname())
            _, messages, flags, _ = receiver.recvmsg(1, 500)
        [message] = messages
        info = DatagramInfo.of([message], flags)
        assert message[1] == option
        assert before - 1_000_000 <= info.timestamp <= time.time_ns()
        assert info.timestamp % step == 0
        assert info.other == ()


def test_the_time_that_is_told_twice():
    """The first is the field, and nothing is lost."""
    first = (ALL, constants.SO_TIMESTAMPNS, struct.pack("@ll", 5, 6))
    second = (ALL, constants.SO_TIMESTAMPING, struct.pack("@6l", 0, 0, 0, 0, 7, 8))
    assert DatagramInfo.of([first]).timestamp == 5_000_000_006
    assert DatagramInfo.of([second]).timestamp == 7_000_000_008
    info = DatagramInfo.of([first, second])
    assert (info.timestamp, info.other) == (5_000_000_006, (second,))


def test_the_destination_that_is_told_twice():
    with opened(socket.AF_INET6) as receiver, opened(socket.AF_INET) as sender:
        receiver.bind(("", 0))
        room = receiver.set_datagram_info(True)
        receiver.setsockopt(IP, socket.IP_PKTINFO, 1)
        sender.sendto(b"", ("127.0.0.2", receiver.getsockname()[1]))
        info = DatagramInfo.of(receiver.recvmsg(1, room + socket.CMSG_SPACE(12))[1])
        assert info.local_address == "::ffff:127.0.0.2"
        assert [message[:2] for message in info.other] == [(IP, socket.IP_PKTINFO)]


def test_unknown_messages_survive(way):
    if way.receiver.family == socket.AF_INET:
        kind = (IP, socket.IP_RECVORIGDSTADDR)
    elif way.local == "::1":
        kind = (IPV6, constants.IPV6_RECVORIGDSTADDR)
    else:
        kind = (IP, socket.IP_RECVORIGDSTADDR)
    way.receiver.setsockopt(*kind, 1)
    way.room += socket.CMSG_SPACE(28)
    way.send()
    _, info, _ = way.received()
    assert info.local_address == way.local
    [(level, number, data)] = info.other
    assert (level, number) == kind
    assert struct.unpack_from("!H", data, 2) == (way.receiver.getsockname()[1],)


OF_A_SIZE = [
    (IP, socket.IP_PKTINFO, 12), (IP, socket.IP_TOS, 1), (IP, socket.IP_TTL, 4), (IPV6, socket.IPV6_PKTINFO, 20),
    (IPV6, socket.IPV6_TCLASS, 4), (IPV6, socket.IPV6_HOPLIMIT, 4), (ALL, constants.SO_RXQ_OVFL, 4),
    (ALL, constants.SO_TIMESTAMP, 16), (ALL, constants.SO_TIMESTAMPNS, 16), (ALL, constants.SO_TIMESTAMPING, 48),
    (socket.SOL_UDP, constants.UDP_GRO, 4),
]  # fmt: skip


@pytest.mark.parametrize(("level", "kind", "size"), OF_A_SIZE)
def test_messages_of_another_size_survive(level, kind, size):
    assert DatagramInfo.of([(level, kind, b"\1" * size)]).other == ()
    for wrong in {*range(50)} - {size}:
        message = (level, kind, b"\1" * wrong)
        assert DatagramInfo.of([message]) == DatagramInfo(other=[message])


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 110), st.binary(max_size=60))))
def test_nothing_is_lost(messages):
    """Whatever is there is in a field, or in `other` in its order."""
    info = DatagramInfo.of(messages)
    known = {(level, kind) for level, kind, _ in OF_A_SIZE} | {(ALL, n) for n in (socket.SCM_RIGHTS, 63, 64, 65)}
    assert [message for message in messages if message[:2] not in known or message in info.other] == [*info.other]


def test_anything_with_items_is_taken():
    """As what sendmsg() takes: an iterable of triples, of which the last is a buffer."""
    message = (IP, socket.IP_TTL, memoryview(struct.pack("@i", 9)))
    assert DatagramInfo.of(iter([message]), flags=socket.MSG_TRUNC | socket.MSG_EOR).truncated is True
    assert DatagramInfo.of((message,)).ttl == 9
    for wrong in (None, [None], [(1, 2)], [(1, 2, "text")], [("1", 2, b"")]):
        with pytest.raises((TypeError, ValueError)):
            DatagramInfo.of(wrong)


# --- descriptors, and other families


def test_descriptors():
    here, there = socket.socketpair(type=socket.SOCK_DGRAM)
    reading, writing = os.pipe()
    with here, there:
        room = there.set_datagram_info(True) + socket.CMSG_SPACE(8)
        socket.send_fds(here, [b"data"], [reading, writing])
        _, ancdata, flags, _ = there.recvmsg(100, room)
        info = DatagramInfo.of(ancdata, flags)
        first, second = info.descriptors
        os.write(second, b"through")
        assert os.read(first, 100) == b"through"
        assert time.time_ns() - info.timestamp < 60e9
        assert info.other == ()
        with pytest.raises(ValueError, match="SCM_RIGHTS"):
            info.ancdata(socket.AF_UNIX)
    for fd in (reading, writing, first, second):
        os.close(fd)


def test_descriptors_of_several_messages():
    info = DatagramInfo.of([(ALL, socket.SCM_RIGHTS, struct.pack("@2i", 7, 8)), (ALL, socket.SCM_RIGHTS, b"\0" * 4)])
    assert info.descriptors == (7, 8, 0)
    for size in (1, 7):
        message = (ALL, socket.SCM_RIGHTS, bytes(size))
        assert DatagramInfo.of([message]).other == (message,)


def test_sequenced_packets_are_datagrams():
    here, there = socket.socketpair(type=socket.SOCK_SEQPACKET)
    with here, there:
        room = there.set_datagram_info(True)
        here.send(b"data")
        _, ancdata, flags, _ = there.recvmsg(100, room)
        assert DatagramInfo.of(ancdata, flags).timestamp


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_SEQPACKET])
def test_no_room_for_descriptors(kind):
    """A peer sends what it likes, to a program that does not look for it."""
    here, there = socket.socketpair(socket.AF_UNIX, kind)
    with here, there, open(os.devnull) as file:
        room = there.set_datagram_info(True)
        socket.send_fds(here, [b"x"], [file.fileno()] * 30)
        before = os.listdir("/proc/self/fd")
        _, ancdata, flags, _ = there.recvmsg(100, room)
        assert os.listdir("/proc/self/fd") == before
        assert flags & socket.MSG_CTRUNC
        assert DatagramInfo.of(ancdata, flags).timestamp


def test_packets():
    try:
        sock = opened(socket.AF_PACKET, socket.SOCK_DGRAM)
    except PermissionError:
        pytest.skip("AF_PACKET wants root")
    with sock:
        room = sock.set_datagram_info(True)
        sock.bind((socket.if_indextoname(LOOPBACK), 0x88B5))
        sock.sendto(b"data", (socket.if_indextoname(LOOPBACK), 0x88B5))
        _, ancdata, flags, _ = sock.recvmsg(100, room)
        assert DatagramInfo.of(ancdata, flags).timestamp


def test_netlink_takes_what_it_can():
    with opened(socket.AF_NETLINK, socket.SOCK_RAW) as sock:
        assert sock.set_datagram_info(True) >= socket.CMSG_SPACE(16)


def test_raw_sockets_of_ipv6():
    """They have no options of IPv4's."""
    try:
        sock = opened(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
    except PermissionError:
        pytest.skip("SOCK_RAW wants root")
    with sock:
        sock.set_datagram_info(True)
        assert sock.getsockopt(IPV6, socket.IPV6_RECVHOPLIMIT) == 1


# --- the switch

OPTIONS = {
    socket.AF_INET: [(IP, socket.IP_PKTINFO), (IP, socket.IP_RECVTOS), (IP, socket.IP_RECVTTL)],
    socket.AF_INET6: [
        (IPV6, socket.IPV6_RECVPKTINFO), (IPV6, socket.IPV6_RECVTCLASS), (IPV6, socket.IPV6_RECVHOPLIMIT),
        (IP, socket.IP_RECVTOS), (IP, socket.IP_RECVTTL),
    ],
}  # fmt: skip
OF_ALL = [(ALL, constants.SO_TIMESTAMPNS), (ALL, constants.SO_RXQ_OVFL)]


def options_of(sock):
    return [sock.getsockopt(*option) for option in OF_ALL + OPTIONS[sock.family]]


@pytest.mark.parametrize("family", OPTIONS)
def test_on_and_off(family):
    with opened(family) as sock:
        before = options_of(sock)
        assert sock.set_datagram_info(True) > 100
        assert set(options_of(sock)) == {1}
        assert sock.set_datagram_info(False) == 0
        assert options_of(sock) == before == [0] * len(before)


class Refusing(socket.socket):
    """One option is refused."""

    refused = (IP, socket.IP_RECVTTL)
    number = errno.EPERM

    def setsockopt(self, level, option, value):
        if (level, option) == self.refused and value:
            raise OSError(self.number, os.strerror(self.number))
        super().setsockopt(level, option, value)


@pytest.mark.parametrize("family", OPTIONS)
def test_half_of_it_is_undone(family):
    with Refusing(family, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(ALL, constants.SO_RXQ_OVFL, 1)
        before = options_of(sock)
        with pytest.raises(PermissionError):
            sock.set_datagram_info(True)
        assert options_of(sock) == before


@pytest.mark.parametrize("number", [errno.ENOPROTOOPT, errno.EOPNOTSUPP])
def test_what_the_kernel_lacks_is_left_out(monkeypatch, number):
    monkeypatch.setattr(Refusing, "number", number)
    with Refusing(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.set_datagram_info(True)
        assert options_of(sock) == [1, 1, 1, 1, 0]


def test_where_there_is_nothing_to_switch(tcp):
    with pytest.raises(ValueError, match="stream"):
        socket.socket.set_datagram_info(tcp[0], True)
    sock = opened(socket.AF_INET)
    sock.close()
    with pytest.raises(OSError) as raised:
        sock.set_datagram_info(True)
    assert raised.value.errno == errno.EBADF


@pytest.fixture
def impl():
    """Only ours has them."""
    return socket
