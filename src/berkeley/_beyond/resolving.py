"""Names resolved within a time: the functions of `berkeley.socket`, with a timeout, and many names at once."""

import os

import berkeley.socket as namespace

from .. import _native
from .addresses import with_address

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
        host = arguments[0]
        if not _refused(host):
            raise
        # As the look-ups themselves have it: getaddrinfo() that of what is connected to, the others the host.
        address = tuple(arguments[:2]) if call is namespace.getaddrinfo else host
        raise with_address(_host_name_error(host, error), address) from error


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

    All are asked for at once, each in a thread of its own, as many as set_lookup_limit() lets. What has no answer when
    `timeout` seconds are over, or those of configure()'s `resolve_timeout`, counted from the call, has a TimeoutError,
    whether it is under way or still waits for its turn. A resolver of the program's own (set_resolver()) and
    configure()'s pins are not asked. In a forked child, what was under way is asked for again. The errors have the
    `address` (host, port).
    """
    from .settings import configure

    bounds = timeout, configure()["resolve_timeout"]
    until = min(filter(None, map(_native.moment, bounds)), default=0)
    arguments = port, family, type, proto, flags
    return _as_completed([(host, _lookup(host, *arguments)) for host in hosts], arguments, until)


def _lookup(host: "Host", *arguments: "Any") -> "_native.Lookup | OSError":
    try:
        return _native.Lookup(host, *arguments)
    except UnicodeError as error:
        if not _refused(host):
            raise
        return _host_name_error(host, error)


def _as_completed(
    lookups: "list[tuple[Host, _native.Lookup | OSError]]", arguments: "tuple[Any, ...]", until: int
) -> "Iterator[tuple[Host, list[NamedRow] | OSError]]":

    waiting = lookups[::-1]
    begun: list[tuple[Host, _native.Lookup]] = []
    process = os.getpid()
    while (waiting or begun) and _is_time_left(until):
        seen = _native.lookups_ended()
        if process != os.getpid():
            process = os.getpid()
            waiting += [(host, _lookup(host, *arguments)) for host, lookup in begun[::-1] if not lookup.done]
            begun = [each for each in begun if each[1].done]
        # Asked before each one: where turns are given back as fast, there is no end to it else.
        while waiting and _is_time_left(until):
            host, lookup = waiting[-1]
            try:
                if isinstance(lookup, OSError):
                    raise lookup
                if not lookup.begin():
                    break
                begun.append((host, lookup))
            except OSError as error:
                yield host, with_address(error, (host, arguments[0]))
            waiting.pop()
        ended = [(each, each[1].done) for each in begun]
        begun = [each for each, done in ended if not done]
        for (host, lookup), done in ended:
            if done:
                yield host, _rows(lookup, (host, arguments[0]))
        if (waiting or begun) and process == os.getpid():
            _native.await_lookup(seen, until)
    for host, lookup in begun:
        yield host, _rows(lookup, (host, arguments[0])) if lookup.done else _late(host, arguments[0])
    for host, _ in waiting[::-1]:
        yield host, _late(host, arguments[0])


def _is_time_left(until: int) -> bool:
    """Also where there is nothing to wait for: one that has ended is enough."""
    return _native.await_lookup(_native.lookups_ended() - 1, until)


def _late(host: "Host", port: "Port") -> TimeoutError:
    return with_address(TimeoutError(f"timed out looking up {host!r}"), (host, port))


def _rows(lookup: "_native.Lookup", address: "tuple[Host, Port]") -> "list[NamedRow] | OSError":
    from .._standard.enums import FAMILIES, KINDS

    try:
        return lookup.rows(FAMILIES, KINDS)
    except OSError as error:
        return with_address(error, address)
