"""Files whose size, 0, says nothing, or all: those of proc(5), and empty ones."""

import os
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
