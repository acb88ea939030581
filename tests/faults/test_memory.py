"""Memory that cannot be had, at each allocation of each operation: MemoryError or success, and nothing left behind."""

import gc
import os
import socket
import sysconfig
from array import array
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest
from figures import descriptors

from berkeley import DatagramBatch, DatagramInfo
from berkeley import socket as berkeley

testcapi = pytest.importorskip("_testcapi", reason="this interpreter has no _testcapi to make allocations fail")
if sysconfig.get_config_var("Py_GIL_DISABLED"):
    # With the standard module too: set_nomemory() and an allocator for each thread do not go together (3.13.15).
    pytest.skip("this interpreter's own allocator crashes where memory runs out", allow_module_level=True)


@dataclass
class Operation:
    """`act` on what `prepare` makes; `undo` closes what it gives. With enough memory it raises `error`, if any."""

    name: str
    prepare: Any
    act: Any
    undo: Any = lambda answer: None
    error: Any = None

    def __str__(self):
        return self.name


def module(socket):
    return (socket,)


def stream(socket):
    a, b = socket.socketpair()
    b.send(b"data")
    a.setblocking(False)
    return a, b


def empty(socket):
    a, b = socket.socketpair()
    a.setblocking(False)
    return a, b


def impatient(socket):
    a, b = socket.socketpair()
    a.settimeout(1e-6)
    return a, b


def datagram(socket):
    a = socket.socket(type=socket.SOCK_DGRAM)
    a.bind(("127.0.0.1", 0))
    a.sendto(b"data", a.getsockname())
    a.setblocking(False)
    return a, a.getsockname()


def called(socket):
    a = socket.create_server(("127.0.0.1", 0))
    b = socket.socket()
    b.connect(a.getsockname())
    return a, b, socket


def called_by_path(socket):
    """The peer's address is a new str each time."""
    a, b = (socket.socket(socket.AF_UNIX) for _ in range(2))
    a.bind("")
    a.listen()
    b.bind("")
    b.connect(a.getsockname())
    return a, b, socket


def rights(socket):
    a, b = socket.socketpair()
    socket.send_fds(b, [b"data"], [0, 0, 0])
    return a, b, socket


def rights_in_datagrams(socket):
    a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    b.bind("")
    for _ in range(2):
        socket.send_fds(b, [b"data"], [0, 0, 0])
    a.setblocking(False)
    return a, b, DatagramBatch(4, 100, ancbufsize=100)


def batch(socket):
    """What came with it, nobody has taken."""
    a, b, batch = rights_in_datagrams(socket)
    a.recvmmsg_into(batch)
    return a, b, batch


def unreachable(socket):
    a, there = datagram(socket)
    b = socket.socket(type=socket.SOCK_DGRAM)
    b.set_error_queue(True)
    a.close()
    b.sendto(b"data", there)
    return (b,)


def close(sock):
    sock.close()


def close_all(pair):
    for sock in pair:
        sock.close()


def close_rights(message):
    for _, _, data in message[1]:
        for fd in array("i", data):
            os.close(fd)


def close_rights_of_all(messages):
    for message in messages:
        close_rights(message)


def close_numbers(fds):
    for fd in fds:
        os.close(fd)


def close_descriptors(message):
    for fd in message[1]:
        os.close(fd)


INFO = DatagramInfo(local_address="::1", interface=1, ecn=1, ttl=9, segment_size=1000)
MESSAGES = [*INFO.ancdata(10), (1, 40, bytes(4)), (1, 1, bytes(8)), (1, 35, bytes(16)), (17, 104, b"size"), (1, 9, b"")]

