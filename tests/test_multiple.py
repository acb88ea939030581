"""recvmmsg() and sendmmsg(): many messages, one call."""

import errno
import os
import struct
import subprocess
import sys
import threading

import pytest
from sleeping import acting, handling
from waits import LONG, SHORT, late, meanwhile

import berkeley
from berkeley import constants, socket

MOST = 1024


@pytest.fixture
def udp():
    """Two sockets that are bound, and not connected."""
    with socket.socket(type=socket.SOCK_DGRAM) as here, socket.socket(type=socket.SOCK_DGRAM) as there:
        for sock in (here, there):
            sock.bind(("127.0.0.1", 0))
        yield here, there


PAIRS = {
    "udp": None,
    "datagrams": (socket.AF_UNIX, socket.SOCK_DGRAM),
    "packets": (socket.AF_UNIX, socket.SOCK_SEQPACKET),
}


@pytest.fixture(params=PAIRS)
def pair(request, udp):
    """Two sockets, each connected to the other."""
    if PAIRS[request.param] is None:
        here, there = udp
        here.connect(there.getsockname())
        there.connect(here.getsockname())
        yield here, there
        return
    here, there = socket.socketpair(*PAIRS[request.param])
    with here, there:
        yield here, there


TIMEOUTS = pytest.mark.parametrize("timeout", [None, 0, LONG])


# --- receiving


@TIMEOUTS
def test_what_is_there(pair, timeout):
    here, there = pair
    there.settimeout(timeout)
    sent = [b"a", b"", b"bc" * 20, b"d"]
    for data in sent:
        here.send(data)
    assert [row[:3] for row in there.recvmmsg(3, 10)] == [
        (b"a", [], 0),
        (b"", [], 0),
        (b"bcbcbcbcbc", [], socket.MSG_TRUNC),
    ]
    assert [data for data, *_ in there.recvmmsg(9, 10)] == [b"d"]


def test_addresses(udp):
    here, there = udp
    for data in (b"1", b"2"):
        here.sendto(data, there.getsockname())
    rows = there.recvmmsg(2, 10)
    assert [address for *_, address in rows] == [here.getsockname()] * 2


def test_a_seqpacket_that_has_ended():
    here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with here, there:
        here.send(b"last")
        here.close()
        assert [data for data, *_ in there.recvmmsg(1, 10)] == [b"last"]
        assert [data for data, *_ in there.recvmmsg(3, 10)] == [b""] * 3  # as often as it is asked


def test_it_waits_for_the_first_alone(udp):
    here, there = udp
    for timeout in (None, LONG):
        there.settimeout(timeout)
        with meanwhile(lambda: here.sendto(b"data", there.getsockname())):
            assert [data for data, *_ in there.recvmmsg(5, 10)] == [b"data"]


def test_nothing_in_time(udp):
    here, _ = udp
    here.settimeout(SHORT)
    with late():
        here.recvmmsg(5, 10)
    here.settimeout(None)
    with late(), berkeley.deadline(SHORT):
        here.recvmmsg(5, 10)
    here.settimeout(0)
    with pytest.raises(BlockingIOError):
        here.recvmmsg(5, 10)
    here.settimeout(None)
    with pytest.raises(BlockingIOError):
        here.recvmmsg(5, 10, 0, socket.MSG_DONTWAIT)


def test_flags(pair):
    here, there = pair
    here.send(b"data")
    assert [data for data, *_ in there.recvmmsg(1, 10, 0, socket.MSG_PEEK)] == [b"data"]
    assert [data for data, *_ in there.recvmmsg(9, 10)] == [b"data"]
    here.send(b"12345")
    data, _, flags, _ = there.recvmmsg(1, 3, 0, socket.MSG_TRUNC)[0]
    assert (data, flags & socket.MSG_TRUNC) == (b"123", socket.MSG_TRUNC)


def test_a_peek_sees_one():
    """The kernel would show the same datagram each time, and make descriptors of it anew."""
    here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with here, there, open(os.devnull) as file:
        socket.send_fds(here, [b"first"], [file.fileno()])
        here.send(b"second")
        before = len(os.listdir("/proc/self/fd"))
        [(data, [(_, _, fd)], *_)] = there.recvmmsg(64, 10, socket.CMSG_SPACE(4), socket.MSG_PEEK)
        assert (data, len(os.listdir("/proc/self/fd"))) == (b"first", before + 1)
        os.close(struct.unpack("i", fd)[0])
        with berkeley.DatagramBatch(64, 10) as batch:
            assert there.recvmmsg_into(batch, socket.MSG_PEEK) == 1
        assert [data for data, *_ in there.recvmmsg(64, 10)] == [b"first", b"second"]


def test_an_error_comes_before_data(udp):
    here, there = udp
    here.connect(there.getsockname())
    there.sendto(b"data", here.getsockname())
    there.close()
    here.send(b"nobody is there")
    with pytest.raises(ConnectionRefusedError):
        here.recvmmsg(5, 10)
    assert [data for data, *_ in here.recvmmsg(5, 10)] == [b"data"]


