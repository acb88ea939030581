"""AF_BLUETOOTH: L2CAP, RFCOMM, SCO and HCI, between two controllers."""

import fcntl
import socket
import struct
import sys
from types import SimpleNamespace

import controllers
import pytest
from air import Air
from hypothesis import given
from hypothesis import strategies as st
from kernel import claimed, constant, opened, outcome
from layouts import layout

from berkeley import constants
from berkeley import socket as ours
from berkeley.families import bluetooth

TIMEOUT = 20

# LE's own: the one channel of the attribute protocol, and the first PSM that programs may have.
CID_ATT = 4
LE_PSM = 0x80

READ_BD_ADDR = 0x1009  # an HCI command


@pytest.fixture(scope="module")
def near_and_far():
    return controllers.two()


@pytest.fixture
def sockets():
    """Opens Bluetooth sockets."""
    opened_here = []

    def open_socket(kind, proto):
        sock = opened(ours, "AF_BLUETOOTH", kind, proto)
        opened_here.append(sock)
        sock.settimeout(TIMEOUT)
        return sock

    yield open_socket
    for sock in opened_here:
        sock.close()


def accept(listener):
    """A connection under a timeout: Linux 6.1.176 does not wake a blocking receive of L2CAP, or loses what came.

    So it is on the interpreter's own module too; poll(2) is told.
    """
    connection, peer = listener.accept()
    connection.settimeout(TIMEOUT)
    return connection, peer


def exchange(one, other, size=100):
    for sender, receiver in [(one, other), (other, one)]:
        sender.send(b"x" * size)
        assert receiver.recvfrom(1000) == (b"x" * size, None)


# --- traffic


@pytest.mark.parametrize("kind", [ours.SOCK_SEQPACKET, ours.SOCK_STREAM])
def test_l2cap(near_and_far, sockets, kind):
    near, far = near_and_far
    listener, client = sockets(kind, ours.BTPROTO_L2CAP), sockets(kind, ours.BTPROTO_L2CAP)
    listener.bind((far.bdaddr, 0))
    listener.listen()
    bdaddr, psm = listener.getsockname()
    assert bdaddr == far.bdaddr
    assert psm >= 0x1001
    client.bind((near.bdaddr, 0))
    assert client.getsockname()[0] == near.bdaddr
    client.connect((bdaddr, psm))
    accepted, peer = accept(listener)
    with accepted:
        assert peer == accepted.getpeername() == client.getsockname()
        assert client.getpeername() == accepted.getsockname()
        assert peer[:2] == (near.bdaddr, psm)
        assert peer[2] >= 0x40  # a channel of this connection
        exchange(client, accepted)


def test_l2cap_connection_that_was_begun(near_and_far, sockets):
    """A try would say ENOTCONN until it stands: a timeout waits for it."""
    near, far = near_and_far
    listener, client = (sockets(ours.SOCK_SEQPACKET, ours.BTPROTO_L2CAP) for _ in range(2))
    listener.bind((far.bdaddr, 0))
    listener.listen()
    client.bind((near.bdaddr, 0))
    client.setblocking(False)
    with pytest.raises(BlockingIOError):
        client.connect(listener.getsockname())
    client.settimeout(TIMEOUT)
    assert client.send(b"data") == 4
    with accept(listener)[0] as accepted:
        assert accepted.recv(9) == b"data"


def test_l2cap_datagrams(near_and_far, sockets):
    near, far = near_and_far
    server, client = (sockets(ours.SOCK_DGRAM, ours.BTPROTO_L2CAP) for _ in range(2))
    server.bind((far.bdaddr, 0x1011))
    assert server.getsockname()[:2] == (far.bdaddr, 0x1011)
    client.bind((near.bdaddr, 0))
    client.connect((far.bdaddr, 0x1011))
    client.send(b"datagram")
    data, address = server.recvfrom(100)
    assert (data, address[:2]) == (b"datagram", (near.bdaddr, 0x1011))


@pytest.mark.parametrize(
    "address",
    [
        (ours.BDADDR_ANY, 0x1021),
        (ours.BDADDR_ANY, 0, CID_ATT, ours.BDADDR_LE_PUBLIC),
        (ours.BDADDR_ANY, LE_PSM, 0, ours.BDADDR_LE_RANDOM),
    ],
)
def test_l2cap_names(sockets, address):
    sock = sockets(ours.SOCK_SEQPACKET, ours.BTPROTO_L2CAP)
    sock.bind(address)
    assert sock.getsockname() == address


