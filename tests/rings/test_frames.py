"""What a frame of a packet ring is, which frames a ring takes, and how it counts them."""

import struct
import threading
import time
from itertools import islice

import pytest
from waits import beside
from wires import ETHERNET, LEFT, OTHER, PAGE, RIGHT, TEST, WANTED, made, number, opened, program, promiscuity, send

import berkeley
from berkeley import constants, socket

TAG = struct.Struct("!HH")


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
