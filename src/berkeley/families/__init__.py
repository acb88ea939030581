"""Address families: one file each. A file's name is its registration, as AF_ and the name in capitals.

A family's file holds its constants, and where the core does not convert its addresses itself, two functions:

    pack(sock, caller, address) -> bytes     the struct sockaddr, its family first; TypeError, ValueError,
                                             OverflowError or OSError for an address that is none
    unpack(sock, raw) -> address             whatever the kernel gave, even cut short

`sock` is the socket (family, type, proto, fileno()), `caller` the method's name, for messages. A file is loaded when
the first address of its family is converted.
"""

from ..names._table import FAMILIES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .._native import Codec

_codecs: "dict[int, Codec | None]" = {}


def lookup(number: int) -> "Codec | None":
    """The (pack, unpack) of an address family by its AF_* number; None where there is none."""
    if number not in _codecs:
        _codecs[number] = _load(number)
    return _codecs[number]


def _load(number: int) -> "Codec | None":
    from importlib import import_module

    if number not in FAMILIES:
        return None
    module = import_module(f"{__name__}.{FAMILIES[number]}")
    return (module.pack, module.unpack) if hasattr(module, "pack") else None
