"""AF_CAN: its addresses; CAN_RAW and CAN_BCM on a virtual interface. ISO-TP and J1939 are in test_can_transports.py."""

import errno
import os
import select
import socket
import sys
import time
from contextlib import ExitStack
from functools import partial
from itertools import product
from pathlib import Path
from struct import Struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kernel import Index, claimed, interface, opened, outcome, outcomes, refusals
from layouts import layout
from waits import arrived

from berkeley import DatagramInfo, constants
from berkeley import socket as ours
from berkeley.families import can

# <linux/can.h>: identifier, length, data; and in struct canfd_frame flags between.
FRAME = Struct("=IB3x8s")
FD_FRAME = Struct("=IBB2x64s")
FILTER = Struct("=II")
# <linux/can/bcm.h>: opcode, flags, count, two intervals in seconds and microseconds, identifier, number of frames.
BCM_HEAD = Struct("@III4lII0q")

interfaces = st.sampled_from(["", "lo"])
word = st.integers(0, 0xFFFFFFFF)
ADDRESSES = {
    ours.CAN_RAW: st.tuples(interfaces),
    ours.CAN_BCM: st.tuples(interfaces),
    ours.CAN_ISOTP: st.tuples(interfaces, word, word),
    ours.CAN_J1939: st.tuples(interfaces, st.integers(0, 2**64 - 1), word, st.integers(0, 0xFF)),
}


def frame(identifier, data=b""):
    return FRAME.pack(identifier, len(data), data)


def fd_frame(identifier, data):
    # The flag that newer kernels set.
    return FD_FRAME.pack(identifier, len(data), constants.CANFD_FDF, data)


@pytest.fixture
def raw(impl, vcan):
    """Makes CAN_RAW sockets, bound to the virtual interface or to another."""
    with ExitStack() as stack:

        def make(interface=vcan):
            sock = stack.enter_context(opened(impl, "AF_CAN", impl.SOCK_RAW, impl.CAN_RAW))
            sock.bind((interface,))
            return sock

        yield make


@pytest.fixture
def bcm(impl, vcan):
    with opened(impl, "AF_CAN", impl.SOCK_DGRAM, impl.CAN_BCM) as sock:
        sock.connect((vcan,))
        yield sock


def test_frames(raw, vcan):
    a, b, everywhere = raw(), raw(vcan.encode()), raw("")
    assert (a.getsockname(), everywhere.getsockname()) == ((vcan,), ("",))
    sent = frame(0x123, b"\1\2\3")
    assert a.send(sent) == len(sent) == constants.CAN_MTU
    assert b.recvfrom(100) == everywhere.recvfrom(100) == (sent, (vcan,))
    extended = frame(0x1ABCDEF | ours.CAN_EFF_FLAG, bytes(range(8)))
    assert everywhere.sendto(extended, b.getsockname()) == len(extended)
    assert b.recvmsg(100, 100)[::3] == (extended, (vcan,))
    buffer = bytearray(constants.CAN_MTU)
    assert a.recvfrom_into(buffer) == (len(extended), (vcan,))
    assert buffer == extended


def test_interface_whose_name_is_no_text(raw):
    """It comes as file names do (PEP 383), and is taken so, or as bytes."""
    with interface(b"can\xff%d" % os.getpid(), "vcan") as name:
        sender, receiver = raw(name), raw(os.fsdecode(name))
        sender.send(frame(1))
        assert receiver.recvfrom(100)[1] == receiver.getsockname() == (os.fsdecode(name),)


def test_frames_of_ones_own(impl, raw):
    sender, other = raw(), raw()
    sender.setsockopt(impl.SOL_CAN_RAW, impl.CAN_RAW_RECV_OWN_MSGS, 1)
    sender.send(frame(1))
    seen = [sock.recvmsg(100)[2] & (impl.MSG_DONTROUTE | impl.MSG_CONFIRM) for sock in (sender, other)]
    assert seen == [impl.MSG_DONTROUTE | impl.MSG_CONFIRM, impl.MSG_DONTROUTE]


