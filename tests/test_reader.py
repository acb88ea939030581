"""Files that go on after a timeout: makefile(resumable=True)."""

import gc
import io
import random

import pytest
from waits import beside

import berkeley
from berkeley import socket


@pytest.fixture
def impl():
    """Only ours has them."""
    return socket


@pytest.fixture
def file(pair):
    """(the file of one end, the other end)"""
    with pair[0].makefile("rb", resumable=True) as file:
        yield file, pair[1]


def test_what_it_is(pair):
    with pair[0].makefile("rb", resumable=True) as file:
        assert type(file) is berkeley.ResumableReader
        assert isinstance(file, io.BufferedIOBase)
        assert (file.readable(), file.writable(), file.seekable(), file.isatty()) == (True, False, False, False)
        assert (file.fileno(), file.name, file.mode) == (pair[0].fileno(), pair[0].fileno(), "rb")
        for attempt in (lambda: file.write(b"x"), file.tell, file.detach):
            with pytest.raises(io.UnsupportedOperation):
                attempt()


def test_the_default_is_the_standard_one(pair):
    with pair[0].makefile("rb", resumable=False) as file:
        assert type(file) is io.BufferedReader


@pytest.mark.parametrize(
    ("mode", "buffering"), [("r", None), ("", None), ("w", None), ("wb", None), ("rwb", None), ("rw", None), ("rb", 0)]
)
def test_only_for_reading_bytes(pair, mode, buffering):
    with pytest.raises(ValueError, match="resumable file is for reading bytes, buffered: not"):
        pair[0].makefile(mode, buffering, resumable=True)
    gc.collect()
    assert pair[0]._io_refs == 0


# --- as the standard one

TEXT = b"one\ntwo\r\n\nfour " + b"x" * 20_000 + b"\nlast"
CALLS = [
    lambda file: file.read(),
    lambda file: file.read(None),
    lambda file: [file.read(3), file.read(0), file.read(10_000), file.read(-1)],
    lambda file: list(file),
    lambda file: file.readlines(),
    lambda file: [file.readlines(5), file.readlines(1), file.readlines(0), file.readlines(None)],
    lambda file: [file.readline(), file.readline(2), file.readline(0), file.readline(None), file.readline(-1)],
    lambda file: [file.readline() for _ in range(8)],
    lambda file: [next(file), file.read(1), next(file, None)],
    lambda file: [file.read1(0), file.read1(2), file.read()],
    lambda file: [file.peek(1)[:1], file.peek()[:1], file.read(5)],
    lambda file: [file.readinto(buffer := bytearray(10_000)), buffer, file.read()],
    lambda file: [file.readinto1(buffer := bytearray(2)), buffer, file.read()],
    lambda file: [file.read(), file.read(), file.read(1), file.readline(), file.read1(), file.peek(), list(file)],
]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("size", [None, -1, 1, 7, 100_000])
def test_as_the_standard_file(call, size):
    def outcome(**options):
        here, there = socket.socketpair()
        with here, there, here.makefile("rb", size, **options) as file:
            there.sendall(TEXT)
            there.shutdown(socket.SHUT_WR)
            return call(file)

    assert outcome(resumable=True) == outcome()


@pytest.mark.parametrize("argument", ["1", 1.5, b"1"])
@pytest.mark.parametrize("method", ["read", "read1", "readline"])
def test_no_size(file, method, argument):
    with pytest.raises(TypeError):
        getattr(file[0], method)(argument)


# --- what it is for

AFTER_TIMEOUT = {
    "read": (lambda file: file.read(7), b"one\ntwo"),
    "read all": (lambda file: file.read(), b"one\ntwo\nthree"),
    "readline": (lambda file: file.readline(), b"one\n"),
    "readlines": (lambda file: file.readlines(), [b"one\n", b"two\n", b"three"]),
    "iteration": (lambda file: list(file), [b"one\n", b"two\n", b"three"]),
    "next": (next, b"one\n"),
    "readinto": (lambda file: (file.readinto(buffer := bytearray(7)), bytes(buffer)), (7, b"one\ntwo")),
}


@pytest.mark.parametrize("timeout", [0, 0.001])
@pytest.mark.parametrize("call", [name for name in AFTER_TIMEOUT if name != "iteration"])
def test_it_goes_on(file, call, timeout):
    """A byte for each timeout, and the last call gets them all."""
    file, peer = file
    call, expected = AFTER_TIMEOUT[call]
    file.raw._sock.settimeout(timeout)
    error = TimeoutError if timeout else BlockingIOError
    found = None
    for byte in b"one\ntwo\nthree":
        if found is None:
            with pytest.raises(error):
                call(file)
        peer.send(bytes([byte]))
        try:
            found = found or call(file)
        except error:
            pass
    peer.shutdown(socket.SHUT_WR)
    assert (found or call(file)) == expected


def test_lines_taken_by_a_loop_are_the_loops(file):
    """What a read gives is given: the loop has the lines before the timeout, a new one those after it."""
    file, peer = file
    file.raw._sock.settimeout(0.001)
    peer.sendall(b"one\ntwo\nthr")
    lines = []
    with pytest.raises(TimeoutError):
        lines.extend(file)
    peer.sendall(b"ee\n")
    peer.shutdown(socket.SHUT_WR)
    assert [*lines, *file] == [b"one\n", b"two\n", b"three\n"]


def test_made_up_sequences(pair):
    """Whatever is called in whatever order, with timeouts in between: each byte comes once, in its place."""
    chosen = random.Random(7)
    here, there = pair
    here.settimeout(0)
    sent = bytes(chosen.choice(b"ab\n") for _ in range(20_000))
    received, waiting = b"", sent
    with here.makefile("rb", 64, resumable=True) as file:
        calls = [lambda n: file.read(n), lambda n: file.read1(n), lambda n: file.readline(), lambda n: file.readline(n),
                 lambda n: b"".join(file.readlines(n + 1)), lambda n: file.peek(n)[:0]]  # fmt: skip
        while len(received) < len(sent):
            try:
                received += chosen.choice(calls)(chosen.randrange(200))
            except BlockingIOError:
                count = chosen.randrange(1, 100)
                there.sendall(waiting[:count])
                waiting = waiting[count:]
                if not waiting:
                    there.shutdown(socket.SHUT_WR)
    assert received == sent


def test_a_reader_that_waits(file):
    file, peer = file

    def send():
        for byte in b"line\n":
            peer.send(bytes([byte]))

    with beside(send):
        assert file.readline() == b"line\n"


# --- closing


def test_closing(pair):
    file = pair[0].makefile("rb", resumable=True)
    pair[0].close()
    pair[1].sendall(b"line\nmore")
    assert file.readline() == b"line\n"
    assert not file.closed
    file.close()
    file.close()
    assert (file.closed, pair[0].fileno(), file.name) == (True, -1, -1)
    for name in ("read", "read1", "peek", "readline", "readlines", "readable", "fileno", "__enter__", "__next__"):
        with pytest.raises(ValueError, match="closed"):
            getattr(file, name)()


def test_a_file_that_is_forgotten_gives_its_share_back(pair):
    pair[0].makefile("rb", resumable=True)
    gc.collect()
    assert pair[0]._io_refs == 0


def test_a_derived_sockets_own_recv_is_called(pair):
    class Derived(socket.socket):
        def recv(self, size):
            return super().recv(size).upper()

    with Derived(fileno=pair[0].detach()) as here, here.makefile("rb", resumable=True) as file:
        pair[1].sendall(b"line\n")
        assert file.readline() == b"LINE\n"
