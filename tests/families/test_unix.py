"""AF_UNIX."""

import ctypes
import os
import socket
import sys
from pathlib import Path

import pytest
from kernel import opened, outcomes

from berkeley import socket as ours

WRONG = [
    None, 1, ("x",), ["x"], Path("x"), memoryview(b"abcd")[::2], 1.5, "\ud800", "no-such-directory/x",
]  # fmt: skip


class Text(str):
    """A str that is not exactly one."""


@pytest.fixture
def directory(tmp_path, monkeypatch):
    """The current one: paths of sockets are short."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("address", "name"),
    [("plain", "plain"), (b"bytes", "bytes"), (bytearray(b"bytearray"), "bytearray"), (memoryview(b"view"), "view"),
     (Text("text"), "text"), ("caf\u00e9", "caf\u00e9"), ("\udcff", "\udcff"), (b"\xff", "\udcff"),
     ("x" * 107, "x" * 107)],
)  # fmt: skip
def test_paths(impl, directory, address, name):
    with impl.socket(impl.AF_UNIX) as server, impl.socket(impl.AF_UNIX) as client:
        server.bind(address)
        assert server.getsockname() == name
        assert os.listdir(b".") == [os.fsencode(name)]
        server.listen()
        client.connect(address)
        assert client.getpeername() == name
        with server.accept()[0] as peer:
            assert (peer.getsockname(), peer.getpeername(), client.getsockname()) == (name, "", "")


@pytest.mark.parametrize("address", [b"\0", b"\0berkeley\0nul", b"\0" + b"x" * 107, "\0berkeley-text", "\0caf\u00e9"])
def test_abstract_names(impl, address):
    with impl.socket(impl.AF_UNIX, impl.SOCK_DGRAM) as here, impl.socket(impl.AF_UNIX, impl.SOCK_DGRAM) as there:
        there.bind(address)
        assert there.getsockname() == os.fsencode(address)
        here.sendto(b"data", address)
        assert there.recvfrom(10)[0] == b"data"


@pytest.mark.parametrize("nothing", ["", b"", bytearray()])
def test_autobind(impl, nothing):
    with impl.socket(impl.AF_UNIX, impl.SOCK_DGRAM) as sock:
        assert sock.getsockname() == ""
        sock.bind(nothing)
        assert sock.getsockname()[:1] == b"\0"
        assert len(sock.getsockname()) == 6


def test_senders_on_unix(impl, directory):
    kind = impl.SOCK_DGRAM
    with impl.socket(impl.AF_UNIX, kind) as server, impl.socket(impl.AF_UNIX, kind) as client:
        server.bind("server")
        client.sendto(b"data", "server")
        assert server.recvfrom(10) == (b"data", None)
        client.bind("client")
        client.sendto(b"data", "server")
        assert server.recvfrom(10) == (b"data", "client")


@pytest.mark.parametrize("address", ["x" * 108, b"x" * 108, "\u00e9" * 54, b"\0" + b"x" * 108, "\0" + "x" * 500])
def test_too_long(impl, directory, address):
    with impl.socket(impl.AF_UNIX, impl.SOCK_DGRAM) as sock:
        for call in (sock.bind, sock.connect, sock.connect_ex):
            with pytest.raises(OSError, match=r"^AF_UNIX path too long$") as caught:
                call(address)
            assert caught.value.errno is None
    assert os.listdir() == []


@pytest.mark.parametrize("address", [b"a\0b", "a\0", bytearray(b"\x01\0")])
def test_embedded_nul(directory, address):
    expected = pytest.raises(ValueError, match=r"^embedded null byte in AF_UNIX path$")
    with ours.socket(ours.AF_UNIX, ours.SOCK_DGRAM) as sock, expected:
        sock.bind(address)
    assert os.listdir() == []


def test_a_path_as_long_as_the_struct(directory):
    """108 bytes without a NUL, which the kernel takes and Python's bind() does not give.

    CPython's getsockname() reads on behind the struct, up to whatever 0 lies there.
    """
    struct = ours.AF_UNIX.to_bytes(2, sys.byteorder) + b"y" * 108
    with ours.socket(ours.AF_UNIX) as sock:
        assert ctypes.CDLL(None).bind(sock.fileno(), struct, len(struct)) == 0
        assert sock.getsockname() == "y" * 108


@pytest.mark.parametrize("address", WRONG, ids=repr)
def test_what_is_no_address(directory, address):
    with opened(ours, "AF_UNIX", ours.SOCK_DGRAM) as sock, opened(socket, "AF_UNIX", ours.SOCK_DGRAM) as other:
        assert outcomes(sock, address) == outcomes(other, address)
