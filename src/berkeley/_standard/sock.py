"""The class `socket.socket`: the native type with its Python face."""

import os

from .. import _native
from . import files as _files
from . import sendfile as _sendfile
from . import standard_class
from .enums import FAMILIES, KINDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn


class _Beyond:
    """A method of `_beyond/methods.py`: that is loaded when one of them is asked for, which then is in this place."""

    def __set_name__(self, owner: "type[socket]", name: str) -> None:
        self.owner, self.name = owner, name

    def __get__(self, sock: "socket | None", cls: "type[socket]") -> "Any":
        from .._beyond import methods

        method = getattr(methods, self.name)
        setattr(self.owner, self.name, method)
        return method.__get__(sock, cls)


@standard_class
class socket(_native.socket):  # noqa: N801
    """A socket of a family (`AF_*`), type (`SOCK_*`) and protocol, by socket(2); or that of the descriptor `fileno`.

    The defaults are AF_INET, SOCK_STREAM and 0, which is the protocol that goes with the two. With `fileno` the
    descriptor itself becomes the socket's, and what is not given is asked of the kernel. The descriptor is not
    inheritable (PEP 446). Close the socket, or use it in a `with` statement: one that is only forgotten warns
    (ResourceWarning). OSError where the kernel has no such socket (EAFNOSUPPORT, EPROTONOSUPPORT), wants a privilege
    (PermissionError) or `fileno` is no socket's (EBADF, ENOTSOCK). A new socket has the timeout that
    getdefaulttimeout() tells. Audited (PEP 578) as `socket.__new__`.

    An address has the form of its family: (host, port) for AF_INET; (host, port, flowinfo, scope_id) for AF_INET6,
    where the last two may be left out; a path for AF_UNIX, an abstract name being bytes that begin with NUL (ip(7),
    ipv6(7), unix(7)). Of a host that is a name the first of its addresses is taken; `""` is every interface,
    `"<broadcast>"` the broadcast address.

    A call that cannot be done at once waits as settimeout() says: without limit, or until TimeoutError, or not at all,
    with BlockingIOError. A signal does not end it, but what the signal's handler raises does (PEP 475). What the kernel
    refuses is OSError, or the subclass for its errno (PEP 3151); on a closed socket that is EBADF.
    """

    __slots__ = ["__weakref__"]

    def __init_subclass__(cls, **named: "Any") -> None:
        super().__init_subclass__(**named)
        if (cls.__module__, cls.__name__) == ("ssl", "SSLSocket"):
            from .._beyond import tls

            tls.bound(cls)

    def __getstate__(self) -> "NoReturn":
        raise TypeError(f"cannot pickle {self.__class__.__name__!r} object")

    family = _native.EnumAttribute(
        "family",
        FAMILIES,
        "The address family (socket(2)): a member of AddressFamily, or a number that is none's. Read-only.",
    )
    type = _native.EnumAttribute(
        "type",
        KINDS,
        "The type (socket(2)): a member of SocketKind, without SOCK_NONBLOCK and SOCK_CLOEXEC. Read-only.",
    )

    makefile = _files.makefile
    sendfile = _sendfile.sendfile
    _sendfile_zerocopy = _sendfile._sendfile_zerocopy
    _sendfile_use_sendfile = _sendfile._sendfile_use_sendfile
    _sendfile_use_send = _sendfile._sendfile_use_send
    _check_sendfile_params = _sendfile._check_sendfile_params

    # Beyond the standard class.
    recv_exactly = _Beyond()
    recv_until = _Beyond()
    is_alive = _Beyond()
    set_keepalive = _Beyond()
    peer_credentials = _Beyond()
    set_datagram_info = _Beyond()
    set_error_queue = _Beyond()
    recv_errors = _Beyond()

    def get_inheritable(self) -> bool:
        """Can the descriptor be inherited by programs that this one executes? A bool; at first False (PEP 446).

        That is, FD_CLOEXEC is not set (fcntl(2)). OSError (EBADF) once closed.
        """
        return os.get_inheritable(self.fileno())

    def set_inheritable(self, inheritable: bool) -> None:
        """Let programs that this one executes inherit the descriptor, or not (PEP 446).

        That is, clear or set FD_CLOEXEC (fcntl(2)). OSError (EBADF) once closed.
        """
        os.set_inheritable(self.fileno(), inheritable)
