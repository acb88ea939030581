"""Bluetooth controllers: emulated ones, as `btvirt -l2` makes them, or any two that hear each other. hci(7)."""

import errno
import fcntl
import struct
from typing import NamedTuple

from kernel import lacking, opened

from berkeley import socket

# <bluetooth/hci.h>: ioctls of an HCI socket, and what SETSCAN may be told.
HCIDEVUP = 0x400448C9
HCIDEVDOWN = 0x400448CA
HCIGETDEVLIST = 0x800448D2
HCIGETDEVINFO = 0x800448D3
HCISETSCAN = 0x400448DD
SCAN_PAGE = 2

# Opcodes and events of the management channel: the kernel's <net/bluetooth/mgmt.h>, BlueZ's doc/mgmt-api.txt.
MGMT_READ_VERSION = 0x0001
MGMT_SET_LE = 0x000D
MGMT_SET_ADVERTISING = 0x0029
MGMT_COMPLETE = 0x0001


class Controller(NamedTuple):
    device: int
    bdaddr: str


def two():
    """Two controllers that are up and may be connected to."""
    with opened(socket, "AF_BLUETOOTH", socket.SOCK_RAW, socket.BTPROTO_HCI) as hci:
        found = struct.pack("H2x", 16) + bytes(16 * 8)
        found = fcntl.ioctl(hci, HCIGETDEVLIST, found)
        (count,) = struct.unpack_from("H", found)
        devices = sorted(device for device, _flags in struct.iter_unpack("H2xI", found[4 : 4 + 8 * count]))
        if count < 2:
            lacking("two Bluetooth controllers, as btvirt -l2 (bluez-test-tools) emulates them")
        for device in devices[:2]:
            switch_on(hci, device)
        return [Controller(device, bdaddr(hci, device)) for device in devices[:2]]


def switch_on(hci, device):
    try:
        fcntl.ioctl(hci, HCIDEVUP, device)
    except PermissionError:
        lacking("right to switch Bluetooth controllers on (CAP_NET_ADMIN)")
    except OSError as error:
        if error.errno != errno.EALREADY:  # it is on
            raise
    fcntl.ioctl(hci, HCISETSCAN, struct.pack("H2xI", device, SCAN_PAGE))


def bdaddr(hci, device):
    info = fcntl.ioctl(hci, HCIGETDEVINFO, struct.pack("H", device).ljust(128, b"\0"))
    return ":".join(f"{octet:02X}" for octet in reversed(info[10:16]))


def manage(control, opcode, device, parameters=b""):
    """What the command completes with, on an HCI socket of the control channel; OSError for a status that is not 0."""
    control.send(struct.pack("<HHH", opcode, device, len(parameters)) + parameters)
    while True:
        event, _index, _size, answered, status = struct.unpack("<HHHHB", (message := control.recv(300))[:9])
        if answered == opcode:
            if event != MGMT_COMPLETE or status:
                raise OSError(f"command {opcode:#x} has event {event}, status {status}")
            return message[9:]
