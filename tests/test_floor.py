"""The core's floor: which of its pieces calls the system, by what name, and which one lets the interpreter lock go.

And docs/architecture.md, where it says of the core what can be read from it.
"""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NATIVE = ROOT / "src" / "berkeley" / "native"

# Named in the floor alone, beside their declarations: another system has other words for these.
FLOOR = {"libc.pxd", "system.pxi"}
OF_THE_SYSTEM = [
    "errno", "c_socket", "c_socketpair", "accept4", "fcntl", "F_DUPFD_CLOEXEC", "c_close", "FIONBIO", "ppoll",
    "pollfd", "clock_gettime", "c_getaddrinfo", "c_getnameinfo", "c_if_nameindex", "c_if_indextoname",
    "c_if_nametoindex",
]  # fmt: skip

# What is called while the interpreter lock is away: calls on sockets in the first two. Closing puts a marker into a
# descriptor's place. The others ask the resolver, the older databases, and for the names of interfaces.
WITHOUT_LOCK = {
    "wait.pxi": {"steps"},
    "once.pxi": {"call"},
    "inflight.pxi": {"system_mark"},
    "lifecycle.pxi": {"system_dup"},
    "queries.pxi": {"errand_sleep"},
    "convert.pxi": {"system_if_nameindex", "system_if_indextoname", "system_if_nametoindex"},
}


def code(text):
    """Without comments and docstrings. The C that stands in triple quotes stays."""
    c = r'(?P<c>extern from [^\n]*:\n\s*""".*?""")'
    text = re.sub(rf'{c}|""".*?"""', lambda found: found["c"] or '""', text, flags=re.DOTALL)
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    return re.sub(r"(^| )[ ]*#( .*)?$", "", text, flags=re.MULTILINE)


PIECES = {path.name: code(path.read_text()) for path in sorted(NATIVE.glob("*.px[id]"))}


@pytest.mark.parametrize("name", OF_THE_SYSTEM)
def test_named_in_the_floor_alone(name):
    assert {piece for piece, text in PIECES.items() if re.search(rf"\b{name}\b", text)} == FLOOR


def test_where_the_lock_is_let_go():
    called = {piece: set(re.findall(r"^ +with nogil:\n.* = (\w+)\(", text, re.M)) for piece, text in PIECES.items()}
    assert {piece: names for piece, names in called.items() if names} == WITHOUT_LOCK
    assert sum(text.count("with nogil:") for text in PIECES.values()) == 12


def test_no_list_comprehensions():
    """Where an item cannot be appended for want of memory, Cython 3.3 lets go of it twice, and the process crashes."""
    found = {piece: re.findall(r"\[[^\[\]\n]*\bfor\b|^ +for\b[^:\n]*\]", text, re.M) for piece, text in PIECES.items()}
    assert {piece: lines for piece, lines in found.items() if lines} == {}


# --- docs/architecture.md

DOCUMENT = (ROOT / "docs" / "architecture.md").read_text()

EVENTS = {"0": "nothing", "POLLIN": "`POLLIN`", "POLLOUT": "`POLLOUT`"}
WOULD_BLOCK = {"ANSWERS": "the answer", "WAITS_TIMED": "waits, under a timeout", "WAITS": "waits"}
SLEEPS = {"SLEEPS": "yes", "SLEEPS_UNLESS_TOLD": "not with `MSG_DONTWAIT`", "INSTANT": "no"}


def section(title):
    return re.search(rf"^## {title}\n(.*?)(?=^## )", DOCUMENT, re.DOTALL | re.MULTILINE)[1]


def test_every_piece_is_in_the_table():
    named = set(re.findall(r"`(?:native/)?(\w+\.(?:pxi|pxd|h))`", section("Where things are")))
    assert named == {path.name for path in NATIVE.iterdir()}


def test_the_table_of_operations():
    header = (NATIVE / "operations.h").read_text()
    kinds = re.findall(r'\[OP_\w+\] =\s*\{"(\w+)",\s*(\w+),\s*(\w+),\s*([^,]+?),\s*(\w+)\}', header)
    assert len(kinds) == header.count("[OP_")
    rows = [
        f"| `{name}` | {EVENTS[events]} | {WOULD_BLOCK[would_block]} | {polls_first(hints)} | {SLEEPS[sleeps]} |"
        for name, events, would_block, hints, sleeps in kinds
    ]
    assert re.findall(r"^\| `.*", section("Operations"), re.MULTILINE) == rows


def polls_first(hints):
    return "nothing" if hints == "0" else ", ".join(f"`{hint}`" for hint in hints.split(" | "))


def test_what_threads_share():
    """Each variable of the core, and each field of its classes, has its guard in the tables."""
    named = set(re.findall(r"\w+", " ".join(re.findall(r"`(.+?)`", section("What threads share")))))
    found = {*variables(), *fields()}
    assert {"sock_fd", "aside", "family_codec", "berkeley_default_timeout", "berkeley_create", "rows"} <= found
    assert found <= named


CYTHON = re.compile(r"^cdef (?!inline|enum|struct|union|class|extern)\w+ (\w+(?: = .*)?)$", re.MULTILINE)
C = re.compile(r"\bstatic (?!inline)(.*?)(?:;| = .*)$", re.MULTILINE)
CLASS = re.compile(r"^cdef class .*:\n((?:\n| {4}(?!def|@).*\n)*)", re.MULTILINE)


def variables():
    for text in [*PIECES.values(), *(code(path.read_text()) for path in NATIVE.glob("*.h"))]:
        for line in CYTHON.findall(text):
            yield from re.findall(r"(\w+)(?= = )", line) or [line]
        yield from map(declared, C.findall(text))


def fields():
    for text in PIECES.values():
        for lines in CLASS.findall(text):
            yield from map(declared, re.findall(r"^ {4}cdef (.*)$", lines, re.MULTILINE))


def declared(line):
    """The name in a declaration of C."""
    function, variable = re.findall(r"\(\*(\w+)\)|(\w+)(?:\[\w*\])?\s*$", line)[0]
    return function or variable
