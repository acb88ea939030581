"""Packet rings, on interfaces of the tests' own: what a frame is, who keeps which block, and how a wait ends."""

import ctypes
import errno
import gc
import json
import math
import mmap
import os
import queue
import select
import shutil
import struct
import subprocess
import sysconfig
import threading
import time
from itertools import islice

import pytest
from sleeping import acting, handling, sleeps
from waits import LONG, SHORT, arrived, beside, late, outcome

import berkeley
from berkeley import _native, constants, socket
from berkeley._beyond import ring as module

CLONE_NEWNET = 0x40000000  # <linux/sched.h>
LEFT, RIGHT, OTHER = (bytes.fromhex(f"02000000000{last}") for last in (1, 2, 7))
ETHERNET = struct.Struct("!6s6sH")
TAG = struct.Struct("!HH")
TEST, OTHERS = constants.ETH_P_802_EX1, constants.ETH_P_LOOPBACK
PAGE = mmap.PAGESIZE

pytestmark = pytest.mark.usefixtures("wire")


@pytest.fixture(scope="module")
def wire():
    """A network namespace for this thread, and those it starts, with `left` and `right` connected with each other."""
    libc = ctypes.CDLL(None, use_errno=True)
    if not shutil.which("ip"):
        pytest.skip("ip is not installed")
    with open("/proc/thread-self/ns/net") as network:
        if libc.unshare(CLONE_NEWNET):
            pytest.skip(f"no network namespace: {os.strerror(ctypes.get_errno())}")
        try:
            ip("link", "set", "lo", "up")
            veth = "type", "veth", "peer", "name", "right", "address", RIGHT.hex(":")
            ip("link", "add", "left", "address", LEFT.hex(":"), *veth)
            for name in "left", "right":
                ip("link", "set", name, "up")
            yield
        finally:
            assert libc.setns(network.fileno(), CLONE_NEWNET) == 0


def ip(*arguments):
    return subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True).stdout


def promiscuity(interface):
    [link] = json.loads(ip("-d", "-j", "link", "show", interface))
    return link["promiscuity"]


@pytest.fixture
def left():
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as sock:
        sock.bind(("left", 0))
        yield sock


def made(body, target=RIGHT, protocol=TEST):
    return ETHERNET.pack(target, LEFT, protocol) + body


def opened(interface="right", **settings):
    defaults = {"protocol": TEST, "retire": 0.001, "block_size": PAGE, "blocks": 8, "timeout": LONG}
    return berkeley.PacketRing(interface, **{**defaults, **settings})


def send(sock, count, start=0, size=1000):
    for number in range(start, start + count):
        sock.send(made(b"%05d" % number + bytes(size)))


def number(data):
    return int(bytes(data)[14:19])


def mapped():
    """How many packet rings this process maps."""
    with open("/proc/self/maps") as maps:
        return sum("socket:[" in line for line in maps)


def descriptors():
    return sorted(os.listdir("/proc/self/fd"))


# --- what a frame is


def test_a_frame(left):
    with opened() as ring, socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as sock:
        sock.bind(("right", TEST))
        before = time.time_ns()
        left.send(made(b"data"))
        frame = next(ring)
        after = time.time_ns()
        assert type(frame) is berkeley.PacketFrame
        assert type(frame.data) is memoryview
        assert frame.data == made(b"data")
        assert (frame.data.readonly, frame.data.format, frame.data.shape) == (True, "B", (18,))
        assert bytes(frame) == made(b"data")
        assert before <= frame.timestamp <= after
        assert (frame.length, frame.vlan) == (18, None)
        assert (frame.type, frame.protocol) == (socket.PACKET_HOST, TEST)
        assert frame.interface == socket.if_nametoindex("right")
        assert sock.recvfrom(100) == (frame.data, frame.address)
        assert frame.address == ("right", TEST, socket.PACKET_HOST, constants.ARPHRD_ETHER, LEFT)


