"""What a packet ring refuses, and what the system refuses to it."""

import errno
import gc
import math
import struct

import pytest
from wires import PAGE, TEST, WANTED, descriptors, mapped, opened, program

import berkeley
from berkeley import _native, constants, socket
from berkeley._beyond import ring as module

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