def test_l2cap_low_energy(near_and_far, sockets):
    near, far = near_and_far
    control = sockets(ours.SOCK_RAW, ours.BTPROTO_HCI)
    control.bind((ours.HCI_DEV_NONE, ours.HCI_CHANNEL_CONTROL))
    for controller in near_and_far:
        controllers.manage(control, controllers.MGMT_SET_LE, controller.device, b"\1")
    controllers.manage(control, controllers.MGMT_SET_ADVERTISING, far.device, b"\2")
    listener, client = (sockets(ours.SOCK_SEQPACKET, ours.BTPROTO_L2CAP) for _ in range(2))
    listener.bind((far.bdaddr, LE_PSM, 0, ours.BDADDR_LE_PUBLIC))
    listener.listen()
    client.bind((near.bdaddr, 0, 0, ours.BDADDR_LE_PUBLIC))
    client.connect((far.bdaddr, LE_PSM, 0, ours.BDADDR_LE_PUBLIC))
    accepted, peer = accept(listener)
    with accepted:
        assert peer == accepted.getpeername()
        assert (peer[0], peer[3]) == (near.bdaddr, ours.BDADDR_LE_PUBLIC)
        assert client.getpeername()[::3] == (far.bdaddr, ours.BDADDR_LE_PUBLIC)
        exchange(client, accepted)


def test_rfcomm(near_and_far, sockets):
    near, far = near_and_far
    listener, client = (sockets(ours.SOCK_STREAM, ours.BTPROTO_RFCOMM) for _ in range(2))
    listener.bind((far.bdaddr, 0))
    listener.listen()
    bdaddr, channel = listener.getsockname()
    assert bdaddr == far.bdaddr
    assert 1 <= channel <= 30
    client.bind((near.bdaddr, 0))
    client.connect((bdaddr, channel))
    accepted, peer = accept(listener)
    with accepted:
        assert peer == accepted.getpeername() == (near.bdaddr, channel)
        assert accepted.getsockname() == client.getpeername() == (far.bdaddr, channel)
        exchange(client, accepted)


def test_hci(near_and_far, sockets):
    near, _ = near_and_far
    for address in (near.device, (near.device,), (near.device, ours.HCI_CHANNEL_RAW)):
        hci = sockets(ours.SOCK_RAW, ours.BTPROTO_HCI)
        hci.bind(address)
        assert hci.getsockname() == near.device
    # struct hci_filter: of the events (packets of type 4) those that complete a command, of this command alone.
    hci.setsockopt(ours.SOL_HCI, ours.HCI_FILTER, struct.pack("=IQHxx", 1 << 4, 1 << 0x0E, READ_BD_ADDR))
    hci.send(struct.pack("<BHB", constants.HCI_COMMAND_PKT, READ_BD_ADDR, 0))
    packet, address = hci.recvfrom(300)
    assert address is None
    assert packet[:3] == bytes([constants.HCI_EVENT_PKT, 0x0E, 10])
    opcode, status, octets = struct.unpack("<HB6s", packet[4:])
    assert (opcode, status) == (READ_BD_ADDR, 0)
    assert octets[::-1].hex(":").upper() == near.bdaddr


def test_hci_user_channel(near_and_far, sockets):
    """A controller that is switched off can be had by one program alone."""
    _, far = near_and_far
    user, switch = (sockets(ours.SOCK_RAW, ours.BTPROTO_HCI) for _ in range(2))
    fcntl.ioctl(switch, controllers.HCIDEVDOWN, far.device)
    try:
        user.bind((far.device, ours.HCI_CHANNEL_USER))
        assert user.getsockname() == (far.device, ours.HCI_CHANNEL_USER)
        user.close()
    finally:
        controllers.switch_on(switch, far.device)


def test_hci_control_channel(sockets):
    control = sockets(ours.SOCK_RAW, ours.BTPROTO_HCI)
    control.bind((ours.HCI_DEV_NONE, ours.HCI_CHANNEL_CONTROL))
    version, _revision = controllers.manage(control, controllers.MGMT_READ_VERSION, ours.HCI_DEV_NONE)[::2]
    assert version == 1


def test_sco(sockets):
    listener, client = (sockets(ours.SOCK_SEQPACKET, ours.BTPROTO_SCO) for _ in range(2))
    with Air() as (near, far), opened(ours, "AF_BLUETOOTH", ours.SOCK_RAW, ours.BTPROTO_HCI) as switch:
        for controller in (near, far):
            controllers.switch_on(switch, controller.device)
        listener.bind(far.bdaddr.encode())
        assert listener.getsockname() == far.bdaddr
        listener.listen()
        client.bind(near.bdaddr)
        client.connect(far.bdaddr)
        accepted, peer = accept(listener)
        with accepted:
            assert peer == accepted.getpeername() == client.getsockname() == near.bdaddr
            assert client.getpeername() == accepted.getsockname() == far.bdaddr
            exchange(client, accepted, size=48)
        client.close()


