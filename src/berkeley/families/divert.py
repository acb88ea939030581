"""AF_DIVERT: (host, port), packets that the firewall diverts. FreeBSD; divert(4). Addresses are those of AF_INET."""

from operator import index
from struct import Struct

from .._native import gethostbyname, inet_aton, inet_ntoa, type_name
from ._fields import unpacked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .._native import Address, socket

SYSTEM = "freebsd"
HEADERS = ("sys/types.h sys/socket.h",)

AF_DIVERT = 44
PF_DIVERT = 44

_AF_INET = 2


def pack(sock: "socket", caller: str, address: "Address") -> bytes:
    """struct sockaddr_in for (host, port). TypeError for anything but such a pair, OverflowError for no port, gaierror
    for no host. The messages name the address's own family, as CPython's do.
    """
    if not isinstance(address, tuple):
        raise TypeError(f"{caller}(): AF_INET address must be tuple, not {type_name(address)}")
    if len(address) != 2:
        raise TypeError("AF_INET address must be a pair (host, port)")
    host, port = address[0], index(address[1])
    if not 0 <= port <= 0xFFFF:
        raise OverflowError(f"{caller}(): port must be 0-65535.")
    return _SOCKADDR_IN.pack(_SOCKADDR_IN.size, _AF_INET, port.to_bytes(2, "big"), inet_aton(gethostbyname(host)))


def unpack(sock: "socket", raw: bytes) -> "Address":
    """(host, port) from a struct sockaddr_in."""
    _size, _family, port, host = unpacked(_SOCKADDR_IN, raw)
    return inet_ntoa(host), int.from_bytes(port, "big")


_SOCKADDR_IN = Struct("BB2s4s8x")
