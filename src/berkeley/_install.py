"""Puts berkeley under programs that say `import socket`, and takes it away again."""

import os
import sys
from _thread import allocate_lock
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType

# The standard `_ssl` reads the descriptor and the timeout of a socket straight from its C fields, by their places in
# CPython's PySocketSockObject (Modules/socketmodule.h). Our type begins with the same fields. The versions between
# which they have these places, all tried: on any other, `_ssl` would read whatever lies there.
_LAYOUTS = {
    "int sock_fd, sock_family, sock_type, sock_proto; void *errorhandler; int64_t sock_timeout": ((3, 10), (3, 13)),
}

# Extension modules that keep the socket type where a look at their names does not find it.
_KEEPERS = ("_ssl",)

_lock = allocate_lock()
# A fork waits for an installation under way, so that no child begins with half of one or with the lock taken.
os.register_at_fork(before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_lock.release)

# The modules whose places ours took, for uninstall().
_displaced: dict[str, ModuleType] = {}


def install() -> None:
    """From now on `import socket` and `import _socket` get berkeley's modules, in every thread of this process.

    To be called before anything imports the standard ones: modules that have them already, or names from them, keep
    them, and a RuntimeWarning names these modules. Calling it again changes nothing.

    Raises ImportError on an interpreter on which the standard `ssl` could crash on our sockets, or for which this
    package was not built.
    """
    with _lock:
        ours = modules()
        standing = {name: sys.modules[name] for name in ours if name in sys.modules}
        displaced = {name: module for name, module in standing.items() if module is not ours[name]}
        if bound := sorted(_bound_to(displaced)):
            import warnings

            warnings.warn(
                f"berkeley.install() came too late for these modules, which go on using the standard socket module: "
                f"{', '.join(bound)}. Install before they are imported, or start the program with `berkeley run`.",
                RuntimeWarning,
                stacklevel=2,
            )
        sys.modules.update(ours)
        _displaced.update(displaced)


def uninstall() -> None:
    """From now on `import socket` and `import _socket` get the standard modules, as before install().

    They are the very objects that install() found, or are loaded anew if it found none. Sockets made meanwhile, and
    modules that have bound to ours, go on as they are. Does nothing when berkeley is not installed.
    """
    with _lock:
        for name in ("socket", "_socket"):
            if _stands(name):
                del sys.modules[name]
                sys.modules.update({name: _displaced[name]} if name in _displaced else {})
        _displaced.clear()


def is_installed() -> bool:
    """Whether `import socket` gets berkeley's module."""
    return _stands("socket")


def modules() -> dict[str, ModuleType]:
    """Our modules by the names of the standard ones they stand for. Raises ImportError where install() does."""
    version = sys.version_info[:2]
    if sys.implementation.name != "cpython" or not any(low <= version <= high for low, high in _LAYOUTS.values()):
        raise ImportError(
            f"berkeley cannot stand for the socket module of {sys.implementation.name} {version[0]}.{version[1]}: "
            f"the layout of sockets that its ssl module expects is not known "
            f"(`from berkeley import socket` works beside the standard module)"
        )
    return {name: import_module(f"berkeley.{name}") for name in ("socket", "_socket")}


def _stands(name: str) -> bool:
    """Whether our module stands at that name of the standard one."""
    return sys.modules.get(name, sys) is sys.modules.get(f"berkeley.{name}")


def _bound_to(standard: dict[str, ModuleType]) -> Iterator[str]:
    """The names of loaded modules that hold one of these modules, or a class or function that these define."""
    if not standard:
        return
    yield from (name for name in _KEEPERS if name in sys.modules)
    kept = {id(module) for module in standard.values()}
    for module in standard.values():
        values = vars(module).values()
        kept.update(id(value) for value in values if callable(value) and getattr(value, "__module__", None) in standard)
    for name, module in list(sys.modules.items()):
        # Not getattr(): it would load a module that waits for its first use (importlib.util.LazyLoader).
        if isinstance(module, ModuleType) and name not in standard:
            names = object.__getattribute__(module, "__dict__")
            if not kept.isdisjoint(map(id, list(names.values()))):
                yield name
