"""AF_CAN: CAN_ISOTP and CAN_J1939, which carry more than a frame holds, on a virtual interface."""

import select
from contextlib import ExitStack
from struct import Struct

import pytest
from kernel import opened
from waits import arrived

from berkeley import constants

# <linux/can/isotp.h>, struct can_isotp_options: flags, time between frames (ns), an extended address, the paddings sent
# and received, another extended address.
ISOTP_OPTIONS = Struct("=II4B")
# <linux/can/j1939.h>, struct j1939_filter: name, its mask, group number, its mask, address, its mask.
J1939_FILTER = Struct("@QQIIBB0Q")

# <linux/can.h>: identifier, length, data.
FRAME = Struct("=IB3x8s")

EXTENDED = constants.CAN_EFF_FLAG
NOBODY = (constants.J1939_NO_NAME, constants.J1939_NO_PGN, constants.J1939_NO_ADDR)
GROUP = 0x0FEF6  # group numbers from 0x0F000 to 0x0FFFF are for everyone


@pytest.fixture
def isotp(impl, vcan):
    """Makes CAN_ISOTP sockets, bound to the virtual interface and to two identifiers; options count if set before."""
    with ExitStack() as stack:

        def make(receive, send, options=None):
            sock = stack.enter_context(opened(impl, "AF_CAN", impl.SOCK_DGRAM, impl.CAN_ISOTP))
            if options:
                sock.setsockopt(constants.SOL_CAN_ISOTP, constants.CAN_ISOTP_OPTS, options)
            sock.bind((vcan, receive, send))
            return sock

        yield make


@pytest.fixture
def j1939(impl, vcan):
    """Makes CAN_J1939 sockets, bound to the virtual interface and to an address of one byte, if that is all."""
    with ExitStack() as stack:

        def make(address, group=constants.J1939_NO_PGN, name=constants.J1939_NO_NAME):
            sock = stack.enter_context(opened(impl, "AF_CAN", impl.SOCK_DGRAM, impl.CAN_J1939))
            sock.bind((vcan, name, group, address))
            return sock

        yield make


@pytest.mark.parametrize("identifiers", [(0x7E0, 0x7E8), (0x18DA10F1 | EXTENDED, 0x18DAF110 | EXTENDED)])
def test_isotp(isotp, vcan, identifiers):
    tester, device = isotp(*identifiers), isotp(*reversed(identifiers))
    assert tester.getsockname() == (vcan, *identifiers)
    for message in (b"single", bytes(range(256)) * 15):
        assert tester.send(message) == len(message)
        received, (interface, *_numbers) = device.recvfrom(5000)
        assert (received, interface) == (message, vcan)
    assert device.sendmsg([b"gathered ", b"from ", b"parts"]) == 19
    assert tester.recvmsg(100)[0] == b"gathered from parts"


def test_isotp_options(impl, isotp, vcan):
    """Frames are filled up with a byte that the receiver asks for: the message sent without is refused."""
    flags = constants.CAN_ISOTP_TX_PADDING | constants.CAN_ISOTP_RX_PADDING | constants.CAN_ISOTP_CHK_PAD_DATA
    options = ISOTP_OPTIONS.pack(flags, 0, 0, 0xAA, 0xAA, 0)
    padding, receiver = isotp(0x111, 0x222, options), isotp(0x222, 0x111, options)
    found = receiver.getsockopt(constants.SOL_CAN_ISOTP, constants.CAN_ISOTP_OPTS, ISOTP_OPTIONS.size)
    assert ISOTP_OPTIONS.unpack(found)[::3] == (flags, 0xAA)
    with opened(impl, "AF_CAN", impl.SOCK_RAW, impl.CAN_RAW) as bus:
        bus.bind((vcan,))
        # A message in a single frame: its length in the first byte (ISO 15765-2, 9.6.2).
        bus.send(FRAME.pack(0x222, 8, b"\x03bad\0\0\0\0"))
        with pytest.raises(OSError, match="Bad message"):
            receiver.recv(100)
        padding.send(b"good")
        assert receiver.recv(100) == b"good"
        assert bus.recv(100)[8:] == b"\x04good\xaa\xaa\xaa"


