"""AF_PACKET: (interface, protocol[, packet type[, hardware type[, hardware address]]]). packet(7), <linux/if_packet.h>.

`protocol` is an ETH_P_* number in host order, `packet type` a PACKET_* one, `hardware type` an ARPHRD_* one.
"""

from struct import Struct

from .._native import socket_interface_index, type_name

# In the core, for speed: an address comes with each packet.
from .._native import unpack_packet as unpack  # noqa: F401
from ._fields import signed, taken

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, SupportsIndex

    from .._native import Address, socket

HEADERS = ("sys/socket.h", "netpacket/packet.h", "linux/if_packet.h")

AF_PACKET = 17
PF_PACKET = 17
SOL_PACKET = 263

PACKET_HOST = 0
PACKET_BROADCAST = 1
PACKET_MULTICAST = 2
PACKET_OTHERHOST = 3
PACKET_OUTGOING = 4
PACKET_LOOPBACK = 5
PACKET_USER = 6
PACKET_FASTROUTE = 6
PACKET_KERNEL = 7

PACKET_ADD_MEMBERSHIP = 1
PACKET_DROP_MEMBERSHIP = 2
PACKET_RECV_OUTPUT = 3
PACKET_RX_RING = 5
PACKET_STATISTICS = 6
PACKET_COPY_THRESH = 7
PACKET_AUXDATA = 8
PACKET_ORIGDEV = 9
PACKET_VERSION = 10
PACKET_HDRLEN = 11
PACKET_RESERVE = 12
PACKET_TX_RING = 13
PACKET_LOSS = 14
PACKET_VNET_HDR = 15
PACKET_TX_TIMESTAMP = 16
PACKET_TIMESTAMP = 17
PACKET_FANOUT = 18
PACKET_TX_HAS_OFF = 19
PACKET_QDISC_BYPASS = 20
PACKET_ROLLOVER_STATS = 21
PACKET_FANOUT_DATA = 22
PACKET_IGNORE_OUTGOING = 23
PACKET_VNET_HDR_SZ = 24

PACKET_MR_MULTICAST = 0
PACKET_MR_PROMISC = 1
PACKET_MR_ALLMULTI = 2
PACKET_MR_UNICAST = 3

PACKET_FANOUT_HASH = 0
PACKET_FANOUT_LB = 1
PACKET_FANOUT_CPU = 2
PACKET_FANOUT_ROLLOVER = 3
PACKET_FANOUT_RND = 4
PACKET_FANOUT_QM = 5
PACKET_FANOUT_CBPF = 6
PACKET_FANOUT_EBPF = 7
PACKET_FANOUT_FLAG_ROLLOVER = 0x1000
PACKET_FANOUT_FLAG_UNIQUEID = 0x2000
PACKET_FANOUT_FLAG_IGNORE_OUTGOING = 0x4000
PACKET_FANOUT_FLAG_DEFRAG = 0x8000

# Versions of the rings (PACKET_VERSION), and the status of a frame, in a ring or in PACKET_AUXDATA.
TPACKET_V1 = 0
TPACKET_V2 = 1
TPACKET_V3 = 2
TPACKET_ALIGNMENT = 16
TP_STATUS_KERNEL = 0x0
TP_STATUS_USER = 0x1
TP_STATUS_COPY = 0x2
TP_STATUS_LOSING = 0x4
TP_STATUS_CSUMNOTREADY = 0x8
TP_STATUS_VLAN_VALID = 0x10
TP_STATUS_BLK_TMO = 0x20
TP_STATUS_VLAN_TPID_VALID = 0x40
TP_STATUS_CSUM_VALID = 0x80
TP_STATUS_GSO_TCP = 0x100
TP_STATUS_AVAILABLE = 0x0
TP_STATUS_SEND_REQUEST = 0x1
TP_STATUS_SENDING = 0x2
TP_STATUS_WRONG_FORMAT = 0x4
TP_STATUS_TS_SOFTWARE = 0x20000000
TP_STATUS_TS_SYS_HARDWARE = 0x40000000
TP_STATUS_TS_RAW_HARDWARE = 0x80000000
TP_FT_REQ_FILL_RXHASH = 0x1

BEYOND = (
    "SOL_PACKET", "PACKET_USER", "PACKET_KERNEL", "PACKET_*_MEMBERSHIP", "PACKET_R*", "PACKET_STATISTICS",
    "PACKET_COPY_THRESH", "PACKET_AUXDATA", "PACKET_ORIGDEV", "PACKET_V*", "PACKET_HDRLEN", "PACKET_TX_*",
    "PACKET_LOSS", "PACKET_TIMESTAMP", "PACKET_FANOUT*", "PACKET_QDISC_BYPASS", "PACKET_IGNORE_OUTGOING",
    "PACKET_MR_*", "TPACKET_*", "TP_*",
)  # fmt: skip


def pack(sock: "socket", caller: str, address: "Address") -> bytes:
    """struct sockaddr_ll for an address of two to five elements; the interface's index is asked of the kernel.

    OSError (ENODEV) for an interface there is none of, looked up by its first 15 bytes; OverflowError for a protocol
    outside 0-65535 or a number that no C int holds; ValueError for a hardware address of over 8 bytes. Of the packet
    type the low 8 bits count, of the hardware type the low 16.
    """
    if not isinstance(address, tuple):
        raise TypeError(f"{caller}(): AF_PACKET address must be tuple, not {type_name(address)}")
    if not 2 <= len(address) <= 5:
        raise TypeError(_FORM)
    fields = taken(_parsed, *address, refusal=OverflowError)
    if fields is None:
        raise OverflowError(f"{caller}(): address argument out of range")
    interface, protocol, packet_type, hardware_type, hardware = fields
    index = socket_interface_index(sock.fileno(), interface)
    if len(hardware) > 8:
        raise ValueError("Hardware address must be 8 bytes or less")
    if not 0 <= protocol <= 0xFFFF:
        raise OverflowError(f"{caller}(): proto must be 0-65535.")
    return _SOCKADDR_LL.pack(
        AF_PACKET,
        protocol.to_bytes(2, "big"),
        index,
        hardware_type & 0xFFFF,
        packet_type & 0xFF,
        len(hardware),
        hardware,
    )


def _parsed(
    interface: object,
    protocol: "SupportsIndex",
    packet_type: "SupportsIndex" = PACKET_HOST,
    hardware_type: "SupportsIndex" = 0,
    hardware: object = b"",
) -> "tuple[bytes, int, int, int, bytes]":
    if not isinstance(interface, str):
        raise TypeError(_FORM)
    name = interface.encode()
    if b"\0" in name:
        raise ValueError("embedded null character")
    return name, signed(protocol), signed(packet_type), signed(hardware_type), _octets(hardware)


def _octets(value: "Any") -> bytes:
    view = taken(lambda: memoryview(value))
    if view is None:
        raise TypeError(f"a bytes-like object is required, not {type_name(value)!r}")
    if not view.c_contiguous:
        raise BufferError("memoryview: underlying buffer is not C-contiguous")
    return view.tobytes()


_FORM = "AF_PACKET address must be a tuple of two to five elements"
_SOCKADDR_LL = Struct("H2siHBB8s")
