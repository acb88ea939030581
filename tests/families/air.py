"""Two Bluetooth controllers of our own, for what btvirt's have not: SCO. They are in the kernel while they are open.

/dev/vhci gives what the kernel sends to a controller and takes what this answers: packets of the Bluetooth Core
Specification, volume 4, part E, with their type in front (part A). Here is what is needed for one connection between
the two, with one SCO link on it; every other command is said to be done.
"""

import os
import struct
import threading
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector

from kernel import lacking

DEVICE = Path("/dev/vhci")

COMMAND, ACL, SCO, EVENT, VENDOR = 1, 2, 3, 4, 0xFF

CONNECT, DISCONNECT, ADD_SCO, ACCEPT, READ_REMOTE_FEATURES = 0x0405, 0x0406, 0x0407, 0x0409, 0x041B
READ_VERSION, READ_COMMANDS, READ_BUFFER_SIZE, READ_BDADDR = 0x1001, 0x1002, 0x1005, 0x1009

CONNECTED, REQUESTED, DISCONNECTED, REMOTE_FEATURES, COMPLETE, STATUS, SENT = 0x03, 0x04, 0x05, 0x0B, 0x0E, 0x0F, 0x13

LINKS = {CONNECT: 1, ADD_SCO: 0}  # types of link; the numbers serve as handles too, with 0x40 added
NO_CLASS, NO_FEATURES = bytes(3), bytes(8)
# Version 1.2 is the first that the kernel asks for a list of commands. Newer kernels give a controller SCO links only
# where octet 9 of that has Read_Voice_Setting.
VERSION, COMMANDS = b"\2", bytes(9) + b"\4"


class Controller:
    """One of them: its number in the kernel is `device`, its address `bdaddr`, as text."""

    def __init__(self, octets):
        self.octets = octets
        self.bdaddr = octets[::-1].hex(":").upper()
        self.fd = os.open(DEVICE, os.O_RDWR)
        os.write(self.fd, bytes([VENDOR, 0]))
        (self.device,) = struct.unpack("<2xH", os.read(self.fd, 4))

    def tell(self, event, parameters):
        os.write(self.fd, bytes([EVENT, event, len(parameters)]) + parameters)


class Air:
    """What is between two controllers; a context manager that gives them."""

    def __enter__(self):
        if not os.access(DEVICE, os.R_OK | os.W_OK):
            lacking(f"{DEVICE} (module hci_vhci) that may be opened")
        self.controllers = [Controller(bytes([number, 0, 0, 0, 0, 0x02])) for number in (1, 2)]
        self.ended, self.end = os.pipe()
        self.thread = threading.Thread(target=self.carry)
        self.thread.start()
        return self.controllers

    def __exit__(self, *_):
        os.close(self.end)
        self.thread.join()
        for fd in (self.ended, *(controller.fd for controller in self.controllers)):
            os.close(fd)

    def carry(self):
        first, second = self.controllers
        with DefaultSelector() as selector:
            selector.register(self.ended, EVENT_READ)
            selector.register(first.fd, EVENT_READ, (first, second))
            selector.register(second.fd, EVENT_READ, (second, first))
            while True:
                for key, _ in selector.select():
                    if key.data is None:
                        return
                    self.take(*key.data, os.read(key.fd, 2000))

    def take(self, near, far, packet):
        if packet[0] == COMMAND:
            (opcode,) = struct.unpack_from("<H", packet, 1)
            self.obey(near, far, opcode, packet[4:])
        elif packet[0] in (ACL, SCO):
            (handle,) = struct.unpack_from("<H", packet, 1)
            os.write(far.fd, packet)
            near.tell(SENT, struct.pack("<BHH", 1, handle & 0xFFF, 1))

    def obey(self, near, far, opcode, parameters):
        if opcode in (*LINKS, DISCONNECT, ACCEPT, READ_REMOTE_FEATURES):
            near.tell(STATUS, struct.pack("<BBH", 0, 1, opcode))
        if opcode in LINKS:
            self.link = LINKS[opcode]
            far.tell(REQUESTED, near.octets + NO_CLASS + bytes([self.link]))
        elif opcode == ACCEPT:
            for one, other in ((near, far), (far, near)):
                one.tell(CONNECTED, struct.pack("<BH6sBB", 0, 0x40 + self.link, other.octets, self.link, 0))
        elif opcode == DISCONNECT:
            for one in (near, far):
                one.tell(DISCONNECTED, b"\0" + parameters)
        elif opcode == READ_REMOTE_FEATURES:
            near.tell(REMOTE_FEATURES, b"\0" + parameters + NO_FEATURES)
        else:
            answers = {READ_VERSION: VERSION, READ_COMMANDS: COMMANDS, READ_BDADDR: near.octets}
            answers[READ_BUFFER_SIZE] = struct.pack("<HBHH", 192, 48, 8, 8)
            answer = answers.get(opcode, b"").ljust(251, b"\0")  # the longest that any command has
            near.tell(COMPLETE, struct.pack("<BHB", 1, opcode, 0) + answer)
