"""makefile() with every mode and argument, what its files do, and sendfile() of files of every kind."""

import io
import os
import sys

import pytest
from drive import each, same, same_act
from hypothesis import example, given
from hypothesis import strategies as st
from situations import Situation
from values import Fresh, Index, anything, numbers

sampled = st.sampled_from
modes = st.text("rwb", max_size=4) | sampled(
    ["r", "w", "rw", "rb", "wb", "rwb", "a", "r+", "U", "rt", "x", None, 1, ("r", "b")]
)
bufferings = sampled([None, -1, 0, 1, 2, 100, -5, True, Index(5), "5", 1.5, 2**31, 2**64])
encodings = sampled([None, "utf-8", "latin-1", "no-such", "locale", 5, b"utf-8", "utf\0"])
handlings = sampled([None, "strict", "replace", "no-such", 5, "a\0"])
newlines = sampled([None, "", "\n", "\r\n", "x", 5])
options = {"encoding": encodings, "errors": handlings, "newline": newlines}

STEPS = [
    ("read", 3), ("read", 0), ("readline",), ("readinto", Fresh("four", lambda: bytearray(4))), ("write", b"data"),
    ("write", "text"), ("flush",), ("close",), ("readable",), ("writable",), ("seekable",), ("fileno",), ("tell",),
    ("seek", 0), ("isatty",), ("detach",), ("peek", 1), ("read1", 2), ("truncate",), ("__enter__",), ("__next__",),
    ("readinto", b"read-only"), ("write", 5), ("writelines", [b"a", b"b"]),
]  # fmt: skip
steps = st.lists(sampled(STEPS), max_size=6)


@each
@given(mode=modes, buffering=bufferings, arguments=st.fixed_dictionaries({}, optional=options))
def test_makefile(mode, buffering, arguments):
    for state in ("connected", "closed"):
        same(Situation("unix", state), "makefile", mode)
        same(Situation("unix", state), "makefile", mode, buffering)
        same(Situation("unix", state), "makefile", mode, **arguments)
        same(Situation("unix", state), "makefile", mode, buffering=buffering, **arguments)


@pytest.mark.parametrize("state", ["sent", "ended", "connected", "reset", "closed"])
@pytest.mark.parametrize("mode", ["r", "rb", "wb", "rwb", "w", "rw"])
@each
@given(timeout=sampled([0, 0.001]), buffering=sampled([None, 0, 1, 5]), taken=steps, close_first=st.booleans())
def test_files(mode, state, timeout, buffering, taken, close_first):
    same_act(Situation("unix", state, timeout), lambda module, scene: use(scene, mode, buffering, taken, close_first))


def use(scene, mode, buffering, taken, close_first):
    """The results of the file's methods, one after the other; the socket may be closed before."""
    with scene.sock.makefile(mode, buffering) as file:
        if close_first:
            scene.sock.close()
        results = [file, getattr(file, "name", None), file.closed]
        for name, *arguments in taken:
            given = [each.make() if isinstance(each, Fresh) else each for each in arguments]
            try:
                result = getattr(file, name)(*given)
            except Exception as error:
                result = type(error).__name__, str(error)
            results += [result, given, scene.sock._io_refs, scene.sock._closed]
        if "detach" in [name for name, *_ in taken]:
            results.append(getattr(file, "raw", None))
        return results


@each
@given(mode=sampled(["r", "w", "rw", "rb", "wb", "rwb", "", "x", "b"]) | anything.filter(lambda mode: mode != ()))
def test_raw_file(mode):
    """But for (), which CPython's formatting of the message takes for its arguments."""
    same_act(Situation("unix", "sent"), lambda module, scene: module.SocketIO(scene.sock, mode))


# --- sendfile

SIZE = 10_000

# Until 3.12 the standard module asked sendfile(2) for the whole count, whatever the file's size: that one may refuse.
counts = numbers.filter(lambda count: sys.version_info >= (3, 13) or not isinstance(count, int) or count < 1 << 62)


def on_disk(mode, buffering=-1):
    def opened():
        with open("file", "wb") as file:
            file.write(bytes(range(250)) * (SIZE // 250))
        return open("file", mode, buffering)

    return opened


def pipe():
    reading, writing = os.pipe()
    os.write(writing, b"through a pipe")
    os.close(writing)
    return open(reading, "rb")


FILES = {
    "file": on_disk("rb"),
    "unbuffered": on_disk("rb", 0),
    "both ways": on_disk("r+b"),
    "text": on_disk("r"),
    "writing": on_disk("ab"),
    "pipe": pipe,
    "memory": lambda: io.BytesIO(bytes(range(250)) * 40),
    "strings": lambda: io.StringIO("text"),
    "device": lambda: io.FileIO(os.devnull),
    "no file": lambda: 5,
}


@pytest.mark.parametrize("method", ["sendfile", "_sendfile_use_sendfile", "_sendfile_use_send"])
@pytest.mark.parametrize("name", FILES)
@each
@given(
    kind=sampled(["unix", "tcp", "unix datagram", "unix seqpacket"]),
    timeout=sampled([5, 5, None, 0]),
    # But for None: to os.sendfile() it is the file's own position, and the standard module fails when that is done.
    offset=sampled([0, 0, 1, 9999, SIZE, SIZE + 5, -1]) | numbers.filter(lambda offset: offset is not None),
    count=sampled([None, 1, 5, SIZE, SIZE + 1, 0, -1, 2**40, True]) | counts,
)
@example(kind="unix", timeout=5, offset=1.0, count=None)
@example(kind="unix", timeout=5, offset=2**64, count=5)
@example(kind="unix", timeout=0, offset=0, count=None)
def test_sendfile(name, method, kind, timeout, offset, count):
    def act(module, scene):
        file = FILES[name]()
        try:
            return getattr(scene.sock, method)(file, offset, count)
        finally:
            if hasattr(file, "close"):
                scene.given = (file.tell() if file.seekable() else None,)
                file.close()

    same_act(Situation(kind, "connected", timeout), act)
