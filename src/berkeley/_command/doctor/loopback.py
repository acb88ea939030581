"""Sockets to try things on: both ends are in this process, and nothing leaves the machine."""

from collections.abc import Iterator
from contextlib import contextmanager

from berkeley import socket

Pair = tuple[socket.socket, socket.socket]

_LOOPBACK: dict[int, str] = {socket.AF_INET: "127.0.0.1", socket.AF_INET6: "::1"}
_LIMIT = 1.0  # second, for what takes next to none


@contextmanager
def tcp(family: int = socket.AF_INET, protocol: int = 0) -> Iterator[Pair]:
    """A connection over loopback: the end that connected, and the end that was accepted."""
    stream = family, socket.SOCK_STREAM, protocol
    with socket.socket(*stream) as listener, socket.socket(*stream) as near:
        listener.bind((_LOOPBACK[family], 0))
        listener.listen()
        listener.settimeout(_LIMIT)
        near.settimeout(_LIMIT)
        near.connect(listener.getsockname())
        far, _address = listener.accept()
        with far:
            far.settimeout(_LIMIT)
            yield near, far


@contextmanager
def udp(family: int = socket.AF_INET) -> Iterator[Pair]:
    """Two sockets on loopback that are connected with each other."""
    with socket.socket(family, socket.SOCK_DGRAM) as near, socket.socket(family, socket.SOCK_DGRAM) as far:
        for end in (near, far):
            end.settimeout(_LIMIT)
            end.bind((_LOOPBACK[family], 0))
        near.connect(far.getsockname())
        far.connect(near.getsockname())
        yield near, far


@contextmanager
def unix() -> Iterator[Pair]:
    near, far = socket.socketpair(socket.AF_UNIX)
    with near, far:
        near.settimeout(_LIMIT)
        far.settimeout(_LIMIT)
        yield near, far


def transfer(near: socket.socket, far: socket.socket) -> None:
    """Send in both directions. OSError, or RuntimeError if something else arrives than was sent."""
    for sender, receiver in (near, far), (far, near):
        sender.sendall(b"berkeley")
        if receiver.recv(100) != b"berkeley":
            raise RuntimeError("what was sent is not what arrived")