@pytest.mark.parametrize(
    ("target", "kind"),
    [(b"\xff" * 6, socket.PACKET_BROADCAST), (b"\1" * 6, socket.PACKET_MULTICAST), (OTHER, socket.PACKET_OTHERHOST)],
)  # fmt: skip
def test_for_whom_it_was(left, target, kind):
    with opened() as ring:
        left.send(made(b"", target))
        assert next(ring).type == kind


def test_frames_are_read_only(left):
    with opened() as ring:
        left.send(made(b""))
        frame = next(ring)
        with pytest.raises(TypeError, match="read-only"):
            frame.data[0] = 1
        with pytest.raises(TypeError, match="read-write"):
            left.recv_into(frame)
        with pytest.raises(AttributeError):
            frame.length = 1


@pytest.mark.parametrize("kind", [constants.ETH_P_8021Q, constants.ETH_P_8021AD])
def test_vlans(left, kind):
    tag = 5 << 13 | 42
    with opened(protocol=constants.ETH_P_ALL) as ring:
        left.send(ETHERNET.pack(RIGHT, LEFT, kind) + TAG.pack(tag, TEST) + b"tagged")
        frame = next(frame for frame in ring if frame.data[-6:] == b"tagged")
        assert frame.vlan == (tag, kind)
        assert (frame.data, frame.length) == (made(b"tagged"), len(made(b"tagged")))
        assert frame.protocol == TEST


def test_longer_than_a_block():
    with opened("lo", protocol=constants.ETH_P_IP) as ring, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.sendto(bytes(20_000), ("127.0.0.1", 9))
        frame = next(ring)
        assert frame.length == 14 + 20 + 8 + 20_000
        assert PAGE - 500 < len(frame.data) < PAGE


def test_loopback_shows_frames_twice():
    with opened("lo", protocol=constants.ETH_P_ALL) as ring, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.sendto(b"once", ("127.0.0.1", 9))
        found = list(islice((frame for frame in ring if frame.data[-4:] == b"once"), 2))
        assert [frame.type for frame in found] == [socket.PACKET_OUTGOING, socket.PACKET_HOST]


def test_without_what_goes_out(left):
    with opened(protocol=constants.ETH_P_ALL, outgoing=False) as ring:
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as right:
            right.bind(("right", 0))
            right.send(ETHERNET.pack(LEFT, RIGHT, TEST) + b"out")
        left.send(made(b"in"))
        bodies = [bytes(frame.data[14:]) for frame in islice(until(ring, b"in"), 100)]
        assert b"in" in bodies
        assert b"out" not in bodies


def until(ring, body):
    for frame in ring:
        yield frame
        if frame.data[14:] == body:
            return


def test_all_interfaces(left):
    with opened(None, protocol=constants.ETH_P_ALL) as ring:
        left.send(made(b"everywhere"))
        both = islice((frame for frame in ring if frame.data == made(b"everywhere")), 2)
        found = [frame.address[::2][:2] for frame in both]
    assert found == [("left", socket.PACKET_OUTGOING), ("right", socket.PACKET_HOST)]


def test_interface_by_index(left):
    with opened(socket.if_nametoindex("right")) as ring:
        left.send(made(b"x"))
        assert next(ring).address[0] == "right"


# --- the filter


def program(*instructions):
    return b"".join(struct.pack("=HBBI", *each) for each in instructions)


# Those whose byte behind the header is "y".
WANTED = program((0x30, 0, 0, 14), (0x15, 0, 1, ord("y")), (0x06, 0, 0, 0xFFFF), (0x06, 0, 0, 0))


def test_filter(left):
    with opened(filter=bytearray(WANTED)) as ring:
        for body in b"no", b"yes", b"no", b"y":
            left.send(made(body))
        assert [bytes(frame.data[14:]) for frame in islice(ring, 2)] == [b"yes", b"y"]
        assert ring.statistics().packets == 2


def test_filter_cuts_frames(left):
    with opened(filter=program((0x06, 0, 0, 16))) as ring:
        left.send(made(b"data"))
        frame = next(ring)
        assert (frame.data, frame.length) == (made(b"da"), 18)


