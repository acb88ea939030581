"""The enumerations that the socket module turns its AF_*, SOCK_*, MSG_* and AI_* constants into.

Their members, reprs and pickles are the standard module's. They are built from the constants directly: the standard
library's IntEnum._convert_ reads and writes a module that must already be in sys.modules as "socket".
"""

from enum import IntEnum, IntFlag

from .. import _native, _socket
from . import standard

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeVar

    Member = TypeVar("Member", bound=IntEnum)

try:
    # What the standard library builds its own with since 3.11, in half the time.
    from enum import _simple_enum
except ImportError:
    _simple_enum = None


def _constants() -> "dict[str, list[tuple[str, int]]]":
    """The (name, value) of the constants, by what their names begin with."""
    groups: dict[str, list[tuple[str, int]]] = {"AF": [], "SOCK": [], "MSG": [], "AI": []}
    for name, value in vars(_socket).items():
        prefix = name.partition("_")[0]
        if prefix in groups and name.isupper():
            groups[prefix].append((name, value))
    return groups


_groups = _constants()


def _build(base: "Any", name: str, prefix: str, doc: str) -> "Any":
    """The enumeration of the constants with the prefix: of equal values, the first name is the member's."""
    constants = sorted(_groups[prefix], key=lambda pair: (pair[1], pair[0]))
    if _simple_enum is None:
        enumeration = base(name, constants, module="socket")
    else:
        enumeration = _simple_enum(base)(type(name, (object,), {**dict(constants), "__module__": "socket"}))
        # In the first versions of 3.11 the standard library's own have a method for pickling, and test_socket looks.
        if "__reduce_ex__" in base._convert_.__func__.__code__.co_names:
            from enum import _reduce_ex_by_global_name

            enumeration.__reduce_ex__ = _reduce_ex_by_global_name
    enumeration.__doc__ = doc
    return enumeration


AddressFamily = _build(IntEnum, "AddressFamily", "AF", "The address families (address_families(7)): `AF_*`.")
SocketKind = _build(IntEnum, "SocketKind", "SOCK", "The types of sockets, and two flags (socket(2)): `SOCK_*`.")
MsgFlag = _build(IntFlag, "MsgFlag", "MSG", "The flags of what is sent and received (send(2), recv(2)): `MSG_*`.")
AddressInfo = _build(IntFlag, "AddressInfo", "AI", "The flags of getaddrinfo(3): `AI_*`.")

# Names to members, aliases too: what the socket module has in place of the plain numbers.
MEMBERS = {
    name: member
    for enumeration in (AddressFamily, SocketKind, MsgFlag, AddressInfo)
    for name, member in enumeration.__members__.items()
}

# Numbers to members: what getaddrinfo(), `family` and `type` look up.
FAMILIES = _native.kept_for_good({member.value: member for member in AddressFamily})
KINDS = _native.kept_for_good({member.value: member for member in SocketKind})


@standard
def _intenum_converter(value: int, enum_klass: "type[Member]") -> "Member | int":
    """The enumeration's member for a number, or the number itself where it has none."""
    try:
        return enum_klass(value)
    except ValueError:
        return value
