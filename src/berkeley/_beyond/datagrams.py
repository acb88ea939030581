"""Datagrams: the switches for what the kernel tells of them, and the errors that come back, as values."""

import errno
import os
from struct import Struct
from typing import NamedTuple

from .. import _native, _socket
from ..names._beyond import BEYOND

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from .._native import Address
    from .._standard.sock import socket

    Option = tuple[int, int]
    Message = tuple[int, int, bytes]

_MORE = {**BEYOND, **_native.COMPILED}  # numbers that the standard module has no names for

# The switch, and the bytes of the message that comes by it.
_TIME = (_socket.SOL_SOCKET, _MORE["SO_TIMESTAMPNS"], 16)
_OF_ALL = (_TIME, (_socket.SOL_SOCKET, _MORE["SO_RXQ_OVFL"], 4))  # families use what they can
_OF_FAMILY = {
    # The time comes first. Where more had room, a peer's descriptors would come, to who knows of none.
    _socket.AF_UNIX: (_TIME,),
    _socket.AF_INET: (
        *_OF_ALL,
        (_socket.IPPROTO_IP, _socket.IP_PKTINFO, 12),
        (_socket.IPPROTO_IP, _socket.IP_RECVTOS, 1),
        (_socket.IPPROTO_IP, _socket.IP_RECVTTL, 4),
    ),
    # What comes by IPv4 has its destination in IPV6_PKTINFO too (as ::ffff:...), but not its TOS and TTL.
    _socket.AF_INET6: (
        *_OF_ALL,
        (_socket.IPPROTO_IPV6, _socket.IPV6_RECVPKTINFO, 20),
        (_socket.IPPROTO_IPV6, _socket.IPV6_RECVTCLASS, 4),
        (_socket.IPPROTO_IPV6, _socket.IPV6_RECVHOPLIMIT, 4),
        (_socket.IPPROTO_IP, _socket.IP_RECVTOS, 1),
        (_socket.IPPROTO_IP, _socket.IP_RECVTTL, 4),
    ),
}
_SEGMENT_SIZE = 4  # UDP_GRO's message, which has a switch of its own

_ERROR_QUEUE = {
    _socket.AF_INET: ((_socket.IPPROTO_IP, _socket.IP_RECVERR),),
    _socket.AF_INET6: ((_socket.IPPROTO_IPV6, _socket.IPV6_RECVERR), (_socket.IPPROTO_IP, _socket.IP_RECVERR)),
}

_NO_SUCH_OPTION = (errno.ENOPROTOOPT, errno.EOPNOTSUPP)


def switch_info(sock: "socket", enable: bool) -> int:
    """As set_datagram_info() says."""
    _check_datagrams(sock)
    rows = _OF_FAMILY.get(sock.family, _OF_ALL)
    _switch(sock, [row[:2] for row in rows], enable)
    room = sum(_native.CMSG_SPACE(size) for _, _, size in rows)
    if sock.family in (_socket.AF_INET, _socket.AF_INET6):
        room += _native.CMSG_SPACE(_SEGMENT_SIZE)
    return room if enable else 0


def switch_errors(sock: "socket", enable: bool) -> None:
    """As set_error_queue() says."""
    _check_datagrams(sock)
    if sock.family not in _ERROR_QUEUE:
        raise _unsupported()
    _switch(sock, _ERROR_QUEUE[sock.family], enable)


def _check_datagrams(sock: "socket") -> None:
    if sock.type == _socket.SOCK_STREAM:
        raise ValueError("only for datagrams: this socket is a stream")


def _unsupported() -> OSError:
    return OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))


def _switch(sock: "socket", options: "Iterable[Option]", enable: bool) -> None:
    """All that the kernel has of them; where it refuses one, they are as they were before."""
    before = []
    try:
        for level, option in options:
            try:
                value = sock.getsockopt(level, option)
                sock.setsockopt(level, option, bool(enable))
            except OSError as error:
                if error.errno not in _NO_SUCH_OPTION:
                    raise
            else:
                before.append((level, option, value))
    except BaseException:
        for level, option, value in reversed(before):
            try:
                sock.setsockopt(level, option, value)
            except OSError:
                pass  # closed meanwhile: the first error tells
        raise


# --- the error queue

_RECORD = Struct("=IBBBxII")  # struct sock_extended_err of ip(7); the offender's struct sockaddr is behind it
_RECORDS = {
    (_socket.IPPROTO_IP, _socket.IP_RECVERR),
    (_socket.IPPROTO_IPV6, _socket.IPV6_RECVERR),
    (_MORE["SOL_PACKET"], _MORE["PACKET_TX_TIMESTAMP"]),
    (_socket.SOL_CAN_RAW, _MORE["SCM_CAN_RAW_ERRQUEUE"]),
    (_MORE["SOL_CAN_J1939"], _socket.SCM_J1939_ERRQUEUE),
}
_ORIGINS = {
    _MORE[f"SO_EE_ORIGIN_{name.upper()}"]: name
    for name in ("none", "local", "icmp", "icmp6", "timestamping", "zerocopy", "txtime")
}

