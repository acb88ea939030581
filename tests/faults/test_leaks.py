"""Work and errors, again and again: memory, references and descriptors stay as they were.

Each 400 times, some more often; `pytest tests/faults/test_leaks.py --times 10000` is the long run, and prints a table.
"""

import mmap
import os
import signal
import struct
import sys
from array import array
from dataclasses import dataclass
from typing import Any

import pytest
from errors import DATA, ERRORS
from failing import Kit, ring
from figures import FIRST, growth, libc
from tls_errors import TLS_ERRORS

from berkeley import DatagramBatch, DatagramInfo, socket

# The alarm clock, by which pytest-timeout ends a test else, is what some of the errors are made with.
pytestmark = pytest.mark.timeout(900, method="thread")


@pytest.fixture
def kit(no_leak, monkeypatch):
    kit = Kit()
    previous = signal.signal(signal.SIGALRM, ring)
    yield kit
    signal.signal(signal.SIGALRM, previous)
    kit.close()


@pytest.fixture
def measure(times, rows):
    """Does a thing again and again; gives its figures, and keeps them for the table."""

    def measure(name, function, objects, weight=1):
        figures = growth(function, times * weight, objects)
        rows.append((name, times * weight, figures))
        return figures

    return measure


@pytest.mark.parametrize("failure", [*ERRORS, *TLS_ERRORS], ids=str)
def test_an_error_leaves_nothing_behind(kit, measure, failure):
    if getattr(kit, failure.needs) is None:
        pytest.skip(f"no {failure.needs} sockets here")

    def fail():
        try:
            failure.call(kit)
        except failure.error:
            return
        raise AssertionError("it did not fail")

    figures = measure(failure.name, fail, (*kit.sockets, *failure.arguments))
    assert not figures.leaks(failure.cached)


@dataclass
class Work:
    """What succeeds; it is done `weight` times as often as errors are made."""

    name: str
    call: Any
    weight: int = 1

    def __str__(self):
        return self.name


WORK = [
    Work("send and recv", lambda k: (k.b.send(DATA), k.a.recv(100)), 100),
    Work("open and close", lambda k: socket.socket().close(), 10),
    Work("getaddrinfo, numeric", lambda k: (socket.getaddrinfo("127.0.0.1", "80"), socket.getaddrinfo("::1", 80)), 10),
    Work("getaddrinfo, by libc", lambda k: socket.getaddrinfo("localhost", 80), 10),
    Work("recvfrom", lambda k: (k.u.sendto(DATA, k.there), k.u.recvfrom(100))),
    Work("recvmsg", lambda k: (k.b.sendmsg([DATA], [rights(k.file)]), close_rights(k.a.recvmsg(99, 99)))),
    Work("recvmsg with no room", lambda k: (k.b.sendmsg([DATA], [rights(k.file)]), k.a.recvmsg(99))),
    Work("rights cut off", lambda k: (socket.send_fds(k.b, [DATA], [k.file] * 3), close_rights(cut_off(k.a)))),
    Work("rights cut to nothing", lambda k: (socket.send_fds(k.b, [DATA], [k.file] * 3), k.a.recvmsg(99, 4))),
    Work("datagram info", lambda k: (k.u.sendmsg([DATA], INFO.ancdata(2), 0, k.there), told(k.u))),
    Work("recv_errors", lambda k: errors_of(k.u, k.nobody)),
    Work("recvmmsg", lambda k: (k.u.sendmmsg([(DATA, INFO, k.there)] * 3), k.u.recvmmsg(9, 99, 99))),
    Work("rights by recvmmsg", lambda k: (sent_by(k.d, k), [close_rights(row) for row in k.e.recvmmsg(9, 99, 99)])),
    Work("rights by a batch", lambda k: (sent_by(k.d, k), k.e.recvmmsg_into(BATCH), taken(BATCH))),
    Work("rights that nobody takes", lambda k: (sent_by(k.d, k), k.e.recvmmsg_into(BATCH), BATCH.clear())),
    Work("a batch", lambda k: batch_to(k.d, k.e)),
    Work("send_segments", lambda k: (k.u.send_segments(SEGMENTS, 99, k.there), k.u.recvmmsg(9, 99))),
    Work("send_fds", lambda k: (socket.send_fds(k.b, [DATA], [k.file] * 3), close_all(socket.recv_fds(k.a, 99, 9)[1]))),
    Work("socketpair", lambda k: [sock.close() for sock in socket.socketpair()]),
    Work("connection", lambda k: connection(k.t)),
    Work("dup", lambda k: k.a.dup().close()),
    Work("makefile", lambda k: k.a.makefile("rwb").close()),
    Work("getsockname", lambda k: (k.s.getsockname(), k.u.getsockname(), k.a.getsockname())),
    Work("options", lambda k: (k.t.setsockopt(1, 9, 1), k.t.getsockopt(1, 9), k.t.getsockopt(1, 9, 4))),
    Work("gethostbyname", lambda k: (socket.gethostbyname("127.0.0.1"), socket.gethostbyname_ex("127.0.0.1"))),
    Work("getnameinfo", lambda k: socket.getnameinfo(("127.0.0.1", 80), 3)),
    Work("interfaces", lambda k: (socket.if_nameindex(), socket.if_nametoindex("lo"), socket.if_indextoname(1))),
    Work("services", lambda k: (socket.getservbyname("http"), socket.getservbyport(80), socket.getprotobyname("tcp"))),
    Work("repr", lambda k: (repr(k.a), repr(k.x))),
]