def test_nothing_slips_past_the_filter(left):
    over = threading.Event()

    def flood():
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as sock:
            sock.bind(("left", 0))
            while not over.is_set():
                sock.send(made(b"no"))
                sock.send(made(b"yes"))

    with beside(flood):
        try:
            for _ in range(20):
                with opened(filter=WANTED) as ring:
                    assert {bytes(frame.data[14:]) for frame in islice(ring, 5)} == {b"yes"}
        finally:
            over.set()


# --- promiscuous mode, statistics


def test_promiscuous(left):
    assert promiscuity("right") == 0
    with opened(promiscuous=True) as ring:
        assert promiscuity("right") == 1
        left.send(made(b"", OTHER))
        view = next(ring).data
    assert promiscuity("right") == 0
    assert view == made(b"", OTHER)  # the mapping, and so the kernel's socket, is still there


def test_statistics(left):
    with opened() as ring:
        assert ring.statistics() == (0, 0, 0)
        send(left, 2)
        list(islice(ring, 2))
        counts = ring.statistics()
        assert counts == (2, 0, 0)
        assert (counts.packets, counts.drops, counts.freezes) == counts
        assert ring.statistics() == (0, 0, 0)


def test_drops(left):
    with opened(blocks=2) as ring:
        send(left, 50)
        counts = ring.statistics()
        assert counts.packets == 50
        assert 40 <= counts.drops < 50
        assert counts.freezes >= 1
        kept = 50 - counts.drops
        assert [number(frame.data) for frame in islice(ring, kept)] == list(range(kept))
        # There is room again. (One at a time: the ring keeps a block that it has read until it is asked for more.)
        for more in 100, 101:
            send(left, 1, more)
            assert number(next(ring).data) == more


# --- who keeps which block


def test_many_times_round(left):
    with opened() as ring:
        for start in range(0, 1000, 10):
            send(left, 10, start)
            assert [number(frame.data) for frame in islice(ring, 10)] == list(range(start, start + 10))
        assert ring.statistics().drops == 0


def test_frames_that_are_kept_keep_no_block(left):
    kept = []
    with opened(blocks=3) as ring:
        for start in range(50):
            send(left, 2, start * 2)
            kept += islice(ring, 2)
        assert ring.statistics().drops == 0
    assert [number(frame.data) for frame in kept] == list(range(100))
    assert {frame.length for frame in kept} == {1019}
    assert {frame.address[1:] for frame in kept} == {(TEST, socket.PACKET_HOST, constants.ARPHRD_ETHER, LEFT)}


def test_views_keep_blocks(left):
    with opened(blocks=2) as ring:
        send(left, 1)
        first = next(ring).data
        send(left, 1, start=1)
        second = next(ring).data
        for _ in range(2):
            with pytest.raises(BufferError, match="views of frames keep the block"):
                next(ring)
        send(left, 1, start=2)
        assert ring.statistics()[1] == 1
        assert [number(first), number(second)] == [0, 1]
        first.release()
        send(left, 1, start=3)
        assert number(next(ring).data) == 3
        assert number(second) == 1


def test_a_view_of_a_view_keeps_the_block(left):
    with opened(blocks=1) as ring:
        send(left, 1)
        part = memoryview(next(ring).data)[14:19].cast("B")
        with pytest.raises(BufferError):
            next(ring)
        assert int(bytes(part)) == 0
        del part
        send(left, 1, start=1)
        assert number(next(ring).data) == 1


def test_a_view_of_a_frame_whose_block_has_gone(left):
    with opened(blocks=2) as ring:
        send(left, 1)
        frame = next(ring)
        for start in range(1, 5):
            send(left, 1, start)
            assert number(next(ring).data) == start
        view = frame.data
        assert (number(view), number(frame)) == (0, 0)
        for start in range(5, 10):
            send(left, 1, start)
            assert number(next(ring).data) == start
        del frame
        assert number(view) == 0


