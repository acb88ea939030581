"""AF_CAN, the controller area network: an address has the form of the socket's protocol.

    CAN_RAW, CAN_BCM    (interface,)
    CAN_ISOTP           (interface, rx_id, tx_id)        identifiers with their flags
    CAN_J1939           (interface, name, pgn, addr)     64, 32 and 8 bits

The interface '' stands for all. Documentation/networking/can.rst, j1939.rst and iso15765-2.rst, <linux/can.h>.
"""

import os
from struct import Struct

from .._native import INDEX_WORDS, interface_name, socket_interface_index, type_name
from ._fields import unpacked, unsigned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, SupportsIndex

    from _typeshed import StrOrBytesPath

    from .._native import Address, socket

HEADERS = (
    "sys/socket.h", "stddef.h linux/can.h", "stddef.h linux/can/raw.h", "stddef.h linux/can/bcm.h",
    "stddef.h linux/can/isotp.h", "stddef.h linux/can/j1939.h", "linux/can/error.h",
)  # fmt: skip

AF_CAN = 29
PF_CAN = 29

CAN_RAW = 1
CAN_BCM = 2
CAN_TP16 = 3
CAN_TP20 = 4
CAN_MCNET = 5
CAN_ISOTP = 6
CAN_J1939 = 7

SOL_CAN_BASE = 100
SOL_CAN_RAW = 101
SOL_CAN_ISOTP = 106
SOL_CAN_J1939 = 107

# The can_id of a frame: flags and masks; CAN_INV_FILTER is for filters only.
CAN_EFF_FLAG = 0x80000000
CAN_RTR_FLAG = 0x40000000
CAN_ERR_FLAG = 0x20000000
CAN_INV_FILTER = 0x20000000
CAN_SFF_MASK = 0x7FF
CAN_EFF_MASK = 0x1FFFFFFF
CAN_ERR_MASK = 0x1FFFFFFF
CANXL_PRIO_MASK = 0x7FF

# Bytes of a frame as sent and received, and of the data in it; flags of CAN FD and CAN XL frames.
CAN_MTU = 16
CANFD_MTU = 72
CANXL_MTU = 2060
CANXL_HDR_SIZE = 12
CANXL_MIN_MTU = 76
CANXL_MAX_MTU = 2060
CAN_MAX_DLEN = 8
CANFD_MAX_DLEN = 64
CANXL_MIN_DLEN = 1
CANXL_MAX_DLEN = 2048
CANFD_BRS = 0x01
CANFD_ESI = 0x02
CANFD_FDF = 0x04
CANXL_XLF = 0x80
CANXL_SEC = 0x01
CANXL_RRS = 0x02
CANXL_VCID_OFFSET = 16
CANXL_VCID_VAL_MASK = 0xFF
CANXL_VCID_MASK = 0xFF0000

CAN_RAW_FILTER = 1
CAN_RAW_ERR_FILTER = 2
CAN_RAW_LOOPBACK = 3
CAN_RAW_RECV_OWN_MSGS = 4
CAN_RAW_FD_FRAMES = 5
CAN_RAW_JOIN_FILTERS = 6
CAN_RAW_XL_FRAMES = 7
CAN_RAW_XL_VCID_OPTS = 8
CAN_RAW_FILTER_MAX = 512
CAN_RAW_XL_VCID_TX_SET = 0x01
CAN_RAW_XL_VCID_TX_PASS = 0x02
CAN_RAW_XL_VCID_RX_FILTER = 0x04
SCM_CAN_RAW_ERRQUEUE = 1

# Error classes, the bits that CAN_RAW_ERR_FILTER takes.
CAN_ERR_TX_TIMEOUT = 0x001
CAN_ERR_LOSTARB = 0x002
CAN_ERR_CRTL = 0x004
CAN_ERR_PROT = 0x008
CAN_ERR_TRX = 0x010
CAN_ERR_ACK = 0x020
CAN_ERR_BUSOFF = 0x040
CAN_ERR_BUSERROR = 0x080
CAN_ERR_RESTARTED = 0x100
CAN_ERR_CNT = 0x200

