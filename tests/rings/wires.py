"""Frames and rings for the tests: how they are made, sent, told apart and counted."""

import json
import mmap
import os
import struct
import subprocess

from waits import LONG

import berkeley
from berkeley import constants

LEFT, RIGHT, OTHER = (bytes.fromhex(f"02000000000{last}") for last in (1, 2, 7))
ETHERNET = struct.Struct("!6s6sH")
TEST = constants.ETH_P_802_EX1
PAGE = mmap.PAGESIZE


def ip(*arguments):
    return subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True).stdout


def promiscuity(interface):
    [link] = json.loads(ip("-d", "-j", "link", "show", interface))
    return link["promiscuity"]


def made(body, target=RIGHT, protocol=TEST):
    return ETHERNET.pack(target, LEFT, protocol) + body


def opened(interface="right", **settings):
    defaults = {"protocol": TEST, "retire": 0.001, "block_size": PAGE, "blocks": 8, "timeout": LONG}
    return berkeley.PacketRing(interface, **{**defaults, **settings})


def send(sock, count, start=0, size=1000):
    for number in range(start, start + count):
        sock.send(made(b"%05d" % number + bytes(size)))


def number(data):
    return int(bytes(data)[14:19])


def mapped():
    """How many packet rings this process maps."""
    with open("/proc/self/maps") as maps:
        return sum("socket:[" in line for line in maps)


def descriptors():
    return sorted(os.listdir("/proc/self/fd"))


def program(*instructions):
    return b"".join(struct.pack("=HBBI", *each) for each in instructions)


# Those whose byte behind the header is "y".
WANTED = program((0x30, 0, 0, 14), (0x15, 0, 1, ord("y")), (0x06, 0, 0, 0xFFFF), (0x06, 0, 0, 0))
