"""AF_BLUETOOTH: the address's form depends on the socket's protocol. <bluetooth/bluetooth.h> and its kin.

    BTPROTO_L2CAP     (bdaddr, psm[, cid[, bdaddr_type]])    l2cap(7)
    BTPROTO_RFCOMM    (bdaddr, channel)                      rfcomm(7)
    BTPROTO_SCO       bdaddr, also as bytes                  sco(7)
    BTPROTO_HCI       device, (device,), (device, channel)   hci(7); 0 is hci0, `channel` a HCI_CHANNEL_*

`bdaddr` is text, "XX:XX:XX:XX:XX:XX"; `bdaddr_type` a BDADDR_* number. CPython has these names only where BlueZ's
headers were installed when it was built; the longer forms of L2CAP and HCI came in 3.14.
"""

from struct import Struct

from ._fields import taken, text, unpacked, unsigned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import SupportsIndex

    from .._native import Address, socket

HEADERS = (
    "bluetooth/bluetooth.h", "bluetooth/bluetooth.h bluetooth/l2cap.h", "bluetooth/bluetooth.h bluetooth/rfcomm.h",
    "bluetooth/bluetooth.h bluetooth/sco.h", "bluetooth/bluetooth.h bluetooth/hci.h",
)  # fmt: skip

AF_BLUETOOTH = 31

BTPROTO_L2CAP = 0
BTPROTO_HCI = 1
BTPROTO_SCO = 2
BTPROTO_RFCOMM = 3
BTPROTO_BNEP = 4
BTPROTO_CMTP = 5
BTPROTO_HIDP = 6
BTPROTO_AVDTP = 7
BTPROTO_ISO = 8

SOL_HCI = 0
SOL_L2CAP = 6
SOL_SCO = 17
SOL_RFCOMM = 18
SOL_BLUETOOTH = 274

BDADDR_ANY = "00:00:00:00:00:00"
BDADDR_LOCAL = "00:00:00:FF:FF:FF"
BDADDR_BREDR = 0
BDADDR_LE_PUBLIC = 1
BDADDR_LE_RANDOM = 2

BT_SECURITY = 4
BT_SECURITY_SDP = 0
BT_SECURITY_LOW = 1
BT_SECURITY_MEDIUM = 2
BT_SECURITY_HIGH = 3
BT_SECURITY_FIPS = 4

BT_DEFER_SETUP = 7

BT_FLUSHABLE = 8
BT_FLUSHABLE_OFF = 0
BT_FLUSHABLE_ON = 1

BT_POWER = 9
BT_POWER_FORCE_ACTIVE_OFF = 0
BT_POWER_FORCE_ACTIVE_ON = 1

BT_CHANNEL_POLICY = 10
BT_CHANNEL_POLICY_BREDR_ONLY = 0
BT_CHANNEL_POLICY_BREDR_PREFERRED = 1
BT_CHANNEL_POLICY_AMP_PREFERRED = 2

BT_VOICE = 11
BT_VOICE_TRANSPARENT = 0x0003
BT_VOICE_CVSD_16BIT = 0x0060
BT_VOICE_TRANSPARENT_16BIT = 0x0063

BT_SNDMTU = 12
BT_RCVMTU = 13

BT_PHY = 14
BT_PHY_BR_1M_1SLOT = 0x0001
BT_PHY_BR_1M_3SLOT = 0x0002
BT_PHY_BR_1M_5SLOT = 0x0004
BT_PHY_EDR_2M_1SLOT = 0x0008
BT_PHY_EDR_2M_3SLOT = 0x0010
BT_PHY_EDR_2M_5SLOT = 0x0020
BT_PHY_EDR_3M_1SLOT = 0x0040
BT_PHY_EDR_3M_3SLOT = 0x0080
BT_PHY_EDR_3M_5SLOT = 0x0100
BT_PHY_LE_1M_TX = 0x0200
BT_PHY_LE_1M_RX = 0x0400
BT_PHY_LE_2M_TX = 0x0800
BT_PHY_LE_2M_RX = 0x1000
BT_PHY_LE_CODED_TX = 0x2000
BT_PHY_LE_CODED_RX = 0x4000

