"""How members of enumerations and resolver errors are pickled; sockets only by multiprocessing, as processes.py says.

Their classes say that they are the socket module's. Where that name is the standard module's (berkeley is imported
beside it), a pickle by that name would be refused as "not the same object", and is made by one of ours instead.
"""

import copyreg
import sys

from .._native import gaierror, herror
from .enums import AddressFamily, AddressInfo, MsgFlag, SocketKind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from enum import IntEnum
    from importlib.machinery import ModuleSpec
    from types import ModuleType

_REDUCTION = "multiprocessing.reduction"


def register() -> None:
    """Have them pickled so: by copyreg, so that the classes have nothing that the standard module's have not."""
    if gaierror in copyreg.dispatch_table:
        return
    for enumeration in (AddressFamily, AddressInfo, MsgFlag, SocketKind):
        copyreg.pickle(enumeration, _reduce_member)  # type: ignore[arg-type]
    for error in (gaierror, herror):
        copyreg.pickle(error, _reduce_error)  # type: ignore[arg-type]
    if _REDUCTION in sys.modules:
        from multiprocessing import reduction

        from . import processes

        processes.register(reduction)
    else:
        sys.meta_path.insert(0, _finder)


def _reduce_member(member: "IntEnum") -> "tuple[object, ...]":
    return _named(type(member), (member.value,))


def _reduce_error(error: OSError) -> "tuple[object, ...]":
    return _named(*error.__reduce__())  # pyright: ignore[reportArgumentType]


def _named(cls: type, arguments: "tuple[object, ...]", *state: object) -> "tuple[object, ...]":
    if getattr(sys.modules.get("socket"), cls.__name__, None) is cls:
        return cls, arguments, *state
    from .._pickles import restore

    return restore, (cls.__name__, *arguments), *state


class _Finder:
    """On sys.meta_path until multiprocessing.reduction is imported, which is to know how our sockets are sent."""

    def find_spec(
        self, name: str, path: "Sequence[str] | None" = None, target: "ModuleType | None" = None
    ) -> "ModuleSpec | None":
        if name != _REDUCTION:
            return None
        from . import processes

        return processes.find(self, name, path, target)


_finder = _Finder()
