"""Values for arguments: ordinary, at the edges, odd, and such as must be made anew for each call."""

import array
import ctypes
import decimal
import fractions
import io
import mmap
from dataclasses import dataclass
from types import FunctionType
from typing import Any

from hypothesis import strategies as st


@dataclass(frozen=True)
class Fresh:
    """A value that each call gets anew: a call may change it."""

    text: str
    make: FunctionType

    def __repr__(self):
        return self.text


@dataclass(frozen=True)
class Of:
    """An attribute of the module ("AF_INET"), or of the scene where it has it ("address")."""

    name: str

    def __repr__(self):
        return self.name


def filled(value, module, scene):
    """The value with what stands for others replaced, inside tuples, lists and dicts too."""
    if isinstance(value, Fresh):
        return value.make()
    if isinstance(value, Of):
        return getattr(scene, value.name) if hasattr(scene, value.name) else getattr(module, value.name)
    if type(value) in (tuple, list):
        return type(value)(filled(each, module, scene) for each in value)
    if type(value) is dict:
        return {name: filled(each, module, scene) for name, each in value.items()}
    return value


# --- numbers


class Index:
    """No int, but has __index__: what it says, or raises."""

    def __init__(self, said):
        self.said = said

    def __index__(self):
        if isinstance(self.said, Exception):
            raise type(self.said)(*self.said.args)  # a new one: its traceback holds what is to be freed
        return self.said

    def __repr__(self):
        return f"Index({self.said!r})"


class Float:
    """No float, but has __float__, as numbers of other libraries have."""

    def __init__(self, said):
        self.said = said

    def __float__(self):
        return self.said

    def __repr__(self):
        return f"Float({self.said!r})"


class Both(Float, Index):
    def __float__(self):
        return float(self.said)


class Whole(int):
    """A subclass of int, whose own conversions nobody may call."""

    def __index__(self):
        raise AssertionError("an int is taken as it is")

    __int__ = __index__


class Real(float):
    def __float__(self):
        raise AssertionError("a float is taken as it is")


class Text(str):
    pass


class Octets(bytes):
    pass


class Pair(tuple):
    pass


SMALL = [0, 1, 2, -1, True, False, Whole(1), Index(1), Whole(0), Index(0)]
WIDE = [sign * 2**bits + more for bits in (15, 16, 31, 32, 63, 64, 200) for more in (-1, 0, 1) for sign in (1, -1)]
ODD = [
    1.0, 1.5, Real(1), float("nan"), float("inf"), 1j, "1", "", b"1", None, (), [], {}, object, Index(2**31),
    Index(2**70), Index("1"), Index(ZeroDivisionError("index")), Index(ValueError("one")), Float(1.0), Both(1),
    decimal.Decimal(1), fractions.Fraction(1, 2), Whole(2**31), Whole(2**64),
]  # fmt: skip

small = st.sampled_from(SMALL) | st.integers(-3, 20)
wide = st.sampled_from(WIDE)
odd = st.sampled_from(ODD)
numbers = small | wide | odd


# --- buffers


def released():
    view = memoryview(b"gone")
    view.release()
    return view


def closed_map():
    area = mmap.mmap(-1, 16)
    area.close()
    return area


def typed_map(access):
    return mmap.mmap(-1, 16, access=access)


class Structure(ctypes.Structure):
    _fields_ = (("number", ctypes.c_int), ("octet", ctypes.c_char))


def fresh(**makers):
    return [Fresh(name, make) for name, make in makers.items()]


WRITABLE = fresh(
    bytearray=lambda: bytearray(b"0123456789"),
    bytearray_of_1=lambda: bytearray(b"x"),
    bytearray_of_0=bytearray,
    large=lambda: bytearray(5000),
    view=lambda: memoryview(bytearray(b"0123456789")),
    slice=lambda: memoryview(bytearray(b"0123456789"))[2:7],
    slice_of_0=lambda: memoryview(bytearray(b"0123456789"))[4:4],
    cast=lambda: memoryview(bytearray(16)).cast("I"),
    matrix=lambda: memoryview(bytearray(16)).cast("B", (4, 4)),
    array=lambda: array.array("i", [1, 2, 3]),
    array_of_0=lambda: array.array("d"),
    c_array=lambda: (ctypes.c_short * 5)(1, 2, 3),
    c_int=lambda: ctypes.c_int(5),
    structure=lambda: Structure(1, b"x"),
    map=lambda: typed_map(mmap.ACCESS_WRITE),
    file=lambda: io.BytesIO(b"abcdef").getbuffer(),
)
READABLE = fresh(
    bytes=lambda: b"0123456789",
    bytes_of_1=lambda: b"x",
    bytes_of_0=lambda: b"",
    octets=lambda: Octets(b"subclass"),
    view_of_bytes=lambda: memoryview(b"0123456789"),
    slice_of_bytes=lambda: memoryview(b"0123456789")[3:],
    read_only=lambda: memoryview(bytearray(b"012345")).toreadonly(),
    read_only_map=lambda: typed_map(mmap.ACCESS_READ),
)
BROKEN = fresh(
    every_second=lambda: memoryview(bytearray(b"0123456789"))[::2],
    backwards=lambda: memoryview(bytearray(b"0123456789"))[::-1],
    every_second_of_bytes=lambda: memoryview(b"0123456789")[::2],
    column=lambda: memoryview(bytearray(16)).cast("I")[::3],
    released=released,
    closed_map=closed_map,
    text=lambda: "text",
    text_of_0=lambda: "",
    list=lambda: [1, 2],
)

buffers = st.sampled_from(WRITABLE + READABLE + BROKEN)
sound_buffers = st.sampled_from(WRITABLE + READABLE)
anything: Any = buffers | odd | wide

# For where a name would be asked of a name server.
no_text: Any = anything.filter(
    lambda value: not isinstance(value.make() if isinstance(value, Fresh) else value, str | bytes | bytearray)
)


def number_of(value):
    value = value.said if isinstance(value, Index) else value
    return value if isinstance(value, int) else -1


# Small numbers are descriptors of this very process, and what no C int holds is a row of docs/differences.md.
no_descriptors = anything.filter(lambda value: -10 < number_of(value) < 0)
