"""The calls that wait, each on a socket on which it waits for ever."""

import os
import time
from contextlib import ExitStack, contextmanager, suppress
from fcntl import ioctl
from struct import unpack
from threading import Thread

from sleeping import sleeps

from berkeley import socket

LOOPBACK = "127.0.0.1"
SMALL = 4096  # bytes of buffers that are soon full
SIOCOUTQ, SIOCOUTQNSD = 0x5411, 0x894B  # <linux/sockios.h>


def tcp():
    listener = socket.create_server((LOOPBACK, 0))
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
    one = socket.create_connection(listener.getsockname())
    other, _ = listener.accept()
    listener.close()
    return one, other


def udp():
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    one.bind((LOOPBACK, 0))
    return one, None


def unix():
    return socket.socketpair()


def messages():
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


def datagrams():
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)


def tcp_listener():
    return socket.create_server((LOOPBACK, 0)), None


def unix_listener():
    one = socket.socket(socket.AF_UNIX)
    one.bind("")
    one.listen()
    return one, None


def full(make):
    def filled():
        one, other = make()
        one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SMALL)
        one.setblocking(False)
        if one.family == socket.AF_INET:
            while on_its_way(one) + fill(one):  # what is on its way makes room when it is there
                time.sleep(0.001)
        else:
            fill(one)
        return one, other

    filled.__name__ = f"full_{make.__name__}"
    return filled


def fill(one):
    """How many bytes went."""
    sent = 0
    for size in (SMALL, 1):
        with suppress(BlockingIOError):
            while True:
                sent += one.send(b"x" * size)
    return sent


def on_its_way(one):
    """How many bytes of a TCP connection are sent and not acknowledged yet (tcp(7), SIOCOUTQ)."""
    unacknowledged, unsent = (unpack("i", ioctl(one, request, bytes(4)))[0] for request in (SIOCOUTQ, SIOCOUTQNSD))
    return unacknowledged - unsent


def unconnected():
    """A socket, with an address at which the backlog is full: connect() waits there (unix(7))."""
    listener, _ = unix_listener()
    listener.listen(0)
    stack = ExitStack()
    stack.enter_context(listener)
    with suppress(BlockingIOError):
        while True:
            one = stack.enter_context(socket.socket(socket.AF_UNIX))
            one.setblocking(False)
            one.connect(listener.getsockname())
    return socket.socket(socket.AF_UNIX), Backlog(listener.getsockname(), stack)


class Backlog:
    def __init__(self, address, stack):
        self.address, self.close = address, stack.close


def sendfile(one, other):
    with open("/proc/self/exe", "rb") as file:
        return one.sendfile(file)


def read_line(one, other):
    with one.makefile("rb", buffering=0) as file:
        return file.readline()


STREAMS = [tcp, unix]
RECEIVES = [tcp, udp, unix, messages, datagrams]
SENDS = [full(tcp), full(unix), full(messages), full(datagrams)]

# The name of each is that of the call.
CALLS = [
    *[(make, "accept", lambda one, other: one.accept()) for make in (tcp_listener, unix_listener)],
    *[(make, "recv", lambda one, other: one.recv(10)) for make in RECEIVES],
    *[(make, "recv_into", lambda one, other: one.recv_into(bytearray(10))) for make in STREAMS],
    *[(make, "recvfrom", lambda one, other: one.recvfrom(10)) for make in RECEIVES],
    *[(make, "recvfrom_into", lambda one, other: one.recvfrom_into(bytearray(10))) for make in [udp]],
    *[(make, "recvmsg", lambda one, other: one.recvmsg(10)) for make in RECEIVES],
    *[(make, "recvmsg_into", lambda one, other: one.recvmsg_into([bytearray(10)])) for make in STREAMS],
    *[(make, "send", lambda one, other: one.send(b"more")) for make in SENDS],
    *[(make, "sendall", lambda one, other: one.sendall(b"more")) for make in SENDS],
    *[(make, "sendmsg", lambda one, other: one.sendmsg([b"more"])) for make in SENDS],
    *[(make, "sendfile", sendfile) for make in (full(tcp), full(unix))],
    *[(make, "readline", read_line) for make in STREAMS],
    (unconnected, "connect", lambda one, other: one.connect(other.address)),
    (unconnected, "connect_ex", lambda one, other: one.connect_ex(other.address)),
]
NAMES = [f"{name}-{make.__name__}" for make, name, _ in CALLS]


@contextmanager
def opened(make, timeout=None):
    one, other = make()
    one.settimeout(timeout)
    try:
        yield one, other
    finally:
        one.close()
        if other is not None:
            other.close()


class Caller(Thread):
    """A thread that makes the call; `outcome` is its result or exception."""

    def __init__(self, call, *arguments):
        super().__init__(daemon=True)
        self.call, self.arguments, self.outcome = call, arguments, None
        self.start()

    def run(self):
        try:
            self.outcome = self.call(*self.arguments)
        except BaseException as error:
            self.outcome = error

    def wait_for_sleep(self, fd):
        """Until it sleeps in a call on the descriptor, or has ended."""
        while self.is_alive() and not sleeps(self.native_id, fd):
            os.sched_yield()