OPERATIONS = [
    Operation("recv", stream, lambda a, b: a.recv(9)),
    Operation("larger recv", stream, lambda a, b: a.recv(5000)),
    Operation("large recv", stream, lambda a, b: a.recv(200_000)),
    Operation("recvfrom", datagram, lambda a, there: a.recvfrom(9)),
    Operation("recvfrom_into", datagram, lambda a, there: a.recvfrom_into(bytearray(9))),
    Operation("recvmsg", stream, lambda a, b: a.recvmsg(9, 100)),
    Operation("recvmsg_into", stream, lambda a, b: a.recvmsg_into([bytearray(9)], 100)),
    Operation("recvmsg_into many", stream, lambda a, b: a.recvmsg_into([bytearray(1) for _ in range(9)], 100)),
    Operation("sendmsg of many", stream, lambda a, b: a.sendmsg([bytearray(1) for _ in range(9)])),
    Operation("recvmsg of rights", rights, lambda a, b, socket: a.recvmsg(9, 100), close_rights),
    Operation("recvmsg_into of rights", rights, lambda a, b, socket: a.recvmsg_into([bytearray(9)], 100), close_rights),
    Operation("recv_fds", rights, lambda a, b, socket: socket.recv_fds(a, 9, 9), close_descriptors),
    Operation("info of messages", module, lambda socket: DatagramInfo.of(MESSAGES)),
    Operation("messages of an info", module, lambda socket: INFO.ancdata(10)),
    Operation("repr of an info", module, lambda socket: repr(INFO)),
    Operation("recvmmsg", rights_in_datagrams, lambda a, b, batch: a.recvmmsg(2, 9, 100), close_rights_of_all),
    Operation("recvmmsg_into", rights_in_datagrams, lambda a, b, batch: a.recvmmsg_into(batch)),
    Operation("batch", module, lambda socket: DatagramBatch(4, 100, ancbufsize=100)),
    Operation("append", batch, lambda a, b, batch: batch.append(bytearray(b"some"), ("127.0.0.1", 1), [(1, 1, b"")])),
    Operation("ancdata of a slot", batch, lambda a, b, batch: ((), batch[0].ancdata), close_rights),
    Operation("info of a slot", batch, lambda a, b, batch: batch[0].take_descriptors(), close_numbers),
    Operation("address of a slot", batch, lambda a, b, batch: batch[0].address),
    Operation("segments of a slot", batch, lambda a, b, batch: [bytes(part) for part in batch[0].segments()]),
    Operation("repr of slots", batch, lambda a, b, batch: repr([batch, *batch])),
    Operation("sendmmsg", datagram, lambda a, there: a.sendmmsg([(bytearray(9), [(0, 1, bytearray(1))], there)] * 9)),
    Operation("sendmmsg of an info", datagram, lambda a, there: a.sendmmsg([(b"some", DatagramInfo(ttl=9), there)])),
    Operation("sendmmsg of a batch", batch, lambda a, b, batch: a.sendmmsg(batch)),
    Operation("send_segments", datagram, lambda a, there: a.send_segments(bytearray(9), 4, there)),
    Operation("recv_errors", unreachable, lambda b: b.recv_errors()),
    Operation("send_fds", rights, lambda a, b, socket: socket.send_fds(a, [b"data"], [0])),
    Operation("send", stream, lambda a, b: a.send(memoryview(b"some"))),
    Operation("sendall", stream, lambda a, b: a.sendall(bytearray(b"some"))),
    Operation("sendto", datagram, lambda a, there: a.sendto(b"some", ("127.0.0.1", there[1]))),
    Operation("sendmsg", stream, lambda a, b: a.sendmsg([b"so", b"me"], [(1, 1, bytearray(4))])),
    Operation("accept", called, lambda a, b, socket: a.accept()[0], close),
    Operation("unix accept", called_by_path, lambda a, b, socket: a.accept()[0], close),
    Operation("getpeername", called_by_path, lambda a, b, socket: b.getpeername()),
    Operation("getsockopt", stream, lambda a, b: a.getsockopt(1, 3, 100)),
    Operation("repr", called, lambda a, b, socket: repr(b)),
    Operation("socket", module, lambda socket: socket.socket(), close),
    Operation("socketpair", module, lambda socket: socket.socketpair(), close_all),
    Operation("dup", stream, lambda a, b: a.dup(), close),
    Operation("fromfd", called, lambda a, b, socket: socket.fromfd(a.fileno(), 2, 1), close),
    Operation("socket of a descriptor", stream, lambda a, b: type(a)(fileno=a.fileno()), lambda sock: sock.detach()),
    Operation("create_connection", called, lambda a, b, socket: socket.create_connection(a.getsockname()), close),
    Operation("create_server", module, lambda socket: socket.create_server(("127.0.0.1", 0)), close),
    Operation("getaddrinfo", module, lambda socket: socket.getaddrinfo("127.0.0.1", "80")),
    Operation("numeric getaddrinfo", module, lambda socket: socket.getaddrinfo("::1", 80)),
    Operation("getnameinfo", module, lambda socket: socket.getnameinfo(("127.0.0.1", 80), 3)),
    Operation("gethostbyname_ex", module, lambda socket: socket.gethostbyname_ex("127.0.0.1")),
    Operation("getprotobyname", module, lambda socket: socket.getprotobyname("tcp")),
    Operation("if_nameindex", module, lambda socket: socket.if_nameindex()),
    Operation("inet_ntop", module, lambda socket: socket.inet_ntop(10, bytes(16))),
]
FAILING = [
    Operation("recv of nothing", empty, lambda a, b: a.recv(9), error=BlockingIOError),
    Operation("recv in vain", impatient, lambda a, b: a.recv(9), error=TimeoutError),
    Operation("recvmsg of nothing", empty, lambda a, b: a.recvmsg(9, 100), error=BlockingIOError),
    Operation("recv_into bytes", stream, lambda a, b: a.recv_into(b"data"), error=TypeError),
    Operation("recvmsg_into bytes", stream, lambda a, b: a.recvmsg_into([bytearray(9), b"data"]), error=TypeError),
    Operation("recvmmsg of nothing", datagram, lambda a, there: (a.recvmmsg(9, 9), a.recvmmsg(9, 9)), error=OSError),
    Operation("sendmmsg of text", datagram, lambda a, there: a.sendmmsg([(b"", [(1, 1, b"")]), ""]), error=TypeError),
    Operation("append too much", batch, lambda a, b, batch: batch.append(bytes(101)), error=ValueError),
    Operation("sendmsg of text", stream, lambda a, b: a.sendmsg([b"some", "data"]), error=TypeError),
    Operation("sendmsg with text", stream, lambda a, b: a.sendmsg([b""], [(1, 1, b""), (1, 1, "")]), error=TypeError),
    Operation("sendto a port", datagram, lambda a, there: a.sendto(b"", ("127.0.0.1", 1 << 16)), error=OverflowError),
    Operation("getaddrinfo", module, lambda socket: socket.getaddrinfo("x", 1, 0, 0, 0, 4), error=OSError),
    Operation("socket of a file", called, lambda a, b, socket: socket.socket(fileno=0), error=OSError),
    Operation("fromfd of a file", module, lambda socket: socket.fromfd(0, 2, 1), error=OSError),
    Operation("connect", called, lambda a, b, socket: b.connect(a.getsockname()), error=OSError),
    Operation("getservbyname", module, lambda socket: socket.getservbyname("none"), error=OSError),
]