def test_views_outlive_the_ring(left):
    before = mapped()
    with opened() as ring:
        send(left, 2)
        one, two = (frame.data for frame in islice(ring, 2))
        assert mapped() == before + 1
    del ring
    assert (number(one), number(two)) == (0, 1)
    one.release()
    assert mapped() == before + 1
    assert number(two) == 1
    del two
    assert mapped() == before


def test_frames_outlive_the_ring(left):
    before = mapped()
    with opened() as ring:
        send(left, 2)
        frames = list(islice(ring, 2))
    assert mapped() == before
    assert [number(frame.data) for frame in frames] == [0, 1]
    assert frames[0].address == ("", TEST, socket.PACKET_HOST, constants.ARPHRD_ETHER, LEFT)


def test_a_closed_ring_captures_nothing_more(left):
    """A view keeps the kernel's socket, which would go on and take the processor's time."""
    with opened(blocks=2) as ring:
        send(left, 1)
        view = next(ring).data
        fd = os.dup(ring.fileno())
    with socket.socket(fileno=fd) as sock:
        counts = sock.getsockopt(constants.SOL_PACKET, constants.PACKET_STATISTICS, 12)
        send(left, 5, start=1)
        counts = sock.getsockopt(constants.SOL_PACKET, constants.PACKET_STATISTICS, 12)
    assert struct.unpack("@III", counts) == (0, 0, 0)
    assert number(view) == 0


def test_nothing_is_left(left):
    gc.collect()
    before = mapped(), descriptors()
    for _ in range(50):
        with opened() as ring:
            send(left, 1)
            next(ring)
    del ring
    assert (mapped(), descriptors()) == before


def test_dropped_unclosed():
    before = mapped(), descriptors()
    ring = opened()
    with pytest.warns(ResourceWarning, match=r"unclosed <socket\.socket fd="):
        ring = None
    assert ring is None
    assert (mapped(), descriptors()) == before


def test_dropped_unclosed_with_a_view(left):
    """It ends the capture as close() does: the view keeps the kernel's socket."""
    ring = opened(promiscuous=True)
    send(left, 1)
    view = next(ring).data
    fd = os.dup(ring.fileno())
    with pytest.warns(ResourceWarning, match=r"unclosed <socket\.socket fd="):
        ring = None
    assert ring is None
    assert promiscuity("right") == 0
    with socket.socket(fileno=fd) as sock:
        sock.getsockopt(constants.SOL_PACKET, constants.PACKET_STATISTICS, 12)
        send(left, 5, start=1)
        counts = sock.getsockopt(constants.SOL_PACKET, constants.PACKET_STATISTICS, 12)
    assert struct.unpack("@III", counts) == (0, 0, 0)
    assert number(view) == 0


def test_threads_take_and_drop_views(left):
    frames, failures = queue.SimpleQueue(), []

    def check():
        while frame := frames.get():
            if number(frame[0].data) != frame[1] or number(frame[2]) != frame[1] or frame[0].length != 1019:
                failures.append(frame)

    threads = [threading.Thread(target=check) for _ in range(4)]
    for thread in threads:
        thread.start()
    with opened(blocks=64) as ring:
        for start in range(0, 1000, 4):
            send(left, 4, start)
            for count in range(start, start + 4):
                while True:
                    try:
                        frame = next(ring)
                        break
                    except BufferError:
                        os.sched_yield()  # the others are late
                frames.put((frame, count, frame.data))
                frame = None
    for _ in threads:
        frames.put(None)
    for thread in threads:
        thread.join()
    assert failures == []


# --- how a wait ends


def test_timeout():
    with opened(timeout=SHORT) as ring:
        for _ in range(2):
            with late():
                next(ring)


def test_never_waiting(left):
    with opened(timeout=0) as ring:
        with pytest.raises(BlockingIOError):
            next(ring)
        send(left, 1)
        arrived(ring)
        assert number(next(ring).data) == 0
        with pytest.raises(BlockingIOError):
            next(ring)


