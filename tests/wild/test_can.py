import platform
import socket
from pathlib import Path
from typing import NamedTuple

import can
import pytest
from can.interfaces.udp_multicast import UdpMulticastBus

pytestmark = pytest.mark.tried("can")
FRAMES = [
    can.Message(arbitration_id=0x123, data=b"eight by", is_extended_id=False),
    can.Message(arbitration_id=0x1ABCDEF, data=b"", is_extended_id=True),
    can.Message(arbitration_id=0x7FF, is_remote_frame=True, is_extended_id=False, dlc=4),
]
LONG = can.Message(arbitration_id=0x123, data=bytes(64), is_extended_id=False, is_fd=True, bitrate_switch=True)


class Interface(NamedTuple):
    name: str
    product: str  # the kernel, for the table


@pytest.fixture
def vcan():
    """A virtual interface."""
    try:
        socket.socket(socket.AF_CAN, socket.SOCK_RAW, socket.CAN_RAW).close()
    except OSError:
        pytest.skip("the kernel has no AF_CAN")
    names = [path.name for path in Path("/sys/class/net").glob("vcan*")]
    if not names:
        pytest.skip("no interface vcan*: ip link add vcan0 type vcan; ip link set vcan0 up")
    return Interface(names[0], f"Linux {platform.release()}")


def same(received, frame):
    return received.equals(frame, timestamp_delta=None, check_channel=False, check_direction=False)


def test_multicast(multicast):
    """UDP multicast, in a network namespace: frames, CAN FD, a timeout."""
    options = {"channel": UdpMulticastBus.DEFAULT_GROUP_IPv4, "interface": "udp_multicast", "fd": True}
    with can.Bus(**options) as bus, can.Bus(**options) as other:
        for frame in [*FRAMES, LONG]:
            bus.send(frame)
            assert same(other.recv(20), frame)
        assert other.recv(0.05) is None


def test_frames(vcan):
    """SocketCAN: frames, CAN FD, filters, a timeout, an asynchronous reader's thread."""
    options = {"channel": vcan.name, "interface": "socketcan", "fd": True}
    chosen = [{"can_id": 0x123, "can_mask": 0x7FF, "extended": False}]
    with can.Bus(**options) as bus, can.Bus(**options) as other, can.Bus(**options, can_filters=chosen) as filtered:
        assert isinstance(bus.socket, socket.socket)
        reader = can.BufferedReader()
        notifier = can.Notifier(other, [reader])
        for frame in [*FRAMES, LONG]:
            bus.send(frame)
            assert same(reader.get_message(20), frame)
        notifier.stop()
        assert [filtered.recv(20).data for _ in range(2)] == [FRAMES[0].data, LONG.data]
        assert filtered.recv(0.05) is None


def test_periodic_frames(vcan):
    """SocketCAN's broadcast manager: frames that the kernel sends again and again, changed, and ended."""
    options = {"channel": vcan.name, "interface": "socketcan"}
    with can.Bus(**options) as bus, can.Bus(**options) as other:
        task = bus.send_periodic(FRAMES[0], 0.01)
        assert [other.recv(20).data for _ in range(3)] == [FRAMES[0].data] * 3
        changed = can.Message(arbitration_id=FRAMES[0].arbitration_id, data=b"changed.", is_extended_id=False)
        task.modify_data(changed)
        while other.recv(20).data != changed.data:
            pass
        task.stop()
        while other.recv(0.1) is not None:
            pass
