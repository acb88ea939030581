"""Methods of `socket.socket` that the standard class has not. They go through the object's own `recv` and `getsockopt`.

So they are right for what derives from the class too, and reads or writes in ways of its own: `ssl.SSLSocket`.
"""

from operator import index

from .. import _native, _socket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

    from .._standard.sock import socket
    from .credentials import PeerCredentials
    from .datagrams import DatagramError

# The most that one call is to receive: a peer may announce more than it will ever send.
_BLOCK = 65536

# What the kernel takes: MAX_TCP_KEEPIDLE, MAX_TCP_KEEPINTVL, MAX_TCP_KEEPCNT (linux/tcp.h).
_KEEPALIVE = (
    ("idle", _socket.TCP_KEEPIDLE, 32767),
    ("interval", _socket.TCP_KEEPINTVL, 32767),
    ("count", _socket.TCP_KEEPCNT, 127),
)


class IncompleteReadError(EOFError):
    """The peer has ended before all of it was there; recv_exactly() and recv_until() raise it.

    `partial` is what has come, bytes; `expected` how many bytes there were to be, None where a separator was to end
    them. As `asyncio.IncompleteReadError` in Python's documentation.
    """

    __module__ = "berkeley"

    def __init__(self, partial: bytes, expected: "int | None") -> None:
        wanted = "bytes up to the separator" if expected is None else f"{expected} bytes"
        super().__init__(f"the peer has ended after {len(partial)} bytes, before all of the {wanted}")
        self.partial = partial
        self.expected = expected

    def __reduce__(self) -> "tuple[type, tuple[bytes, int | None]]":
        return type(self), (self.partial, self.expected)


class LimitOverrunError(Exception):
    """There is no separator in as many bytes as recv_until() may receive.

    `partial` is these bytes; `limit` their number. Compare `asyncio.LimitOverrunError` in Python's documentation.
    """

    __module__ = "berkeley"

    def __init__(self, partial: bytes, limit: int) -> None:
        super().__init__(f"no separator in {limit} bytes")
        self.partial = partial
        self.limit = limit

    def __reduce__(self) -> "tuple[type, tuple[bytes, int]]":
        return type(self), (self.partial, self.limit)


def recv_exactly(self: "socket", n: int) -> bytes:
    """Exactly `n` bytes of a stream, by as many recv(2) as that takes.

    The socket's timeout holds for each of them. Whatever exception ends it early has `partial`, the bytes that had
    come: they are taken from the stream, and the next call goes on after them. So after a TimeoutError nothing is
    lost: `error.partial + sock.recv_exactly(n - len(error.partial))`. That is IncompleteReadError (an EOFError) where
    the peer has ended; BlockingIOError on a socket that does not wait; else what recv() raises. ValueError for `n`
    below 0, and for a socket that is no stream. Memory is taken as data comes. `ssl.SSLSocket` has it too.
    """
    _check_stream(self)
    if n < 0:
        raise ValueError(f"n must not be negative: {n!r}")
    data = bytearray()
    before = _native.cancels(self)
    try:
        while len(data) < n:
            part = self.recv(min(n - len(data), _BLOCK))
            if len(part) == n:
                return part
            if not part:
                raise IncompleteReadError(bytes(data), n)
            data += part
            _native.check_cancels(self, before)
    except BaseException as error:
        _keep(error, data)
        raise
    return bytes(data)


