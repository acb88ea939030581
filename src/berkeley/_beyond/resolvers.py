"""Resolvers of a program's own, in front of the system's: for the process, or for a context."""

from _thread import allocate_lock
from contextvars import ContextVar
from os import register_at_fork
from time import monotonic

import berkeley.socket as namespace

from .. import _native

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from types import TracebackType
    from typing import Any, Protocol, TypeAlias

    Row: TypeAlias = "tuple[int, int, int, str, tuple[Any, ...]]"
    Port: TypeAlias = "str | bytes | int | None"

    class Ask(Protocol):
        """getaddrinfo(), by what is below."""

        def __call__(
            self, host: str, port: Port, family: int = 0, type: int = 0, proto: int = 0, flags: int = 0, /
        ) -> list[Row]: ...

    Resolver: TypeAlias = "Callable[[Ask, str, Port, int, int, int, int], Iterable[Row]]"


_DOTS = "\u3002\uff0e\uff61"  # between labels, as "." is: RFC 3490, section 3.1


# The numbers behind the host: port; of IPv6 also flowinfo and scope_id, which may be left out.
_LARGEST: "dict[int, tuple[int, ...]]" = {
    namespace.AF_INET: (0xFFFF,),
    namespace.AF_INET6: (0xFFFF, 0xFFFFF, 0xFFFFFFFF),
}


class _Process:
    resolver: "Resolver | None" = None
    pinned: "Resolver | None" = None  # below it


_changing = allocate_lock()
register_at_fork(after_in_child=_changing._at_fork_reinit)  # type: ignore[attr-defined]


def set_resolver(resolver: "Resolver | None") -> "Resolver | None":
    """Have all names of the process looked up by `resolver`, or None: by the system's alone. The one that there was.

    It is called as `resolver(ask, host, port, family, type, proto, flags)`, with the arguments of getaddrinfo(), for
    each host name that getaddrinfo(), gethostbyname(), connect() and their kin are to resolve; not for numeric hosts.
    `host` is a str, international names in their ASCII form (RFC 3490), bytes beyond ASCII as surrogates (PEP 383). It
    gives what getaddrinfo() would, or raises: gaierror for a host that there is not. `ask(host, port, family, type,
    proto, flags)` is what is below: the system's getaddrinfo(3). An auditing hook sees what the program asks for, and
    what is asked of the system.
    """
    if not (resolver is None or callable(resolver)):
        raise TypeError(f"a resolver is called, which a {type(resolver).__name__} cannot be")
    return _replace("resolver", resolver)


def set_pinned(resolver: "Resolver | None") -> None:
    """The one between the process's and the system's, that configure() sets."""
    _replace("pinned", resolver)


def _replace(name: str, resolver: "Resolver | None") -> "Resolver | None":
    """In an order in which a signal's handler that raises leaves a count that is too high, and never one too low."""
    with _changing:
        _native.layer_lookups(_layers, resolver is not None)
        previous: Resolver | None = getattr(_Process, name)
        setattr(_Process, name, resolver)
        _native.layer_lookups(_layers, -(previous is not None))
    return previous


class resolver:  # noqa: N801 - used as a function is, in `with`
    """Have the names that are looked up in a `with` block looked up by a resolver: see set_resolver().

    It holds in this thread, or, under asyncio and the like, in this context (PEP 567), and no longer than the block.
    Its `ask` is the one around it, or set_resolver()'s. Used once.
    """

    __slots__ = ("_layer", "_resolve")

    def __init__(self, resolve: "Resolver", /) -> None:
        self._layer: _Layer | None = None  # not entered yet
        if not callable(resolve):
            raise TypeError(f"a resolver is called, which a {type(resolve).__name__} cannot be")
        self._resolve = resolve

    def __enter__(self) -> "resolver":
        if self._layer is not None:
            raise RuntimeError("a resolver is entered once")
        _native.layer_lookups(_layers, 1)
        self._layer = _Layer(self._resolve, _first_open(_innermost.get()))
        _innermost.set(self._layer)
        return self

    def __exit__(
        self, kind: "type[BaseException] | None", error: "BaseException | None", traceback: "TracebackType | None", /
    ) -> None:
        """Left out of order, or in another context, it ends all the same, and alone."""
        self._leave()

    def __del__(self) -> None:
        """A signal's handler can raise between __enter__() and the block, and then nobody leaves it."""
        self._leave()

    def _leave(self) -> None:
        layer: _Layer | None = getattr(self, "_layer", None)  # none where __init__() has raised
        if layer is None or not layer.close():
            return
        _native.layer_lookups(_layers, -1)
        if _innermost.get() is layer:
            _innermost.set(_first_open(layer.around))


