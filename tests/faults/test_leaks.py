"""Errors, again and again: descriptors, references and memory stay as they were."""

import ctypes
import gc
import os
import struct
import sys
import tracemalloc
from array import array
from dataclasses import dataclass
from typing import Any

import pytest

from berkeley import socket

TIMES = 400
SLACK = 16 * TIMES  # bytes for caches of the interpreter: less than any object takes, each time

libc = ctypes.CDLL(None)


class Refused(Exception):  # noqa: N818
    """What audit hooks and hostile objects raise."""


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


@dataclass
class Error:
    """A call that fails with `error`; `arguments` are the objects to count references of."""

    name: str
    call: Any
    error: Any
    arguments: tuple = ()

    def __str__(self):
        return self.name


BAD = Hostile()
DATA = b"some data that no cache holds"
ROOM = bytearray(64)
STRIDED = memoryview(bytearray(8))[::2]
TEXT = "text, not bytes: "
NUMBER = 1 << 70
LONG = "/tmp/" + "x" * 200
NAME = "no.such.name.invalid."
PAIR = ("127.0.0.1", 1 << 17)
LIST = ["127.0.0.1", 1]
ITEMS = [(1, 1, DATA), (1, 1, TEXT)]
NUMERIC = socket.AI_NUMERICHOST

