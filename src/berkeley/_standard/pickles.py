"""Pickles of enumeration members and resolver errors.

Their classes say that they are the socket module's. Where that name is the standard module's (berkeley is imported
beside it), a pickle by that name would be refused as "not the same object", and is made by this module's name instead.
"""

import copyreg
import sys

import berkeley.socket as namespace

from ._enums import AddressFamily, AddressInfo, MsgFlag, SocketKind
from ._native import gaierror, herror

TYPE_CHECKING = False
if TYPE_CHECKING:
    from enum import IntEnum


def restore(name: str, *arguments: object) -> object:
    """What a pickle made beside the standard module holds: a member, or an error."""
    return getattr(namespace, name)(*arguments)


def _named(cls: type, arguments: "tuple[object, ...]", *state: object) -> "tuple[object, ...]":
    if sys.modules.get("socket") is namespace:
        return cls, arguments, *state
    return restore, (cls.__name__, *arguments), *state


def _reduce_member(member: "IntEnum") -> "tuple[object, ...]":
    return _named(type(member), (member.value,))


def _reduce_error(error: OSError) -> "tuple[object, ...]":
    return _named(*error.__reduce__())  # pyright: ignore[reportArgumentType]


# By copyreg, so that the classes have nothing that the standard module's have not.
for _enumeration in (AddressFamily, AddressInfo, MsgFlag, SocketKind):
    copyreg.pickle(_enumeration, _reduce_member)  # type: ignore[arg-type]
for _error in (gaierror, herror):
    copyreg.pickle(_error, _reduce_error)  # type: ignore[arg-type]
