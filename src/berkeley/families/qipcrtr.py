"""AF_QIPCRTR: (node, port), Qualcomm's IPC router to the modem and other processors of a phone. <linux/qrtr.h>."""

from struct import Struct

from .._native import type_name
from ._fields import unpacked, unsigned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .._native import Address, socket

HEADERS = ("sys/socket.h", "linux/qrtr.h")

AF_QIPCRTR = 42

QRTR_NODE_BCAST = 0xFFFFFFFF
QRTR_PORT_CTRL = 0xFFFFFFFE

# Commands of a control packet.
QRTR_TYPE_DATA = 1
QRTR_TYPE_HELLO = 2
QRTR_TYPE_BYE = 3
QRTR_TYPE_NEW_SERVER = 4
QRTR_TYPE_DEL_SERVER = 5
QRTR_TYPE_DEL_CLIENT = 6
QRTR_TYPE_RESUME_TX = 7
QRTR_TYPE_EXIT = 8
QRTR_TYPE_PING = 9
QRTR_TYPE_NEW_LOOKUP = 10
QRTR_TYPE_DEL_LOOKUP = 11

BEYOND = ("QRTR_*",)


def pack(sock: "socket", caller: str, address: "Address") -> bytes:
    """struct sockaddr_qrtr for (node, port), of which the low 32 bits count. TypeError for anything but such a pair.

    The messages name CPython's parser of addresses, not the caller, as CPython's do for this family.
    """
    if not isinstance(address, tuple):
        raise TypeError(f"getsockaddrarg: AF_QIPCRTR address must be tuple, not {type_name(address)}")
    if len(address) != 2:
        raise TypeError(f"getsockaddrarg() takes exactly 2 arguments ({len(address)} given)")
    node, port = map(unsigned, address)
    return _SOCKADDR_QRTR.pack(AF_QIPCRTR, node, port)


def unpack(sock: "socket", raw: bytes) -> "Address":
    """(node, port) from a struct sockaddr_qrtr."""
    _family, node, port = unpacked(_SOCKADDR_QRTR, raw)
    return node, port


_SOCKADDR_QRTR = Struct("H2xII")