def recv_until(self: "socket", separator: "ReadableBuffer", limit: int, *, partial: bytes = b"") -> bytes:
    r"""The bytes of a stream up to and with the separator, `limit` of them at most; nothing after it is received.

    The separator is bytes-like, b"\r\n" for one. What it receives it looks at first (recv(2), MSG_PEEK): two calls for
    what one would bring. Where recv() refuses that, as that of `ssl.SSLSocket` does, it receives no more than is
    missing of the separator at each time: a byte for each call where that is one byte, which `makefile` does faster.

    The socket's timeout holds for each call, and whatever exception ends it early has `partial`, as from
    recv_exactly(). To go on, give it back, since the separator may have begun in it: `partial=error.partial`. The
    result begins with it, and `limit` counts it. The exception is LimitOverrunError where the separator has not ended
    within `limit` bytes, IncompleteReadError (an EOFError) where the peer has ended; else what recv() raises.
    ValueError for a separator that is empty or longer than `limit`, and for a socket that is no stream.
    """
    _check_stream(self)
    separator = bytes(memoryview(separator))
    if not 0 < len(separator) <= limit:
        raise ValueError(f"the separator must have 1 to limit={limit!r} bytes, not {len(separator)}")
    data = bytearray(memoryview(partial))
    peeks = True
    before = _native.cancels(self)
    try:
        while not data.endswith(separator):
            room = min(limit - len(data), _BLOCK)
            if room <= 0:
                raise LimitOverrunError(bytes(data), limit)
            size = min(room, _missing(data, separator))
            if peeks:
                try:
                    size = _up_to(data, self.recv(room, _socket.MSG_PEEK), separator)
                except ValueError:
                    peeks = False  # ssl.SSLSocket takes no flags
            part = self.recv(size) if size else b""
            if not part:
                raise IncompleteReadError(bytes(data), None)
            data += part
            _native.check_cancels(self, before)
    except BaseException as error:
        _keep(error, data)
        raise
    return bytes(data)


def _keep(error: BaseException, data: bytearray) -> None:
    try:
        error.partial = bytes(data)  # type: ignore[attr-defined]
    except (AttributeError, TypeError):
        pass  # an exception that takes no attributes: what the program raises is its own


def _up_to(data: bytearray, seen: bytes, separator: bytes) -> int:
    """How much of what was seen there is up to the separator's end, or all of it; the separator may begin in `data`."""
    before = data[-(len(separator) - 1) :] if len(separator) > 1 else b""
    found = (before + seen).find(separator)
    return len(seen) if found < 0 else found + len(separator) - len(before)


def _missing(data: bytearray, separator: bytes) -> int:
    """How many bytes must still come, at the least, before the separator can have ended."""
    return next(count for count in range(1, len(separator) + 1) if data.endswith(separator[: len(separator) - count]))


def is_alive(self: "socket") -> bool:
    """Could the peer still send? A bool, without waiting, and without receiving anything.

    False once the peer has closed its end, or shut down its sending, or the connection was reset, as poll(2) tells by
    POLLRDHUP and POLLHUP; before the socket is connected; and once it is closed. What came before the end is there
    still: receive it. True for a listener, and for datagrams. Of `ssl.SSLSocket` it is the connection under it, and so
    holds whatever is decrypted already or is yet to be. A peer that has gone without a word (its power failed) the
    kernel learns of when it sends: see set_keepalive().
    """
    from select import POLLHUP, POLLNVAL, POLLRDHUP, poll

    number = self.fileno()
    if number < 0:
        return False
    poller = poll()
    poller.register(number, POLLRDHUP)
    return not any(events & (POLLRDHUP | POLLHUP | POLLNVAL) for _, events in poller.poll(0))


def set_keepalive(self: "socket", idle: int, interval: int, count: int) -> None:
    """Have the kernel ask whether the peer is there, after `idle` seconds of silence, again each `interval` seconds.

    After `count` questions without an answer the connection is over, and calls fail with TimeoutError (ETIMEDOUT): the
    options TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT and SO_KEEPALIVE of tcp(7) and socket(7). All are ints, of 1 to
    32767 s, and 1 to 127 questions, else ValueError; OSError (EOPNOTSUPP, ENOPROTOOPT) for a socket that is not TCP's.
    It begins once all three are taken; `setsockopt(SOL_SOCKET, SO_KEEPALIVE, 0)` ends it.
    """
    for option in keepalive_options(idle, interval, count):
        self.setsockopt(*option)