def test_frames_of_can_fd(impl, raw):
    classic, *modern = raw(), raw(), raw()
    for sock in modern:
        sock.setsockopt(impl.SOL_CAN_RAW, impl.CAN_RAW_FD_FRAMES, 1)
    sent = [fd_frame(0x55, bytes(range(64))), frame(0x56)]
    assert [modern[0].send(each) for each in sent] == [constants.CANFD_MTU, constants.CAN_MTU]
    assert [modern[1].recv(100) for _ in sent] == sent
    assert classic.recv(100) == sent[1]
    with pytest.raises(OSError, match="Invalid argument"):
        classic.send(sent[0])


def test_filters(impl, raw):
    sender, filtered = raw(), raw()
    filters = [(0x200, 0x700), (0x103, 0x10F)]
    value = b"".join(FILTER.pack(*each) for each in filters)
    filtered.setsockopt(impl.SOL_CAN_RAW, impl.CAN_RAW_FILTER, value)
    assert filtered.getsockopt(impl.SOL_CAN_RAW, impl.CAN_RAW_FILTER, 100) == value
    # The last but one matches the second filter alone, the last both.
    identifiers = [0x104, 0x2FF, 0x303, 0x103]
    for identifier in identifiers:
        sender.send(frame(identifier))
    received = [FRAME.unpack(filtered.recv(100))[0] for _ in range(3)]
    assert received == [0x2FF, 0x303, 0x103]


def test_joined_filters(impl, raw):
    sender, filtered = raw(), raw()
    value = FILTER.pack(0x200, 0x700) + FILTER.pack(0x003, 0x00F)
    filtered.setsockopt(impl.SOL_CAN_RAW, impl.CAN_RAW_FILTER, value)
    filtered.setsockopt(impl.SOL_CAN_RAW, impl.CAN_RAW_JOIN_FILTERS, 1)
    assert filtered.getsockopt(impl.SOL_CAN_RAW, impl.CAN_RAW_JOIN_FILTERS) == 1
    for identifier in (0x204, 0x103, 0x203):
        sender.send(frame(identifier))
    assert FRAME.unpack(filtered.recv(100))[0] == 0x203


def test_error_frames(impl, raw):
    # A controller makes them; on a virtual interface, whoever sends one with the flag.
    sender, plain, watching = raw(), raw(), raw()
    mask = constants.CAN_ERR_BUSOFF | constants.CAN_ERR_ACK
    watching.setsockopt(impl.SOL_CAN_RAW, constants.CAN_RAW_ERR_FILTER, mask)
    errors = [frame(impl.CAN_ERR_FLAG | kind, bytes(8)) for kind in (constants.CAN_ERR_CRTL, constants.CAN_ERR_ACK)]
    ordinary = frame(7)
    for each in (*errors, ordinary):
        sender.send(each)
    assert [watching.recv(100) for _ in range(2)] == [errors[1], ordinary]
    assert plain.recv(100) == ordinary


@pytest.mark.parametrize("impl", ["berkeley"], indirect=True)
def test_what_is_told_of_a_frame(impl, raw):
    """When it came; and of one's own, in the error queue, when it left."""
    a, b = raw(), raw()
    room = b.set_datagram_info(True)
    stamps = constants.SOF_TIMESTAMPING_TX_SOFTWARE | constants.SOF_TIMESTAMPING_SOFTWARE
    a.setsockopt(impl.SOL_SOCKET, constants.SO_TIMESTAMPING, stamps)
    before = time.time_ns()
    a.send(frame(0x123, b"\1\2\3"))
    _, ancdata, flags, _ = b.recvmsg(100, room)
    arrived(a, select.POLLERR)
    [entry] = a.recv_errors()
    assert (entry.origin, entry.data) == ("timestamping", frame(0x123, b"\1\2\3"))
    for timestamp in DatagramInfo.of(ancdata, flags).timestamp, entry.timestamp:
        assert before - 1_000_000 <= timestamp <= time.time_ns()


@pytest.mark.parametrize("impl", ["berkeley"], indirect=True)
def test_the_broadcast_manager_has_no_error_queue(bcm):
    """It would give a message of its own in place of an error."""
    assert outcome(bcm.recv_errors)[1] == errno.EOPNOTSUPP