# a is one of a pair without data and never waits; t is TCP, u UDP, s TCP over IPv6, and x is closed.
ERRORS = [
    Error("recv of nothing", lambda k: k.a.recv(10), BlockingIOError),
    Error("large recv of nothing", lambda k: k.a.recv(200_000), BlockingIOError),
    Error("recv of less", lambda k: k.a.recv(-1), ValueError),
    Error("recv of too much", lambda k: k.a.recv(NUMBER), OverflowError, (NUMBER,)),
    Error("recv of no number", lambda k: k.a.recv(BAD), Refused, (BAD,)),
    Error("recv with no flags", lambda k: k.a.recv(10, TEXT), TypeError, (TEXT,)),
    Error("recv on a closed socket", lambda k: k.x.recv(5000), OSError),
    Error("recv_into of nothing", lambda k: k.a.recv_into(ROOM), BlockingIOError, (ROOM,)),
    Error("recv_into bytes", lambda k: k.a.recv_into(DATA), TypeError, (DATA,)),
    Error("recv_into of too much", lambda k: k.a.recv_into(ROOM, 65), ValueError, (ROOM,)),
    Error("recv_into of no number", lambda k: k.a.recv_into(ROOM, BAD), Refused, (ROOM, BAD)),
    Error("recvfrom of nothing", lambda k: k.u.recvfrom(10), BlockingIOError),
    Error("recvfrom_into of nothing", lambda k: k.u.recvfrom_into(ROOM), BlockingIOError, (ROOM,)),
    Error("recvfrom_into of less", lambda k: k.u.recvfrom_into(ROOM, -1), ValueError, (ROOM,)),
    Error("recvmsg of nothing", lambda k: k.a.recvmsg(5000, 5000), BlockingIOError),
    Error("recvmsg with no room", lambda k: k.a.recvmsg(10, -1), ValueError),
    Error("recvmsg with too much room", lambda k: k.a.recvmsg(10, 1 << 32), ValueError),
    Error("recvmsg_into of nothing", lambda k: k.a.recvmsg_into([ROOM], 100), BlockingIOError, (ROOM,)),
    Error("recvmsg_into bytes", lambda k: k.a.recvmsg_into([ROOM, DATA]), TypeError, (ROOM, DATA)),
    Error("recvmsg_into no buffers", lambda k: k.a.recvmsg_into(BAD), Refused, (BAD,)),
    Error("recvmsg_into strides", lambda k: k.a.recvmsg_into([ROOM, STRIDED]), TypeError, (ROOM, STRIDED)),
    Error("recv_fds of nothing", lambda k: socket.recv_fds(k.a, 10, 10), BlockingIOError),
    Error("send on a closed socket", lambda k: k.x.send(ROOM), OSError, (ROOM,)),
    Error("send of text", lambda k: k.a.send(TEXT), TypeError, (TEXT,)),
    Error("send of strides", lambda k: k.a.send(STRIDED), BufferError, (STRIDED,)),
    Error("send with no flags", lambda k: k.a.send(ROOM, BAD), Refused, (ROOM, BAD)),
    Error("sendall on a closed socket", lambda k: k.x.sendall(ROOM), OSError, (ROOM,)),
    Error("sendto without an address", lambda k: k.u.sendto(ROOM), TypeError, (ROOM,)),
    Error("sendto with no flags", lambda k: k.u.sendto(ROOM, BAD, k.there), Refused, (ROOM, BAD)),
    Error("sendto no port", lambda k: k.u.sendto(ROOM, PAIR), OverflowError, (ROOM, PAIR)),
    Error("sendto a list", lambda k: k.u.sendto(ROOM, LIST), TypeError, (ROOM, LIST)),
    Error("sendto text", lambda k: k.u.sendto(TEXT, k.there), TypeError, (TEXT,)),
    Error("sendto what is too large", lambda k: k.u.sendto(bytes(70_000), k.there), OSError),
    Error("sendmsg of text", lambda k: k.a.sendmsg([ROOM, TEXT]), TypeError, (ROOM, TEXT)),
    Error("sendmsg of no buffers", lambda k: k.a.sendmsg(BAD), Refused, (BAD,)),
    Error("sendmsg with bad items", lambda k: k.a.sendmsg([ROOM], ITEMS), TypeError, (ROOM, DATA, TEXT)),
    Error("sendmsg with no items", lambda k: k.a.sendmsg([ROOM], BAD), Refused, (ROOM, BAD)),
    Error("sendmsg with what is none", lambda k: k.a.sendmsg([ROOM], [(1, 1)]), TypeError, (ROOM,)),
    Error("sendmsg to no port", lambda k: k.u.sendmsg([ROOM], [], 0, PAIR), OverflowError, (ROOM, PAIR)),
    Error("sendmsg of no right", lambda k: k.a.sendmsg([DATA], [(1, 1, struct.pack("i", -1))]), OSError, (DATA,)),
    Error("send_fds of no descriptor", lambda k: socket.send_fds(k.a, [DATA], [-1]), OSError, (DATA,)),
    Error("sendmsg_afalg", lambda k: k.a.sendmsg_afalg([DATA], op=1, iv=DATA), OSError, (DATA,)),
    Error("accept of nobody", lambda k: k.t.accept(), BlockingIOError),
    Error("accept on a pair", lambda k: k.a.accept(), OSError),
    Error("bind to a list", lambda k: k.u.bind(LIST), TypeError, (LIST,)),
    Error("bind to no port", lambda k: k.u.bind(PAIR), OverflowError, (PAIR,)),
    Error("bind again", lambda k: k.u.bind(k.there), OSError),
    Error("bind to what others have", lambda k: socket.create_server(k.t.getsockname()), OSError),
    Error("bind to a long path", lambda k: k.n.bind(LONG), OSError, (LONG,)),
    Error("bind to a path with a NUL", lambda k: k.n.bind(b"a\0b"), ValueError),
    Error("bind to no path", lambda k: k.n.bind(BAD), TypeError, (BAD,)),
    Error("bind to three", lambda k: k.s.bind(("::1",)), TypeError),
    Error("bind to a large flow", lambda k: k.s.bind(("::1", 0, 1 << 20)), OverflowError),
    Error("bind to bad fields", lambda k: k.s.bind(("::1", 0, BAD)), Refused, (BAD,)),
    Error("bind to no name", lambda k: k.u.bind(("\ud800", 0)), TypeError),
    Error("bind to a name with a NUL", lambda k: k.u.bind((b"a\0b", 0)), TypeError),
    Error("bind to a foreign address", lambda k: k.u.bind(("::1", 0)), OSError),
    Error("connect to nobody", lambda k: k.r.connect(k.nobody), (ConnectionRefusedError, BlockingIOError)),
    Error("connect to no path", lambda k: k.n.connect("/nonexistent/path"), FileNotFoundError),
    Error("connect_ex to a list", lambda k: k.r.connect_ex(LIST), TypeError, (LIST,)),
    Error("create_connection to nobody", lambda k: socket.create_connection(k.nobody, 9), ConnectionRefusedError),
    Error("create_connection from nowhere", lambda k: socket.create_connection(k.nobody, 9, ("192.0.2.1", 0)), OSError),
    Error("create_connection in a bad time", lambda k: socket.create_connection(k.nobody, TEXT), TypeError, (TEXT,)),
    Error("create_server at no port", lambda k: socket.create_server(PAIR), OverflowError, (PAIR,)),
    Error("create_server in a bad family", lambda k: socket.create_server(PAIR, family=1), TypeError, (PAIR,)),
    Error("create_server with a bad backlog", lambda k: socket.create_server(k.any, backlog=BAD), Refused, (BAD,)),
    Error("getpeername", lambda k: k.t.getpeername(), OSError),
    Error("getsockname", lambda k: k.x.getsockname(), OSError),
    Error("getsockopt", lambda k: k.t.getsockopt(1, 9999), OSError),
    Error("getsockopt of bytes", lambda k: k.t.getsockopt(1, 9999, 1024), OSError),
    Error("getsockopt of too many", lambda k: k.t.getsockopt(1, 3, 1025), OSError),
    Error("setsockopt", lambda k: k.t.setsockopt(1, 9999, ROOM), OSError, (ROOM,)),
    Error("setsockopt to text", lambda k: k.t.setsockopt(1, 9, TEXT), TypeError, (TEXT,)),
    Error("setsockopt to too much", lambda k: k.t.setsockopt(1, 9, NUMBER), OverflowError, (NUMBER,)),
    Error("settimeout to less", lambda k: k.t.settimeout(-1), ValueError),
    Error("settimeout to text", lambda k: k.t.settimeout(TEXT), TypeError, (TEXT,)),
    Error("settimeout to too much", lambda k: k.t.settimeout(NUMBER), OverflowError, (NUMBER,)),
    Error("setblocking", lambda k: k.t.setblocking(BAD), Refused, (BAD,)),
    Error("listen", lambda k: k.a.listen(BAD), Refused, (BAD,)),
    Error("listen on a pair", lambda k: k.u.listen(), OSError),
    Error("shutdown", lambda k: k.t.shutdown(99), OSError),
    Error("sendfile of nothing", lambda k: k.b.sendfile(BAD, count=-1), ValueError, (BAD,)),
    Error("makefile in a bad mode", lambda k: k.a.makefile(TEXT), ValueError, (TEXT,)),
    Error("makefile without a buffer", lambda k: k.a.makefile("r", 0), ValueError),
    Error("makefile in no encoding", lambda k: k.a.makefile("r", encoding="none"), LookupError),
    Error("pickling", lambda k: k.a.__reduce_ex__(2), TypeError),
    Error("socket of a bad family", lambda k: socket.socket(9999), OSError),
    Error("socket of no family", lambda k: socket.socket(BAD), Refused, (BAD,)),
    Error("socket of a file", lambda k: socket.socket(fileno=k.file), OSError),
    Error("socket of less", lambda k: socket.socket(fileno=-1), ValueError),
    Error("socket of no descriptor", lambda k: socket.socket(fileno=BAD), Refused, (BAD,)),
    Error("fromfd of a file", lambda k: socket.fromfd(k.file, 2, 1), OSError),
    Error("fromfd of a bad family", lambda k: socket.fromfd(k.t.fileno(), BAD, 1), Refused, (BAD,)),
    Error("dup of a closed socket", lambda k: k.x.dup(), OSError),
    Error("a class that fails", lambda k: Closed(), Refused),
    Error("socketpair", lambda k: socket.socketpair(9999), OSError),
    Error("socketpair of no family", lambda k: socket.socketpair(BAD), Refused, (BAD,)),
    Error("close of nothing", lambda k: socket.close(-1), OSError),
    Error("dup of nothing", lambda k: socket.dup(-1), OSError),
    Error("getaddrinfo", lambda k: socket.getaddrinfo(NAME, 80, flags=NUMERIC), socket.gaierror, (NAME,)),
    Error("getaddrinfo of a port", lambda k: socket.getaddrinfo("127.0.0.1", TEXT), socket.gaierror, (TEXT,)),
    Error("getaddrinfo of no port", lambda k: socket.getaddrinfo("127.0.0.1", BAD), OSError, (BAD,)),
    Error("getaddrinfo of no host", lambda k: socket.getaddrinfo(BAD, 80), TypeError, (BAD,)),
    Error("getaddrinfo of no name", lambda k: socket.getaddrinfo("a..b", 80), UnicodeError),
    Error("getnameinfo", lambda k: socket.getnameinfo((NAME, 80), 0), socket.gaierror, (NAME,)),
    Error("getnameinfo of a list", lambda k: socket.getnameinfo(LIST, 0), TypeError, (LIST,)),
    Error("getservbyname", lambda k: socket.getservbyname(NAME), OSError, (NAME,)),
    Error("getservbyport", lambda k: socket.getservbyport(1, TEXT), OSError, (TEXT,)),
    Error("getprotobyname", lambda k: socket.getprotobyname(NAME), OSError, (NAME,)),
    Error("if_nametoindex", lambda k: socket.if_nametoindex(NAME), OSError, (NAME,)),
    Error("if_indextoname", lambda k: socket.if_indextoname(1 << 31), OSError),
    Error("inet_aton", lambda k: socket.inet_aton(NAME), OSError, (NAME,)),
    Error("inet_pton", lambda k: socket.inet_pton(2, NAME), OSError, (NAME,)),
    Error("inet_pton of a bad family", lambda k: socket.inet_pton(99, NAME), OSError, (NAME,)),
    Error("inet_ntop", lambda k: socket.inet_ntop(2, ROOM), ValueError, (ROOM,)),
    Error("inet_ntoa", lambda k: socket.inet_ntoa(ROOM), OSError, (ROOM,)),
    Error("htons", lambda k: socket.htons(NUMBER), OverflowError, (NUMBER,)),
    Error("htonl", lambda k: socket.htonl(NUMBER), OverflowError, (NUMBER,)),
    Error("CMSG_LEN", lambda k: socket.CMSG_LEN(NUMBER), OverflowError, (NUMBER,)),
    Error("setdefaulttimeout", lambda k: socket.setdefaulttimeout(TEXT), TypeError, (TEXT,)),
]


