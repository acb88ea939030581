"""The methods by which a socket sends a whole file: sendfile(2), and reading and sending where that cannot be."""

import os
from errno import ECANCELED
from stat import S_ISREG

from .. import _native
from . import standard

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .sock import SendableFile, socket

# sendfile(2) moves at most 0x7ffff000 bytes; less than a whole GiB at once makes no difference.
_BLOCK = 2**30
_READ = 8192


@standard
class _GiveupOnSendfile(Exception):  # noqa: N818  (the standard module's name)
    """The file cannot go through sendfile(2); nothing was sent yet."""


def sendfile(self: "socket", file: "SendableFile", offset: int = 0, count: "int | None" = None) -> int:
    """Send the file from `offset`, to its end or at most `count` bytes: how many bytes went out.

    By sendfile(2) for a regular file whose size is known, else by reading and sending. The file must be binary, the
    socket a stream that blocks or has a timeout, which holds for each part: ValueError for others and for a `count`
    that is not above 0, TypeError for one that is no int. Errors are those of send(). On return, and after an error,
    the file's position tells what went out.
    """
    try:
        return self._sendfile_use_sendfile(file, offset, count)
    except _GiveupOnSendfile:
        return self._sendfile_use_send(file, offset, count)


def _sendfile_use_sendfile(
    self: "socket", file: "SendableFile", offset: int = 0, count: "int | None" = None
) -> int:
    """`sendfile` by sendfile(2) alone; _GiveupOnSendfile where the file cannot go that way."""
    before = _native.cancels(self)

    def send(source: int, offset: int, count: int) -> int:
        return _native.sendfile(self, source, offset, count, before)

    return self._sendfile_zerocopy(send, _GiveupOnSendfile, file, offset, count)


def _sendfile_zerocopy(
    self: "socket",
    zerocopy_func: "Callable[[int, int, int], int]",
    giveup_exc_type: "Callable[[object], Exception]",
    file: "Any",
    offset: int = 0,
    count: "int | None" = None,
) -> int:
    """`sendfile` by a function of (descriptor of the file, offset, length), which says how many bytes it has sent.

    What it cannot send at once, as BlockingIOError tells, is sent when there is room. `giveup_exc_type` is raised where
    the file cannot go that way. The standard `ssl` calls this where the kernel encrypts (Python 3.15).
    """
    self._check_sendfile_params(file, offset, count)
    try:
        source = file.fileno()
        status = os.fstat(source)
    except (AttributeError, OSError) as error:  # io.UnsupportedOperation is an OSError
        raise giveup_exc_type(error)  # noqa: B904  (a context, as the standard module's has, and no cause)
    size = status.st_size
    if not size:
        if not S_ISREG(status.st_mode) or _is_empty(source):
            return 0
        raise giveup_exc_type("its size is not known")
    _check_timeout(self)
    sent = 0
    try:
        while count is None or sent < count:
            left = size if count is None else count - sent
            try:
                part = zerocopy_func(source, offset, min(left, _BLOCK))
            except BlockingIOError:
                _await_room(self)
                continue
            except TimeoutError:
                raise
            except OSError as error:
                if sent or error.errno == ECANCELED or self.fileno() < 0:
                    raise
                raise giveup_exc_type(error)  # noqa: B904
            if not part:
                break
            offset += part
            sent += part
        return sent
    finally:
        if sent and hasattr(file, "seek"):
            file.seek(offset)


def _await_room(sock: "socket") -> None:
    """Wait until the socket can send; TimeoutError where its timeout ends first."""
    from select import POLLOUT, poll

    timeout = sock.gettimeout()
    poller = poll()
    poller.register(sock, POLLOUT)
    if not poller.poll(None if timeout is None else timeout * 1000):
        raise TimeoutError("timed out")


def _is_empty(source: int) -> bool:
    """Of a regular file whose size is 0: those of proc(5) have contents all the same."""
    try:
        return not os.pread(source, 1, 0)
    except OSError:
        return True


def _sendfile_use_send(self: "socket", file: "SendableFile", offset: int = 0, count: "int | None" = None) -> int:
    """`sendfile` by reading the file and sending what was read."""
    self._check_sendfile_params(file, offset, count)
    _check_timeout(self)
    if offset:
        file.seek(offset)
    before = _native.cancels(self)
    sent = 0
    try:
        while count is None or sent < count:
            block = memoryview(file.read(_READ if count is None else min(_READ, count - sent)))
            if not block:
                break
            while block:
                _native.check_cancels(self, before)
                part = self.send(block)
                sent += part
                block = block[part:]
        return sent
    finally:
        if sent and hasattr(file, "seek"):
            file.seek(offset + sent)


def _check_sendfile_params(self: "socket", file: "SendableFile", offset: int, count: "int | None") -> None:
    if "b" not in getattr(file, "mode", "b"):
        raise ValueError("file should be opened in binary mode")
    if not self.type & 1:  # SOCK_STREAM, as the standard module tests it
        raise ValueError("only SOCK_STREAM type sockets are supported")
    if count is not None:
        if not isinstance(count, int):
            raise TypeError(f"count must be a positive integer (got {count!r})")
        if count <= 0:
            raise ValueError(f"count must be a positive integer (got {count!r})")


def _check_timeout(sock: "socket") -> None:
    if sock.gettimeout() == 0:
        raise ValueError("non-blocking sockets are not supported")
