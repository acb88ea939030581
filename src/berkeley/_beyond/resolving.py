"""Names resolved within a time: the functions of `berkeley.socket`, with a timeout, and many names at once."""

import berkeley.socket as namespace

from .. import _native

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any, TypeVar

    from .._native import Host, NamedRow, Port

    Result = TypeVar("Result")


class HostNameError(namespace.gaierror, UnicodeError):
    """A host name that IDNA (RFC 3490) refuses: no name server could know it. `errno` is EAI_NONAME.

    The standard module raises a UnicodeError alone, which `except OSError` misses; it is the cause of this one.
    """


def _within(timeout: "float | None", call: "Callable[..., Result]", *arguments: "Any") -> "Result":
    try:
        with _native.deadline(timeout):
            return call(*arguments)
    except UnicodeError as error:
        if not _refused(arguments[0]):
            raise
        raise _host_name_error(arguments[0], error) from error


def _refused(host: object) -> bool:
    """Is it the host, of what cannot be encoded?"""
    try:
        str(host).encode("idna")
    except UnicodeError:
        return isinstance(host, str)
    return False


def _host_name_error(host: object, error: UnicodeError) -> HostNameError:
    return HostNameError(namespace.EAI_NONAME, f"{host!r} is no host name: {error}")


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
    """getaddrinfo(3), as `socket.getaddrinfo`, within `timeout` seconds, if given: TimeoutError then, naming the host.

    The caller goes on at once, at a signal whose handler raises too; the look-up itself, which libc cannot abandon,
    ends in a thread of its own. HostNameError for a host that IDNA refuses; other errors are those of
    `socket.getaddrinfo`, and gaierror (EAI_AGAIN) where no thread can be made.
    """
    return _within(timeout, namespace.getaddrinfo, host, port, family, type, proto, flags)


def getnameinfo(
    address: "tuple[str, int] | tuple[str, int, int] | tuple[str, int, int, int]",
    flags: int,
    *,
    timeout: "float | None" = None,
) -> "tuple[str, str]":
    """getnameinfo(3), as `socket.getnameinfo`, within `timeout` seconds, if given: see getaddrinfo()."""
    return _within(timeout, namespace.getnameinfo, address, flags)


def gethostbyname(hostname: "Host", *, timeout: "float | None" = None) -> str:
    """getaddrinfo(3), as `socket.gethostbyname`, within `timeout` seconds, if given: see getaddrinfo()."""
    return _within(timeout, namespace.gethostbyname, hostname)


def gethostbyname_ex(hostname: "Host", *, timeout: "float | None" = None) -> "tuple[str, list[str], list[str]]":
    """gethostbyname_r(3), as `socket.gethostbyname_ex`, within `timeout` seconds, if given: see getaddrinfo()."""
    return _within(timeout, namespace.gethostbyname_ex, hostname)


def gethostbyaddr(ip_address: "Host", *, timeout: "float | None" = None) -> "tuple[str, list[str], list[str]]":
    """gethostbyaddr_r(3), as `socket.gethostbyaddr`, within `timeout` seconds, if given: see getaddrinfo()."""
    return _within(timeout, namespace.gethostbyaddr, ip_address)


def getfqdn(name: str = "", *, timeout: "float | None" = None) -> str:
    """As `socket.getfqdn`, by gethostbyaddr_r(3); a name not resolved within `timeout` seconds is returned as it is."""
    return _within(timeout, namespace.getfqdn, name)


# --- many names


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
    """getaddrinfo(3) for each of the hosts, the first answer first: (host, rows as getaddrinfo() gives), or its error.

    All are asked for at once, each in a thread of its own, as many as set_lookup_limit() lets. After `timeout` seconds,
    which begin with the call, what has no answer yet has a TimeoutError. A resolver of the program's own
    (set_resolver()) is not asked.
    """
    until = _native.moment(timeout)
    return _as_completed([(host, _lookup(host, port, family, type, proto, flags)) for host in hosts], until)


def _lookup(host: "Host", *arguments: "Any") -> "_native.Lookup | OSError":
    try:
        return _native.Lookup(host, *arguments)
    except UnicodeError as error:
        if not _refused(host):
            raise
        return _host_name_error(host, error)


def _as_completed(
    lookups: "list[tuple[Host, _native.Lookup | OSError]]", until: int
) -> "Iterator[tuple[Host, list[NamedRow] | OSError]]":

    waiting = lookups[::-1]
    begun: list[tuple[Host, _native.Lookup]] = []
    seen = _native.lookups_ended()
    # Asked before each round, and not only where there is something to wait for: is there time left?
    while (waiting or begun) and _native.await_lookup(seen - 1 if waiting else seen, until):
        seen = _native.lookups_ended()
        while waiting:
            host, lookup = waiting[-1]
            try:
                if isinstance(lookup, OSError):
                    raise lookup
                if not lookup.begin():
                    break
                begun.append((host, lookup))
            except OSError as error:
                yield host, error
            waiting.pop()
        ended = [(each, each[1].done) for each in begun]
        begun = [each for each, done in ended if not done]
        for (host, lookup), done in ended:
            if done:
                yield host, _rows(lookup)
    for host, _ in [*begun, *waiting[::-1]]:
        yield host, TimeoutError(f"timed out looking up {host!r}")


def _rows(lookup: "_native.Lookup") -> "list[NamedRow] | OSError":
    from .._standard.enums import FAMILIES, KINDS

    try:
        return lookup.rows(FAMILIES, KINDS)
    except OSError as error:
        return error
