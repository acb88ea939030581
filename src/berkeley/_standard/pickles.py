"""How members of enumerations and resolver errors are pickled.

Their classes say that they are the socket module's. Where that name is the standard module's (berkeley is imported
beside it), a pickle by that name would be refused as "not the same object", and is made by one of ours instead.
"""

import copyreg
import sys

import berkeley.socket as namespace

from .._native import gaierror, herror
from .enums import AddressFamily, AddressInfo, MsgFlag, SocketKind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from enum import IntEnum


def register() -> None:
    """Have them pickled so: by copyreg, so that the classes have nothing that the standard module's have not."""
    for enumeration in (AddressFamily, AddressInfo, MsgFlag, SocketKind):
        copyreg.pickle(enumeration, _reduce_member)  # type: ignore[arg-type]
    for error in (gaierror, herror):
        copyreg.pickle(error, _reduce_error)  # type: ignore[arg-type]


def _reduce_member(member: "IntEnum") -> "tuple[object, ...]":
    return _named(type(member), (member.value,))


def _reduce_error(error: OSError) -> "tuple[object, ...]":
    return _named(*error.__reduce__())  # pyright: ignore[reportArgumentType]


def _named(cls: type, arguments: "tuple[object, ...]", *state: object) -> "tuple[object, ...]":
    if sys.modules.get("socket") is namespace:
        return cls, arguments, *state
    from .._pickles import restore

    return restore, (cls.__name__, *arguments), *state