BT_MODE = 15
BT_MODE_BASIC = 0
BT_MODE_ERTM = 1
BT_MODE_STREAMING = 2
BT_MODE_LE_FLOWCTL = 3
BT_MODE_EXT_FLOWCTL = 4

BT_PKT_STATUS = 16
BT_SCM_PKT_STATUS = 3
BT_ISO_QOS = 17
BT_ISO_QOS_CIG_UNSET = 0xFF
BT_ISO_QOS_CIS_UNSET = 0xFF
BT_CODEC = 19
BT_ISO_BASE = 20

L2CAP_OPTIONS = 1
L2CAP_CONNINFO = 2
L2CAP_LM = 3
L2CAP_LM_MASTER = 0x01
L2CAP_LM_AUTH = 0x02
L2CAP_LM_ENCRYPT = 0x04
L2CAP_LM_TRUSTED = 0x08
L2CAP_LM_RELIABLE = 0x10
L2CAP_LM_SECURE = 0x20

RFCOMM_CONNINFO = 2
RFCOMM_LM = 3
RFCOMM_LM_MASTER = 0x01
RFCOMM_LM_AUTH = 0x02
RFCOMM_LM_ENCRYPT = 0x04
RFCOMM_LM_TRUSTED = 0x08
RFCOMM_LM_RELIABLE = 0x10
RFCOMM_LM_SECURE = 0x20

SCO_OPTIONS = 1
SCO_CONNINFO = 2

HCI_DATA_DIR = 1
HCI_FILTER = 2
HCI_TIME_STAMP = 3
HCI_CMSG_DIR = 1
HCI_CMSG_TSTAMP = 2
HCI_DEV_NONE = 0xFFFF
HCI_CHANNEL_RAW = 0
HCI_CHANNEL_USER = 1
HCI_CHANNEL_MONITOR = 2
HCI_CHANNEL_CONTROL = 3
HCI_CHANNEL_LOGGING = 4
HCI_COMMAND_PKT = 1
HCI_ACLDATA_PKT = 2
HCI_SCODATA_PKT = 3
HCI_EVENT_PKT = 4
HCI_ISODATA_PKT = 5
HCI_VENDOR_PKT = 0xFF

BEYOND = (
    "BTPROTO_BNEP", "BTPROTO_CMTP", "BTPROTO_HIDP", "BTPROTO_AVDTP", "BTPROTO_ISO",
    "BT_CHANNEL_POLICY_AMP_PREFERRED", "BT_SCM_PKT_STATUS", "BT_ISO_QOS_*", "BT_ISO_BASE", "L2CAP_OPTIONS",
    "L2CAP_CONNINFO", "RFCOMM_*", "SCO_*", "HCI_CMSG_*", "HCI_*_PKT",
)  # fmt: skip


def pack(sock: "socket", caller: str, address: "Address") -> bytes:
    """struct sockaddr_l2, _rc, _sco or _hci: the one of the socket's protocol. Of a number count the bits that fit.

    OSError for an address of another form, for what is no Bluetooth address, and for a protocol that is none of these.
    For SCO alone ValueError, as in CPython, where its text has a NUL or is no UTF-8.
    """
    if sock.proto not in _PROTOCOLS:
        raise OSError(f"{caller}(): unknown Bluetooth protocol")
    form, to_struct, _to_address = _PROTOCOLS[sock.proto]
    alone = sock.proto == BTPROTO_SCO or not isinstance(address, tuple)
    struct = taken(to_struct, *((address,) if alone else address))
    if struct is None:
        raise OSError(f"{caller}(): wrong format: AF_BLUETOOTH address must be {form}")
    return struct


def unpack(sock: "socket", raw: bytes) -> "Address":
    """The address in the shortest form, of those of the socket's protocol, that says all of it.

    (AF_BLUETOOTH, bytes) for a protocol that is none of the four.
    """
    if sock.proto not in _PROTOCOLS:
        return AF_BLUETOOTH, raw[2:]
    _form, _to_struct, to_address = _PROTOCOLS[sock.proto]
    return to_address(raw)