# --- addresses

octets = st.binary(min_size=6, max_size=6)
bdaddrs = octets.map(lambda octets: octets.hex(":").upper())
bytes_of = {size: st.integers(0, (1 << size) - 1) for size in (8, 16)}
ADDRESSES = {
    "L2CAP": st.one_of(
        st.tuples(bdaddrs, bytes_of[16]),
        st.tuples(bdaddrs, bytes_of[16], st.integers(1, 0xFFFF)),
        st.tuples(bdaddrs, bytes_of[16], bytes_of[16], st.integers(1, 0xFF)),
    ),
    "RFCOMM": st.tuples(bdaddrs, bytes_of[8]),
    "SCO": bdaddrs,
    "HCI": st.one_of(bytes_of[16], st.tuples(bytes_of[16], st.integers(1, 0xFFFF))),
}


def of(protocol):
    """What pack() and unpack() need of a socket."""
    return SimpleNamespace(proto=getattr(ours, f"BTPROTO_{protocol}"))


@pytest.mark.parametrize("protocol", ADDRESSES)
@given(data=st.data())
def test_round_trip(protocol, data):
    address = data.draw(ADDRESSES[protocol])
    sock = of(protocol)
    assert bluetooth.unpack(sock, bluetooth.pack(sock, "bind", address)) == address


# From Python 3.15 on, a number that its field cuts is warned of as well.
@pytest.mark.filterwarnings("ignore:integer value out of range:DeprecationWarning")
@pytest.mark.parametrize(
    ("protocol", "address", "same"),
    [
        ("L2CAP", ("0:1:a:0B:c:ff", 5, 0, 0), ("00:01:0A:0B:0C:FF", 5)),
        ("L2CAP", (ours.BDADDR_ANY, -1, 1 << 16, 0x100), (ours.BDADDR_ANY, 0xFFFF)),
        ("RFCOMM", (ours.BDADDR_LOCAL, 0x101), (ours.BDADDR_LOCAL, 1)),
        ("SCO", b"00:11:22:33:44:55", "00:11:22:33:44:55"),
        ("HCI", (3,), 3),
        ("HCI", (3, ours.HCI_CHANNEL_RAW), 3),
        ("HCI", True, 1),
    ],
)
def test_forms_of_one_address(protocol, address, same):
    sock = of(protocol)
    assert bluetooth.unpack(sock, bluetooth.pack(sock, "bind", address)) == same


@pytest.mark.parametrize(
    ("protocol", "struct_name", "address", "fields"),
    [
        ("L2CAP", "sockaddr_l2", ("01:02:03:04:05:06", 0x0708, 0x090A, 0x0B),
         {"l2_psm": 0x0708, "l2_bdaddr": 0x010203040506, "l2_cid": 0x090A, "l2_bdaddr_type": 0x0B}),
        ("RFCOMM", "sockaddr_rc", ("01:02:03:04:05:06", 7), {"rc_bdaddr": 0x010203040506, "rc_channel": 7}),
        ("SCO", "sockaddr_sco", "01:02:03:04:05:06", {"sco_bdaddr": 0x010203040506}),
        ("HCI", "sockaddr_hci", (0x0102, 0x0304), {"hci_dev": 0x0102, "hci_channel": 0x0304}),
    ],
)  # fmt: skip
def test_struct(tmp_path, protocol, struct_name, address, fields):
    header = {"L2CAP": "l2cap", "RFCOMM": "rfcomm", "SCO": "sco", "HCI": "hci"}[protocol]
    headers = f"bluetooth/bluetooth.h bluetooth/{header}.h"
    found = layout(tmp_path, headers, f"struct {struct_name}", *fields)
    packed = bluetooth.pack(of(protocol), "bind", address)
    assert len(packed) == found[""]
    assert packed[:2] == ours.AF_BLUETOOTH.to_bytes(2, sys.byteorder)
    # But for HCI's, which never leave the machine, they are in the order of the protocol.
    order = sys.byteorder if protocol == "HCI" else "little"
    for field, value in fields.items():
        offset, size = found[field]
        assert int.from_bytes(packed[offset : offset + size], order) == value


