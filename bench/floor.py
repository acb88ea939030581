"""The floor: the system calls of each row from C, in this process, turn by turn with the others.

A row may have an expression of C beside its Python code. All of them become one library, compiled when the benchmark
starts.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from ctypes import (
    CDLL,
    POINTER,
    Structure,
    addressof,
    byref,
    c_char,
    c_char_p,
    c_int,
    c_int64,
    c_long,
    c_size_t,
    c_void_p,
)
from functools import partial
from pathlib import Path

HEADER = Path(__file__).with_name("floor.h")

# An expression below zero has failed. Its names are those of the row's Python.
FUNCTION = """
int64_t row{number}(struct ends *ends, long count) {{
    const int a = ends->a, there = ends->there;
    char *const data = ends->data, *const buffer = ends->buffer;
    const size_t size = ends->size;
    find_address(ends);
    int64_t start = now(), spent = 0;
    for (long i = 0; i < count && spent == 0; i++)
        if (({expression}) < 0)
            spent = -errno;
    if (spent == 0)
        spent = now() - start;
    close_kept(ends);
    return spent;
}}
"""
KEPT = 64  # descriptors, as in floor.h


class Ends(Structure):
    """struct ends of floor.h: what a row has set up."""

    _fields_ = (
        *((name, c_int) for name in ("a", "there", "listener", "file")),
        ("data", c_char_p),
        ("buffer", c_void_p),
        ("size", c_size_t),
        ("address", c_char * 128),
        ("length", c_int),
        ("callers", c_int * KEPT),
        ("kept", c_int * KEPT),
        ("keeping", c_int),
    )


class Floor:
    """The compiled expressions, and the functions of floor.h that whole programs use."""

    def __init__(self, expressions: Iterable[str]):
        self.numbers = {expression: number for number, expression in enumerate(dict.fromkeys(expressions))}
        functions = (FUNCTION.format(number=number, expression=text) for text, number in self.numbers.items())
        with tempfile.TemporaryDirectory() as directory:
            source, library = Path(directory, "floor.c"), Path(directory, "floor.so")
            source.write_text(f'#include "{HEADER}"\n{"".join(functions)}')
            # -w: of the names that each function sets up, few are used in each.
            subprocess.run([compiler(), "-O2", "-w", "-shared", "-fPIC", "-o", library, source], check=True)
            self.library = CDLL(library, use_errno=True)
        self.library.load.restype = c_int64
        self.library.load.argtypes = [POINTER(c_int), c_int, c_char_p, c_size_t, c_size_t, c_int]

    def timer(self, expression, count):
        """A function of a row's variables: the nanoseconds that the expression takes, `count` times over."""
        function = self.library[f"row{self.numbers[expression]}"]
        function.restype = c_int64
        return partial(self.time, function, c_long(count))

    def time(self, function, count, names):
        buffer = names.get("buffer")
        ends = Ends(
            a=descriptor(names.get("a")),
            there=descriptor(names.get("there")),
            listener=descriptor(names.get("listener")),
            file=descriptor(names.get("file")),
            data=names.get("data"),
            size=len(names.get("data") or b""),
        )
        ends.callers[:] = [descriptor(item) for item in [*names.get("callers", ()), *[None] * KEPT][:KEPT]]
        held = (c_char * len(buffer)).from_buffer(buffer) if buffer else None
        ends.buffer = addressof(held) if held else None
        return self.checked(function(byref(ends), count))

    def load(self, callers, request, answer, times):
        """The nanoseconds until each caller has sent the request and had its answer that many times, all at once."""
        descriptors = (c_int * len(callers))(*map(descriptor, callers))
        return self.checked(self.library.load(descriptors, len(callers), request, len(request), answer, times))

    @staticmethod
    def checked(nanoseconds):
        if nanoseconds < 0:
            raise OSError(-nanoseconds, os.strerror(-nanoseconds))
        return nanoseconds


def compiler():
    """The C compiler's command; None where there is none."""
    return shutil.which(os.environ.get("CC", "cc"))


def descriptor(value):
    """That of a socket or a file, or the number itself; -1 for anything else."""
    if hasattr(value, "fileno"):
        return value.fileno()
    return value if isinstance(value, int) else -1