def test_default_timeouts_do_not_matter(monkeypatch):
    socket.setdefaulttimeout(0)
    try:
        with opened(timeout=SHORT) as ring, late():
            next(ring)
    finally:
        socket.setdefaulttimeout(None)


def test_retire(left):
    with opened(retire=LONG, timeout=SHORT) as ring:
        send(left, 1)
        with late():
            next(ring)
        send(left, 5, start=1)  # more than a block has room for
        assert number(next(ring).data) == 0


@pytest.mark.parametrize("timeout", [None, LONG])
def test_deadline(timeout):
    with opened(timeout=timeout) as ring, late(), berkeley.deadline(SHORT):
        next(ring)


def test_deadline_while_frames_come(left):
    with opened(blocks=64) as ring:
        send(left, 100)
        with berkeley.deadline(SHORT) as deadline:
            assert number(next(ring).data) == 0
            while deadline.remaining():
                pass
            with pytest.raises(TimeoutError):
                next(ring)
        assert number(next(ring).data) == 1


def test_signals(left):
    handled = []
    with (
        opened(timeout=None) as ring,
        handling(lambda: handled.append(1)) as handle,
        acting(ring.fileno(), [handle, handle, lambda: send(left, 1)]),
    ):
        assert number(next(ring).data) == 0
    assert handled == [1, 1]


def test_a_handler_that_raises(left):
    def fail():
        raise KeyError("by the handler")

    with opened(timeout=None) as ring:
        with handling(fail) as handle, acting(ring.fileno(), [handle]), pytest.raises(KeyError, match="by the handler"):
            next(ring)
        send(left, 1)
        assert number(next(ring).data) == 0


def test_a_handler_that_closes():
    with (
        opened(timeout=None) as ring,
        handling(ring.close) as handle,
        acting(ring.fileno(), [handle]),
        pytest.raises(OSError, match="Bad file descriptor") as caught,
    ):
        next(ring)
    assert caught.value.errno == errno.EBADF


def test_close_wakes():
    before = mapped()
    ring = opened(timeout=None)
    with acting(ring.fileno(), [ring.close]), pytest.raises(OSError, match="Bad file descriptor") as caught:
        next(ring)
    assert caught.value.errno == errno.EBADF
    assert mapped() == before


def test_cancel(left):
    with opened(timeout=None) as ring:
        ended = []
        cancel = acting(ring.fileno(), [lambda: ended.append(ring.cancel())])
        with cancel, pytest.raises(OSError, match="canceled") as caught:
            next(ring)
        assert caught.value.errno == errno.ECANCELED
        assert ended == [1]
        assert ring.cancel() == 0
        send(left, 1)
        assert number(next(ring).data) == 0


def test_a_second_thread(left):
    with opened(timeout=None) as ring:
        main = threading.get_native_id()

        def read():
            while not sleeps(main, ring.fileno()):
                os.sched_yield()
            try:
                with pytest.raises(RuntimeError, match="one thread at a time"):
                    next(ring)
            finally:
                send(left, 1)

        with beside(read):
            assert number(next(ring).data) == 0


def test_closed():
    ring = opened()
    ring.close()
    ring.close()
    assert ring.fileno() == -1
    assert ring.cancel() == 0
    for call in (lambda: next(ring), ring.statistics):
        with pytest.raises(OSError, match="Bad file descriptor") as caught:
            call()
        assert caught.value.errno == errno.EBADF


def test_an_interface_that_is_down(left):
    with opened() as ring:
        ip("link", "set", "right", "down")
        try:
            with pytest.raises(OSError, match="Network is down") as caught:
                next(ring)
            assert caught.value.errno == errno.ENETDOWN
        finally:
            ip("link", "set", "right", "up")
        end = time.monotonic() + LONG
        while outcome(send, left, 1) == "ENETDOWN":
            assert time.monotonic() < end
        assert number(next(ring).data) == 0


