"""Timeouts of every kind of number, for a socket, for all new ones, and for connections."""

import decimal
import fractions
import socket as standard

import pytest
from drive import each, same, same_act
from hypothesis import example, given
from hypothesis import strategies as st
from situations import Situation
from values import Both, Float, Real, Whole, anything

EDGES = [
    0.0, -0.0, 1e-320, 5e-324, -5e-324, 1e-10, -1e-10, 1e-9, 0.5, 1 / 3, 1e9, 1e10, 2.0**31, 2.0**63, -(2.0**63),
    2.0**64, 9223372036.0, 9223372036.854775, 9223372036.854776, 9223372037, 9223372036, -9223372036, -9223372037,
    -9223372036.854776, 1e308, float("inf"), -float("inf"), float("nan"), Real("nan"), Real(0.5), Float(0.5), Both(1),
    Whole(1), True, False, decimal.Decimal("0.5"), fractions.Fraction(1, 2), 2147483.647, 2147483.648, 123456.789,
]  # fmt: skip

numbers = st.sampled_from(EDGES) | st.floats() | st.integers() | st.integers(-(10**10), 10**10) | anything
states = st.sampled_from([
    Situation(kind, state, timeout)
    for kind in ("tcp", "unix datagram")
    for state in ("new", "connected", "closed")
    for timeout in (None, 0, 5)
])  # fmt: skip


@pytest.mark.parametrize("method", ["settimeout", "setblocking"])
@each
@given(where=states, value=numbers)
def test_timeout_of_a_socket(method, where, value):
    def act(module, scene):
        getattr(scene.sock, method)(value)
        return scene.sock.gettimeout(), scene.sock.getblocking(), scene.sock.timeout

    same_act(where, act)


@each
@given(value=numbers)
@example(4_611_686_019)
def test_default_timeout(value):
    def act(module, scene):
        module.setdefaulttimeout(value)
        try:
            given = [
                module.getdefaulttimeout(),
                module.socket(),
                module.socket(type=module.SOCK_STREAM | module.SOCK_NONBLOCK),
            ]
            given += module.socketpair()
            return [*given, module.socket(fileno=given[-1].dup().detach()), given[-1].dup()]
        finally:
            module.setdefaulttimeout(None)

    same_act(None, act)


@each
@given(value=numbers)
def test_timeout_of_a_connection(value):
    def act(module, scene):
        with standard.create_server(("127.0.0.1", 0)) as server:
            return module.create_connection(server.getsockname(), value)

    same_act(None, act)


@pytest.mark.parametrize("timeout", [0, 0.001])
@pytest.mark.parametrize(
    ("state", "call"),
    [
        ("connected", ("recv", 1)), ("connected", ("recvfrom", 1)), ("connected", ("recvmsg", 1)),
        ("connected", ("recv_into", bytearray(1))), ("connected", ("recvfrom_into", bytearray(1))),
        ("connected", ("recvmsg_into", [bytearray(1)])), ("listening", ("accept",)), ("listening", ("_accept",)),
        ("full", ("send", b"x")), ("full", ("sendall", b"x")), ("full", ("sendmsg", [b"x"])),
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["tcp", "unix", "unix seqpacket"])
def test_nothing_comes(kind, state, call, timeout):
    same(Situation(kind, state, timeout), *call)