class Kit:
    """The sockets that the errors are made on."""

    def __init__(self):
        self.a, self.b = socket.socketpair()
        self.t = socket.create_server(("127.0.0.1", 0))
        self.u = socket.socket(type=socket.SOCK_DGRAM)
        self.r = socket.socket()
        self.s = socket.socket(socket.AF_INET6)
        self.n = socket.socket(socket.AF_UNIX)
        self.x = socket.socket()
        self.taken = socket.socket()
        self.any = ("127.0.0.1", 0)
        self.u.bind(self.any)
        self.taken.bind(self.any)
        self.there, self.nobody = self.u.getsockname(), self.taken.getsockname()
        self.file = os.open(os.devnull, os.O_RDONLY)
        self.sockets = [thing for thing in vars(self).values() if isinstance(thing, socket.socket)]
        for sock in self.sockets:
            sock.setblocking(sock is self.b)
        self.x.close()

    def close(self):
        os.close(self.file)
        for sock in self.sockets:
            sock.close()


@pytest.fixture
def kit(no_leak):
    kit = Kit()
    yield kit
    kit.close()


@pytest.mark.parametrize("failure", ERRORS, ids=str)
def test_an_error_leaves_nothing_behind(kit, failure):
    objects = (*kit.sockets, *failure.arguments)
    repeat(failure, kit)  # what is cached is so from then on
    gc.collect()
    before = [sys.getrefcount(thing) for thing in objects]
    allocated = malloced()
    repeat(failure, kit)
    assert malloced() - allocated < SLACK
    tracemalloc.start()
    try:
        traced = tracemalloc.get_traced_memory()[0]
        repeat(failure, kit)
        assert tracemalloc.get_traced_memory()[0] - traced < SLACK
    finally:
        tracemalloc.stop()
    assert [sys.getrefcount(thing) for thing in objects] == before