# <linux/can/bcm.h> has these without the CAN_BCM_ in front.
CAN_BCM_TX_SETUP = 1
CAN_BCM_TX_DELETE = 2
CAN_BCM_TX_READ = 3
CAN_BCM_TX_SEND = 4
CAN_BCM_RX_SETUP = 5
CAN_BCM_RX_DELETE = 6
CAN_BCM_RX_READ = 7
CAN_BCM_TX_STATUS = 8
CAN_BCM_TX_EXPIRED = 9
CAN_BCM_RX_STATUS = 10
CAN_BCM_RX_TIMEOUT = 11
CAN_BCM_RX_CHANGED = 12
CAN_BCM_SETTIMER = 0x0001
CAN_BCM_STARTTIMER = 0x0002
CAN_BCM_TX_COUNTEVT = 0x0004
CAN_BCM_TX_ANNOUNCE = 0x0008
CAN_BCM_TX_CP_CAN_ID = 0x0010
CAN_BCM_RX_FILTER_ID = 0x0020
CAN_BCM_RX_CHECK_DLC = 0x0040
CAN_BCM_RX_NO_AUTOTIMER = 0x0080
CAN_BCM_RX_ANNOUNCE_RESUME = 0x0100
CAN_BCM_TX_RESET_MULTI_IDX = 0x0200
CAN_BCM_RX_RTR_FRAME = 0x0400
CAN_BCM_CAN_FD_FRAME = 0x0800

CAN_ISOTP_OPTS = 1
CAN_ISOTP_RECV_FC = 2
CAN_ISOTP_TX_STMIN = 3
CAN_ISOTP_RX_STMIN = 4
CAN_ISOTP_LL_OPTS = 5
CAN_ISOTP_LISTEN_MODE = 0x0001
CAN_ISOTP_EXTEND_ADDR = 0x0002
CAN_ISOTP_TX_PADDING = 0x0004
CAN_ISOTP_RX_PADDING = 0x0008
CAN_ISOTP_CHK_PAD_LEN = 0x0010
CAN_ISOTP_CHK_PAD_DATA = 0x0020
CAN_ISOTP_HALF_DUPLEX = 0x0040
CAN_ISOTP_FORCE_TXSTMIN = 0x0080
CAN_ISOTP_FORCE_RXSTMIN = 0x0100
CAN_ISOTP_RX_EXT_ADDR = 0x0200
CAN_ISOTP_WAIT_TX_DONE = 0x0400
CAN_ISOTP_SF_BROADCAST = 0x0800
CAN_ISOTP_CF_BROADCAST = 0x1000
CAN_ISOTP_DYN_FC_PARMS = 0x2000
CAN_ISOTP_DEFAULT_FLAGS = 0
CAN_ISOTP_DEFAULT_EXT_ADDRESS = 0x00
CAN_ISOTP_DEFAULT_PAD_CONTENT = 0xCC
CAN_ISOTP_DEFAULT_FRAME_TXTIME = 50000
CAN_ISOTP_DEFAULT_RECV_BS = 0
CAN_ISOTP_DEFAULT_RECV_STMIN = 0x00
CAN_ISOTP_DEFAULT_RECV_WFTMAX = 0
CAN_ISOTP_DEFAULT_LL_MTU = 16
CAN_ISOTP_DEFAULT_LL_TX_DL = 8
CAN_ISOTP_DEFAULT_LL_TX_FLAGS = 0
CAN_ISOTP_FRAME_TXTIME_ZERO = 0xFFFFFFFF

J1939_MAX_UNICAST_ADDR = 0xFD
J1939_IDLE_ADDR = 0xFE
J1939_NO_ADDR = 0xFF
J1939_NO_NAME = 0
J1939_PGN_REQUEST = 0x0EA00
J1939_PGN_ADDRESS_CLAIMED = 0x0EE00
J1939_PGN_ADDRESS_COMMANDED = 0x0FED8
J1939_PGN_PDU1_MAX = 0x3FF00
J1939_PGN_MAX = 0x3FFFF
J1939_NO_PGN = 0x40000
J1939_FILTER_MAX = 512
SO_J1939_FILTER = 1
SO_J1939_PROMISC = 2
SO_J1939_SEND_PRIO = 3
SO_J1939_ERRQUEUE = 4
SCM_J1939_DEST_ADDR = 1
SCM_J1939_DEST_NAME = 2
SCM_J1939_PRIO = 3
SCM_J1939_ERRQUEUE = 4
J1939_NLA_PAD = 0
J1939_NLA_BYTES_ACKED = 1
J1939_NLA_TOTAL_SIZE = 2
J1939_NLA_PGN = 3
J1939_NLA_SRC_NAME = 4
J1939_NLA_DEST_NAME = 5
J1939_NLA_SRC_ADDR = 6
J1939_NLA_DEST_ADDR = 7
J1939_EE_INFO_NONE = 0
J1939_EE_INFO_TX_ABORT = 1
J1939_EE_INFO_RX_RTS = 2
J1939_EE_INFO_RX_DPO = 3
J1939_EE_INFO_RX_ABORT = 4