def sweep(operation, socket, width):
    """Do it with ever more allocations that succeed: the errors there were, and what was left open.

    `width` is how many fail then; 0: all.
    """
    for _ in range(20):
        with_memory(operation, socket)
    gc.collect()
    before = descriptors()
    errors = set()
    full = 0  # how often in a row the memory was enough
    for start in count():
        if full == 10:
            break
        prepared = operation.prepare(socket)
        answer = None
        # Nothing that takes memory may stand between these.
        testcapi.set_nomemory(start, width and start + width)
        try:
            answer = operation.act(*prepared)
            testcapi.remove_mem_hooks()
            full += operation.error is None
            operation.undo(answer)
        except BaseException as error:
            testcapi.remove_mem_hooks()
            expected = operation.error is not None and isinstance(error, operation.error)
            full = full + 1 if expected else 0
            if not expected:
                errors.add(type(error).__name__)
        for thing in prepared:
            if isinstance(thing, socket.socket):
                thing.close()
        del prepared, answer, thing
    gc.collect()
    return errors, sorted(set(descriptors()) - set(before))


def with_memory(operation, socket):
    """What is imported or cached is so from then on."""
    prepared = operation.prepare(socket)
    try:
        operation.undo(operation.act(*prepared))
    except operation.error or ():  # noqa: B030
        pass
    for thing in prepared:
        if isinstance(thing, socket.socket):
            thing.close()


WIDTHS = pytest.mark.parametrize("width", [1, 0], ids=["one fails", "all fail"])


@WIDTHS
@pytest.mark.parametrize("operation", OPERATIONS + FAILING, ids=str)
def test_memory_that_cannot_be_had(forked, operation, width):
    """MemoryError comes out, and nothing is left open (as the standard module leaves it in some of these)."""
    errors, left = forked(sweep, operation, berkeley, width)
    assert left == []
    if not errors <= {"MemoryError"}:
        # The interpreter loses an error on its way through Python's frames: it does so for the standard module too.
        lost, _ = forked(sweep, operation, socket, width)
        assert errors <= lost


def remaining(impl, width):
    """What was left in the socket by calls that failed."""
    found = set()
    for start in range(20):
        a, b = stream(impl)
        buffer = bytearray(9)
        testcapi.set_nomemory(start, width and start + width)
        try:
            a.recv_into(buffer, nbytes=9)
            testcapi.remove_mem_hooks()
        except MemoryError:
            testcapi.remove_mem_hooks()
            found.add(a.recv(9))
        a.close()
        b.close()
    return found


def held(impl, width):
    """How often a call that failed left the initialisation vector's buffer held."""
    a, b = impl.socketpair()
    sock = impl.socket(impl.AF_ALG, impl.SOCK_STREAM, 0, a.detach())
    times = 0
    for start in range(20):
        vector = bytearray(9)
        testcapi.set_nomemory(start, width and start + width)
        try:
            sock.sendmsg_afalg([b"x"], op=0, iv=vector)
            testcapi.remove_mem_hooks()
        except (MemoryError, OSError):
            testcapi.remove_mem_hooks()
        try:
            vector.clear()
        except BufferError:
            times += 1
    sock.close()
    b.close()
    return times


@WIDTHS
def test_sendmsg_afalg_lets_go_of_the_vector(impl, forked, width):
    assert forked(held, impl, width) == 0


@WIDTHS
def test_recv_into_loses_nothing(impl, forked, width):
    """It needs no memory once the kernel has given the data."""
    assert forked(remaining, impl, width) <= {b"data"}