def repeat(failure, kit):
    call, error = failure.call, failure.error
    for _ in range(TIMES):
        try:
            call(kit)
        except error:
            continue
        raise AssertionError("it did not fail")


class MallInfo(ctypes.Structure):
    """struct mallinfo2, of which uordblks is what is in use (mallinfo(3))."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in (
            "arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost",
        )
    ]  # fmt: skip


def malloced():
    """Bytes that malloc(3) has given out: libc's own memory, and large objects. 0 where libc does not tell."""
    if not hasattr(libc, "mallinfo2"):
        return 0
    libc.mallinfo2.restype = MallInfo
    return libc.mallinfo2().uordblks


# --- what succeeds

WORK = {
    "send and recv": lambda k: (k.b.send(DATA), k.a.recv(100)),
    "recvfrom": lambda k: (k.u.sendto(DATA, k.there), k.u.recvfrom(100)),
    "recvmsg": lambda k: (k.b.sendmsg([DATA], [(1, 1, struct.pack("i", k.file))]), close_rights(k.a.recvmsg(99, 99))),
    "send_fds": lambda k: (socket.send_fds(k.b, [DATA], [k.file] * 3), close_all(socket.recv_fds(k.a, 99, 9)[1])),
    "socketpair": lambda k: [sock.close() for sock in socket.socketpair()],
    "connection": lambda k: connection(k.t),
    "dup": lambda k: k.a.dup().close(),
    "makefile": lambda k: k.a.makefile("rwb").close(),
    "getsockname": lambda k: (k.s.getsockname(), k.u.getsockname(), k.a.getsockname()),
    "options": lambda k: (k.t.setsockopt(1, 9, 1), k.t.getsockopt(1, 9), k.t.getsockopt(1, 9, 4)),
    "getaddrinfo": lambda k: (socket.getaddrinfo("127.0.0.1", "80"), socket.getaddrinfo("::1", 80)),
    "gethostbyname": lambda k: (socket.gethostbyname("127.0.0.1"), socket.gethostbyname_ex("127.0.0.1")),
    "getnameinfo": lambda k: socket.getnameinfo(("127.0.0.1", 80), 3),
    "interfaces": lambda k: (socket.if_nameindex(), socket.if_nametoindex("lo"), socket.if_indextoname(1)),
    "services": lambda k: (socket.getservbyname("http"), socket.getservbyport(80), socket.getprotobyname("tcp")),
    "repr": lambda k: (repr(k.a), repr(k.x)),
}


def connection(listener):
    listener.setblocking(True)
    with socket.create_connection(listener.getsockname()), listener.accept()[0]:
        pass


def close_rights(message):
    for _, _, data in message[1]:
        close_all(array("i", data))


def close_all(fds):
    for fd in fds:
        os.close(fd)


@pytest.mark.parametrize("name", WORK)
def test_work_leaves_nothing_behind(kit, name):
    def work(kit):
        WORK[name](kit)
        raise Refused

    test_an_error_leaves_nothing_behind(kit, Error(name, work, Refused, (DATA, kit.there)))
