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
# A fork waits for an installation under way, so that no child begins with half of one, with a module half imported or
# with the lock taken.
os.register_at_fork(before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_lock.release)

# What stood in the places of ours, for uninstall(). None keeps a name from being imported.
_displaced: dict[str, ModuleType | None] = {}


def install() -> None:
    """From now on `import socket` and `import _socket` get berkeley's modules, in every thread of this process.

    To be called before anything imports the standard ones: modules that have them already, or names from them, keep
    them, and a RuntimeWarning names these modules. Calling it again changes nothing.

    Raises ImportError on an interpreter on which the standard `ssl` could crash on our sockets, or for which this
    package was not built.
    """
    with _lock:
        ours = modules()
    # Without the lock: whatever shows the warning may fork.
    if bound := sorted(_bound_to(_others(ours))):
        import warnings

        warnings.warn(
            f"berkeley.install() came too late for these modules, which go on using the standard socket module: "
            f"{', '.join(bound)}. Install before they are imported, or start the program with `berkeley run`.",
            RuntimeWarning,
            stacklevel=2,
        )
    with _lock:
        _displaced.update(_others(ours))
        sys.modules.update(ours)


def uninstall() -> None:
    """From now on `import socket` and `import _socket` get the standard modules, as before install().

    They are the very objects that install() found, or are loaded anew if it found none. Sockets made meanwhile, and
    modules that have bound to ours, go on as they are. Does nothing when berkeley is not installed.
    """
    with _lock:
        # The native one first: another thread that loads the standard `socket` meanwhile must not build it on ours.
        for name in ("_socket", "socket"):
            if _stands(name) and name in _displaced:
                sys.modules[name] = _displaced[name]  # type: ignore[assignment]
            elif _stands(name):
                del sys.modules[name]
        _displaced.clear()


def is_installed() -> bool:
    """Whether `import socket` gets berkeley's module: a bool."""
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
    ours = sys.modules.get(f"berkeley.{name}")
    return ours is not None and sys.modules.get(name) is ours


def _others(ours: dict[str, ModuleType]) -> dict[str, ModuleType | None]:
    """What stands at these names and is not ours."""
    standing = {name: sys.modules.get(name, module) for name, module in ours.items()}
    return {name: module for name, module in standing.items() if module is not ours[name]}


def _bound_to(others: dict[str, ModuleType | None]) -> Iterator[str]:
    """The names of loaded modules that hold one of these modules, or a class or function that these define."""
    standard = [module for module in others.values() if isinstance(module, ModuleType)]
    if not standard:
        return
    yield from (name for name in _KEEPERS if name in sys.modules)
    kept = set(map(id, standard))
    for module in standard:
        values = vars(module).values()
        kept.update(id(value) for value in values if callable(value) and getattr(value, "__module__", None) in others)
    for name, module in list(sys.modules.items()):
        # Not getattr(): it would load a module that waits for its first use (importlib.util.LazyLoader).
        if isinstance(module, ModuleType) and name not in others:
            names = object.__getattribute__(module, "__dict__")
            if not kept.isdisjoint(map(id, list(names.values()))):
                yield name
