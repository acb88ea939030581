"""How members of enumerations and resolver errors are pickled, and sockets where multiprocessing sends them.

Their classes say that they are the socket module's. Where that name is the standard module's (berkeley is imported
beside it), a pickle by that name would be refused as "not the same object", and is made by one of ours instead.
"""

import copyreg
import os
import sys
from errno import EBADF

from .._native import gaierror, herror
from .descriptors import adopt
from .enums import AddressFamily, AddressInfo, MsgFlag, SocketKind
from .sock import socket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from enum import IntEnum
    from types import ModuleType
    from typing import Any

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

        _register_socket(reduction)
    else:
        sys.meta_path.insert(0, _finder)


# --- members and errors, in any pickle


def _reduce_member(member: "IntEnum") -> "tuple[object, ...]":
    return _named(type(member), (member.value,))


def _reduce_error(error: OSError) -> "tuple[object, ...]":
    return _named(*error.__reduce__())  # pyright: ignore[reportArgumentType]


def _named(cls: type, arguments: "tuple[object, ...]", *state: object) -> "tuple[object, ...]":
    if getattr(sys.modules.get("socket"), cls.__name__, None) is cls:
        return cls, arguments, *state
    from .._pickles import restore

    return restore, (cls.__name__, *arguments), *state


# --- sockets, in what multiprocessing pickles for another process


def _register_socket(reduction: "ModuleType") -> None:
    """Have multiprocessing send our sockets. It does so already if they were `socket.socket` when it was imported."""
    if socket not in reduction.ForkingPickler._extra_reducers:
        reduction.ForkingPickler.register(socket, _reduce_socket)


def _reduce_socket(sock: socket) -> "tuple[object, ...]":
    from multiprocessing.reduction import DupFd

    kind = sock.family, sock.type, sock.proto
    fd = sock.fileno()
    if fd < 0:
        raise OSError(EBADF, os.strerror(EBADF))
    return rebuild_socket, (DupFd(fd), *kind)


def rebuild_socket(duplicate: "Any", family: int, type: int, proto: int) -> socket:
    """A socket that another process has sent: on its descriptor, of that family, type and protocol."""
    return adopt(duplicate.detach(), family, type, proto)


class _Finder:
    """On sys.meta_path until multiprocessing.reduction is imported: the others find it, and it gets our reducer."""

    def find_spec(
        self, name: str, path: "Sequence[str] | None" = None, target: "ModuleType | None" = None
    ) -> "Any":
        if name != _REDUCTION:
            return None
        for finder in sys.meta_path:
            if finder is self or not hasattr(finder, "find_spec"):
                continue
            if spec := finder.find_spec(name, path, target):
                spec.loader = _Loader(spec.loader)  # type: ignore[assignment]
                return spec
        return None


class _Loader:
    """The loader that was found, until it loads the module."""

    def __init__(self, loader: "Any") -> None:
        self.loader = loader

    def __getattr__(self, name: str) -> "Any":
        return getattr(self.loader, name)

    def exec_module(self, module: "ModuleType") -> None:
        module.__loader__ = self.loader
        module.__spec__.loader = self.loader  # type: ignore[union-attr]
        self.loader.exec_module(module)
        # Another list: a thread on its way through this one would miss the finder behind ours.
        sys.meta_path = [finder for finder in sys.meta_path if finder is not _finder]
        _register_socket(module)


_finder = _Finder()
