"""Logs the frames of a CAN interface, CAN FD's and error frames among them, as `candump -L` of can-utils writes them.

    ip link add vcan0 type vcan && ip link set vcan0 up       an interface that needs no hardware, as root
    python examples/can_logger.py vcan0
    python examples/can_logger.py vcan0 --filter 100:700 --filter '123~7ff' --errors

A filter is IDENTIFIER:MASK in hexadecimal, and passes identifiers that equal it where the mask has ones; with ~ for
the colon, those that do not. What passes one of the filters is logged. SIGINT (Ctrl-C) or SIGTERM ends it.
"""

import argparse
import re
import signal
import struct
import sys

from berkeley import constants, socket

# <linux/can.h>: identifier with its flags, length, flags of CAN FD; the data come after two bytes more.
HEAD = struct.Struct("=IBB2x")
FILTER = struct.Struct("=II")
TIMESPEC = struct.Struct("@ll")
# <linux/can/error.h>
ERRORS = {
    constants.CAN_ERR_TX_TIMEOUT: "transmission timed out",
    constants.CAN_ERR_LOSTARB: "lost arbitration",
    constants.CAN_ERR_CRTL: "controller's problem",
    constants.CAN_ERR_PROT: "protocol violation",
    constants.CAN_ERR_TRX: "transceiver's status",
    constants.CAN_ERR_ACK: "no acknowledgement",
    constants.CAN_ERR_BUSOFF: "bus off",
    constants.CAN_ERR_BUSERROR: "bus error",
    constants.CAN_ERR_RESTARTED: "restarted",
}


def main():
    for number in signal.SIGINT, signal.SIGTERM:
        signal.signal(number, signal.default_int_handler)  # raises KeyboardInterrupt
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # ends with its reader, as in `can_logger.py vcan0 | head`
    arguments = command_line()
    try:
        with socket.socket(socket.AF_CAN, socket.SOCK_RAW, socket.CAN_RAW) as bus:
            bus.setsockopt(socket.SOL_SOCKET, constants.SO_TIMESTAMPNS, 1)
            bus.setsockopt(socket.SOL_CAN_RAW, socket.CAN_RAW_FD_FRAMES, 1)
            if arguments.filter:
                bus.setsockopt(socket.SOL_CAN_RAW, socket.CAN_RAW_FILTER, b"".join(arguments.filter))
            if arguments.errors:
                bus.setsockopt(socket.SOL_CAN_RAW, socket.CAN_RAW_ERR_FILTER, socket.CAN_ERR_MASK)
            bus.bind((arguments.interface,))
            print("# listening on", arguments.interface, flush=True)
            while True:
                print(line(*bus.recvmsg(constants.CANFD_MTU, socket.CMSG_SPACE(TIMESPEC.size))), flush=True)
    except KeyboardInterrupt:
        pass
    except OSError as error:
        sys.exit(f"{arguments.interface}: {error}")


def command_line():
    parser = argparse.ArgumentParser(description="Logs the frames of a CAN interface.")
    parser.add_argument("interface", help="its name, as vcan0")
    parser.add_argument("--filter", action="append", type=can_filter, metavar="ID:MASK", help="log only such frames")
    parser.add_argument("--errors", action="store_true", help="log error frames too")
    return parser.parse_args()


def can_filter(text):
    """The struct can_filter that the text means, as raw(7) of CAN has it."""
    if not (match := re.fullmatch(r"([0-9a-f]{1,8})([:~])([0-9a-f]{1,8})", text, re.IGNORECASE)):
        raise argparse.ArgumentTypeError(f"{text!r} is not like 123:7ff or 123~7ff")
    identifier, mask = int(match[1], 16), int(match[3], 16)
    return FILTER.pack(identifier | (constants.CAN_INV_FILTER if match[2] == "~" else 0), mask & ~socket.CAN_ERR_FLAG)


def line(frame, ancillary, _, address):
    [(_, _, time)] = ancillary  # of SCM_TIMESTAMPNS: no other was asked for
    seconds, nanoseconds = TIMESPEC.unpack(time)
    return f"({seconds}.{nanoseconds // 1000:06}) {address[0]} {text(frame)}"


def text(frame):
    identifier, length, flags = HEAD.unpack_from(frame)
    data = frame[HEAD.size : HEAD.size + length].hex().upper()
    if identifier & socket.CAN_ERR_FLAG:
        names = [name for bit, name in ERRORS.items() if identifier & bit]
        return f"{identifier:08X}#{data} # {', '.join(names)}"
    extended = identifier & socket.CAN_EFF_FLAG
    name = f"{identifier & socket.CAN_EFF_MASK:08X}" if extended else f"{identifier & socket.CAN_SFF_MASK:03X}"
    if len(frame) == constants.CANFD_MTU:
        return f"{name}##{flags & 15:X}{data}"
    if identifier & socket.CAN_RTR_FLAG:
        return f"{name}#R{length or ''}"
    return f"{name}#{data}"


if __name__ == "__main__":
    main()
