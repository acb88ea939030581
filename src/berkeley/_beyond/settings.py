"""Settings of the process that change what the standard module does, for programs that cannot be changed."""

import os

import berkeley.socket as namespace  # before what it is made of, which looks names up in it

from .. import _native
from .._standard import connecting
from . import resolvers
from .methods import check_keepalive

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    Pins = Mapping[str, str | Iterable[str]]
    Keepalive = tuple[int, int, int]

_UNCHANGED: "Any" = object()
_ADVISED_DELAY = 0.25  # seconds: RFC 8305, section 5

_settings: "dict[str, Any]" = {"resolve_timeout": None, "happy_eyeballs": None, "keepalive": None, "pin": None}


def configure(
    *,
    resolve_timeout: "float | None" = _UNCHANGED,
    happy_eyeballs: "float | bool | None" = _UNCHANGED,
    keepalive: "Keepalive | None" = _UNCHANGED,
    pin: "Pins | None" = _UNCHANGED,
) -> "dict[str, Any]":
    """Change what the standard module does, in the whole process; None takes a setting back. Those before, a dict.

    `resolve_timeout`: each look-up of a name or an address ends after so many seconds, with TimeoutError.
    `happy_eyeballs`: create_connection() tries IPv6 and IPv4 by turns, each address so many seconds after the one
    before (RFC 8305); True is 0.25. `keepalive`: TCP sockets that are opened from now on have SO_KEEPALIVE, with (idle
    seconds, seconds between probes, probes), as tcp(7) says. `pin`: the numeric addresses, one or several, of hosts.

    Python processes that run on berkeley inherit them, by the environment. ValueError, TypeError or gaierror for what
    is no such setting; then nothing is changed.
    """
    given = {
        "resolve_timeout": resolve_timeout,
        "happy_eyeballs": happy_eyeballs,
        "keepalive": keepalive,
        "pin": pin,
    }
    changed = {name: _CHECKS[name](value) for name, value in given.items() if value is not _UNCHANGED}
    texts = {name: _text(name, value) for name, value in changed.items() if value is not None}
    before = dict(_settings)
    for name, value in changed.items():
        _APPLY[name](value)
        _settings[name] = value
        if value is None:
            os.environ.pop(_variable(name), None)
        else:
            os.environ[_variable(name)] = texts[name]
    return before


def read(environment: "Mapping[str, str]") -> "dict[str, Any]":
    """The settings that are there, as arguments of configure(). ValueError, with the variable, for what is none."""
    found = {}
    for name, parse in _PARSERS.items():
        text = environment.get(_variable(name))
        if text:
            try:
                found[name] = _CHECKS[name](parse(text))
            except (ValueError, namespace.gaierror) as error:
                raise ValueError(f"{_variable(name)}={text}: {error}") from error
    return found


def _text(name: str, value: "Any") -> str:
    """What its variable is to be. ValueError for what a child would not read as it is here."""
    text: str = _TEXTS[name](value)
    if b"\0" in os.fsencode(text) or read({_variable(name): text}) != {name: value}:
        raise ValueError(f"{name} {value!r} cannot be told to children in a variable: {text!r}")
    return text


def _variable(name: str) -> str:
    return f"BERKELEY_{name.upper()}"


# --- what each is


def _check_resolve_timeout(value: "float | None") -> "float | None":
    try:
        _native.moment(value)
    except OverflowError as error:
        raise ValueError(f"resolve_timeout must be seconds that a clock can count, not {value!r}") from error
    return value


def _check_happy_eyeballs(value: "float | bool | None") -> "float | None":
    if value is None or value is False:
        return None
    if value is True:
        return _ADVISED_DELAY
    if not value >= 0:
        raise ValueError(f"happy_eyeballs must be seconds from 0 on, not {value!r}")
    return value


def _check_keepalive(value: "Keepalive | None") -> "Keepalive | None":
    if value is None:
        return None
    return check_keepalive(*value)


def _check_pin(value: "Pins | None") -> "dict[str, list[str]] | None":
    if not value:
        return None
    hosts = {
        resolvers.as_asked(host): [addresses] if isinstance(addresses, str) else [*addresses]
        for host, addresses in dict(value).items()
    }
    resolvers.pin(hosts)
    return hosts


def _apply_keepalive(value: "Keepalive | None") -> None:
    _native.set_keepalive(*(value or (0, 0, 0)))


def _apply_pin(value: "Pins | None") -> None:
    resolvers.set_pinned(resolvers.pin(value) if value else None)


_CHECKS: "dict[str, Any]" = {
    "resolve_timeout": _check_resolve_timeout,
    "happy_eyeballs": _check_happy_eyeballs,
    "keepalive": _check_keepalive,
    "pin": _check_pin,
}
_APPLY: "dict[str, Any]" = {
    "resolve_timeout": _native.set_resolve_timeout,
    "happy_eyeballs": connecting.set_default_delay,
    "keepalive": _apply_keepalive,
    "pin": _apply_pin,
}


# --- as texts: SECONDS; IDLE,INTERVAL,COUNT; HOST=ADDRESS[,ADDRESS]...[;HOST=...]


def _parse_keepalive(text: str) -> "tuple[int, ...]":
    numbers = tuple(int(word) for word in text.split(","))
    if len(numbers) != 3:
        raise ValueError("three numbers are wanted: idle,interval,count")
    return numbers


def _parse_pin(text: str) -> "dict[str, list[str]]":
    hosts: dict[str, list[str]] = {}
    for item in filter(None, text.split(";")):
        host, equals, addresses = item.partition("=")
        if not (host and equals and addresses):
            raise ValueError(f"HOST=ADDRESS is wanted, not {item!r}")
        hosts.setdefault(host, []).extend(addresses.split(","))
    return hosts


def _pin_text(hosts: "dict[str, list[str]]") -> str:
    return ";".join(f"{host}={','.join(addresses)}" for host, addresses in hosts.items())


def _seconds_text(value: float) -> str:
    return str(value) if type(value) is int else repr(float(value))


_PARSERS: "dict[str, Any]" = {
    "resolve_timeout": float,
    "happy_eyeballs": float,
    "keepalive": _parse_keepalive,
    "pin": _parse_pin,
}
_TEXTS: "dict[str, Any]" = {
    "resolve_timeout": _seconds_text,
    "happy_eyeballs": _seconds_text,
    "keepalive": lambda value: ",".join(map(str, value)),
    "pin": _pin_text,
}
