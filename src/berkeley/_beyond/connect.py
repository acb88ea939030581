"""Connections within a time, whatever the host's addresses do: Happy Eyeballs (RFC 8305)."""

import os
from errno import EADDRNOTAVAIL, EAFNOSUPPORT, EHOSTUNREACH, ENETUNREACH
from operator import index

import berkeley.socket as namespace

from .. import _native
from .._standard.connecting import exception_group
from .._standard.enums import SocketKind
from . import resolving
from .addresses import check_port, with_address
from .attempts import Attempts, check_delay, interleaved, is_answer
from .methods import keepalive_options

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    from _typeshed import StrOrBytesPath

    from .._native import Host, Port, ToAddress
    from .attempts import Row

    Option = tuple[int, int, Any] | tuple[int, int, None, int]

# What a machine answers that has no IPv6, or no IPv4: it says nothing of the host.
_NO_WAY = {EADDRNOTAVAIL, EAFNOSUPPORT, EHOSTUNREACH, ENETUNREACH}

_FAMILY_OF_LEVEL = {namespace.IPPROTO_IP: namespace.AF_INET, namespace.IPPROTO_IPV6: namespace.AF_INET6}
_INT = 2**31 - 1  # the largest
_LONGEST_NAME = 15  # bytes of an interface's name: the kernel cuts longer ones (IFNAMSIZ, netdevice(7))


def connect(
    address: "tuple[Host, Port] | StrOrBytesPath",
    *,
    timeout: "float | None" = None,
    family: int = 0,
    type: int = SocketKind.SOCK_STREAM,
    source_address: "ToAddress | None" = None,
    happy_eyeballs_delay: "float | None" = 0.25,
    options: "Iterable[Option]" = (),
    keepalive: "bool | tuple[int, int, int] | None" = None,
    nodelay: "bool | None" = None,
    bind_to_device: "str | bytes | None" = None,
) -> "namespace.socket":
    """A socket that is connected to (host, port), or to the Unix path, within `timeout` seconds altogether.

    The host's addresses are tried as RFC 8305 says (Happy Eyeballs): IPv6 and IPv4 by turns, that of the resolver's
    first address first; each `happy_eyeballs_delay` seconds after the one before, or as soon as one fails. The first
    connection is returned, the others are closed. With a delay of None, an address is tried when the one before has
    failed. `family` (`AF_INET`, `AF_INET6`) narrows the addresses, as does a numeric `source_address`. A path that is
    longer than an address holds (107 bytes, unix(7)) is for connect_unix().

    `timeout` covers the look-up of the name and all attempts; None is getdefaulttimeout(), and if that is None or 0,
    the kernel's and the resolver's own. It does not stay on the socket, which has the timeout of a new one.

    Set before connecting: `keepalive`, True or (idle seconds, seconds between probes, probes); `nodelay`; the name of
    the interface `bind_to_device` (socket(7), tcp(7)); the `options`, each a tuple of setsockopt()'s arguments, those
    of IPPROTO_IP and IPPROTO_IPV6 on sockets of that family; then `source_address`, to bind to.

    TimeoutError where the time is over; else OSError, of the class and errno of the answers where they agree, those
    that only tell of a missing route or family left aside: ConnectionRefusedError, FileNotFoundError. Its text has each
    address that was tried and its answer; its `__cause__` is an ExceptionGroup (Python 3.10: that of the package
    exceptiongroup) of the answers, each with its `address`. gaierror where the host has no address, HostNameError for
    what is no name; ValueError, TypeError for bad arguments. Audited (PEP 578) as `socket.getaddrinfo`, and for each
    attempt, as it begins, `socket.__new__`, `socket.bind` with a source, `socket.connect`: a hook that raises ends all.
    """
    check_delay(happy_eyeballs_delay)
    target = _target(address)
    settings = [*_settings(keepalive, nodelay, bind_to_device), *_checked(options)]
    if not isinstance(target, tuple):
        if family not in (0, namespace.AF_UNIX):
            raise ValueError(f"{target!r} is a Unix path, and family {family!r}")
        if (keepalive, nodelay, bind_to_device) != (None, None, None):
            raise ValueError("keepalive, nodelay and bind_to_device are not for Unix paths")
    else:
        check_port(target[1], 0)
        if source_address:
            family = _narrowed(family, _source(source_address))
    if timeout is None:
        timeout = namespace.getdefaulttimeout() or None
    with _native.deadline(timeout) as limit:
        rows = _rows(target, family, type)
        if happy_eyeballs_delay is not None:
            rows = interleaved(rows)
        attempts = Attempts(rows, _preparation(settings, source_address), happy_eyeballs_delay)
        try:
            sock = attempts.first(limit.remaining)
            if sock is None:
                raise _failure(target, attempts)
            return sock
        finally:
            attempts.errors.clear()  # an error's traceback leads here, and from here to the error


def _target(address: "tuple[Host, Port] | StrOrBytesPath") -> "tuple[Host, Port] | str | bytes":
    if isinstance(address, (str, bytes, os.PathLike)):
        return os.fspath(address)
    try:
        host, port = address
    except (TypeError, ValueError):
        raise TypeError(f"an address is (host, port) or a Unix path, not {address!r}") from None
    return host, port


def _source(source_address: "ToAddress") -> "tuple[Any, ...]":
    """The same; what bind() would say against it in each attempt, it says before there is one."""
    if not isinstance(source_address, tuple) or not 2 <= len(source_address) <= 4:
        raise TypeError(f"source_address must be a tuple (host, port), not {source_address!r}")
    host, port, *more = source_address
    if not isinstance(host, (str, bytes, bytearray)) or not all(hasattr(each, "__index__") for each in (port, *more)):
        raise TypeError(f"source_address must be of a host and a number, not {source_address!r}")
    check_port(port, 0)
    return source_address


