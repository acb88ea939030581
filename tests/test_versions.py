"""What depends on the version of Python: each row of native/versions.pxi, beside the standard module of this one."""

import decimal
import fractions
import re
import socket as standard
import warnings
from importlib import import_module
from pathlib import Path

import pytest

TABLE = Path(__file__).parents[1] / "src" / "berkeley" / "native" / "versions.pxi"


class Index:
    def __init__(self, said):
        self.said = said

    def __index__(self):
        if isinstance(self.said, Exception):
            raise self.said
        return self.said


class Float:
    def __init__(self, said):
        self.said = said

    def __float__(self):
        return self.said


class Both(Float, Index):
    pass


class Array(bytearray):
    """As an array of several numbers: of no use as an index."""

    def __index__(self):
        raise TypeError("only one")


class Broken:
    def __iter__(self):
        raise ZeroDivisionError("iter")


def broken():
    yield b"x"
    raise ZeroDivisionError("next")


def function(name, *values):
    """Calls of a function of the module, with one argument each."""
    return [lambda module, sock, value=value: getattr(module, name)(value) for value in values]


def method(name, *calls):
    """Calls of a method of a socket."""
    return [lambda module, sock, arguments=arguments: getattr(sock, name)(*arguments) for arguments in calls]


def timeouts(*values):
    def act(module, sock, value):
        sock.settimeout(value)
        return sock.gettimeout()

    return [lambda module, sock, value=value: act(module, sock, value) for value in values]


def blocking(*values):
    def act(module, sock, value):
        sock.setblocking(value)
        return sock.gettimeout()

    return [lambda module, sock, value=value: act(module, sock, value) for value in values]


def vsock(*values):
    """Of a socket that claims to be one, whose value the kernel takes or refuses all the same."""

    def act(module, sock, arguments):
        with module.socket(module.AF_VSOCK, module.SOCK_STREAM, 0, fileno=sock.detach()) as claimed:
            claimed.setsockopt(*arguments)

    return [lambda module, sock, value=value: act(module, sock, value) for value in values]


def claimed(family, proto, *addresses):
    """Addresses for a socket that claims to be of that family, which the kernel refuses."""

    def act(module, sock, address):
        protocol = getattr(module, proto) if proto else 0
        with module.socket(getattr(module, family), module.SOCK_RAW, protocol, fileno=sock.detach()) as pretender:
            pretender.bind(address)

    return [lambda module, sock, address=address: act(module, sock, address) for address in addresses]


def ports(*values):
    return [lambda module, sock, value=value: module.getaddrinfo("127.0.0.1", value, 2, 1) for value in values]


def assignments(name):
    return [lambda module, sock: setattr(sock, name, 1), lambda module, sock: delattr(sock, name)]


WIDE = [2**31, 2**32, 2**63, 2**64, -(2**31) - 1, -(2**63) - 1, 2**100]
ODD = [-1, 2**16, *WIDE, -(2**100), 1.0, "1", None, Index(1), Index(-1), Index(2**40), Index(ZeroDivisionError())]
OPTION = (1, 2)