def test_frames_sent_by_the_broadcast_manager(impl, raw, bcm):
    """One each five milliseconds, until told to stop; and the manager tells what it was told."""
    receiver = raw()
    repeated = frame(0x123, b"again")
    flags = impl.CAN_BCM_SETTIMER | impl.CAN_BCM_STARTTIMER
    bcm.send(BCM_HEAD.pack(impl.CAN_BCM_TX_SETUP, flags, 0, 0, 0, 0, 5000, 0x123, 1) + repeated)
    assert [receiver.recv(100) for _ in range(3)] == [repeated] * 3
    bcm.send(BCM_HEAD.pack(impl.CAN_BCM_TX_READ, 0, 0, 0, 0, 0, 0, 0x123, 0))
    answer = bcm.recv(200)
    opcode, *_times, count = BCM_HEAD.unpack_from(answer)
    assert (opcode, count) == (impl.CAN_BCM_TX_STATUS, 1)
    assert answer[BCM_HEAD.size :] == repeated
    bcm.send(BCM_HEAD.pack(impl.CAN_BCM_TX_DELETE, 0, 0, 0, 0, 0, 0, 0x123, 0))
    receiver.settimeout(0.1)
    # What was on its way comes, and then no more.
    assert set(iter(partial(outcome, receiver.recv, 100), ("TimeoutError", None, "timed out"))) <= {repeated}


def test_changes_reported_by_the_broadcast_manager(impl, raw, bcm, vcan):
    sender = raw()
    watched = frame(0x321, b"\xff")
    bcm.send(BCM_HEAD.pack(impl.CAN_BCM_RX_SETUP, 0, 0, 0, 0, 0, 0, 0x321, 1) + watched)
    sent = [frame(0x321, data) for data in (b"\1", b"\1", b"\2")]
    for each in sent:
        sender.send(each)
    for expected in (sent[0], sent[2]):
        message, address = bcm.recvfrom(200)
        assert address == (vcan,)
        assert BCM_HEAD.unpack_from(message)[0] == impl.CAN_BCM_RX_CHANGED
        assert message[BCM_HEAD.size :] == expected


def test_frames_of_can_fd_by_the_broadcast_manager(impl, raw, bcm):
    receiver = raw()
    receiver.setsockopt(impl.SOL_CAN_RAW, impl.CAN_RAW_FD_FRAMES, 1)
    once = fd_frame(0x77, bytes(range(48)))
    bcm.sendall(BCM_HEAD.pack(impl.CAN_BCM_TX_SEND, impl.CAN_BCM_CAN_FD_FRAME, 0, 0, 0, 0, 0, 0, 1) + once)
    assert receiver.recv(100) == once


@pytest.mark.parametrize("proto", ADDRESSES)
@given(data=st.data())
def test_round_trip(proto, data):
    address = data.draw(ADDRESSES[proto])
    with claimed(ours, "AF_CAN", ours.SOCK_RAW, proto) as sock:
        assert can.unpack(sock, can.pack(sock, "bind", address)) == address


@pytest.mark.parametrize("interface", [b"lo", Path("lo")], ids=repr)
def test_spellings_of_an_interface(interface):
    with claimed(ours, "AF_CAN", ours.SOCK_RAW, ours.CAN_RAW) as sock:
        assert can.pack(sock, "bind", (interface,)) == can.pack(sock, "bind", ("lo",))


@pytest.mark.parametrize("proto", ADDRESSES)
def test_struct_cut_short(proto):
    """What is missing reads as zero: CAN_RAW's addresses have 8 bytes, ISO-TP's 16 (the kernel's *_MIN_NAMELEN)."""
    numbers = {ours.CAN_ISOTP: (0x11, 0x12), ours.CAN_J1939: (0x13, 0x14, 0x15)}.get(proto, ())
    with claimed(ours, "AF_CAN", ours.SOCK_RAW, proto) as sock:
        whole = can.pack(sock, "bind", ("lo", *numbers))
        assert {can.unpack(sock, whole[:size]) for size in range(2, 5)} == {("", *[0] * len(numbers))}
        assert can.unpack(sock, whole[:8]) == ("lo", *[0] * len(numbers))
        assert can.unpack(sock, whole + b"more") == ("lo", *numbers)


