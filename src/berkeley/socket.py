"""The socket module: `from berkeley import socket` in place of `import socket`. Names only; the code is elsewhere.

The package's own code looks public names up here (`import berkeley.socket as namespace`): programs and test tools
replace `socket.socket` or `socket.getaddrinfo`, and expect create_connection() to use what they put there.
"""

import errno
import io
import os
import sys
from enum import IntEnum, IntFlag

from . import _native, _socket, families
from ._socket import *
from ._standard import pickles
from ._standard.connecting import _GLOBAL_DEFAULT_TIMEOUT, create_connection, create_server, has_dualstack_ipv6
from ._standard.descriptors import _fallback_socketpair, fromfd, recv_fds, send_fds, socketpair
from ._standard.enums import MEMBERS, AddressFamily, AddressInfo, MsgFlag, SocketKind, _intenum_converter
from ._standard.files import SocketIO
from ._standard.resolving import getaddrinfo, getfqdn
from ._standard.sendfile import _GiveupOnSendfile
from ._standard.sock import socket

_LOCALHOST = "127.0.0.1"
_LOCALHOST_V6 = "::1"
EBADF, EAGAIN, EWOULDBLOCK = errno.EBADF, errno.EAGAIN, errno.EWOULDBLOCK
_blocking_errnos = {EAGAIN, EWOULDBLOCK}

__all__ = [
    "AddressFamily",
    "SocketKind",
    "create_connection",
    "create_server",
    "fromfd",
    "getfqdn",
    "has_dualstack_ipv6",
    "recv_fds",
    "send_fds",
    *(name for name in vars(_socket) if not name.startswith("_")),
]

globals().update(MEMBERS)
_native.use_families(families.lookup)
_native.adorn(socket, globals())
pickles.register()
del MEMBERS, families, pickles
