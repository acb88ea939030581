"""The situations in which poll(2) and a call disagree, and the calls that meet them."""

from collections.abc import Callable
from dataclasses import dataclass

from disagreeing import (
    COMPLETION,
    STAMP,
    bad_checksum,
    behind_peek_offset,
    congested,
    connecting,
    datagram_error,
    errors_wanted,
    full_backlog,
    full_receiver,
    full_stream,
    no_such_queue,
    packet_stamp,
    raw_stamp,
    ring,
    shut_datagrams,
    shut_unix,
    stamps_wanted,
    stream_error,
    unreachable,
    urgent_announced,
    urgent_awaited,
    urgent_byte,
)

from berkeley import constants as names

FLAGGED = ["recv", "recv_into", "recvfrom", "recvfrom_into", "recvmsg", "recvmsg_into", "recv_fds"]
RECEIVING = [*FLAGGED, "makefile read", "makefile readline"]
PACKETS = [name for name in RECEIVING if name != "recv_fds"]  # the kernel takes no MSG_CMSG_CLOEXEC there
URGENT = FLAGGED[:-1]
SENDING = ["send", "sendall", "sendto", "sendmsg", "makefile write"]
CONNECTING = ["connect", "connect_ex"]

INET, INET6, UNIX = names.AF_INET, names.AF_INET6, names.AF_UNIX
STREAM, DGRAM, SEQPACKET = names.SOCK_STREAM, names.SOCK_DGRAM, names.SOCK_SEQPACKET


@dataclass(frozen=True)
class Situation:
    """How the scene is made, and the calls that meet it.

    `lasts`: poll(2) and the call disagree until the release; else the first call puts an end to it, or they agree.
    `standard`: how the standard module's calls end under a timeout; None where they do not, or say "connected".
    """

    make: Callable
    arguments: tuple
    methods: list
    lasts: bool = True
    standard: str | None = "TimeoutError"


def both(name, make, methods, *more, **options):
    """A row for each of the internet families."""
    return {
        f"{name}, IPv4": Situation(make, (INET, *more), methods, **options),
        f"{name}, IPv6": Situation(make, (INET6, *more), methods, **options),
    }


SITUATIONS = {
    **both("an ICMP error", unreachable, RECEIVING),
    **both("a time stamp, UDP", datagram_error, RECEIVING, STAMP),
    **both("a completion, UDP", datagram_error, RECEIVING, COMPLETION),
    **both("a time stamp, UDP-Lite", datagram_error, RECEIVING, STAMP, names.IPPROTO_UDPLITE),
    **both("a time stamp, TCP", stream_error, RECEIVING, STAMP),
    **both("a completion, TCP", stream_error, RECEIVING, COMPLETION),
    "a time stamp, raw": Situation(raw_stamp, (INET,), RECEIVING),
    "a time stamp, packets": Situation(packet_stamp, (INET,), PACKETS),
    **both("a time stamp, TCP, full", full_stream, SENDING, STAMP),
    **both("a completion, TCP, full", full_stream, SENDING, COMPLETION),
    **both("a time stamp, TCP, full, a file", full_stream, ["sendfile"], STAMP, standard=None),
    **both("a completion, TCP, full, a file", full_stream, ["sendfile"], COMPLETION, standard=None),
    **both("a time stamp, connecting", connecting, CONNECTING, STAMP, lasts=False, standard=None),
    **both("errors wanted beside data", errors_wanted, FLAGGED, lasts=False),
    **both("time stamps wanted beside data", stamps_wanted, FLAGGED, lasts=False),
    "errors wanted where there are none": Situation(no_such_queue, (UNIX,), FLAGGED, lasts=False),
    **both("behind the offset for peeking, UDP", behind_peek_offset, FLAGGED, DGRAM),
    "behind the offset for peeking, TCP": Situation(behind_peek_offset, (INET, STREAM), FLAGGED),
    "behind the offset for peeking, AF_UNIX": Situation(behind_peek_offset, (UNIX, STREAM), FLAGGED),
    "behind the offset for peeking, AF_UNIX datagrams": Situation(behind_peek_offset, (UNIX, DGRAM), FLAGGED),
    "behind the offset for peeking, AF_UNIX seqpacket": Situation(behind_peek_offset, (UNIX, SEQPACKET), FLAGGED),
    **both("shut for receiving, UDP", shut_datagrams, RECEIVING),
    "shut for receiving, AF_UNIX datagrams": Situation(shut_unix, (UNIX,), RECEIVING),
    "packets in the ring": Situation(ring, (INET,), PACKETS),
    **both("a bad checksum", bad_checksum, RECEIVING, lasts=False),
    "an urgent byte alone, AF_UNIX": Situation(urgent_byte, (UNIX,), RECEIVING, lasts=False),
    "an urgent byte alone, AF_UNIX, peeking": Situation(urgent_byte, (UNIX, names.MSG_PEEK), FLAGGED),
    **both("an urgent byte announced", urgent_announced, URGENT, lasts=False),
    **both("an urgent byte awaited beside data", urgent_awaited, URGENT, lasts=False, standard="OSError"),
    "a full receiver": Situation(full_receiver, (UNIX,), ["sendto", "sendmsg"]),
    "a full receiver, connected elsewhere": Situation(full_receiver, (UNIX, True), ["sendto", "sendmsg"]),
    "a full receiver, descriptors": Situation(full_receiver, (UNIX,), ["send_fds"], standard="OSError"),
    "a congested netlink peer": Situation(congested, (UNIX,), ["sendto", "sendmsg"]),
    "a congested netlink peer, connected": Situation(congested, (UNIX, True), SENDING),
    "a full backlog, AF_UNIX": Situation(full_backlog, (UNIX, STREAM), CONNECTING, standard="BlockingIOError"),
    "a full backlog, AF_UNIX seqpacket": Situation(
        full_backlog, (UNIX, SEQPACKET), CONNECTING, standard="BlockingIOError"
    ),
}
