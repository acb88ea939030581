"""AF_SYSTEM: a kernel control's name, or (id, unit). macOS; <sys/kern_control.h>, <sys/sys_domain.h>.

`unit` 0 asks the kernel to choose one, and is what a name stands for.
"""

from struct import Struct

from ._fields import taken, text, unpacked, unsigned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .._native import Address, socket

SYSTEM = "darwin"
HEADERS = ("sys/socket.h", "sys/types.h sys/sys_domain.h")

AF_SYSTEM = 32
PF_SYSTEM = 32

SYSPROTO_CONTROL = 2


def pack(sock: "socket", caller: str, address: "Address") -> bytes:
    """struct sockaddr_ctl for a control's name, which the kernel is asked for, or for (id, unit), the low 32 bits.

    TypeError for another form; ValueError for a name of over 96 bytes; OSError for a control that there is none of, and
    for a protocol other than SYSPROTO_CONTROL.
    """
    if sock.proto != SYSPROTO_CONTROL:
        raise OSError(f"{caller}(): unsupported PF_SYSTEM protocol")
    form = f"{caller}(): PF_SYSTEM address must be a str or a pair (id, unit)"
    if isinstance(address, str):
        address = _control(sock, text(address, form)), 0
    if not isinstance(address, tuple) or len(address) != 2:
        raise TypeError(form)
    numbers = taken(lambda: [unsigned(number) for number in address])
    if numbers is None:
        raise TypeError(form)
    control, unit = numbers
    return _SOCKADDR_CTL.pack(_SOCKADDR_CTL.size, AF_SYSTEM, _AF_SYS_CONTROL, control, unit)


def unpack(sock: "socket", raw: bytes) -> "Address":
    """(id, unit) from a struct sockaddr_ctl."""
    _size, _family, _kind, control, unit = unpacked(_SOCKADDR_CTL, raw)
    return control, unit


def _control(sock: "socket", name: bytes) -> int:
    from fcntl import ioctl

    if len(name) > 96:
        raise ValueError("provided string is too long")
    found = taken(lambda: ioctl(sock.fileno(), _CTLIOCGINFO, _CTL_INFO.pack(0, name)), refusal=OSError)
    if found is None:
        raise OSError("cannot find kernel control with provided name")
    control: int
    control, _name = _CTL_INFO.unpack(found)
    return control


_AF_SYS_CONTROL = 2
_CTLIOCGINFO = 0xC0644E03
_CTL_INFO = Struct("I96s")
_SOCKADDR_CTL = Struct("BBHII20x")
