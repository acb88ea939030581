"""Unix sockets at paths: servers that replace what dead ones have left, and paths that are longer than an address."""

import errno
import fcntl
import os
from contextlib import contextmanager, suppress
from stat import S_ISREG, S_ISSOCK

import berkeley.socket as namespace

from .. import _native, _socket
from .._standard.enums import SocketKind
from .._standard.sock import socket
from .addresses import with_address

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    Path = str | bytes | os.PathLike[str] | os.PathLike[bytes]

_LONGEST = 107  # bytes in sun_path, with the NUL that ends it: unix(7)
_LONGEST_NAME = 254  # bytes of a file's name, behind a dot: NAME_MAX
# No name that others lock by, as PostgreSQL does by `.s.PGSQL.5432.lock`: it is removed, whoever has made it. Of names
# that are too long, those that begin alike share a lock: the one of two that comes while it is held is refused.
_LOCK = b".berkeley-lock"
# How open(2) refuses what else can be there: a symbolic link, a directory, a socket or a FIFO that nobody reads.
_NO_REGULAR_FILE = (errno.ELOOP, errno.EISDIR, errno.ENXIO)
_KINDS = (_socket.SOCK_STREAM, _socket.SOCK_SEQPACKET)


class UnixListener(socket):
    """A listening AF_UNIX socket at a path, as listen_unix() makes it.

    Closing it removes the file first, where that is still the one that it made (by device and inode), and where this
    process made it: a child process that closes its copy removes nothing. detach() leaves the file, and so does the
    end of the process; the next listen_unix() replaces it. A file that may not be removed stays. What accept() gives
    is a `socket.socket`; unix(7).
    """

    __module__ = "berkeley"

    path: "str | bytes | None" = None
    """Where it is, as it was given, however long; None of a duplicate, which has no part in the file."""

    _made: "tuple[int, str | bytes, os.stat_result]"  # by which process, where, and what; taken out to be removed

    def detach(self) -> int:
        """The descriptor, which stays open, and the file with it: socket.detach(), unix(7)."""
        vars(self).pop("_made", None)
        return super().detach()

    def _real_close(self, _ss: "type[_native.socket] | None" = None) -> None:
        process, *made = vars(self).pop("_made", (None,))
        if process == os.getpid():
            _remove(*made)
        # Only now. At a file that nobody listens at another may begin to listen; and as long as the socket is bound to
        # it, the kernel gives its inode's number to no other file.
        super()._real_close(_ss)


def listen_unix(
    path: "Path", *, backlog: "int | None" = None, mode: "int | None" = None, type: int = SocketKind.SOCK_STREAM
) -> UnixListener:
    """A server's socket at a path, bound and listening (unix(7)): a `UnixListener`, which removes its file when closed.

    A file there that a dead server has left is replaced. One at which a socket is alive, though it does not listen yet,
    never is: OSError (EADDRINUSE); nor is what is no socket: FileExistsError. Servers that begin at the same moment
    exclude each other by a lock, a file `.NAME.berkeley-lock` beside it, which is gone afterwards, and all but one get
    EADDRINUSE; a program that removes and binds without that lock can still come between. What has the lock's name, and
    is no regular file, is a FileExistsError, too: it is not waited for.

    `mode` is what the file's permissions are to be, such as 0o600, from before anybody can connect; without it they are
    what umask(2) leaves. `type` is SOCK_STREAM or SOCK_SEQPACKET, `backlog` that of listen(). The path may be longer
    than the 107 bytes of an address: the kernel gets a short one through /proc/self/fd, and getsockname() gives what it
    got. ValueError for another type or mode, and for a path that is empty or has a NUL, as abstract names have.
    OSErrors of bind(2) have the path as `filename` and `address`.
    """
    path = os.fspath(path)
    _check(path, type)
    if mode is not None and not 0 <= mode <= 0o777:
        raise ValueError(f"mode must be 0 to 0o777, not {mode!r}")
    listener = UnixListener(_socket.AF_UNIX, type)
    listener.path = path
    try:
        with _locked(path), _naming(path):
            _remove_stale(path)
            _bind(listener, path)
            listener._made = os.getpid(), os.path.abspath(path), os.lstat(path)
            if mode is not None:
                os.chmod(path, mode)  # until it listens, connections are refused
            listener.listen(*(() if backlog is None else (backlog,)))
    except BaseException:
        listener.close()
        raise
    return listener