# By the row's name: what shows it, as functions of a module and a socket of it.
ROWS = {
    "PLAIN_KINDS": [
        lambda module, sock, name=name, value=value: module.socket(**{name: value})
        for name in ("family", "type", "proto")
        for value in (2**31, 2**63)
    ],
    "PLAIN_SHORTS": [*function("htons", *ODD), *function("ntohs", *ODD)],
    "PLAIN_SENDING_FLAGS": [
        *method("send", *[(b"x", flags) for flags in WIDE]),
        *method("sendall", *[(b"x", flags) for flags in WIDE]),
        *method("sendmsg", *[([b"x"], [], flags) for flags in WIDE]),
        *method("sendto", *[(b"x", flags, ("127.0.0.1", 9)) for flags in WIDE]),
    ],
    "C_TYPES": [*function("htonl", *ODD), *function("ntohl", *ODD), *function("if_indextoname", -1, Index(-1))],
    "INDEX_PORTS": ports(Index(80), True, standard.SOCK_STREAM, Index(2**64), Index(ZeroDivisionError("port")), 80.0),
    "LONG_PORTS": ports(2**62, 2**63, -(2**63) - 1, 2**64),
    "INDEX_WORDS": [
        *vsock(*[(*OPTION, value) for value in (1, Index(1), Index(ZeroDivisionError("value")), "x", None)]),
        *claimed("AF_CAN", "CAN_ISOTP", *[("", number, 0) for number in (1, Index(1), Index("x"), 1.0, None)]),
    ],
    "WARNS_OF_CUTS": [
        *vsock(*[(*OPTION, value) for value in (2**64 - 1, 2**64, -(2**63), -(2**63) - 1)]),
        *method("setsockopt", *[(*OPTION, None, length) for length in (2**32 - 1, 2**32, -(2**31), -(2**31) - 1)]),
        *claimed("AF_NETLINK", None, *[(0, number) for number in (2**32 - 1, 2**32, -(2**31), -(2**31) - 1)]),
        *claimed("AF_CAN", "CAN_ISOTP", *[("", 0, number) for number in (2**32, 2**64, -(2**63), -(2**63) - 1)]),
        *claimed("AF_CAN", "CAN_J1939", *[("", 0, 0, number) for number in (255, 256, -128, -129)]),
    ],
    "ANY_FLAG": blocking(True, 0, "x", "", None, 1.5, [], Index(0), Both(0), object()),
    "REAL_TIMEOUTS": timeouts(
        decimal.Decimal("0.5"), fractions.Fraction(1, 3), Float(1.5), Float(-1.0), Float("1"), Both(1), Both(1.5),
        decimal.Decimal("nan"), decimal.Decimal(-1), decimal.Decimal("1e400"), Float(1e300),
    ),
    "NO_TIMEOUT": timeouts("x", b"x", [], 1j, object, Index("x"), Index(TypeError()), Index(ZeroDivisionError())),
    "TIMEOUT_BEYOND": timeouts(1e10, -1e10, 1e300, float("inf")),
    "WHOLE_TIMEOUT_BEYOND": timeouts(10**10, -(10**10), 2**100, Index(2**100)),
    "ITERABLE_OR_ELSE": [
        lambda module, sock: sock.sendmsg(broken()),
        lambda module, sock: sock.sendmsg(Broken()),
        lambda module, sock: sock.sendmsg(5),
        lambda module, sock: sock.sendmsg([b"x"], broken()),
        lambda module, sock: sock.sendmsg([b"x"], Broken()),
        lambda module, sock: sock.recvmsg_into(broken()),
        lambda module, sock: sock.recvmsg_into(Broken()),
    ],
    "INTERFACE_ERRNO": function("if_nametoindex", "nosuch", "", "x" * 40, b"nosuch"),
    "SETSOCKOPT_BY_PLACE": [
        *method(
            "setsockopt",
            *[(*OPTION, value) for value in (1, {}, "x", None, 1.0, Index(1), Array(4), Index(ValueError()))],
            *[(*OPTION, value, 4) for value in (1, {}, b"1234", None, fractions.Fraction(1))],
            *[(*OPTION, None, length) for length in (4, Index(4), "x", None, Index(ValueError("length")))],
            *[("x", 2, value) for value in (1, {}, None)],
            *[("x", 2, value, 4) for value in (1, {}, None)],
            (Index(ValueError("level")), 2, 1, Index(KeyError("length"))),
            (1, 2, 1, Index(KeyError("length"))),
            (), (1,), (1, 2), (1, 2, 3, 4, 5), (1, 2, 3, 4, 5, 6),
        ),
        *vsock((*OPTION, None), (*OPTION, {}), (*OPTION, None, 4), (*OPTION, 1, 4), (*OPTION, fractions.Fraction(1))),
    ],
    "INET_ATON": function("inet_aton", 5, None, b"127.0.0.1"),
    "NO_SETTER": assignments("family"),
    "NO_DELETER": assignments("type"),
}  # fmt: skip


def outcome(name, act):
    """What comes of it: the result or the error, and the warnings, with the lines that they are about."""
    module = import_module(name)
    with module.socket(module.AF_INET, module.SOCK_DGRAM) as sock, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result = act(module, sock)
        except Exception as error:
            result = type(error), error.args, str(error), error.__context__, error.__cause__
        if isinstance(result, module.socket):
            result.close()
    return result, [(each.category, str(each.message), each.filename, each.lineno) for each in caught]


def test_every_row_is_tried():
    rows = re.findall(r"^(?:cdef .*?)?([A-Z_]+) =", TABLE.read_text(), re.MULTILINE)
    assert sorted(rows) == sorted(ROWS)


@pytest.mark.parametrize("row", ROWS)
def test_as_the_standard_module_has_it(row):
    for number, act in enumerate(ROWS[row]):
        expected, found = outcome("socket", act), outcome("berkeley.socket", act)
        assert str(found) == str(expected), number
