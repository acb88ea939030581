"""Pickles of enumeration members and resolver errors.

Their classes say that they are the socket module's. Where that name is the standard module's (berkeley is imported
beside it), a pickle by that name would be refused as "not the same object", and is made by this module's name instead.
"""

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


def _reduce_member(self: "IntEnum", protocol: object) -> "tuple[object, ...]":
    return _named(type(self), (self.value,))


def _reduce_error(self: OSError) -> "tuple[object, ...]":
    return _named(*OSError.__reduce__(self))  # pyright: ignore[reportArgumentType]


for _enumeration in (AddressFamily, AddressInfo, MsgFlag, SocketKind):
    _enumeration.__reduce_ex__ = _reduce_member  # type: ignore[assignment, method-assign]
for _error in (gaierror, herror):
    _error.__reduce__ = _reduce_error  # type: ignore[assignment, method-assign]
