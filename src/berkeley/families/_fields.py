"""Fields of socket addresses, to and from bytes, with the rules that CPython's own parser of addresses follows."""

import os.path
from operator import index

from .._native import WARNS_OF_CUTS, type_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from struct import Struct
    from typing import Any, SupportsIndex, TypeVar

    Value = TypeVar("Value")


def unsigned(value: "SupportsIndex", bits: int = 32) -> int:
    """The integer's low bits, for an unsigned field: any is taken, as by PyArg_Parse's "k", "I", "H" and "B"."""
    number = index(value)
    if WARNS_OF_CUTS and not -(1 << (bits - 1)) <= number < 1 << bits:
        _warn("integer value out of range")
    return number & ((1 << bits) - 1)


def _warn(message: str) -> None:
    """A DeprecationWarning of the program's line: its call has led here."""
    from warnings import warn

    warn(message, DeprecationWarning, skip_file_prefixes=(os.path.dirname(__file__),))  # type: ignore[call-overload]


def signed(value: "SupportsIndex") -> int:
    """The integer, for a field that CPython reads as a C int (PyArg_Parse's "i"); OverflowError outside its range."""
    number = index(value)
    if not -0x80000000 <= number <= 0x7FFFFFFF:
        raise OverflowError("signed integer is out of range")
    return number


def pair(family: str, address: object) -> "tuple[int, int]":
    """The low 32 bits of each of two integers; TypeError for anything but such a tuple.

    The messages name CPython's parser of addresses, not the caller, as CPython's do for AF_VSOCK and AF_QIPCRTR.
    """
    if not isinstance(address, tuple):
        raise TypeError(f"getsockaddrarg: {family} address must be tuple, not {type_name(address)}")
    if len(address) != 2:
        raise TypeError(f"getsockaddrarg() takes exactly 2 arguments ({len(address)} given)")
    return unsigned(address[0]), unsigned(address[1])


def text(value: object, form: str) -> bytes:
    """The str as UTF-8, without NUL, for a C string, as by PyArg_Parse's "s"; TypeError(form) for anything else."""
    if not isinstance(value, str):
        raise TypeError(form)
    encoded = value.encode()
    if b"\0" in encoded:
        raise ValueError("embedded null character")
    return encoded


def taken(convert: "Callable[..., Value]", *arguments: "Any", refusal: type[Exception] = TypeError) -> "Value | None":
    """What the function makes of the arguments; None where it raises `refusal`.

    An error that the caller raises then has no `__context__`, as CPython's from C have none.
    """
    try:
        return convert(*arguments)
    except refusal:
        return None


def unpacked(layout: "Struct", raw: bytes) -> "tuple[Any, ...]":
    """The fields of `raw` under a struct.Struct: what is missing reads as zero, what is too much is left aside."""
    return layout.unpack(raw[: layout.size].ljust(layout.size, b"\0"))