# Where the kernel knows MSG_ERRQUEUE. Elsewhere it takes no notice of it, and a datagram would be taken for an error.
_IP = (
    0, _socket.IPPROTO_TCP, _socket.IPPROTO_MPTCP, _socket.IPPROTO_UDP, _socket.IPPROTO_UDPLITE, _socket.IPPROTO_ICMP,
    _socket.IPPROTO_ICMPV6,
)  # fmt: skip
_PROTOCOLS = {
    _socket.AF_INET: _IP,
    _socket.AF_INET6: _IP,
    _socket.AF_CAN: (_socket.CAN_RAW, _socket.CAN_J1939),
}

_DATA = 65535 + 128  # the longest datagram, with the headers that a transmit timestamp shows of it
_CONTROL = 2048  # the record, and what SO_TIMESTAMPING can add: SCM_TIMESTAMPING_OPT_STATS is the longest


class DatagramError(NamedTuple):
    """An entry of a socket's error queue (ip(7): struct sock_extended_err), which `recv_errors` gives.

    It is no exception itself, since not every entry is an error: what the kernel says of the sending of others waits in
    the same queue. `exception()` gives the OSError to raise.

    - `errno`: the error's number; 0 of "zerocopy", ENOMSG of "timestamping";
    - `origin`: who says so: "local" (this machine), "icmp", "icmp6", "timestamping", "zerocopy", "txtime", "none"; the
      number, where it is another;
    - `type`, `code`: those of the ICMP message (RFC 792, RFC 4443);
    - `info`, `ee_data`: two numbers whose meaning depends on the origin: `mtu`; which kind of timestamp, and of which
      call (SOF_TIMESTAMPING_OPT_ID); the first and the last of the zero-copy calls that are done;
    - `data`: of what was sent, as much as has come back, bytes;
    - `destination`: whom it was sent to, in the form of the socket's family, or None;
    - `offender`: the address of who sent the ICMP message, with port 0, or None;
    - `other`: a tuple of the other control messages that came with it: (level, type, bytes).
    """

    errno: int
    origin: "str | int"
    type: int
    code: int
    info: int
    ee_data: int
    data: bytes
    destination: "Address"
    offender: "Address"
    other: "tuple[Message, ...]"

    @property
    def mtu(self) -> "int | None":
        """The largest packet that the path takes (RFC 1191, RFC 8201), where this was too long (EMSGSIZE); or None."""
        return self.info if self.errno == errno.EMSGSIZE else None

    @property
    def timestamp(self) -> "int | None":
        """When the kernel got it, ns since 1970, if set_datagram_info() is on; of "timestamping", the one asked for."""
        # Where both are told, what SO_TIMESTAMPING is for comes last.
        return _native.DatagramInfo.of(reversed(self.other)).timestamp

    def exception(self) -> OSError:
        """The OSError of this `errno`, of the class that it picks (PEP 3151); the `destination` is its `address`.

        ValueError where errno is 0: nothing has failed.
        """
        if self.errno == 0:
            raise ValueError(f"an entry of origin {self.origin!r} is no error")
        error = OSError(self.errno, os.strerror(self.errno))
        error.address = self.destination  # type: ignore[attr-defined]
        return error


def queued_errors(sock: "socket") -> "list[DatagramError]":
    """As recv_errors() says."""
    if not _has_queue(sock):
        raise _unsupported()
    found: list[DatagramError] = []
    while True:
        try:
            data, ancillary, _, destination = _native.recv_queued(sock, _DATA, _CONTROL)
        except BlockingIOError:
            return found
        except OSError:
            if not found:
                raise
            return found  # the next call tells
        found.append(_decoded(sock, data, ancillary, destination))


def _has_queue(sock: "socket") -> bool:
    family, kind = sock.family, sock.type
    if family == _socket.AF_PACKET or (family in _ERROR_QUEUE and kind == _socket.SOCK_RAW):
        return True
    return sock.proto in _PROTOCOLS.get(family, ()) and kind != _socket.SOCK_SEQPACKET


def _decoded(sock: "socket", data: bytes, ancillary: "list[Message]", destination: "Address") -> DatagramError:
    record, other = bytes(_RECORD.size), []
    for message in ancillary:
        if message[:2] in _RECORDS and len(message[2]) >= _RECORD.size:
            record = message[2]
        else:
            other.append(message)
    numbers: tuple[int, int, int, int, int, int] = _RECORD.unpack_from(record)
    number, origin, kind, code, info, ee_data = numbers
    who = _ORIGINS.get(origin, origin)
    offender = _native.unpack_sockaddr(sock, record[_RECORD.size :])
    return DatagramError(number, who, kind, code, info, ee_data, data, destination, offender, tuple(other))