class _Layer:
    """What contexts hold of a resolver: so nothing keeps one that its `with` has lost."""

    __slots__ = ("_turns", "around", "resolve")

    def __init__(self, resolve: "Resolver", around: "_Layer | None") -> None:
        self.resolve, self.around = resolve, around
        self._turns = [None]

    @property
    def open(self) -> bool:
        return bool(self._turns)

    def close(self) -> bool:
        """Is it closed by this call? Of two threads that do, by one."""
        try:
            self._turns.pop()
        except IndexError:
            return False
        return True


def _first_open(one: "_Layer | None") -> "_Layer | None":
    while one is not None and not one.open:
        one = one.around
    return one


_innermost: "ContextVar[_Layer | None]" = ContextVar("berkeley.resolver", default=None)


def _layers(host: str, port: "Port", family: int, type: int, proto: int, flags: int) -> "list[Row] | None":
    """What the resolvers that are in force here make of it; None where there are none."""
    within = []
    around = _innermost.get()
    while around is not None:
        if around.open:
            within.append(around.resolve)
        around = around.around
    within += [each for each in (_Process.resolver, _Process.pinned) if each is not None]
    if not within:
        return None
    ask: Ask = _native.getaddrinfo_of_system
    for resolve in reversed(within):
        ask = _asking(resolve, ask)
    return ask(host, port, family, type, proto, flags)


def _asking(resolve: "Resolver", below: "Ask") -> "Ask":
    def ask(host: str, port: "Port", family: int = 0, type: int = 0, proto: int = 0, flags: int = 0, /) -> "list[Row]":
        return _checked(resolve(below, host, port, family, type, proto, flags), resolve)

    return ask


def _checked(rows: "Iterable[Row]", resolve: "Resolver") -> "list[Row]":
    """Rows of numbers and numeric hosts, as getaddrinfo(3) gives them."""
    try:
        rows = [(int(family), int(kind), int(proto), name, address) for family, kind, proto, name, address in rows]
        for family, _kind, _proto, name, address in rows:
            host, *numbers = address
            namespace.inet_pton(family, host.partition("%")[0])
            largest = _LARGEST[family][: len(numbers)]
            if not (isinstance(address, tuple) and isinstance(name, str) and len(numbers) == len(largest) > 0):
                raise TypeError(address)
            pairs = zip(numbers, largest)  # noqa: B905  (as many, as was seen)
            if not all(isinstance(number, int) and 0 <= number <= most for number, most in pairs):
                raise TypeError(address)
    except (TypeError, ValueError, AttributeError, OSError) as error:
        raise TypeError(f"the resolver {resolve!r} gave no rows such as getaddrinfo() gives: {error}") from error
    if not rows:
        raise namespace.gaierror(namespace.EAI_NONAME, f"the resolver {resolve!r} gave no address")
    return rows


# --- some that most programs want


