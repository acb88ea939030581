"""File objects over sockets: what `socket.makefile` returns, and the raw file under it."""

import io

from .. import _native
from . import standard_class

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal

    from _typeshed import ReadableBuffer, WriteableBuffer

    from .sock import socket

    Mode = Literal["rb", "wb", "rwb"]


@standard_class
class SocketIO(io.RawIOBase):
    """The raw, unbuffered file of a socket, for reading ("r"), writing ("w") or both ("rw"): always bytes.

    Closing it gives back its share of the socket; the socket closes when it and all its files are closed. It is made by
    `socket.makefile`. ValueError for another mode, and for any use once closed; io.UnsupportedOperation for what the
    mode does not allow. See `io.RawIOBase` in Python's documentation for the methods that are not here.
    """

    _timeout_occurred = False

    if TYPE_CHECKING:
        # A socket until the file is closed, then None.
        @property
        def _sock(self) -> socket: ...
        @_sock.setter
        def _sock(self, sock: socket | None) -> None: ...

    def __init__(self, sock: "socket", mode: "Literal['r', 'w', 'rw'] | Mode") -> None:
        if mode not in ("r", "w", "rw", "rb", "wb", "rwb"):
            raise ValueError(f"invalid mode: {mode!r}")
        io.RawIOBase.__init__(self)
        self._sock = sock
        self._share = True  # of the socket
        self._mode: Mode = mode if "b" in mode else mode + "b"  # type: ignore[assignment]
        self._reading = "r" in mode
        self._writing = "w" in mode

    def readinto(self, b: "WriteableBuffer") -> "int | None":
        """Read into the buffer by recv(2): the count, 0 at the end, None where a non-blocking socket has nothing.

        TimeoutError after the socket's timeout; then every read fails (OSError): what the buffered layers above had
        taken may be lost. Other errors are those of recv_into().
        """
        self._checkClosed()
        self._checkReadable()  # type: ignore[attr-defined]
        if self._timeout_occurred:
            raise OSError("cannot read from timed out object")
        try:
            return self._sock.recv_into(b)
        except TimeoutError:
            self._timeout_occurred = True
            raise
        except BlockingIOError:
            return None

    def write(self, b: "ReadableBuffer") -> "int | None":
        """Write the buffer by send(2): how many bytes went out, None where a non-blocking socket has no room.

        They may be fewer than there are. Errors are those of send().
        """
        self._checkClosed()
        self._checkWritable()  # type: ignore[attr-defined]
        try:
            return self._sock.send(b)
        except BlockingIOError:
            return None

    def readable(self) -> bool:
        """Is it for reading? ValueError once closed."""
        if self.closed:
            raise ValueError("I/O operation on closed socket.")
        return self._reading

    def writable(self) -> bool:
        """Is it for writing? ValueError once closed."""
        if self.closed:
            raise ValueError("I/O operation on closed socket.")
        return self._writing

    def seekable(self) -> bool:
        """False: a socket has no position (ESPIPE, lseek(2)). ValueError once closed."""
        if self.closed:
            raise ValueError("I/O operation on closed socket.")
        return super().seekable()

    def fileno(self) -> int:
        """The socket's descriptor, for poll(2) and the like. ValueError once closed."""
        self._checkClosed()
        return self._sock.fileno()

    @property
    def name(self) -> int:
        """The descriptor's number; -1 once closed."""
        return -1 if self.closed else self.fileno()

    @property
    def mode(self) -> "Mode":
        """The mode, always binary: "rb", "wb" or "rwb"."""
        return self._mode

    def close(self) -> None:
        """Close the file, and the socket where it was closed before and this is its last file (close(2)).

        Closing twice is no error.
        """
        if self.closed:
            return
        try:
            # Of threads that close it at once, one goes on: io's own close() is no single step.
            del self._share
        except AttributeError:
            if "_sock" in vars(self):
                return
        io.RawIOBase.close(self)
        self._sock._decref_socketios()
        self._sock = None


def makefile(
    self: "socket",
    mode: str = "r",
    buffering: "int | None" = None,
    *,
    encoding: "str | None" = None,
    errors: "str | None" = None,
    newline: "str | None" = None,
    resumable: bool = False,
) -> "io.IOBase":
    """A file object over the socket; the arguments are those of open(), and modes are made of "r", "w" and "b".

    A SocketIO where `buffering` is 0, which takes a "b"; else, with a "b", a BufferedReader, BufferedWriter or, for
    "rw", BufferedRWPair; without, a TextIOWrapper. The socket should block or have a timeout; after a timeout the
    file cannot be read any more (OSError). Closing the file leaves the socket open, and closing the socket leaves
    the file usable. With `resumable`, a `berkeley.ResumableReader`, for the mode "rb" alone: it goes on after a
    timeout, and loses nothing. ValueError for other modes. See "Socket Objects" in Python's documentation.
    """
    if not set(mode) <= {"r", "w", "b"}:
        raise ValueError(f"invalid mode {mode!r} (only r, w, b allowed)")
    writing = "w" in mode
    reading = "r" in mode or not writing
    binary = "b" in mode
    if resumable and (writing or not binary or buffering == 0):
        raise ValueError(f"a resumable file is for reading bytes, buffered: not {mode!r} with buffering={buffering!r}")
    raw = SocketIO(self, "r" * reading + "w" * writing)  # type: ignore[arg-type]
    _native.hold(self)
    if buffering is None:
        buffering = -1
    if buffering < 0:
        buffering = io.DEFAULT_BUFFER_SIZE
    if buffering == 0:
        if not binary:
            raise ValueError("unbuffered streams must be binary")
        return raw
    if resumable:
        from .._beyond.reader import ResumableReader

        return ResumableReader(raw, buffering)
    if reading and writing:
        buffer: Any = io.BufferedRWPair(raw, raw, buffering)
    elif reading:
        buffer = io.BufferedReader(raw, buffering)
    else:
        buffer = io.BufferedWriter(raw, buffering)
    if binary:
        return buffer  # type: ignore[no-any-return]
    text = io.TextIOWrapper(buffer, io.text_encoding(encoding), errors, newline)  # type: ignore[attr-defined]
    text.mode = mode  # type: ignore[misc]
    return text
