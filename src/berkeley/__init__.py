"""A complete, independent socket module for Python.

`from berkeley import socket` is the drop-in module; `install()` and the command `berkeley run` put it under programs
that say `import socket`. What this package offers beyond the standard module is here, and is loaded when first used;
`berkeley.socket` and `berkeley.constants` are too.
"""

import sys

# Older ones would complain of a line of code somewhere. Whatever else cannot run this learns why from _native.py.
if sys.version_info < (3, 10):
    raise ImportError(f"berkeley supports CPython 3.10 to 3.15, not {sys.version.split()[0]}", name=__name__)
del sys

__version__ = "0.1.0"

# Where each public name lives. Importing berkeley loads none of it.
_HOMES = {
    "DatagramError": "_beyond.datagrams",
    "DatagramInfo": "_native",
    "HostNameError": "_beyond.resolving",
    "DatagramBatch": "_native",
    "DatagramSlot": "_native",
    "IncompleteReadError": "_beyond.methods",
    "LimitOverrunError": "_beyond.methods",
    "PacketFrame": "_native",
    "PacketRing": "_beyond.ring",
    "PacketStatistics": "_beyond.ring",
    "PeerCredentials": "_beyond.credentials",
    "ResumableReader": "_beyond.reader",
    "UnixListener": "_beyond.unix",
    "configure": "_beyond.settings",
    "connect": "_beyond.connect",
    "connect_unix": "_beyond.unix",
    "deadline": "_native",
    "getaddrinfo": "_beyond.resolving",
    "getaddrinfo_as_completed": "_beyond.resolving",
    "getfqdn": "_beyond.resolving",
    "gethostbyaddr": "_beyond.resolving",
    "gethostbyname": "_beyond.resolving",
    "gethostbyname_ex": "_beyond.resolving",
    "getnameinfo": "_beyond.resolving",
    "install": "_install",
    "is_installed": "_install",
    "listen_fds": "_beyond.activation",
    "listen_unix": "_beyond.unix",
    "receive_batches": "_beyond.asynchronous",
    "register_family": "families",
    "reserve_port": "_beyond.ports",
    "resolver": "_beyond.resolvers",
    "set_lookup_limit": "_native",
    "set_resolver": "_beyond.resolvers",
    "uninstall": "_install",
    "wait_for_port": "_beyond.ports",
}

# The public modules, which need no import of their own.
_MODULES = ("constants", "resolvers", "socket")

__all__ = ["__version__", *_HOMES]  # pyright: ignore[reportUnsupportedDunderAll]

TYPE_CHECKING = False  # to a type checker it is true, by its name: `typing` is not imported for it
if TYPE_CHECKING:
    from . import constants as constants
    from . import resolvers as resolvers
    from . import socket as socket
    from ._beyond.activation import listen_fds as listen_fds
    from ._beyond.asynchronous import receive_batches as receive_batches
    from ._beyond.connect import connect as connect
    from ._beyond.credentials import PeerCredentials as PeerCredentials
    from ._beyond.datagrams import DatagramError as DatagramError
    from ._beyond.methods import IncompleteReadError as IncompleteReadError
    from ._beyond.methods import LimitOverrunError as LimitOverrunError
    from ._beyond.ports import reserve_port as reserve_port
    from ._beyond.ports import wait_for_port as wait_for_port
    from ._beyond.reader import ResumableReader as ResumableReader
    from ._beyond.resolvers import resolver as resolver
    from ._beyond.resolvers import set_resolver as set_resolver
    from ._beyond.resolving import HostNameError as HostNameError
    from ._beyond.resolving import getaddrinfo as getaddrinfo
    from ._beyond.resolving import getaddrinfo_as_completed as getaddrinfo_as_completed
    from ._beyond.resolving import getfqdn as getfqdn
    from ._beyond.resolving import gethostbyaddr as gethostbyaddr
    from ._beyond.resolving import gethostbyname as gethostbyname
    from ._beyond.resolving import gethostbyname_ex as gethostbyname_ex
    from ._beyond.resolving import getnameinfo as getnameinfo
    from ._beyond.ring import PacketRing as PacketRing
    from ._beyond.ring import PacketStatistics as PacketStatistics
    from ._beyond.settings import configure as configure
    from ._beyond.unix import UnixListener as UnixListener
    from ._beyond.unix import connect_unix as connect_unix
    from ._beyond.unix import listen_unix as listen_unix
    from ._install import install as install
    from ._install import is_installed as is_installed
    from ._install import uninstall as uninstall
    from ._native import DatagramBatch as DatagramBatch
    from ._native import DatagramInfo as DatagramInfo
    from ._native import DatagramSlot as DatagramSlot
    from ._native import PacketFrame as PacketFrame
    from ._native import deadline as deadline
    from ._native import set_lookup_limit as set_lookup_limit
    from .families import register_family as register_family
else:
    # With it, type checkers would take any name for one of this module's.

    def __getattr__(name: str) -> object:
        """The public name, from the module that holds it, or the public module; kept here from then on."""
        if name in _MODULES:
            from sys import modules

            # Not from here: a module that is still being loaded is not here yet.
            __import__(f"{__name__}.{name}")
            return modules[f"{__name__}.{name}"]
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        value = globals()[name] = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES, *_MODULES})