def keepalive_options(idle: int, interval: int, count: int) -> "list[tuple[int, int, int]]":
    """What set_keepalive() sets, as setsockopt() takes it, in that order. Errors are those of check_keepalive()."""
    values = check_keepalive(idle, interval, count)
    pairs = zip(_KEEPALIVE, values)  # noqa: B905  (there are three of each)
    options = [(_socket.IPPROTO_TCP, option, value) for (_, option, _), value in pairs]
    return [*options, (_socket.SOL_SOCKET, _socket.SO_KEEPALIVE, 1)]


def check_keepalive(idle: int, interval: int, count: int) -> "tuple[int, int, int]":
    """As ints. ValueError for what the kernel does not take, TypeError for what is no int."""
    for (name, _, most), value in zip(_KEEPALIVE, (idle, interval, count)):  # noqa: B905  (there are three of each)
        if not 1 <= value <= most:
            raise ValueError(f"{name} must be 1 to {most}, not {value!r}")
    return index(idle), index(interval), index(count)


def peer_credentials(self: "socket") -> "PeerCredentials":
    """Who is on the other side of an AF_UNIX connection: a named tuple (pid, uid, gid), by SO_PEERCRED of unix(7).

    They are those of the process that called connect(2), listen(2) or socketpair(2), at that time, and nobody can
    pretend to others; the process may have ended since, and its pid be another's. A pid is 0 where the process is not
    seen from here (pid_namespaces(7)). OSError where there is no such peer: ENOTCONN before it is connected,
    EOPNOTSUPP for other families.
    """
    from .credentials import unpack

    return unpack(self)


def set_datagram_info(self: "socket", enable: bool) -> int:
    """Have the kernel tell with each datagram what `berkeley.DatagramInfo` has: the `ancbufsize` for all of it, an int.

    Local address, interface, TOS and TTL for AF_INET and AF_INET6, what comes to the latter from IPv4 included; the
    time and the count of the lost for all families, as far as they have them (IP_PKTINFO and others of ip(7), ipv6(7);
    SO_TIMESTAMPNS, SO_RXQ_OVFL of socket(7)). In the size is room for UDP_GRO's message, and none for descriptors: add
    `CMSG_SPACE(4 * n)` to receive n of them. False switches all of it off, and gives 0. What the kernel lacks is left
    out; where it refuses anything for another reason (OSError) all is as before. ValueError for a stream.
    """
    from .datagrams import switch_info

    return switch_info(self, enable)


def set_error_queue(self: "socket", enable: bool) -> None:
    """Have the kernel keep the errors that come back for datagrams, for recv_errors().

    That is IP_RECVERR of ip(7), and IPV6_RECVERR of ipv6(7): an AF_INET6 socket has both. The next call on the socket
    raises such an error too, also on an unconnected one, which otherwise gets none. OSError (EOPNOTSUPP) for families
    other than AF_INET and AF_INET6; ValueError for a stream.
    """
    from .datagrams import switch_errors

    switch_errors(self, enable)


def recv_errors(self: "socket") -> "list[DatagramError]":
    """All that is in the socket's error queue, oldest first, without waiting: a list of `berkeley.DatagramError`.

    By recvmsg(2) with MSG_ERRQUEUE, whatever the timeout. What was pending as the socket's error with it (SO_ERROR) is
    gone, and is not raised by another call. Where MSG_ZEROCOPY or SO_TIMESTAMPING was asked for, their reports are
    there too. OSError where the family or protocol has no such queue (EOPNOTSUPP): there nothing is received.
    """
    from .datagrams import queued_errors

    return queued_errors(self)


def _check_stream(sock: "socket") -> None:
    if sock.type != _socket.SOCK_STREAM:
        raise ValueError(f"only for SOCK_STREAM: this socket keeps messages apart ({sock.type!r})")
