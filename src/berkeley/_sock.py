"""The class `socket.socket`: the native type with its Python face."""

import os

import berkeley.socket as namespace

from . import _native, _sendfile
from ._enums import FAMILIES, KINDS
from ._files import makefile
from ._standard import standard_class

TYPE_CHECKING = False
if TYPE_CHECKING:
    import io
    from typing import NoReturn


@standard_class
class socket(_native.socket):  # noqa: N801
    """A socket of the given family (AF_*), type (SOCK_*) and protocol; or the socket of the descriptor `fileno`.

    With `fileno`, what is not given is asked of the kernel. The descriptor is not inheritable. Close the socket, or
    use it in a `with` statement: one that is only forgotten warns (ResourceWarning).
    """

    __slots__ = ["__weakref__"]

    def __getstate__(self) -> "NoReturn":
        raise TypeError(f"cannot pickle {self.__class__.__name__!r} object")

    family = _native.EnumAttribute("family", FAMILIES, "The address family, a member of AddressFamily.")
    type = _native.EnumAttribute("type", KINDS, "The type, a member of SocketKind.")

    def makefile(
        self,
        mode: str = "r",
        buffering: "int | None" = None,
        *,
        encoding: "str | None" = None,
        errors: "str | None" = None,
        newline: "str | None" = None,
    ) -> "io.IOBase":
        """A file object over the socket; the arguments are those of open(), and modes are made of "r", "w" and "b".

        The socket should block or have a timeout; after a timeout the file cannot be read any more. Closing the file
        leaves the socket open, and closing the socket leaves the file usable.
        """
        return makefile(self, mode, buffering, encoding, errors, newline)

    sendfile = _sendfile.sendfile
    _sendfile_use_sendfile = _sendfile._sendfile_use_sendfile
    _sendfile_use_send = _sendfile._sendfile_use_send
    _check_sendfile_params = _sendfile._check_sendfile_params

    def get_inheritable(self) -> bool:
        """Can the descriptor be inherited by programs that this one executes?"""
        return os.get_inheritable(self.fileno())

    def set_inheritable(self, inheritable: bool) -> None:
        """Let programs that this one executes inherit the descriptor, or not."""
        os.set_inheritable(self.fileno(), inheritable)


_native.adorn(socket, vars(namespace))