def test_the_error_queue(udp):
    here, there = udp
    here.setsockopt(socket.IPPROTO_IP, constants.IP_RECVERR, 1)
    to = there.getsockname()
    there.close()
    here.sendto(b"nobody is there", to)
    with pytest.raises(ConnectionRefusedError):
        here.recvmmsg(5, 10)
    [(data, [(level, kind, error)], flags, address)] = here.recvmmsg(5, 100, 100, constants.MSG_ERRQUEUE)
    assert (data, level, kind, address) == (b"nobody is there", socket.IPPROTO_IP, constants.IP_RECVERR, to)
    assert struct.unpack_from("=I", error)[0] == errno.ECONNREFUSED
    assert flags & constants.MSG_ERRQUEUE


def test_descriptors():
    here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    read, write = os.pipe()
    with here, there:
        socket.send_fds(here, [b"two"], [read, write])
        here.send(b"none")
        rows = there.recvmmsg(5, 10, socket.CMSG_SPACE(8))
        assert [len(ancillary) for _, ancillary, *_ in rows] == [1, 0]
        for fd in struct.unpack("2i", rows[0][1][0][2]):
            assert not os.get_inheritable(fd)
            os.close(fd)
    os.close(read)
    os.close(write)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ((0, 10), ValueError),
        ((-1, 10), ValueError),
        ((MOST + 1, 10), ValueError),
        ((1, -1), ValueError),
        ((1, 10, -1), ValueError),
        ((1, 10, 1 << 40), ValueError),
        ((1 << 70, 10), OverflowError),
        (("1", 10), TypeError),
        ((1, 10, 0, None), TypeError),
        ((1,), TypeError),
    ],
)
def test_no_receiving(udp, arguments, error):
    with pytest.raises(error):
        udp[0].recvmmsg(*arguments)


@pytest.mark.parametrize("call", [lambda sock: sock.recvmmsg(1, 1), lambda sock: sock.sendmmsg([b"data"])])
def test_streams_keep_no_messages_apart(call):
    here, there = socket.socketpair()
    with here, there, pytest.raises(ValueError, match="SOCK_STREAM"):
        call(here)


def test_a_thread_that_waits_is_woken(udp):
    here, _ = udp
    outcomes = []

    def receive():
        try:
            outcomes.append(here.recvmmsg(5, 10))
        except OSError as error:
            outcomes.append(error.errno)

    for end, outcome in ((here.cancel, errno.ECANCELED), (here.close, errno.EBADF)):
        thread = threading.Thread(target=receive)
        thread.start()
        while thread.is_alive():
            if end is here.close:
                thread.join(SHORT)
            end()
        assert outcomes.pop() == outcome


# --- sending


@TIMEOUTS
def test_messages(pair, timeout):
    here, there = pair
    here.settimeout(timeout)
    assert here.sendmmsg([b"bytes", bytearray(b"array"), memoryview(b"view"), (b"tuple",), (b"more", ()), b""]) == 6
    assert [data for data, *_ in there.recvmmsg(9, 10)] == [b"bytes", b"array", b"view", b"tuple", b"more", b""]
    assert here.sendmmsg(iter([b"of an iterator"])) == 1
    assert here.sendmmsg([]) == 0


def test_keywords(udp):
    here, there = udp
    to = there.getsockname()
    assert here.sendmmsg([(b"1", (), to)], flags=socket.MSG_DONTWAIT) == 1
    assert here.sendmmsg(messages=[(b"2", (), to)]) == 1
    assert here.send_segments(b"345", 2, address=to, flags=0) == 3
    assert here.send_segments(data=b"6", segment_size=1, address=to) == 1
    assert [data for data, *_ in there.recvmmsg(2, 10, ancbufsize=9, flags=0)] == [b"1", b"2"]
    assert [data for data, *_ in there.recvmmsg(count=1, bufsize=10)] == [b"34"]
    assert there.recvmmsg_into(berkeley.DatagramBatch(1, 10), flags=socket.MSG_DONTWAIT) == 1
    assert there.recvmmsg_into(batch=berkeley.DatagramBatch(9, 10)) == 1


def test_to_many(udp):
    here, there = udp
    with socket.socket(type=socket.SOCK_DGRAM) as third:
        third.bind(("127.0.0.1", 0))
        to = [there.getsockname(), third.getsockname(), ("localhost", there.getsockname()[1])]
        assert here.sendmmsg([(b"data", (), address) for address in to]) == 3
        assert [len(sock.recvmmsg(9, 10)) for sock in (there, third)] == [2, 1]


def test_ancillary_data(udp):
    here, there = udp
    there.setsockopt(socket.IPPROTO_IP, socket.IP_RECVTTL, 1)
    ancillary = [(socket.IPPROTO_IP, socket.IP_TTL, struct.pack("i", 7))]
    assert here.sendmmsg([(b"7", ancillary, there.getsockname()), (b"64", [], there.getsockname())]) == 2
    rows = there.recvmmsg(2, 10, socket.CMSG_SPACE(4))
    assert [(data, struct.unpack("i", items[0][2])[0]) for data, items, *_ in rows] == [(b"7", 7), (b"64", 64)]