FORMS = {
    "L2CAP": "a tuple (bdaddr, psm[, cid[, bdaddr_type]])",
    "RFCOMM": "a tuple (bdaddr, channel)",
    "SCO": "str or bytes",
    "HCI": "an int or a tuple (device[, channel])",
}
WRONG = {
    "L2CAP": [
        None, "", ours.BDADDR_ANY, [ours.BDADDR_ANY, 1], (), (ours.BDADDR_ANY,), (ours.BDADDR_ANY, 0, 0, 0, 0),
        (b"00:00:00:00:00:00", 1), (ours.BDADDR_ANY, "1"), (ours.BDADDR_ANY, 1.0), (1, ours.BDADDR_ANY),
    ],
    "RFCOMM": [
        None, ours.BDADDR_ANY, [ours.BDADDR_ANY, 1], (), (ours.BDADDR_ANY,), (ours.BDADDR_ANY, 1, 1),
        (b"00:00:00:00:00:00", 1), (ours.BDADDR_ANY, "1"), (ours.BDADDR_ANY, None),
    ],
    "SCO": [None, 1, (ours.BDADDR_ANY,), [ours.BDADDR_ANY], bytearray(b"00:00:00:00:00:00")],
    "HCI": [None, ours.BDADDR_ANY, b"00:00:00:00:00:00", 1.0, [0], (), (0, 0, 0), ("0",), (0, None)],
}  # fmt: skip


NO_BDADDR = [
    "", "x", "00:00:00:00:00", "00:00:00:00:00:00:00", "00:00:00:00:00:100", "00:00:00:00:00:0g", "00-00-00-00-00-00",
    "00:00:00:00:00:", "00:00:00:00:00:0_0", "00:00:00:00:00:\u0661", "00:00:00:00:00:-1", "00:00:00:00:00:00 ",
]  # fmt: skip


@pytest.mark.parametrize(
    ("protocol", "address"), [(protocol, address) for protocol in WRONG for address in WRONG[protocol]], ids=ascii
)
def test_what_is_no_address(protocol, address):
    message = f"(): wrong format: AF_BLUETOOTH address must be {FORMS[protocol]}"
    with claimed(ours, "AF_BLUETOOTH", ours.SOCK_RAW, of(protocol).proto) as sock:
        assert outcome(sock.bind, address) == ("OSError", None, f"bind{message}")
        assert outcome(sock.sendto, b"", address) == ("OSError", None, f"sendto{message}")


@pytest.mark.parametrize("bdaddr", NO_BDADDR, ids=ascii)
def test_what_is_no_bluetooth_address(bdaddr):
    for protocol, address in {"L2CAP": (bdaddr, 1), "RFCOMM": (bdaddr, 1), "SCO": bdaddr}.items():
        with claimed(ours, "AF_BLUETOOTH", ours.SOCK_RAW, of(protocol).proto) as sock:
            assert outcome(sock.bind, address) == ("OSError", None, "bad bluetooth address")


def test_the_interpreters_own_module_takes_no_such_address_either():
    """Where it was built with Bluetooth. Its words, which name no form, are the first of ours."""
    constant(socket, "AF_BLUETOOTH")
    for protocol, addresses in WRONG.items():
        with claimed(socket, "AF_BLUETOOTH", ours.SOCK_RAW, of(protocol).proto) as sock:
            for address in addresses:
                assert outcome(sock.bind, address) == ("OSError", None, "bind(): wrong format")
    with claimed(socket, "AF_BLUETOOTH", ours.SOCK_RAW, ours.BTPROTO_RFCOMM) as sock:
        for bdaddr in NO_BDADDR:
            assert outcome(sock.bind, (bdaddr, 1)) == ("OSError", None, "bad bluetooth address")


@pytest.mark.parametrize("bdaddr", [ours.BDADDR_ANY + "\0", "\ud812"], ids=ascii)
def test_text_that_is_none_in_c(bdaddr):
    with claimed(ours, "AF_BLUETOOTH", ours.SOCK_RAW, ours.BTPROTO_RFCOMM) as sock, pytest.raises(OSError):
        sock.bind((bdaddr, 1))
    with claimed(ours, "AF_BLUETOOTH", ours.SOCK_RAW, ours.BTPROTO_SCO) as sock, pytest.raises(ValueError):
        sock.bind(bdaddr)


def test_other_protocols():
    with claimed(ours, "AF_BLUETOOTH", ours.SOCK_RAW, constants.BTPROTO_HIDP) as sock:
        assert outcome(sock.bind, ("00:00:00:00:00:00", 1)) == ("OSError", None, "bind(): unknown Bluetooth protocol")
    raw = ours.AF_BLUETOOTH.to_bytes(2, sys.byteorder) + b"data"
    assert bluetooth.unpack(SimpleNamespace(proto=constants.BTPROTO_ISO), raw) == (ours.AF_BLUETOOTH, b"data")
