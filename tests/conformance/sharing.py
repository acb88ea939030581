"""What streams of the kernel do, and TLS over them does not: several threads use one socket, and each direction ends.

A maker gives two connected sockets, both blocking.
"""

import os
import select
import threading
from collections import Counter
from contextlib import suppress

import pytest
from kit import GUARD, SHORT, WOULD_BLOCK, Task, connected, data, receive, runs_out, write_on

MIB = 2**20
THREADS = 6


# --- several threads


def full_duplex(make):
    """A MiB goes each way at the same time."""
    with connected(make) as (a, b):
        sending = [Task(a.sendall, data(0, MIB)), Task(b.sendall, data(9, MIB))]
        receiving = [Task(receive, b, MIB), Task(receive, a, MIB)]
        assert [task.result() for task in receiving] == [data(0, MIB), data(9, MIB)]
        for task in sending:
            task.result()


def racy_reads(make):
    """Readers of one socket, whose timeouts run out again and again, together get each byte once."""

    def read():
        taken = Counter()
        while True:
            try:
                part = a.recv(777)
            except TimeoutError:
                continue
            if not part:
                return taken
            taken.update(part)

    with connected(make) as (a, b):
        a.settimeout(0.001)
        readers = [Task(read) for _ in range(THREADS)]
        for start in range(0, MIB // 4, 4096):
            b.sendall(data(start, 4096))
        b.shutdown(make.socket.SHUT_WR)
        assert sum((reader.result() for reader in readers), Counter()) == Counter(data(0, MIB // 4))


def racy_writes(make):
    """Writers to one socket lose nothing and add nothing, and the bytes of each keep their order."""

    def own(number):
        """Bytes that no other writer sends: 0, 6, 12, ...; 1, 7, 13, ..."""
        return bytes(range(number, 250, THREADS))

    with connected(make) as (a, b):
        receiving = Task(receive, b, MIB)
        writers = [Task(a.sendall, own(number) * 1000) for number in range(THREADS)]
        for writer in writers:
            writer.result()
        a.shutdown(make.socket.SHUT_WR)
        received = receiving.result()
        assert len(received) == 1000 * 250
        for number in range(THREADS):
            others = bytes(set(range(256)) - set(own(number)))
            assert received.translate(None, others) == own(number) * 1000


def concurrent_methods(make):
    """Threads that use all methods of one socket at once get results, or the errors of one that must not wait."""

    def repeat(call):
        start.wait(GUARD)
        for number in range(150):
            try:
                call(number)
            except (TimeoutError, *WOULD_BLOCK):
                pass

    def calls(sock, name, peer):
        return [
            lambda number: sock.recv(10),
            lambda number: sock.recv_into(bytearray(10)),
            lambda number: sock.send(b"0123456789"),
            lambda number: sock.sendmsg([b"01234", b"56789"]),
            # Never None: a call that waits is to end.
            lambda number: sock.settimeout(number % 2 / 1000),
            lambda number: same(sock.getsockname(), name),
            lambda number: same(sock.getpeername(), peer),
            lambda number: same(f"fd={sock.fileno()}," in repr(sock), True),
            lambda number: sock.dup().close(),
        ]

    def same(first, second):
        assert first == second

    with connected(make) as (a, b):
        for sock in (a, b):
            sock.settimeout(0)
        names = a.getsockname(), b.getsockname()
        work = calls(a, *names) + calls(b, *names[::-1])
        start = threading.Barrier(len(work))
        for task in [Task(repeat, call) for call in work]:
            task.result()


def close_in_the_middle(make):
    """Closed under threads that use it, at whatever moment, a socket fails all of them."""

    def use(call):
        start.wait(GUARD)
        while True:
            call()

    for _ in range(20):
        with connected(make) as (a, b):
            for sock in (a, b):
                sock.settimeout(SHORT)
            calls = lambda: a.send(b"-"), lambda: a.recv(9), a.getsockname, lambda: b.send(b"-")
            start = threading.Barrier(len(calls) + 1)
            users = [Task(use, call) for call in calls]
            start.wait(GUARD)
            a.close()
            for user in users:
                assert isinstance(user.ended(), OSError)


def a_number_used_again(make):
    """A call that waits when its socket is closed takes nothing from the next file with the same descriptor."""
    with connected(make) as (a, b), connected(make) as (c, d):
        number = a.fileno()
        a.settimeout(10 * SHORT)
        reading = Task(a.recv, 4)
        reading.sleeps(number)
        a.close()
        os.dup2(c.fileno(), number)
        try:
            d.sendall(b"mine")
            with suppress(BrokenPipeError):  # berkeley's call is over, and its socket gone
                b.sendall(b"late")
            assert isinstance(reading.ended(), OSError)
            assert receive(c, 4) == b"mine"
        finally:
            os.close(number)


# --- directions


def half_close(make):
    """After shutdown(SHUT_WR) the peer gets the end, and what it sends still arrives."""
    with connected(make) as (a, b):
        a.sendall(b"last words")
        a.shutdown(make.socket.SHUT_WR)
        assert receive(b, 100) == b"last words"
        assert b.recv(1) == b""
        b.sendall(b"answer")
        assert receive(a, 6) == b"answer"
        with pytest.raises(BrokenPipeError):
            a.send(b"-")
        b.close()
        assert a.recv(1) == b""


def half_close_of_reading(make):
    """After shutdown(SHUT_RD) there is nothing to read, and sending goes on."""
    with connected(make) as (a, b):
        a.shutdown(make.socket.SHUT_RD)
        assert a.recv(1) == b""
        a.sendall(b"data")
        assert receive(b, 4) == b"data"


def half_close_during_calls(make):
    """shutdown() ends the calls that wait in other threads: a read with the end of the stream, a write with EPIPE."""
    for timeout in (None, GUARD):
        with connected(make) as (a, _):
            a.settimeout(timeout)
            reading = Task(a.recv, 4)
            reading.sleeps(a.fileno())
            a.shutdown(make.socket.SHUT_RD)
            assert reading.result() == b""
            writing = Task(write_on, a)
            writing.sleeps(a.fileno())
            a.shutdown(make.socket.SHUT_WR)
            assert isinstance(writing.ended(), BrokenPipeError)


# --- calls


def one_deadline_for_sendall(make):
    """sendall() ends in time, however steadily the peer reads on."""

    def read():
        while b.recv(1024):
            pass

    with connected(make) as (a, b):
        reading = Task(read)
        a.settimeout(2 * SHORT)
        with runs_out(a):
            # No reader takes a KiB at a time so fast that all of it goes.
            a.sendall(bytes(256 * MIB))
        a.close()
        reading.result()


def flags(make):
    """MSG_PEEK leaves the data, MSG_DONTWAIT does not wait, MSG_WAITALL waits for all."""
    with connected(make) as (a, b):
        with pytest.raises(BlockingIOError):
            b.recv(4, make.socket.MSG_DONTWAIT)
        reading = Task(b.recv, 8, make.socket.MSG_WAITALL)
        reading.sleeps(b.fileno())
        a.sendall(b"some")
        a.sendall(b"data")
        assert reading.result() == b"somedata"
        a.sendall(b"data")
        assert b.recv(4, make.socket.MSG_PEEK) == b.recv(4) == b"data"


def messages(make):
    """sendmsg() gathers, recvmsg_into() scatters; a stream's message has no ancillary data of its own."""
    with connected(make) as (a, b):
        assert a.sendmsg([b"so", bytearray(b"me"), memoryview(b"data")]) == 8
        first, second = bytearray(3), bytearray(10)
        count, ancillary, kind, _ = b.recvmsg_into([first, second])
        assert (count, ancillary, kind, bytes(first), second[:5]) == (8, [], 0, b"som", b"edata")


def empty_sends(make):
    """Nothing sent is nothing received."""
    with connected(make) as (a, b):
        assert a.send(b"") == 0
        assert a.sendall(b"") is None
        b.settimeout(SHORT)
        with runs_out(b):
            b.recv(1)


def descriptors(make):
    """A stream lives on in its duplicates, and in a new socket on a descriptor that was let go."""
    with connected(make) as (a, b):
        with a.dup() as copy, make.socket.socket(fileno=a.detach()) as again:
            assert a.fileno() == -1
            assert (again.family, again.type) == (b.family, b.type)
            copy.sendall(b"one ")
            again.sendall(b"two")
            assert receive(b, 7) == b"one two"
        assert b.recv(1) == b""


def readiness(make):
    """poll(2) tells what a call will find."""
    with connected(make) as (a, b):
        watch = select.poll()
        watch.register(b, select.POLLIN | select.POLLOUT | select.POLLRDHUP)
        assert watch.poll(0) == [(b.fileno(), select.POLLOUT)]
        a.sendall(b"data")
        watch.modify(b, select.POLLIN)
        assert watch.poll(GUARD * 1000) == [(b.fileno(), select.POLLIN)]
        assert receive(b, 4) == b"data"
        assert watch.poll(0) == []
        a.close()
        watch.modify(b, select.POLLRDHUP)
        assert watch.poll(GUARD * 1000)[0][1] & select.POLLRDHUP
        assert b.recv(4) == b""
