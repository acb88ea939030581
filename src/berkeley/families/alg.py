"""AF_ALG: (type, name[, feat[, mask]]), the kernel's cryptography as sockets. <linux/if_alg.h>.

Only bind() takes an address, and no call gives one: the kernel's Documentation/crypto/userspace-if.rst. `type` is
"hash", "skcipher", "aead" or "rng", `name` one of /proc/crypto.
"""

from struct import Struct

from .._native import type_name
from ._fields import text, unpacked, unsigned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import SupportsIndex

    from .._native import Address, socket

HEADERS = ("sys/socket.h", "linux/if_alg.h")

AF_ALG = 38
SOL_ALG = 279

ALG_SET_KEY = 1
ALG_SET_IV = 2
ALG_SET_OP = 3
ALG_SET_AEAD_ASSOCLEN = 4
ALG_SET_AEAD_AUTHSIZE = 5
ALG_SET_DRBG_ENTROPY = 6
ALG_SET_KEY_BY_KEY_SERIAL = 7

ALG_OP_DECRYPT = 0
ALG_OP_ENCRYPT = 1

# Of a proposal for public keys that Linux never took in; CPython names them all the same. 6 became DRBG_ENTROPY.
ALG_SET_PUBKEY = 6
ALG_OP_SIGN = 2
ALG_OP_VERIFY = 3

BEYOND = ("ALG_SET_DRBG_ENTROPY", "ALG_SET_KEY_BY_KEY_SERIAL")


def pack(sock: "socket", caller: str, address: "Address") -> bytes:
    """struct sockaddr_alg for an address of two to four elements; of `feat` and `mask` the low 32 bits count.

    TypeError for another shape; ValueError for a type of over 13 bytes, a name of over 63, or a NUL in either.
    """
    if not isinstance(address, tuple):
        raise TypeError(f"{caller}(): AF_ALG address must be tuple, not {type_name(address)}")
    if not 2 <= len(address) <= 4:
        raise TypeError(_FORM)
    kind, name, feat, mask = _parsed(*address)
    if len(kind) > 13:
        raise ValueError("AF_ALG type too long.")
    if len(name) > 63:
        raise ValueError("AF_ALG name too long.")
    return _SOCKADDR_ALG.pack(AF_ALG, kind, feat, mask, name)


def unpack(sock: "socket", raw: bytes) -> "Address":
    """(type, name, feat, mask) from a struct sockaddr_alg."""
    _family, kind, feat, mask, name = unpacked(_SOCKADDR_ALG, raw)
    return _string(kind), _string(name), feat, mask


def _parsed(
    kind: object, name: object, feat: "SupportsIndex" = 0, mask: "SupportsIndex" = 0
) -> "tuple[bytes, bytes, int, int]":
    return text(kind, _FORM), text(name, _FORM), unsigned(feat), unsigned(mask)


def _string(field: bytes) -> str:
    return field.partition(b"\0")[0].decode(errors="surrogateescape")


_FORM = "AF_ALG address must be a tuple (type, name[, feat[, mask]])"
_SOCKADDR_ALG = Struct("H14sII64s")
