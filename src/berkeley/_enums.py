"""The enumerations that the socket module turns its AF_*, SOCK_*, MSG_* and AI_* constants into.

Their members, reprs and pickles are the standard module's. They are built from the constants directly: the standard
library's IntEnum._convert_ reads and writes a module that must already be in sys.modules as "socket".
"""

from enum import IntEnum, IntFlag

from . import _socket
from ._standard import standard


def _build(base, name, prefix):
    """The enumeration of the constants with the prefix: of equal values, the first name is the member's."""
    constants = [(constant, value) for constant, value in vars(_socket).items() if _belongs(constant, prefix)]
    return base(name, sorted(constants, key=lambda pair: (pair[1], pair[0])), module="socket")


def _belongs(name, prefix):
    return name.startswith(prefix) and name.isupper()


AddressFamily = _build(IntEnum, "AddressFamily", "AF_")
SocketKind = _build(IntEnum, "SocketKind", "SOCK_")
MsgFlag = _build(IntFlag, "MsgFlag", "MSG_")
AddressInfo = _build(IntFlag, "AddressInfo", "AI_")

# Names to members, aliases too: what the socket module has in place of the plain numbers.
MEMBERS = {
    name: member
    for enumeration in (AddressFamily, SocketKind, MsgFlag, AddressInfo)
    for name, member in enumeration.__members__.items()
}

# Numbers to members: what getaddrinfo(), `family` and `type` look up.
FAMILIES = {member.value: member for member in AddressFamily}
KINDS = {member.value: member for member in SocketKind}


@standard
def _intenum_converter(value, enum_klass):
    """The enumeration's member for a number, or the number itself where it has none."""
    try:
        return enum_klass(value)
    except ValueError:
        return value
