"""Sockets from descriptors, pairs of sockets, and descriptors sent over sockets."""

import berkeley.socket as namespace

from .. import _native, _socket
from . import standard
from .enums import AddressFamily, SocketKind
from .sock import socket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, SupportsIndex

    from _typeshed import ReadableBuffer

    from .._native import Address, Received, ToAddress

_INT = 4  # bytes in a C int, on every Linux
_SCM_PIDFD = 4  # the sender's, where the program has set SO_PASSPIDFD (unix(7), Linux 6.5)


@standard
def fromfd(fd: "SupportsIndex", family: int, type: int, proto: int = 0) -> socket:
    """A socket on a duplicate of the descriptor, by fcntl(2) F_DUPFD_CLOEXEC; the given one stays open.

    The duplicate is not inheritable (PEP 446). `family`, `type` and `proto` are taken as they are given:
    `socket(fileno=fd)` asks the kernel, and makes no duplicate. OSError for a descriptor that is not open or no
    socket's (EBADF, ENOTSOCK).
    """
    return adopt(namespace.dup(fd), family, type, proto)


def adopt(fd: int, family: int, type: int, proto: int) -> socket:
    """A socket on the descriptor itself, which is closed where there can be none."""
    if namespace.socket is not socket:
        return namespace.socket(family, type, proto, fd)
    sock = None
    try:
        sock = socket.__new__(socket)
        sock.__init__(family, type, proto, fd)  # type: ignore[misc]
    except BaseException:
        if sock is None or sock.fileno() != fd:  # else it closes with the socket
            _native.close(fd)
        raise
    return sock


@standard
def socketpair(
    family: "int | None" = None, type: int = SocketKind.SOCK_STREAM, proto: int = 0
) -> "tuple[socket, socket]":
    """socketpair(2): two connected sockets, AF_UNIX unless another family is given. They are not inheritable (PEP 446).

    `type` is SOCK_STREAM unless it is given. OSError for a family that has no pairs (EOPNOTSUPP), as AF_INET has none,
    or that the kernel has not (EAFNOSUPPORT).
    """
    if family is None:
        family = AddressFamily.AF_UNIX
    return _native.open_pair(namespace.socket, family, type, proto)


@standard
def _fallback_socketpair(
    family: int = AddressFamily.AF_INET, type: int = SocketKind.SOCK_STREAM, proto: int = 0
) -> "tuple[socket, socket]":
    """A pair of connected TCP sockets over loopback: what systems without socketpair(2) use."""
    hosts: dict[int, str] = {namespace.AF_INET: namespace._LOCALHOST, namespace.AF_INET6: namespace._LOCALHOST_V6}
    host = hosts.get(family)
    if host is None:
        raise ValueError("Only AF_INET and AF_INET6 socket address families are supported")
    if type != namespace.SOCK_STREAM:
        raise ValueError("Only SOCK_STREAM socket type is supported")
    if proto != 0:
        raise ValueError("Only protocol zero is supported")
    with namespace.socket(family, type, proto) as listener:
        listener.bind((host, 0))
        listener.listen()
        client = namespace.socket(family, type, proto)
        try:
            client.setblocking(False)
            try:
                client.connect(listener.getsockname())
            except BlockingIOError:
                pass  # under way: the listener's queue completes it
            client.setblocking(True)
            server, _ = listener.accept()
            try:
                # Anyone on this machine could have connected in between.
                if server.getsockname() != client.getpeername() or client.getsockname() != server.getpeername():
                    raise ConnectionError("Unexpected peer connection")
            except BaseException:
                server.close()
                raise
        except BaseException:
            client.close()
            raise
    return server, client


@standard
def send_fds(
    sock: socket,
    buffers: "Iterable[ReadableBuffer]",
    fds: "Iterable[int]",
    flags: int = 0,
    address: "ToAddress | None" = None,
) -> int:
    """Send the buffers and the descriptors over an AF_UNIX socket (SCM_RIGHTS, unix(7)): how many bytes went out.

    `buffers` is an iterable of bytes-like objects, with a byte at least on a stream; `fds` one of ints, of which the
    kernel takes 253 at most. They stay open here. `flags`, `address` and errors are those of sendmsg(2); OSError for a
    descriptor that is not open (EBADF) and for too many (EINVAL).
    """
    rights = (_socket.SOL_SOCKET, _socket.SCM_RIGHTS, _native.pack_descriptors(fds))
    return sock.sendmsg(buffers, [rights], flags, address)


@standard
def recv_fds(
    sock: socket, bufsize: int, maxfds: int, flags: int = 0
) -> "tuple[bytes, list[int], int, Address]":
    """Receive up to `bufsize` bytes and `maxfds` descriptors: (data, [descriptors], `MSG_*` flags, address).

    The descriptors are not inheritable (PEP 446), and the caller's to close. The kernel closes those beyond `maxfds`,
    with MSG_CTRUNC in the flags. What else came along is left out. `flags`, address and errors are those of recvmsg(2),
    by which it is done.
    """
    # Plain numbers: arithmetic with an enumeration's members takes longer than the call.
    close_on_exec = _socket.MSG_CMSG_CLOEXEC
    flags = int(flags)
    receive = sock.recvmsg
    data, ancillary, result, address = receive(bufsize, _socket.CMSG_LEN(maxfds * _INT), flags | close_on_exec)
    try:
        fds = _wanted(receive, ancillary)
        if not flags & close_on_exec:
            result &= ~close_on_exec  # the kernel gives the flag back
        return data, fds, result, address
    except BaseException:  # no memory, or a signal: nobody will know the descriptors
        _native.close_received(receive, ancillary)
        raise


# Not in the function itself: where memory runs out, Python 3.11 never reaches an exception's handler that begins after
# the 256th instruction, for which it needs a new int.
def _wanted(receive: "Callable[..., Any]", ancillary: "Received") -> "list[int]":
    """The descriptors that were sent; what else is one is closed."""
    fds: list[int] = []
    for level, kind, rights in ancillary:
        if level == _socket.SOL_SOCKET and kind == _socket.SCM_RIGHTS:
            fds += _native.unpack_descriptors(rights)
        elif level == _socket.SOL_SOCKET and kind == _SCM_PIDFD:
            _native.close_received(receive, [(level, _socket.SCM_RIGHTS, rights)])
    return fds
