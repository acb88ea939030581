"""Puts berkeley under programs that say `import socket`, and takes it away again."""

import os
import sys
from _thread import allocate_lock
from collections.abc import Iterator, Sequence
from importlib import import_module
from types import ModuleType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec
    from typing import Any

# The standard `_ssl` reads the descriptor and the timeout of a socket straight from its C fields, by their places in
# CPython's PySocketSockObject (Modules/socketmodule.h). Our type begins with the same fields. The versions between
# which they have these places, all tried: on any other, `_ssl` would read whatever lies there.
_LAYOUTS = {
    "int sock_fd, sock_family, sock_type, sock_proto; void *errorhandler; int64_t sock_timeout": ((3, 10), (3, 15)),
}

# Extension modules that keep the socket type where a look at their names does not find it.
_KEEPERS = ("_ssl",)

_lock = allocate_lock()
# A fork waits for an installation under way, so that no child begins with half of one, with a module half imported or
# with the lock taken.
os.register_at_fork(before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_lock.release)

# What the import system tells a module of itself.
_SPECIFIED = {"__name__", "__package__", "__loader__", "__spec__", "__file__", "__cached__"}

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
        sys.modules.update((name, module) for name, module in ours.items() if not _stands(name))
        if _finder not in sys.meta_path:
            sys.meta_path.insert(0, _finder)


def uninstall() -> None:
    """From now on `import socket` and `import _socket` get the standard modules, as before install().

    They are the very objects that install() found, or are loaded anew if it found none. Sockets made meanwhile, and
    modules that have bound to ours, go on as they are. Does nothing when berkeley is not installed.
    """
    with _lock:
        # The native one first: another thread that loads the standard `socket` meanwhile must not build it on ours.
        _give_back("_socket")
        # Another list: a thread on its way through this one would miss the finder behind ours.
        sys.meta_path = [finder for finder in sys.meta_path if finder is not _finder]
        # Until now another thread could import it again.
        _give_back("_socket")
        _give_back("socket")
        _displaced.clear()


def is_installed() -> bool:
    """Whether `import socket` gets berkeley's module: a bool."""
    return _stands("socket") or ("socket" not in sys.modules and _finder in sys.meta_path)


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
    """Whether our module stands at that name of the standard one, or a new one with the same."""
    module = sys.modules.get(name)
    if type(module) is ModuleType and getattr(module, "__loader__", None) is _finder:
        return True
    return module is not None and module is sys.modules.get(f"berkeley.{name}")


def _give_back(name: str) -> None:
    """Have the module there that stood in the place of ours, or none."""
    if _stands(name) and name in _displaced:
        sys.modules[name] = _displaced[name]  # type: ignore[assignment]
    elif _stands(name):
        sys.modules.pop(name, None)


def _others(ours: dict[str, ModuleType]) -> dict[str, ModuleType | None]:
    """What stands at these names and is not ours."""
    standing = {name: sys.modules.get(name, module) for name, module in ours.items()}
    return {name: module for name, module in standing.items() if module is not ours[name] and not _stands(name)}


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


class _Finder:
    """On sys.meta_path while installed: for a program that drops our modules from sys.modules, and imports again.

    As of the standard ones, it gets new modules: what it replaces in one of them does not change the other. They share
    their classes.
    """

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> "ModuleSpec | None":
        if name not in ("socket", "_socket"):
            return None
        from importlib.util import spec_from_file_location

        path = import_module(f"berkeley.{name}").__file__
        return spec_from_file_location(name, path, loader=self)  # type: ignore[arg-type]

    def create_module(self, spec: "ModuleSpec") -> None:
        """An ordinary one."""

    def exec_module(self, module: ModuleType) -> None:
        names = _run_again(f"berkeley.{module.__name__}")
        vars(module).update((name, value) for name, value in names.items() if name not in _SPECIFIED)
        if module.__name__ == "socket":
            _look_into(module)
        if self not in sys.meta_path:  # uninstalled meanwhile, in another thread
            if sys.modules.get(module.__name__) is module:
                del sys.modules[module.__name__]
            import_module(module.__name__)


_finder = _Finder()


def _run_again(name: str) -> "dict[str, Any]":
    """The names in a module of ours when it is new, beside the one that programs have."""
    from importlib.util import module_from_spec

    spec = import_module(name).__spec__
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return vars(module)


def _look_into(module: ModuleType) -> None:
    """Have what a new `socket` module holds look public names up in it, where programs and test tools replace them."""
    from ._native import adorn

    for part in ("connecting", "descriptors", "resolving"):
        names = _run_again(f"berkeley._standard.{part}")
        names["namespace"] = module
        held = {name for name in vars(module) if not name.startswith("__")}
        vars(module).update((name, names[name]) for name in held & names.keys())
    adorn(module.socket, vars(module))
