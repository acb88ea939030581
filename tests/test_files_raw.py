"""The raw file of a socket, and files whose socket times out, does not block, fails, or is closed."""

import errno
import gc
import io
import struct
import sys

import pytest


@pytest.fixture
def reset(impl):
    """A connection that the other end has reset."""
    with impl.create_server(("127.0.0.1", 0)) as listener:
        sock = impl.create_connection(listener.getsockname())
        peer, _ = listener.accept()
    peer.setsockopt(impl.SOL_SOCKET, impl.SO_LINGER, struct.pack("ii", 1, 0))
    peer.close()
    with sock:
        yield sock


def for_ever(call, *arguments):
    while True:
        call(*arguments)


# --- the raw file


def test_reading_and_writing(pair):
    with pair[0].makefile("rwb", 0) as here, pair[1].makefile("rwb", 0) as there:
        assert here.write(b"hello\nworld") == 11
        buffer = bytearray(3)
        assert (there.readinto(buffer), buffer) == (3, b"hel")
        assert there.readline() == b"lo\n"
        assert there.read(100) == b"world"
        assert there.read(0) == b""
        pair[0].shutdown(1)
        assert there.read(1) == there.readall() == b""


@pytest.mark.parametrize("mode", ["rw+", "", "a", "b", "br", None, 1])
def test_modes_there_are_not(impl, pair, mode, monkeypatch):
    monkeypatch.setattr(sys, "unraisablehook", lambda report: None)  # the standard module's half-built one complains
    with pytest.raises(ValueError, match=r"^invalid mode: "):
        impl.SocketIO(pair[0], mode)


def test_it_counts_only_what_makefile_made(impl, pair):
    pair[0]._io_refs += 1  # closing it takes one away
    with impl.SocketIO(pair[0], "r") as file:
        assert (pair[0]._io_refs, file.mode, file.readable(), file.writable()) == (1, "rb", True, False)
    assert pair[0]._io_refs == 0


@pytest.mark.parametrize("mode", ["rb", "wb", "rwb"])
def test_what_it_cannot_do(impl, pair, mode):
    with pair[0].makefile(mode, 0) as file:
        for method, arguments in (("seek", (0,)), ("tell", ()), ("truncate", ())):
            with pytest.raises(OSError, match=r"seek|truncate|tell") as caught:
                getattr(file, method)(*arguments)
            assert isinstance(caught.value, io.UnsupportedOperation)
        if "w" not in mode:
            with pytest.raises(io.UnsupportedOperation):
                file.write(b"x")
        if "r" not in mode:
            for method, arguments in (("read", (1,)), ("readinto", (bytearray(1),)), ("readline", ())):
                with pytest.raises(io.UnsupportedOperation):
                    getattr(file, method)(*arguments)


def test_once_closed(pair):
    file = pair[0].makefile("rwb", 0)
    file.close()
    file.close()
    assert (file.closed, file.name, file.mode) == (True, -1, "rwb")
    calls = [
        ("read", (1,)), ("readinto", (bytearray(1),)), ("write", (b"x",)), ("readable", ()), ("writable", ()),
        ("seekable", ()), ("fileno", ()), ("flush", ()), ("readline", ()), ("__enter__", ()), ("isatty", ()),
    ]  # fmt: skip
    for method, arguments in calls:
        with pytest.raises(ValueError, match=r"I/O operation on closed"):
            getattr(file, method)(*arguments)


# --- modes of the socket


def test_after_a_timeout_nothing_can_be_read(pair):
    here, there = pair
    here.settimeout(0.01)
    there.send(b"half a li")
    with here.makefile("rb") as file, here.makefile("wb") as out:
        with pytest.raises(TimeoutError, match=r"^timed out$"):
            file.readline()
        there.send(b"ne\n")
        for read in (file.readline, file.read, lambda: file.raw.readinto(bytearray(1))):
            with pytest.raises(OSError, match=r"^cannot read from timed out object$"):
                read()
        out.write(b"but written")
        out.flush()
        assert there.recv(20) == b"but written"
        with here.makefile("rb") as fresh:
            assert fresh.readline() == b"ne\n"