def test_poll(left):
    with opened() as ring:
        poll = select.poll()
        poll.register(ring, select.POLLIN)
        assert poll.poll(0) == []
        send(left, 1)
        assert poll.poll(LONG * 1000) == [(ring.fileno(), select.POLLIN)]


def test_fork(left):
    with opened(blocks=2) as ring:
        send(left, 1)
        view = next(ring).data
        child = os.fork()
        if child == 0:
            code = 1
            try:
                assert number(view) == 0
                with pytest.raises(RuntimeError, match="by the process that opened it"):
                    next(ring)
                del view
                ring.close()
                code = 0
            finally:
                os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        send(left, 1, start=1)
        assert number(next(ring).data) == 1
        send(left, 1, start=2)
        with pytest.raises(BufferError):
            next(ring)  # the view's block is still not the kernel's
        assert number(view) == 0


def in_a_child(check):
    """What a forked child raises, or 0: its exit status, or the signal that ends it."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            check()
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_a_child_reads_nothing_that_the_kernel_may_write(left):
    """It has frames left in a block that the parent hands back, and that is filled anew."""
    with opened(retire=SHORT) as ring:
        send(left, 3)
        first, second = next(ring), next(ring)
        view = first.data

        def check():
            for call in (lambda: next(ring), lambda: second.data, lambda: second.length, lambda: bytes(second)):
                with pytest.raises(RuntimeError, match="by the process that opened it"):
                    call()
            view.release()

        assert in_a_child(check) == 0
        assert [number(each) for each in (first, second, next(ring))] == [0, 1, 2]


def test_a_child_has_copies_of_frames(left):
    with opened() as ring:
        send(left, 2)
        kept = list(islice(ring, 2))
        send(left, 1, start=2)
        assert number(next(ring)) == 2

        def check():
            assert [number(each.data) for each in kept] == [0, 1]
            assert kept[0].length == 1019

        assert in_a_child(check) == 0


def test_a_child_drops_frames_and_the_ring(left):
    before = mapped()
    ring = opened(retire=SHORT)
    send(left, 3)
    kept = list(islice(ring, 2))

    def check():
        ring.close()
        kept.pop()
        assert mapped() == before + 1
        kept.clear()
        assert mapped() == before

    assert in_a_child(check) == 0
    with ring:
        assert [number(each) for each in (*kept, next(ring))] == [0, 1, 2]


# --- bad input


BAD = {
    "no page": {"block_size": PAGE + 1},
    "no size": {"block_size": 0},
    "a negative size": {"block_size": -PAGE},
    "a huge size": {"block_size": 1 << 31},
    "no blocks": {"blocks": 0},
    "negative blocks": {"blocks": -1},
    "more than the kernel counts": {"block_size": 1 << 30, "blocks": 2},
    "no protocol": {"protocol": 0},
    "a large protocol": {"protocol": 1 << 16},
    "a part of an instruction": {"filter": WANTED[:-1]},
    "no instruction": {"filter": b""},
    "too many instructions": {"filter": bytes(4097 * 8)},
    "retire < 0": {"retire": -0.001},
    "retire NaN": {"retire": math.nan},
    "retire infinite": {"retire": math.inf},
    "timeout < 0": {"timeout": -1},
    "timeout NaN": {"timeout": math.nan},
    "all promiscuous": {"interface": None, "promiscuous": True},
}


@pytest.mark.parametrize("settings", BAD.values(), ids=BAD)
def test_bad_values(monkeypatch, settings):
    monkeypatch.setattr(module, "socket", None)  # nothing is opened
    with pytest.raises(ValueError, match=r"must be|instructions|promiscuous|[Tt]imeout|NaN"):
        opened(**settings)


@pytest.mark.parametrize(
    "settings",
    [{"filter": "text"}, {"filter": 8}, {"retire": None}, {"timeout": "1"}, {"block_size": "x"}, {"interface": b"lo"},
     {"blocks": 1.5}, {"block_size": 4096.0}, {"protocol": 3.0}],
)  # fmt: skip
def test_bad_types(monkeypatch, settings):
    monkeypatch.setattr(module, "socket", None)
    with pytest.raises(TypeError):
        opened(**settings)


@pytest.mark.parametrize("interface", ["nowhere", "a name that is too long for one", "", 0, -1, 999_999, 1 << 70])
def test_no_such_interface(monkeypatch, interface):
    monkeypatch.setattr(module, "socket", None)
    with pytest.raises(OSError, match="No such device") as caught:
        opened(interface)
    assert caught.value.errno == errno.ENODEV


def test_what_the_kernel_refuses():
    before = mapped(), descriptors()
    with pytest.raises(OSError, match="Invalid argument"):
        opened(filter=program((0xFFFF, 0, 0, 0)))
    gc.collect()
    assert (mapped(), descriptors()) == before


def test_what_fails_late():
    """Without a ring there is nothing to map; with one, there must be an interface."""
    before = mapped(), descriptors()
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as sock:
        with pytest.raises(OSError, match="Invalid argument"):
            _native.Ring(sock, 0, TEST, PAGE, 1, False)
        sock.setsockopt(constants.SOL_PACKET, constants.PACKET_VERSION, constants.TPACKET_V3)
        request = struct.pack("@7I", PAGE, 1, PAGE, 1, 1, 0, 0)
        sock.setsockopt(constants.SOL_PACKET, constants.PACKET_RX_RING, request)
        for promiscuous in False, True:
            with pytest.raises(OSError, match="No such device"):
                _native.Ring(sock, 999_999, TEST, PAGE, 1, promiscuous)
    gc.collect()
    assert (mapped(), descriptors()) == before


def test_audited(python):
    program = """
