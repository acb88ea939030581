"""Every method in every state: unbound, unconnected, listening, half closed, reset, full, closed."""

import pytest
from drive import same
from situations import KINDS, STATES, Situation
from values import Fresh, Of

ten = Fresh("ten", lambda: bytearray(10))
CALLS = [
    ("accept",), ("_accept",), ("bind", Of("address")), ("close",), ("connect", Of("address")),
    ("connect_ex", Of("address")), ("detach",), ("dup",), ("fileno",), ("get_inheritable",), ("getblocking",),
    ("getpeername",), ("getsockname",), ("getsockopt", 1, 4), ("getsockopt", 1, 3), ("gettimeout",), ("listen",),
    ("listen", 5), ("makefile", "rb"), ("recv", 0), ("recv", 5), ("recv", 100), ("recv_into", ten), ("recvfrom", 0),
    ("recvfrom", 5), ("recvfrom", 100), ("recvfrom_into", ten), ("recvmsg", 0), ("recvmsg", 5), ("recvmsg", 100, 100),
    ("recvmsg_into", [ten]), ("recvmsg_into", []), ("send", b"data"), ("send", b""), ("sendall", b"data"),
    ("sendall", b""), ("sendmsg", [b"data"]), ("sendmsg", []), ("sendmsg", [b"data"], [], 0, Of("address")),
    ("sendto", b"data", Of("address")), ("sendto", b"data", 0, Of("address")), ("setblocking", True),
    ("setblocking", False), ("settimeout", 1), ("set_inheritable", True), ("setsockopt", 1, 2, 1), ("shutdown", 0),
    ("shutdown", 1), ("shutdown", 2), ("shutdown", 3), ("__enter__",), ("__repr__",), ("__exit__",), ("__getstate__",),
    ("_real_close",), ("_decref_socketios",), ("__del__",),
]  # fmt: skip


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("kind", KINDS)
def test_each_method(kind, state):
    for name, *arguments in CALLS:
        same(Situation(kind, state), name, *arguments)
