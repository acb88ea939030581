"""The class `socket.socket`: the native type with its Python face."""

import os

import berkeley.socket as namespace

from . import _native, _sendfile
from ._enums import FAMILIES, KINDS
from ._files import makefile
from ._standard import standard_class


@standard_class
class socket(_native.socket):  # noqa: N801
    """A socket of the given family (AF_*), type (SOCK_*) and protocol; or the socket of the descriptor `fileno`.

    With `fileno`, what is not given is asked of the kernel. The descriptor is not inheritable. Close the socket, or
    use it in a `with` statement: one that is only forgotten warns (ResourceWarning).
    """

    __slots__ = ["__weakref__", "_closed", "_io_refs"]

    def __init__(self, family=-1, type=-1, proto=-1, fileno=None):
        if fileno is None:
            if family == -1:
                family = namespace.AF_INET
            if type == -1:
                type = namespace.SOCK_STREAM
            if proto == -1:
                proto = 0
        _native.socket.__init__(self, family, type, proto, fileno)
        self._io_refs = 0
        self._closed = False

    def __enter__(self):
        return self

    def __exit__(self, *args):
        if not self._closed:
            self.close()

    def __repr__(self):
        """The descriptor, what kind of socket it is, and its addresses where it has them."""
        closed = getattr(self, "_closed", False)
        text = (
            f"<{self.__class__.__module__}.{self.__class__.__qualname__}{' [closed]' if closed else ''}"
            f" fd={self.fileno()}, family={self.family!s}, type={self.type!s}, proto={self.proto}"
        )
        if not closed:
            for name, call in (("laddr", self.getsockname), ("raddr", self.getpeername)):
                try:
                    address = call()
                except OSError:
                    continue  # not bound, not connected, or closed underneath
                if address:
                    text += f", {name}={address}"
        return text + ">"

    def __getstate__(self):
        raise TypeError(f"cannot pickle {self.__class__.__name__!r} object")

    family = _native.EnumAttribute("family", FAMILIES, "The address family, a member of AddressFamily.")
    type = _native.EnumAttribute("type", KINDS, "The type, a member of SocketKind.")

    def accept(self):
        """accept4(2): (a new socket for the connection, the peer's address).

        The new socket is not inheritable. It has the default timeout where there is one, and blocks otherwise,
        whatever the mode of this one.
        """
        fd, address = self._accept()
        return wrap(namespace.socket, fd, self.family, self.type, self.proto), address

    def dup(self):
        """A socket of the same class for the same connection, on a descriptor of its own, not inheritable."""
        fd = _native.dup(self.fileno())
        if self.__class__ is socket:
            return _made(fd, self.family, self.type, self.proto, self)
        sock = self.__class__(self.family, self.type, self.proto, fileno=fd)
        sock.settimeout(self.gettimeout())
        return sock

    def makefile(self, mode="r", buffering=None, *, encoding=None, errors=None, newline=None):
        """A file object over the socket; the arguments are those of open(), and modes are made of "r", "w" and "b".

        The socket should block or have a timeout; after a timeout the file cannot be read any more. Closing the file
        leaves the socket open, and closing the socket leaves the file usable.
        """
        return makefile(self, mode, buffering, encoding, errors, newline)

    sendfile = _sendfile.sendfile
    _sendfile_use_sendfile = _sendfile._sendfile_use_sendfile
    _sendfile_use_send = _sendfile._sendfile_use_send
    _check_sendfile_params = _sendfile._check_sendfile_params

    def close(self):
        """Close the socket: close(2), now, or when the last file that makefile() made is closed."""
        self._closed = True
        if self._io_refs <= 0:
            self._real_close()

    def detach(self):
        """The descriptor, which stays open; the object is closed from then on."""
        self._closed = True
        return _native.socket.detach(self)

    def get_inheritable(self):
        """Can the descriptor be inherited by programs that this one executes?"""
        return os.get_inheritable(self.fileno())

    def set_inheritable(self, inheritable):
        """Let programs that this one executes inherit the descriptor, or not."""
        os.set_inheritable(self.fileno(), inheritable)

    # ssl.SSLSocket overrides the first, uvloop calls the second and counts in `_io_refs` itself.

    def _real_close(self):
        _native.socket.close(self)

    def _decref_socketios(self):
        if self._io_refs > 0:
            self._io_refs -= 1
        if self._closed:
            self.close()


def wrap(cls, fd, family, type, proto):
    """A socket of the class for a descriptor that the kernel has just made, and whose kind is known.

    `cls` is `socket.socket` as the program sees it: programs and test tools replace it. A class that is not ours is
    called as its users expect, and asks the kernel.
    """
    return _made(fd, family, type, proto) if cls is socket else cls(family, type, proto, fileno=fd)


def _made(fd, family, type, proto, like=None):
    sock = _native.adopt(socket, fd, family, type, proto, like)
    sock._io_refs = 0
    sock._closed = False
    return sock
