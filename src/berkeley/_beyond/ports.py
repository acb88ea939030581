"""TCP ports for tests and start-up scripts: waiting until somebody listens, and a number that nobody else gets."""

import errno
import os
import struct
import time
from contextlib import contextmanager

import berkeley.socket as namespace

from .. import _native, _socket
from .addresses import check_port

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .._native import Host, Port, ToAddress

# Seconds. Where packets are dropped, the kernel asks again after one, then two: a new attempt finds a server sooner.
_ATTEMPT = 1.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.005, 0.1
_RESET = struct.pack("2i", 1, 0)  # struct linger of socket(7): closing leaves no TIME_WAIT behind


def wait_for_port(host: "Host", port: "Port", timeout: float) -> None:
    """Return once somebody listens at a TCP port; TimeoutError after `timeout` seconds, which says what was wrong.

    By connect(2), and closing at once: to each address of the host in turn, again and again with pauses of 5 to 100 ms,
    and with at most a second for each attempt. A host that is not known yet, or not reached, may be so later: what the
    last attempt raised is the TimeoutError's cause. ValueError for a timeout that is not above 0, and a port that is
    not 1 to 65535.
    """
    if not timeout > 0:
        raise ValueError(f"timeout must be above 0, not {timeout!r}")
    check_port(port, 1)
    pause = _FIRST_PAUSE
    failed: OSError | None = None
    with _native.deadline(timeout) as limit:
        while True:
            refused = _native.audits_refused()
            try:
                for family, type, proto, _, address in namespace.getaddrinfo(host, port, type=_socket.SOCK_STREAM):
                    refused = _native.audits_refused()  # what the program's resolver has got over is no matter
                    try:
                        return _connect(namespace.socket(family, type, proto), address)
                    except OSError as error:
                        failed = _answer(error, refused)
            except namespace.gaierror as error:
                failed = _answer(error, refused)
            except TimeoutError as error:
                failed = failed or _answer(error, refused)  # an answer says more
            time.sleep(min(pause, limit.remaining() or 0))
            pause = min(2 * pause, _LONGEST_PAUSE)
            if not limit.remaining():
                text = f"nobody listens at {host!r}, port {port!r}, after {timeout} s: {failed}"
                raise TimeoutError(text) from failed


def _answer(error: OSError, refused: int) -> OSError:
    """The error, unless an audit hook has raised it, which is to be obeyed (PEP 578)."""
    if _native.audits_refused() != refused:
        raise error
    return error


@contextmanager
def reserve_port(host: "Host" = "127.0.0.1") -> "Iterator[int]":
    """A context manager that gives the number of a free TCP port of the host: inside the block nobody else is given it.

    A socket of ours is bound to it, with SO_REUSEADDR, and does not listen. So the kernel gives the number to nobody
    who asks for any (port 0, or connect(2)), while a server that sets SO_REUSEADDR, as nearly all do, can bind and
    listen: in this process or another, and again after it was ended. One that does not set it gets EADDRINUSE; and a
    program that asks for this very number can have it too (socket(7), ip(7)).

    Where the server takes a socket or a descriptor in place of a number, nothing needs to be reserved: hand it
    `create_server((host, 0))`. So it must be for UDP, whose sockets share what arrives. gaierror for a host that is
    not known, OSError (EADDRNOTAVAIL) for one that is not this machine.
    """
    family, type, proto, _, address = namespace.getaddrinfo(host, 0, type=_socket.SOCK_STREAM)[0]
    with namespace.socket(family, type, proto) as holder:
        holder.setsockopt(_socket.SOL_SOCKET, _socket.SO_REUSEADDR, 1)
        holder.bind(address)
        yield holder.getsockname()[1]


def _connect(sock: "namespace.socket", address: "ToAddress") -> None:
    with sock:
        sock.settimeout(_ATTEMPT)
        sock.connect(address)
        # Where nobody listens at a port that the kernel may give to connections, it may give it to this one, which is
        # then connected to itself (RFC 9293, simultaneous open), and in the way of the server.
        if sock.getsockname() == sock.getpeername():
            sock.setsockopt(_socket.SOL_SOCKET, _socket.SO_LINGER, _RESET)
            raise ConnectionRefusedError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))
