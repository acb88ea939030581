"""Socket options: each is read, and set to what it is, on sockets of this process."""

import errno
import os
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from fnmatch import filter as matching
from struct import pack

from berkeley import constants, socket

from .levels import LEVELS, Level
from .rows import DENIED, NO, YES, Row, code_of, refused, unexpected
from .subjects import privilege, subject


def rows() -> Iterator[Row]:
    for level in LEVELS:
        with ExitStack() as stack:
            sockets: list[socket.socket] = []
            refusals: list[tuple[OSError, str]] = []
            for kind in level.sockets.split(", "):
                try:
                    sockets.append(subject(kind, stack))
                except OSError as error:
                    refusals.append((error, privilege(kind)))
            for name in names(level):
                try:
                    row = option(level, name, sockets) if sockets else refused(name, *refusals[0])
                except Exception as error:
                    row = unexpected(name, error)
                yield row._replace(group=level.name)


def names(level: Level) -> list[str]:
    """The options of a level, sorted."""
    options, values = (
        {name for pattern in patterns.split() for name in matching(constants.__all__, pattern)}
        for patterns in (level.options, level.values)
    )
    return sorted(options - values)


def option(level: Level, name: str, sockets: list[socket.socket]) -> Row:
    """What can be done with an option on at least one of the sockets."""
    attempts = [_attempt(sock, getattr(constants, level.name), name) for sock in sockets]
    reading, setting = (min(errors, key=_rank) for errors in zip(*attempts, strict=True))
    can = [word for word, error in (("read", reading), ("set", setting)) if error is None]
    for error in (setting, reading):
        if error and error.errno in _FORBIDDEN:
            detail = f"needs {_NEEDS.get(name, 'CAP_NET_ADMIN')} ({code_of(error)})"
            return Row(name, DENIED, can, detail, code_of(error))
    if can:
        return Row(name, YES, can)
    for error in (setting, reading):
        if error and error.errno not in _UNKNOWN:
            return Row(name, YES, can, f"known, but refuses what was tried ({code_of(error)})", code_of(error))
    return Row(name, NO, can, f"kernel lacks the option ({code_of(reading)})", code_of(reading))


def _attempt(sock: socket.socket, level: int, name: str) -> tuple[OSError | None, OSError | None]:
    """The errors of reading an option, and of setting it to what was read; None for what can be done."""
    option = getattr(constants, name)
    reading = setting = None
    try:
        value = _read(sock, level, option, _SIZES.get(name, 256))
        if name in _DESCRIPTORS:
            os.close(int.from_bytes(value, sys.byteorder))
    except OSError as error:
        value, reading = bytes(4), error
    try:
        _set(sock, level, option, _VALUES.get(name, value))
    except OSError as error:
        setting = error
    return reading, setting


def _read(sock: socket.socket, level: int, option: int, size: int) -> bytes:
    if sock.family == constants.AF_VSOCK:
        return sock.getsockopt(level, option).to_bytes(8, sys.byteorder)
    return sock.getsockopt(level, option, size)


def _set(sock: socket.socket, level: int, option: int, value: bytes) -> None:
    # The options of AF_VSOCK are integers: vsock(7).
    sock.setsockopt(level, option, int.from_bytes(value, sys.byteorder) if sock.family == constants.AF_VSOCK else value)


def _rank(error: OSError | None) -> int:
    """How little an attempt came to."""
    if error is None:
        return 0
    return 1 if error.errno in _FORBIDDEN else 3 if error.errno in _UNKNOWN else 2


_FORBIDDEN = (errno.EPERM, errno.EACCES)
_UNKNOWN = (errno.ENOPROTOOPT, errno.EOPNOTSUPP)

# What is tried in place of the value that is set already, which the kernel lets anyone set once more.
_VALUES = {
    "IPV6_TRANSPARENT": pack("i", 1),
    "IP_TRANSPARENT": pack("i", 1),
    "SO_BUSY_POLL": pack("i", 50),
    "SO_BUSY_POLL_BUDGET": pack("i", 64),
    "SO_DEBUG": pack("i", 1),
    "SO_PREFER_BUSY_POLL": pack("i", 1),
    "SO_TXTIME": pack("iI", time.CLOCK_MONOTONIC, 0),  # other clocks need a privilege
}

# Bytes, of those that are not read into a longer buffer.
_SIZES = {"SO_NETNS_COOKIE": 8, "SO_PEERNAME": 16, "TCP_REPAIR_WINDOW": 20}

# Reading these opens a descriptor.
_DESCRIPTORS = ("SO_PEERPIDFD",)

# Where it is not CAP_NET_ADMIN: ip(7), ipv6(7), socket(7), netlink(7), Documentation/networking/ip-sysctl.rst.
_NEEDS = {
    "IPV6_DSTOPTS": "CAP_NET_RAW",
    "IPV6_HOPOPTS": "CAP_NET_RAW",
    "IPV6_RTHDRDSTOPTS": "CAP_NET_RAW",
    "IPV6_TRANSPARENT": "CAP_NET_ADMIN or CAP_NET_RAW",
    "IP_TRANSPARENT": "CAP_NET_ADMIN or CAP_NET_RAW",
    "NETLINK_LISTEN_ALL_NSID": "CAP_NET_BROADCAST",
    "SCTP_AUTH_ACTIVE_KEY": "net.sctp.auth_enable",
    "SCTP_AUTH_CHUNK": "net.sctp.auth_enable",
    "SCTP_AUTH_DEACTIVATE_KEY": "net.sctp.auth_enable",
    "SCTP_AUTH_DELETE_KEY": "net.sctp.auth_enable",
    "SCTP_AUTH_KEY": "net.sctp.auth_enable",
    "SCTP_HMAC_IDENT": "net.sctp.auth_enable",
    "SCTP_INTERLEAVING_SUPPORTED": "net.sctp.intl_enable",
    "SCTP_LOCAL_AUTH_CHUNKS": "net.sctp.auth_enable",
    "SCTP_PEER_AUTH_CHUNKS": "net.sctp.auth_enable",
    "SCTP_SET_PEER_PRIMARY_ADDR": "net.sctp.addip_enable",
    "SO_MARK": "CAP_NET_ADMIN or CAP_NET_RAW",
}