BEYOND = (
    "CAN_TP16", "CAN_TP20", "CAN_MCNET", "SOL_CAN_J1939", "CAN_INV_FILTER", "CAN_MTU", "CAN_MAX_DLEN", "CANFD_*",
    "CANXL_*", "CAN_RAW_XL_*", "CAN_RAW_FILTER_MAX", "SCM_CAN_RAW_ERRQUEUE", "CAN_ERR_[!FM]*", "CAN_ISOTP_CF_BROADCAST",
    "CAN_ISOTP_DYN_FC_PARMS", "CAN_ISOTP_FRAME_TXTIME_ZERO", "J1939_NLA_[!PB]*", "J1939_NLA_PGN", "J1939_EE_INFO_RX_*",
)  # fmt: skip


def pack(sock: "socket", caller: str, address: "Address") -> bytes:
    """struct sockaddr_can for an address of the socket's protocol; the interface's index is asked of the kernel.

    The interface is text, bytes or a path-like object. OSError (ENODEV) for one there is none of, OSError for a name
    of over 15 bytes and for other protocols; TypeError for another form. Of numbers the low bits count that the field
    holds.
    """
    if sock.proto not in _FORMS:
        raise OSError(f"{caller}(): unsupported CAN protocol")
    layout, readers = _FORMS[sock.proto]
    if not isinstance(address, tuple):
        raise TypeError(f"{caller}(): AF_CAN address must be tuple, not {type_name(address)}")
    if len(address) != 1 + len(readers):
        raise TypeError(_COUNT.format(1 + len(readers), len(address)) if readers else _FORM)
    interface, *numbers = address
    name = _name(interface)
    fields = [read(number, place) for place, (read, number) in enumerate(zip(readers, numbers, strict=True), 2)]
    return layout.pack(AF_CAN, _index(sock, name), *fields)


def unpack(sock: "socket", raw: bytes) -> "Address":
    """The address that a struct sockaddr_can holds; the interface is '' where none is named, or it is no more."""
    layout, _readers = _FORMS.get(sock.proto, _FORMS[CAN_RAW])
    _family, index, *numbers = unpacked(layout, raw)
    return (interface_name(sock, index), *numbers)


def _name(interface: "StrOrBytesPath") -> bytes:
    name = os.fsencode(interface)
    if b"\0" in name:
        raise ValueError("embedded null byte")
    return name


def _index(sock: "socket", name: bytes) -> int:
    if len(name) > 15:
        raise OSError("AF_CAN interface name too long")
    return socket_interface_index(sock.fileno(), name) if name else 0


def _identifier(value: "SupportsIndex", place: int) -> int:
    return _ecu_name(value, place) & 0xFFFFFFFF


def _ecu_name(value: "SupportsIndex", place: int) -> int:
    if not (isinstance(value, int) or (INDEX_WORDS and hasattr(type(value), "__index__"))):
        raise TypeError(f"argument {place} must be int, not {'None' if value is None else type_name(value)}")
    return unsigned(value, 64)


def _group_number(value: "SupportsIndex", place: int) -> int:
    return unsigned(value)


def _octet(value: "SupportsIndex", place: int) -> int:
    return unsigned(value, 8)


_FORM = "AF_CAN address must be a tuple (interface, )"
_COUNT = "function takes exactly {} arguments ({} given)"

# By protocol: the struct, and what reads the numbers behind the interface's name. J1939's 64-bit field makes the union
# 16 bytes long for all.
_FORMS: "dict[int, tuple[Struct, tuple[Callable[[Any, int], int], ...]]]" = {
    CAN_RAW: (Struct("=H2xi16x"), ()),
    CAN_BCM: (Struct("=H2xi16x"), ()),
    CAN_ISOTP: (Struct("=H2xiII8x"), (_identifier, _identifier)),
    CAN_J1939: (Struct("=H2xiQIB3x"), (_ecu_name, _group_number, _octet)),
}
