"""Answers one frame on a CAN interface: with the same frame, and with one of its own."""

import socket
import struct
import sys

# <linux/can.h>, struct can_frame: identifier, length, data.
FRAME = struct.Struct("=IB3x8s")


def build(identifier, data):
    return FRAME.pack(identifier, len(data), data)


def dissect(frame):
    identifier, length, data = FRAME.unpack(frame)
    return identifier, length, data[:length]


with socket.socket(socket.AF_CAN, socket.SOCK_RAW, socket.CAN_RAW) as bus:
    bus.bind((sys.argv[1],))
    print("listening", flush=True)
    frame, address = bus.recvfrom(FRAME.size)
    identifier, length, data = dissect(frame)
    print(f"received can_id={identifier:x}, can_dlc={length:x}, data={data} on", *address)
    bus.send(frame)
    bus.send(build(0x01, b"\x01\x02\x03"))
