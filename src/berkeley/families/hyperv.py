"""AF_HYPERV: (vm_id, service_id), between a Hyper-V machine and its host. Windows; <hvsocket.h>.

Both are GUIDs as text, "XXXXXXXX-XXXX-XXXX-XXXX-XXXXXXXXXXXX"; as `vm_id` the HV_GUID_* stand for several machines.
"""

from struct import Struct
from uuid import UUID

from .._native import type_name
from ._fields import taken, unpacked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .._native import Address, socket

SYSTEM = "win32"
HEADERS = ("winsock2.h", "winsock2.h hvsocket.h")

AF_HYPERV = 34

HV_PROTOCOL_RAW = 1

HV_GUID_ZERO = "00000000-0000-0000-0000-000000000000"
HV_GUID_WILDCARD = "00000000-0000-0000-0000-000000000000"
HV_GUID_BROADCAST = "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF"
HV_GUID_CHILDREN = "90DB8B89-0D35-4F79-8CE9-49EA0AC8B7CD"
HV_GUID_LOOPBACK = "E0E16197-DD56-4A10-9195-5EE7A155A838"
HV_GUID_PARENT = "A42E7CDA-D03F-480C-9CC2-A4DE20ABB878"

# Options of level HV_PROTOCOL_RAW; the timeout is in ms.
HVSOCKET_CONNECT_TIMEOUT = 1
HVSOCKET_CONNECT_TIMEOUT_MAX = 300000
HVSOCKET_CONNECTED_SUSPEND = 4
HVSOCKET_ADDRESS_FLAG_PASSTHRU = 1


def pack(sock: "socket", caller: str, address: "Address") -> bytes:
    """SOCKADDR_HV for (vm_id, service_id).

    TypeError for anything but two strings, ValueError for one that is no GUID, OSError for a protocol other than
    HV_PROTOCOL_RAW.
    """
    if sock.proto != HV_PROTOCOL_RAW:
        raise OSError(f"{caller}(): unsupported AF_HYPERV protocol: {sock.proto}")
    if not isinstance(address, tuple):
        raise TypeError(f"{caller}(): AF_HYPERV address must be tuple, not {type_name(address)}")
    if len(address) != 2 or not all(isinstance(guid, str) for guid in address):
        raise TypeError("AF_HYPERV address must be a str tuple (vm_id, service_id)")
    vm_id, service_id = (_octets(caller, *field) for field in zip(("vm_id", "service_id"), address, strict=True))
    return _SOCKADDR_HV.pack(AF_HYPERV, vm_id, service_id)


def unpack(sock: "socket", raw: bytes) -> "Address":
    """(vm_id, service_id) from a SOCKADDR_HV, in small letters."""
    _family, vm_id, service_id = unpacked(_SOCKADDR_HV, raw)
    return str(UUID(bytes_le=vm_id)), str(UUID(bytes_le=service_id))


def _octets(caller: str, field: str, text: str) -> bytes:
    guid = taken(UUID, text, refusal=ValueError)
    if guid is None or str(guid) != text.lower():  # UUID() takes more: braces, no hyphens, a URN
        raise ValueError(f"{caller}(): AF_HYPERV address {field} is not a valid UUID string")
    return guid.bytes_le


_SOCKADDR_HV = Struct("<H2x16s16s")
