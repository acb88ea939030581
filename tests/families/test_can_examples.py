"""The socket documentation's CAN programs, in all the ways to run one."""

from struct import Struct

import pytest
from kernel import opened

FRAME = Struct("=IB3x8s")
WAYS = ["standard", "import", "run"]


@pytest.fixture
def bus(impl, vcan):
    with opened(impl, "AF_CAN", impl.SOCK_RAW, impl.CAN_RAW) as sock:
        sock.bind((vcan,))
        yield sock


@pytest.mark.parametrize("way", WAYS)
def test_raw(bus, vcan, started, way):
    with started(way, "can_raw.py", vcan) as program:
        assert program.stdout.readline() == "listening\n"
        frame = FRAME.pack(0x2A, 5, b"hello")
        bus.send(frame)
        assert [bus.recv(100) for _ in range(2)] == [frame, FRAME.pack(0x01, 3, b"\1\2\3")]
        assert program.stdout.read() == f"received can_id=2a, can_dlc=5, data=b'hello' on {vcan}\n"


@pytest.mark.parametrize("way", WAYS)
def test_broadcast_manager(bus, vcan, started, way):
    with started(way, "can_bcm.py", vcan) as program:
        assert [bus.recv(100) for _ in range(3)] == [FRAME.pack(0x100, 4, b"beat")] * 3
        bus.send(FRAME.pack(0x101, 0, b""))
        assert program.stdout.read() == f"changed True 0x101 {vcan}\n"
