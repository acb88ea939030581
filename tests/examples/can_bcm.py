"""Has the broadcast manager of a CAN interface send a frame again and again, until another one comes."""

import socket
import struct
import sys

# <linux/can/bcm.h>, struct bcm_msg_head: opcode, flags, count, two intervals (seconds, microseconds), identifier, and
# the number of frames, which follow at a multiple of eight bytes.
HEAD = struct.Struct("@III4lII0q")
FRAME = struct.Struct("=IB3x8s")
IDENTIFIER = 0x100

with socket.socket(socket.AF_CAN, socket.SOCK_DGRAM, socket.CAN_BCM) as manager:
    manager.connect((sys.argv[1],))
    manager.send(HEAD.pack(socket.CAN_BCM_RX_SETUP, socket.CAN_BCM_RX_FILTER_ID, 0, 0, 0, 0, 0, IDENTIFIER + 1, 0))
    timed = socket.CAN_BCM_SETTIMER | socket.CAN_BCM_STARTTIMER
    head = HEAD.pack(socket.CAN_BCM_TX_SETUP, timed, 0, 0, 0, 0, 10_000, IDENTIFIER, 1)
    manager.send(head + FRAME.pack(IDENTIFIER, 4, b"beat"))
    message, address = manager.recvfrom(HEAD.size + FRAME.size)
    opcode, *_, identifier, _count = HEAD.unpack_from(message)
    print("changed", opcode == socket.CAN_BCM_RX_CHANGED, hex(identifier), *address)
    manager.send(HEAD.pack(socket.CAN_BCM_TX_DELETE, 0, 0, 0, 0, 0, 0, IDENTIFIER, 0))
