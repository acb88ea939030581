"""AF_QIPCRTR."""

import socket
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kernel import claimed, opened, outcomes
from layouts import layout

from berkeley import constants
from berkeley import socket as ours
from berkeley.families import qipcrtr

numbers = st.integers(0, 0xFFFFFFFF)


def test_datagrams(impl):
    with opened(impl, "AF_QIPCRTR", impl.SOCK_DGRAM) as a, opened(impl, "AF_QIPCRTR", impl.SOCK_DGRAM) as b:
        node, port = a.getsockname()
        assert port == 0
        a.bind((node, 0))
        b.bind((node, 0))
        assert 0 < a.getsockname()[1] != b.getsockname()[1] > 0
        a.sendto(b"to b", b.getsockname())
        assert b.recvfrom(100) == (b"to b", a.getsockname())
        b.connect(a.getsockname())
        assert b.getpeername() == a.getsockname()
        b.send(b"to a")
        assert a.recvmsg(100) == (b"to a", [], 0, b.getsockname())


def test_name_server():
    """A service that is announced to the router's control port is found there."""
    with opened(ours, "AF_QIPCRTR", ours.SOCK_DGRAM) as server, opened(ours, "AF_QIPCRTR", ours.SOCK_DGRAM) as client:
        node, _ = client.getsockname()
        server.bind((node, 0))
        control = node, constants.QRTR_PORT_CTRL
        numbers = 4711, 1, *server.getsockname()
        server.sendto(packet(constants.QRTR_TYPE_NEW_SERVER, *numbers), control)
        client.sendto(packet(constants.QRTR_TYPE_NEW_LOOKUP, 4711, 1, 0, 0), control)
        assert client.recvfrom(100) == (packet(constants.QRTR_TYPE_NEW_SERVER, *numbers), control)


def packet(*numbers):
    """struct qrtr_ctrl_pkt: the command and, for those of servers, service, instance, node and port. All are __le32."""
    return b"".join(number.to_bytes(4, "little") for number in numbers)


@given(address=st.tuples(numbers, numbers))
def test_round_trip(address):
    assert qipcrtr.unpack(None, qipcrtr.pack(None, "bind", address)) == address


def test_struct(tmp_path):
    struct = layout(tmp_path, "linux/qrtr.h", "struct sockaddr_qrtr", "sq_family", "sq_node", "sq_port")
    packed = qipcrtr.pack(None, "bind", (0x01020304, 0x05060708))
    assert len(packed) == struct[""]
    for field, value in {"sq_family": ours.AF_QIPCRTR, "sq_node": 0x01020304, "sq_port": 0x05060708}.items():
        offset, size = struct[field]
        assert int.from_bytes(packed[offset : offset + size], sys.byteorder) == value


@pytest.mark.parametrize(
    "address",
    [None, "x", [1, 2], (), (1,), (1, 2, 3), ("1", 2), (1, 2.0), (None, 2), (1 << 70, "2"), (1 << 70, -1)],
    ids=repr,
)
def test_what_is_no_address(address):
    with claimed(ours, "AF_QIPCRTR", ours.SOCK_DGRAM) as sock, claimed(socket, "AF_QIPCRTR", ours.SOCK_DGRAM) as other:
        assert outcomes(sock, address) == outcomes(other, address)