def _pack_l2cap(
    bdaddr: object, psm: "SupportsIndex", cid: "SupportsIndex" = 0, bdaddr_type: "SupportsIndex" = BDADDR_BREDR
) -> bytes:
    return _SOCKADDR_L2.pack(AF_BLUETOOTH, _little(psm), _octets(bdaddr), _little(cid), unsigned(bdaddr_type, 8))


def _unpack_l2cap(raw: bytes) -> "tuple[str | int, ...]":
    _family, psm, octets, cid, bdaddr_type = unpacked(_SOCKADDR_L2, raw)
    address = _name(octets), int.from_bytes(psm, "little"), int.from_bytes(cid, "little"), bdaddr_type
    if bdaddr_type != BDADDR_BREDR:
        return address
    return address[:3] if address[2] else address[:2]


def _pack_rfcomm(bdaddr: object, channel: "SupportsIndex") -> bytes:
    return _SOCKADDR_RC.pack(AF_BLUETOOTH, _octets(bdaddr), unsigned(channel, 8))


def _unpack_rfcomm(raw: bytes) -> "tuple[str, int]":
    _family, octets, channel = unpacked(_SOCKADDR_RC, raw)
    return _name(octets), channel


def _pack_sco(bdaddr: object) -> bytes:
    if isinstance(bdaddr, bytes):
        bdaddr = bdaddr.decode("latin-1")
    return _SOCKADDR_SCO.pack(AF_BLUETOOTH, _octets(text(bdaddr, "").decode()))


def _unpack_sco(raw: bytes) -> str:
    _family, octets = unpacked(_SOCKADDR_SCO, raw)
    return _name(octets)


def _pack_hci(device: "SupportsIndex", channel: "SupportsIndex" = HCI_CHANNEL_RAW) -> bytes:
    return _SOCKADDR_HCI.pack(AF_BLUETOOTH, unsigned(device, 16), unsigned(channel, 16))


def _unpack_hci(raw: bytes) -> "int | tuple[int, int]":
    _family, device, channel = unpacked(_SOCKADDR_HCI, raw)
    return device if channel == HCI_CHANNEL_RAW else (device, channel)


def _little(value: "SupportsIndex") -> bytes:
    """An L2CAP number: two octets, the low one first on every processor."""
    return unsigned(value, 16).to_bytes(2, "little")


def _octets(bdaddr: object) -> bytes:
    """A Bluetooth address's six octets, the last first."""
    if not isinstance(bdaddr, str):
        raise TypeError
    parts = bdaddr.split(":")
    octets = taken(_bytes, parts, refusal=ValueError)
    if octets is None or not len(octets) == len(parts) == 6:
        raise OSError("bad bluetooth address")
    return octets


def _bytes(parts: "list[str]") -> bytes:
    return bytes(int(part, 16) for part in reversed(parts) if part.isascii() and part.isalnum())


def _name(octets: bytes) -> str:
    return ":".join(f"{octet:02X}" for octet in reversed(octets))


_SOCKADDR_L2 = Struct("H2s6s2sBx")
_SOCKADDR_RC = Struct("H6sBx")
_SOCKADDR_SCO = Struct("H6s")
_SOCKADDR_HCI = Struct("HHH")

_PROTOCOLS: "dict[int, tuple[str, Callable[..., bytes], Callable[[bytes], Address]]]" = {
    BTPROTO_L2CAP: ("a tuple (bdaddr, psm[, cid[, bdaddr_type]])", _pack_l2cap, _unpack_l2cap),
    BTPROTO_RFCOMM: ("a tuple (bdaddr, channel)", _pack_rfcomm, _unpack_rfcomm),
    BTPROTO_SCO: ("str or bytes", _pack_sco, _unpack_sco),
    BTPROTO_HCI: ("an int or a tuple (device[, channel])", _pack_hci, _unpack_hci),
}
