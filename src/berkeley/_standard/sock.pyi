"""The class `socket.socket`, with the methods of the base type."""

# The standard class, which ours derives from for type checkers alone: a function that wants a `socket.socket`, as
# `SSLContext.wrap_socket` and `loop.sock_recv` do, takes ours at run time, and should in the eyes of a checker.
import socket as standard
from collections.abc import Callable, Iterable
from io import BufferedReader, BufferedRWPair, BufferedWriter, IOBase, TextIOWrapper
from typing import Any, Literal, NoReturn, Protocol, SupportsIndex, TypeAlias, overload, type_check_only

from _typeshed import ReadableBuffer
from typing_extensions import Self

from .. import _native
from .._beyond.credentials import PeerCredentials
from .._beyond.datagrams import DatagramError
from .._beyond.reader import ResumableReader
from .enums import AddressFamily, SocketKind
from .files import SocketIO

_Base: TypeAlias = type[_native.socket]
_ReadMode: TypeAlias = Literal["b", "rb", "br"]
_WriteMode: TypeAlias = Literal["wb", "bw"]
_BothMode: TypeAlias = Literal["rwb", "rbw", "wrb", "wbr", "brw", "bwr"]

@type_check_only
class SendableFile(Protocol):
    """What `socket.sendfile` sends: with a `fileno` by sendfile(2)."""

    def read(self, size: int, /) -> bytes: ...
    def seek(self, offset: int, /) -> object: ...

