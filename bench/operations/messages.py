"""recvmsg, sendmsg and descriptors as ancillary data."""

from measure import Operation

from .transports import MODES, OTHER_END, TRANSPORTS, UNIX

BUFFERS = """\
import sys
data = bytes(100); half = bytes(50); buffer = bytearray(100)
rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, there.to_bytes(4, sys.byteorder))]
space = socket.CMSG_SPACE(4); kept = []"""
# Well below the number of descriptors that may be on their way (unix(7): RLIMIT_NOFILE).
IN_FLIGHT = 20
SENT, RECEIVED = "send_descriptor(ends)", "receive_message(ends, sizeof(control))"

# Python, and C for the floor.
SEND = {
    "sendmsg": ("a.sendmsg([data])", "send_message(ends, 1)"),
    "sendmsg of two buffers": ("a.sendmsg([half, half])", "send_message(ends, 2)"),
}
RECEIVE = {
    "recvmsg": ("a.recvmsg(100)", "receive_message(ends, 0)"),
    "recvmsg with room for ancillary data": ("a.recvmsg(100, space)", "receive_message(ends, sizeof(control))"),
    "recvmsg_into": ("a.recvmsg_into([buffer])", "receive_message(ends, 0)"),
}


def row(transport, mode, name, code, receives):
    python, c = code
    return Operation(
        f"messages, {mode}",
        f"{transport.name} {name}",
        python,
        setup=f"{transport.setup}\n{OTHER_END}\n{BUFFERS}\n{MODES[mode]}",
        before=f"peers.feed(there, data, {transport.counts[100]})" if receives else "pass",
        after="pass" if receives else "peers.drain(there)",
        count=transport.counts[100],
        floor=c,
    )


def with_descriptor(mode, name, code, floor, before="pass", after="peers.drain(there)"):
    """A row that moves a descriptor. What is not measured sends through an object of the standard module."""
    setup = f"{UNIX.setup}\n{OTHER_END}\nother = standard.socket(fileno=os.dup(there))\n{BUFFERS}\n{MODES[mode]}"
    return Operation(f"messages, {mode}", f"unix {name}", code, setup, before, after, count=IN_FLIGHT, floor=floor)


def descriptors(mode):
    sent = f"for _ in range({IN_FLIGHT}): other.sendmsg([data], rights)"
    closed = "for item in kept: os.close(int.from_bytes(item[1][0][2], sys.byteorder))\nkept.clear()"
    closed_too = "for item in kept: os.close(item[1][0])\nkept.clear()"
    yield with_descriptor(mode, "sendmsg + 1 descriptor", "a.sendmsg([data], rights)", SENT)
    yield with_descriptor(mode, "send_fds", "socket.send_fds(a, [data], [there])", SENT)
    yield with_descriptor(mode, "recvmsg + 1 descriptor", "kept.append(a.recvmsg(100, space))", RECEIVED, sent, closed)
    yield with_descriptor(mode, "recv_fds", "kept.append(socket.recv_fds(a, 100, 1))", RECEIVED, sent, closed_too)


OPERATIONS = [
    *(row(transport, mode, *item, False) for mode in MODES for transport in TRANSPORTS for item in SEND.items()),
    *(row(transport, mode, *item, True) for mode in MODES for transport in TRANSPORTS for item in RECEIVE.items()),
    *(operation for mode in MODES for operation in descriptors(mode)),
]
