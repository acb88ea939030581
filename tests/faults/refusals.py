"""Audit hooks that refuse, and what they can refuse."""

import sys
from contextlib import contextmanager
from functools import cache


class Refused(Exception):  # noqa: N818
    """What hooks and hostile objects raise."""


REFUSED = {
    "socket": lambda socket, listener, client: socket.socket(),
    "socketpair": lambda socket, listener, client: socket.socketpair(),
    "accept": lambda socket, listener, client: listener.accept(),
    "dup": lambda socket, listener, client: client.dup(),
    "fromfd": lambda socket, listener, client: socket.fromfd(client.fileno(), 2, 1),
    "fileno": lambda socket, listener, client: socket.socket(fileno=client.fileno()),
    "create_connection": lambda socket, listener, client: socket.create_connection(listener.getsockname()),
    "create_server": lambda socket, listener, client: socket.create_server(("127.0.0.1", 0)),
    "bind": lambda socket, listener, client: client.bind(("127.0.0.1", 0)),
    "connect": lambda socket, listener, client: client.connect(listener.getsockname()),
    "sendto": lambda socket, listener, client: client.sendto(bytearray(9), listener.getsockname()),
    "sendmsg": lambda socket, listener, client: client.sendmsg([bytearray(9)]),
    "getaddrinfo": lambda socket, listener, client: socket.getaddrinfo("127.0.0.1", 80),
    "gethostbyname": lambda socket, listener, client: socket.gethostbyname("127.0.0.1"),
    "getnameinfo": lambda socket, listener, client: socket.getnameinfo(("127.0.0.1", 80), 3),
}


@contextmanager
def refusing():
    """Inside the block each audit event of a socket module raises Refused."""
    armed = hook()
    armed.append(True)
    try:
        yield
    finally:
        armed.clear()


@cache
def hook():
    """What the hook refuses by, once there is one: no hook can be removed."""
    armed = []

    def refuse(event, arguments):
        if armed and event.startswith("socket."):
            raise Refused

    sys.addaudithook(refuse)
    return armed


def called(socket):
    """A listener, and a client that it has not accepted yet."""
    listener = socket.create_server(("127.0.0.1", 0))
    client = socket.socket()
    client.connect(listener.getsockname())
    return listener, client
