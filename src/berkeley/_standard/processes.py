"""Sockets that multiprocessing sends to another process: loaded with it."""

import os
import sys
from collections.abc import Sequence
from errno import EBADF
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from .descriptors import adopt
from .sock import socket


def register(reduction: ModuleType) -> None:
    """Have multiprocessing send our sockets. It does so already if they were `socket.socket` when it was imported."""
    if socket not in reduction.ForkingPickler._extra_reducers:
        reduction.ForkingPickler.register(socket, _reduce)


def _reduce(sock: socket) -> tuple[object, ...]:
    from multiprocessing.reduction import DupFd

    kind = sock.family, sock.type, sock.proto
    fd = sock.fileno()
    if fd < 0:
        raise OSError(EBADF, os.strerror(EBADF))
    return rebuild, (DupFd(fd), *kind)


def rebuild(duplicate: Any, family: int, type: int, proto: int) -> socket:
    """A socket that another process has sent: on its descriptor, of that family, type and protocol."""
    return adopt(duplicate.detach(), family, type, proto)


def find(finder: object, name: str, path: Sequence[str] | None, target: ModuleType | None) -> ModuleSpec | None:
    """What the others find for multiprocessing.reduction: once that is loaded, it knows, and the finder goes."""
    for other in sys.meta_path:
        if other is finder or not hasattr(other, "find_spec"):
            continue
        if spec := other.find_spec(name, path, target):
            spec.loader = _Loader(finder, spec.loader)  # type: ignore[assignment]
            return spec
    return None


class _Loader:
    """The loader that was found, until it loads the module."""

    def __init__(self, finder: object, loader: Any) -> None:
        self.finder = finder
        self.loader = loader

    def __getattr__(self, name: str) -> Any:
        return getattr(self.loader, name)

    def exec_module(self, module: ModuleType) -> None:
        module.__loader__ = self.loader
        module.__spec__.loader = self.loader  # type: ignore[union-attr]
        self.loader.exec_module(module)
        # Another list: a thread on its way through this one would miss the finder behind it.
        sys.meta_path = [other for other in sys.meta_path if other is not self.finder]
        register(module)
