"""Names resolved within a time: the functions of `berkeley.socket`, with a timeout, and many names at once."""

import berkeley.socket as namespace

from .. import _native
from .._standard.enums import FAMILIES, KINDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .._native import Host, InetAddress, Inet6Address, NamedRow, Port


class HostNameError(namespace.gaierror, UnicodeError):
    """A host name that IDNA (RFC 3490) refuses: no name server could know it. `errno` is EAI_NONAME.

    The standard module raises a UnicodeError alone, which `except OSError` misses; it is the cause of this one.
    """


def getaddrinfo(
    host: "Host",
    port: "Port",
    family: int = 0,
    type: int = 0,
    proto: int = 0,
    flags: int = 0,
    *,
    timeout: "float | None" = None,
) -> "list[NamedRow]":
    """`socket.getaddrinfo`, within `timeout` seconds, if given: TimeoutError then, which names the host.

    The caller goes on at once, at a signal whose handler raises too; the look-up itself, which libc cannot abandon, ends
    in a thread of its own. HostNameError for a host that IDNA refuses; other errors are those of `socket.getaddrinfo`.
    """
    try:
        with _native.deadline(timeout):
            return namespace.getaddrinfo(host, port, family, type, proto, flags)
    except UnicodeError as error:
        raise HostNameError(namespace.EAI_NONAME, f"{host!r} is no host name: {error}") from error


def getaddrinfo_as_completed(
    hosts: "Iterable[Host]",
    port: "Port",
    family: int = 0,
    type: int = 0,
    proto: int = 0,
    flags: int = 0,
    *,
    timeout: "float | None" = None,
) -> "Iterator[tuple[Host, list[NamedRow] | OSError]]":
    """(host, rows) for each of the hosts, the first answer first, as getaddrinfo() gives it; or (host, its error).

    All are asked for at once, as many as lookup_limit() allows. After `timeout` seconds, which begin with the call,
    what has no answer yet has a TimeoutError.
    """
    until = _native.moment(timeout)
    begun = [_begun(host, port, family, type, proto, flags) for host in hosts]
    return _as_completed(begun, until)
