"""send_segments() and set_coalescing(): datagrams that the kernel cuts and joins."""

import errno
import shutil
import struct
import subprocess

import pytest
from networks import own_network
from waits import LONG, SHORT, late

import berkeley
from berkeley import constants, socket

# Over loopback, whose MTU is 65,536; an IPv4 packet has 65,535 bytes at most.
LARGEST = {socket.AF_INET: 65507, socket.AF_INET6: 65536 - 48}


@pytest.fixture(params=[socket.AF_INET, socket.AF_INET6], ids=["ipv4", "ipv6"])
def udp(request):
    """A sender, and a receiver with much room."""
    host = "127.0.0.1" if request.param == socket.AF_INET else "::1"
    with (
        socket.socket(request.param, socket.SOCK_DGRAM) as here,
        socket.socket(request.param, socket.SOCK_DGRAM) as there,
    ):
        for sock in (here, there):
            sock.bind((host, 0))
            sock.settimeout(LONG)
        yield here, there


@pytest.fixture
def in_kernel(udp):
    if not udp[0].segments_in_kernel():
        pytest.skip("the kernel has no UDP_SEGMENT")


def numbered(count, size):
    return b"".join(number.to_bytes(2, "big") * (size // 2) for number in range(count))


@pytest.mark.parametrize("by_kernel", [True, False], ids=["by the kernel", "by itself"])
@pytest.mark.parametrize("last", [0, 10])
def test_cut(udp, by_kernel, last):
    here, there = udp
    if not by_kernel:
        # A socket that takes no sums cannot: it is found out by trying (udp(7)).
        if here.family == socket.AF_INET6:
            pytest.skip("IPv6 has no SO_NO_CHECK")
        here.setsockopt(socket.SOL_SOCKET, constants.SO_NO_CHECK, 1)
    data = numbered(100, 200)[: 20_000 - last]
    assert here.send_segments(data, 200, there.getsockname()) == len(data)
    assert here.segments_in_kernel() is by_kernel
    parts = []
    while sum(map(len, parts)) < len(data):
        parts += [part for part, *_ in there.recvmmsg(200, 1000)]
    assert b"".join(parts) == data
    assert {len(part) for part in parts[:-1]} == {200}


def test_to_the_peer(udp):
    here, there = udp
    here.connect(there.getsockname())
    assert here.send_segments(b"abcde", 2) == 5
    assert [data for data, *_ in there.recvmmsg(9, 10)] == [b"ab", b"cd", b"e"]
    assert here.send_segments(b"", 2) == 0
    assert there.recv(10) == b""


def test_the_largest(udp):
    here, there = udp
    size = LARGEST[here.family]
    assert here.send_segments(bytes(size), size, there.getsockname()) == size
    assert len(there.recv(1 << 16)) == size
    with pytest.raises(OSError) as caught:
        here.send_segments(bytes(1 << 16), size + 1, there.getsockname())
    assert caught.value.errno == errno.EMSGSIZE


@pytest.fixture
def narrow():
    """A network namespace for this thread, whose loopback takes 1500 bytes."""
    if not shutil.which("ip"):
        pytest.skip("ip is not installed")
    with own_network():
        subprocess.run(["ip", "link", "set", "lo", "mtu", "1500", "up"], check=True)
        yield


def fragments():
    """How many the kernel has made (proc(5): /proc/net/snmp and snmp6)."""
    counts = 0
    with open("/proc/thread-self/net/snmp") as file:
        names, values = (line.split() for line in file if line.startswith("Ip:"))
        counts += int(dict(zip(names, values, strict=True))["FragCreates"])
    with open("/proc/thread-self/net/snmp6") as file:
        counts += int(dict(line.split() for line in file)["Ip6FragCreates"])
    return counts


@pytest.mark.parametrize(("count", "size"), [(3, 2000), (1, 2000), (3, 40_000), (1, 60_000), (2, 1473)])
def test_longer_than_the_route_takes(narrow, udp, in_kernel, count, size):
    here, there = udp
    with pytest.raises(OSError, match="too long") as caught:
        here.send_segments(bytes(count * size), size, there.getsockname())
    assert caught.value.errno == errno.EMSGSIZE
    # As long as it takes goes, and what is shorter than a segment.
    room = 1500 - 28 if here.family == socket.AF_INET else 1500 - 48
    before = fragments()
    for length, segment in ((3 * room, room), (room, room), (room, 2 * room), (3, 65535)):
        assert here.send_segments(bytes(length), segment, there.getsockname()) == length
    assert fragments() == before


@pytest.mark.parametrize("by_kernel", [True, False], ids=["by the kernel", "by itself"])
@pytest.mark.parametrize(("count", "size"), [(3, 1200), (1, 1200), (65, 1200), (2, 40_000), (0, 1200)])
def test_whatever_the_option_says(udp, in_kernel, by_kernel, count, size):
    """UDP_SEGMENT of udp(7), as the program has set it, is for its other sends."""
    here, there = udp
    if not by_kernel:
        if here.family == socket.AF_INET6:
            pytest.skip("IPv6 has no SO_NO_CHECK")
        here.setsockopt(socket.SOL_SOCKET, constants.SO_NO_CHECK, 1)
    here.setsockopt(constants.SOL_UDP, constants.UDP_SEGMENT, 500)
    assert here.send_segments(bytes(count * size), size, there.getsockname()) == count * size
    assert [len(there.recv(1 << 16)) for _ in range(count or 1)] == [size] * count or [0]
    there.settimeout(0)
    with pytest.raises(BlockingIOError):
        there.recv(1)


@pytest.mark.parametrize("data", [b"four segments", b"one", b""])
def test_an_address_that_is_none(udp, data):
    """It has the error that sendto() has: it says nothing of the segments."""
    here, there = udp
    nowhere = (there.getsockname()[0], 0)
    for send in (lambda: here.sendto(data, nowhere), lambda: here.send_segments(data, 4, nowhere)):
        with pytest.raises(OSError, match="Invalid argument") as caught:
            send()
        assert caught.value.errno == errno.EINVAL


def test_unix_datagrams():
    here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with here, there:
        assert not here.segments_in_kernel()
        assert here.send_segments(b"abcde", 2) == 5
        assert [data for data, *_ in there.recvmmsg(9, 10)] == [b"ab", b"cd", b"e"]
        here.settimeout(SHORT)
        sent = here.send_segments(bytes(1 << 20), 1000)
        assert 0 < sent < 1 << 20
        assert sent % 1000 == 0
        with late():
            here.send_segments(bytes(1 << 20), 1000)
        here.settimeout(0)
        with pytest.raises(BlockingIOError):
            here.send_segments(bytes(1 << 20), 1000)


@pytest.mark.parametrize(("size", "error"), [(0, ValueError), (-1, ValueError), (65536, ValueError), ("1", TypeError)])
def test_no_segments(udp, size, error):
    with pytest.raises(error):
        udp[0].send_segments(b"data", size, udp[1].getsockname())


def test_streams():
    here, there = socket.socketpair()
    with here, there:
        with pytest.raises(ValueError, match="SOCK_STREAM"):
            here.send_segments(b"data", 1)
        assert not here.set_coalescing(True)


# --- joined


@pytest.fixture
def joining(udp):
    if not udp[1].set_coalescing(True):
        pytest.skip("the kernel has no UDP_GRO")
    return udp


@pytest.fixture
def large():
    return berkeley.DatagramBatch(4, 65535, ancbufsize=socket.CMSG_SPACE(4))


def test_joined(joining, in_kernel, large):
    here, there = joining
    data = numbered(50, 1000)[:-10]
    assert here.send_segments(data, 1000, there.getsockname()) == len(data)
    parts = []
    while sum(map(len, parts)) < len(data):
        there.recvmmsg_into(large)
        parts += [bytes(part) for slot in large for part in slot.segments()]
    assert parts == [data[start : start + 1000] for start in range(0, len(data), 1000)]


def test_one_alone(joining, large):
    here, there = joining
    here.sendto(b"alone", there.getsockname())
    there.recvmmsg_into(large)
    assert list(large[0].segments()) == [b"alone"]
    here.sendto(b"", there.getsockname())
    there.recvmmsg_into(large)
    assert list(large[0].segments()) == [b""]


def test_sent_as_it_came(joining, in_kernel, large):
    here, there = joining
    here.send_segments(numbered(10, 1000), 1000, there.getsockname())
    there.recvmmsg_into(large)
    assert len(large[0]) == 10_000
    there.sendmmsg(large)
    assert [len(data) for data, *_ in here.recvmmsg(20, 2000)] == [1000] * 10
    large[0].data = bytes(3000)
    assert [len(part) for part in large[0].segments()] == [3000]


def test_the_size_that_had_no_room(joining, in_kernel):
    """Another control message came first."""
    here, there = joining
    there.setsockopt(socket.SOL_SOCKET, 35, 1)  # SO_TIMESTAMPNS, socket(7)
    batch = berkeley.DatagramBatch(4, 65535, ancbufsize=socket.CMSG_SPACE(4))
    here.send_segments(numbered(10, 1000), 1000, there.getsockname())
    there.recvmmsg_into(batch)
    assert batch[0].flags & socket.MSG_CTRUNC
    with pytest.raises(ValueError, match="24 bytes had no room"):
        batch[0].segments()


def test_a_view_of_a_segment_keeps_its_slot(joining, large):
    here, there = joining
    here.sendto(b"alone", there.getsockname())
    there.recvmmsg_into(large)
    [part] = large[0].segments()
    with pytest.raises(BufferError):
        there.recvmmsg_into(large)
    assert part == b"alone"


@pytest.mark.parametrize(("size", "room"), [(65534, 24), (2048, 24), (65535, 0), (65535, 16)])
def test_what_has_no_room_for_it(joining, size, room):
    """It would lose all but the first, or not know how to part them."""
    here, there = joining
    here.sendto(b"data", there.getsockname())
    with pytest.raises(ValueError, match="65535 bytes"):
        there.recvmmsg_into(berkeley.DatagramBatch(1, size, ancbufsize=room))
    with pytest.raises(ValueError, match="65535 bytes"):
        there.recvmmsg(1, size, room)
    assert there.set_coalescing(False) is False
    assert there.recvmmsg_into(berkeley.DatagramBatch(1, size, ancbufsize=room)) == 1


def test_the_option_itself(udp):
    """setsockopt() is as good."""
    here, there = udp
    there.setsockopt(constants.SOL_UDP, constants.UDP_GRO, 1)
    with pytest.raises(ValueError, match="65535 bytes"):
        there.recvmmsg(1, 100)
    there.setsockopt(constants.SOL_UDP, constants.UDP_GRO, 0)
    here.sendto(b"data", there.getsockname())
    assert [data for data, *_ in there.recvmmsg(1, 100)] == [b"data"]
    there.setsockopt(constants.SOL_UDP, constants.UDP_GRO, struct.pack("@ii", 1, 0))  # it reads the first four bytes
    with pytest.raises(ValueError, match="65535 bytes"):
        there.recvmmsg(1, 100)


@pytest.mark.parametrize("adopt", [lambda sock: socket.fromfd(sock.fileno(), -1, -1), socket.socket.dup])
def test_a_descriptor_that_joins_already(joining, adopt):
    """Whoever has made it."""
    try:
        assert joining[1].getsockopt(constants.SOL_UDP, constants.UDP_GRO)
    except OSError:
        pytest.skip("this kernel does not tell of UDP_GRO")
    with adopt(joining[1]) as sock, pytest.raises(ValueError, match="65535 bytes"):
        sock.recvmmsg(1, 100)


def test_closed(udp):
    udp[0].close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        udp[0].set_coalescing(True)
    assert not udp[0].segments_in_kernel()
