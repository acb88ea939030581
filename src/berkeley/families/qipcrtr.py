"""AF_QIPCRTR: (node, port), Qualcomm's IPC router to the modem and other processors of a phone. <linux/qrtr.h>."""

from struct import Struct

from ._fields import pair, unpacked

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
    """struct sockaddr_qrtr for (node, port), of which the low 32 bits count. TypeError for anything but such a pair."""
    node, port = pair("AF_QIPCRTR", address)
    return _SOCKADDR_QRTR.pack(AF_QIPCRTR, node, port)


def unpack(sock: "socket", raw: bytes) -> "Address":
    """(node, port) from a struct sockaddr_qrtr."""
    _family, node, port = unpacked(_SOCKADDR_QRTR, raw)
    return node, port


_SOCKADDR_QRTR = Struct("H2xII")