# What it overrides in a way that no derived class should: its enumerations and raw files are not the standard module's.
class socket(_native.socket, standard.socket):
    def __init__(
        self, family: int = -1, type: int = -1, proto: int = -1, fileno: SupportsIndex | None = None
    ) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *args: object) -> None: ...
    def __getstate__(self) -> NoReturn: ...
    @property
    def family(self) -> AddressFamily:  # type: ignore[override]
        """The address family (socket(2)): a member of AddressFamily, or a number that is none's. Read-only."""
    @property
    def type(self) -> SocketKind:  # type: ignore[override]
        """The type (socket(2)): a member of SocketKind, without SOCK_NONBLOCK and SOCK_CLOEXEC. Read-only."""
    def accept(self) -> tuple[socket, _native.Address]:
        """accept4(2): (a new socket for the connection, the peer's address).

        The new socket is a `socket.socket`, not inheritable (PEP 446). It has the default timeout where there is one,
        and blocks otherwise, whatever the mode of this one. The address has the form of the socket's family.
        BlockingIOError where nobody waits and the socket does not either, TimeoutError after the timeout; OSError
        before listen() (EINVAL) and where the process has no descriptor left (EMFILE).
        """
    def dup(self) -> Self:
        """A socket of the same class for the same connection, on a descriptor of its own: fcntl(2) F_DUPFD_CLOEXEC.

        It is not inheritable (PEP 446), and has the timeout of this one. Both are to be closed. OSError for a closed
        socket (EBADF) and where the process has no descriptor left (EMFILE).
        """
    def cancel(self) -> int:
        """End the calls that other threads are in with this socket: how many were woken. The socket stays open.

        They raise OSError (ECANCELED), unless they have a result already; calls that begin later are not touched. That
        is for accept(), connect(), recv(), send() and their kin, also where makefile()'s files make them; a connection
        that was to be made goes on in the kernel. Called by a signal's handler, it ends the call that the handler
        interrupts. Not woken are calls inside `ssl`, select(2) and epoll(7), and threads that block all signals in a
        call without a timeout. It returns when the woken have left.
        """
    def recvmmsg(
        self, count: SupportsIndex, bufsize: SupportsIndex, ancbufsize: SupportsIndex = 0, flags: int = 0
    ) -> list[tuple[bytes, _native.Received, int, _native.Address]]:
        """recvmmsg(2): the datagrams that are there, `count` at most (1 to 1024), one at least: a list of tuples.

        Each is (up to `bufsize` bytes, ancillary data, flags, address), as recvmsg() gives it. It waits for the first,
        as settimeout() says, and takes what else there is; with MSG_PEEK it is one. At the end of a SOCK_SEQPACKET
        connection all are empty. Descriptors that come are not inheritable. An error that waits on the socket comes
        before data. Errors are those of recvmsg(); ValueError for a SOCK_STREAM socket, which keeps no messages apart,
        for numbers out of range, and where datagrams come joined (set_coalescing()) for fewer than 65535 bytes.
        """
    def recvmmsg_into(self, batch: _native.DatagramBatch, flags: int = 0) -> int:
        """recvmmsg(2) into a `berkeley.DatagramBatch`: how many datagrams came, one at least; it holds these then.

        What it held before is gone, and descriptors are closed that nobody has taken from it. BufferError while a view
        of a slot lives, RuntimeError while another thread receives into it. Else as recvmmsg().
        """
    def sendmmsg(self, messages: Iterable[_native.Message], flags: int = 0) -> int:
        """sendmmsg(2): how many of the messages were sent, the first ones.

        `messages` is an iterable of bytes-like objects, tuples (bytes-like[, ancdata[, address]]), as for sendmsg(),
        and slots of batches; or a `berkeley.DatagramBatch`. As `ancdata`, a `berkeley.DatagramInfo` will do. All are
        looked at, audited and their hosts looked up before the first is sent. More than 1024 take several calls. Fewer
        are sent where there is no room for more, and where one fails: that is an error if it is the first, and else
        that of the next call that begins with it. What a network answers later may be lost so; IP_RECVERR (ip(7)) keeps
        it. An exception of a signal's handler has the count as `messages_sent`. Errors are those of sendmsg();
        ValueError for a SOCK_STREAM socket. Audited (PEP 578) as `socket.sendmsg`, once for each.
        """
    def send_segments(
        self,
        data: ReadableBuffer,
        segment_size: SupportsIndex,
        address: _native.ToAddress | None = None,
        flags: int = 0,
    ) -> int:
        """Send `data` as datagrams of `segment_size` bytes, the last one shorter: how many bytes were sent.

        UDP_SEGMENT (udp(7)): the kernel cuts it, up to 64 segments for each call, and makes no fragments: OSError
        (EMSGSIZE) for a segment that the route does not take whole. Where the kernel does not cut, see
        segments_in_kernel(), each is a sendmsg(2) of its own, and may go in fragments (IP_MTU_DISCOVER of ip(7)).
        Without data it is one empty datagram, and 0. The count is of whole segments; it is less than all where a
        timeout, or an error, comes after the first ones. An exception of a signal's handler has it as `bytes_sent`.
        ValueError for a SOCK_STREAM socket and for a size out of 1 to 65535. Errors are those of sendmsg(). Audited
        (PEP 578) as `socket.sendmsg`, once.
        """
    def segments_in_kernel(self) -> bool:
        """Does the kernel cut what send_segments() sends (UDP_SEGMENT, udp(7))? A bool.

        Not for other protocols than UDP, nor on old kernels. It may turn out when it is tried: some devices cannot
        (EIO). From then on it is False for this socket.
        """
    def set_coalescing(self, enable: bool, /) -> bool:
        """Have the kernel join datagrams of one sender as they come, or not: is it so now? A bool.

        UDP_GRO (udp(7)). A DatagramBatch of 65535 bytes for each slot and an `ancbufsize` of 24 at least receives
        them, and `slot.segments()` parts them again; a smaller buffer would lose all but the first, and recv() gives
        them in one piece. False where the kernel has no such thing for this socket.
        """
    def close(self) -> None:
        """Close the socket: close(2), now, or when the last file that makefile() made is closed.

        Closing twice is no error. Once it is closed, calls fail with OSError (EBADF), those too that other threads are
        in, and fileno() is -1. The peer gets what was sent before, then the end; where a child process has the
        connection too, only shutdown() ends it. OSError where close(2) fails, except that the peer has reset the
        connection.
        """
    def detach(self) -> int:
        """The descriptor, which stays open; the object is closed from then on, and its fileno() is -1.

        The number is the caller's to close, with close() of this module or close(2), or to give to a new
        `socket(fileno=n)`; it is -1 where the socket was closed already.
        """
    @overload  # type: ignore[override]
    def makefile(
        self,
        mode: _ReadMode,
        buffering: int | None = None,
        *,
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
        resumable: Literal[True],
    ) -> ResumableReader: ...
    @overload
    def makefile(
        self,
        mode: _ReadMode | _WriteMode | _BothMode,
        buffering: Literal[0],
        *,
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
        resumable: Literal[False] = False,
    ) -> SocketIO: ...
    @overload
    def makefile(
        self,
        mode: _BothMode,
        buffering: Literal[-1, 1] | None = None,
        *,
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
        resumable: Literal[False] = False,
    ) -> BufferedRWPair: ...
    @overload
    def makefile(
        self,
        mode: _ReadMode,
        buffering: Literal[-1, 1] | None = None,
        *,
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
        resumable: Literal[False] = False,
    ) -> BufferedReader: ...
    @overload
    def makefile(
        self,
        mode: _WriteMode,
        buffering: Literal[-1, 1] | None = None,
        *,
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
        resumable: Literal[False] = False,
    ) -> BufferedWriter: ...
    @overload
    def makefile(
        self,
        mode: _ReadMode | _WriteMode | _BothMode,
        buffering: int,
        *,
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
        resumable: Literal[False] = False,
    ) -> IOBase: ...
    @overload
    def makefile(  # pyright: ignore[reportIncompatibleMethodOverride]
        self,
        mode: Literal["r", "w", "rw", "wr", ""] = "r",
        buffering: int | None = None,
        *,
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
        resumable: Literal[False] = False,
    ) -> TextIOWrapper: ...
    def sendfile(self, file: SendableFile, offset: int = 0, count: int | None = None) -> int: ...
    def _sendfile_zerocopy(
        self,
        zerocopy_func: Callable[[int, int, int], int],
        giveup_exc_type: Callable[[object], Exception],
        file: Any,
        offset: int = 0,
        count: int | None = None,
    ) -> int: ...
    def _sendfile_use_sendfile(self, file: SendableFile, offset: int = 0, count: int | None = None) -> int: ...
    def _sendfile_use_send(self, file: SendableFile, offset: int = 0, count: int | None = None) -> int: ...
    def _check_sendfile_params(self, file: SendableFile, offset: int, count: int | None) -> None: ...
    # Of these, CPython's own modules and other packages know.
    @property
    def _closed(self) -> bool: ...
    @_closed.setter
    def _closed(self, value: bool) -> None: ...
    @property
    def _io_refs(self) -> int: ...
    @_io_refs.setter
    def _io_refs(self, value: int) -> None: ...
    def _real_close(self, _ss: _Base | None = None) -> None: ...
    def _decref_socketios(self) -> None: ...
    def get_inheritable(self) -> bool: ...
    def set_inheritable(self, inheritable: bool) -> None: ...
    # Beyond the standard class.
    def recv_exactly(self, n: int) -> bytes: ...
    def recv_until(self, separator: ReadableBuffer, limit: int, *, partial: bytes = b"") -> bytes: ...
    def is_alive(self) -> bool: ...
    def set_keepalive(self, idle: int, interval: int, count: int) -> None: ...
    def peer_credentials(self) -> PeerCredentials: ...
    def set_datagram_info(self, enable: bool) -> int: ...
    def set_error_queue(self, enable: bool) -> None: ...
    def recv_errors(self) -> list[DatagramError]: ...