def test_more_than_one_call_takes(udp):
    here, there = udp
    there.setsockopt(socket.SOL_SOCKET, constants.SO_RCVBUFFORCE if not os.geteuid() else socket.SO_RCVBUF, 1 << 24)
    count = MOST + 100
    here.connect(there.getsockname())
    assert here.sendmmsg([b"%d" % number for number in range(count)]) == count
    if os.geteuid():
        return  # not all of them have room
    received = []
    while len(received) < count:
        received += [int(data) for data, *_ in there.recvmmsg(MOST, 10)]
    assert received == [*range(count)]


def test_what_there_is_room_for(pair):
    """As many as go without waiting; the next one waits."""
    here, there = pair
    if here.family != socket.AF_UNIX:
        pytest.skip("a datagram of UDP always goes")
    here.settimeout(SHORT)
    message = bytes(1000)
    sent = 0
    with late():
        while True:
            count = here.sendmmsg([message] * 50)
            assert 0 < count <= 50
            sent += count
    assert sent > 0
    with meanwhile(lambda: there.recvmmsg(MOST, 1000)):
        here.settimeout(LONG)
        assert here.sendmmsg([message]) == 1


def test_one_that_fails_is_not_the_first(udp):
    here, there = udp
    to = there.getsockname()
    too_long = bytes(1 << 16)
    assert here.sendmmsg([(b"good", (), to), (too_long, (), to), (b"not tried", (), to)]) == 1
    with pytest.raises(OSError) as caught:
        here.sendmmsg([(too_long, (), to), (b"not tried", (), to)])
    assert caught.value.errno == errno.EMSGSIZE
    assert [data for data, *_ in there.recvmmsg(9, 10)] == [b"good"]


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        ("text", TypeError),
        (5, TypeError),
        ((), ValueError),
        ((b"data", (), None, 0), ValueError),
        (("text",), TypeError),
        ((b"data", 5), TypeError),
        ((b"data", [(1, 2)]), TypeError),
        ((b"data", (), "address"), TypeError),
        ((b"data", (), ("127.0.0.1", -1)), OverflowError),
        ((b"data", (), ("::1", 80, 0, 0)), TypeError),
    ],
)
def test_nothing_is_sent_where_one_is_none(udp, bad, error):
    here, there = udp
    with pytest.raises(error):
        here.sendmmsg([(b"good", (), there.getsockname()), bad])
    there.settimeout(0)
    with pytest.raises(BlockingIOError):
        there.recv(10)


@pytest.mark.parametrize("rest", [(("127.0.0.1", 9),), ("/path",), (b"path",), (None, ("127.0.0.1", 9))])
def test_an_address_in_the_place_of_ancillary_data(udp, rest):
    with pytest.raises(TypeError, match=r"a tuple \(bytes-like\[, ancdata\[, address\]\]\)"):
        udp[0].sendmmsg([(b"data", *rest)])


@pytest.mark.parametrize("size", [300, 2000])
def test_a_handler_that_raises(size):
    """How many were sent is told: by the exception, where the call has no time to."""
    here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)

    def fail():
        raise KeyError("by the handler")

    with here, there:
        with (
            handling(fail) as handle,
            acting(here.fileno(), [handle]),
            pytest.raises(KeyError, match="by the handler") as caught,
        ):
            here.sendmmsg([b"x"] * size)
        there.settimeout(LONG)
        received = 0
        while received < caught.value.messages_sent:
            received += len(there.recvmmsg(MOST, 10))
        there.settimeout(0)
        with pytest.raises(BlockingIOError):
            there.recvmmsg(MOST, 10)
        assert 0 < received == caught.value.messages_sent


def test_audited_before_the_first(udp):
    there = udp[1]
    program = f"""
import sys
from berkeley import socket
events = []
def hook(event, arguments):
    if event.startswith("socket.send"):
        events.append((event, *arguments[1:]))
        if len(events) == 3:
            raise PermissionError("refused")
sys.addaudithook(hook)
to = {there.getsockname()!r}
with socket.socket(type=socket.SOCK_DGRAM) as sock:
    try:
        sock.sendmmsg([(b"1", (), to), (b"2", (), to), b"3"])
    except PermissionError:
        print(events == [("socket.sendmsg", to)] * 2 + [("socket.sendmsg", None)])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("True\n", "")
    there.settimeout(0)
    with pytest.raises(BlockingIOError):
        there.recv(10)


def test_code_that_runs_meanwhile(udp):
    """It may change the list, and use the socket."""
    here, there = udp
    to = there.getsockname()
    messages = []

    class Item(bytearray):
        def __buffer__(self, flags):
            messages.clear()
            here.sendmmsg([(b"within", (), to)])
            return super().__buffer__(flags)

    class Port(int):
        def __index__(self):
            messages.clear()
            return int(self)

    messages += [(Item(b"data"), (), (to[0], Port(to[1]))), (bytes(100), (), to)]
    assert here.sendmmsg(messages) == 2
    assert (b"data") in [data for data, *_ in there.recvmmsg(9, 100)]
