"""What tests of waiting share: the outcome of a call, and what happens before it or while it waits."""

import errno
import fcntl
import select
import signal
import struct
import termios
import threading
import time
from contextlib import contextmanager

import pytest

SHORT, LONG = 0.05, 30  # seconds: a wait that nothing ends, and one that must not last
TIMED_OUT = "timed out"

# What waits for data, of a byte or of more than there is.
RECEIVING = {
    "recv": lambda sock: sock.recv(1),
    "recv of much": lambda sock: sock.recv(1 << 20),
    "recv_into": lambda sock: sock.recv_into(bytearray(1)),
    "recvfrom": lambda sock: sock.recvfrom(1),
    "recvfrom_into": lambda sock: sock.recvfrom_into(bytearray(1)),
    "recvmsg": lambda sock: sock.recvmsg(1),
    "recvmsg_into": lambda sock: sock.recvmsg_into([bytearray(1)]),
}


def outcome(call, *arguments):
    """What comes of the call: its result, or the name of its error."""
    try:
        return call(*arguments)
    except OSError as error:
        return TIMED_OUT if error.errno is None else NAMES[error.errno]


# The kernel's names, where there are two.
NAMES = {**errno.errorcode, errno.EOPNOTSUPP: "EOPNOTSUPP"}


def by(impl, *, standard, berkeley):
    """What is expected where the modules differ: a row of docs/differences.md."""
    return standard if impl.__name__ == "socket" else berkeley


def says(sock, events):
    """Does poll(2) say so of the socket, now?"""
    watched = select.poll()
    watched.register(sock, events)
    return bool(watched.poll(0))


def arrived(sock, events=select.POLLIN):
    """Wait until poll(2) says so of the socket."""
    end = time.monotonic() + LONG
    while not says(sock, events):
        assert time.monotonic() < end


def arrived_in_all(sock, count):
    """Wait until so many bytes can be read, whatever poll(2) says of them."""
    end = time.monotonic() + LONG
    while struct.unpack("i", fcntl.ioctl(sock, termios.FIONREAD, bytes(4)))[0] < count:
        assert time.monotonic() < end


@contextmanager
def beside(call, *arguments):
    """Make the call in a thread while the block runs; what it raises is raised after the block."""
    errors = []

    def run():
        try:
            call(*arguments)
        except Exception as error:
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        thread.join(LONG)
    assert not thread.is_alive()
    if errors:
        raise errors[0]


@contextmanager
def meanwhile(action):
    """Do it while the main thread waits in a call: in a signal's handler, after which the call goes on (PEP 475)."""
    previous = signal.signal(signal.SIGALRM, lambda *_: action())
    try:
        signal.setitimer(signal.ITIMER_REAL, SHORT)
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


@contextmanager
def late(seconds=SHORT):
    """What is in it ends by TimeoutError, about then."""
    start = time.monotonic()
    with pytest.raises(TimeoutError, match=r"^timed out$"):
        yield
    assert seconds <= time.monotonic() - start < LONG


class Stop(BaseException):
    """Like KeyboardInterrupt: no Exception."""


def stop(*arguments):
    raise Stop


def interrupted(call, moments):
    """Make the call for each moment, in seconds, at which a signal's handler raises then: how many it has ended."""
    previous = signal.signal(signal.SIGALRM, stop)
    ended = 0
    try:
        for moment in moments:
            try:
                try:
                    signal.setitimer(signal.ITIMER_REAL, moment)
                    call()
                finally:
                    signal.setitimer(signal.ITIMER_REAL, 0)
            except Stop:
                ended += 1
    finally:
        signal.signal(signal.SIGALRM, previous)
    return ended