def test_interface_that_is_no_more():
    with claimed(ours, "AF_CAN", ours.SOCK_RAW, ours.CAN_RAW) as sock:
        assert can.unpack(sock, Struct("=H2xi").pack(ours.AF_CAN, 0x7FFFFFFF)) == ("",)


def test_struct(tmp_path):
    fields = {
        ours.CAN_ISOTP: {"can_addr.tp.rx_id": 0x01020304, "can_addr.tp.tx_id": 0x05060708},
        ours.CAN_J1939: {
            "can_addr.j1939.name": 0x0102030405060708,
            "can_addr.j1939.pgn": 0x0910,
            "can_addr.j1939.addr": 0x11,
        },
    }
    names = ["can_family", "can_ifindex", *(name for each in fields.values() for name in each)]
    struct = layout(tmp_path, "linux/can.h", "struct sockaddr_can", *names)
    for proto, numbers in fields.items():
        with claimed(ours, "AF_CAN", ours.SOCK_RAW, proto) as sock:
            packed = can.pack(sock, "bind", ("lo", *numbers.values()))
        assert len(packed) == struct[""]
        for name, value in {"can_family": ours.AF_CAN, "can_ifindex": ours.if_nametoindex("lo"), **numbers}.items():
            offset, size = struct[name]
            assert int.from_bytes(packed[offset : offset + size], sys.byteorder) == value


NO_ADDRESS = [
    None, "lo", ["lo"], (), (1,), (None,), (bytearray(b"lo"),), ("lo\0",), ("\ud800",), ("no such",), ("x" * 15,),
    ("x" * 16,), ("lo", 1), ("lo\0", "1", 2), ("x" * 16, 1, 2), ("x" * 16, "1", 2), ("lo", "1", 2), ("lo", 1, None),
    ("lo", 1.0, 2), ("lo", Index(), 2), ("lo", -1, 1 << 70), (None, 1, 2), ("lo", "1", 2, 3), ("lo", Index(), 2, 3),
    ("lo", None, 2, 3), ("lo", 1, "2", 3), ("lo", 1, 2, "3"), ("lo", -1, 1 << 70, Index()), ("lo", 1, Index(), -1),
    ("x" * 16, 1, 2, 3), ("lo\0", 1, 2, 3), ("lo", 1, 2, 3, 4),
]  # fmt: skip


@pytest.mark.parametrize(
    ("proto", "address"),
    [
        (proto, address)
        for proto, address in product([0, *ADDRESSES, 8], NO_ADDRESS)
        if isinstance(address, tuple) or proto not in (ours.CAN_ISOTP, ours.CAN_J1939)
    ],
    ids=lambda value: ascii(value).replace("\\", "/"),
)
def test_what_is_no_address(proto, address):
    with (
        claimed(ours, "AF_CAN", ours.SOCK_RAW, proto) as sock,
        claimed(socket, "AF_CAN", ours.SOCK_RAW, proto) as other,
    ):
        assert outcomes(sock, address) == outcomes(other, address)


@pytest.mark.parametrize("proto", [ours.CAN_ISOTP, ours.CAN_J1939])
def test_address_that_is_no_tuple(proto):
    # Where the standard module has a SystemError.
    with (
        claimed(ours, "AF_CAN", ours.SOCK_RAW, proto) as sock,
        pytest.raises(TypeError, match=r"^connect\(\): AF_CAN address must be tuple, not list$"),
    ):
        sock.connect(["lo", 1, 2])


def test_what_the_kernel_lacks():
    kinds = [ours.SOCK_RAW, ours.SOCK_DGRAM, ours.SOCK_STREAM]
    assert refusals(ours, "AF_CAN", kinds, ADDRESSES) == refusals(socket, "AF_CAN", kinds, ADDRESSES)
