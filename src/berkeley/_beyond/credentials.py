"""Who is on the other side of an AF_UNIX connection."""

import errno
import os
from struct import Struct
from typing import NamedTuple

from .. import _socket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .._standard.sock import socket

_UCRED = Struct("=iII")  # struct ucred (linux/socket.h): pid_t, uid_t, gid_t
_NOBODY = 2**32 - 1  # (uid_t) -1, which no user has: credentials(7)


class PeerCredentials(NamedTuple):
    """The process, user and group of a peer, as the kernel knows them: (pid, uid, gid), of unix(7)."""

    pid: int
    uid: int
    gid: int


def unpack(sock: "socket") -> PeerCredentials:
    """By SO_PEERCRED: the kernel answers it for sockets of all families, and names nobody where there is none."""
    answer = sock.getsockopt(_socket.SOL_SOCKET, _socket.SO_PEERCRED, _UCRED.size)
    found = PeerCredentials(*_UCRED.unpack(answer))
    if found.uid == _NOBODY:
        number = errno.ENOTCONN if sock.family == _socket.AF_UNIX else errno.EOPNOTSUPP
        raise OSError(number, os.strerror(number))
    return found
