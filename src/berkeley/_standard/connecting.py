"""Connections and servers in one call. What the program may have replaced is looked up in its namespace."""

import berkeley.socket as namespace

from .. import _native
from . import standard
from .enums import AddressFamily

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .._native import Address, Host, Port, ToAddress

_GLOBAL_DEFAULT_TIMEOUT: "Any" = object()


# What create_connection() does where it is not told: berkeley.configure().
_default_delay: "float | None" = None


def set_default_delay(delay: "float | None") -> None:
    """Have create_connection() try addresses side by side, `happy_eyeballs_delay` after one another; None: in turn."""
    global _default_delay
    _default_delay = delay


@standard
def create_connection(
    address: "tuple[Host, Port]",
    timeout: "float | None" = _GLOBAL_DEFAULT_TIMEOUT,
    source_address: "ToAddress | None" = None,
    *,
    all_errors: bool = False,
    happy_eyeballs_delay: "float | None" = None,
    deadline: "float | None" = None,
) -> "namespace.socket":
    """A TCP connection to (host, port): each address of the host is tried in turn, and the first to answer wins.

    The addresses are those of getaddrinfo(3), IPv6 and IPv4, in its order. `timeout` (seconds) holds for each attempt
    and stays on the socket; the default is getdefaulttimeout(). `source_address` is a (host, port) to bind to first.
    gaierror where the host has no address. Where all attempts fail, the last one's error is raised, as connect() has
    it: TimeoutError, ConnectionRefusedError, another OSError; with `all_errors`, an ExceptionGroup of them all.

    Beyond the standard module: with `happy_eyeballs_delay`, IPv6 and IPv4 are tried by turns, each address that many
    seconds after the one before, whose attempt goes on (RFC 8305; 0.25 is its advice). `deadline` is in seconds and
    covers the look-up of the name and all attempts. Errors of such attempts have the `address` that was tried.
    """
    host, port = address
    delay = _delay(happy_eyeballs_delay, timeout)
    if delay is not None or deadline is not None:
        return _within(deadline, host, port, timeout, source_address, all_errors, delay)
    return _in_turn(host, port, timeout, source_address, all_errors)


def _in_turn(
    host: "Host",
    port: "Port",
    timeout: "float | None",
    source_address: "ToAddress | None",
    all_errors: bool,
) -> "namespace.socket":
    errors: list[OSError] = []
    try:
        for family, kind, proto, _, target in namespace.getaddrinfo(host, port, 0, namespace.SOCK_STREAM):
            try:
                return _attempt(family, kind, proto, target, timeout, source_address)
            except OSError as error:
                if not all_errors:
                    errors.clear()
                errors.append(error)
        if not errors:
            raise OSError("getaddrinfo returns an empty list")
        if all_errors:
            raise exception_group("create_connection failed", errors)
        raise errors[0]
    finally:
        errors.clear()  # an error's traceback holds this frame, and this frame the error


def _within(
    deadline: "float | None",
    host: "Host",
    port: "Port",
    timeout: "float | None",
    source_address: "ToAddress | None",
    all_errors: bool,
    delay: "float | None",
) -> "namespace.socket":
    from .._beyond.attempts import Attempts, check_delay, interleaved  # only now: `select` comes with it

    check_delay(delay)
    limit = _limit(timeout)
    _native.moment(limit)  # its errors, before anything is looked up
    if limit == 0:
        raise ValueError("a non-blocking connection is not waited for: neither deadline nor happy_eyeballs_delay")

    def prepare(sock: "namespace.socket") -> None:
        sock.settimeout(limit)
        if source_address:
            sock.bind(source_address)

    with _native.deadline(deadline) as until:
        rows = namespace.getaddrinfo(host, port, 0, namespace.SOCK_STREAM)
        if not rows:
            raise OSError("getaddrinfo returns an empty list")
        attempts = Attempts(rows if delay is None else interleaved(rows), prepare, delay, limit)
        try:
            sock = attempts.first(until.remaining)
            if sock is not None:
                return sock
            if all_errors:
                raise exception_group("create_connection failed", attempts.errors)
            raise attempts.errors[-1]
        finally:
            attempts.errors.clear()


def _delay(given: "float | None", timeout: "float | None") -> "float | None":
    """What is given, or what the process has where an attempt waits."""
    if given is None and _default_delay is not None and _limit(timeout) != 0:
        return _default_delay
    return given