def connect_unix(
    path: "Path", *, timeout: "float | None" = None, type: int = SocketKind.SOCK_STREAM
) -> "namespace.socket":
    """A socket that is connected to the server at a path, which may be longer than the 107 bytes of an address.

    A longer one the kernel gets through /proc/self/fd. `type` is SOCK_STREAM or SOCK_SEQPACKET. `timeout` is how many
    seconds it may wait for room in the server's backlog, and the socket keeps it, as create_connection() does.
    ValueError for another type, and for a path that is empty or has a NUL; OSErrors of connect(2) have the path as
    `filename` and `address`: ConnectionRefusedError where a dead server has left the file; TimeoutError, as `address`
    alone. See unix(7).
    """
    path = os.fspath(path)
    _check(path, type)
    sock = namespace.socket(_socket.AF_UNIX, type)
    try:
        if timeout is not None:
            sock.settimeout(timeout)
        with _naming(path):
            _connect(sock, path)
    except BaseException:
        sock.close()
        raise
    return sock


def _check(path: "str | bytes", kind: int) -> None:
    if not path or "\0" in os.fsdecode(path):
        raise ValueError(f"no path of a file: {path!r}")
    if kind not in _KINDS:
        raise ValueError(f"type must be SOCK_STREAM or SOCK_SEQPACKET, not {kind!r}")


@contextmanager
def _naming(path: "str | bytes") -> "Iterator[None]":
    """OSErrors of the block name the path as it was given, not what stands for it."""
    try:
        yield
    except OSError as error:
        if error.errno is not None:
            error.filename = path  # the text has it then; without a number, nothing else (OSError.__str__)
        with_address(error, path)
        raise


@contextmanager
def _locked(path: "str | bytes") -> "Iterator[None]":
    """Of all who ask here, in whichever process, nobody else is in such a block; EADDRINUSE where somebody is.

    Who may make files in the directory could hold the lock for ever, but could bind at the path, too.
    """
    folder, file = os.path.split(os.fsencode(path))
    name = os.path.join(folder, b"." + file[: _LONGEST_NAME - len(_LOCK)] + _LOCK)
    with _naming(path):
        while True:
            lock = _open_lock(name)
            try:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE)) from None
                if os.fstat(lock).st_nlink:
                    break
            except BaseException:
                os.close(lock)
                raise
            os.close(lock)  # who had it before has removed it meanwhile
    try:
        yield
    finally:
        with suppress(OSError):
            os.unlink(name)
        os.close(lock)


def _open_lock(name: bytes) -> int:
    """The lock file, made where there is none; FileExistsError for what is no regular file. It waits for nobody."""
    try:
        # O_NONBLOCK: opening a FIFO waits for who reads it, opening a regular file for nobody (fifo(7), open(2)).
        lock = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
    except OSError as error:
        if error.errno not in _NO_REGULAR_FILE or not os.path.lexists(name):
            raise
    else:
        if S_ISREG(os.fstat(lock).st_mode):
            return lock
        os.close(lock)
    raise FileExistsError(errno.EEXIST, f"the lock {os.fsdecode(name)!r} is no regular file")


def _remove_stale(path: "str | bytes") -> None:
    """Have nothing at the path; OSError where what is there must stay."""
    with suppress(FileNotFoundError):
        if not S_ISSOCK(os.lstat(path).st_mode):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
        if _is_bound(path):
            raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))
        os.unlink(path)


def _is_bound(path: "str | bytes") -> bool:
    """Is there a socket behind the file?

    It learns nothing of this: a datagram socket is refused at once by one of another type (EPROTOTYPE), listening or
    not, and where nobody has the file bound it is refused otherwise (ECONNREFUSED).
    """
    with socket(_socket.AF_UNIX, _socket.SOCK_DGRAM) as probe:
        refused = _native.audits_refused()
        try:
            _connect(probe, path)
        except ConnectionRefusedError:
            if _native.audits_refused() != refused:
                raise  # by an audit hook: the kernel was not asked
            return False
        except OSError as error:
            if error.errno != errno.EPROTOTYPE:
                raise
    return True


def _connect(sock: "socket", path: "str | bytes") -> None:
    if len(os.fsencode(path)) <= _LONGEST:
        sock.connect(path)
        return
    file = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        sock.connect(f"/proc/self/fd/{file}")
    finally:
        os.close(file)


def _bind(sock: "socket", path: "str | bytes") -> None:
    if len(os.fsencode(path)) <= _LONGEST:
        sock.bind(path)
        return
    folder, name = os.path.split(os.fsencode(path))
    directory = os.open(folder or b".", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        here = b"/proc/self/fd/%d/" % directory
        if len(here + name) <= _LONGEST:
            sock.bind(here + name)
            return
        # A name of up to 255 bytes, itself longer than an address: given to the file when it is there.
        short = b"." + os.urandom(8).hex().encode()
        sock.bind(here + short)
        try:
            os.link(short, name, src_dir_fd=directory, dst_dir_fd=directory)
        except FileExistsError:
            raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE)) from None
        finally:
            os.unlink(short, dir_fd=directory)
    finally:
        os.close(directory)


def _remove(path: "str | bytes", made: os.stat_result) -> None:
    with suppress(OSError):
        if os.path.samestat(os.lstat(path), made):
            os.unlink(path)
