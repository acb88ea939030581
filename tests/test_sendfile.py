"""Files whose size, 0, says nothing, or all: those of proc(5), and empty ones."""

import io
import os
from errno import EAGAIN, EINVAL, EIO
from importlib import import_module

import pytest

OURS = import_module("berkeley.socket")

PROC = "/proc/version"  # the same each time


@pytest.fixture
def pair():
    here, there = OURS.socketpair()
    with here, there:
        there.settimeout(5)
        yield here, there


@pytest.mark.parametrize("timeout", [None, 5])
@pytest.mark.parametrize(("offset", "count"), [(0, None), (0, 5), (3, None), (3, 4), (0, 10**6)])
@pytest.mark.parametrize("buffering", [0, -1])
def test_a_file_without_a_size(pair, buffering, offset, count, timeout):
    here, there = pair
    here.settimeout(timeout)
    with open(PROC, "rb") as whole, open(PROC, "rb", buffering=buffering) as file:
        assert os.fstat(file.fileno()).st_size == 0
        expected = whole.read()[offset:][:count]
        assert here.sendfile(file, offset, count) == len(expected)
        assert file.tell() == offset + len(expected)
    assert there.recv(10_000) == expected


def test_none_of_it_for_a_socket_that_does_not_wait(pair):
    pair[0].setblocking(False)
    with open(PROC, "rb") as file, pytest.raises(ValueError, match="non-blocking"):
        pair[0].sendfile(file)


@pytest.mark.parametrize("mode", ["rb", "ab", "r+b"])
@pytest.mark.parametrize("offset", [0, 7])
@pytest.mark.parametrize("timeout", [None, 0, 5])
def test_an_empty_file(impl, tmp_path, timeout, offset, mode):
    (tmp_path / "file").touch()
    here, there = impl.socketpair()
    with here, there, open(tmp_path / "file", mode) as file:
        here.settimeout(timeout)
        assert here.sendfile(file, offset) == 0
        assert here._sendfile_use_sendfile(file, offset) == 0
        assert file.tell() == 0
        there.setblocking(False)
        with pytest.raises(BlockingIOError):
            there.recv(1)


def test_what_is_no_regular_file(impl):
    """As in the standard module, which takes it for empty."""
    here, there = impl.socketpair()
    with here, there, open("/dev/zero", "rb") as file:
        assert here.sendfile(file) == 0


class RefusedError(Exception):
    pass


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(bytes(range(100)))
    with open(path, "rb") as file:
        yield file


@pytest.mark.parametrize(("offset", "count", "parts"), [
    (0, None, [(0, 100), (40, 100), (80, 100), (100, 100)]),
    (50, 45, [(50, 45), (90, 5)]),
    (0, 40, [(0, 40)]),
])  # fmt: skip
def test_by_a_function_that_sends_some(pair, file, offset, count, parts):
    """As the standard `ssl` gives one, from Python 3.15 on."""
    asked = []

    def send(source, offset, size):
        assert source == file.fileno()
        asked.append((offset, size))
        return len(os.pread(source, min(size, 40), offset))

    sent = min(count or 100, 100 - offset)
    assert pair[0]._sendfile_zerocopy(send, RefusedError, file, offset, count) == sent
    assert (asked, file.tell()) == (parts, offset + sent)


def fill(sock):
    """Send until there is no room: how many bytes."""
    sock.setblocking(False)
    sent = 0
    while True:
        try:
            sent += sock.send(bytes(1000))
        except BlockingIOError:
            return sent


@pytest.mark.parametrize("timeout", [None, 5])
def test_by_a_function_that_finds_no_room(pair, file, timeout):
    """It is called again when there is room, and after the socket's timeout no more."""
    here, there = pair
    full = fill(here)
    here.settimeout(timeout)
    results = [BlockingIOError(EAGAIN, "full"), 100, 0]

    def send(source, offset, size):
        result = results.pop(0)
        if isinstance(result, OSError):
            there.recv(full)
            raise result
        return result

    assert here._sendfile_zerocopy(send, RefusedError, file) == 100
    assert results == []


def test_by_a_function_that_finds_no_room_in_time(pair, file):
    here, _ = pair
    fill(here)
    here.settimeout(0.05)

    def send(source, offset, size):
        raise BlockingIOError(EAGAIN, "full")

    with pytest.raises(TimeoutError, match=r"^timed out$"):
        here._sendfile_zerocopy(send, RefusedError, file)


def test_by_a_function_that_fails(pair, file):
    """It may be another way's turn as long as nothing is sent."""

    def fail(source, offset, size):
        if offset == 0 and results:
            return results.pop()
        raise OSError(EIO if offset else EINVAL, "")

    results = []
    with pytest.raises(RefusedError, match=str(EINVAL)):
        pair[0]._sendfile_zerocopy(fail, RefusedError, file)
    assert file.tell() == 0
    results = [7]
    with pytest.raises(OSError, match=str(EIO)):
        pair[0]._sendfile_zerocopy(fail, RefusedError, file)
    assert file.tell() == 7


def test_by_a_function_what_is_no_file(pair):
    with pytest.raises(RefusedError):
        pair[0]._sendfile_zerocopy(None, RefusedError, io.BytesIO(b"x"))