def _narrowed(family: int, source_address: "tuple[Any, ...]") -> int:
    """The family of the addresses that can be reached from there: the source's, where that is numeric."""
    for own in namespace.AF_INET, namespace.AF_INET6:
        try:
            namespace.inet_pton(own, str(source_address[0]).partition("%")[0])
        except OSError:
            continue
        if family not in (0, own):
            raise ValueError(f"source_address {source_address!r} is not of family {family!r}")
        return own
    return family


def _rows(target: "tuple[Host, Port] | str | bytes", family: int, type: int) -> "list[Row]":
    if not isinstance(target, tuple):
        return [(namespace.AF_UNIX, type, 0, "", target)]
    try:
        rows = resolving.getaddrinfo(*target, family, type)
        if not rows:
            raise OSError(f"{_shown(target)} has no address: getaddrinfo returns an empty list")
    except OSError as error:
        with_address(error, target)
        raise
    return [*rows]


# --- what is set before connecting


def _settings(
    keepalive: "bool | tuple[int, int, int] | None", nodelay: "bool | None", device: "str | bytes | None"
) -> "Iterator[Option]":
    if keepalive is not None:
        yield from _keepalive(keepalive)
    if nodelay is not None:
        yield namespace.IPPROTO_TCP, namespace.TCP_NODELAY, int(bool(nodelay))
    if device is not None:
        name = os.fsencode(device)
        if not 1 <= len(name) <= _LONGEST_NAME or b"\0" in name:
            raise ValueError(f"no interface is named {device!r}")
        yield namespace.SOL_SOCKET, namespace.SO_BINDTODEVICE, name


def _keepalive(keepalive: "bool | tuple[int, int, int]") -> "list[tuple[int, int, int]]":
    if isinstance(keepalive, bool):
        return [(namespace.SOL_SOCKET, namespace.SO_KEEPALIVE, int(keepalive))]
    if not isinstance(keepalive, tuple) or len(keepalive) != 3:
        raise TypeError(f"keepalive must be True, False or (idle, interval, count), not {keepalive!r}")
    return keepalive_options(*keepalive)


def _checked(options: "Iterable[Option]") -> "Iterator[Option]":
    for option in options:
        if not isinstance(option, tuple) or len(option) not in (3, 4):
            raise TypeError(f"each of the options must be a tuple (level, option, value), not {option!r}")
        value: Any = option[2]
        length = option[3:]
        numbers = [*option[:2], *length]
        try:
            if length:
                if value is not None:
                    raise TypeError("a length goes with None")
            elif hasattr(value, "__index__"):
                numbers.append(value)
            else:
                memoryview(value)  # it has bytes
            if not all(-_INT - 1 <= index(number) <= _INT for number in numbers):
                raise ValueError(f"option {option!r}: no int of C holds that")
        except TypeError as error:
            raise TypeError(f"option {option!r} is not what setsockopt() takes: {error}") from error
        yield option


def _preparation(settings: "list[Option]", source_address: "ToAddress | None") -> "Callable[[namespace.socket], None]":
    def prepare(sock: "namespace.socket") -> None:
        for option in settings:
            if _FAMILY_OF_LEVEL.get(option[0], sock.family) == sock.family:
                _told(sock.setsockopt, *option)
        if source_address:
            _told(sock.bind, source_address)

    return prepare


def _told(call: "Callable[..., object]", *arguments: "Any") -> None:
    """Make the call; the system's error says which it was, since it is not about the address of the attempt."""
    refused = _native.audits_refused()
    try:
        call(*arguments)
    except OSError as error:
        if isinstance(error, namespace.gaierror) or error.errno is None or not is_answer(error, refused):
            raise
        words = ", ".join(map(repr, arguments))
        raise OSError(error.errno, f"{error.strerror}: {call.__name__}({words})") from None


# --- what an error says


def _failure(target: "tuple[Host, Port] | str | bytes", attempts: Attempts) -> OSError:
    """What the failed attempts come to, in one line and one class."""
    errors = [*attempts.errors]
    answers = [f"{_shown(error.address)}: {error.strerror or error}" for error in errors]  # type: ignore[attr-defined]
    answers += [f"{_shown(row[4])}: not tried" for row in attempts.rows]
    text = _shown(target)
    text = answers[0] if answers[0].startswith(f"{text}: ") else f"{text} ({'; '.join(answers)})"
    codes = {None if isinstance(error, namespace.gaierror) else error.errno for error in errors}
    codes = codes - _NO_WAY or codes
    failure: OSError
    if any(type(error) is TimeoutError and error.errno is None for error in errors):
        failure = TimeoutError(f"timed out connecting to {text}")
    elif len(codes) == 1 and None not in codes:
        failure = OSError(*codes, f"could not connect to {text}")
    else:
        failure = OSError(f"could not connect to {text}")
    failure.__cause__ = exception_group(str(failure.strerror or failure), errors)
    return with_address(failure, target)


def _shown(address: "Any") -> str:
    if not isinstance(address, tuple):
        return repr(address)
    host, port, *more = (part.decode(errors="replace") if isinstance(part, bytes) else part for part in address)
    if len(more) > 1 and more[1]:
        host = f"{host}%{more[1]}"
    text = f"[{host}]:{port}" if ":" in str(host) else f"{host}:{port}"
    return text if text.isprintable() else ascii(text)
