"""Address families: one file each. A file's name is its registration, as AF_ and the name in capitals.

A family's file holds its constants, and where the core does not convert its addresses itself, two functions:

    pack(sock, caller, address) -> bytes     the struct sockaddr, its family first; TypeError, ValueError,
                                             OverflowError or OSError for an address that is none
    unpack(sock, raw) -> address             whatever the kernel gave, even cut short

`sock` is the socket (family, type, proto, fileno()), `caller` the method's name, for messages. A file is loaded when
the first address of its family is converted. Addresses of a family without a file are pairs (family, bytes), unless a
program registers functions of its own for it.
"""

from ..names._table import FAMILIES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .._native import Codec, Pack, Unpack

_codecs: "dict[int, Codec]" = {}


def lookup(number: int) -> "Codec":
    """The (pack, unpack) of an address family by its AF_* number."""
    return _codecs.get(number) or _codecs.setdefault(number, _load(number))


def _load(number: int) -> "Codec":
    from importlib import import_module

    module = import_module(f"{__name__}.{FAMILIES.get(number, '_unknown')}")
    return module.pack, module.unpack


def register_family(number: int, pack: "Pack", unpack: "Unpack") -> None:
    """Convert the addresses of a family that berkeley does not know by functions of your own.

    `number` is the `AF_*` number, 1 to 65535. From then on, in every thread and for every socket of the family,

    - `pack(sock, caller, address) -> bytes` makes the struct sockaddr (bind(2)) that bind(), connect(), sendto() and
      sendmsg() give to the kernel: at most 128 bytes, of which the first two are the family in the machine's order;
    - `unpack(sock, raw) -> address` makes the address that accept(), recvfrom(), getsockname() and others give from the
      bytes that came from the kernel, perhaps cut short.

    `sock` is the socket and `caller` the method's name ("bind"), for messages. What they raise, the method raises; for
    an address that is none this should be a TypeError, ValueError, OverflowError or OSError that names the form
    expected. Registering a number again replaces its functions. ValueError for a family that berkeley knows and for
    another number, TypeError for what cannot be called.
    """
    from operator import index

    number = index(number)
    if number in FAMILIES:
        raise ValueError(f"berkeley converts the addresses of family {number} (AF_{FAMILIES[number].upper()}) itself")
    if not 0 < number <= 0xFFFF:
        raise ValueError(f"an address family is a number from 1 to 65535, not {number}")
    for function in (pack, unpack):
        if not callable(function):
            raise TypeError(f"a function is needed to convert addresses, not {type(function).__name__}")
    _codecs[number] = pack, unpack
