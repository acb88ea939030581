"""What the checks share: calls in other threads, the sight of a thread that sleeps, clocks, and bytes to send.

A check is a public function of its module. It takes a *maker*, and uses what the maker makes; the makers that there are
show what that is (makers.py). The names of a maker's socket module are at its attribute `socket`.
"""

import inspect
import os
import ssl
import threading
import time
from contextlib import contextmanager

import pytest
from sleeping import shown, sleeps

# Seconds after which what should have come is missed. Nothing waits that long unless a check fails.
GUARD = 20

# Seconds of the timeouts that are to run out.
SHORT = 0.03

# What says that a call on a non-blocking socket would have to wait: TLS has words of its own.
WOULD_BLOCK = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)

_PERIOD = bytes(range(251))


def checks(module):
    """The checks that a module holds, by name."""
    return {
        name: value
        for name, value in vars(module).items()
        if inspect.isfunction(value) and value.__module__ == module.__name__ and not name.startswith("_")
    }


def data(start, size):
    """The bytes from `start` of an endless text, in which a lost, doubled or moved part shows."""
    start %= len(_PERIOD)
    return (_PERIOD * (size // len(_PERIOD) + 2))[start : start + size]


class Task(threading.Thread):
    """A call in a thread of its own, under way from now on."""

    def __init__(self, call, *arguments):
        super().__init__(daemon=True)
        self.work = lambda: call(*arguments)
        self.value = self.error = None
        self.start()

    def run(self):
        try:
            self.value = self.work()
        except Exception as error:
            self.error = error

    def ended(self):
        """The exception that the call raised, or None."""
        self.join(GUARD)
        assert not self.is_alive(), "a call that should have ended still waits"
        return self.error

    def result(self):
        """What the call returned; raises what it raised."""
        if error := self.ended():
            raise error
        return self.value

    def sleeps(self, fd):
        """Returns when the thread sleeps in a system call on the descriptor, or in a poll(2) of a single one."""
        if not shown():
            pytest.skip("the kernel does not tell where a thread sleeps")
        over = time.monotonic() + GUARD
        while self.is_alive():
            assert time.monotonic() < over, "a call that should wait does not"
            if sleeps(self.native_id, fd):
                return
            os.sched_yield()
        pytest.fail(f"a call that should wait ended with {self.error or self.value!r}")


@contextmanager
def connected(make):
    """The two sockets of a maker of pairs, closed at the end."""
    a, b = make()
    with a, b:
        yield a, b


def receive(sock, size):
    """So many bytes of a stream, or all up to its end."""
    received = bytearray()
    while len(received) < size and (part := sock.recv(min(size - len(received), 65536))):
        received += part
    return bytes(received)


def fill(sock):
    """Send as much as a non-blocking socket takes: how many bytes of data(0, ...) went.

    The call that failed had the bytes that come next: TLS demands that the call that follows has the same ones.
    """
    sent = 0
    try:
        while True:
            sent += sock.send(data(sent, 65536))
    except WOULD_BLOCK:
        return sent


def write_on(sock):
    """Send without end, until an error."""
    sent = 0
    while True:
        sent += sock.send(data(sent, 65536))


@contextmanager
def runs_out(sock):
    """Inside the block a call uses up the socket's whole timeout, no less, and raises TimeoutError."""
    start = time.monotonic_ns()
    with pytest.raises(TimeoutError) as caught:
        yield
    taken = time.monotonic_ns() - start
    assert sock.gettimeout() * 10**9 <= taken < GUARD * 10**9
    assert caught.value.errno is None
