"""The file that `socket.makefile` gives with `resumable=True`: after a timeout it goes on, and nothing is lost."""

import io
import sys
from operator import index

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    from .._standard.files import SocketIO


class ResumableReader(io.BufferedIOBase):
    """A buffered file for reading the bytes of a socket, which goes on after a timeout.

    The methods are those of `io.BufferedReader` in Python's documentation, but that they raise what recv() raises,
    where that would give None or less: TimeoutError after the socket's timeout, BlockingIOError on a socket that does
    not wait. What had come by then stays in the file, and the same call, or another one, goes on with it: a read
    gives all that it was asked for, or nothing is taken. It is made by `socket.makefile` with `resumable=True`.
    """

    __module__ = "berkeley"

    def __init__(self, raw: "SocketIO", buffer_size: int) -> None:
        self.raw = raw
        self._size = buffer_size
        self._buffer = bytearray()

    def read(self, size: "int | None" = -1, /) -> bytes:
        """`size` bytes, or fewer where the peer has ended; all until then, if it is None or below 0."""
        self._check()
        most = _most(size)
        while len(self._buffer) < most and self._fill():
            pass
        return self._take(most)

    def read1(self, size: int = -1, /) -> bytes:
        """What is there, `size` bytes at most, by one recv(2) where there is nothing yet; b"" at the end."""
        self._check()
        most = self._size if index(size) < 0 else size
        if most and not self._buffer:
            self._fill(most)
        return self._take(most)

    def peek(self, size: int = 0, /) -> bytes:
        """What is there, without taking it, by one recv(2) where there is nothing yet; b"" at the end."""
        self._check()
        if not self._buffer:
            self._fill()
        return bytes(self._buffer)

    def readline(self, size: "int | None" = -1, /) -> bytes:
        r"""The bytes up to and with b"\n", `size` of them at most if that is not below 0, or all until the end."""
        self._check()
        most = _most(size)
        searched = 0
        while not (end := self._buffer.find(b"\n", searched) + 1) and len(self._buffer) < most:
            searched = len(self._buffer)
            if not self._fill():
                break
        return self._take(min(end or len(self._buffer), most))

    def readlines(self, hint: "int | None" = -1, /) -> "list[bytes]":
        """The lines until the end, or until more than `hint` bytes are in them, if that is above 0."""
        lines: list[bytes] = []
        count = 0
        try:
            for line in self:
                lines.append(line)
                count += len(line)
                if hint is not None and 0 < hint < count:
                    break
        except BaseException:
            self._buffer[:0] = b"".join(lines)
            raise
        return lines

    def readable(self) -> bool:
        """True. ValueError once closed."""
        return self.raw.readable()

    def fileno(self) -> int:
        """The socket's descriptor, for poll(2) and the like, which know nothing of what is in the file already."""
        return self.raw.fileno()

    @property
    def name(self) -> int:
        """The descriptor's number; -1 once closed."""
        return self.raw.name

    @property
    def mode(self) -> "Literal['rb', 'wb', 'rwb']":
        """The mode, "rb"."""
        return self.raw.mode

    def close(self) -> None:
        """Close the file, and with it the socket, where that was closed before and this is its last file (close(2)).

        What was received and not read is gone. Closing twice is no error.
        """
        super().close()
        self.raw.close()

    def _check(self) -> None:
        if self.closed:
            raise ValueError("I/O operation on closed file.")

    def _fill(self, size: int = 0) -> bool:
        """Receive once, as much as the buffer's size or more; False at the end."""
        part = self.raw._sock.recv(max(size, self._size))
        self._buffer += part
        return bool(part)

    def _take(self, size: int) -> bytes:
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken


def _most(size: "int | None") -> int:
    """How many bytes a read is to give at most: no bound, where `size` is None or below 0."""
    return sys.maxsize if size is None or index(size) < 0 else size
