"""AF_VSOCK: (cid, port), between a virtual machine and its host. vsock(7), <linux/vm_sockets.h>."""

from struct import Struct

from ._fields import pair, unpacked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .._native import Address, socket

HEADERS = ("sys/socket.h", "sys/socket.h sys/ioctl.h linux/vm_sockets.h")

# Alpha, MIPS, PowerPC and SPARC build ioctl numbers otherwise; the timeout's option depends on the size of time_t.
COMPILED = True

AF_VSOCK = 40
SOL_VSOCK = 287

VMADDR_CID_ANY = 0xFFFFFFFF
VMADDR_CID_HYPERVISOR = 0
VMADDR_CID_LOCAL = 1
VMADDR_CID_HOST = 2
VMADDR_PORT_ANY = 0xFFFFFFFF
VMADDR_FLAG_TO_HOST = 0x01

# Options whose level is AF_VSOCK itself; sizes are 64-bit.
SO_VM_SOCKETS_BUFFER_SIZE = 0
SO_VM_SOCKETS_BUFFER_MIN_SIZE = 1
SO_VM_SOCKETS_BUFFER_MAX_SIZE = 2
SO_VM_SOCKETS_PEER_HOST_VM_ID = 3
SO_VM_SOCKETS_TRUSTED = 5
SO_VM_SOCKETS_CONNECT_TIMEOUT = 6
SO_VM_SOCKETS_NONBLOCK_TXRX = 7

VSOCK_RECVERR = 1  # a control message of level SOL_VSOCK

VM_SOCKETS_INVALID_VERSION = 0xFFFFFFFF
IOCTL_VM_SOCKETS_GET_LOCAL_CID = 0x7B9  # asked of /dev/vsock

BEYOND = (
    "SOL_VSOCK", "VMADDR_CID_HYPERVISOR", "VMADDR_FLAG_TO_HOST", "SO_VM_SOCKETS_PEER_HOST_VM_ID",
    "SO_VM_SOCKETS_TRUSTED", "SO_VM_SOCKETS_CONNECT_TIMEOUT", "SO_VM_SOCKETS_NONBLOCK_TXRX", "VSOCK_RECVERR",
)  # fmt: skip


def pack(sock: "socket", caller: str, address: "Address") -> bytes:
    """struct sockaddr_vm for (cid, port), of which the low 32 bits count. TypeError for anything but such a pair."""
    cid, port = pair("AF_VSOCK", address)
    return _SOCKADDR_VM.pack(AF_VSOCK, port, cid)


def unpack(sock: "socket", raw: bytes) -> "Address":
    """(cid, port) from a struct sockaddr_vm."""
    _family, port, cid = unpacked(_SOCKADDR_VM, raw)
    return cid, port


_SOCKADDR_VM = Struct("H2xII4x")
