"""The programs of examples/ that take AF_CAN or AF_VSOCK."""

import re
import signal
import time
from struct import Struct

import pytest
from kernel import lacking, opened

from berkeley import constants, socket

# <linux/can.h>: identifier, length, flags of CAN FD, data.
FRAME = Struct("=IB3x8s")
FD_FRAME = Struct("=IBB2x64s")


@pytest.fixture
def bus(vcan):
    with opened(socket, "AF_CAN", socket.SOCK_RAW, socket.CAN_RAW) as sock:
        sock.bind((vcan,))
        sock.setsockopt(socket.SOL_CAN_RAW, socket.CAN_RAW_FD_FRAMES, 1)
        yield sock


# What is sent, and how it is logged.
FRAMES = {
    "123#": FRAME.pack(0x123, 0, b""),
    "00F#01020A": FRAME.pack(0x0F, 3, b"\1\2\n"),
    "0ABCDEF0#1122334455667788": FRAME.pack(0xABCDEF0 | socket.CAN_EFF_FLAG, 8, bytes.fromhex("1122334455667788")),
    "123#R": FRAME.pack(0x123 | socket.CAN_RTR_FLAG, 0, b""),
    "123#R4": FRAME.pack(0x123 | socket.CAN_RTR_FLAG, 4, b""),
    f"124##5{'AB' * 64}": FD_FRAME.pack(0x124, 64, constants.CANFD_BRS | constants.CANFD_FDF, b"\xab" * 64),
}
ERROR = {
    "20000060#0000000000000000 # no acknowledgement, bus off": FRAME.pack(
        socket.CAN_ERR_FLAG | constants.CAN_ERR_ACK | constants.CAN_ERR_BUSOFF, 8, b""
    )
}
LAST = FRAME.pack(0x7FF, 0, b"")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    ("arguments", "passing"),
    [
        ([], [*FRAMES]),
        (["--errors"], [*FRAMES, *ERROR]),
        (["--filter=123:7ff", "--filter=7FF:7FF"], ["123#", "123#R", "123#R4"]),
        (["--filter=123~7ff"], ["00F#01020A", "0ABCDEF0#1122334455667788", f"124##5{'AB' * 64}"]),
    ],
    ids=str,
)
def test_can_logger(example, bus, vcan, number, arguments, passing):
    with example("can_logger.py", vcan, *arguments) as logger:
        assert logger.stdout.readline() == f"# listening on {vcan}\n"
        for frame in *FRAMES.values(), *ERROR.values(), LAST:
            bus.send(frame)
        lines = [*iter(lambda: logger.stdout.readline().partition(f") {vcan} ")[2], "7FF#\n")]
        assert lines == [f"{text}\n" for text in passing]
        logger.send_signal(number)
        assert logger.stdout.read() == ""


def test_can_logger_tells_the_time(example, bus, vcan):
    before = time.time()
    with example("can_logger.py", vcan) as logger:
        logger.stdout.readline()
        bus.send(LAST)
        [moment] = re.fullmatch(rf"\((\d+\.\d{{6}})\) {vcan} 7FF#\n", logger.stdout.readline()).groups()
        # The file of the kernel's time is a tick old, at most.
        assert before - 0.1 < float(moment) <= time.time()
        logger.send_signal(signal.SIGTERM)


def test_can_logger_of_no_interface(example):
    says = "no-such: .*(No such device|not supported by protocol)\n"
    with example("can_logger.py", "no-such", status=1, says=says) as logger:
        assert logger.stdout.read() == ""


def test_worker_pool_on_vsock(example):
    with opened(socket, "AF_VSOCK", socket.SOCK_STREAM) as client:
        try:
            client.bind((socket.VMADDR_CID_LOCAL, socket.VMADDR_PORT_ANY))
        except OSError as error:
            lacking(f"transport that carries AF_VSOCK streams back to this machine: {error.strerror}")
    with (
        example("worker_pool.py", "--vsock") as pool,
        socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM) as client,
    ):
        _, _, cid, port = pool.stdout.readline().split()
        assert int(cid) == socket.VMADDR_CID_LOCAL
        client.connect((int(cid), int(port)))
        client.sendall(b"hello\n")
        with client.makefile("rb") as lines:
            process, answer = lines.readline().split(b": ")
        assert answer == b"HELLO\n"
        assert int(process) != pool.pid
        pool.send_signal(signal.SIGTERM)
        client.shutdown(socket.SHUT_WR)
        assert pool.stdout.read() == ""