def rights(fd):
    return socket.SOL_SOCKET, socket.SCM_RIGHTS, struct.pack("i", fd)


def sent_by(sock, kit):
    assert sock.sendmmsg([(DATA, [rights(kit.file), rights(kit.file)]), DATA]) == 2


BATCH = DatagramBatch(4, 100, ancbufsize=100)
SEGMENTS = bytearray(500)


def taken(batch):
    close_all(batch[0].take_descriptors())
    return [(slot.data, slot.address, slot.flags, slot.ancdata, list(slot.segments())) for slot in batch]


def batch_to(near, far):
    with DatagramBatch(4, 100) as batch:
        batch.append(DATA)
        batch.append(batch[0], None, [])
        batch[0].data = batch[1].data[1:]
        assert near.sendmmsg(batch) == 2
        assert far.recvmmsg_into(batch) == 2


INFO = DatagramInfo(local_address="127.0.0.1", interface=1, ecn=1, ttl=9)


def told(sock):
    room = sock.set_datagram_info(True)
    data, ancdata, flags, _ = sock.recvmsg(99, room)
    sock.set_datagram_info(False)
    return data, repr(DatagramInfo.of(ancdata, flags)), hash(DatagramInfo.of(ancdata, flags))


def errors_of(sock, nobody):
    sock.set_error_queue(True)
    sock.sendto(DATA, nobody)
    for error in sock.recv_errors():
        repr((error, error.timestamp, error.exception()))
    sock.set_error_queue(False)


def cut_off(sock):
    message = sock.recvmsg(99, socket.CMSG_LEN(4))
    assert message[2] & socket.MSG_CTRUNC
    return message


def close_rights(message):
    for _, _, data in message[1]:
        close_all(array("i", data))


def close_all(fds):
    for fd in fds:
        os.close(fd)


def connection(listener):
    listener.setblocking(True)
    with socket.create_connection(listener.getsockname()) as client, listener.accept()[0]:
        # Reset: else the port stays taken for a minute (TIME_WAIT), and there are less than 30,000.
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@pytest.mark.parametrize("work", WORK, ids=str)
def test_work_leaves_nothing_behind(kit, measure, work):
    figures = measure(work.name, lambda: work.call(kit), (*kit.sockets, DATA, kit.there), work.weight)
    assert not figures.leaks()


# --- what these tests could not see, they could not fail for

THING = object()
LEAKS = {
    "resident": lambda kept: kept.append(touched(mmap.mmap(-1, mmap.PAGESIZE))),
    "malloced": lambda kept: libc.malloc(24),
    "blocks": lambda kept: kept.append(object()),
    "references": lambda kept: kept.append(THING),
    "descriptors": lambda kept: kept.append(os.open(os.devnull, os.O_RDONLY)),
}


def touched(memory):
    memory[0] = 1
    return memory


@pytest.mark.parametrize("name", LEAKS)
def test_a_leak_is_seen(name):
    if name in ("resident", "malloced", "blocks") and not sys.getallocatedblocks():
        pytest.skip("a sanitizer has Python's memory, and tells nothing of it")
    kept = []
    figures = growth(lambda: LEAKS[name](kept), FIRST, (THING,))
    close_all(kept if name == "descriptors" else [])
    assert name in figures.leaks()
