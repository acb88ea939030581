"""The makers: transports by implementations.

There are the standard module and berkeley's beside it. TLS is there for the module that stands at the name `socket`,
which the standard `ssl` builds upon: for berkeley's in a process that runs on berkeley (test_tls.py).
"""

import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest
from kit import Task

import berkeley

CERTIFICATE = Path(__file__).parents[1] / "localhost.pem"

# The family, and an address by which the kernel picks one: for AF_UNIX an abstract name (unix(7), autobind).
ADDRESSES = {
    "tcp": ("AF_INET", ("127.0.0.1", 0)),
    "tcp6": ("AF_INET6", ("::1", 0)),
    "unix": ("AF_UNIX", ""),
    "tls": ("AF_INET", ("127.0.0.1", 0)),
    "udp": ("AF_INET", ("127.0.0.1", 0)),
    "udp6": ("AF_INET6", ("::1", 0)),
    "unixdatagram": ("AF_UNIX", ""),
}


@dataclass(frozen=True)
class Maker:
    """Makes, when called, what checks ask for, with the sockets of one module. The checks close what they are given."""

    socket: ModuleType
    transport: str
    make: Callable

    def __call__(self):
        return self.make(self)

    def bound(self, kind, address=None):
        """A new socket with an address of its own."""
        family, any_address = ADDRESSES[self.transport]
        sock = self.socket.socket(getattr(self.socket, family), kind)
        try:
            sock.bind(any_address if address is None else address)
        except BaseException:
            sock.close()
            raise
        return sock


# --- what makers make


def pair(maker):
    """Two connected stream sockets, both blocking. The first has called, the second was called."""
    kind = maker.socket.SOCK_STREAM
    with maker.bound(kind) as waiting:
        waiting.listen()
        client = maker.bound(kind)
        client.connect(waiting.getsockname())
        return client, waiting.accept()[0]


def tls_pair(maker):
    """The same with TLS over them, past the handshake."""
    plain = pair(maker)
    client, server = (wrap(sock) for wrap, sock in zip((wrap_client, wrap_server), plain, strict=True))
    answering = Task(server.do_handshake)
    client.do_handshake()
    answering.result()
    return client, server


def endpoint(maker):
    """A datagram socket, blocking, with an address of its own."""
    return maker.bound(maker.socket.SOCK_DGRAM)


def listener(maker):
    """A socket that listens, and a function that connects to it: connect(timeout) gives the new socket."""
    waiting = maker.bound(maker.socket.SOCK_STREAM)
    waiting.listen()
    target = waiting.getsockname()

    def connect(timeout=None):
        sock = maker.bound(maker.socket.SOCK_STREAM)
        sock.settimeout(timeout)
        try:
            sock.connect(target)
        except BaseException:
            sock.close()
            raise
        return sock

    return waiting, connect


def tls_listener(maker):
    """The same with TLS over all of them. The first data that goes between two ends does the handshake."""
    waiting, connect = listener(maker)
    return wrap_server(waiting), lambda timeout=None: wrap_client(connect(timeout))


def wrap_client(sock):
    return contexts()[0].wrap_socket(sock, server_hostname="localhost", do_handshake_on_connect=False)


def wrap_server(sock):
    return contexts()[1].wrap_socket(sock, server_side=True, do_handshake_on_connect=False)


@cache
def contexts():
    """The TLS settings of clients and servers."""
    client = ssl.create_default_context(cafile=CERTIFICATE)
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(CERTIFICATE)
    # Tickets come after the handshake, unasked: a client that closes without having read them resets the connection.
    server.num_tickets = 0
    return client, server


# --- parametrisation


def implementations():
    """The socket modules to check, by name."""
    ours = {"berkeley": import_module("berkeley.socket")}
    return ours if berkeley.is_installed() else {"standard": socket, **ours}


def makers(**transports):
    """Parameters for pytest: a maker for each implementation and transport, named "berkeley-tcp6" and so on."""
    return [
        pytest.param(Maker(module, transport, make), id=f"{name}-{transport}", marks=needs(transport))
        for name, module in implementations().items()
        for transport, make in transports.items()
        if transport != "tls" or module is socket
    ]


def needs(transport):
    return [pytest.mark.skipif(not has_ipv6(), reason="no ::1 here")] if ADDRESSES[transport][0] == "AF_INET6" else []


@cache
def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as sock:
            sock.bind(("::1", 0))
    except OSError:
        return False
    return True


STREAMS = {"tcp": pair, "tcp6": pair, "unix": pair}
DATAGRAMS = dict.fromkeys(("udp", "udp6", "unixdatagram"), endpoint)
LISTENERS = {"tcp": listener, "tcp6": listener, "unix": listener, "tls": tls_listener}
