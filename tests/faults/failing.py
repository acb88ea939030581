"""The sockets that errors are made on, and ways to make them."""

import os
import signal
from dataclasses import dataclass
from typing import Any

from blocking import fill
from refusals import Refused, called, refusing

from berkeley import socket

ANY = ("127.0.0.1", 0)


class Hostile:
    """A number, a buffer's size and an address that are none."""

    def __index__(self):
        raise Refused

    __len__ = __iter__ = __bool__ = __index__


class Closed(socket.socket):
    """A class that fails after its base has succeeded."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.close()
        raise Refused


class Kit:
    """The sockets that the errors are made on."""

    def __init__(self):
        # b alone waits: it and a are a pair without data. t is TCP, u UDP, s TCP over IPv6, and x is closed.
        self.a, self.b = socket.socketpair()
        self.d, self.e = socket.socketpair(type=socket.SOCK_DGRAM)
        self.t = socket.create_server(ANY)
        self.u = socket.socket(type=socket.SOCK_DGRAM)
        self.r = socket.socket()
        self.s = socket.socket(socket.AF_INET6)
        self.n = socket.socket(socket.AF_UNIX)
        self.x = socket.socket()
        self.taken = socket.socket()
        # p has no room to send, and the queue of `full` none for another connection.
        self.p, self.q = socket.socketpair()
        self.full = socket.create_server(ANY, backlog=0)
        self.crowd = [socket.socket() for _ in range(3)]
        self.netlink = optional(socket.AF_NETLINK, socket.SOCK_RAW)
        self.packet = optional(socket.AF_PACKET, socket.SOCK_DGRAM)
        self.vsock = optional(socket.AF_VSOCK, socket.SOCK_STREAM)
        self.file = os.open(os.devnull, os.O_RDONLY)
        self.sockets = [thing for thing in (*vars(self).values(), *self.crowd) if isinstance(thing, socket.socket)]
        for sock in self.sockets:
            sock.setblocking(sock is self.b)
        self.u.bind(ANY)
        self.taken.bind(ANY)
        self.there, self.nobody = self.u.getsockname(), self.taken.getsockname()
        for sock in self.crowd:
            sock.connect_ex(self.full.getsockname())
        fill(self.p.send)
        self.x.close()

    def close(self):
        os.close(self.file)
        for sock in self.sockets:
            sock.close()


def optional(family, kind):
    """A socket, or None where the kernel has no such family, or not for this user."""
    try:
        return socket.socket(family, kind)
    except OSError:
        return None


@dataclass
class Error:
    """A call that fails with `error`; `arguments` are the objects to count references of.

    `needs` names what the kit may lack, and `cached` is how many bytes other libraries may keep.
    """

    name: str
    call: Any
    error: Any
    arguments: tuple = ()
    needs: str = "a"
    cached: int = 0

    def __str__(self):
        return self.name


def timed(sock, call):
    """The call, on a socket that hardly waits.

    `_ssl` takes a socket for non-blocking when nothing at all is left of the timeout as it looks, to the nanosecond:
    it is more than a call takes.
    """
    sock.settimeout(1e-4)
    try:
        call(sock)
    finally:
        sock.setblocking(False)


def interrupted(sock, timeout, call):
    """The call, which waits until `ring`, as the handler of SIGALRM, raises."""
    sock.settimeout(timeout)
    waiting.append(call)
    try:
        # And again, should the first come just before the call begins to wait.
        signal.setitimer(signal.ITIMER_REAL, 5e-5, 0.001)
        call(sock)
    finally:
        sock.setblocking(False)


waiting = []


def ring(number, frame):
    signal.setitimer(signal.ITIMER_REAL, 0)
    if waiting:
        waiting.clear()
        raise Refused


def read(sock, way):
    """Read from a file of the socket, in a way of waiting."""
    with sock.makefile("rb") as file:
        way(lambda sock: file.read(1))


def refused(call):
    """The call, of whose audit events the first is refused."""

    def refused(kit):
        listener, client = called(socket)
        with client, listener, refusing():
            call(socket, listener, client)

    return refused


def connecting(way, *arguments):
    """A connect that nobody accepts, in a way of waiting for it."""

    def connecting(kit):
        with socket.socket() as sock:
            way(sock, *arguments, lambda sock: sock.connect(kit.full.getsockname()))

    return connecting