def pin(hosts: "Mapping[str, str | Iterable[str]]") -> "Resolver":
    """A resolver that answers for `hosts`, each with a numeric address or several, and asks for all others.

    Names are the same in capitals, and with a dot at the end; ValueError for an international one that IDNA (RFC 3490)
    refuses. gaierror where no address is of the family asked for.
    """
    pinned: dict[str, list[str]] = {}
    for name, addresses in hosts.items():
        host = _canonical(as_asked(name))
        pinned[host] = [addresses] if isinstance(addresses, str) else [*addresses]
        if not pinned[host]:
            raise ValueError(f"no address for {name!r}")
        for address in pinned[host]:
            _native.getaddrinfo_of_system(address, None, 0, 0, 0, namespace.AI_NUMERICHOST)  # a clear error, and now

    def resolve(ask: "Ask", host: str, port: "Port", family: int, type: int, proto: int, flags: int) -> "list[Row]":
        addresses = pinned.get(_canonical(host))
        if addresses is None:
            return ask(host, port, family, type, proto, flags)
        rows: list[Row] = []
        errors: list[Exception] = []
        for address in addresses:
            try:
                rows += _native.getaddrinfo_of_system(
                    address, port, family, type, proto, flags | namespace.AI_NUMERICHOST
                )
            except namespace.gaierror as error:
                errors.append(error)
        if not rows:
            raise errors[-1]
        return rows

    return resolve


def refuse(*hosts: str) -> "Resolver":
    """A resolver that knows none of `hosts`, names or patterns such as `"*.example.org"`, and asks for all others.

    It raises the gaierror (EAI_NONAME) of a host that there is not. Names are the same in capitals, and with a dot at
    the end; ValueError for an international one that IDNA (RFC 3490) refuses, or that has a pattern in such a label.
    """
    from fnmatch import fnmatchcase

    patterns = [_canonical(as_asked(host)) for host in hosts]

    def resolve(ask: "Ask", host: str, port: "Port", family: int, type: int, proto: int, flags: int) -> "list[Row]":
        if any(fnmatchcase(_canonical(host), pattern) for pattern in patterns):
            raise namespace.gaierror(namespace.EAI_NONAME, f"{host} is refused")
        return ask(host, port, family, type, proto, flags)

    return resolve


class cache:  # noqa: N801 - made as the others here are
    """A resolver that keeps what was answered for `seconds`, of the last `size` questions. Errors are not kept."""

    def __init__(self, seconds: float, *, size: int = 1000) -> None:
        if not (seconds > 0 and size > 0):
            raise ValueError("a cache keeps something for some time")
        self._seconds, self._size = seconds, size
        self._kept: dict[tuple[Any, ...], tuple[float, list[Row]]] = {}

    def __call__(
        self, ask: "Ask", host: str, port: "Port", family: int, type: int, proto: int, flags: int
    ) -> "list[Row]":
        question = _canonical(host), port, family, type, proto, flags
        until, rows = self._kept.get(question, (0, []))
        if monotonic() < until:
            return rows
        rows = ask(host, port, family, type, proto, flags)
        # Without a lock, which a forked child or a signal's handler could find taken: single operations on a dict.
        self._kept.pop(question, None)
        self._kept[question] = monotonic() + self._seconds, rows
        while len(self._kept) > self._size:
            self._kept.pop(next(iter([*self._kept])), None)
        return rows

    def clear(self) -> None:
        """Forget all."""
        self._kept.clear()


def as_asked(name: str) -> str:
    """The name, or pattern of names, in the form in which a resolver is asked for it: set_resolver()."""
    if not isinstance(name, str):
        raise TypeError(f"a host's name is a str, not {type(name).__name__}")
    try:
        name.encode("ascii", "surrogateescape")
    except UnicodeEncodeError:
        pass
    else:
        return name
    labels = name.translate(dict.fromkeys(map(ord, _DOTS), ".")).split(".")
    if any(not label.isascii() and {*"*?["} & {*label} for label in labels):
        raise ValueError(f"no pattern of host names: {name!r}")
    try:
        return name.encode("idna").decode()
    except UnicodeError as error:
        raise ValueError(f"{name!r} is no host name: {error}") from error


def _canonical(host: str) -> str:
    return host.lower().removesuffix(".")
