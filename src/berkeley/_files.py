"""File objects over sockets: what `socket.makefile` returns, and the raw file under it."""

import io

from ._standard import standard_class


@standard_class
class SocketIO(io.RawIOBase):
    """The raw, unbuffered file of a socket, for reading ("r"), writing ("w") or both ("rw"): always bytes.

    Closing it gives back its share of the socket; the socket closes when it and all its files are closed.
    """

    def __init__(self, sock, mode):
        if mode not in ("r", "w", "rw", "rb", "wb", "rwb"):
            raise ValueError(f"invalid mode: {mode!r}")
        io.RawIOBase.__init__(self)
        self._sock = sock
        self._mode = mode if "b" in mode else mode + "b"
        self._reading = "r" in mode
        self._writing = "w" in mode
        self._timeout_occurred = False

    def readinto(self, b):
        """Read into the buffer: the count, 0 at the end, None where a non-blocking socket has nothing.

        After a timeout every read fails: what the buffered layers above had taken may be lost.
        """
        self._checkClosed()
        self._checkReadable()
        if self._timeout_occurred:
            raise OSError("cannot read from timed out object")
        try:
            return self._sock.recv_into(b)
        except TimeoutError:
            self._timeout_occurred = True
            raise
        except BlockingIOError:
            return None

    def write(self, b):
        """Write the buffer: how many bytes went out, None where a non-blocking socket has no room."""
        self._checkClosed()
        self._checkWritable()
        try:
            return self._sock.send(b)
        except BlockingIOError:
            return None

    def readable(self):
        if self.closed:
            raise ValueError("I/O operation on closed socket.")
        return self._reading

    def writable(self):
        if self.closed:
            raise ValueError("I/O operation on closed socket.")
        return self._writing

    def seekable(self):
        if self.closed:
            raise ValueError("I/O operation on closed socket.")
        return super().seekable()

    def fileno(self):
        """The socket's descriptor."""
        self._checkClosed()
        return self._sock.fileno()

    @property
    def name(self):
        """The descriptor's number; -1 once closed."""
        return -1 if self.closed else self.fileno()

    @property
    def mode(self):
        """The mode, always binary: "rb", "wb" or "rwb"."""
        return self._mode

    def close(self):
        """Close the file, and the socket where it was closed before and this is its last file."""
        if self.closed:
            return
        io.RawIOBase.close(self)
        self._sock._decref_socketios()
        self._sock = None


def makefile(sock, mode, buffering, encoding, errors, newline):
    """`socket.makefile`: the raw file, with the buffering and the text layer that the arguments ask for."""
    if not set(mode) <= {"r", "w", "b"}:
        raise ValueError(f"invalid mode {mode!r} (only r, w, b allowed)")
    writing = "w" in mode
    reading = "r" in mode or not writing
    binary = "b" in mode
    raw = SocketIO(sock, "r" * reading + "w" * writing)
    sock._io_refs += 1
    if buffering is None:
        buffering = -1
    if buffering < 0:
        buffering = io.DEFAULT_BUFFER_SIZE
    if buffering == 0:
        if not binary:
            raise ValueError("unbuffered streams must be binary")
        return raw
    if reading and writing:
        buffer = io.BufferedRWPair(raw, raw, buffering)
    elif reading:
        buffer = io.BufferedReader(raw, buffering)
    else:
        buffer = io.BufferedWriter(raw, buffering)
    if binary:
        return buffer
    text = io.TextIOWrapper(buffer, io.text_encoding(encoding, 3), errors, newline)
    text.mode = mode
    return text