import sys, berkeley
events = []
sys.addaudithook(lambda event, arguments: events.append((event, *arguments[1:])) if event[:7] == "socket." else None)
with berkeley.PacketRing("right", protocol=0x88B5):
    print(events)
"""
    done = python("-c", program)
    assert done.stdout == f"{[('socket.__new__', 17, 3, 0), ('socket.bind', ('right', 0x88B5))]}\n", done.stderr


def test_opened_once():
    with opened() as ring:
        before = descriptors()
        with pytest.raises(RuntimeError, match="opened once"):
            ring.__init__("right")
        assert descriptors() == before


def test_frames_come_from_rings():
    frame = berkeley.PacketFrame.__new__(berkeley.PacketFrame)
    with pytest.raises(TypeError, match="come from a PacketRing"):
        berkeley.PacketFrame()
    with pytest.raises(ValueError, match="no PacketRing"):
        frame.length  # noqa: B018
    with pytest.raises(BufferError, match="no PacketRing"):
        memoryview(frame)


def test_without_the_right_to(python):
    program = """
import os, berkeley
ring = berkeley.PacketRing
os.setuid(65534)
before = os.listdir("/proc/self/fd")
try:
    ring("lo")
except PermissionError as error:
    print(error.errno, os.listdir("/proc/self/fd") == before)
"""
    done = python("-X", "dev", "-W", "error", "-c", program)
    assert (done.stdout, done.stderr) == (f"{errno.EPERM} True\n", "")


def test_memory_that_cannot_be_had(left):
    """Whichever allocation fails, no frame is lost, and none that is kept changes."""
    testcapi = pytest.importorskip("_testcapi", reason="this interpreter has no _testcapi to make allocations fail")
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        pytest.skip("this interpreter's own allocator crashes where memory runs out")
    kept, failed = [], 0
    with opened(blocks=128) as ring:
        for start in range(0, 60, 2):
            send(left, 2, start)
            arrived(ring)
            frame = None
            testcapi.set_nomemory(start // 2 % 6, start // 2 % 6 + 1)
            try:
                frame = next(ring)
            except MemoryError:
                failed += 1
            finally:
                testcapi.remove_mem_hooks()
            kept += [frame or next(ring), next(ring)]
        assert ring.statistics().drops == 0
    assert failed
    assert [number(frame.data) for frame in kept] == list(range(60))
