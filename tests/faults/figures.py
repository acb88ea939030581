"""How much more is in use after something was done often: memory, references, descriptors."""

import ctypes
import gc
import os
import sys
from array import array
from dataclasses import astuple, dataclass, fields
from operator import sub

# How often a thing is done before it is measured: what is cached is so from then on, and code is specialised.
FIRST = 400

# What a call may keep a reference to, beside its own objects: they are in use anyway, so that no other figure shows it.
COMMON = (None, True, 0, 1, "", b"", (), OSError, TimeoutError, int, str, bytes, tuple)

libc = ctypes.CDLL(None)
PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass
class Figures:
    """Bytes that are resident and from malloc(3), blocks of Python's allocator, references to one, descriptors."""

    resident: int
    malloced: int
    blocks: int
    references: int
    descriptors: int

    def leaks(self, cached=0):
        """The names of the figures that are too large, where libraries may keep so many bytes more."""
        allowed = {**ALLOWED, "malloced": ALLOWED["malloced"] + cached}
        return [field.name for field in fields(self) if abs(getattr(self, field.name)) > allowed[field.name]]


# What caches, and the measuring itself, may take: less than a leak of anything does, however often the thing was done.
ALLOWED = {"resident": 1 << 19, "malloced": 6400, "blocks": 100, "references": 25, "descriptors": 0}


def growth(function, times, objects):
    """Call the function so many times: the figures' change, that of references being the largest of any object."""
    objects = (*COMMON, *objects)
    repeat(function, FIRST)
    before, counts = in_use(objects)
    repeat(function, times)
    after, counts_after = in_use(objects)
    resident, malloced, blocks, descriptors = map(sub, after, before)
    return Figures(resident, malloced, blocks, max(map(sub, counts_after, counts), key=abs), descriptors)


def repeat(function, times):
    for _ in range(times):
        function()


def in_use(objects):
    """The figures, and the objects' references: in arrays, which are few blocks themselves."""
    gc.collect()
    counts = array("q", map(sys.getrefcount, objects))
    return array("q", (resident(), malloced(), sys.getallocatedblocks(), len(descriptors()))), counts


def resident():
    """proc(5), /proc/pid/statm. 0 where freed memory is held back for a while: a sanitizer has malloc(3), then."""
    if not sys.getallocatedblocks():
        return 0
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * PAGE


class MallInfo(ctypes.Structure):
    """struct mallinfo2, of which uordblks is what is in use (mallinfo(3))."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in (
            "arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost",
        )
    ]  # fmt: skip


def malloced():
    """libc's own memory, Python's large objects, mapped blocks. 0 where libc does not tell."""
    if not hasattr(libc, "mallinfo2"):
        return 0
    libc.mallinfo2.restype = MallInfo
    info = libc.mallinfo2()
    return info.uordblks + info.hblkhd


def descriptors():
    """The open descriptors and what each is, without the one that lists them."""
    open_now = {}
    for name in os.listdir("/proc/self/fd"):
        try:
            open_now[name] = os.readlink(f"/proc/self/fd/{name}")
        except FileNotFoundError:
            pass
    return open_now


def table(rows):
    """Lines for a person: (operation, times, figures) in columns, and the largest of each at the end."""
    heads = ("operation", "times", "resident", "malloced", "blocks", "references", "descriptors")
    cells = [(name, times, *astuple(figures)) for name, times, figures in rows]
    worst = [max(column, key=abs) for column in list(zip(*cells, strict=True))[2:]]
    lines = [heads, *cells, ("largest", "", *worst)]
    width = max(len(line[0]) for line in lines)
    return [f"{name:{width}}" + "".join(f"{value:>12}" for value in values) for name, *values in lines]
