"""Pairs of connected sockets, a and b, for the operations that move data: a is measured, b is the other end."""

import os
from dataclasses import dataclass

# b is read and written through its descriptor `there`, in non-blocking mode.
OTHER_END = "b.setblocking(False); there = b.fileno()"


@dataclass(frozen=True)
class Transport:
    name: str
    setup: str
    # How many messages the kernel takes in with nobody reading, of 100 bytes, 1400 bytes and 16 KiB.
    counts: dict[int, int]


# poll(2) calls a Unix socket writable only while a quarter of its buffer is in use.
UNIX = Transport("unix", "a, b = socket.socketpair()", {100: 50, 1400: 20, 16384: 2})
TCP = Transport(
    "tcp",
    """\
with standard.create_server(("127.0.0.1", 0)) as listener:
    a = socket.create_connection(listener.getsockname())
    b, _ = listener.accept()
for end in a, b:
    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)""",
    {100: 100, 1400: 50, 16384: 5},
)
# unix(7): a datagram socket queues net.unix.max_dgram_qlen messages, 10 by default.
UNIX_DATAGRAM = Transport("unixdg", "a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)", {100: 10})
UDP = Transport(
    "udp",
    """\
a, b = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
a.bind(("127.0.0.1", 0)); b.bind(("127.0.0.1", 0))
a.connect(b.getsockname()); b.connect(a.getsockname())""",
    {100: 100},
)
TRANSPORTS = [UNIX, TCP, UNIX_DATAGRAM, UDP]

# Under a timeout a descriptor is non-blocking, and the call has a deadline to mind.
MODES = {
    "blocking": "a.settimeout(None)",
    "timeout": "a.settimeout(60)",
    "non-blocking": "a.settimeout(0)",
}
# Those in which a call waits for the other end: a non-blocking one does as much as it can at once, and a file object
# does not work on such a socket.
WAITING = [mode for mode in MODES if mode != "non-blocking"]


def may_use_packets():
    """Whether this process may open packet sockets (packet(7): CAP_NET_RAW)."""
    return os.geteuid() == 0
