"""TLS within a deadline: `ssl` over our sockets, as it is where berkeley is installed. How: native/narrowed.pxi."""

from functools import wraps

from .. import _native

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, NoReturn

    Method = Callable[..., Any]


def bound(cls: "Any") -> None:
    """Have the methods of `ssl.SSLSocket` that wait in `_ssl` end with deadlines; its others go through these."""
    cls.read = _read(cls.read)
    cls.send = _send(cls.send)
    cls.write = _write(cls.write)
    cls.do_handshake = _do_handshake(cls.do_handshake)
    cls.unwrap = _unwrap(cls.unwrap)
    for name in _REFUSED:
        setattr(cls, name, _refused(name))


# What moves whole messages has none in a stream of TLS: as recvmsg() and sendmsg() of the class.
_REFUSED = ("recvmmsg", "recvmmsg_into", "sendmmsg", "send_segments")


def _refused(name: str) -> "Method":
    def refuse(self: "Any", *arguments: "Any", **named: "Any") -> "NoReturn":
        raise NotImplementedError(f"{name} not allowed on instances of {type(self)}")

    refuse.__name__ = name
    return refuse


# Each with the arguments that it has, so that it costs a call more, and no more.


def _read(method: "Method") -> "Method":
    @wraps(method)
    def read(self: "Any", len: int = 1024, buffer: "Any" = None) -> "Any":
        return _native.call_narrowed(method, False, self, len, buffer)

    return read


def _send(method: "Method") -> "Method":
    @wraps(method)
    def send(self: "Any", data: "Any", flags: int = 0) -> "Any":
        return _native.call_narrowed(method, False, self, data, flags)

    return send


def _write(method: "Method") -> "Method":
    @wraps(method)
    def write(self: "Any", data: "Any") -> "Any":
        return _native.call_narrowed(method, False, self, data)

    return write


def _do_handshake(method: "Method") -> "Method":
    @wraps(method)
    def do_handshake(self: "Any", block: bool = False) -> None:
        _native.call_narrowed(method, block, self, block)

    return do_handshake


def _unwrap(method: "Method") -> "Method":
    @wraps(method)
    def unwrap(self: "Any") -> "Any":
        return _native.call_narrowed(method, False, self)

    return unwrap