def test_a_write_that_times_out(pair):
    pair[0].settimeout(0.01)
    with pair[0].makefile("wb", 0) as file:
        with pytest.raises(TimeoutError, match=r"^timed out$"):
            for_ever(file.write, bytes(1 << 20))
        assert pair[1].recv(1) == b"\0"


def test_a_socket_that_does_not_block(pair):
    here, there = pair
    here.setblocking(False)
    with here.makefile("rwb", 0) as raw, here.makefile("rb") as file:
        assert raw.readinto(bytearray(1)) is None
        assert raw.read(1) is None
        assert raw.readall() is None
        assert file.read(1) is None
        there.send(b"ab")
        assert raw.read(1) == b"a"
        assert file.read(5) == b"b"
        while raw.write(bytes(1 << 20)):
            pass
        assert raw.write(b"x") is None


def test_a_buffer_that_does_not_go_out_at_once(pair):
    pair[0].setblocking(False)
    file = pair[0].makefile("wb", 1 << 24)
    file.write(bytes(1 << 22))
    with pytest.raises(BlockingIOError) as caught:
        file.flush()
    assert caught.value.errno == errno.EAGAIN
    pair[1].close()
    with pytest.raises(BrokenPipeError):
        file.close()
    assert file.closed
    assert pair[0]._io_refs == 0


# --- connections that end


def test_after_a_reset(reset):
    with reset.makefile("rb") as file, pytest.raises(ConnectionResetError):
        file.read(1)


def test_close_sends_what_is_left_and_gives_the_socket_back_even_when_it_cannot(pair):
    here, there = pair
    with here.makefile("wb") as file:
        file.write(b"last words")
    assert there.recv(20) == b"last words"
    file = here.makefile("wb")
    file.write(b"for nobody")
    there.close()
    here.close()
    with pytest.raises(BrokenPipeError):
        file.close()
    assert file.closed
    assert here.fileno() == -1


@pytest.mark.parametrize("mode", ["rb", "wb", "rwb", "r", "w", "rw"])
@pytest.mark.parametrize("file_first", [True, False])
def test_either_may_be_closed_first(impl, mode, file_first):
    sock, other = impl.socketpair()
    file = sock.makefile(mode, encoding=None if "b" in mode else "ascii")
    for each in (file, sock) if file_first else (sock, file):
        assert sock.fileno() >= 0
        each.close()
    assert sock.fileno() == -1
    with other:
        assert other.recv(1) == b""


def test_a_file_works_after_its_socket_was_closed(pair):
    with pair[0].makefile("rwb") as file:
        pair[0].close()
        pair[1].sendall(b"question\n")
        assert file.readline() == b"question\n"
        file.write(b"answer")
        file.flush()
        assert pair[1].recv(10) == b"answer"
    assert pair[1].recv(1) == b""


def test_a_file_of_a_closed_socket(impl):
    sock = impl.socket()
    sock.close()
    with sock.makefile("rb") as file, pytest.raises(OSError, match="Bad file descriptor"):
        file.read(1)
    assert sock._io_refs == 0


def test_a_forgotten_file_gives_the_socket_back(pair):
    file = pair[0].makefile("rb")
    assert pair[0]._io_refs == 1
    del file
    gc.collect()
    assert pair[0]._io_refs == 0
    assert pair[0].fileno() >= 0


def test_layers_that_are_taken_apart(pair):
    text = pair[0].makefile("r", encoding="ascii")
    raw = text.detach().detach()
    pair[1].send(b"x")
    assert raw.read(1) == b"x"
    assert pair[0]._io_refs == 1
    raw.close()
    assert pair[0]._io_refs == 0
