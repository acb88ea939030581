"""recvmmsg(), sendmmsg() and DatagramBatch on families beside the internet's and AF_UNIX, which tests/ has."""

import errno
import os
from contextlib import ExitStack
from dataclasses import dataclass
from struct import Struct

import pytest
from kernel import opened
from waits import SHORT, late

from berkeley import DatagramBatch, constants, socket

FRAME = Struct("=IB3x8s")  # <linux/can.h>: identifier, length, data
GROUP = 0x12300  # of J1939, whose messages are for one address
PROTOCOL = 0x88B6  # for experiments on one network: others use the one before it

LONG = 30


@dataclass
class Way:
    """A socket that sends `messages` to `to`, one that receives them from `sender`, and who hears what that answers."""

    here: socket.socket
    there: socket.socket
    hearer: socket.socket
    to: object
    sender: object
    messages: list


def can_raw(open_socket, request):
    vcan = request.getfixturevalue("vcan")
    here, there = (open_socket("AF_CAN", socket.SOCK_RAW, socket.CAN_RAW, (vcan,)) for _ in range(2))
    frames = [FRAME.pack(number, 3, b"\1\2\3") for number in range(20)]
    return Way(here, there, here, (vcan,), (vcan,), frames)


def j1939(open_socket, request):
    vcan, name = request.getfixturevalue("vcan"), constants.J1939_NO_NAME
    bound = [(vcan, name, constants.J1939_NO_PGN, address) for address in (0x20, 0x30)]
    here, there = (open_socket("AF_CAN", socket.SOCK_DGRAM, socket.CAN_J1939, address) for address in bound)
    messages = [b"%d" % number for number in range(20)]
    return Way(here, there, here, (vcan, name, GROUP, 0x30), (vcan, name, GROUP, 0x20), messages)


def netlink(open_socket, request):
    here, there = (open_socket("AF_NETLINK", socket.SOCK_RAW, socket.NETLINK_USERSOCK, (0, 0)) for _ in range(2))
    return Way(here, there, here, there.getsockname(), here.getsockname(), [bytes(20) + b"%d" % n for n in range(20)])


def packet(open_socket, request):
    loopback = socket.if_indextoname(1)
    there = open_socket("AF_PACKET", socket.SOCK_DGRAM, 0, (loopback, PROTOCOL))
    messages = [b"%d of %d" % (number, os.getpid()) for number in range(20)]
    sender = (loopback, PROTOCOL, socket.PACKET_HOST, 772, bytes(6))
    return Way(there, there, there, (loopback, PROTOCOL, 0, 0, bytes(6)), sender, messages)


@pytest.fixture(params=[can_raw, j1939, netlink, packet], ids=lambda way: way.__name__)
def way(request):
    with ExitStack() as stack:

        def open_socket(family, kind, proto, address):
            try:
                sock = stack.enter_context(opened(socket, family, kind, proto))
            except PermissionError:
                pytest.skip(f"{family} wants root")
            sock.bind(address)
            sock.settimeout(LONG)
            return sock

        yield request.param(open_socket, request)


def all_of(sock, count):
    """So many messages of it, and their addresses."""
    rows = []
    while len(rows) < count:
        rows += [(data, address) for data, _, _, address in sock.recvmmsg(7, 100)]
    return rows


@pytest.mark.parametrize("timeout", [None, LONG])
def test_lists(way, timeout):
    way.there.settimeout(timeout)
    assert way.here.sendmmsg([(data, (), way.to) for data in way.messages]) == len(way.messages)
    assert all_of(way.there, len(way.messages)) == [(data, way.sender) for data in way.messages]
    way.there.settimeout(0)
    with pytest.raises(BlockingIOError):
        way.there.recvmmsg(7, 100)


def test_a_batch(way):
    """Appended and sent; received, and answered to whom it came from."""
    outgoing, batch = DatagramBatch(20, 100), DatagramBatch(7, 100)
    for data in way.messages:
        outgoing.append(data, way.to)
    assert way.here.sendmmsg(outgoing) == len(way.messages)
    received = []
    while len(received) < len(way.messages):
        assert way.there.recvmmsg_into(batch) == len(batch)
        received += [(bytes(slot), slot.address) for slot in batch]
    assert received == [(data, way.sender) for data in way.messages]
    answered = [bytes(slot) for slot in batch]
    assert way.there.sendmmsg(batch) == len(batch)
    assert [data for data, _ in all_of(way.hearer, len(batch))] == answered


def test_nothing_in_time(way):
    way.there.settimeout(SHORT)
    with late():
        way.there.recvmmsg_into(DatagramBatch(7, 100))
    with late():
        way.there.recvmmsg(7, 100)


def test_what_is_told_of_frames(vcan):
    """When they came."""
    with (
        opened(socket, "AF_CAN", socket.SOCK_RAW, socket.CAN_RAW) as here,
        opened(socket, "AF_CAN", socket.SOCK_RAW, socket.CAN_RAW) as there,
    ):
        for sock in (here, there):
            sock.bind((vcan,))
        batch = DatagramBatch(4, constants.CAN_MTU, ancbufsize=there.set_datagram_info(True))
        assert here.sendmmsg([FRAME.pack(1, 0, b""), FRAME.pack(2, 0, b"")]) == 2
        there.settimeout(LONG)
        seen = []
        while len(seen) < 2:
            there.recvmmsg_into(batch)
            seen += [(slot.info.timestamp, slot.info.other) for slot in batch]
        assert [other for _, other in seen] == [(), ()]
        assert 0 < seen[0][0] <= seen[1][0]


def test_what_is_no_frame(vcan):
    """Those before it were sent, and the next call tells."""
    with opened(socket, "AF_CAN", socket.SOCK_RAW, socket.CAN_RAW) as sock:
        sock.bind((vcan,))
        messages = [FRAME.pack(1, 0, b""), b"no frame", FRAME.pack(2, 0, b"")]
        assert sock.sendmmsg(messages) == 1
        with pytest.raises(OSError) as caught:
            sock.sendmmsg(messages[1:])
        assert caught.value.errno == errno.EINVAL