def _limit(timeout: "float | None") -> "float | None":
    return namespace.getdefaulttimeout() if timeout is _GLOBAL_DEFAULT_TIMEOUT else timeout


def _attempt(
    family: int,
    kind: int,
    proto: int,
    target: "Address",
    timeout: "float | None",
    source_address: "ToAddress | None",
) -> "namespace.socket":
    sock = namespace.socket(family, kind, proto)
    try:
        if timeout is not _GLOBAL_DEFAULT_TIMEOUT:
            sock.settimeout(timeout)
        if source_address:
            sock.bind(source_address)
        sock.connect(target)
    except BaseException:
        sock.close()
        raise
    return sock


def exception_group(message: str, errors: "list[OSError]") -> "Any":
    try:
        group: Any = ExceptionGroup  # type: ignore[name-defined]
    except NameError:  # Python 3.10. Imported only now: the package brings in the standard socket module
        from exceptiongroup import ExceptionGroup as group  # noqa: N813
    return group(message, errors)


@standard
def has_dualstack_ipv6() -> bool:
    """Can one TCP socket serve IPv4 and IPv6 here? (IPV6_V6ONLY, ipv6(7))

    A bool, for create_server(): False where the kernel makes no AF_INET6 socket. Nothing is raised.
    """
    try:
        with namespace.socket(namespace.AF_INET6, namespace.SOCK_STREAM) as sock:
            sock.setsockopt(namespace.IPPROTO_IPV6, namespace.IPV6_V6ONLY, 0)
            return True
    except OSError:
        return False


@standard
def create_server(
    address: "ToAddress",
    *,
    family: int = AddressFamily.AF_INET,
    backlog: "int | None" = None,
    reuse_port: bool = False,
    dualstack_ipv6: bool = False,
) -> "namespace.socket":
    """A TCP socket that listens at (host, port), with SO_REUSEADDR set (socket(7)).

    `family` is AF_INET or AF_INET6, a host of `""` every interface, port 0 one that the kernel chooses. `backlog` is
    that of listen(). `reuse_port` sets SO_REUSEPORT: several sockets share the port. `dualstack_ipv6` lets an AF_INET6
    server take IPv4 connections too, which it otherwise refuses; their addresses are like `"::ffff:192.0.2.1"`.
    ValueError where it takes another family, or the kernel cannot. OSError where the kernel refuses, as bind() has it,
    with the address in its text; gaierror for a host without an address.
    """
    if dualstack_ipv6:
        if not namespace.has_dualstack_ipv6():
            raise ValueError("dualstack_ipv6 not supported on this platform")
        if family != namespace.AF_INET6:
            raise ValueError("dualstack_ipv6 requires AF_INET6 family")
    sock = namespace.socket(family, namespace.SOCK_STREAM)
    try:
        _prepare_server(sock, family, reuse_port, dualstack_ipv6)
        _bind_server(sock, address)
        if backlog is None:
            sock.listen()
        else:
            sock.listen(backlog)
    except BaseException:
        sock.close()
        raise
    return sock


def _prepare_server(sock: "namespace.socket", family: int, reuse_port: bool, dualstack_ipv6: bool) -> None:
    try:
        # A port whose last connections linger in TIME_WAIT can be bound again.
        sock.setsockopt(namespace.SOL_SOCKET, namespace.SO_REUSEADDR, 1)
    except OSError:
        pass  # a family without it can still serve
    if reuse_port and family in (namespace.AF_INET, namespace.AF_INET6):
        sock.setsockopt(namespace.SOL_SOCKET, namespace.SO_REUSEPORT, 1)
    if family == namespace.AF_INET6:
        sock.setsockopt(namespace.IPPROTO_IPV6, namespace.IPV6_V6ONLY, 0 if dualstack_ipv6 else 1)


def _bind_server(sock: "namespace.socket", address: "ToAddress") -> None:
    try:
        sock.bind(address)
    except OSError as error:
        if error.errno is None or isinstance(error, _native.gaierror):
            raise  # not said by the kernel
        message = f"{error.strerror} (while attempting to bind on address {address!r})"
        failure = OSError(error.errno, message)
        failure.address = getattr(error, "address", None)  # type: ignore[attr-defined]
        raise failure from None
