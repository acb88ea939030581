"""Any family that has no file: (family, bytes), the bytes as the kernel has them after the family's own two."""

from sys import byteorder

from .._native import type_name
from ._fields import taken

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

    from .._native import Address, socket

# What a struct sockaddr_storage holds after its family (socket(7)).
_MOST = 126


def pack(sock: "socket", caller: str, address: "Address") -> bytes:
    """A struct sockaddr of the given family, which need not be the socket's: (AF_UNSPEC, b"") undoes a connection.

    OSError, as CPython has it, for anything but such a pair; OverflowError for a family outside 0-65535, ValueError
    for more than 126 bytes.
    """
    if not isinstance(address, tuple) or len(address) != 2 or not isinstance(address[0], int):
        raise OSError(f"{caller}(): bad family")
    family: int
    buffer: ReadableBuffer
    family, buffer = address
    view = taken(lambda: memoryview(buffer))
    if view is None:
        raise TypeError(f"{caller}(): the bytes of an address must be bytes-like, not {type_name(buffer)}")
    data = bytes(view)
    if not 0 <= family <= 0xFFFF:
        raise OverflowError(f"{caller}(): family must be 0-65535.")
    if len(data) > _MOST:
        raise ValueError(f"{caller}(): an address has at most {_MOST} bytes after its family, not {len(data)}")
    return family.to_bytes(2, byteorder) + data


def unpack(sock: "socket", raw: bytes) -> "Address":
    """(family, bytes) from a struct sockaddr."""
    return int.from_bytes(raw[:2], byteorder), raw[2:]