def test_j1939_to_one(j1939, vcan):
    sender, receiver, other = j1939(0x20), j1939(0x30), j1939(0x40)
    assert receiver.getsockname() == (vcan, *NOBODY[:2], 0x30)
    to = (vcan, constants.J1939_NO_NAME, 0x12300, 0x30)
    assert sender.sendto(b"short", to) == 5
    assert receiver.recvfrom(100) == (b"short", (vcan, constants.J1939_NO_NAME, 0x12300, 0x20))
    # This takes a session of many frames, of which kernels do not tell the interface.
    assert sender.sendto(bytes(range(100)), to) == 100
    data, (interface, *numbers) = receiver.recvfrom(200)
    assert (data, numbers) == (bytes(range(100)), [constants.J1939_NO_NAME, 0x12300, 0x20])
    assert interface in ("", vcan)
    sender.sendto(b"for you", (*to[:3], 0x40))
    assert other.recv(100) == b"for you"


def test_j1939_to_all(impl, j1939, vcan):
    sender, *receivers = j1939(0x20), j1939(0x30), j1939(0x40)
    for sock in (sender, *receivers):
        sock.setsockopt(impl.SOL_SOCKET, impl.SO_BROADCAST, 1)
    sender.sendto(b"everyone", (vcan, constants.J1939_NO_NAME, GROUP, constants.J1939_NO_ADDR))
    expected = (b"everyone", (vcan, constants.J1939_NO_NAME, GROUP, 0x20))
    assert [sock.recvfrom(100) for sock in receivers] == [expected] * 2


def test_j1939_connected(j1939, vcan):
    a, b = j1939(0x20), j1939(0x30)
    peer = (vcan, constants.J1939_NO_NAME, 0x12300, 0x30)
    a.connect(peer)
    assert a.getpeername() == peer
    a.send(b"no address")
    assert b.recv(100) == b"no address"


def test_j1939_name(j1939, vcan):
    """All 64 bits of it."""
    bound = j1939(0x50, name=0xFEDCBA9876543210)
    assert bound.getsockname() == (vcan, 0xFEDCBA9876543210, constants.J1939_NO_PGN, 0x50)


def test_j1939_ancillary_data(impl, j1939, vcan):
    """To which address a message went, and with what priority."""
    sender, receiver = j1939(0x20), j1939(0x30)
    sender.setsockopt(constants.SOL_CAN_J1939, constants.SO_J1939_SEND_PRIO, 3)
    sender.sendto(b"urgent", (vcan, constants.J1939_NO_NAME, 0x12300, 0x30))
    data, ancillary, _flags, address = receiver.recvmsg(100, 200)
    assert (data, address) == (b"urgent", (vcan, constants.J1939_NO_NAME, 0x12300, 0x20))
    assert set(ancillary) == {
        (constants.SOL_CAN_J1939, constants.SCM_J1939_DEST_ADDR, b"\x30"),
        (constants.SOL_CAN_J1939, constants.SCM_J1939_PRIO, b"\3"),
    }


def test_j1939_filter(j1939, vcan):
    sender, receiver = j1939(0x20), j1939(0x30)
    only = J1939_FILTER.pack(0, 0, 0x12400, constants.J1939_PGN_MAX, 0, 0)
    receiver.setsockopt(constants.SOL_CAN_J1939, constants.SO_J1939_FILTER, only)
    for group in (0x12300, 0x12400):
        sender.sendto(b"x", (vcan, constants.J1939_NO_NAME, group, 0x30))
    assert receiver.recvfrom(100)[1][2] == 0x12400


@pytest.mark.parametrize("impl", ["berkeley"], indirect=True)
def test_a_long_message_to_nobody_of_j1939(j1939, vcan):
    """Nobody answers the request to send: the kernel gives up, and says so in the error queue."""
    sender = j1939(0x20)
    sender.setsockopt(constants.SOL_CAN_J1939, constants.SO_J1939_ERRQUEUE, 1)
    sender.setblocking(False)
    sender.sendto(bytes(100), (vcan, constants.J1939_NO_NAME, 0x12300, 0x30))
    arrived(sender, select.POLLERR)
    [entry] = sender.recv_errors()
    assert (entry.origin, entry.destination, entry.offender) == ("local", None, None)
    assert entry.errno != 0
    assert entry.exception().errno == entry.errno
